"""Since the gate: what each resource was and is, and how that is told, over every state of before and now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from opschecks.aws.cloudwatch_alarms import Alarm
from opschecks.aws.elbv2 import TargetHealth
from opschecks.aws.gate_snapshot import LONGEST, SinceTheGate, since_the_gate
from opschecks.aws.rollouts import Rollout
from opschecks.aws.traffic import BalancerErrors, Traffic
from opschecks.aws.unread import Unread
from opschecks.core.answer import Answer
from opschecks.core.observation import CouldNotLook, Unanswerable
from tests.canned import ACCOUNT, NOW, Raw, ago, stack
from tests.canned_ecs import deployment, rolled, service, task_set
from tests.cases import cases
from tests.real.deploys import BLUE, GREEN, described, health, of_two_colours, target

GATE = NOW - timedelta(hours=1)
DENIED = CouldNotLook("elasticloadbalancing:DescribeTargetHealth", "AccessDenied: no")
GRAY = BLUE.replace("blue", "gray")


def finding(arn: str, **evidence: Any) -> Raw:
    return {"resource": arn, "evidence": evidence}


def had(arn: str, *targets: Raw) -> Raw:
    return finding(arn, TargetHealthDescriptions=list(targets))


def looked(
    *findings: Mapping[str, Any],
    alarms: Sequence[Alarm] = (),
    groups: Sequence[TargetHealth] = (),
    traffic: Sequence[Traffic] = (),
    rollouts: Sequence[Rollout] | CouldNotLook = (),
    balancers: Sequence[BalancerErrors] = (),
    taken: datetime = GATE,
    **limits: Any,
) -> list[SinceTheGate]:
    def filed(suite: str) -> Iterator[Mapping[str, Any]]:
        assert suite == "deploy-before"
        yield {"started": taken.isoformat(), "findings": list(findings)}
        yield {"started": ago(days=9).isoformat(), "findings": []}

    told = rollouts if isinstance(rollouts, CouldNotLook) else list(rollouts)
    return since_the_gate(
        stack(limits=limits), filed, NOW, list(alarms), list(groups), list(traffic), told, list(balancers)
    )


def words(found: Sequence[SinceTheGate]) -> list[tuple[str, str, str, str]]:
    assert all(one.evidence["before"] == one.before and one.evidence["now"] == one.now for one in found)
    return [(one.name, one.before, one.now, str(one.told)) for one in found]


ALARM = f"arn:aws:cloudwatch:{ACCOUNT}:alarm:web-5xx"


def alarm(state: str = "OK", **more: Any) -> Alarm:
    evidence = {
        "StateValue": state,
        "StateTransitionedTimestamp": ago(minutes=30),
        "StateReason": "Threshold Crossed: 1 datapoint. More of it.",
    }
    return Alarm(arn=ALARM, name="web-5xx", evidence=Answer(evidence, "cloudwatch:DescribeAlarms"), **more)


RINGS = "in ALARM since 2026-11-24 07:29 UTC, {} before the deploy: Threshold Crossed: 1 datapoint"


@cases({
    "as before": ([finding(ALARM, StateValue="OK")], alarm(), ("OK", "OK", "")),
    "it rings since": ([finding(ALARM, StateValue="OK")], alarm("ALARM"), ("OK", "ALARM", RINGS.format("OK"))),
    "it rang before": ([finding(ALARM, StateValue="ALARM")], alarm("ALARM"), ("ALARM", "ALARM", "")),
    "it rang before, and does no longer": ([finding(ALARM, StateValue="ALARM")], alarm(), ("ALARM", "OK", "")),
    "it had no data before": (
        [finding(ALARM, StateValue="INSUFFICIENT_DATA")], alarm("ALARM"),
        ("INSUFFICIENT_DATA", "ALARM", RINGS.format("INSUFFICIENT_DATA"))),
    "it is new": ([], alarm("ALARM"), ("not there", "ALARM", RINGS.format("not there"))),
    "it is new, and quiet": ([], alarm(), ("not there", "OK", "")),
    "it has no data now": (
        [finding(ALARM, StateValue="OK")], alarm("INSUFFICIENT_DATA"), ("OK", "INSUFFICIENT_DATA", "")),
    "another finding of it has no state": ([finding(ALARM, Other=1)], alarm(), ("not there", "OK", "")),
    "its region may not be read": (
        [finding(ALARM, StateValue="OK")], alarm(unread=DENIED), ("OK", "not known", str(DENIED))),
})  # fmt: skip
def test_an_alarm_that_rings_since_the_gate_got_worse(
    findings: list[Raw], now: Alarm, expected: tuple[str, str, str]
) -> None:
    when = (NOW - timedelta(minutes=30)).strftime("%Y-%m-%d %H:%M")
    [told] = words(looked(*findings, alarms=[now]))
    assert told == ("web-5xx", *(one.replace("2026-11-24 07:29", when) for one in expected))


def test_without_a_run_of_the_gate_there_is_nothing_to_compare_with() -> None:
    with pytest.raises(Unanswerable, match="there is no run of checks/deploy/before to compare with"):
        since_the_gate(stack(), lambda _: iter(()), NOW, [], [], [], [], [])


def test_a_run_of_the_gate_is_of_this_deploy_for_a_day() -> None:
    assert timedelta(hours=24) == LONGEST
    assert words(looked(alarms=[alarm()], taken=NOW - LONGEST)) == [("web-5xx", "not there", "OK", "")]
    with pytest.raises(Unanswerable, match="the newest run of checks/deploy/before is of 20"):
        looked(alarms=[alarm()], taken=NOW - LONGEST - timedelta(seconds=1))


UNHEALTHY = target(9, "unhealthy")
PAIR: Raw = {"targetGroupArn": BLUE, "advancedConfiguration": {"alternateTargetGroupArn": GREEN}}


def filling(*balanced: Raw, desired: int = 2, **changes: Any) -> Raw:
    counts = {"desiredCount": desired, "runningCount": desired, **changes}
    return service(deployment(createdAt=ago(days=3)), loadBalancers=list(balanced), **counts)


def held(raw: Raw, groups: Mapping[str, tuple[Sequence[Raw], Sequence[Raw]]]) -> list[SinceTheGate]:
    findings = [had(arn, *was) for arn, (was, _) in groups.items()]
    now = [health(arn, *targets) for arn, (_, targets) in groups.items()]
    return looked(*findings, groups=now, rollouts=rolled(described(raw)))


ONE, TWO, THREE = [target(1)], [target(1), target(2)], [target(1), target(2), target(3)]
OTHERS = [target(7), target(8)]


@cases({
    "one group as before": (
        filling({"targetGroupArn": BLUE}), {BLUE: (TWO, TWO)},
        [("blue", "2 healthy", "2 of 2 desired are healthy", "")]),
    "one is missing": (
        filling({"targetGroupArn": BLUE}), {BLUE: (TWO, ONE)},
        [("blue", "2 healthy", "1 of 2 desired are healthy", "1 healthy target, 2 before the deploy, 2 desired")]),
    "two colours count together": (
        filling(PAIR), {BLUE: (TWO, []), GREEN: ([], OTHERS)},
        [("blue and green", "2 healthy", "2 of 2 desired are healthy", "")]),
    "a target of both colours counts once": (
        filling(PAIR), {BLUE: (TWO, ONE), GREEN: (TWO, ONE)},
        [("blue and green", "2 healthy", "1 of 2 desired are healthy",
          "1 healthy target, 2 before the deploy, 2 desired")]),
    "a group of the service that is not the stack's to see": (
        filling({"targetGroupArn": GRAY}, {"targetGroupArn": BLUE}), {BLUE: (TWO, TWO)},
        [("blue", "2 healthy", "2 of 2 desired are healthy", "")]),
    "one that a service fills beside one that none does": (
        filling({"targetGroupArn": BLUE}), {BLUE: (TWO, TWO), GREEN: (TWO, ONE)},
        [("blue", "2 healthy", "2 of 2 desired are healthy", ""), ("green", "2 healthy", "1 healthy", "")]),
    "it was not there before": (
        filling({"targetGroupArn": BLUE}), {BLUE: ([], TWO)},
        [("blue", "0 healthy", "2 of 2 desired are healthy", "")]),
    "more were desired before": (
        filling({"targetGroupArn": BLUE}), {BLUE: (THREE, TWO)},
        [("blue", "3 healthy", "2 of 2 desired are healthy", "")]),
    "more are desired now, and one starts": (
        filling({"targetGroupArn": BLUE}, desired=3, runningCount=2, pendingCount=1), {BLUE: (TWO, TWO)},
        [("blue", "2 healthy", "2 of 3 desired are healthy", "")]),
    "more are desired now, and none starts": (
        filling({"targetGroupArn": BLUE}, desired=3), {BLUE: (TWO, TWO)},
        [("blue", "2 healthy", "2 of 3 desired are healthy", "2 healthy targets, 2 before the deploy, 3 desired")]),
})  # fmt: skip
def test_groups_that_a_service_fills_are_held_against_what_it_desires(
    raw: Raw, groups: dict[str, Any], expected: list[tuple[str, str, str, str]]
) -> None:
    assert words(held(raw, groups)) == expected


def test_the_groups_whose_targets_are_missing_are_named_for_whoever_mends_them() -> None:
    [one] = held(filling(PAIR), {BLUE: (TWO, []), GREEN: ([], ONE)})
    assert (one.arn, one.evidence["groups"]) == (BLUE, [BLUE, GREEN])


def colours(blue: Sequence[Raw], green: Sequence[Raw], *primary: str) -> SinceTheGate:
    """A service of two task sets, each with its own group; those named get production traffic."""
    sets = [
        task_set(8, status="PRIMARY" if name in primary else "ACTIVE", loadBalancers=[{"targetGroupArn": arn}])
        for name, arn in (("blue", BLUE), ("green", GREEN))
    ]
    raw = service(deployments=[], taskSets=sets, deploymentController={"type": "CODE_DEPLOY"}, loadBalancers=[])
    [found] = held(raw, {BLUE: (TWO, blue), GREEN: ([], green)})
    return found


def test_the_colour_that_gets_production_traffic_is_held_by_itself() -> None:
    ill = colours([target(1), UNHEALTHY], OTHERS, "blue")
    assert words([ill]) == [(
        "blue and green", "2 healthy", "3 of 2 desired are healthy",
        ("blue, which gets production traffic: 1 healthy target, 2 before the deploy, 2 desired; "
        "10.0.0.9:8000 is unhealthy"),
    )]  # fmt: skip
    assert ill.evidence["groups"] == [BLUE]
    few = colours(ONE, OTHERS, "blue")
    assert str(few.told).endswith("1 healthy target, 2 before the deploy, 2 desired")
    idle = colours(ONE, OTHERS, "green")
    assert (idle.told, idle.evidence["groups"]) == ("", [BLUE, GREEN])
    both = colours([target(1)], [target(7)], "blue", "green")
    assert (both.told, both.evidence["groups"]) == ("", [BLUE, GREEN])


def test_where_which_colour_serves_is_not_known_neither_is_whether_it_got_worse() -> None:
    refused = CouldNotLook("ecs:ListServiceDeployments", "AccessDenied: no", action="ecs:ListServiceDeployments")
    raw = of_two_colours(deploymentConfiguration={"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 5}, desiredCount=2)
    rollouts = rolled(described(raw), answers={("ecs", "ListServiceDeployments"): refused})
    now = [health(BLUE, *ONE), health(GREEN, *OTHERS)]
    [found] = looked(had(BLUE, *TWO), groups=now, rollouts=rollouts)
    assert str(found.told).startswith("ecs:ListServiceDeployments: which colour serves is not known")
    assert found.evidence["groups"] == [BLUE, GREEN]


def unread(arn: str) -> TargetHealth:
    return TargetHealth(arn=arn, name=arn.split("/")[1], evidence=Unread(DENIED), unread=DENIED)


def test_a_group_whose_targets_cannot_be_read_blinds_itself_and_its_twin() -> None:
    rollouts = rolled(described(filling(PAIR)))
    now = [health(BLUE, *TWO), unread(GREEN), unread(GRAY)]
    assert words(looked(had(GRAY, *TWO), groups=now, rollouts=rollouts)) == [
        ("blue", "healthy targets", "not known", str(DENIED)),
        ("gray", "2 healthy", "not known", str(DENIED)),
    ]
    assert words(looked(groups=[unread(GRAY)])) == [("gray", "0 healthy", "not known", str(DENIED))]


def test_a_service_that_does_not_say_what_it_desires_leaves_its_groups_unknown() -> None:
    raw = filling({"targetGroupArn": BLUE}, desiredCount=None)
    [found] = held(raw, {BLUE: (TWO, TWO)})
    assert words([found]) == [
        ("blue", "2 healthy", "2 healthy", str(found.told)),
    ]
    assert "the answer has no 'desiredCount'" in str(found.told)


def test_without_rollouts_it_is_not_known_whether_a_group_got_worse() -> None:
    refused = CouldNotLook("ecs:DescribeServices", "AccessDenied: no")
    found = looked(had(BLUE, *TWO), groups=[health(BLUE, *ONE)], rollouts=refused)
    assert words(found) == [("blue", "2 healthy", "1 healthy", str(refused))]


def test_a_service_that_cannot_be_read_fills_nothing_that_is_known() -> None:
    [seen] = rolled(described(filling({"targetGroupArn": BLUE})))
    mute = replace(seen, service=replace(seen.service, evidence=Unread(DENIED)))
    found = looked(had(BLUE, *TWO), groups=[health(BLUE, *TWO)], rollouts=[mute])
    assert words(found) == [("blue", "2 healthy", "2 healthy", "")]


DRAINS, SICK_DRAINS = target(3, "draining"), target(4, "unhealthy.draining")
STANDS_BY = "no targets: it stands by, and the group that serves has healthy ones"


@cases({
    "as before": (TWO, TWO, "2 healthy", ""),
    "fewer, and all of them healthy": (THREE, TWO, "2 healthy", ""),
    "fewer, and one is ill": (THREE, [*TWO, UNHEALTHY], "2 healthy", "2 healthy targets, 3 before the deploy"),
    "fewer, and the others drain": (THREE, [target(1), DRAINS, SICK_DRAINS], "1 healthy", ""),
    "more, and one is ill": (ONE, [*TWO, UNHEALTHY], "2 healthy", ""),
    "as many, and one is ill": (TWO, [*TWO, UNHEALTHY], "2 healthy", ""),
    "none, and there were some": (ONE, [], "0 healthy", "0 healthy targets, 1 before the deploy"),
    "none but one that drains": (ONE, [DRAINS], "0 healthy", "0 healthy targets, 1 before the deploy"),
    "none, and there were none": ([], [], "0 healthy", ""),
    "none, and there were ill ones": ([UNHEALTHY], [], "0 healthy", ""),
})  # fmt: skip
def test_a_group_that_no_service_fills_is_held_against_what_it_had(
    was: Sequence[Raw], now: Sequence[Raw], after: str, worse: str
) -> None:
    count = sum(one["TargetHealth"]["State"] == "healthy" for one in was)
    assert words(looked(had(BLUE, *was), groups=[health(BLUE, *now)])) == [("blue", f"{count} healthy", after, worse)]


def test_a_group_that_is_not_judged_did_not_get_worse() -> None:
    idle = replace(health(BLUE), idle=STANDS_BY)
    assert words(looked(had(BLUE, *TWO), groups=[idle])) == [("blue", "2 healthy", STANDS_BY, "")]
    unknown = replace(health(BLUE, *ONE), foreign=DENIED)
    assert words(looked(had(BLUE, *TWO), groups=[unknown])) == [("blue", "2 healthy", "1 healthy", str(DENIED))]


def test_targets_of_before_count_by_their_id_and_port() -> None:
    two_ports = [
        {"Target": {"Id": "10.0.0.1", "Port": port}, "TargetHealth": {"State": "healthy"}} for port in (80, 81)
    ]
    function: Raw = {"Target": {"Id": "arn:aws:lambda:f"}, "TargetHealth": {"State": "healthy"}}
    others: list[Raw] = [function, {"Target": {"Id": "10.0.0.2", "Port": 80}}, UNHEALTHY]
    found = looked(
        had(BLUE, *two_ports, two_ports[0], *others), {"resource": GREEN, "evidence": None}, {"resource": GREEN},
        groups=[health(BLUE, *THREE), health(GREEN)],
    )  # fmt: skip
    assert words(found) == [("blue", "3 healthy", "3 healthy", ""), ("green", "0 healthy", "0 healthy", "")]
    assert words(looked(finding(BLUE, TargetHealthDescriptions=None), groups=[health(BLUE)]))[0][1] == "0 healthy"
