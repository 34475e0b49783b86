"""EC2: what security groups let in, in all the notations that EC2 has for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from pydantic import ValidationError

from opschecks.aws.ec2 import SecurityGroup, guarded_groups, ingress_rules, security_groups
from opschecks.config.toml_tables import Ingress
from opschecks.core.observation import CouldNotLook
from tests.canned import Aws, Raw, daily, names, stack, verdict, verdicts
from tests.cases import cases

check = daily("security_groups").test_ingress_is_no_wider_than_allowed
WEB, APP, OFFICE = "sg-0a1b2c3d4e5f60001", "sg-0a1b2c3d4e5f60002", "sg-0a1b2c3d4e5f60009"


def permission(
    protocol: str, ports: tuple[int, int] | None, *cidrs: str, groups: Sequence[str] = (), lists: Sequence[str] = ()
) -> Raw:
    """One inbound rule. EC2 gives every kind of source, empty where there is none, and no ports with -1."""
    return {
        "IpProtocol": protocol,
        **({"FromPort": ports[0], "ToPort": ports[1]} if ports else {}),
        "IpRanges": [{"CidrIp": cidr} for cidr in cidrs if ":" not in cidr],
        "Ipv6Ranges": [{"CidrIpv6": cidr} for cidr in cidrs if ":" in cidr],
        "PrefixListIds": [{"PrefixListId": one} for one in lists],
        "UserIdGroupPairs": [{"GroupId": one, "UserId": "123456789012"} for one in groups],
    }


def group(*permissions: Raw, group_id: str = WEB, name: str = "web-alb") -> Raw:
    return {
        "GroupId": group_id,
        "GroupName": name,
        "OwnerId": "123456789012",
        "VpcId": "vpc-1",
        "IpPermissions": list(permissions),
        "IpPermissionsEgress": [permission("-1", None, "0.0.0.0/0")],
    }


def seen(*raw: Raw, wanted: Sequence[str] = ()) -> list[SecurityGroup]:
    """By DescribeSecurityGroups alone, as where the rules may not be read by id."""
    aws = Aws({("ec2", "DescribeSecurityGroups"): {"SecurityGroups": list(raw)}})
    return security_groups(aws, names(security_groups=tuple(wanted or [one["GroupId"] for one in raw])))


ONE_SOURCE = {"CidrIp": "CidrIpv4", "CidrIpv6": "CidrIpv6", "PrefixListId": "PrefixListId"}


def rules(*permissions: Raw, group_id: str = WEB, owner: str = "123456789012", **more: Any) -> list[Raw]:
    """The same as DescribeSecurityGroupRules has it: a rule for each source, with ports of -1 where it has none."""
    found: list[Raw] = []
    for one in permissions:
        ports = {"FromPort": one.get("FromPort", -1), "ToPort": one.get("ToPort", -1)}
        head = {"GroupId": group_id, "GroupOwnerId": owner, "IsEgress": False, "IpProtocol": one["IpProtocol"], **ports}
        listed = [*one["IpRanges"], *one["Ipv6Ranges"], *one["PrefixListIds"], *one["UserIdGroupPairs"]]
        for source in listed:
            told: Raw = {ONE_SOURCE[key]: source[key] for key in ONE_SOURCE if key in source}
            if "GroupId" in source:
                told = {"ReferencedGroupInfo": {key: source[key] for key in source if key != "Description"}}
            if "Description" in source:
                told["Description"] = source["Description"]
            found.append({"SecurityGroupRuleId": f"sgr-{len(found):017x}", **head, **told, **more})
    return found


def by_id(*raw: Raw, listed: Sequence[Raw] = ()) -> list[SecurityGroup]:
    """By DescribeSecurityGroupRules too."""
    egress = {**rules(permission("-1", None, "0.0.0.0/0"))[0], "IsEgress": True}
    told = listed or [rule for one in raw for rule in rules(*one["IpPermissions"], group_id=one["GroupId"])]
    aws = Aws({("ec2", "DescribeSecurityGroupRules"): {"SecurityGroupRules": [egress, *told]}})
    known = seen(*raw)
    return guarded_groups(known, ingress_rules(aws, known))


def allowing(*rules: Raw) -> Any:
    return stack(ingress=rules)


WORLD, WORLD6, TEN = "0.0.0.0/0", "::/0", "10.0.0.0/8"


def allow(*sources: str, **keys: str) -> Raw:
    return {"sources": list(sources), **keys}


def ssh(*cidrs: str) -> Raw:
    return permission("tcp", (22, 22), *cidrs)


def https(*cidrs: str, **sources: Sequence[str]) -> Raw:
    return permission("tcp", (443, 443), *cidrs, **sources)


HTTPS, OWN = allow(WORLD, WORLD6, ports="443"), allow("own groups", protocol="all")
RULES: dict[str, tuple[Raw, list[Raw], str]] = {
    "the port": (https(WORLD, WORLD6), [HTTPS], ""),
    "by protocol number": (permission("6", (443, 443), WORLD), [HTTPS], ""),
    "another port": (ssh(WORLD), [HTTPS], "tcp 22 from 0.0.0.0/0"),
    "another protocol": (permission("udp", (443, 443), WORLD), [HTTPS], "udp 443 from 0.0.0.0/0"),
    "a range that is wider": (permission("tcp", (443, 444), TEN), [HTTPS], "tcp 443-444 from 10.0.0.0/8"),
    "a range within": (permission("tcp", (8010, 8020), TEN), [allow(TEN, ports="8000-8100")], ""),
    "every port": (permission("tcp", (0, 65535), WORLD), [HTTPS], "tcp 0-65535 from 0.0.0.0/0"),
    "every port as -1": (permission("tcp", (-1, -1), WORLD), [HTTPS], "tcp 0-65535 from 0.0.0.0/0"),
    "every port, allowed": (permission("tcp", (-1, -1), "10.1.0.0/16"), [allow(TEN)], ""),
    "-1 without ports": (permission("-1", None, WORLD), [HTTPS], "all traffic from 0.0.0.0/0"),
    "-1, allowed for tcp": (permission("-1", None, "10.1.0.0/16"), [allow(TEN, protocol="tcp")], "all traffic from 10"),
    "-1 without ports, allowed": (permission("-1", None, "10.1.0.0/16"), [allow(TEN, protocol="all")], ""),
    "icmp of every type": (permission("icmp", (-1, -1), WORLD), [HTTPS], "icmp from 0.0.0.0/0"),
    "icmp type 8 is no port": (permission("icmp", (8, -1), WORLD), [allow(WORLD, ports="8")], "icmp from"),
    "icmp, allowed": (permission("icmp", (8, -1), WORLD), [allow(WORLD, protocol="icmp")], ""),
    "icmpv6 is another": (permission("icmpv6", (-1, -1), WORLD6), [allow(WORLD6, protocol="icmp")], "icmpv6 from"),
    "icmpv6 by number": (permission("58", (-1, -1), WORLD6), [allow(WORLD6, protocol="icmpv6")], ""),
    "gre": (permission("47", None, TEN), [allow(TEN, protocol="tcp")], "47 0-65535 from"),
    "the world in IPv6": (https(WORLD6), [allow(WORLD, ports="443")], "tcp 443 from ::/0"),
    "the world in IPv4": (https(WORLD), [allow(WORLD6, ports="443")], "tcp 443 from 0.0.0.0/0"),
    "the world in halves": (
        ssh("0.0.0.0/1", "128.0.0.0/1"),
        [HTTPS, allow(TEN, ports="22")],
        "tcp 22 from 0.0.0.0/1, tcp 22 from 1",
    ),
    "one wide source": (ssh("10.1.0.0/16", "10.0.0.0/7"), [allow(TEN, ports="22")], "tcp 22 from 10.0.0.0/7"),
    "host bits set": (ssh("10.1.2.3/16"), [allow(TEN, ports="22")], ""),
    "a prefix list": (https(lists=["pl-02cd2c6b"]), [HTTPS], "tcp 443 from pl-02cd2c6b"),
    "a prefix list, allowed": (https(lists=["pl-02cd2c6b"]), [allow("pl-02cd2c6b", ports="443")], ""),
    "another group": (https(groups=[OFFICE]), [HTTPS], f"tcp 443 from {OFFICE}"),
    "another group, allowed": (https(groups=[OFFICE]), [allow(OFFICE, ports="443")], ""),
    "itself": (permission("-1", None, groups=[WEB]), [OWN], ""),
    "a strange group": (permission("-1", None, groups=[WEB, OFFICE]), [OWN], f"all traffic from {OFFICE}"),
    "addresses are no own groups": (permission("-1", None, TEN), [OWN], "all traffic from"),
    "allowed in other groups only": (ssh(TEN), [allow(TEN, ports="22", group="bastion*")], "tcp 22"),
    "allowed in groups like it": (ssh(TEN), [allow(TEN, ports="22", group="web-*")], ""),
    "in halves of ports": (
        permission("tcp", (80, 81), WORLD),
        [allow(WORLD, ports="80"), allow(WORLD, ports="81")],
        "tcp 80-81 from",
    ),
    "nothing is allowed": (https("10.0.0.1/32"), [], "tcp 443 from 10.0.0.1/32"),
}


@pytest.mark.parametrize("look", [seen, by_id], ids=["by group", "by rule"])
@pytest.mark.parametrize(("rule", "allowed", "wider"), RULES.values(), ids=RULES)
def test_ingress_is_no_wider_than_allowed(rule: Raw, allowed: list[Raw], wider: str, look: Any) -> None:
    told = verdict(check, guarded_groups=look(group(rule)), stack=allowing(*allowed))
    assert told[0] == ("failed" if wider else "passed"), told
    assert told[1].startswith(wider)


HALF: dict[str, Raw] = {
    "no source of any kind": {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22},
    "every kind of source is empty": ssh(),
    "no ports": permission("tcp", None, "0.0.0.0/0"),
    "no upper port": {"IpProtocol": "udp", "FromPort": 0, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]},
    "no type of icmp": permission("icmp", None, "0.0.0.0/0"),
    "no protocol": {"FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]},
    "a source without an address": {"IpProtocol": "-1", "IpRanges": [{"Description": "office"}]},
    "a reference without a group": {"IpProtocol": "-1", "UserIdGroupPairs": [{"UserId": "123456789012"}]},
}


@pytest.mark.parametrize("rule", HALF.values(), ids=HALF)
def test_a_rule_of_which_half_is_said_is_not_seen(rule: Raw) -> None:
    told = verdict(
        check, guarded_groups=seen(group(https("0.0.0.0/0"), rule)), stack=allowing(HTTPS, {"sources": ["0.0.0.0/0"]})
    )
    assert told[0] == "blind", told
    assert told[1].startswith("ec2:DescribeSecurityGroups: ")


def test_a_group_that_lets_nothing_in_passes_and_one_of_which_nothing_is_said_does_not() -> None:
    mute = {key: value for key, value in group(group_id=APP, name="app").items() if key != "IpPermissions"}
    told = verdicts(check, guarded_groups=seen(group(), mute))
    assert told == {"web-alb": "passed", "app": "blind"}


def test_groups_of_the_stack_may_reach_each_other() -> None:
    found = seen(group(), group(permission("tcp", (8000, 8000), groups=[WEB]), group_id=APP, name="app"))
    own = allowing({"ports": "8000", "sources": ["own groups"]})
    assert verdicts(check, guarded_groups=found, stack=own) == {"web-alb": "passed", "app": "passed"}
    assert verdicts(check, guarded_groups=seen(group(permission("-1", None, groups=[APP])))) == {"web-alb": "failed"}


def test_groups_are_found_by_id_and_by_pattern_filtered_by_aws_page_by_page() -> None:
    def answer(Filters: Any, NextToken: str = "", **_: Any) -> Raw:  # noqa: N803 - AWS's names
        if Filters[0]["Name"] == "group-id":
            return {"SecurityGroups": [group()]}
        if not NextToken:
            return {"SecurityGroups": [], "NextToken": "2"}
        return {"SecurityGroups": [group(), group(group_id=APP, name="web-app")]}

    aws = Aws({("ec2", "DescribeSecurityGroups"): answer})
    found = security_groups(aws, names(security_groups=("web-*", WEB)))
    assert [(one.arn, one.name) for one in found] == [(WEB, "web-alb"), (APP, "web-app")]
    assert {one.own for one in found} == {frozenset({WEB, APP})}
    first, *others = [one["Filters"] for one in aws.parameters_of("DescribeSecurityGroups")]
    assert first == [{"Name": "group-id", "Values": [WEB]}]
    assert others == [[{"Name": "group-name", "Values": ["web-*"]}]] * 2


def test_a_filter_takes_200_values() -> None:
    wanted = [f"sg-{n:017x}" for n in range(401)]
    aws = Aws(
        {
            ("ec2", "DescribeSecurityGroups"): lambda Filters, **_: {  # noqa: N803 - AWS's name
                "SecurityGroups": [group(group_id=one, name=one) for one in Filters[0]["Values"]]
            }
        }
    )
    assert len(security_groups(aws, names(security_groups=tuple(wanted)))) == 401
    sizes = [len(one["Filters"][0]["Values"]) for one in aws.parameters_of("DescribeSecurityGroups")]
    assert sizes == [200, 200, 1]


@cases({
    "unknown id": ([WEB, APP], APP),
    "unmatched pattern": ([WEB, "db-*"], r"db-\*"),
    "both": (["db-*", APP], rf"db-\*, {APP}"),
})  # fmt: skip
def test_a_group_that_does_not_exist_is_not_seen(wanted: list[str], missing: str) -> None:
    with pytest.raises(CouldNotLook, match=f"there is no security group {missing}$"):
        seen(group(), wanted=wanted)


@pytest.mark.parametrize("protocol", ["icmp", "icmpv6", "all"])
def test_ports_are_allowed_with_tcp_and_udp_only(protocol: str) -> None:
    with pytest.raises(ValidationError, match=f"ports go with tcp or udp, not with {protocol}"):
        Ingress.model_validate({"protocol": protocol, "ports": "443", "sources": ["10.0.0.0/8"]})
    assert Ingress.model_validate({"protocol": protocol, "sources": ["10.0.0.0/8"]}).ports == ""


@pytest.mark.parametrize("ports", ["https", "443-80", "0-65536", "-1", "80,443"])
def test_ports_that_are_none_are_refused(ports: str) -> None:
    with pytest.raises(ValidationError, match="ports"):
        Ingress.model_validate({"ports": ports, "sources": ["10.0.0.0/8"]})


PEER = "sg-0123456789abcdef0"
PEERED = {
    **permission("tcp", (8000, 8000), lists=["pl-82a045eb"]),
    "UserIdGroupPairs": [
        {
            "GroupId": PEER,
            "UserId": "210987654321",
            "VpcId": "vpc-0a1b2c3d4e5f60718",
            "VpcPeeringConnectionId": "pcx-0123456789abcdef0",
            "PeeringStatus": "active",
        }
    ],
}
BOTH = (PEERED, permission("tcp", (22, 22), WORLD6))


@cases({
    "by group, as where rules may not be read": lambda: seen(group(*BOTH)),
    "by both": lambda: by_id(group(*BOTH)),
    "by rule only": lambda: by_id(group(), listed=rules(*BOTH)),
    "by group only": lambda: by_id(group(*BOTH), listed=rules(permission("-1", None, groups=[WEB]))),
})  # fmt: skip
def test_a_peered_group_a_prefix_list_and_everybody_by_ipv6_are_told_whichever_call_has_them(found: Any) -> None:
    """The case f21: none of the three is in the default of `ingress`."""
    outcome, message = verdict(check, guarded_groups=found(), stack=stack())
    assert outcome == "failed"
    assert set(message.split(", ")) == {
        "tcp 8000 from pl-82a045eb",
        f"tcp 8000 from 210987654321/{PEER}",
        "tcp 22 from ::/0",
    }


@pytest.mark.parametrize("source", [PEER, f"210987654321/{PEER}"])
def test_a_peered_group_is_allowed_by_its_id_with_or_without_its_account(source: str) -> None:
    allowed = allowing(allow(source, "pl-82a045eb", ports="8000"))
    assert verdict(check, guarded_groups=by_id(group(PEERED)), stack=allowed)[0] == "passed"


def tagged(**tags: str) -> Raw:
    return {"Tags": [{"Key": key.replace("__", ":"), "Value": value} for key, value in tags.items()]}


def test_the_finding_names_the_infrastructure_code_that_defines_the_rule() -> None:
    mine = {**group(ssh(WORLD)), **tagged(ManagedBy="terraform")}
    assert (
        verdict(check, guarded_groups=by_id(mine), stack=stack())[1] == "tcp 22 from 0.0.0.0/0 (defined by Terraform)"
    )


def test_rules_are_asked_for_200_groups_at_a_time_page_by_page() -> None:
    known = seen(*(group(group_id=f"sg-{n:017x}", name=str(n)) for n in range(201)))

    def answer(NextToken: str = "", **_: Any) -> Raw:  # noqa: N803 - AWS's name
        return {"SecurityGroupRules": [], **({} if NextToken else {"NextToken": "2"})}

    aws = Aws({("ec2", "DescribeSecurityGroupRules"): answer})
    assert [one.ingress for one in guarded_groups(known, ingress_rules(aws, known))] == [[]] * 201
    sizes = [len(one["Filters"][0]["Values"]) for one in aws.parameters_of("DescribeSecurityGroupRules")]
    assert sizes == [200, 200, 1, 1]


def test_where_the_rules_may_not_be_read_by_id_the_groups_are_judged_as_they_are() -> None:
    denied = CouldNotLook("ec2:DescribeSecurityGroupRules", "UnauthorizedOperation: no")
    assert verdict(check, guarded_groups=guarded_groups(seen(group(ssh(WORLD))), denied), stack=stack())[0] == "failed"


def test_half_a_rule_is_not_seen() -> None:
    (whole,) = rules(ssh(WORLD))
    for key in ("CidrIpv4", "FromPort", "SecurityGroupRuleId"):
        half = {name: value for name, value in whole.items() if name != key}
        outcome, message = verdict(check, guarded_groups=by_id(group(), listed=[half]), stack=stack())
        assert (outcome, "ec2:DescribeSecurityGroupRules" in message) == ("blind", True), key
