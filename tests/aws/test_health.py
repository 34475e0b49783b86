"""AWS Health: which events are asked for, in how many calls, whom of the stack they name, and in which words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from opschecks.aws.health import EVENTS_A_CALL, HealthEvent, health_events
from opschecks.core.model import Figure
from opschecks.core.observation import CouldNotLook, NotApplicable
from tests.canned import ACCOUNT, NOW, Aws, Raw, ago, given, names
from tests.cases import cases

ARN = "arn:aws:health:us-west-2::event/ECS/ISSUE/1"
BALANCER = f"arn:aws:elasticloadbalancing:{ACCOUNT}:loadbalancer/app/web/50dc6c495c0c9188"
HERE = names(
    services=("prod/api", "jobs/mail"), further_clusters=("jobs",), load_balancers=(BALANCER, "edge", "arn:a/b/c"),
    tables=("orders", "None"), log_groups=("/ecs/api",), security_groups=("sg-1",), distributions=("E1",),
    buckets=("assets",),
)  # fmt: skip


def event(number: int = 1, **changes: Any) -> Raw:
    raw = {
        "arn": ARN if number == 1 else f"{ARN}{number}", "service": "ECS", "eventTypeCode": "AWS_ECS_ISSUE",
        "eventTypeCategory": "issue", "statusCode": "open", "startTime": ago(hours=2),
        "eventScopeCode": "ACCOUNT_SPECIFIC",
    }  # fmt: skip
    return given(raw, changes)


def told(*events: Raw, entities: Any = ()) -> tuple[list[HealthEvent], Aws]:
    answer = entities if callable(entities) or isinstance(entities, Exception) else {"entities": [*entities]}
    pages: list[Raw] = [{"events": [], "nextToken": "more"}, {"events": [*events]}]
    aws = Aws({("health", "DescribeEvents"): pages, ("health", "DescribeAffectedEntities"): answer})
    return health_events(aws, HERE), aws


def entity(value: str = "orders", of: str = ARN, **changes: Any) -> Raw:
    return given({"eventArn": of, "entityValue": value, "statusCode": "IMPAIRED"}, changes)


def test_an_event_as_it_is_told() -> None:
    [found], aws = told(event(), entities=[entity(), entity("assets"), entity(), entity("strange")])
    assert (found.arn, found.name, found.affected) == (ARN, "AWS_ECS_ISSUE", ("orders", "assets"))
    assert found.figures == (Figure("status", "open"), Figure("affects", "orders, assets"))
    assert (found.category, found.status, found.is_problem) == ("issue", "open", True)
    when = f"{NOW - timedelta(hours=2):%Y-%m-%d %H:%M}"
    assert found.words == f"issue of ECS, open, since {when} UTC, affects orders, assets"
    asked, _ = aws.parameters_of("DescribeEvents")
    assert asked["maxResults"] == 100
    assert asked["filter"]["eventTypeCategories"] == ["issue", "investigation", "scheduledChange"]
    assert asked["filter"]["regions"] == ["us-west-2", "global"]
    assert asked["filter"]["eventStatusCodes"] == ["open", "upcoming"]
    [asked] = aws.parameters_of("DescribeAffectedEntities")
    assert asked == {"filter": {"eventArns": [ARN]}, "maxResults": 100}


@cases({
    "an open issue": (event(), [entity()], True, "issue of ECS, open, since {}, affects orders"),
    "an investigation": (
        event(eventTypeCategory="investigation"), [entity()], True,
        "investigation of ECS, open, since {}, affects orders"),
    "a change that is under way": (
        event(eventTypeCategory="scheduledChange"), [entity()], False,
        "scheduledChange of ECS, open, since {}, affects orders"),
    "a change to come": (
        event(eventTypeCategory="scheduledChange", statusCode="upcoming"), [entity()], False,
        "scheduledChange of ECS, upcoming, from {}, affects orders"),
    "an issue to come": (
        event(statusCode="upcoming"), [entity()], False, "issue of ECS, upcoming, from {}, affects orders"),
    "an issue of others": (event(), [], False, "issue of ECS, open, since {}, names none of the stack's resources"),
    "without a begin": (event(startTime=None), [entity()], True, "issue of ECS, open, affects orders"),
    "without a service": (event(service=None), [entity()], True, "issue of AWS, open, since {}, affects orders"),
})  # fmt: skip
def test_whether_an_event_is_a_problem_and_its_words(
    raw: Raw, entities: list[Raw], is_problem: bool, words: str
) -> None:
    [found], _ = told(raw, entities=entities)
    assert (found.is_problem, found.words) == (
        is_problem,
        words.format(f"{NOW - timedelta(hours=2):%Y-%m-%d %H:%M} UTC"),
    )


def test_an_event_of_which_little_is_said() -> None:
    [found], _ = told({"arn": ARN})
    assert (found.name, found.affected) == (ARN, ())
    assert found.figures == (Figure("status", "unknown"), Figure("affects", "none"))
    with pytest.raises(CouldNotLook, match="the answer has no 'statusCode'"):
        found.words  # noqa: B018 - it raises


@cases({
    "a table": (entity("orders"), ("orders",)),
    "a service as it is called": (entity("jobs/mail"), ("jobs/mail", "jobs", "mail")),
    "a service and its cluster": (entity("prod|api"), ("prod", "api")),
    "a cluster": (entity("jobs"), ("jobs",)),
    "a balancer by its ARN": (entity(BALANCER), (BALANCER, "web")),
    "a balancer by its name": (entity("edge"), ("edge",)),
    "what is no ARN of a balancer": (entity("c"), ()),
    "a security group": (entity("sg-1"), ("sg-1",)),
    "a distribution": (entity("E1"), ("E1",)),
    "a bucket by its ARN": (entity("arn:aws:s3:::assets"), ("assets",)),
    "by an ARN alone": (entity(entityValue=None, entityArn=f"arn:aws:dynamodb:{ACCOUNT}:table/orders"), ("orders",)),
    "by a value before an ARN": (entity("assets", entityArn=f"arn:aws:dynamodb:{ACCOUNT}:table/orders"), ("assets",)),
    "without either": (entity(entityValue=None), ()),
    "resolved": (entity(statusCode="RESOLVED"), ()),
    "unimpaired": (entity(statusCode="UNIMPAIRED"), ()),
    "of no state": (entity(statusCode=None), ("orders",)),
    "of an unknown state": (entity(statusCode="UNKNOWN"), ("orders",)),
    "a service by its ARN": (entity(f"arn:aws:ecs:{ACCOUNT}:service/prod/api"), ("prod", "api")),
    "a log group": (entity("/ecs/api"), ("/ecs/api", "api")),
    "what is called alike": (entity("orders-of-others"), ()),
    "the account": (entity("AWS_ACCOUNT"), ()),
    "of an unknown kind": (entity("UNKNOWN"), ()),
})  # fmt: skip
def test_which_of_the_stacks_resources_an_event_names(one: Raw, affected: tuple[str, ...]) -> None:
    [found], _ = told(event(), entities=[one])
    assert found.affected == affected


def test_entities_are_asked_for_ten_events_at_once_and_not_of_public_ones() -> None:
    assert EVENTS_A_CALL == 10

    def answer(filter: Any, maxResults: int) -> Raw:  # noqa: A002, N803 - AWS's names
        return {"entities": [entity(of=arn) for arn in filter["eventArns"]]}

    numbers = range(2, 13)
    found, aws = told(*(event(number) for number in numbers), event(eventScopeCode="PUBLIC"), entities=answer)
    assert [one.affected for one in found] == [("orders",)] * 11 + [()]
    sizes = sorted(len(one["filter"]["eventArns"]) for one in aws.parameters_of("DescribeAffectedEntities"))
    assert sizes == [1, 10]


def test_another_refusal_is_no_missing_plan() -> None:
    for reason, kind in (
        ("SubscriptionRequiredException: ", NotApplicable), ("no SubscriptionRequiredException", CouldNotLook),
    ):  # fmt: skip
        error = CouldNotLook("health:DescribeEvents", reason)
        with pytest.raises(CouldNotLook) as it:
            health_events(Aws({("health", "DescribeEvents"): error}), HERE)
        assert type(it.value) is kind


def test_moments_are_told_in_utc() -> None:
    begins = datetime(2026, 11, 24, 1, tzinfo=UTC)
    [found], _ = told(event(startTime=begins.astimezone(ago().tzinfo)))
    assert "since 2026-11-24 01:00 UTC" in found.words


def test_a_quiet_region_costs_one_call() -> None:
    aws = Aws({("health", "DescribeEvents"): {"events": []}})
    assert health_events(aws, HERE) == []
    assert aws.calls == ["health:DescribeEvents"]


def test_a_denial_is_no_missing_plan() -> None:
    denied = CouldNotLook("health:DescribeEvents", "AccessDeniedException: no", action="health:DescribeEvents")
    with pytest.raises(CouldNotLook, match="allow health:DescribeEvents"):
        health_events(Aws({("health", "DescribeEvents"): denied}), HERE)
    hidden = CouldNotLook("health:DescribeAffectedEntities", "AccessDeniedException: no")
    with pytest.raises(CouldNotLook, match="DescribeAffectedEntities"):
        told(event(), entities=hidden)


def test_without_a_support_plan_the_check_is_not_applicable() -> None:
    no_plan = CouldNotLook("health:DescribeEvents", "SubscriptionRequiredException: ")
    with pytest.raises(NotApplicable, match="the account's support plan does not include the AWS Health API"):
        health_events(Aws({("health", "DescribeEvents"): no_plan}), HERE)
