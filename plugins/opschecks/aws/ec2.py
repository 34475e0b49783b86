"""EC2: security groups and what they let in."""

from __future__ import annotations

import fnmatch
import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field, replace
from typing import TYPE_CHECKING, Any

from ..core.answer import Answer
from ..core.dataclass import dataclass
from ..core.model import Resource
from ..core.observation import CouldNotLook, batches, observation
from .inventory import Inventory
from .session import Aws

if TYPE_CHECKING:
    from ..config.toml_tables import Ingress

_CALL = "ec2:DescribeSecurityGroups"
_RULES = "ec2:DescribeSecurityGroupRules"
FILTER_VALUES_A_CALL = 200
_PROTOCOLS = {"-1": "all", "1": "icmp", "6": "tcp", "17": "udp", "58": "icmpv6"}
KINDS = {
    "IpRanges": "CidrIp",
    "Ipv6Ranges": "CidrIpv6",
    "PrefixListIds": "PrefixListId",
    "UserIdGroupPairs": "GroupId",
}
"""The kinds of sources of an IpPermission, each with the key of the source itself."""


@dataclass(frozen=True)
class Source:
    """One source in one inbound rule. `low` and `high` are ports; for ICMP, type and code (-1 is all).

    `account` is the account of a group of another account, such as that of a peered VPC; `owner` the infrastructure
    code that defines the rule, where tags tell.
    """

    protocol: str
    low: int
    high: int
    source: str
    description: str = field(default="", compare=False)
    account: str = field(default="", compare=False)
    owner: str = field(default="", compare=False)

    def __str__(self) -> str:
        source = f"{self.account}/{self.source}" if self.account else self.source
        what = "all traffic" if self.protocol == "all" else self.protocol
        if self.protocol != "all" and not self.protocol.startswith("icmp"):
            what += f" {self.low}" if self.low == self.high else f" {self.low}-{self.high}"
        return f"{what} from {source}" + (f" (defined by {self.owner})" if self.owner else "")


@dataclass(frozen=True, kw_only=True)
class SecurityGroup(Resource):
    """A security group; `own` are the ids of all groups of the stack."""

    own: frozenset[str]

    @property
    def rules(self) -> list[Rule]:
        """Its inbound rules, each with its one source.

        By DescribeSecurityGroupRules, and whatever else DescribeSecurityGroups has: all, where the former was refused.
        """
        group = self.evidence
        by_id = [_rule(raw, group) for raw in group.get("rules", [])]
        known = {rule.source for rule in by_id}
        beside = [one for permission in group["IpPermissions"] for one in _of_permission(permission, group)]
        return by_id + [rule for rule in beside if rule.source not in known]

    @property
    def ingress(self) -> list[Source]:
        """Every source of every inbound rule, one by one."""
        return [rule.source for rule in self.rules]

    @staticmethod
    def sources_of(permission: Mapping[str, Any]) -> list[Source]:
        """Every source of one inbound rule that is given as an IpPermission, with no account but others'."""
        return [rule.source for rule in _of_permission(permission, {"OwnerId": ""})]

    def wider_than(self, allowed: Sequence[Ingress]) -> list[Source]:
        """The sources that no allowed ingress covers completely."""
        here = [rule for rule in allowed if fnmatch.fnmatchcase(self.name, rule.group or "*")]
        return [source for source in self.ingress if not any(_covers(rule, source, self.own) for rule in here)]


@dataclass(frozen=True)
class Rule:
    """One inbound rule with its one source: `permission` is the IpPermission that makes it, description included.

    `id` is its SecurityGroupRuleId, empty where only DescribeSecurityGroups is known; `tags` are the rule's own.
    """

    source: Source
    permission: Mapping[str, Any]
    id: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)


