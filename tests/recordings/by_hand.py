"""Answers of real shape, written by hand into recordings of an emulator: what AWS says and emulators do not."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from opschecks.recording.coding import decoded, encoded
from opschecks.recording.file import Exchange, Recording, read_recording

MADE = Path(__file__).with_name("made")
Change = Callable[[Any, datetime], Any] | Mapping[str, str]
"""Of an answer, given the recording's moment: it is changed in place. Or the error that stands for it."""


@dataclass(frozen=True)
class Edit:
    """A morning of its own: the recording it is made of, the answers that are others, and where AWS shows such ones."""

    of: str
    changes: Mapping[str, Change]
    """By call."""
    source: str


def _refused(call: str, reason: str, action: str = "") -> Mapping[str, str]:
    return {"kind": "CouldNotLook", "call": call, "reason": reason, "action": action}


def _one_drains_and_one_starts(answer: Any, _: datetime) -> None:
    first = answer["TargetHealthDescriptions"][0]
    for state, reason, address in (
        ("draining", "Target.DeregistrationInProgress", "10.0.11.7"),
        ("initial", "Elb.RegistrationInProgress", "10.0.12.9"),
    ):
        more = copy.deepcopy(first)
        more["Target"]["Id"] = address
        more["TargetHealth"] = {"State": state, "Reason": reason, "Description": "Target registration is in progress"}
        answer["TargetHealthDescriptions"].append(more)


def _quiet_alarms(answer: Any, now: datetime) -> None:
    """Alarms of metrics without data at night, as 5xx have none."""
    for one in answer["MetricAlarms"]:
        if not one["AlarmName"].endswith(("5xx-high", "latency-high")):
            continue
        one.update(
            StateValue="INSUFFICIENT_DATA",
            StateReason="Unchecked: Initial alarm creation",
            StateReasonData="{}",
            TreatMissingData="notBreaching",
            StateUpdatedTimestamp=now - timedelta(days=40),
            StateTransitionedTimestamp=now - timedelta(days=40),
        )


def _a_deployment_failed(answer: Any, now: datetime) -> None:
    for service in answer["services"]:
        [before] = service["deployments"]
        failed = copy.deepcopy(before)
        failed.update(
            id="ecs-svc/1999999999999999999",
            status="PRIMARY",
            taskDefinition=before["taskDefinition"].rpartition(":")[0] + ":2",
            rolloutState="FAILED",
            rolloutStateReason="ECS deployment circuit breaker: tasks failed to start.",
            createdAt=now - timedelta(minutes=25),
            updatedAt=now - timedelta(minutes=3),
            runningCount=0,
            failedTasks=6,
        )
        before["status"] = "ACTIVE"
        service["deployments"] = [failed, before]
        service["events"].insert(
            0,
            {
                "id": "8e9f0c1d-1111-2222-3333-444455556666",
                "createdAt": now - timedelta(minutes=3),
                "message": f"(service {service['serviceName']}) (deployment {failed['id']}) deployment failed: tasks "
                "failed to start.",
            },
        )


def _a_deployment_is_under_way(answer: Any, now: datetime) -> None:
    for service in answer["services"]:
        [before] = service["deployments"]
        newer = copy.deepcopy(before)
        newer.update(
            id="ecs-svc/1999999999999999998",
            rolloutState="IN_PROGRESS",
            rolloutStateReason="ECS deployment ecs-svc/1999999999999999998 in progress.",
            createdAt=now - timedelta(minutes=4),
            updatedAt=now - timedelta(minutes=1),
            runningCount=1,
            pendingCount=1,
        )
        before.update(status="ACTIVE", desiredCount=1, runningCount=1)
        service["deployments"] = [newer, before]


def _a_key_that_expired(answer: Any, now: datetime) -> None:
    """Access keys can expire, since 2025."""
    answer["AccessKeyMetadata"].append(
        {
            "UserName": answer["AccessKeyMetadata"][0]["UserName"],
            "AccessKeyId": "AKIAI44QH8DHBEXAMPLE",
            "Status": "Expired",
            "CreateDate": now - timedelta(days=900),
        }
    )


NO_PLAN = "SubscriptionRequiredException: AWS Premium Support Subscription is required to use this service."
ECS = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_"
EDITS: Mapping[str, Edit] = {
    "by-hand-scaling-in.daily": Edit(
        "moto.daily",
        {"elasticloadbalancing:DescribeTargetHealth": _one_drains_and_one_starts},
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetHealth.html",
    ),
    "by-hand-quiet-night.daily": Edit(
        "moto.daily",
        {"cloudwatch:DescribeAlarms": _quiet_alarms},
        "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricAlarm.html",
    ),
    "by-hand-failed-deployment.daily": Edit(
        "moto.daily", {"ecs:DescribeServices": _a_deployment_failed}, f"{ECS}Deployment.html"
    ),
    "by-hand-under-way.deploy-before": Edit(
        "moto.deploy-before", {"ecs:DescribeServices": _a_deployment_is_under_way}, f"{ECS}Deployment.html"
    ),
    "by-hand-failed-deployment.deploy-after": Edit(
        "moto.deploy-after", {"ecs:DescribeServices": _a_deployment_failed}, f"{ECS}Deployment.html"
    ),
    "by-hand-small-account.weekly": Edit(
        "moto.weekly",
        {
            "health:DescribeEvents": _refused("health:DescribeEvents", NO_PLAN),
            "ce:GetCostAndUsage": _refused(
                "ce:GetCostAndUsage", "DataUnavailableException: Data is not available. Please try again later."
            ),
            "iam:ListAccessKeys": _a_key_that_expired,
            "s3:GetLifecycleConfiguration": _refused(
                "s3:GetLifecycleConfiguration",
                "AccessDenied: Access Denied",
                "s3:GetLifecycleConfiguration",
            ),
        },
        "https://docs.aws.amazon.com/health/latest/ug/health-api.html",
    ),
}
"""By name, which ends with the suite."""


def edited(name: str) -> Recording:
    """The recording with the answers of that edit; every call that it names is in it."""
    edit = EDITS[name]
    of = read_recording(MADE / f"{edit.of}.rec")
    assert edit.changes.keys() <= {one.call for one in of.exchanges}, f"{edit.of} has no such call"
    return replace(of, exchanges=tuple(_changed(one, edit.changes, of.started) for one in of.exchanges))


def _changed(one: Exchange, changes: Mapping[str, Change], now: datetime) -> Exchange:
    change = changes.get(one.call)
    if change is None:
        return one
    if isinstance(change, Mapping):
        return replace(one, answer=None, error=change)
    answer = decoded(one.answer)
    change(answer, now)
    return replace(one, answer=encoded(answer))
