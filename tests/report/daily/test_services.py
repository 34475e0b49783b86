"""The table of services: what is not ok stands open; what does not apply is never called ok."""

from __future__ import annotations

from dataclasses import replace

import pytest

from opschecks.report.daily.services import facts
from opschecks.report.source import PageSource
from tests.exported import made, ran


@pytest.mark.parametrize(
    ("outcomes", "opened", "folded", "summary"),
    [
        ({"ecs": "passed", "rds": "passed"}, ["ECS", "RDS"], [], ""),
        ({"ecs": "failed", "rds": "passed"}, ["ECS"], ["RDS"], "1 service is ok: RDS"),
        ({"ecs": "passed", "rds": "not_applicable"}, ["ECS"], ["RDS"], "1 does not apply: RDS"),
        (
            {"ecs": "blind", "alb": "passed", "sqs": "not_applicable", "rds": "not_applicable"},
            ["ECS"], ["Load balancer", "SQS", "RDS"], "1 service is ok: Load balancer; 2 do not apply: SQS, RDS",
        ),
        ({"rds": "not_applicable"}, ["RDS"], [], "1 does not apply: RDS"),
        ({"ecs": "not_run", "alb": "waived"}, ["ECS", "Load balancer"], [], ""),
    ],
)  # fmt: skip
def test_what_does_not_apply_is_not_ok(
    outcomes: dict[str, str], opened: list[str], folded: list[str], summary: str
) -> None:
    run = ran(*(replace(made(area, outcome), area=area) for area, outcome in outcomes.items()))
    told = facts(PageSource.of(run, {}, None))
    assert ([row.name for row in told.rows], [row.name for row in told.folded]) == (opened, folded)
    assert told.summary == summary
