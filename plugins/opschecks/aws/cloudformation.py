"""CloudFormation: the result of the last update of a stack, and drift since then.

ListStacks returns this for all stacks and their nested stacks in one list, without parameters, which may be secrets.
DetectStackDrift is not called: it starts a detection that takes minutes and writes its result into the stack. The
message asks the owners to schedule drift detection.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ..core.answer import Answer
from ..core.dataclass import dataclass
from ..core.model import Figure, Resource
from ..core.observation import CouldNotLook, fan_out, names_no, observation
from .evidence import Read, utc
from .session import Aws

if TYPE_CHECKING:
    from ..config.stack import Stack

_LIST = "cloudformation:ListStacks"
GOOD = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE")
UNDER_WAY = ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "IMPORT_IN_PROGRESS")
BAD = (
    "CREATE_FAILED", "ROLLBACK_IN_PROGRESS", "ROLLBACK_FAILED", "ROLLBACK_COMPLETE", "DELETE_IN_PROGRESS",
    "DELETE_FAILED", "UPDATE_FAILED", "UPDATE_ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_FAILED",
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE", "REVIEW_IN_PROGRESS",
    "IMPORT_ROLLBACK_IN_PROGRESS", "IMPORT_ROLLBACK_FAILED", "IMPORT_ROLLBACK_COMPLETE",
)  # fmt: skip
"""All others except DELETE_COMPLETE, which AWS lists for 90 days. A completed roll-back means that an update failed."""
_TOLD = ("LogicalResourceId", "PhysicalResourceId", "ResourceType", "StackResourceDriftStatus", "Timestamp")


@dataclass(frozen=True, kw_only=True)
class FormationStack(Resource):
    """A CloudFormation stack; one that does not exist has the status MISSING and nothing else.

    `drifted`: the resources that differ from the template, or why they could not be read.
    """

    drifted: tuple[str, ...] | CouldNotLook = ()

    status = Read(str, "StackStatus")
    """CREATE_COMPLETE, UPDATE_ROLLBACK_COMPLETE, …, or MISSING."""

    reason = Read(str, "StackStatusReason", default="no reason given")
    """The reason that CloudFormation gives for the status."""
    changed_at = Read(utc, "LastUpdatedTime", "CreationTime")
    """When its last update was requested, in UTC."""

    @property
    def _drift(self) -> Mapping[str, Any]:
        """DriftInformation; CouldNotLook where drift was never detected, with the command to run."""
        told: Mapping[str, Any] = self.evidence.get("DriftInformation") or {}
        if told.get("StackDriftStatus", "NOT_CHECKED") == "NOT_CHECKED":
            raise CouldNotLook(_LIST, f"drift was never detected: {self.advice}")
        return told

    @property
    def advice(self) -> str:
        """The command that detects drift."""
        return f"aws cloudformation detect-stack-drift --stack-name {self.name}, preferably on a weekly schedule"

    @property
    def has_drifted(self) -> bool:
        """Whether the last detection found a difference; CouldNotLook where it did not finish."""
        status = self._drift["StackDriftStatus"]
        if status not in ("IN_SYNC", "DRIFTED"):
            raise CouldNotLook(_LIST, f"the last drift detection ended {status}: {self.advice}")
        return bool(status == "DRIFTED")

    @property
    def drift_checked_at(self) -> datetime:
        """When drift was last detected, in UTC, even if for a single resource only."""
        return utc(self._drift["LastCheckTimestamp"])

    @property
    def difference(self) -> str:
        """What has drifted, in words."""
        if isinstance(self.drifted, CouldNotLook):
            return f"which resources could not be checked: {self.drifted}"
        return ", ".join(self.drifted) or "CloudFormation does not report which resources"


@observation(allow=[_LIST, "cloudformation:DescribeStackResourceDrifts"])
def formation_stacks(stack: Stack, aws: Aws) -> list[FormationStack]:
    """The CloudFormation stacks of the stack with those nested in them; what has drifted, of those that have."""
    wanted = stack.cloudformation_stacks or stack.every("cloudformation_stack")
    if not wanted:
        raise names_no(stack.name, "CloudFormation stack", "cloudformation_stacks")
    listed = aws.items("cloudformation", "ListStacks", "StackSummaries", StackStatusFilter=[*GOOD, *UNDER_WAY, *BAD])
    roots = [raw for raw in listed if {raw["StackName"], raw.get("StackId")} & {*wanted}]
    ids = {raw["StackId"] for raw in roots}
    nested = [raw for raw in listed if raw.get("RootId") in ids and raw not in roots]
    missing = [one for one in wanted if not any(one in (raw["StackName"], raw["StackId"]) for raw in roots)]
    return [
        *fan_out(lambda raw: _stack(aws, raw), [*roots, *nested]),
        *(FormationStack(arn=name, name=name, evidence=Answer({"StackStatus": "MISSING"}, _LIST)) for name in missing),
    ]


def _stack(aws: Aws, raw: Answer) -> FormationStack:
    arn, name = str(raw["StackId"]), str(raw["StackName"])
    figures = (Figure("status", str(raw.get("StackStatus", "unknown"))),)
    stack = FormationStack(arn=arn, name=name, evidence=raw, figures=figures)
    if (raw.get("DriftInformation") or {}).get("StackDriftStatus") != "DRIFTED":
        return stack
    try:
        asked = {"StackName": arn, "StackResourceDriftStatusFilters": ["MODIFIED", "DELETED"], "MaxResults": 100}
        drifts = aws.items("cloudformation", "DescribeStackResourceDrifts", "StackResourceDrifts", **asked)
    except CouldNotLook as error:
        return replace(stack, drifted=error)
    evidence = raw | {"drifted": [_without_values(drift) for drift in drifts]}
    return replace(stack, evidence=evidence, drifted=tuple(_words(drift) for drift in drifts))


def _without_values(drift: Mapping[str, Any]) -> dict[str, Any]:
    """Where it differs, without the values: these may be secrets, such as the environment of a task definition."""
    return {**{key: drift[key] for key in _TOLD if key in drift}, "differs at": _paths(drift)}


def _paths(drift: Mapping[str, Any]) -> list[str]:
    """Where it differs; AWS tells of no differences of what was deleted."""
    return [str(one["PropertyPath"]) for one in drift.get("PropertyDifferences", ())]


def _words(drift: Mapping[str, Any]) -> str:
    name = f"{drift['LogicalResourceId']} ({drift['ResourceType']})"
    if drift["StackResourceDriftStatus"] == "DELETED":
        return f"{name} was deleted"
    paths = _paths(drift)
    return f"{name} differs at {', '.join(paths[:3])}" if paths else f"{name} differs"