def owner_of(*tagged: Mapping[str, Any]) -> str:
    """The infrastructure code that owns what has these Tags, the nearest first; nothing where they do not tell.

    CloudFormation puts its own tags on what it makes:
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-resource-tags.html
    Terraform and others have no tag of their own, but many teams set one, such as ManagedBy = terraform.
    """
    for one in tagged:
        tags = tags_of(one)
        if name := tags.get("aws:cloudformation:stack-name"):
            return f"CloudFormation stack {name}"
        for key, value in tags.items():
            if value.lower() in _TOOLS:
                return _TOOLS[value.lower()]
            if key.lower() in _TOOLS and value.lower() not in ("false", "no", "0"):
                return _TOOLS[key.lower()]
    return ""


_TOOLS = {"terraform": "Terraform", "opentofu": "OpenTofu", "pulumi": "Pulumi", "cdktf": "Terraform", "cdk": "CDK"}


def tags_of(raw: Mapping[str, Any]) -> dict[str, str]:
    """The tags of an element of an answer."""
    return {str(one["Key"]): str(one.get("Value", "")) for one in raw.get("Tags") or []}


def _rule(raw: Mapping[str, Any], group: Mapping[str, Any]) -> Rule:
    """An element of DescribeSecurityGroupRules."""
    permission: dict[str, Any] = {"IpProtocol": raw["IpProtocol"]}
    if _has_ports(raw["IpProtocol"]):
        permission |= {key: raw[key] for key in ("FromPort", "ToPort")}
    described = {"Description": raw["Description"]} if raw.get("Description") else {}
    for key, kind in (("CidrIpv4", "IpRanges"), ("CidrIpv6", "Ipv6Ranges"), ("PrefixListId", "PrefixListIds")):
        if raw.get(key):
            permission[kind] = [{KINDS[kind]: raw[key], **described}]
    if pair := raw.get("ReferencedGroupInfo"):
        whose = pair.get("UserId")
        account = {"UserId": whose} if whose and whose != raw.get("GroupOwnerId") else {}
        permission["UserIdGroupPairs"] = [{"GroupId": pair["GroupId"], **account, **described}]
    (found,) = _of_permission(permission, group, raw)
    return replace(found, id=str(raw["SecurityGroupRuleId"]), tags=tags_of(raw))


def _has_ports(protocol: str) -> bool:
    name = _PROTOCOLS.get(protocol, protocol)
    return name in ("tcp", "udp") or name.startswith("icmp")


def _of_permission(
    permission: Mapping[str, Any], group: Mapping[str, Any], rule: Mapping[str, Any] | None = None
) -> Iterator[Rule]:
    """Each source of an IpPermission as a rule of its own."""
    number = str(permission["IpProtocol"])
    protocol = _PROTOCOLS.get(number, number)
    low, high = 0, 65535
    if _has_ports(number):
        # a rule of these protocols always names its ports; without them the answer is incomplete
        low, high = int(permission["FromPort"]), int(permission["ToPort"])
    if protocol in ("tcp", "udp") and low == -1:
        low, high = 0, 65535
    head = {key: permission[key] for key in ("IpProtocol", "FromPort", "ToPort") if permission.get(key) is not None}
    named = [(kind, one) for kind in KINDS for one in permission.get(kind) or []]
    if not named:
        raise CouldNotLook(_RULES if rule else _CALL, f"a rule for {protocol} {low}-{high} names no source")
    owner = owner_of(rule or {}, group)
    for kind, one in named:
        account = str(one.get("UserId") or "") if kind == "UserIdGroupPairs" else ""
        if account == group.get("OwnerId"):
            account = ""
        described = str(one.get("Description") or "")
        source = Source(protocol, low, high, str(one[KINDS[kind]]), described, account, owner)
        told = {KINDS[kind]: source.source, "UserId": account, "Description": described}
        yield Rule(source, {**head, kind: [{key: value for key, value in told.items() if value}]})


def _covers(rule: Ingress, source: Source, own: frozenset[str]) -> bool:
    from ..config.toml_tables import port_range

    if rule.protocol not in ("all", source.protocol):
        return False
    if rule.protocol in ("tcp", "udp"):
        low, high = port_range(rule.ports)
        if not low <= source.low <= source.high <= high:
            return False
    return any(_within(source.source, allowed, own) for allowed in rule.sources)


