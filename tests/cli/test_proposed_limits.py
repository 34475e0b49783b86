"""`opschecks init`: limits as a stack's services and tables are now, and images that are not in ECR.

What could not be read is not proposed, and no week is blind for an image of another registry.
"""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from types import SimpleNamespace
from typing import Any

import pytest

from opschecks.aws.application_autoscaling import ServiceScaling
from opschecks.aws.dynamodb import Table
from opschecks.aws.ecs import Service
from opschecks.aws.image_scans import RunningImage
from opschecks.cli.proposal import propose
from opschecks.cli.proposed_images import foreign_images
from opschecks.cli.proposed_limits import as_found
from opschecks.core.answer import Answer
from opschecks.core.observation import CouldNotLook
from tests.canned import observed, stack
from tests.cli.test_proposal import survey_of

DENIED = CouldNotLook("application-autoscaling:DescribeScheduledActions", "AccessDenied: no")


def scaling(name: str, low: int | None = None, high: int = 10, **more: Any) -> ServiceScaling:
    """Of a service; without `low` nothing scales it."""
    target = None if low is None else {"MinCapacity": low, "MaxCapacity": high}
    return ServiceScaling(arn=name, name=name, evidence={"target": target, "policies": []}, **more)


def at_night(low: int, high: int) -> tuple[Answer, ...]:
    action = {"ScheduledActionName": "night", "ScalableTargetAction": {"MinCapacity": low, "MaxCapacity": high}}
    return (Answer(action, "application-autoscaling:DescribeScheduledActions"),)


def table(name: str, mode: str, status: str = "ACTIVE") -> Table:
    return Table(arn=name, name=name, evidence={"TableStatus": status, "BillingModeSummary": {"BillingMode": mode}})


def lines(desired: Mapping[str, int], *scaled: ServiceScaling, **more: Any) -> list[str]:
    """What is proposed for a stack with these services; an error stands for an observation that failed."""
    services = [Service(arn=name, name=name, evidence={"desiredCount": count}) for name, count in desired.items()]
    values = {"services": services, "auto_scaling": list(scaled), **more}
    store: Any = SimpleNamespace(results={name: observed(name, value) for name, value in values.items()})
    return [str(one).partition("  #")[0] for one in as_found(stack(), store)]


FOUND: dict[str, tuple[list[str], list[str]]] = {
    "as the defaults are": (lines({"web": 2}, scaling("web", 2, 10)), []),
    "its own auto-scaling": (lines({"web": 3}, scaling("web", 3, 6)), ['"web" = { min_tasks = 3, max_tasks = 6 }']),
    "nothing scales it": (
        lines({"jobs/worker": 1}, scaling("jobs/worker")),
        ['"jobs/worker" = { min_tasks = 1, max_tasks = 1 }'],
    ),
    "nothing scales it, and it was set to none": (lines({"worker": 0}, scaling("worker")), []),
    "a daemon": (lines({"agent": 7}, scaling("agent", is_daemon=True)), []),
    "set by its schedule": (lines({"web": 1}, scaling("web", 1, 1, schedule=at_night(1, 1))), []),
    "beside its schedule": (
        lines({"web": 4}, scaling("web", 4, 20, schedule=at_night(1, 1))),
        ['"web" = { min_tasks = 4, max_tasks = 20 }'],
    ),
    "its schedule may not be read": (lines({"web": 4}, scaling("web", 4, 20, schedule=DENIED)), []),
    "many alike, and one that is not": (
        lines({}, *(scaling(name, 1, 4) for name in "abc"), scaling("d", 2, 10))
        + lines({**dict.fromkeys("abcd", 2)}, *(scaling(name, 1, 4) for name in "abc"), scaling("d", 2, 10)),
        ["min_tasks = 1", "max_tasks = 4", '"d" = { min_tasks = 2, max_tasks = 10 }'],
    ),
    "auto-scaling may not be read": (lines({"web": 2}, auto_scaling=DENIED), []),
    "provisioned tables": (
        lines(
            {}, tables=[table("orders", "PROVISIONED"), table("carts", "PAY_PER_REQUEST"), table("x", "", "MISSING")]
        ),
        ['"orders" = { billing_mode = "PROVISIONED" }'],
    ),
    "a service and a table of one name": (
        lines({"orders": 3}, scaling("orders", 3, 6), tables=[table("orders", "PROVISIONED")]),
        ['"orders" = { min_tasks = 3, max_tasks = 6, billing_mode = "PROVISIONED" }'],
    ),
}


@pytest.mark.parametrize(("told", "expected"), FOUND.values(), ids=FOUND)
def test_limits_are_as_found_where_the_defaults_are_not(told: list[str], expected: list[str]) -> None:
    assert told == expected


WHY = CouldNotLook("ecr:DescribeImages", "it is not in ECR")
PATTERNS = {
    "nginx:1.27": "nginx:*",
    "redis": "redis",
    "ghcr.io/acme/shop:v7": "ghcr.io/acme/shop:*",
    "localhost:5000/shop": "localhost:5000/shop",
    "localhost:5000/shop:v7": "localhost:5000/shop:*",
    "grafana/agent@sha256:0123": "grafana/agent@*",
    "grafana/agent:1@sha256:0123": "grafana/agent:*",
    "public.ecr.aws/datadog/agent:7": "public.ecr.aws/*",
}


def store(*images: RunningImage, error: CouldNotLook | None = None) -> Any:
    return SimpleNamespace(results={"running_images": observed("running_images", error or list(images))})


@pytest.mark.parametrize(("image", "pattern"), PATTERNS.items(), ids=PATTERNS)
def test_an_image_of_another_registry_is_named_under_every_tag(image: str, pattern: str) -> None:
    here = RunningImage(arn="x", name="x", evidence={"imageDigest": "sha256:1"})
    (line,) = foreign_images(store(here, RunningImage(arn=image, name=image, evidence={"image": image}, problem=WHY)))
    assert (line.key, line.value) == ("foreign_images", [pattern])
    assert fnmatchcase(image, pattern)


def test_where_images_were_not_seen_none_is_named() -> None:
    unread = RunningImage(arn="task", name="task", problem=CouldNotLook("ecs:DescribeTasks", "AccessDenied"))
    assert foreign_images(store(unread)) == []
    assert foreign_images(store(error=WHY)) == []
    assert foreign_images(SimpleNamespace(results={})) == []  # type: ignore[arg-type]


def test_a_service_that_rests_is_told() -> None:
    resting, daemon = {"serviceName": "old", "desiredCount": 0}, {"serviceName": "agent", "desiredCount": 0}
    services = {
        "shop": [resting, {**daemon, "schedulingStrategy": "DAEMON"}, {"serviceName": "web", "desiredCount": 2}]
    }
    (shop,) = propose(survey_of("shop", services=services), given={})
    assert "# desired count 0: old; what is to rest, take out of services" in [str(line) for line in shop.lines]
