"""Whose the target groups of a balancer are, which of them serve during a deployment: each doubt by itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from opschecks.aws.ecs import Service
from opschecks.aws.elbv2 import LoadBalancer, TargetHealth
from opschecks.aws.own_groups import AT_ONCE, Fronted, dimension, fronted_targets, own_groups
from opschecks.aws.rollouts import Rollout, serving
from opschecks.aws.service_deployments import Recorded, ServiceDeployment
from opschecks.aws.unread import Unread
from opschecks.core.answer import Answer
from opschecks.core.model import Resource
from opschecks.core.observation import CouldNotLook
from tests.canned import ACCOUNT, NOW, Aws, Raw, names
from tests.canned_ecs import BY_CODE_DEPLOY, deployment, record, service, task_set
from tests.cases import cases

ELB = f"arn:aws:elasticloadbalancing:{ACCOUNT}"
THROTTLED = CouldNotLook("ecs:DescribeServices", "ThrottlingException: no")
REFUSED = CouldNotLook("elasticloadbalancing:DescribeTargetHealth", "AccessDenied: no")
TARGET = {"Target": {"Id": "10.0.0.7", "Port": 80}, "TargetHealth": {"State": "healthy"}}


def _balancer(name: str = "web", kind: str = "application") -> LoadBalancer:
    return LoadBalancer(arn=f"{ELB}:loadbalancer/{name}", name=name, evidence=Answer({"Type": kind}, "x"))


WEB = _balancer()


def _arn(name: str) -> str:
    return f"{ELB}:targetgroup/{name}/0123456789abcdef"


def _group(name: str, *of: LoadBalancer) -> Resource:
    evidence = Answer({"LoadBalancerArns": [one.arn for one in of or (WEB,)]}, "x")
    return Resource(arn=_arn(name), name=name, evidence=evidence)


def _service(*groups: str) -> Service:
    balanced = [{"targetGroupArn": _arn(one)} for one in groups]
    return Service(arn="s", name="s", evidence=Answer({"status": "ACTIVE", "loadBalancers": balanced}, "x"))


def _health(name: str, count: int = 0, *, unread: CouldNotLook | None = None) -> TargetHealth:
    evidence = Unread(unread) if unread else Answer({"TargetHealthDescriptions": [TARGET] * count}, "x")
    return TargetHealth(arn=_arn(name), name=name, evidence=evidence, unread=unread, balancers=(WEB.arn,))


A, B, C = (_group(name) for name in "abc")
UNREAD_SERVICE = Service(arn="u", name="u", evidence=Unread(THROTTLED))


def _owned(
    groups: Sequence[Resource] = (A, B, C),
    services: Any = (),
    health: Any = (),
    *,
    chosen: Sequence[Resource] | None = None,
    balancers: Sequence[LoadBalancer] = (WEB,),
    stacks: tuple[str, ...] = ("s",),
) -> list[Fronted]:
    known = services if isinstance(services, CouldNotLook) else list(services)
    told = health if isinstance(health, CouldNotLook) else list(health)
    judged = list(groups if chosen is None else chosen)
    return own_groups(names(services=stacks), list(balancers), list(groups), judged, known, told)


def _names(some: Sequence[Resource]) -> list[str]:
    return [one.name for one in some]


def _parts(front: Fronted) -> tuple[list[str], list[str], list[str]]:
    return _names(front.own), _names(front.others), _names(front.doubtful)


def test_the_dimension_of_a_group_is_the_end_of_its_arn() -> None:
    assert dimension(A) == "targetgroup/a/0123456789abcdef"


def test_own_groups_are_those_that_the_services_fill_and_others_have_targets() -> None:
    [front] = _owned(services=[_service("a"), _service("x")], health=[_health("b", 1), _health("c")])
    assert _parts(front) == (["a"], ["b"], [])
    assert (front.arn, front.name, front.balancer, front.count) == (WEB.arn, "web", WEB, 3)
    assert (front.doubt, front.of_others) == (None, None)


def test_a_stack_without_services_or_of_which_none_fills_a_group_has_all() -> None:
    assert _parts(_owned(stacks=())[0]) == (["a", "b", "c"], [], [])
    assert _parts(_owned(stacks=(), services=THROTTLED)[0]) == (["a", "b", "c"], [], [])
    assert _parts(_owned(services=[_service("x")])[0]) == (["a", "b", "c"], [], [])
    with pytest.raises(CouldNotLook, match="ThrottlingException"):
        _owned(services=THROTTLED)


def test_a_service_that_could_not_be_read_makes_the_groups_doubtful_that_no_other_fills() -> None:
    [front] = _owned(services=[_service("a"), UNREAD_SERVICE])
    assert _parts(front) == (["a"], [], ["b", "c"])
    assert front.doubt == THROTTLED
    [front] = _owned(services=[UNREAD_SERVICE])
    assert _parts(front) == ([], [], ["a", "b", "c"])
    [front] = _owned([A], services=[_service("a"), UNREAD_SERVICE])
    assert (_parts(front), front.doubt) == ((["a"], [], []), None)


def test_groups_that_the_stack_names_are_its_own_whatever_the_services_say() -> None:
    [front] = _owned(chosen=[B], services=[_service("a"), UNREAD_SERVICE], health=[_health("a", 1)])
    assert (_parts(front), front.doubt) == ((["b"], ["a", "c"], []), None)
    other = _balancer("other")
    named = _group("n", other)
    fronts = _owned([A, named], chosen=[named], balancers=[WEB, other])
    assert [_parts(one) for one in fronts] == [([], ["a"], []), (["n"], [], [])]


def test_each_application_balancer_has_the_groups_behind_it() -> None:
    other, net = _balancer("other"), _balancer("net", "network")
    both, elsewhere = _group("both", WEB, other), _group("e", net)
    fronts = _owned([A, both, elsewhere], balancers=[WEB, net, other], stacks=())
    assert [(one.name, _names(one.own), one.count) for one in fronts] == [
        ("web", ["a", "both"], 2),
        ("other", ["both"], 1),
    ]
    unread = LoadBalancer(arn="x", name="x", evidence=Unread(THROTTLED))
    assert _owned(balancers=[unread, WEB], stacks=())[0].name == "web"


def test_groups_that_could_not_be_listed_make_their_balancer_doubtful_alone() -> None:
    other = _balancer("other")
    unread = Resource(arn=WEB.arn, name="target groups of web", evidence=Unread(REFUSED))
    of_other = _group("o", other)
    web, second = _owned([unread, of_other], balancers=[WEB, other], services=[_service("o")])
    assert (_parts(web), web.doubt) == (([], [], ["target groups of web"]), REFUSED)
    assert (_parts(second), second.doubt) == ((["o"], [], []), None)
    [front] = _owned([unread], services=[UNREAD_SERVICE])
    assert front.doubt == THROTTLED


@cases({
    "nothing is known of them": ([], ["b", "c"], None),
    "both are empty": ([_health("b"), _health("c")], [], None),
    "one has targets": ([_health("b", 1), _health("c")], ["b"], None),
    "one is unread": ([_health("b", unread=REFUSED)], ["b", "c"], REFUSED),
    "one is unread, the other empty": ([_health("b", unread=REFUSED), _health("c")], ["b"], REFUSED),
    "one is unread, the other has targets": ([_health("b", unread=REFUSED), _health("c", 1)], ["b", "c"], None),
    "another's is unread": ([_health("x", unread=REFUSED)], ["b", "c"], None),
    "they were refused": (REFUSED, ["b", "c"], REFUSED),
})  # fmt: skip
def test_whether_others_share_a_balancer_is_told_by_their_targets(
    health: Any, others: list[str], why: CouldNotLook | None
) -> None:
    [front] = _owned(services=[_service("a")], health=health)
    assert (_names(front.own), _names(front.others), front.of_others) == (["a"], others, why)


def test_where_no_group_is_left_nothing_is_doubtful_about_others() -> None:
    [front] = _owned([A], services=[_service("a")], health=REFUSED)
    assert (front.others, front.of_others) == ((), None)


def _asked(every: Sequence[Resource], balanced: Sequence[Resource], *balancers: LoadBalancer) -> list[str]:
    aws = Aws({("elbv2", "DescribeTargetHealth"): {"TargetHealthDescriptions": []}})
    known = [_health("a", 3)]
    found = fronted_targets(aws, list(balancers or (WEB,)), list(every), list(balanced), known)
    assert found[0] is known[0]
    assert len(aws.parameters_of("DescribeTargetHealth")) == len(found) - 1
    return sorted(_names(found[1:]))


def test_only_groups_that_are_left_out_and_can_be_read_are_asked_for_their_targets() -> None:
    unread = Resource(arn="u", name="u", evidence=Unread(REFUSED))
    assert _asked([A, B, C, unread], [A]) == ["b", "c"]
    assert _asked([A], [A]) == []
    lost = LoadBalancer(arn="x", name="x", evidence=Unread(REFUSED))
    assert _asked([A, B], [A], lost, WEB) == ["b"]
    assert _asked([A, B, _group("far", _balancer("far"))], [A]) == ["b"]


def test_where_targets_are_refused_every_group_is_asked() -> None:
    many = [_group(f"g{n}") for n in range(2 * AT_ONCE)]
    refused = fronted_targets(Aws({("elbv2", "DescribeTargetHealth"): REFUSED}), [WEB], many, [], [])
    assert [one.unread for one in refused] == [REFUSED] * len(many)


BLUE, GREEN, GRAY = (_arn(one) for one in ("blue", "green", "gray"))
BOTH = [{BLUE, GREEN}]
NOT_OFFERED = CouldNotLook("ecs:ListServiceDeployments", "UnknownOperation: no")
LINEAR = {"strategy": "LINEAR"}
TWO = (deployment(), deployment(7, status="ACTIVE"))


def _rollout(raw: Raw, *records: ServiceDeployment, problem: CouldNotLook | None = None) -> Rollout:
    of = Service(arn="s", name="s", evidence=Answer(raw, "ecs:DescribeServices"))
    return Rollout(arn="s", name="s", service=of, now=NOW, recorded=Recorded(records, problem))


def _record(
    stage: str, *groups: str, unread: CouldNotLook | None = None, status: str = "IN_PROGRESS", strategy: str = "LINEAR"
) -> ServiceDeployment:
    raw = record(status, lifecycleStage=stage, deploymentConfiguration={"strategy": strategy})
    return ServiceDeployment(Answer(raw, "x"), "backend:8", groups, unread)


def _sets(*groups: str, **more: Any) -> Raw:
    balanced = [{"targetGroupArn": one} for one in groups]
    first = task_set(loadBalancers=balanced, **more)
    old = task_set(7, status="ACTIVE", loadBalancers=[{"targetGroupArn": GREEN}])
    return {**BY_CODE_DEPLOY, "taskSets": [old, first]}


SHIFT = "PRODUCTION_TRAFFIC_SHIFT"


@cases({
    "nothing is under way": (_rollout(service()), BOTH),
    "a primary task set": (_rollout(_sets(BLUE)), [{BLUE}]),
    "a primary task set of both": (_rollout(_sets(BLUE, GREEN)), BOTH),
    "a primary task set of another": (_rollout(_sets(GRAY)), BOTH),
    "a primary task set without groups": (_rollout(_sets()), BOTH),
    "a primary task set that says nothing": (_rollout({**BY_CODE_DEPLOY, "taskSets": [task_set()]}), BOTH),
    "no primary task set": (_rollout(_sets(BLUE, status="ACTIVE")), BOTH),
    "a shift": (_rollout(service(), _record(SHIFT, BLUE)), [{BLUE}, {GREEN}]),
    "before the shift": (_rollout(service(), _record("PRE_SCALE_UP", BLUE)), BOTH),
    "a bake": (_rollout(service(), _record("BAKE_TIME", BLUE)), [{BLUE}]),
    "a bake of both": (_rollout(service(), _record("BAKE_TIME", BLUE, GREEN, GRAY)), BOTH),
    "a rolling update": (_rollout(service(), _record("BAKE_TIME", strategy="ROLLING")), BOTH),
    "a shift that is rolled back": (_rollout(service(), _record(SHIFT, status="ROLLBACK_IN_PROGRESS")), BOTH),
    "the newest of two": (_rollout(service(), _record("BAKE_TIME", GREEN), _record(SHIFT, BLUE)), [{GREEN}]),
    "messages alone, one deployment": (
        _rollout(service(deploymentConfiguration=LINEAR), problem=NOT_OFFERED), BOTH),
    "messages alone, a rolling update": (_rollout(service(*TWO), problem=NOT_OFFERED), BOTH),
    "messages alone, and nothing is said of how": (
        _rollout(service(*TWO, deploymentConfiguration=None), problem=NOT_OFFERED), BOTH),
})  # fmt: skip
def test_which_groups_must_have_the_healthy_targets(rollout: Rollout, sets: list[set[str]]) -> None:
    assert serving(rollout, [BLUE, GREEN]) == sets


def test_one_group_alone_has_them() -> None:
    assert serving(_rollout(service(*TWO, deploymentConfiguration=LINEAR), problem=NOT_OFFERED), [BLUE]) == [{BLUE}]
    assert serving(_rollout(service()), []) == [set()]


def test_which_colour_serves_is_not_known_without_records_or_the_revisions_groups() -> None:
    rollout = _rollout(service(*TWO, deploymentConfiguration=LINEAR), problem=NOT_OFFERED)
    with pytest.raises(CouldNotLook, match=r"which colour serves is not known: .*UnknownOperation"):
        serving(rollout, [BLUE, GREEN])
    for groups in ((), (GRAY,)):
        with pytest.raises(CouldNotLook) as told:
            serving(_rollout(service(), _record("BAKE_TIME", *groups)), [BLUE, GREEN])
        assert str(told.value) == "ecs:DescribeServiceRevisions: which target group backend:8 has is not known"
    denied = CouldNotLook("ecs:DescribeServiceRevisions", "AccessDenied", action="ecs:DescribeServiceRevisions")
    with pytest.raises(CouldNotLook, match="has is not known: AccessDenied") as told:
        serving(_rollout(service(), _record("BAKE_TIME", unread=denied)), [BLUE, GREEN])
    assert told.value.action == "ecs:DescribeServiceRevisions"


def _groups(one: LoadBalancer, count: int) -> list[Resource]:
    return [_group(f"{one.name}-{number}", one) for number in range(count)]


@cases({
    "none has targets": (30, "", "", 30),
    "the first has": (30, "a-0", "", AT_ONCE),
    "the tenth has": (30, "a-9", "", 2 * AT_ONCE),
    "there are few": (3, "", "", 3),
    "one cannot be read before it": (30, "a-1", "a-0", AT_ONCE),
})  # fmt: skip
def test_groups_are_asked_a_few_at_a_time(count: int, filled: str, lost: str, asked: int) -> None:
    one, other = _balancer("a"), _balancer("b")
    here, there = _groups(one, count), _groups(other, 2)

    def health(TargetGroupArn: str, **_: Any) -> Raw:  # noqa: N803 - AWS's name
        name = TargetGroupArn.split("/")[1]
        if name == lost:
            raise CouldNotLook("elasticloadbalancing:DescribeTargetHealth", "Throttling: Rate exceeded")
        return {"TargetHealthDescriptions": [TARGET] if name == filled else []}

    aws = Aws({("elbv2", "DescribeTargetHealth"): health})
    found = fronted_targets(aws, [one, other], [*here, *there], [], [])
    assert len(aws.calls) == len(found) == asked + len(there)
    assert [group.name for group in found if group.unread] == ([lost] if lost else [])
    assert any(group.name == filled for group in found) == bool(filled)


def test_a_batch_is_asked_at_the_same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    batches: list[int] = []

    def told(function: Any, items: Any) -> list[Any]:
        batches.append(len(items))
        return [function(item) for item in items]

    monkeypatch.setattr("opschecks.aws.own_groups.fan_out", told, raising=False)
    one = _balancer("a")
    aws = Aws({("elbv2", "DescribeTargetHealth"): {"TargetHealthDescriptions": []}})
    assert len(fronted_targets(aws, [one], _groups(one, 20), [], [])) == 20
    assert batches == [AT_ONCE, AT_ONCE, 4]
