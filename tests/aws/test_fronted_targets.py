"""Which groups of a shared load balancer are asked for their targets: few at a time, up to one that has some."""

from __future__ import annotations

from typing import Any

import pytest

from opschecks.aws.elbv2 import LoadBalancer
from opschecks.aws.own_groups import AT_ONCE, fronted_targets
from opschecks.core.model import Resource
from opschecks.core.observation import CouldNotLook
from tests.canned import ACCOUNT, Aws, Raw
from tests.cases import cases

TARGET = {"Target": {"Id": "10.0.0.7", "Port": 80}, "TargetHealth": {"State": "healthy"}}


def balancer(name: str) -> LoadBalancer:
    arn = f"arn:aws:elasticloadbalancing:{ACCOUNT}:loadbalancer/app/{name}/50dc6c495c0c9188"
    return LoadBalancer(arn=arn, name=name, evidence={"LoadBalancerArn": arn})


def groups_of(one: LoadBalancer, count: int) -> list[Resource]:
    return [
        Resource(
            arn=f"arn:aws:elasticloadbalancing:{ACCOUNT}:targetgroup/{one.name}-{number}/73e2d6bc24d8a067",
            name=f"{one.name}-{number}",
            evidence={"LoadBalancerArns": [one.arn]},
        )
        for number in range(count)
    ]


@cases({
    "none has targets": (30, "", "", 30),
    "the first has": (30, "a-0", "", AT_ONCE),
    "the tenth has": (30, "a-9", "", 2 * AT_ONCE),
    "there are few": (3, "", "", 3),
    "one cannot be read before it": (30, "a-1", "a-0", AT_ONCE),
})  # fmt: skip
def test_groups_are_asked_a_few_at_a_time(count: int, filled: str, lost: str, asked: int) -> None:
    one, other = balancer("a"), balancer("b")
    here, there = groups_of(one, count), groups_of(other, 2)

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
    one = balancer("a")
    aws = Aws({("elbv2", "DescribeTargetHealth"): {"TargetHealthDescriptions": []}})
    assert len(fronted_targets(aws, [one], groups_of(one, 20), [], [])) == 20
    assert batches == [AT_ONCE, AT_ONCE, 4]
