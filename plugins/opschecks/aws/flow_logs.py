"""VPC flow logs: whether the traffic of the stack's VPCs is recorded and delivered.

A flow log may be of a VPC or of a subnet. Who only takes part in a VPC that another account shares sees none of its
owner's flow logs: https://docs.aws.amazon.com/vpc/latest/userguide/vpc-sharing-service-behavior.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field, replace
from typing import Any

from ..core.dataclass import dataclass
from ..core.model import Resource
from ..core.observation import CouldNotLook, batches, observation, seen
from .ec2 import FILTER_VALUES_A_CALL, SecurityGroup
from .elbv2 import LoadBalancer
from .session import Aws
from .unread import readable, why_unread

_CALL, _SUBNETS = "ec2:DescribeFlowLogs", "ec2:DescribeSubnets"


@dataclass(frozen=True)
class FlowLog:
    """A flow log: `status` ACTIVE means that it records, `delivery` whether that is delivered; "" where unknown."""

    id: str
    status: str
    delivery: str
    error: str
    traffic: str
    destination: str

    @property
    def delivers(self) -> bool | None:
        """Whether it records and delivers; None where delivery is unknown."""
        if self.status != "ACTIVE" or (self.error and not self.delivery):
            return False  # AWS also tells an error without a status
        return self.delivery == "SUCCESS" if self.delivery else None

    def __str__(self) -> str:
        state = f"has the delivery status {self.delivery}" if self.delivery else "does not deliver"
        if self.status != "ACTIVE":
            state = f"is {self.status}"
        return f"{self.id} to {self.destination} {state}" + (f" ({self.error})" if self.error else "")


@dataclass(frozen=True, kw_only=True)
class Vpc(Resource):
    """A VPC of the stack, with the flow logs of the whole VPC.

    `by_subnet`: the flow logs of each of its subnets, or why they could not be read; looked at only where those of the
    VPC do not do. `owner`: the account that shares the VPC with the stack's, "" where it is the stack's own. Where the
    stack itself records subnets of a shared one, `owner` is "" too, and only those are in it that its balancers are in.
    """

    by_subnet: Mapping[str, tuple[FlowLog, ...]] | CouldNotLook = field(default_factory=dict)
    owner: str = ""

    @property
    def flow_logs(self) -> list[FlowLog]:
        """All of the whole VPC, whatever their state."""
        return [flow_log_of(raw) for raw in self.evidence["FlowLogs"]]

    def records(self, wanted: str) -> bool:
        """Whether this traffic (ALL, ACCEPT or REJECT) is recorded and delivered, by one log or by two together.

        By logs of the VPC, or of every subnet of it.
        """
        logs = self.flow_logs
        if _covers(_delivered(logs), wanted):
            return True
        if self.may_record(wanted):
            silent = ", ".join(log.id for log in logs if log.delivers is None)
            why = f"the answer has no 'DeliverLogsStatus' of {silent}: nothing has been delivered yet"
            raise CouldNotLook(_CALL, why)
        return bool(seen(self.by_subnet)) and not self.unrecorded(wanted)

    def may_record(self, wanted: str) -> bool:
        """Whether logs of the VPC record it, delivered or not yet known to be."""
        return _covers({log.traffic for log in self.flow_logs if log.delivers is not False}, wanted)

    def unrecorded(self, wanted: str) -> list[str]:
        """The subnets of which neither a log of their own nor one of the VPC records this traffic."""
        own = _delivered(self.flow_logs)
        return [name for name, logs in seen(self.by_subnet).items() if not _covers(own | _delivered(logs), wanted)]

    def missing(self, wanted: str) -> str:
        """What is not recorded, in words."""
        bare, subnets = self.unrecorded(wanted), seen(self.by_subnet)
        if bare and len(bare) < len(subnets):
            return f"neither the VPC nor {', '.join(bare)} records {wanted} in a delivered flow log"
        no_log = not self.flow_logs and not any(subnets.values())
        return "it has no flow log" if no_log else f"no delivered flow log records {wanted}"

    @property
    def recording(self) -> str:
        """What is recorded, and where to: by logs of the VPC, else by those of its subnets."""
        subnets = {} if isinstance(self.by_subnet, CouldNotLook) else self.by_subnet
        told = [f"{log.traffic} to {log.destination}" for log in self.flow_logs]
        told += [f"{log.traffic} of {name} to {log.destination}" for name, logs in subnets.items() for log in logs]
        return ", ".join(told)

    @property
    def failing(self) -> list[FlowLog]:
        """Those that do not deliver, of its subnets too."""
        of_subnets = [] if isinstance(self.by_subnet, CouldNotLook) else self.by_subnet.values()
        logs = [*self.flow_logs, *(log for of_one in of_subnets for log in of_one)]
        return [log for log in logs if log.delivers is False]


def _delivered(logs: Iterable[FlowLog]) -> set[str]:
    return {log.traffic for log in logs if log.delivers}


def _covers(told: set[str], wanted: str) -> bool:
    return "ALL" in told or wanted in told or {"ACCEPT", "REJECT"} <= told


def flow_log_of(raw: dict[str, Any]) -> FlowLog:
    """A flow log from an item of DescribeFlowLogs."""
    named = str(raw.get("LogDestination") or "").rpartition(":::")[2].rpartition(":log-group:")[2].removesuffix(":*")
    return FlowLog(
        id=str(raw["FlowLogId"]),
        status=str(raw["FlowLogStatus"]),
        delivery=str(raw.get("DeliverLogsStatus") or ""),
        error=str(raw.get("DeliverLogsErrorMessage") or ""),
        traffic=str(raw["TrafficType"]),
        destination=str(raw.get("LogGroupName") or named),  # which only those to CloudWatch Logs have
    )


@observation(allow=[_CALL, _SUBNETS], soft=["load_balancers", "security_groups"], lasting=True)
def vpcs(
    aws: Aws, load_balancers: list[LoadBalancer] | CouldNotLook, security_groups: list[SecurityGroup] | CouldNotLook
) -> list[Vpc]:
    """The VPCs of the stack's load balancers and security groups, with their flow logs, or those of their subnets."""
    found: list[str] = []
    silent: list[CouldNotLook] = []
    unread: list[Resource] = []
    accounts = {aws.stack.account_id or ""}
    for one in (load_balancers, security_groups):
        if isinstance(one, CouldNotLook):
            if one.call:
                raise one.again()  # a VPC that could not be read must not be skipped
            silent.append(one)
        else:
            read = readable(one)
            unread += [of for of in one if why_unread(of)]
            found += [str(of.evidence["VpcId"]) for of in read]
            accounts |= {str(of.evidence.get("OwnerId") or _account_of(of.arn)) for of in read}
    if not found:
        seen(next(iter(silent), None))
        raise CouldNotLook("", "the stack has neither load balancers nor security groups: no VPC is known")
    logs = _logs_of(aws, list(dict.fromkeys(found)))
    made = [Vpc(arn=vpc, name=vpc, evidence={"VpcId": vpc, "FlowLogs": of_one}) for vpc, of_one in logs.items()]
    bare = [vpc.name for vpc in made if _is_bare(vpc, aws.stack.limits.flow_log_traffic)]
    zones = [zone for one in readable(load_balancers) for zone in one.evidence.get("AvailabilityZones") or []]
    used = {str(zone.get("SubnetId")) for zone in zones}
    unknown = [Vpc(arn=one.arn, name=f"VPC of {one.name}", evidence=one.evidence) for one in unread]
    return [*(_with_subnets(aws, made, bare, accounts - {""}, used) if bare else made), *unknown]


