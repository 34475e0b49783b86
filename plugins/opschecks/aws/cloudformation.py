"""CloudFormation: what the last update of a stack came to, and what has been changed behind its back since.

ListStacks tells all of it, in one list for every stack and those nested in it, and no parameters, which may be
secrets. DetectStackDrift is not called: it starts a detection that goes on for minutes, one at a time, and writes its
outcome into the stack. Looking only reads; who runs the stack detects its drift by a schedule, and is told so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ..core.answer import Answer
from ..core.model import Figure, Resource
from ..core.observation import CouldNotLook, fan_out, names_no, observation
from .session import Aws

if TYPE_CHECKING:
    from ..config.stack import Stack

_LIST = "cloudformation:ListStacks"
_DRIFTS = "cloudformation:DescribeStackResourceDrifts"
GOOD = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE")
UNDER_WAY = ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "IMPORT_IN_PROGRESS")
BAD = (
    "CREATE_FAILED", "ROLLBACK_IN_PROGRESS", "ROLLBACK_FAILED", "ROLLBACK_COMPLETE", "DELETE_IN_PROGRESS",
    "DELETE_FAILED", "UPDATE_FAILED", "UPDATE_ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_FAILED",
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE", "REVIEW_IN_PROGRESS",
    "IMPORT_ROLLBACK_IN_PROGRESS", "IMPORT_ROLLBACK_FAILED", "IMPORT_ROLLBACK_COMPLETE",
)  # fmt: skip
"""All others but DELETE_COMPLETE, which AWS lists for 90 days. A roll-back that went well is an update that did not."""
_TOLD = ("LogicalResourceId", "PhysicalResourceId", "ResourceType", "StackResourceDriftStatus", "Timestamp")


@dataclass(frozen=True, kw_only=True)
class FormationStack(Resource):
    """A CloudFormation stack; one that CloudFormation does not know has the status MISSING and nothing else.

    `drifted` are the resources that differ from the template; where it has drifted and they could not be seen, why.
    """

    drifted: tuple[str, ...] | CouldNotLook = ()

    @property
    def status(self) -> str:
        """CREATE_COMPLETE, UPDATE_ROLLBACK_COMPLETE, …, or MISSING."""
        return str(self.evidence["StackStatus"])

    @property
    def reason(self) -> str:
        """What CloudFormation says of its status."""
        return str(self.evidence.get("StackStatusReason") or "no reason is given")

    @property
    def changed_at(self) -> datetime:
        """When it was last asked to change, in UTC."""
        at: datetime = self.evidence.get("LastUpdatedTime") or self.evidence["CreationTime"]
        return at.astimezone(UTC)

    @property
    def _drift(self) -> Mapping[str, Any]:
        """DriftInformation; CouldNotLook where nobody has ever looked, with what to do about it."""
        told: Mapping[str, Any] = self.evidence.get("DriftInformation") or {}
        if told.get("StackDriftStatus", "NOT_CHECKED") == "NOT_CHECKED":
            raise CouldNotLook(_LIST, f"nobody has looked for drift: {self.advice}")
        return told

    @property
    def advice(self) -> str:
        """How drift is looked for."""
        return f"aws cloudformation detect-stack-drift --stack-name {self.name}, best by a weekly schedule"

    @property
    def has_drifted(self) -> bool:
        """Whether the newest detection found a difference; CouldNotLook where it came to nothing."""
        status = self._drift["StackDriftStatus"]
        if status not in ("IN_SYNC", "DRIFTED"):
            raise CouldNotLook(_LIST, f"the newest detection of drift ended {status}: {self.advice}")
        return bool(status == "DRIFTED")

    @property
    def drift_checked_at(self) -> datetime:
        """When drift was last looked for, in UTC, be it of a single resource only."""
        at: datetime = self._drift["LastCheckTimestamp"]
        return at.astimezone(UTC)

    @property
    def difference(self) -> str:
        """What has drifted, in words."""
        if isinstance(self.drifted, CouldNotLook):
            return f"which resources is not known: {self.drifted}"
        return ", ".join(self.drifted) or "which resources, CloudFormation does not tell"


@observation(allow=[_LIST, _DRIFTS])
def formation_stacks(stack: Stack, aws: Aws) -> list[FormationStack]:
    """The CloudFormation stacks of the stack with those nested in them; what has drifted, of those that have."""
    wanted = stack.cloudformation_stacks or ((stack.cloudformation_stack,) if stack.cloudformation_stack else ())
    if not wanted:
        raise names_no(stack.name, "CloudFormation stack", "cloudformation_stacks")
    statuses = [*GOOD, *UNDER_WAY, *BAD]
    listed = aws.items("cloudformation", "ListStacks", "StackSummaries", StackStatusFilter=statuses)
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
    told = raw.get("DriftInformation") or {}
    figures = (Figure("status", str(raw.get("StackStatus", "unknown"))),)
    if told.get("StackDriftStatus") != "DRIFTED":
        return FormationStack(arn=arn, name=name, evidence=raw, figures=figures)
    try:
        drifts = aws.items(
            "cloudformation",
            "DescribeStackResourceDrifts",
            "StackResourceDrifts",
            StackName=arn,
            StackResourceDriftStatusFilters=["MODIFIED", "DELETED"],
            MaxResults=100,
        )
    except CouldNotLook as error:
        return FormationStack(arn=arn, name=name, evidence=raw, figures=figures, drifted=error)
    return FormationStack(
        arn=arn,
        name=name,
        evidence=raw | {"drifted": [_without_values(drift) for drift in drifts]},
        figures=figures,
        drifted=tuple(_words(drift) for drift in drifts),
    )


def _without_values(drift: Mapping[str, Any]) -> dict[str, Any]:
    """Where it differs, and not in what: values may be secrets, such as the environment of a task definition."""
    paths = [str(one.get("PropertyPath", "")) for one in drift.get("PropertyDifferences") or []]
    return {**{key: drift[key] for key in _TOLD if key in drift}, "differs at": paths}


def _words(drift: Mapping[str, Any]) -> str:
    name = f"{drift['LogicalResourceId']} ({drift['ResourceType']})"
    if drift["StackResourceDriftStatus"] == "DELETED":
        return f"{name} was deleted"
    paths = [str(one.get("PropertyPath", "")) for one in drift.get("PropertyDifferences") or []]
    return f"{name} differs at {', '.join(paths[:3])}" if paths else f"{name} differs"
