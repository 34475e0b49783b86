"""AWS Health: which events are asked for, in how many calls, and which of the stack's resources they name."""

from __future__ import annotations

from typing import Any

import pytest

from opschecks.aws.health import HealthEvent, health_events
from opschecks.core.observation import CouldNotLook, NotApplicable
from tests.canned import ACCOUNT, Aws, Raw, ago, names
from tests.cases import cases

BALANCER = f"arn:aws:elasticloadbalancing:{ACCOUNT}:loadbalancer/app/web/50dc6c495c0c9188"
HERE = names(services=("api",), load_balancers=(BALANCER,), tables=("incidents",), log_groups=("/ecs/api",))


def event(number: int = 1, scope: str = "ACCOUNT_SPECIFIC") -> Raw:
    return {
        "arn": f"arn:aws:health:us-west-2::event/ECS/ISSUE/{number}",
        "eventTypeCode": f"ISSUE_{number}",
        "eventTypeCategory": "issue",
        "statusCode": "open",
        "startTime": ago(hours=2),
        "eventScopeCode": scope,
    }


def aws_of(*events: Raw, entities: Any = ()) -> Aws:
    answer = entities if callable(entities) or isinstance(entities, Exception) else {"entities": [*entities]}
    return Aws(
        {
            ("health", "DescribeEvents"): [{"events": [], "nextToken": "more"}, {"events": [*events]}],
            ("health", "DescribeAffectedEntities"): answer,
        }
    )


def affected(value: str, **more: str) -> tuple[str, ...]:
    entity = {"eventArn": event()["arn"], "entityValue": value, "statusCode": "IMPAIRED", **more}
    [one] = health_events(aws_of(event(), entities=[entity]), HERE)
    return one.affected


def test_open_and_upcoming_events_of_the_region_are_asked_for_ten_at_once() -> None:
    aws = aws_of(*(event(number) for number in range(12)), event(99, "PUBLIC"))
    assert len(health_events(aws, HERE)) == 13
    first, *_ = aws.parameters_of("DescribeEvents")
    assert first["filter"]["regions"] == ["us-west-2", "global"]
    assert first["filter"]["eventStatusCodes"] == ["open", "upcoming"]
    asked = [len(one["filter"]["eventArns"]) for one in aws.parameters_of("DescribeAffectedEntities")]
    assert sorted(asked) == [2, 10]


def test_a_quiet_region_costs_one_call() -> None:
    aws = Aws({("health", "DescribeEvents"): {"events": []}})
    assert health_events(aws, HERE) == []
    assert aws.calls == ["health:DescribeEvents"]


@cases([
    ("prod|api", ("prod", "api")),
    (f"arn:aws:ecs:{ACCOUNT}:service/prod/api", ("prod", "api")),
    ("incidents", ("incidents",)),
    ("/ecs/api", ("/ecs/api", "api")),
    (BALANCER, (BALANCER, "web")),
    ("incidents-of-others", ()),
    ("AWS_ACCOUNT", ()),
    ("UNKNOWN", ()),
])  # fmt: skip
def test_entities_are_the_stacks_by_name_or_arn(value: str, wanted: tuple[str, ...]) -> None:
    assert affected(value) == wanted


def test_an_entity_that_is_well_again_is_not_affected() -> None:
    assert affected("incidents", statusCode="RESOLVED") == ()
    assert affected("incidents", statusCode="UNKNOWN") == ("incidents",)


def test_a_denial_is_no_missing_plan() -> None:
    denied = CouldNotLook("health:DescribeEvents", "AccessDeniedException: no", action="health:DescribeEvents")
    with pytest.raises(CouldNotLook, match="allow health:DescribeEvents"):
        health_events(Aws({("health", "DescribeEvents"): denied}), HERE)
    hidden = CouldNotLook("health:DescribeAffectedEntities", "AccessDeniedException: no")
    with pytest.raises(CouldNotLook, match="DescribeAffectedEntities"):
        health_events(aws_of(event(), entities=hidden), HERE)


def test_without_a_support_plan_the_check_is_not_applicable() -> None:
    no_plan = CouldNotLook("health:DescribeEvents", "SubscriptionRequiredException: ")
    with pytest.raises(NotApplicable, match="the account's support plan does not include the AWS Health API"):
        health_events(Aws({("health", "DescribeEvents"): no_plan}), HERE)


def test_an_event_says_what_since_when_and_whom_it_affects() -> None:
    [one] = health_events(aws_of(event()), HERE)
    assert isinstance(one, HealthEvent)
    assert one.words == "issue of AWS, open, since 2026-11-24 05:00 UTC, names none of the stack's resources"
