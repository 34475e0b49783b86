"""Revoking ingress: one rule by its id, named whole, and made again with what it said."""

from __future__ import annotations

import json
from typing import Any

import pytest

from opschecks.core.change import CannotFix
from opschecks.core.observation import CouldNotLook
from opschecks.fixing.plan import planned
from opschecks.remedies.settings.ec2 import RevokeIngress
from tests.aws.test_ec2 import PEER, PEERED, WEB, by_id, group, permission, rules, seen, ssh, tagged
from tests.canned import Aws, Raw, stack

PEERED_PAIR = {"GroupId": PEER, "UserId": "210987654321"}
DENIED = CouldNotLook("ec2:DescribeSecurityGroupRules", "UnauthorizedOperation: no")


def remedy(rules_now: list[Raw] | Exception, told: Raw | None = None) -> RevokeIngress:
    listed = rules_now if isinstance(rules_now, Exception) else {"SecurityGroupRules": rules_now}
    answers: Any = {
        ("ec2", "DescribeSecurityGroups"): {"SecurityGroups": [told or group()]},
        ("ec2", "DescribeSecurityGroupRules"): listed,
    }
    return RevokeIngress(stack(), Aws(answers))


def targets(*permissions: Raw, **more: Any) -> list[str]:
    (found,) = by_id(group(), listed=rules(*permissions, **more))
    return remedy([]).targets(WEB, found.evidence)


def test_each_source_is_a_target_of_its_own_and_named_whole() -> None:
    peered, listed = targets(PEERED)[::-1]
    assert json.loads(peered) == [
        WEB,
        {"IpProtocol": "tcp", "FromPort": 8000, "ToPort": 8000, "UserIdGroupPairs": [PEERED_PAIR]},
    ]
    assert remedy([]).shown(peered) == f"{WEB}: tcp 8000 from 210987654321/{PEER}"
    assert remedy([]).shown(listed) == f"{WEB}: tcp 8000 from pl-82a045eb"


def test_what_is_planned_is_the_rule_by_its_id_and_nothing_else() -> None:
    both = (ssh("0.0.0.0/0", "0.0.0.0/1"), ssh("203.0.113.0/24"))
    now = rules(*both)
    first, second, third = targets(*both)
    for target, one in zip((first, second, third), now, strict=True):
        change = planned(remedy(now), target)
        assert change.call == "ec2:RevokeSecurityGroupIngress"
        assert change.parameters == {"GroupId": WEB, "SecurityGroupRuleIds": [one["SecurityGroupRuleId"]]}


def test_undoing_makes_the_rule_again_with_its_description_and_tags() -> None:
    described = ssh("0.0.0.0/0")
    described["IpRanges"][0]["Description"] = "a quick look"
    (target,) = targets(described, Tags=[{"Key": "team", "Value": "web"}, {"Key": "aws:x", "Value": "y"}])
    back = remedy([]).request(target, {"let in": False}, {"let in": True})
    source = {"CidrIp": "0.0.0.0/0", "Description": "a quick look"}
    assert back.operation == "AuthorizeSecurityGroupIngress"
    assert back.parameters == {
        "GroupId": WEB,
        "IpPermissions": [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [source]}],
        "TagSpecifications": [{"ResourceType": "security-group-rule", "Tags": [{"Key": "team", "Value": "web"}]}],
    }


EVERY_KIND = {
    "all traffic": permission("-1", None, "0.0.0.0/0"),
    "IPv6": ssh("::/0"),
    "a prefix list": permission("tcp", (443, 443), lists=["pl-02cd2c6b"]),
    "a group": permission("udp", (53, 53), groups=["sg-0a1b2c3d4e5f60009"]),
    "a peered group": {**PEERED, "PrefixListIds": []},
    "icmp": permission("icmp", (8, -1), "0.0.0.0/0"),
    "gre": permission("47", None, "0.0.0.0/0"),
}


