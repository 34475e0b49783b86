"""Who hears an alarm, part by part: topics, deployments of ECS, rules of EventBridge and their targets.

Sources: API_GetTopicAttributes, API_DeploymentAlarms, API_ListRules, API_TestEventPattern, "Alarm events and
EventBridge" of the CloudWatch User Guide.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from opschecks.aws.alarm_receivers import Consumers, consumers, deaf_topics, never_heard
from opschecks.aws.cloudwatch_alarms import Alarm
from opschecks.core.answer import Answer
from opschecks.core.observation import CouldNotLook, NotThere
from tests.canned import ACCOUNT, Answers, Aws, Canned, Raw, ago, names, stack
from tests.cases import cases
from tests.real.alarm_receivers import PATTERN, rule, stops, topic

TOPIC = f"arn:aws:sns:{ACCOUNT}:pages"
EAST = "arn:aws:sns:us-east-1:123456789012:edge"
FUNCTION = f"arn:aws:lambda:{ACCOUNT}:function:page"
DENIED = CouldNotLook("events:ListRules", "AccessDenied: no", action="events:ListRules")
MISSING = Alarm(arn="gone", name="gone", evidence=Answer({"StateValue": "MISSING"}))


def _alarm(name: str = "cpu", region: str = "us-west-2", **changes: Any) -> Alarm:
    raw = {"StateValue": "OK", "StateUpdatedTimestamp": ago(hours=2), "AlarmActions": [], **changes}
    arn = f"arn:aws:cloudwatch:{region}:123456789012:alarm:{name}"
    return Alarm(arn=arn, name=name, evidence=Answer(raw, "cloudwatch:DescribeAlarms"))


def _deaf(answer: Answers, *actions: str, receivers: Sequence[str] = ()) -> tuple[Aws, Mapping[str, Any]]:
    checked = stack(alarm_receivers=receivers)
    aws = Aws({("sns", "GetTopicAttributes"): answer, ("us-east-1 sns", "GetTopicAttributes"): topic(0)}, checked)
    return aws, deaf_topics(checked, aws, [_alarm(AlarmActions=list(actions)), MISSING])


NOBODY = "the topic pages has no confirmed subscription"


@cases({
    "one who hears it": (topic(1), ""),
    "one, and one who waits": (topic(1, 1), ""),
    "nobody": (topic(0), NOBODY),
    "one who waits": (topic(0, 1), f"{NOBODY}, 1 wait for confirmation"),
    "nothing is said of who waits": ({"Attributes": {"SubscriptionsConfirmed": "0"}}, NOBODY),
})  # fmt: skip
def test_whom_a_topic_reaches(answer: Raw, why: str) -> None:
    aws, found = _deaf(answer, TOPIC, FUNCTION, TOPIC)
    assert found == {TOPIC: why}
    assert aws.parameters_of("GetTopicAttributes") == [{"TopicArn": TOPIC}]


def test_a_topic_that_does_not_exist_reaches_nobody() -> None:
    _, found = _deaf(NotThere("sns:GetTopicAttributes", "NotFound"), TOPIC)
    assert found == {TOPIC: "the topic pages does not exist"}


def test_a_topic_that_may_not_be_read_says_how_to_name_it() -> None:
    _, found = _deaf(CouldNotLook("sns:GetTopicAttributes", "AuthorizationError", action="sns:X"), TOPIC)
    why = found[TOPIC]
    assert isinstance(why, CouldNotLook)
    assert (why.call, why.action, why.reason) == (
        "sns:GetTopicAttributes", "sns:X",
        f"AuthorizationError (topic {TOPIC}); if it is known to call somebody, add it to alarm_receivers",
    )  # fmt: skip


def test_a_topic_is_asked_in_its_own_region_and_one_that_is_known_is_not_asked() -> None:
    aws, found = _deaf(topic(1), TOPIC, EAST, f"arn:aws:sns:{ACCOUNT}:known", receivers=["*:known", "*:other"])
    assert found == {EAST: "the topic edge has no confirmed subscription", TOPIC: ""}
    assert {(one.region, one.parameters["TopicArn"]) for one in aws.asked} == {
        ("us-east-1", EAST),
        ("us-west-2", TOPIC),
    }


def _aws(
    rules: Any = (), matches: Any = True, targets: Sequence[str] = (FUNCTION,), deployment: Any = None, there: Any = ()
) -> Aws:
    def described(cluster: str, services: Sequence[str], **_: Any) -> Canned:
        if isinstance(deployment, Exception):
            return deployment
        told = [
            {"serviceName": one, **({"deploymentConfiguration": deployment} if deployment else {})} for one in services
        ]
        return {"services": told, "failures": []}

    listed = rules if isinstance(rules, Exception) else {"Rules": list(rules)}
    result = matches if isinstance(matches, Exception) else {"Result": matches}
    answers: dict[tuple[str, str], Answers] = {
        ("events", "ListRules"): listed,
        ("events", "TestEventPattern"): result,
        ("events", "ListTargetsByRule"): {"Targets": [{"Id": str(n), "Arn": one} for n, one in enumerate(targets)]},
        ("ecs", "DescribeServices"): described,
        ("us-east-1 events", "ListRules"): {"Rules": list(there)},
        ("us-east-1 events", "TestEventPattern"): {"Result": True},
        ("us-east-1 events", "ListTargetsByRule"): {"Targets": [{"Id": "1", "Arn": FUNCTION}]},
    }
    return Aws(answers)


def _heard(aws: Aws, *alarms: Alarm, services: tuple[str, ...] = ()) -> dict[str, Consumers]:
    found = consumers(aws, names(services=services), alarms or (_alarm(),))
    return {arn.rsplit(":", 1)[-1]: one for arn, one in found.items()}


RULE = "EventBridge rule to-the-pager"


def test_what_the_rule_is_asked_about_is_the_alarm_going_off() -> None:
    aws = _aws([rule()])
    assert _heard(aws) == {"cpu": Consumers((RULE,))}
    [asked] = aws.parameters_of("TestEventPattern")
    assert asked["EventPattern"] == PATTERN
    moment = "2026-11-24T05:00:00Z"
    assert json.loads(asked["Event"]) == {
        "version": "0",
        "id": "00000000-0000-0000-0000-000000000000",
        "source": "aws.cloudwatch",
        "detail-type": "CloudWatch Alarm State Change",
        "account": "123456789012",
        "region": "us-west-2",
        "time": moment,
        "resources": [_alarm().arn],
        "detail": {
            "alarmName": "cpu",
            "state": {"value": "ALARM", "reason": "", "timestamp": moment},
            "previousState": {"value": "OK", "reason": "", "timestamp": moment},
        },
    }
    assert aws.parameters_of("ListTargetsByRule") == [{"Rule": "to-the-pager"}]


LOGS = f"arn:aws:logs:{ACCOUNT}:log-group:/aws/events/all"
ARCHIVE = f"arn:aws:events:{ACCOUNT}:archive/all"


@cases({
    "a function": (True, [FUNCTION], (RULE,)),
    "a log group and a function": (True, [LOGS, FUNCTION], (RULE,)),
    "a log group": (True, [LOGS], ()),
    "an archive": (True, [ARCHIVE], ()),
    "a log group and an archive": (True, [LOGS, ARCHIVE], ()),
    "another event": (False, [FUNCTION], ()),
})  # fmt: skip
def test_to_whom_a_rule_sends_it(matches: bool, targets: list[str], heard: tuple[str, ...]) -> None:
    aws = _aws([rule()], matches, targets)
    assert _heard(aws) == {"cpu": Consumers(heard)}
    assert len(aws.parameters_of("ListTargetsByRule")) == int(matches)


OTHER = {"source": ["aws.ecs"], "detail-type": ["ECS Task State Change"]}


@cases({
    "of alarms": (json.loads(PATTERN), True),
    "of all that CloudWatch sends": ({"source": ["aws.cloudwatch"]}, True),
    "of that type": ({"detail-type": ["CloudWatch Alarm State Change"]}, True),
    "of an account": ({"account": ["123456789012"]}, True),
    "of tasks": (OTHER, False),
    "of another source": ({"source": ["aws.ecs"]}, False),
    "of another type": ({"detail-type": ["ECS Task State Change"]}, False),
    "of another type of the same source": ({"source": ["aws.cloudwatch"], "detail-type": ["Dashboard"]}, False),
    "of several sources": ({"source": ["aws.ecs", "aws.cloudwatch"]}, True),
    "of what begins so": ({"source": [{"prefix": "aws."}]}, True),
    "of what begins so, or tasks": ({"source": ["aws.ecs", {"prefix": "aws."}]}, True),
    "of a source that is no list": ({"source": "aws.ecs"}, True),
    "of no list of sources": ({"source": []}, True),
    "a list": (["aws.ecs"], True),
})  # fmt: skip
def test_only_of_patterns_that_may_be_about_alarms_eventbridge_is_asked(pattern: Any, asked: bool) -> None:
    aws = _aws([rule(pattern=json.dumps(pattern))])
    _heard(aws)
    assert bool(aws.parameters_of("TestEventPattern")) is asked


def test_of_a_pattern_that_is_not_understood_eventbridge_is_asked_and_a_schedule_has_none() -> None:
    schedule = {key: value for key, value in rule("nightly").items() if key != "EventPattern"}
    aws = _aws([schedule, rule("empty", ""), rule("odd", "{"), rule("off", State="DISABLED")])
    assert _heard(aws) == {"cpu": Consumers(("EventBridge rule odd",))}
    assert [one["EventPattern"] for one in aws.parameters_of("TestEventPattern")] == ["{"]


WATCHED = stops("cpu", "disk")


@cases({
    "two services": (WATCHED, ("deployments of api", "deployments of web")),
    "they do not stop": (stops("cpu", enable=False), ()),
    "another alarm": (stops("memory"), ()),
    "no alarms": ({"maximumPercent": 200}, ()),
    "nothing is said": (None, ()),
})  # fmt: skip
def test_which_deployments_it_stops(deployment: Any, heard: tuple[str, ...]) -> None:
    aws = _aws(deployment=deployment)
    assert _heard(aws, services=("api", "web")) == {"cpu": Consumers(heard)}
    assert aws.parameters_of("DescribeServices") == [{"cluster": "prod", "services": ["api", "web"]}]


def test_services_are_asked_for_by_the_ten_and_none_where_there_are_none() -> None:
    aws = _aws(deployment=WATCHED)
    heard = _heard(aws, services=tuple(f"s{n}" for n in range(12)))
    assert len(heard["cpu"].names) == 12
    assert [len(one["services"]) for one in aws.parameters_of("DescribeServices")] == [10, 2]
    none = _aws()
    assert _heard(none) == {"cpu": Consumers()}
    assert none.parameters_of("DescribeServices") == []


def test_another_regions_alarm_is_heard_by_the_rules_there_and_stops_no_deployment_here() -> None:
    """An alarm of the same name is another one there."""
    aws = _aws([rule("here")], deployment=WATCHED, there=[rule("there")])
    cpu, edge = _alarm("cpu"), _alarm("disk", "us-east-1")
    assert _heard(aws, edge, cpu, services=("web",)) == {
        "cpu": Consumers(("deployments of web", "EventBridge rule here")),
        "disk": Consumers(("EventBridge rule there",)),
    }
    assert [one.region for one in aws.asked if one.operation == "ListRules"] == ["us-east-1", "us-west-2"]


def test_an_alarm_that_is_gone_sends_nothing_and_may_still_be_named_by_a_deployment() -> None:
    aws = _aws([rule()], deployment=stops("gone"))
    assert _heard(aws, MISSING, services=("web",)) == {"gone": Consumers(("deployments of web",))}
    assert aws.parameters_of("ListRules") == []


def test_what_could_not_be_looked_at_is_told_unless_something_else_hears_it() -> None:
    why = CouldNotLook("ecs:DescribeServices", "AccessDenied")
    assert _heard(_aws(DENIED), services=("web",)) == {"cpu": Consumers((), (DENIED,))}
    assert _heard(_aws(deployment=why), services=("web",)) == {"cpu": Consumers((), (why,))}
    assert _heard(_aws(DENIED, deployment=why), services=("web",)) == {"cpu": Consumers((), (why, DENIED))}
    assert _heard(_aws(DENIED, deployment=WATCHED), services=("web",)) == {"cpu": Consumers(("deployments of web",))}
    assert _heard(_aws([rule()], deployment=why), services=("web",)) == {"cpu": Consumers((RULE,))}
    assert _heard(_aws([rule()], DENIED)) == {"cpu": Consumers((), (DENIED,))}


NO_ACTION = "it has no action, and neither a composite alarm with one, EventBridge nor a deployment of ECS reacts to it"


@cases([
    ([], [], NO_ACTION),
    ([], ["a"], NO_ACTION),
    ([TOPIC], [], ""),
    ([TOPIC], ["a", "b"], "a; b"),
])  # fmt: skip
def test_why_nobody_hears_it(actions: list[str], reasons: list[str], why: str) -> None:
    assert never_heard(_alarm(AlarmActions=actions), reasons) == why


def test_a_reason_that_is_not_known_leaves_it_unknown() -> None:
    some: list[list[str | CouldNotLook]] = [["a", DENIED], [DENIED]]
    for reasons in some:
        with pytest.raises(CouldNotLook, match="AccessDenied"):
            never_heard(_alarm(AlarmActions=[TOPIC]), reasons)
