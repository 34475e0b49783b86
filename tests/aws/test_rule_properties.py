"""EC2: each rule of a security group as it is read, with the permission that makes it, and what covers it."""

from __future__ import annotations

from typing import Any

import pytest

from opschecks.aws.ec2 import (
    Rule,
    SecurityGroup,
    Source,
    guarded_groups,
    ingress_rules,
    owner_of,
    security_groups,
    tags_of,
)
from opschecks.config.toml_tables import Ingress
from opschecks.core.answer import Answer
from opschecks.core.observation import REGISTRY, CouldNotLook
from tests.canned import Aws, Raw, given, names
from tests.cases import cases

WEB, APP, PEER = "sg-0a1b2c3d4e5f60001", "sg-0a1b2c3d4e5f60002", "sg-0a1b2c3d4e5f60009"
ME, THEM = "123456789012", "999999999999"
TEN, WORLD = "10.0.0.0/8", "0.0.0.0/0"


def group(*permissions: Raw, rules: Any = None, **more: Any) -> SecurityGroup:
    told = given({"GroupId": WEB, "OwnerId": ME, "IpPermissions": list(permissions)}, {"rules": rules, **more})
    return SecurityGroup(arn=WEB, name="web", evidence=Answer(told, "ec2:DescribeSecurityGroups"), own=frozenset({WEB}))


def permission(protocol: str = "tcp", low: int | None = 22, high: int | None = 22, **sources: Any) -> Raw:
    ports = {key: value for key, value in (("FromPort", low), ("ToPort", high)) if value is not None}
    return {"IpProtocol": protocol, **ports, **sources}


def cidr(*cidrs: str, **more: str) -> Raw:
    return {"IpRanges": [{"CidrIp": one, **more} for one in cidrs]}


def pair(of: str, **more: str) -> Raw:
    return {"UserIdGroupPairs": [{"GroupId": of, **more}]}


def all_of(rules: list[Rule]) -> list[tuple[Any, ...]]:
    return [
        (one.source, one.source.description, one.source.account, one.source.owner, one.permission, one.id, one.tags)
        for one in rules
    ]


