"""Limits of a stack, and of single resources of it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from opschecks.config.limits import LIMITS_OF, Limits, ResourceLimits
from opschecks.config.load import StackError, load_stacks
from opschecks.core.model import Resource
from tests.scratch import ROOT

ECS = "arn:aws:ecs:us-west-2:123456789012"
WORKER = Resource(arn=f"{ECS}:service/prod/worker", name="worker")
OLD = Resource(arn=f"{ECS}:service/worker", name="worker", evidence={"clusterArn": f"{ECS}:cluster/prod"})
ELB = "arn:aws-cn:elasticloadbalancing:cn-north-1:123456789012"
GROUP = Resource(arn=f"{ELB}:targetgroup/web/73e2d6bc24d8a067", name="web")
LOGS = Resource(arn="/ecs/worker", name="/ecs/worker")

FOUND: dict[str, tuple[str, Resource, bool]] = {
    "cluster and name": ("prod/worker", WORKER, True),
    "name": ("worker", WORKER, True),
    "what auto-scaling calls it": ("service/prod/worker", WORKER, True),
    "ARN": (WORKER.arn, WORKER, True),
    "cluster and name, by an ARN without its cluster": ("prod/worker", OLD, True),
    "pattern of a cluster": ("prod/*", WORKER, True),
    "another cluster": ("dev/worker", WORKER, False),
    "a part of a name": ("work", WORKER, False),
    "target group": ("web", GROUP, True),
    "target groups by pattern": ("targetgroup/web*", GROUP, True),
    "log group": ("/ecs/worker", LOGS, True),
    "log groups by pattern": ("/ecs/*", LOGS, True),
    "the end of a log group's name": ("worker", LOGS, False),
}


@pytest.mark.parametrize(("place", "resource", "fits"), FOUND.values(), ids=FOUND)
def test_a_resource_is_found_by_what_people_call_it(place: str, resource: Resource, fits: bool) -> None:
    limits = Limits.model_validate({"cpu_percent": 70, place: {"cpu_percent": 55}})
    assert limits.of(resource).cpu_percent == (55 if fits else 70)


def test_the_most_specific_wins_key_by_key_in_any_order() -> None:
    told: dict[str, Any] = {
        "prod/worker": {"max_tasks": 2},
        "*": {"cpu_percent": 10, "memory_percent": 10, "max_tasks": 20},
        "prod/w*": {"cpu_percent": 30, "max_tasks": 30},
    }
    for order in (list(told), sorted(told), sorted(told, reverse=True)):
        own = Limits.model_validate({key: told[key] for key in order}).of(WORKER)
        assert (own.memory_percent, own.cpu_percent, own.max_tasks) == (10, 30, 2)


def test_what_is_not_said_of_a_resource_is_the_stacks_even_where_it_is_the_default() -> None:
    limits = Limits.model_validate({"cpu_percent": 70, "worker": {"cpu_percent": 80, "max_tasks": 3}})
    assert limits.of(WORKER).cpu_percent == 80
    assert limits.of(WORKER).memory_percent == limits.memory_percent
    assert limits.of(GROUP) is limits


REFUSED: dict[str, tuple[str, str]] = {
    "a limit of the whole stack": (
        'limits."prod/worker".pages = 3',
        'stacks.here.limits."prod/worker".pages: it holds for the whole stack and no single resource',
    ),
    "only the lower bound moved": ("limits.min_tasks = 11", "min_tasks 11 is above max_tasks 10: set both"),
    "only the upper bound of one moved": (
        'limits."prod/worker".max_tasks = 1',
        'limits: "prod/worker": min_tasks 2 is above max_tasks 1: set both',
    ),
    "bounds of another kind": (
        "limits.log_retention_days_min = 100",
        "log_retention_days_min 100 is above log_retention_days_max 90: set both",
    ),
    "a wrong value": (
        'limits."prod/worker".cpu_percent = "hot"',
        'limits."prod/worker".cpu_percent: expected a number',
    ),
    "no such table": ('limits."incidnts".billing_mode = "PROVISIONED"', "did you mean 'incidents'?"),
    "no such log group": ('limits."/ecs/wrker".log_errors_per_hour = 1', "did you mean '/ecs/worker'?"),
    "not a table": ('limits."prod/worker" = 3', "unknown key"),
}
HERE = """[stacks.here]
region = "us-west-2"
cluster = "prod"
services = ["worker", "backend"]
tables = ["incidents"]
log_groups = ["/ecs/worker"]
"""


@pytest.mark.parametrize(("line", "message"), REFUSED.values(), ids=REFUSED)
def test_a_mistake_is_one_message(tmp_path: Path, line: str, message: str) -> None:
    (tmp_path / "stacks.toml").write_text(f"{HERE}{line}\n")
    with pytest.raises(StackError, match=re.escape(message)) as told:
        load_stacks(tmp_path / "stacks.toml")
    assert len(str(told.value).splitlines()) == 1


TAKEN = {
    "a pattern of some services": 'limits."prod/*".cpu_percent = 50',
    "an index of a table": 'limits."incidents/status-index".throttled_requests_per_hour = 5',
    "what is known in a run only": 'limits."web-*".errors_5xx_per_minute = 5',
    "an ARN": f'limits."{ECS}:service/elsewhere/one".cpu_percent = 5',
}


@pytest.mark.parametrize("line", TAKEN.values(), ids=TAKEN)
def test_what_may_be_there_is_taken(tmp_path: Path, line: str) -> None:
    (tmp_path / "stacks.toml").write_text(f"{HERE}{line}\n")
    assert load_stacks(tmp_path / "stacks.toml").stacks["here"].limits.by_resource


def test_every_limit_of_a_resource_is_asked_of_the_resource() -> None:
    """A key that stacks.toml takes for a resource, and that a check reads of the whole stack, would be ignored."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "checks").rglob("test_*.py")))
    for key in ResourceLimits.model_fields:
        assert f"stack.limits.{key}" not in text, key
    assert set(LIMITS_OF) < set(ResourceLimits.model_fields)