def _account_of(balancer: str) -> str:
    """The account in a load balancer's ARN; empty for anything else."""
    return balancer.rpartition(":loadbalancer/")[0].rpartition(":")[2]


def _is_bare(vpc: Vpc, wanted: str) -> bool:
    """Whether no log of the whole VPC records this traffic; of one that cannot be read the check says why."""
    try:
        return not vpc.may_record(wanted)
    except CouldNotLook:
        return False


def _logs_of(aws: Aws, resources: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """The flow logs of each of these VPCs or subnets."""
    found: dict[str, list[dict[str, Any]]] = {one: [] for one in resources}
    for ids in batches(resources, FILTER_VALUES_A_CALL):
        chosen = [{"Name": "resource-id", "Values": ids}]
        for raw in aws.items("ec2", "DescribeFlowLogs", "FlowLogs", Filter=chosen, MaxResults=1000):
            if (of := raw["ResourceId"]) in found:
                found[of].append(raw)
    return found


def _with_subnets(aws: Aws, made: list[Vpc], bare: list[str], accounts: set[str], used: set[str]) -> list[Vpc]:
    """The VPCs; those that are named with their owner, and with the flow logs of their subnets."""
    try:
        asked = [[{"Name": "vpc-id", "Values": ids}] for ids in batches(bare, FILTER_VALUES_A_CALL)]
        listed = [subnet for of in asked for subnet in aws.items("ec2", "DescribeSubnets", "Subnets", Filters=of)]
        within = {str(subnet["SubnetId"]): str(subnet["VpcId"]) for subnet in listed}
        logs = {subnet: tuple(map(flow_log_of, told)) for subnet, told in _logs_of(aws, list(within)).items()}
    except CouldNotLook as error:
        return [replace(vpc, by_subnet=error) if vpc.name in bare else vpc for vpc in made]
    owners = {str(subnet["VpcId"]): str(subnet.get("OwnerId") or "") for subnet in listed}

    def with_subnets(vpc: Vpc) -> Vpc:
        found = {subnet: logs[subnet] for subnet in within if within[subnet] == vpc.name}
        owner = owners.get(vpc.name, "")
        if not accounts or owner in accounts:
            return replace(vpc, by_subnet=found)
        own = {subnet: known for subnet, known in found.items() if subnet in used}
        return replace(vpc, by_subnet=own) if any(own.values()) else replace(vpc, by_subnet=found, owner=owner)

    return [with_subnets(vpc) for vpc in made]
