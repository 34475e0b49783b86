"""EC2: security groups and what they let in."""

from __future__ import annotations

import fnmatch
import ipaddress
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..core.model import Resource
from ..core.observation import CouldNotLook, batches, observation
from .inventory import Inventory
from .session import Aws

if TYPE_CHECKING:
    from ..config.toml_tables import Ingress

_CALL = "ec2:DescribeSecurityGroups"
FILTER_VALUES_A_CALL = 200
_PROTOCOLS = {"-1": "all", "1": "icmp", "6": "tcp", "17": "udp", "58": "icmpv6"}


@dataclass(frozen=True)
class Source:
    """One source in one inbound rule. `low` and `high` are ports; for ICMP, type and code (-1 is all)."""

    protocol: str
    low: int
    high: int
    source: str
    description: str = ""

    def __str__(self) -> str:
        if self.protocol == "all":
            return f"all traffic from {self.source}"
        if self.protocol.startswith("icmp"):
            return f"{self.protocol} from {self.source}"
        ports = str(self.low) if self.low == self.high else f"{self.low}-{self.high}"
        return f"{self.protocol} {ports} from {self.source}"


@dataclass(frozen=True, kw_only=True)
class SecurityGroup(Resource):
    """A security group; `own` are the ids of all groups of the stack."""

    own: frozenset[str]

    @property
    def ingress(self) -> list[Source]:
        """Every source of every inbound rule, one by one."""
        return [source for permission in self.evidence["IpPermissions"] for source in _sources(permission)]

    @staticmethod
    def sources_of(permission: dict[str, Any]) -> list[Source]:
        """Every source of one inbound rule."""
        return list(_sources(permission))

    def wider_than(self, allowed: Sequence[Ingress]) -> list[Source]:
        """The sources that no allowed ingress covers completely."""
        here = [rule for rule in allowed if fnmatch.fnmatchcase(self.name, rule.group or "*")]
        return [source for source in self.ingress if not any(_covers(rule, source, self.own) for rule in here)]


def _sources(permission: dict[str, Any]) -> Iterator[Source]:
    number = str(permission["IpProtocol"])
    protocol = _PROTOCOLS.get(number, number)
    if protocol in ("tcp", "udp") or protocol.startswith("icmp"):
        # a rule of these protocols always names its ports; without them the answer is incomplete
        low, high = int(permission["FromPort"]), int(permission["ToPort"])
    else:
        low, high = 0, 65535
    if protocol in ("tcp", "udp") and low == -1:
        low, high = 0, 65535
    named = [
        *((item, item["CidrIp"]) for item in permission.get("IpRanges", [])),
        *((item, item["CidrIpv6"]) for item in permission.get("Ipv6Ranges", [])),
        *((item, item["PrefixListId"]) for item in permission.get("PrefixListIds", [])),
        *((item, item["GroupId"]) for item in permission.get("UserIdGroupPairs", [])),
    ]
    if not named:
        raise CouldNotLook(_CALL, f"a rule for {protocol} {low}-{high} names no source")
    for item, source in named:
        yield Source(protocol, low, high, str(source), str(item.get("Description", "")))


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
    if source.startswith(("sg-", "pl-")) or allowed.startswith(("sg-", "pl-")):
        return source == allowed
    inner, outer = ipaddress.ip_network(source, strict=False), ipaddress.ip_network(allowed)
    if isinstance(inner, ipaddress.IPv4Network):
        return isinstance(outer, ipaddress.IPv4Network) and inner.subnet_of(outer)
    return isinstance(outer, ipaddress.IPv6Network) and inner.subnet_of(outer)


@observation(allow=["ec2:DescribeSecurityGroups"])
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
    missing = {*ids} - {*found} | {one for one in patterns if not fnmatch.filter(names, one)}
    if missing:
        raise CouldNotLook(_CALL, f"there is no security group {', '.join(sorted(missing))}")
    own = frozenset(found)
    return [
        SecurityGroup(arn=group_id, name=str(raw["GroupName"]), evidence=raw | {"own groups": sorted(own)}, own=own)
        for group_id, raw in found.items()
    ]
