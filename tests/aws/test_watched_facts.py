"""What is known of an alarm over weeks: which metrics it names, how they are asked for, who hears it, what is silent.

Sources: API_MetricAlarm, API_MetricDataQuery, API_ListMetrics of CloudWatch.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from opschecks.aws.alarm_history import AlarmEvent
from opschecks.aws.alarm_hygiene import WatchedAlarm, WatchedMetric, _events, _in_region, watched_alarms
from opschecks.aws.cloudwatch_alarms import Alarm
from opschecks.core.answer import Answer
from opschecks.core.model import Figure
from opschecks.core.observation import CouldNotLook
from tests.aws.test_alarm_facts import warm_up
from tests.aws.test_alarm_hygiene import EDGE, NO_METRIC, ON_ERRORS, TOPIC, alarm, aws_of, composite, watched
from tests.canned import ACCOUNT, NOW, Answers, Aws, Raw, names, stack
from tests.cases import cases
from tests.real.alarm_receivers import rule, stops, topic

CPU = WatchedMetric("AWS/ECS", "CPUUtilization", (("ClusterName", "prod"), ("ServiceName", "backend")))
DENIED = CouldNotLook("cloudwatch:DescribeAlarmHistory", "AccessDenied")
PAGER = f"arn:aws:sns:{ACCOUNT}:pager"
EDGE_ARN = str(EDGE["AlarmArn"])


def test_a_metric_in_words() -> None:
    assert str(WatchedMetric("X", "Errors", ())) == "X Errors"
    assert str(CPU) == "AWS/ECS CPUUtilization (ClusterName=prod, ServiceName=backend)"
    assert str(WatchedMetric("X", "Errors", (), "Count")) == "X Errors in Count"
    assert str(WatchedMetric("X", "Errors", (("A", "b"),), "Count")) == "X Errors (A=b) in Count"


A = [{"Name": "A", "Value": "b"}]


@cases({
    "bare": (
        WatchedMetric("X", "Errors", ()),
        {"MetricStat": {"Metric": {"Namespace": "X", "MetricName": "Errors", "Dimensions": []}, "Period": 3600,
                        "Stat": "SampleCount"}},
        {"Namespace": "X"},
    ),
    "with all": (
        WatchedMetric("X", "Errors", (("A", "b"),), "Count", "210987654321", "us-east-1"),
        {"MetricStat": {"Metric": {"Namespace": "X", "MetricName": "Errors", "Dimensions": A}, "Period": 3600,
                        "Stat": "SampleCount", "Unit": "Count"}, "AccountId": "210987654321"},
        {"Namespace": "X", "Dimensions": A, "IncludeLinkedAccounts": True,
         "OwningAccount": "210987654321"},
    ),
})  # fmt: skip
def test_how_a_metric_is_asked_for(metric: WatchedMetric, query: Raw, siblings: Raw) -> None:
    assert (metric.query, metric.siblings) == (query, siblings)


def _one(one: Alarm, *others: Alarm, samples: Any = None, **more: Any) -> WatchedAlarm:
    aws = aws_of({"CPUUtilization": [60]} if samples is None else samples)
    return watched(aws, one, *others, **more)[0]


def test_an_alarm_is_told_whole() -> None:
    raw = alarm()
    found = _one(raw)
    assert found == WatchedAlarm(
        arn=raw.arn,
        name="cpu-high",
        alarm=raw,
        metrics=(CPU,),
        rang=0,
        evidence={**raw.evidence, "no data for a week": [], "heard through": [], "not heard by": []},
        figures=(Figure("rang in 14 days", 0),),
    )
    assert (found.silent, found.is_of_metrics, found.calls_nobody) == ([], True, "")


def _query(number: int, **changes: Any) -> Raw:
    metric = {"Namespace": "X", "MetricName": f"m{number}"}
    return {"Id": f"q{number}", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum", **changes}}


def test_each_metric_of_an_expression_is_watched_and_none_of_a_query() -> None:
    expression = {"Id": "rate", "Expression": "q1 / q2"}
    math = alarm(**NO_METRIC, Metrics=[expression, _query(1, Unit="Count"), {**_query(2), "AccountId": "210987654321"}])
    found = _one(math, samples={"m1": [1], "m2": [1]})
    assert found.metrics == (
        WatchedMetric("X", "m1", (), "Count"),
        WatchedMetric("X", "m2", (), "", "210987654321"),
    )
    assert not _one(alarm(**NO_METRIC)).is_of_metrics


def _rang(name: str = "cpu-high", region: str = "us-west-2", action: str = "", error: str = "") -> AlarmEvent:
    kind = "Action" if action else "StateUpdate"
    return AlarmEvent(name, NOW - timedelta(hours=1), kind, "from OK to ALARM", action, error, region)


def test_what_rang_is_counted_by_alarm_and_region() -> None:
    found = _one(alarm(), rings=[_rang(), _rang("other"), _rang(region="us-east-1"), _rang()])
    assert (found.rang, found.figures) == (2, (Figure("rang in 14 days", 2),))
    last = "in the last 14 days (CloudWatch keeps no older history)"
    assert found.rang_recently == f"rang 2 times {last}"
    assert _one(alarm(), rings=[_rang()]).rang_recently == f"rang 1 time {last}"
    assert _one(alarm()).rang_recently == f"has not rung {last}"


MISSING = Alarm(arn="gone", name="gone", evidence=Answer({"StateValue": "MISSING"}))
UNREAD = Alarm(arn="there", name="there", evidence={"could not be read": "no"}, unread=DENIED)


def test_an_alarm_that_is_gone_has_the_history_of_the_stacks_region() -> None:
    assert _one(MISSING, rings=[_rang("gone")]).rang == 1


UNKNOWN = "how often it rang, and whether its actions failed, in the last 14 days is unknown"


def test_without_a_history_it_is_unknown_whether_its_actions_fail() -> None:
    found = _one(alarm(), rings=DENIED)
    assert (found.rang, found.no_history, found.figures, found.rang_recently) == (None, DENIED, (), UNKNOWN)
    with pytest.raises(CouldNotLook, match="AccessDenied"):
        assert found.calls_nobody
    nobody = _one(alarm(AlarmActions=[]), rings=DENIED)
    assert nobody.calls_nobody.startswith("it has no action")
    through = _one(alarm(AlarmActions=[]), composite(alarm()), rings=[])
    assert (through.heard_through, through.calls_nobody) == (("down",), "")


def test_what_hears_it_otherwise_makes_the_history_a_matter_of_information() -> None:
    aws = _listeners(rules=[rule()])
    found = watched(aws, alarm(AlarmActions=[]), rings=DENIED)[0]
    assert (found.calls_nobody, found.rang_recently) == ("", f"{UNKNOWN}: {DENIED}")


def _listeners(rules: Any = (), topics: Any = None, deployment: Any = None) -> Aws:
    service = {"serviceName": "web", "deploymentConfiguration": deployment or {}}
    point = {"Timestamps": [NOW], "Values": [60.0], "StatusCode": "Complete"}

    def data(MetricDataQueries: list[Raw], **_: Any) -> Raw:  # noqa: N803 - AWS's name
        return {"MetricDataResults": [{"Id": one["Id"], **point} for one in MetricDataQueries]}

    answers: dict[tuple[str, str], Answers] = {
        ("cloudwatch", "GetMetricData"): data,
        ("sns", "GetTopicAttributes"): topics or topic(1),
        ("events", "ListRules"): rules if isinstance(rules, Exception) else {"Rules": list(rules)},
        ("events", "TestEventPattern"): {"Result": True},
        ("events", "ListTargetsByRule"): {"Targets": [{"Id": "1", "Arn": f"arn:aws:lambda:{ACCOUNT}:function:page"}]},
        ("ecs", "DescribeServices"): {"services": [service], "failures": []},
    }
    return Aws(answers)


NOBODY = "the topic pager has no confirmed subscription"


def _topics(**confirmed: int) -> Any:
    return lambda **asked: topic(confirmed[asked["TopicArn"].rpartition(":")[2]])


@cases({
    "by its topic": ({}, {}, [], (), ()),
    "its topic has nobody": ({"AlarmActions": [PAGER]}, {"topics": topic(0)}, [], (NOBODY,), ()),
    "one of two topics has nobody": (
        {"AlarmActions": [TOPIC, PAGER]}, {"topics": _topics(pages=1, pager=0)}, [], (), ()),
    "neither of two has anybody": (
        {"AlarmActions": [PAGER, TOPIC]}, {"topics": topic(0)}, [], (NOBODY, NOBODY.replace("pager", "pages")), ()),
    "a topic has nobody, and a function is called": (
        {"AlarmActions": [PAGER, f"arn:aws:lambda:{ACCOUNT}:function:f"]}, {"topics": topic(0)}, [], (), ()),
    "its action failed": (
        {"AlarmActions": [TOPIC]}, {}, [_rang(action=TOPIC, error="KMS")],
        (f"{TOPIC} failed at 2026-11-24 06:00 UTC: KMS",), ()),
    "its action failed, and its topic has nobody": (
        {"AlarmActions": [PAGER]}, {"topics": topic(0)}, [_rang(action=PAGER, error="KMS")],
        (f"{PAGER} failed at 2026-11-24 06:00 UTC: KMS",), ()),
    "its topic has nobody, and a rule sends it on": (
        {"AlarmActions": [PAGER]}, {"topics": topic(0), "rules": [rule()]}, [], (NOBODY,),
        ("EventBridge rule to-the-pager",)),
    "nothing is said of actions, and a deployment stops": (
        {"AlarmActions": None}, {"deployment": stops("cpu-high")}, [], (), ("deployments of web",)),
})  # fmt: skip
def test_who_hears_it(
    changes: Raw, there: dict[str, Any], rings: list[AlarmEvent], unheard: tuple[str, ...], through: tuple[str, ...]
) -> None:
    found = watched(_listeners(**there), alarm(**changes), rings=rings, services=("web",))[0]
    assert (found.unheard, found.heard_through) == (unheard, through)
    assert found.evidence["not heard by"] == list(unheard)
    assert found.evidence["heard through"] == list(through)


def test_what_could_not_be_asked_of_listeners_is_one_more_reason() -> None:
    why = CouldNotLook("events:ListRules", "AccessDenied")
    found = watched(_listeners(rules=why, topics=topic(0)), alarm(AlarmActions=[PAGER]))[0]
    assert found.unheard == (NOBODY, why)
    with pytest.raises(CouldNotLook, match="events:ListRules"):
        assert found.calls_nobody


def _asked(*alarms: Alarm, topics: Any = None) -> set[str]:
    aws = _listeners(topics=topics)
    watched(aws, *alarms, services=("web",))
    return {one.operation for one in aws.asked} - {"GetMetricData", "GetTopicAttributes"}


@cases([
    ([alarm()], None, False),
    ([UNREAD], None, False),
    ([alarm(AlarmActions=[]), composite(alarm())], None, False),
    ([alarm(AlarmActions=[])], None, True),
    ([alarm()], topic(0), True),
    ([alarm(AlarmActions=[]), composite(alarm())], topic(0), True),
    ([alarm(AlarmActions=[]), composite(alarm("other"))], None, True),
])  # fmt: skip
def test_listeners_are_asked_only_where_it_is_not_heard_otherwise(
    alarms: list[Alarm], topics: Any, asked: bool
) -> None:
    assert _asked(*alarms, topics=topics) == ({"ListRules", "DescribeServices"} if asked else set())


def test_the_history_of_another_region_that_may_not_be_read_concerns_the_alarms_there() -> None:
    edge = Alarm(arn=EDGE_ARN, name="edge", evidence=Answer({"StateValue": "OK"}))
    aws = Aws({("us-east-1 cloudwatch", "DescribeAlarmHistory"): DENIED})
    here = [_rang(), _rang("edge")]
    told = _events(aws, [alarm(), edge, MISSING], here, NOW)
    assert told == {"us-west-2": {"cpu-high": [here[0]], "edge": [here[1]]}, "us-east-1": DENIED}
    assert [one.region for one in aws.asked] == ["us-east-1"]
    assert _events(Aws({}), [alarm()], DENIED, NOW) == {"us-west-2": DENIED}


def _data(state: str, *values: float) -> Raw:
    times = [NOW - timedelta(hours=n + 1) for n in range(len(values))]
    told = {"Id": "m0", "Timestamps": times, "Values": list(values), "StatusCode": state}
    return {"MetricDataResults": [told]}


@cases([
    (_data("Complete", 3), []),
    (_data("Complete"), ["no"]),
    (_data("Complete", 0, 0), ["no"]),
    (_data("PartialData", 0.5), []),
    (_data("PartialData"), ["unknown"]),
])  # fmt: skip
def test_how_many_samples_make_a_metric_silent(answer: Raw, silence: list[str]) -> None:
    aws = Aws({("cloudwatch", "GetMetricData"): answer, ("sns", "GetTopicAttributes"): topic(1)})
    found = watched(aws, alarm())[0]
    assert ["unknown" if isinstance(one, CouldNotLook) else "no" for one in found.silence] == silence
    if silence == ["unknown"]:
        with pytest.raises(
            CouldNotLook, match=r"cloudwatch:GetMetricData: AWS/ECS CPUUtil.*: the answer is PartialData"
        ):
            assert found.silent
    elif silence:
        assert found.silent == [CPU]
        assert found.evidence["no data for a week"] == [str(CPU)]


def test_a_sparse_metric_rests_where_what_it_measures_is_the_stacks_or_is_measured_otherwise() -> None:
    metric = WatchedMetric("AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", (("LoadBalancer", "app/web/1f"),))
    alive: Raw = {"Metrics": [{"Namespace": "AWS/ApplicationELB", "MetricName": "RequestCount"}]}
    resting = watched(aws_of({}, [alive]), ON_ERRORS)[0]
    assert (resting.resting, resting.silent) == ((metric,), [])
    assert resting.evidence["no data for a week"] == [str(metric)]
    dead = watched(aws_of({}, [{"Metrics": []}]), ON_ERRORS)[0]
    assert (dead.resting, dead.silent) == ((), [metric])
    aws = aws_of({})
    arn = f"arn:aws:elasticloadbalancing:{ACCOUNT}:loadbalancer/app/web/1f"
    [own] = watched_alarms(stack(), aws, [ON_ERRORS], [], names(load_balancers=(arn,)), NOW)
    assert own.resting == (metric,)
    assert aws.parameters_of("ListMetrics") == []


def test_where_it_cannot_be_listed_what_else_is_measured_the_metric_is_unknown() -> None:
    denied = CouldNotLook("cloudwatch:ListMetrics", "AccessDenied")
    found = watched(aws_of({"CPUUtilization": [60]}, [denied]), ON_ERRORS, alarm("cpu"))
    assert [one.silence for one in found] == [(denied,), ()]
    assert found[0].resting == ()


def test_metrics_of_another_region_are_asked_there_and_their_refusal_is_theirs() -> None:
    denied = CouldNotLook("cloudwatch:GetMetricData", "AccessDenied")
    answers: dict[tuple[str, str], Answers] = {
        ("cloudwatch", "GetMetricData"): _data("Complete", 1),
        ("us-east-1 cloudwatch", "GetMetricData"): denied,
        ("sns", "GetTopicAttributes"): topic(1),
    }
    here, there = watched(Aws(answers), alarm(), alarm("edge", **EDGE))
    assert (here.silence, there.silence) == ((), (denied,))
    assert [one.region for one in (*here.metrics, *there.metrics)] == ["", "us-east-1"]
    aws = Aws(answers)
    assert _in_region(aws, CPU) is aws
    with pytest.raises(CouldNotLook, match="AccessDenied"):
        watched(Aws({**answers, ("cloudwatch", "GetMetricData"): denied}), alarm())


@cases([(61, []), (60, [CPU]), (30, [CPU])])
def test_an_alarm_that_warms_up_is_not_silent(minutes: int, silent: list[WatchedMetric]) -> None:
    assert _one(alarm(**warm_up(minutes)), samples={}).silent == silent


def test_metrics_that_may_be_silent_are_told_apart() -> None:
    checked = stack(silent_metrics=["AWS/ECS"])
    found = watched(aws_of({}, checked=checked), alarm())[0]
    assert (found.accepted, found.silence) == ((CPU,), ())
    by_name = watched(aws_of({}, checked=stack(silent_metrics=["CPUUtilization"])), alarm())[0]
    assert by_name.accepted == (CPU,)
    assert _one(alarm()).accepted == ()


def test_metrics_that_are_not_told_blind_their_alarm_alone() -> None:
    cut, whole = watched(aws_of({"CPUUtilization": [60]}), alarm("cut", Namespace=None), alarm())
    assert (cut.metrics, len(cut.silence), whole.silence) == ((), 1, ())
    with pytest.raises(CouldNotLook, match="no 'Namespace'"):
        assert cut.silent