@cases({
    "an address": (
        permission(**cidr(TEN)),
        [(Source("tcp", 22, 22, TEN), permission(**cidr(TEN)))], f"tcp 22 from {TEN}"),
    "an address with a description": (
        permission(**cidr(TEN, Description="office")),
        [(Source("tcp", 22, 22, TEN, "office"), permission(**cidr(TEN, Description="office")))], f"tcp 22 from {TEN}"),
    "two addresses and a range of ports": (
        permission(low=80, high=90, **cidr(TEN, WORLD)),
        [(Source("tcp", 80, 90, TEN), permission(low=80, high=90, **cidr(TEN))),
         (Source("tcp", 80, 90, WORLD), permission(low=80, high=90, **cidr(WORLD)))],
        f"tcp 80-90 from {TEN}, tcp 80-90 from {WORLD}"),
    "by number of the protocol": (
        permission("17", 53, 53, **cidr(TEN)),
        [(Source("udp", 53, 53, TEN), permission("17", 53, 53, **cidr(TEN)))], f"udp 53 from {TEN}"),
    "every port as -1": (
        permission("udp", -1, -1, **cidr(TEN)),
        [(Source("udp", 0, 65535, TEN), permission("udp", -1, -1, **cidr(TEN)))], f"udp 0-65535 from {TEN}"),
    "all traffic": (
        permission("-1", None, None, **cidr(TEN)),
        [(Source("all", 0, 65535, TEN), permission("-1", None, None, **cidr(TEN)))], f"all traffic from {TEN}"),
    "all traffic with ports of -1": (
        permission("-1", -1, -1, **cidr(TEN)),
        [(Source("all", 0, 65535, TEN), permission("-1", -1, -1, **cidr(TEN)))], f"all traffic from {TEN}"),
    "icmp of every type": (
        permission("icmp", -1, -1, **cidr(TEN)),
        [(Source("icmp", -1, -1, TEN), permission("icmp", -1, -1, **cidr(TEN)))], f"icmp from {TEN}"),
    "icmp by number": (
        permission("1", 8, -1, **cidr(TEN)),
        [(Source("icmp", 8, -1, TEN), permission("1", 8, -1, **cidr(TEN)))], f"icmp from {TEN}"),
    "icmpv6 by number": (
        permission("58", 0, 0, Ipv6Ranges=[{"CidrIpv6": "::/0"}]),
        [(Source("icmpv6", 0, 0, "::/0"), permission("58", 0, 0, Ipv6Ranges=[{"CidrIpv6": "::/0"}]))],
        "icmpv6 from ::/0"),
    "another protocol": (
        permission("47", None, None, **cidr(TEN)),
        [(Source("47", 0, 65535, TEN), permission("47", None, None, **cidr(TEN)))], f"47 0-65535 from {TEN}"),
    "each kind of source": (
        permission(**cidr(TEN), Ipv6Ranges=[{"CidrIpv6": "::/0"}], PrefixListIds=[{"PrefixListId": "pl-1"}],
                   **pair(PEER)),
        [(Source("tcp", 22, 22, TEN), permission(**cidr(TEN))),
         (Source("tcp", 22, 22, "::/0"), permission(Ipv6Ranges=[{"CidrIpv6": "::/0"}])),
         (Source("tcp", 22, 22, "pl-1"), permission(PrefixListIds=[{"PrefixListId": "pl-1"}])),
         (Source("tcp", 22, 22, PEER), permission(**pair(PEER)))],
        f"tcp 22 from {TEN}, tcp 22 from ::/0, tcp 22 from pl-1, tcp 22 from {PEER}"),
    "a group of the same account": (
        permission(**pair(APP, UserId=ME)),
        [(Source("tcp", 22, 22, APP), permission(**pair(APP)))], f"tcp 22 from {APP}"),
    "a group of another account": (
        permission(**pair(PEER, UserId=THEM)),
        [(Source("tcp", 22, 22, PEER, account=THEM), permission(**pair(PEER, UserId=THEM)))],
        f"tcp 22 from {THEM}/{PEER}"),
})  # fmt: skip
def test_a_permission_is_read_source_by_source(raw: Raw, expected: list[tuple[Source, Raw]], words: str) -> None:
    found = group(raw)
    assert all_of(found.rules) == [
        (source, source.description, source.account, "", told, "", {}) for source, told in expected
    ]  # fmt: skip
    assert found.ingress == [source for source, _ in expected]
    assert ", ".join(map(str, found.ingress)) == words
    assert SecurityGroup.sources_of(raw) == found.ingress


def test_without_a_group_every_account_is_told() -> None:
    [source] = SecurityGroup.sources_of(permission(**pair(PEER, UserId=ME)))
    assert source.account == ME


@cases({
    "no source": (permission(), "a rule for tcp 22-22 names no source"),
    "no source of all traffic": (permission("-1", None, None), "a rule for all 0-65535 names no source"),
    "no lower port": (permission(low=None, **cidr(TEN)), "the answer has no 'FromPort'"),
    "no upper port": (permission("udp", high=None, **cidr(TEN)), "the answer has no 'ToPort'"),
    "no type of icmp": (permission("icmpv6", None, None, **cidr(TEN)), "the answer has no 'FromPort'"),
})  # fmt: skip
def test_half_a_permission_is_not_read(raw: Raw, says: str) -> None:
    with pytest.raises(CouldNotLook, match=f"^ec2:DescribeSecurityGroups: {says}"):
        group(raw).rules  # noqa: B018 - it raises