@pytest.mark.parametrize("one", EVERY_KIND.values(), ids=EVERY_KIND)
@pytest.mark.parametrize("look", [seen, lambda raw: by_id(raw)], ids=["by group", "by rule"])
def test_a_rule_of_any_kind_is_found_again_by_what_it_lets_in(one: Raw, look: Any) -> None:
    (found,) = look(group(one))
    (target,) = remedy([]).targets(WEB, found.evidence)
    assert remedy(rules(one)).read(target) == {"let in": True}
    assert remedy(rules(permission("tcp", (1, 1), "10.0.0.0/8"))).read(target) == {"let in": False}
    made = remedy([]).request(target, {"let in": False}, {"let in": True}).parameters["IpPermissions"]
    assert remedy([]).targets(WEB, look(group({**permission("-1", None), **made[0]}))[0].evidence) == [target]


@pytest.mark.parametrize("one", EVERY_KIND.values(), ids=EVERY_KIND)
def test_a_rule_is_the_same_target_whichever_call_told_of_it(one: Raw) -> None:
    (by_group,), (by_rule,) = seen(group(one)), by_id(group(one))
    told = remedy([]).targets(WEB, by_group.evidence)
    assert told == remedy([]).targets(WEB, by_rule.evidence)
    assert len(told) == 1


def test_a_rule_that_was_made_again_has_another_id_and_the_plan_is_made_again() -> None:
    (target,) = targets(ssh("0.0.0.0/0"))
    (again,) = rules(ssh("0.0.0.0/0"))
    asked = remedy([{**again, "SecurityGroupRuleId": "sgr-9"}]).request(target, {"let in": True}, {"let in": False})
    assert asked.parameters["SecurityGroupRuleIds"] == ["sgr-9"]
    with pytest.raises(CannotFix, match="no longer let in"):
        remedy([]).request(target, {"let in": True}, {"let in": False})


def test_nothing_is_revoked_where_the_rules_may_not_be_read_by_id() -> None:
    (target,) = targets(ssh("0.0.0.0/0"))
    with pytest.raises(CouldNotLook, match="ec2:DescribeSecurityGroupRules"):
        planned(remedy(DENIED), target)


def test_a_change_of_the_last_release_is_read_and_undone_as_it_was_written() -> None:
    source = {"CidrIp": "0.0.0.0/0", "Description": "a quick look"}
    let_in = {"FromPort": 22, "IpProtocol": "tcp", "IpRanges": [source], "ToPort": 22}
    target = json.dumps([WEB, let_in])
    assert remedy([]).read(target) == {"let in": False}
    back = remedy([]).request(target, {"let in": False}, {"let in": True})
    assert back.parameters == {"GroupId": WEB, "IpPermissions": [let_in]}
    assert remedy(rules({**permission("-1", None), **let_in})).read(target) == {"let in": True}


FORMATION = {"Tags": [{"Key": "aws:cloudformation:stack-name", "Value": "web"}]}
OWNERS = {
    "CloudFormation, by the group": ({}, FORMATION, "CloudFormation stack web defines it: change it there too"),
    "Terraform, by the rule": (tagged(ManagedBy="terraform"), {}, "Terraform defines it: change it there too"),
    "nobody that tags tell": ({}, {}, "what CDK, CloudFormation or Terraform defines must be changed there too"),
}


@pytest.mark.parametrize(("rule", "of_group", "says"), OWNERS.values(), ids=OWNERS)
def test_the_plan_says_which_infrastructure_code_defines_the_rule(rule: Raw, of_group: Raw, says: str) -> None:
    (target,) = targets(ssh("0.0.0.0/0"), **rule)
    assert planned(remedy(rules(ssh("0.0.0.0/0"), **rule), {**group(), **of_group}), target).beware.startswith(says)


@pytest.mark.parametrize(
    "target",
    [
        "sg-1",
        "{",
        "[]",
        '["sg-1"]',
        '["sg-1", {}]',
        '["sg-1", []]',
        '[1, {"IpProtocol": "tcp"}]',
        "null",
        '["sg-1", 7, 8, 9]',
    ],
)
def test_a_target_that_is_not_a_plans_is_one_clear_line(target: str) -> None:
    with pytest.raises(CannotFix, match="as the plan of --fix=plan has it"):
        RevokeIngress(stack(), Aws({}), tuple).normal(target)
