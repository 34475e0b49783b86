"""Security groups as real accounts have them: peered, listed, by IPv6, of infrastructure code."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from opschecks.aws.ec2 import guarded_groups, ingress_rules, security_groups
from opschecks.core.observation import CouldNotLook
from tests.canned import Aws, Raw, daily, given, names, stack
from tests.real.rows import rows_by

CHECK = daily("security_groups").test_ingress_is_no_wider_than_allowed
WEB, PEER = "sg-0a1b2c3d4e5f60001", "sg-0123456789abcdef0"
OWNER, PARTNER = "123456789012", "210987654321"
API = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference"
RULE = f"{API}/API_SecurityGroupRule.html"
PEERING = "https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-security-groups.html"
LISTS = "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/LocationsOfEdgeServers.html"
FORMATION = [{"Key": "aws:cloudformation:stack-name", "Value": "edge"}]


def rule(protocol: str, port: int, /, **source: Any) -> Raw:
    """An element of DescribeSecurityGroupRules; a source of None takes the key away."""
    raw = {
        "SecurityGroupRuleId": "sgr-06c8b42574a91db1b",
        "GroupId": WEB,
        "GroupOwnerId": OWNER,
        "IsEgress": False,
        "IpProtocol": protocol,
        "FromPort": port,
        "ToPort": port,
        "Tags": [],
        "SecurityGroupRuleArn": f"arn:aws:ec2:us-west-2:{OWNER}:security-group-rule/sgr-06c8b42574a91db1b",
    }
    return given(raw, source)


def seen(
    *rules: Raw, denied: bool = False, permissions: list[Raw] | None = None, tags: list[Raw] | None = None, **keys: Any
) -> Mapping[str, Any]:
    """The stack's one group with these rules; `keys` are those of stacks.toml."""
    group = {
        "GroupId": WEB,
        "GroupName": "web",
        "OwnerId": OWNER,
        "VpcId": "vpc-0a1b2c3d4e5f60718",
        "IpPermissions": permissions or [],
        "Tags": tags or [],
    }
    aws = Aws(
        {
            ("ec2", "DescribeSecurityGroups"): {"SecurityGroups": [group]},
            ("ec2", "DescribeSecurityGroupRules"): {"SecurityGroupRules": [EVERYWHERE, *rules]},
        }
    )
    known = security_groups(aws, names(security_groups=(WEB,)))
    refused = CouldNotLook("ec2:DescribeSecurityGroupRules", "UnauthorizedOperation: no")
    return {
        "guarded_groups": guarded_groups(known, refused if denied else ingress_rules(aws, known)),
        "stack": stack(**keys),
    }


EVERYWHERE = rule("-1", -1, CidrIpv4="0.0.0.0/0", IsEgress=True)
OF_PARTNER = {"GroupId": PEER, "UserId": PARTNER, "PeeringStatus": "active", "VpcPeeringConnectionId": "pcx-0123"}
HTTPS = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
SSH = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "203.0.113.0/24"}]}
FROM_PARTNER = {"ports": "8000", "sources": [f"{PARTNER}/{PEER}"]}
FROM_EDGE = {"ports": "443", "sources": ["pl-82a045eb"]}
TOO_BIG = {"protocol": "icmp", "sources": ["0.0.0.0/0"]}

row = partial(rows_by(seen), CHECK)
ROWS = {
    "the default group lets in itself": row(
        "passed",
        "https://docs.aws.amazon.com/vpc/latest/userguide/default-security-group.html",
        rule("-1", -1, ReferencedGroupInfo={"GroupId": WEB, "UserId": OWNER}),
    ),
    "it lets nothing in": row("passed", RULE),
    "a peered account's group that is allowed by account and id": row(
        "passed", PEERING, rule("tcp", 8000, ReferencedGroupInfo=OF_PARTNER), ingress=[FROM_PARTNER]
    ),
    "CloudFront's prefix list that is allowed": row(
        "passed", LISTS, rule("tcp", 443, PrefixListId="pl-82a045eb"), ingress=[FROM_EDGE]
    ),
    "ICMP's fragmentation needed, from everywhere, allowed as ICMP": row(
        "passed", RULE, rule("icmp", 3, ToPort=4, CidrIpv4="0.0.0.0/0"), ingress=[TOO_BIG]
    ),
    "the rules may not be read by id, and the group is as it should be": row(
        "passed", f"{API}/API_DescribeSecurityGroupRules.html", denied=True, permissions=[HTTPS]
    ),
    "the rules may not be read by id, and SSH is open to an office": row(
        "failed",
        f"{API}/API_DescribeSecurityGroups.html",
        says="tcp 22 from 203.0.113.0/24",
        denied=True,
        permissions=[HTTPS, SSH],
    ),
    "a peered account's group that nobody allowed": row(
        "failed", PEERING, rule("tcp", 8000, ReferencedGroupInfo=OF_PARTNER), says=f"tcp 8000 from {PARTNER}/{PEER}"
    ),
    "everybody by IPv6 only": row("failed", RULE, rule("tcp", 22, CidrIpv6="::/0"), says="tcp 22 from ::/0"),
    "a prefix list that nobody allowed": row(
        "failed", RULE, rule("tcp", 443, PrefixListId="pl-0cbf975b710a608ea"), says="tcp 443 from pl-0cbf975b710a608ea"
    ),
    "a rule that a CloudFormation stack defines": row(
        "failed",
        "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-resource-tags.html",
        rule("tcp", 22, CidrIpv4="0.0.0.0/0"),
        says="tcp 22 from 0.0.0.0/0 (defined by CloudFormation stack edge)",
        tags=FORMATION,
    ),
    "a rule that says no source": row("blind", RULE, rule("tcp", 22), says="ec2:DescribeSecurityGroupRules"),
}
