"""Facts of a daily page: the tile of passed checks, the table of services, requests and 5xx of a day."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from opschecks.core.model import Figure, ObservationResult, SeenResource
from opschecks.core.run import Run, StackFacts
from opschecks.history.week import ERRORS, REQUESTS
from opschecks.report.daily import services, tiles
from opschecks.report.numbers import numbers
from opschecks.report.source import PageSource
from tests.exported import made, ran


@pytest.mark.parametrize(
    ("outcomes", "value", "note", "tone"),
    [
        (["passed"] * 32 + ["not_applicable"] * 5, "32 of 32", "5 do not apply", "good"),
        (["passed"] * 3, "3 of 3", "", "good"),
        (
            ["passed", "failed", "blind", "not_applicable"],
            "1 of 3",
            "1 failed, 1 could not look, 1 does not apply",
            "bad",
        ),
        (["passed", "waived"], "1 of 2", "1 waived", "waived"),
        (["not_applicable"], "0 of 0", "1 does not apply", "none"),
        ([], "0 of 0", "", "none"),
    ],
)
def test_checks_passed_are_counted_of_those_that_apply(outcomes: list[str], value: str, note: str, tone: str) -> None:
    run = ran(*(made(f"c{place}", outcome) for place, outcome in enumerate(outcomes)))
    tile = tiles.facts(PageSource.of(run, {}, None))[0]
    assert (tile.label, tile.value, tile.note, tile.tone) == ("Checks passed", value, note, tone)


def test_of_several_stacks_each_has_its_own() -> None:
    run = ran(made("a", "passed"), made("b", "not_applicable"), made("a", "failed", stack="other"), stacks=2)
    told = tiles.facts(PageSource.of(run, {}, None))
    assert [(tile.label, tile.value, tile.note) for tile in told] == [
        ("production", "1 of 1", "1 does not apply"), ("other", "0 of 1", "1 failed"),
    ]  # fmt: skip


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
    told = services.facts(PageSource.of(run, {}, None))
    assert ([row.name for row in told.rows], [row.name for row in told.folded]) == (opened, folded)
    assert told.summary == summary


GROUPS = tuple(
    SeenResource(name, name, (Figure("requests a day", requests), Figure("5xx a day", errors)))
    for name, requests, errors in (("blue", 900, 3), ("green", 0, 0))
)


def _numbers(*balancers: SeenResource, error: str = "") -> dict[str, float]:
    seen = (
        ObservationResult("here", "traffic", 0.1, (), "", GROUPS),
        ObservationResult("here", "balancer_errors", 0.1, (), error, balancers),
    )
    facts = StackFacts(name="here", sandbox=False, account_id="123456789012", region="us-west-2")
    return numbers(Run("daily", datetime(2026, 11, 27, tzinfo=UTC), (facts,), observations=seen))


def test_the_errors_of_a_load_balancer_of_its_own_count() -> None:
    told = _numbers(SeenResource("web", "web", (Figure("5xx a day", 7),)), SeenResource("edge", "edge"))
    assert (told[REQUESTS], told[ERRORS]) == (900, 10)


def test_those_of_a_shared_one_do_not() -> None:
    assert _numbers(SeenResource("web", "web", (Figure("5xx of every stack a day", 7000),)))[ERRORS] == 3


def test_errors_that_are_known_by_halves_are_not_kept() -> None:
    assert not {REQUESTS, ERRORS} & _numbers(error="cloudwatch:GetMetricData: denied").keys()
