"""A healthy resource more in an answer: no verdict on any other one may turn."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.properties.base import Base, shape_of
from tests.properties.shapes import places

RANK = {"passed": 0, "not_applicable": 0, "blind": 1, "failed": 2}
"""Of outcomes, best first."""
Edit = Callable[[Any, datetime], Any]


@dataclass(frozen=True)
class Healthier:
    """A copy of an element of a list, under another name and in good order."""

    operation: str
    path: str
    edits: Mapping[str, Edit | Any] = field(default_factory=dict)
    """By key: its value, or a function of the value and of the moment of the morning."""
    cures: bool = False
    """Whether one more is what a failing check waits for."""


def _other(value: str, _: datetime) -> str:
    return f"{value}2"


def _id(value: str, _: datetime) -> str:
    """Another id of the same form."""
    return value[:-4] + ("0f0f" if value[-4:] != "0f0f" else "0e0e")


def _lately(_: Any, now: datetime) -> datetime:
    return now - timedelta(hours=2)


def _just_now_ms(_: Any, now: datetime) -> int:
    return int((now - timedelta(hours=1)).timestamp() * 1000)


HEALTHIER = (
    Healthier(
        "DescribeAlarms",
        "MetricAlarms",
        {"AlarmName": _other, "AlarmArn": _other, "StateValue": "OK", "StateUpdatedTimestamp": _lately},
    ),
    Healthier(
        "DescribeTargetGroups",
        "TargetGroups",
        {"TargetGroupName": "another", "TargetGroupArn": _id, "LoadBalancerArns": []},
    ),
    Healthier(
        "DescribeTargetHealth",
        "TargetHealthDescriptions",
        {"Target": {"Id": "172.31.99.9", "Port": 8000}, "TargetHealth": {"State": "healthy"}},
    ),
    Healthier("DescribeSecurityGroups", "SecurityGroups", {"GroupName": _other, "GroupId": _id, "IpPermissions": []}),
    Healthier("DescribeScalableTargets", "ScalableTargets", {"ResourceId": "service/another/one"}),
    Healthier("DescribeScalingPolicies", "ScalingPolicies", {"ResourceId": "service/another/one", "PolicyARN": _id}),
    Healthier("DescribeScheduledActions", "ScheduledActions", {"ResourceId": "service/another/one"}),
    Healthier("DescribeAlarmHistory", "AlarmHistoryItems", {"AlarmName": "another"}),
    Healthier(
        "DescribeImages",
        "imageDetails",
        {"imageTags": ["newer"], "imageDigest": f"sha256:{'0' * 64}", "imagePushedAt": _lately},
    ),
    Healthier("ListBackups", "BackupSummaries", {"BackupArn": _id, "BackupCreationDateTime": _lately}, cures=True),
    Healthier(
        "DescribeVolumes",
        "Volumes",
        {
            "VolumeId": _id,
            "State": "in-use",
            "Attachments": [{"InstanceId": "i-0123456789abcdef0", "State": "attached"}],
        },
    ),
    Healthier("DescribeAddresses", "Addresses", {"AllocationId": _id, "AssociationId": "eipassoc-0123456789abcdef0"}),
    Healthier(
        "ListStacks", "StackSummaries", {"StackName": "Another", "StackId": _id, "StackStatus": "CREATE_COMPLETE"}
    ),
    Healthier("DescribeEvents", "events", {"arn": _other, "statusCode": "closed"}),
    Healthier("LookupEvents", "Events", {"EventId": _id, "EventTime": _lately}),
    Healthier(
        "DescribeScalingActivities",
        "ScalingActivities",
        {"ActivityId": _id, "StatusCode": "Successful", "ResourceId": "service/another/one"},
    ),
    Healthier("DescribeExportTasks", "exportTasks", {"taskId": _id, "to": _just_now_ms}),
    Healthier("DescribeLogGroups", "logGroups", {"logGroupName": "/another", "arn": _other, "retentionInDays": 30}),
    Healthier("DescribeDBInstances", "DBInstances", {"DBInstanceIdentifier": "another", "DBInstanceArn": _other}),
    Healthier("DescribeFlowLogs", "FlowLogs", {"FlowLogId": _id, "FlowLogStatus": "ACTIVE"}),
    Healthier("DescribeImageScanFindings", "imageScanFindings.findings", {"severity": "LOW"}),
    Healthier("ListInvalidations", "InvalidationList.Items", {"Id": _id, "Status": "Completed"}),
    Healthier(
        "ListCertificates", "CertificateSummaryList", {"CertificateArn": _id, "DomainName": "another.example.com"}
    ),
    Healthier(
        "GetCostAndUsage",
        "ResultsByTime[].Groups",
        {"Keys": ["Another service"], "Metrics": {"NetAmortizedCost": {"Amount": "0.01", "Unit": "USD"}}},
    ),
    Healthier("ListAlarmMuteRules", "AlarmMuteRuleSummaries", {"AlarmMuteRuleArn": _id, "Status": "EXPIRED"}),
)


def turned(of: Base, changed: Mapping[int, Any], *, cures: bool) -> list[str]:
    """The verdicts that are others than before."""
    _, concluded = of.again(changed)
    found = []
    for name, one in concluded.items():
        before, now = of.concluded[name].by_resource(), one.by_resource()
        for resource, outcome in before.items():
            if now.get(resource) != outcome and not (cures and outcome == "failed"):
                found.append(f"{name}: {resource} was {outcome}, and is {now.get(resource, 'not examined')}")
        if RANK[one.outcome] > RANK[of.concluded[name].outcome]:
            found.append(f"{name} was {of.concluded[name].outcome}, and is {one.outcome}")
    return found


def added(of: Base, what: Healthier, *, last: bool) -> dict[int, Any]:
    """The answers in which each of these lists has the copy, as its first or last element; {} where there are none."""
    found = {}
    for place in of.answered:
        question = of.recording.exchanges[place].question
        if question["operation"] != what.operation:
            continue
        answer = of.answer(place)
        for one in places(shape_of(question), answer).get(what.path, ()):
            items: Any = answer
            for key in one.path:
                items = items[key]
            if not items:
                continue
            more = copy.deepcopy(items[0])
            for key, edit in what.edits.items():
                if callable(edit):
                    if key in more:
                        more[key] = edit(more[key], of.recording.started)
                else:
                    more[key] = edit
            items.insert(len(items) if last else 0, more)
            if what.path == "InvalidationList.Items":
                answer["InvalidationList"]["Quantity"] = len(items)
            found[place] = answer
    return found
