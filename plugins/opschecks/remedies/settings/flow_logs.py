"""Remedies of VPC flow logs."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TypeVar, cast

from ...aws.ec2 import security_groups
from ...aws.elbv2 import load_balancers
from ...aws.flow_logs import FlowLog, Vpc, flow_log_of, vpcs
from ...aws.inventory import FINDING, Inventory, inventory
from ...aws.log_groups import describe_log_groups
from ...aws.session import Aws
from ...core import clock
from ...core.change import CannotFix, Request, Risk, State
from ...core.observation import CouldNotLook
from ...core.wording import nearest
from ...fixing.remedy import Setting

T = TypeVar("T")


def _soft(look: Callable[[Aws, Inventory], T], aws: Aws, known: Inventory) -> T | CouldNotLook:
    """As observations are given to those that can do without: the reason in place of the value."""
    try:
        return look(aws, known)
    except CouldNotLook as error:
        return error


class CreateFlowLog(Setting):
    """Record a VPC's traffic in the log group that the stack names (flow_log_group, flow_log_role)."""

    rolls_back = False
    runbook = "flow-logs"
    settles_within = timedelta(minutes=20)
    allow = (
        "ec2:CreateFlowLogs",
        "ec2:DeleteFlowLogs",
        "ec2:DescribeFlowLogs",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeSubnets",
        "elasticloadbalancing:DescribeLoadBalancers",
        "iam:PassRole",
        "logs:DescribeLogGroups",
        *FINDING,
    )
    expects = "records of the traffic arrive in the log group within a quarter of an hour"
    beware = (
        "each record is paid for as a log event: see that the log group lets them go; what CDK or CloudFormation "
        "defines must be changed there too"
    )

    def risk_of(self, before: State, after: State) -> Risk:
        """Deleting it ends the recording; what was recorded stays in the log group."""
        return Risk.SAFE if after["records"] else Risk.DISRUPTIVE

    def normal(self, target: str) -> str:
        short, own = target.rsplit("/", 1)[-1], [vpc.name for vpc in self._vpcs() if not vpc.owner]
        if short not in own:
            raise CannotFix(f"{short} is not a VPC of {self.stack.name}; {nearest(short, own)}")
        return short

    def all_targets(self) -> list[str]:
        own = [vpc for vpc in self._vpcs() if not vpc.owner]  # others' accounts record theirs
        missing = [vpc.name for vpc in own if not any(log.destination == self._group for log in vpc.flow_logs)]
        if not missing:
            raise CannotFix(f"every VPC of {self.stack.name} has a flow log to {self._group}")
        return missing

    def _vpcs(self) -> list[Vpc]:
        aws = cast("Aws", self.aws)
        try:
            known = inventory(self.stack, aws)
            return vpcs(aws, _soft(load_balancers, aws, known), _soft(security_groups, aws, known))
        except CouldNotLook as error:
            raise CannotFix(str(error)) from None

    def read(self, target: str) -> State:
        found = self._own(target)
        return {"group": self._group, "records": found[0].traffic if found else ""}

    def read_for_plan(self, target: str) -> State:
        if not self.stack.flow_log_role:
            raise CannotFix("which role may write to the log group is not known: set flow_log_role in stacks.toml")
        [group] = describe_log_groups(self.aws, (self._group,))
        if not group.exists:
            raise CannotFix(
                f"there is no log group {self._group}: create it, with a retention, before VPCs write to it"
            )
        return self.read(target)

    def want(self, now: State, wish: Mapping[str, str]) -> State:
        """One that records what the limits expect. A log that does not deliver lacks a permission."""
        if now["records"]:
            raise CannotFix(
                f"a flow log to {self._group} is there, and records {now['records']}: if nothing arrives, fix the "
                "role or the log group that it writes to; if it records too little, delete it first"
            )
        return {"group": self._group, "records": self.stack.limits.flow_log_traffic}

    def request(self, target: str, before: State, after: State) -> Request:
        """The token makes two such requests of one day one; undoing names the log by its id."""
        if not after["records"]:
            found = self._own(target)
            if not found:
                raise CannotFix(f"{target} no longer has a flow log to {self._group}")
            return Request("ec2", "DeleteFlowLogs", {"FlowLogIds": [found[0].id]})
        others = sorted(log.id for log in self._logs(target))
        mark = f"{self.stack.name} {target} {after} beside {others} on {clock.now():%Y-%m-%d}"
        return Request(
            "ec2",
            "CreateFlowLogs",
            {
                "ResourceType": "VPC",
                "ResourceIds": [target],
                "TrafficType": after["records"],
                "LogDestinationType": "cloud-watch-logs",
                "LogGroupName": self._group,
                "DeliverLogsPermissionArn": self.stack.flow_log_role,
                "ClientToken": f"opschecks-{hashlib.sha256(mark.encode()).hexdigest()[:32]}",
            },
        )

    @property
    def _group(self) -> str:
        if not self.stack.flow_log_group:
            raise CannotFix("where to record its traffic is not known: set flow_log_group in stacks.toml")
        return self.stack.flow_log_group

    def _logs(self, target: str) -> list[FlowLog]:
        chosen = [{"Name": "resource-id", "Values": [target]}]
        listed = self.aws.items("ec2", "DescribeFlowLogs", "FlowLogs", Filter=chosen)
        return [flow_log_of(raw) for raw in listed if raw["ResourceId"] == target]

    def _own(self, target: str) -> list[FlowLog]:
        return [log for log in self._logs(target) if log.destination == self._group]
