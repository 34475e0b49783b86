"""A flow log that is created for a VPC of the stack, deleted again, and refused where it cannot deliver."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from opschecks.config.stack import Stack
from opschecks.core.answer import Answer
from opschecks.core.change import CannotFix, Refused, Risk
from opschecks.fixing.plan import planned
from opschecks.fixing.sending import send_one
from opschecks.remedies.settings.flow_logs import CreateFlowLog
from tests.aws.test_flow_logs import FAILS, GROUP, HERE, ROLE, TO_S3, log, subnet
from tests.canned import ACCOUNT, Aws, Raw, fits, refuses, stack


class Sends(Aws):
    """Canned answers to changes, too."""

    def send(self, service: str, operation: str, /, **parameters: Any) -> Answer:
        return self.call(service, operation, **parameters)


def remedy(
    *logs: Raw, known_groups: Sequence[str] = (GROUP,), made: Mapping[str, Any] | None = None, **of: Any
) -> CreateFlowLog:
    checked: Stack = stack(**{**HERE, **of})
    arn = f"arn:aws:elasticloadbalancing:{ACCOUNT}:loadbalancer/app/web/1f"
    answers: Any = {
        ("ec2", "DescribeFlowLogs"): {"FlowLogs": list(logs)},
        ("ec2", "DescribeSubnets"): {"Subnets": [subnet("subnet-a")]},
        ("ec2", "DescribeSecurityGroups"): {
            "SecurityGroups": [{"GroupId": "sg-1", "GroupName": "web", "VpcId": "vpc-1"}]
        },
        ("ec2", "CreateFlowLogs"): made or {"FlowLogIds": ["fl-1"], "Unsuccessful": []},
        ("elbv2", "DescribeLoadBalancers"): {
            "LoadBalancers": [{"LoadBalancerArn": arn, "LoadBalancerName": "web", "VpcId": "vpc-1"}]
        },
        ("logs", "DescribeLogGroups"): {"logGroups": [{"logGroupName": name} for name in known_groups]},
    }
    return CreateFlowLog(checked, Sends(answers, checked))


def test_a_flow_log_is_created_with_a_role_and_a_token() -> None:
    fixes = remedy()
    change = planned(fixes, "vpc-1")
    assert (change.before["records"], change.after["records"], change.risk) == ("", "ALL", Risk.SAFE)
    sent = dict(fits(fixes.request("vpc-1", change.before, change.after)).parameters)
    token = sent.pop("ClientToken")
    assert sent == {
        "ResourceType": "VPC",
        "ResourceIds": ["vpc-1"],
        "TrafficType": "ALL",
        "LogDestinationType": "cloud-watch-logs",
        "LogGroupName": GROUP,
        "DeliverLogsPermissionArn": ROLE,
    }
    again = remedy().request("vpc-1", change.before, change.after).parameters["ClientToken"]
    beside = remedy(log(7, **TO_S3)).request("vpc-1", change.before, change.after).parameters["ClientToken"]
    assert token == again != beside
    assert len(token) <= 64


def test_taking_it_back_deletes_that_one_and_no_other() -> None:
    fixes = remedy(log(1, **TO_S3), log(2))
    now = fixes.read("vpc-1")
    assert now == {"group": GROUP, "records": "ALL"}
    none = {"group": GROUP, "records": ""}
    assert fixes.risk_of(now, none) is Risk.DISRUPTIVE
    back = fixes.request("vpc-1", now, none)
    assert fits(back).parameters == {"FlowLogIds": ["fl-2"]}
    assert back.call == "ec2:DeleteFlowLogs"
    with pytest.raises(CannotFix, match=f"vpc-1 no longer has a flow log to {GROUP}"):
        remedy().request("vpc-1", now, none)


NOT_MADE = {
    "no group is named": (remedy(flow_log_group=None), "set flow_log_group in stacks.toml"),
    "no role is named": (remedy(flow_log_role=None), "set flow_log_role in stacks.toml"),
    "the group is not there": (remedy(known_groups=()), f"there is no log group {GROUP}: create it, with a retention"),
    "it is there, and does not deliver": (remedy(log(**FAILS)), "records ALL: if nothing arrives,"),
}
test_flow_logs_that_are_not_created = refuses(NOT_MADE, lambda fixes: planned(fixes, "vpc-1"))


def test_what_is_refused_within_an_answer_is_refused() -> None:
    error = {"Error": {"Code": "LogDestinationPermissionIssueException", "Message": "no"}, "ResourceId": "vpc-1"}
    fixes = remedy(made={"FlowLogIds": [], "Unsuccessful": [error]})
    change = planned(fixes, "vpc-1")
    (step,) = fixes.steps("vpc-1", change.before, change.after)
    with pytest.raises(Refused, match="ec2:CreateFlowLogs: LogDestinationPermissionIssueException: no"):
        send_one(fixes, step, step.request)
    send_one(remedy(), step, step.request)


def test_the_vpcs_that_it_takes_are_the_stacks() -> None:
    fixes = remedy()
    assert fixes.all_targets() == ["vpc-1"]
    assert fixes.normal("arn:aws:ec2:us-west-2:123456789012:vpc/vpc-1") == fixes.normal("vpc-1") == "vpc-1"
    with pytest.raises(CannotFix, match="vpc-9 is not a VPC of here"):
        fixes.normal("vpc-9")
    with pytest.raises(CannotFix, match=f"every VPC of here has a flow log to {GROUP}"):
        remedy(log()).all_targets()
    with pytest.raises(CannotFix, match="set load_balancer"):
        remedy(load_balancer=None, security_groups=()).all_targets()