def by_id(number: int = 1, protocol: str = "tcp", **changes: Any) -> Raw:
    raw = {
        "SecurityGroupRuleId": f"sgr-{number}", "GroupId": WEB, "GroupOwnerId": ME, "IsEgress": False,
        "IpProtocol": protocol, "FromPort": 22, "ToPort": 22,
    }  # fmt: skip
    return given(raw, changes)


def referenced(of: str, **more: str) -> Raw:
    return {"ReferencedGroupInfo": {"GroupId": of, **more}}


@cases({
    "an address": (by_id(CidrIpv4=TEN), Source("tcp", 22, 22, TEN), permission(**cidr(TEN))),
    "an address with a description": (
        by_id(CidrIpv4=TEN, Description="office"), Source("tcp", 22, 22, TEN, "office"),
        permission(**cidr(TEN, Description="office"))),
    "an address without one": (
        by_id(CidrIpv4=TEN, Description=""), Source("tcp", 22, 22, TEN), permission(**cidr(TEN))),
    "an IPv6 address": (
        by_id(CidrIpv6="::/0"), Source("tcp", 22, 22, "::/0"), permission(Ipv6Ranges=[{"CidrIpv6": "::/0"}])),
    "a prefix list": (
        by_id(PrefixListId="pl-1"), Source("tcp", 22, 22, "pl-1"),
        permission(PrefixListIds=[{"PrefixListId": "pl-1"}])),
    "a group": (by_id(**referenced(APP)), Source("tcp", 22, 22, APP), permission(**pair(APP))),
    "a group of the same account": (
        by_id(**referenced(APP, UserId=ME)), Source("tcp", 22, 22, APP), permission(**pair(APP))),
    "a group of another account": (
        by_id(**referenced(PEER, UserId=THEM), Description="peered"),
        Source("tcp", 22, 22, PEER, "peered", THEM), permission(**pair(PEER, UserId=THEM, Description="peered"))),
    "all traffic, whose ports are -1": (
        by_id(protocol="-1", FromPort=-1, ToPort=-1, CidrIpv4=TEN), Source("all", 0, 65535, TEN),
        permission("-1", None, None, **cidr(TEN))),
    "another protocol": (
        by_id(protocol="47", FromPort=-1, ToPort=-1, CidrIpv4=TEN), Source("47", 0, 65535, TEN),
        permission("47", None, None, **cidr(TEN))),
    "icmp": (
        by_id(protocol="icmp", FromPort=8, ToPort=-1, CidrIpv4=TEN), Source("icmp", 8, -1, TEN),
        permission("icmp", 8, -1, **cidr(TEN))),
})  # fmt: skip
def test_a_rule_by_its_id(raw: Raw, source: Source, told: Raw) -> None:
    tagged = {**raw, "Tags": [{"Key": "ManagedBy", "Value": "pulumi"}, {"Key": "bare"}]}
    [found] = group(rules=[tagged]).rules
    assert all_of([found]) == [
        (source, source.description, source.account, "Pulumi", told, "sgr-1", {"ManagedBy": "pulumi", "bare": ""})
    ]  # fmt: skip


def test_what_only_one_of_the_two_calls_has_is_told_once() -> None:
    both = group(permission(**cidr(TEN, WORLD)), rules=[by_id(CidrIpv4=TEN), by_id(2, CidrIpv6="::/0")])
    assert [(one.id, one.source.source) for one in both.rules] == [("sgr-1", TEN), ("sgr-2", "::/0"), ("", WORLD)]


def test_a_rule_without_a_source_names_the_call_that_has_none() -> None:
    with pytest.raises(CouldNotLook, match=r"^ec2:DescribeSecurityGroupRules: a rule for tcp 22-22 names no source"):
        group(rules=[Answer(by_id(), "ec2:DescribeSecurityGroupRules")]).rules  # noqa: B018 - it raises


