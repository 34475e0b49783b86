"""Application Auto Scaling: what it did for ECS services in a week, what it tried in vain, and what it could not."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from ..core.model import Figure, Resource
from ..core.observation import CouldNotLook, observation
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
    """One thing that scaling did, tried, or thought better of."""

    evidence: dict[str, Any] = field(repr=False)

    @property
    def at(self) -> datetime:
        """When it began, in UTC."""
        began: datetime = self.evidence["StartTime"]
        return began.astimezone(UTC)

    @property
    def why_not(self) -> list[str]:
        """Why nothing was scaled. AWS gives such activities a status of Failed too, though nothing has failed."""
        return [str(one["Code"]) for one in self.evidence.get("NotScaledReasons") or []]

    @property
    def has_failed(self) -> bool:
        """Whether it was tried, and the tasks did not come or go."""
        return self.evidence["StatusCode"] in ("Failed", "Unfulfilled") and not self.why_not

    @property
    def count(self) -> int | None:
        """The number of tasks that it set; None where it set none, but a limit.

        AWS tells it in words only: CouldNotLook where those are others than were ever known.
        """
        if self.evidence["StatusCode"] != "Successful" or self.why_not:
            return None
        said = str(self.evidence["Description"])
        if match := _COUNT.search(said):
            return int(match[1])
        if _BOUNDS.search(said):
            return None
        raise CouldNotLook(CALL, f"{said!r} names no number of tasks")

    def __str__(self) -> str:
        said = self.evidence.get("StatusMessage") or self.evidence["Description"]
        return f"{self.at:%d %b %H:%M} UTC: {said}"


@dataclass(frozen=True, kw_only=True)
class ScalingWeek(Resource):
    """What scaling did for one service within the last seven days, the oldest first."""

    activities: tuple[Activity, ...]

    @property
    def failed(self) -> list[Activity]:
        """What was tried in vain."""
        return [one for one in self.activities if one.has_failed]

    @property
    def hours_held(self) -> int:
        """Hours in which scaling wanted more tasks than its maximum lets it have, by its own records.

        How long the service ran at its maximum is not known from here; nor does it matter, where no more were wanted.
        """
        return len({(one.at.date(), one.at.hour) for one in self.activities if _AT_MAX in one.why_not})

    @property
    def counts(self) -> list[tuple[datetime, int]]:
        """The numbers of tasks that were set."""
        return [(one.at, count) for one in self.activities if (count := one.count) is not None]

    @property
    def turns_a_day(self) -> int:
        """How often, at most within 24 hours, it scaled the other way than the time before."""
        steps = [(time, after - before) for (_, before), (time, after) in itertools.pairwise(self.counts)]
        moves = [(time, step > 0) for time, step in steps if step]
        turns = [time for (_, up), (time, goes_up) in itertools.pairwise(moves) if up != goes_up]
        return max((sum(1 for other in turns if time <= other < time + DAY) for time in turns), default=0)

    @property
    def said(self) -> str:
        """The week in one sentence."""
        counts = [count for _, count in self.counts]
        if not counts:
            return "scaling changed nothing in the last 7 days"
        return f"scaled {len(counts)} times in the last 7 days, to between {min(counts)} and {max(counts)} tasks"


@observation(allow=["application-autoscaling:DescribeScalingActivities"])
def scaling_week(aws: Aws, inventory: Inventory, now: datetime) -> list[ScalingWeek]:
    """What scaling did, tried and could not do for each service in a week; AWS tells of six, in no promised order."""
    owners = {f"service/{inventory.the_cluster}/{name}": name for name in inventory.some("services")}
    # it takes one resource or all of the namespace
    one = {"ResourceId": next(iter(owners)), "ScalableDimension": _DIMENSION} if len(owners) == 1 else {}
    found: dict[str, list[Activity]] = {owner: [] for owner in owners}
    for raw in aws.items(
        "application-autoscaling",
        "DescribeScalingActivities",
        "ScalingActivities",
        ServiceNamespace="ecs",
        IncludeNotScaledActivities=True,
        MaxResults=ACTIVITIES_A_PAGE,
        **one,
    ):
        activity = Activity(raw)
        owner = str(raw["ResourceId"])
        if owner in found and raw.get("ScalableDimension", _DIMENSION) == _DIMENSION and now - activity.at <= WEEK:
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
