"""VPC flow logs: whether the traffic of the stack's VPCs is recorded and delivered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..core.model import Resource
from ..core.observation import CouldNotLook, batches, observation
from .ec2 import FILTER_VALUES_A_CALL, SecurityGroup
from .elbv2 import LoadBalancer
from .session import Aws

_CALL = "ec2:DescribeFlowLogs"
DELIVERED = "SUCCESS"


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
        if self.status != "ACTIVE":
            return False
        return self.delivery == DELIVERED if self.delivery else None

    def __str__(self) -> str:
        state = f"is {self.status}" if self.status != "ACTIVE" else f"has the delivery status {self.delivery}"
        return f"{self.id} to {self.destination} {state}" + (f" ({self.error})" if self.error else "")


@dataclass(frozen=True, kw_only=True)
class Vpc(Resource):
    """A VPC of the stack, with the flow logs of the whole VPC."""

    @property
    def flow_logs(self) -> list[FlowLog]:
        """All of them, whatever their state."""
        return [flow_log_of(raw) for raw in self.evidence["FlowLogs"]]

    def records(self, wanted: str) -> bool:
        """Whether this traffic (ALL, ACCEPT or REJECT) is recorded and delivered, by one log or by two together."""
        logs = self.flow_logs
        if _covers({log.traffic for log in logs if log.delivers}, wanted):
            return True
        if _covers({log.traffic for log in logs if log.delivers is not False}, wanted):
            silent = ", ".join(log.id for log in logs if log.delivers is None)
            raise CouldNotLook(
                _CALL, f"the answer has no 'DeliverLogsStatus' of {silent}: nothing has been delivered yet"
            )
        return False

    @property
    def failing(self) -> list[FlowLog]:
        """Those that do not deliver."""
        return [log for log in self.flow_logs if log.delivers is False]


def _covers(told: set[str], wanted: str) -> bool:
    return "ALL" in told or wanted in told or {"ACCEPT", "REJECT"} <= told


def flow_log_of(raw: dict[str, Any]) -> FlowLog:
    """A flow log from an item of DescribeFlowLogs."""
    kind = str(raw.get("LogDestinationType") or "cloud-watch-logs")
    where = raw.get("LogGroupName") if kind == "cloud-watch-logs" else None
    named = str(raw.get("LogDestination") or "").split(":::", 1)[-1].split(":log-group:", 1)[-1].removesuffix(":*")
    return FlowLog(
        id=str(raw["FlowLogId"]),
        status=str(raw["FlowLogStatus"]),
        delivery=str(raw.get("DeliverLogsStatus") or ""),
        error=str(raw.get("DeliverLogsErrorMessage") or ""),
        traffic=str(raw["TrafficType"]),
        destination=str(where or named),
    )


@observation(allow=[_CALL], soft=["load_balancers", "security_groups"])
def vpcs(
    aws: Aws, load_balancers: list[LoadBalancer] | CouldNotLook, security_groups: list[SecurityGroup] | CouldNotLook
) -> list[Vpc]:
    """The VPCs of the stack's load balancers and security groups, with their flow logs."""
    found: dict[str, list[dict[str, Any]]] = {}
    silent: list[CouldNotLook] = []
    for seen in (load_balancers, security_groups):
        if isinstance(seen, CouldNotLook):
            if seen.call:
                raise seen.again()  # a VPC that could not be read must not be skipped
            silent.append(seen)
        else:
            found.update({str(one.evidence["VpcId"]): [] for one in seen})
    if not found:
        if silent:
            raise silent[0].again()
        raise CouldNotLook("", "the stack has neither load balancers nor security groups: no VPC is known")
    for ids in batches(list(found), FILTER_VALUES_A_CALL):
        chosen = [{"Name": "resource-id", "Values": ids}]
        for raw in aws.items("ec2", "DescribeFlowLogs", "FlowLogs", Filter=chosen, MaxResults=1000):
            if (of := raw["ResourceId"]) in found:
                found[of].append(raw)
    return [Vpc(arn=vpc, name=vpc, evidence={"VpcId": vpc, "FlowLogs": logs}) for vpc, logs in found.items()]