@cases({
    "nobody": ([{}], ""),
    "nobody by a name": ([{"Name": "terraform-web"}], ""),
    "CloudFormation": (
        [{"aws:cloudformation:stack-name": "web", "ManagedBy": "terraform"}], "CloudFormation stack web"),
    "a tool as the value": ([{"Name": "web", "managed-by": "Terraform"}], "Terraform"),
    "OpenTofu": ([{"iac": "OpenTofu"}], "OpenTofu"),
    "CDK for Terraform": ([{"iac": "cdktf"}], "Terraform"),
    "a tool as the key": ([{"CDK": "yes"}], "CDK"),
    "a tool by a flag": ([{"Terraform": "true"}], "Terraform"),
    "a tool that it is not, by a flag": ([{"Terraform": "false"}], ""),
    "a tool that it is not, by false": ([{"terraform": "False"}], ""),
    "a tool that it is not, by no": ([{"terraform": "no"}], ""),
    "a tool that it is not, by 0": ([{"terraform": "0"}], ""),
    "the nearest first": ([{"iac": "pulumi"}, {"aws:cloudformation:stack-name": "web"}], "Pulumi"),
    "what the nearest does not tell": ([{"Name": "x"}, {"aws:cloudformation:stack-name": "web"}],
                                       "CloudFormation stack web"),
})  # fmt: skip
def test_who_owns_what_has_tags(tags: list[dict[str, str]], owner: str) -> None:
    where = [{"Tags": [{"Key": key, "Value": value} for key, value in one.items()]} for one in tags]
    assert [tags_of(one) for one in where] == tags
    assert owner_of(*where) == owner
    assert str(Source("tcp", 1, 2, TEN, owner=owner)) == (
        f"tcp 1-2 from {TEN}" + (f" (defined by {owner})" if owner else "")
    )


def test_what_has_no_tags_has_no_owner() -> None:
    assert owner_of({}, {"Tags": []}) == ""
    assert owner_of() == ""