def _within(source: str, allowed: str, own: frozenset[str]) -> bool:
    if allowed == "own groups":
        return source in own
    allowed = allowed.rpartition("/")[2] if "/sg-" in allowed else allowed  # ACCOUNT/sg-…, of a peered VPC
    if source.startswith(("sg-", "pl-")) or allowed.startswith(("sg-", "pl-")):
        return source == allowed
    try:
        inner = ipaddress.ip_network(source, strict=False)
    except ValueError:
        raise CouldNotLook(_CALL, f"a rule's source is {source[:100]!r}, which is not a network") from None
    outer = ipaddress.ip_network(allowed)
    if isinstance(inner, ipaddress.IPv4Network):
        return isinstance(outer, ipaddress.IPv4Network) and inner.subnet_of(outer)
    return isinstance(outer, ipaddress.IPv6Network) and inner.subnet_of(outer)


@observation(allow=["ec2:DescribeSecurityGroups"], lasting=True)
def security_groups(aws: Aws, inventory: Inventory) -> list[SecurityGroup]:
    """The stack's security groups, by id or by name pattern, filtered by AWS."""
    wanted = inventory.some("security_groups")
    ids = [name for name in wanted if name.startswith("sg-")]
    patterns = [name for name in wanted if not name.startswith("sg-")]
    found: dict[str, dict[str, Any]] = {}
    for key, values in (("group-id", ids), ("group-name", patterns)):
        for batch in batches(values, FILTER_VALUES_A_CALL):
            chosen = [{"Name": key, "Values": batch}]
            for raw in aws.items("ec2", "DescribeSecurityGroups", "SecurityGroups", Filters=chosen, MaxResults=1000):
                found[str(raw["GroupId"])] = raw
    names = [str(raw["GroupName"]) for raw in found.values()]
    if missing := {*ids} - {*found} | {one for one in patterns if not fnmatch.filter(names, one)}:
        raise CouldNotLook(_CALL, f"there is no security group {', '.join(sorted(missing))}")
    own = frozenset(found)
    return [
        SecurityGroup(arn=group_id, name=str(raw["GroupName"]), evidence=raw | {"own groups": sorted(own)}, own=own)
        for group_id, raw in found.items()
    ]


@observation(allow=[_RULES])
def ingress_rules(aws: Aws, security_groups: list[SecurityGroup]) -> dict[str, list[dict[str, Any]]]:
    """The inbound rules of the stack's security groups by group id: each with its one source, id and tags.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSecurityGroupRules.html
    """
    found: dict[str, list[dict[str, Any]]] = {group.arn: [] for group in security_groups}
    for batch in batches(list(found), FILTER_VALUES_A_CALL):
        for raw in rules_in(aws, batch):
            found.setdefault(str(raw["GroupId"]), []).append(raw)
    return found


def rules_in(aws: Any, groups: Sequence[str]) -> list[dict[str, Any]]:
    """The inbound rules of at most 200 groups."""
    of = [{"Name": "group-id", "Values": list(groups)}]
    listed = aws.items("ec2", "DescribeSecurityGroupRules", "SecurityGroupRules", Filters=of, MaxResults=1000)
    return [raw for raw in listed if not raw["IsEgress"]]


@observation(soft=["ingress_rules"])
def guarded_groups(
    security_groups: list[SecurityGroup], ingress_rules: dict[str, list[dict[str, Any]]] | CouldNotLook
) -> list[SecurityGroup]:
    """The stack's security groups with their inbound rules; by id where AWS allows it, else with the same sources."""
    if isinstance(ingress_rules, CouldNotLook):
        return security_groups
    return [
        replace(group, evidence=Answer(group.evidence, _CALL) | {"rules": ingress_rules[group.arn]})
        for group in security_groups
    ]
