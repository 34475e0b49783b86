"""Application Auto Scaling: its activities for ECS services in a week, including failed and skipped ones."""

from __future__ import annotations

import itertools
import re
from dataclasses import field
from datetime import datetime, timedelta
from typing import Any

from ..core.dataclass import dataclass
from ..core.model import Figure, Resource
from ..core.observation import CouldNotLook, observation
from ..core.wording import plural
from .evidence import OneOf, Read, utc
from .inventory import Inventory
from .session import Aws

CALL = "application-autoscaling:DescribeScalingActivities"
WEEK = timedelta(days=7)
DAY = timedelta(hours=24)
ACTIVITIES_A_PAGE = 50
_DIMENSION = "ecs:service:DesiredCount"
_COUNT = re.compile(r"desired count to (\d+)", re.IGNORECASE)
_BOUNDS = re.compile(r"\b(?:min|max)(?:imum)? capacity\b", re.IGNORECASE)
_AT_MAX = "AlreadyAtMaxCapacity"


@dataclass(frozen=True)
class Activity:
    """One scaling activity: done, failed or skipped."""

    evidence: dict[str, Any] = field(repr=False)

    at = Read(utc, "StartTime")
    """When it started, in UTC."""

    status = OneOf("StatusCode", "Pending", "InProgress", "Successful", "Overridden", "Unfulfilled", "Failed")

    @property
    def why_not(self) -> list[str]:
        """Why nothing was scaled. AWS gives such activities the status Failed, though nothing failed."""
        return [str(one["Code"]) for one in self.evidence.get("NotScaledReasons") or []]

    @property
    def has_failed(self) -> bool:
        """Whether it failed to start or stop tasks."""
        return self.status in ("Failed", "Unfulfilled") and not self.why_not

    @property
    def count(self) -> int | None:
        """The number of tasks that it set; None where it set none, or changed the bounds.

        AWS returns this only as text: CouldNotLook where that is not understood.
        """
        if self.status != "Successful" or self.why_not:
            return None
        said = str(self.evidence["Description"])
        if match := _COUNT.search(said):
            return int(match[1])
        if _BOUNDS.search(said):
            return None
        raise CouldNotLook(CALL, f"{said!r} has no number of tasks")

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} UTC: {self.evidence.get('StatusMessage') or self.evidence['Description']}"


@dataclass(frozen=True, kw_only=True)
class ScalingWeek(Resource):
    """The scaling activities of one service in the last seven days, the oldest first."""

    activities: tuple[Activity, ...]

    @property
    def failed(self) -> list[Activity]:
        """Failed activities."""
        return [one for one in self.activities if one.has_failed]

    @property
    def hours_held(self) -> int:
        """Hours in which scaling needed more tasks than its maximum allows, by its own records.

        How long the service ran at its maximum is unknown here, and does not matter where no more tasks were needed.
        """
        return len({(one.at.date(), one.at.hour) for one in self.activities if _AT_MAX in one.why_not})

    @property
    def counts(self) -> list[tuple[datetime, int]]:
        """The task counts that were set, with times."""
        return [(one.at, count) for one in self.activities if (count := one.count) is not None]

    @property
    def turns_a_day(self) -> int:
        """How often it changed direction, at most within 24 hours."""
        steps = [(time, after - before) for (_, before), (time, after) in itertools.pairwise(self.counts)]
        moves = [(time, step // abs(step)) for time, step in steps if step]
        turns = [time for (_, before), (time, after) in itertools.pairwise(moves) if before != after]
        return max((sum(1 for other in turns if time <= other and other - time < DAY) for time in turns), default=0)

    @property
    def said(self) -> str:
        """The week in one sentence."""
        if not (counts := [count for _, count in self.counts]):
            return "scaling changed nothing in the last 7 days"
        most = plural(max(counts), "task")
        return f"scaled {plural(len(counts), 'time')} in the last 7 days, to between {min(counts)} and {most}"


@observation(allow=["application-autoscaling:DescribeScalingActivities"])
def scaling_week(aws: Aws, inventory: Inventory, now: datetime) -> list[ScalingWeek]:
    """The scaling activities of each service in a week; AWS keeps six weeks, in no guaranteed order."""
    owners = inventory.paths
    # it takes one resource, or none for the whole namespace
    one = {"ResourceId": next(iter(owners)), "ScalableDimension": _DIMENSION} if len(owners) == 1 else {}
    found: dict[str, list[Activity]] = {owner: [] for owner in owners}
    asked = {"ServiceNamespace": "ecs", "IncludeNotScaledActivities": True, "MaxResults": ACTIVITIES_A_PAGE, **one}
    for raw in aws.items("application-autoscaling", "DescribeScalingActivities", "ScalingActivities", **asked):
        activity = Activity(raw)
        owner = str(raw["ResourceId"])
        if owner in found and raw["ScalableDimension"] == _DIMENSION and now - activity.at <= WEEK:
            found[owner].append(activity)
    return [_week(owner, name, sorted(found[owner], key=lambda one: one.at)) for owner, name in owners.items()]


def _week(owner: str, name: str, activities: list[Activity]) -> ScalingWeek:
    return ScalingWeek(
        arn=owner,
        name=name,
        activities=tuple(activities),
        evidence={"activities of 7 days": [one.evidence for one in activities]},
        figures=(
            Figure("times scaled", sum(one.evidence.get("StatusCode") == "Successful" for one in activities)),
            Figure("failed attempts", sum(one.has_failed for one in activities)),
        ),
    )