@cases({
    "the same": (permission(**cidr(TEN)), {"ports": "22", "sources": [TEN]}, True),
    "within": (permission(**cidr("10.1.0.0/16")), {"ports": "20-30", "sources": [TEN]}, True),
    "the lowest and the highest port": (
        permission(low=20, high=30, **cidr(TEN)), {"ports": "20-30", "sources": [TEN]}, True),
    "a port too low": (permission(low=19, high=30, **cidr(TEN)), {"ports": "20-30", "sources": [TEN]}, False),
    "a port too high": (permission(low=20, high=31, **cidr(TEN)), {"ports": "20-30", "sources": [TEN]}, False),
    "wider": (permission(**cidr("10.0.0.0/7")), {"ports": "22", "sources": [TEN]}, False),
    "the second source": (permission(**cidr(TEN)), {"ports": "22", "sources": ["192.168.0.0/16", TEN]}, True),
    "another protocol": (permission("udp", **cidr(TEN)), {"ports": "22", "sources": [TEN]}, False),
    "udp": (permission("udp", **cidr(TEN)), {"protocol": "udp", "ports": "22", "sources": [TEN]}, True),
    "udp, another port": (permission("udp", **cidr(TEN)), {"protocol": "udp", "ports": "23", "sources": [TEN]}, False),
    "all protocols": (permission("udp", **cidr(TEN)), {"protocol": "all", "sources": [TEN]}, True),
    "all protocols of another source": (
        permission("udp", **cidr(WORLD)), {"protocol": "all", "sources": [TEN]}, False),
    "IPv6 within": (
        permission(Ipv6Ranges=[{"CidrIpv6": "2001:db8:1::/48"}]), {"ports": "22", "sources": ["2001:db8::/32"]}, True),
    "IPv6 wider": (
        permission(Ipv6Ranges=[{"CidrIpv6": "2001:db8::/31"}]), {"ports": "22", "sources": ["2001:db8::/32"]}, False),
    "IPv6 where IPv4 is allowed": (
        permission(Ipv6Ranges=[{"CidrIpv6": "::/0"}]), {"ports": "22", "sources": [WORLD]}, False),
    "IPv4 where IPv6 is allowed": (permission(**cidr(TEN)), {"ports": "22", "sources": ["::/0"]}, False),
    "an own group": (permission(**pair(WEB)), {"ports": "22", "sources": ["own groups"]}, True),
    "a group that is not": (permission(**pair(PEER)), {"ports": "22", "sources": ["own groups"]}, False),
    "a group by its id": (permission(**pair(PEER)), {"ports": "22", "sources": [PEER]}, True),
    "a group with its account": (
        permission(**pair(PEER, UserId=THEM)), {"ports": "22", "sources": [f"{THEM}/{PEER}"]}, True),
    "another group": (permission(**pair(APP)), {"ports": "22", "sources": [PEER]}, False),
    "a group where addresses are allowed": (permission(**pair(PEER)), {"ports": "22", "sources": [WORLD]}, False),
    "addresses where a group is allowed": (permission(**cidr(TEN)), {"ports": "22", "sources": [PEER]}, False),
    "addresses where a list is allowed": (permission(**cidr(TEN)), {"ports": "22", "sources": ["pl-1"]}, False),
    "a list": (
        permission(PrefixListIds=[{"PrefixListId": "pl-1"}]), {"ports": "22", "sources": ["pl-1"]}, True),
    "another list": (
        permission(PrefixListIds=[{"PrefixListId": "pl-2"}]), {"ports": "22", "sources": ["pl-1"]}, False),
    "of this group": (permission(**cidr(TEN)), {"group": "w*", "ports": "22", "sources": [TEN]}, True),
    "of another group": (permission(**cidr(TEN)), {"group": "db*", "ports": "22", "sources": [TEN]}, False),
})  # fmt: skip
def test_what_an_allowed_ingress_covers(raw: Raw, allowed: dict[str, Any], covered: bool) -> None:
    found = group(raw)
    assert found.wider_than([Ingress.model_validate(allowed)]) == ([] if covered else found.ingress)


def test_a_source_that_is_no_network_is_not_judged() -> None:
    long = "x" * 101
    with pytest.raises(CouldNotLook, match=f"a rule's source is '{long[:100]}', which is not a network"):
        group(permission(**cidr(long))).wider_than([Ingress.model_validate({"ports": "22", "sources": [TEN]})])


def test_groups_and_their_rules_do_not_go_away_and_are_kept_by_id() -> None:
    assert REGISTRY["security_groups"].lasting
    raw = [{"GroupId": one, "GroupName": name, "IpPermissions": []} for one, name in ((WEB, "web"), (APP, "app"))]
    listed = {"SecurityGroupRules": [
        by_id(CidrIpv4=TEN), by_id(2, CidrIpv4=TEN, IsEgress=True), by_id(3, GroupId=PEER, CidrIpv4=TEN),
    ]}  # fmt: skip
    aws = Aws(
        {("ec2", "DescribeSecurityGroups"): {"SecurityGroups": raw}, ("ec2", "DescribeSecurityGroupRules"): listed}
    )
    known = security_groups(aws, names(security_groups=(WEB, APP)))
    rules = ingress_rules(aws, known)
    assert {of: [one["SecurityGroupRuleId"] for one in some] for of, some in rules.items()} == {
        WEB: ["sgr-1"], APP: [], PEER: ["sgr-3"],
    }  # fmt: skip
    assert [one["MaxResults"] for one in (aws.asked[0].parameters, aws.asked[-1].parameters)] == [1000, 1000]
    web, app = guarded_groups(known, rules)
    assert ([one.id for one in web.rules], app.rules) == (["sgr-1"], [])
    assert web.evidence["own groups"] == sorted((WEB, APP))
    assert guarded_groups(known, CouldNotLook("ec2:DescribeSecurityGroupRules", "no")) == known
