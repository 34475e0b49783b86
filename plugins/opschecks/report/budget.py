"""The error budget of the daily checks: how many check-days were good, and how many may not be, by area."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..core.dataclass import dataclass
from ..core.run import Run
from .amounts import number, percent
from .areas import area_name
from .owners import owner_of

TARGET = "checks_passed_percent"
WEEK = 7
SPENT = "spent"
FEWEST_DAYS = 14
"""Days with a run below which a budget is not judged: one bad morning is not a trend."""
_A_HAIR = 1e-9


@dataclass(frozen=True)
class Share:
    """Check-days: a daily check on a day, as the last run of that day saw it."""

    good: int = 0
    failed: int = 0
    unseen: int = 0

    @property
    def total(self) -> int:
        """All of them, but for those of checks that do not apply."""
        return self.good + self.failed + self.unseen

    @property
    def lost(self) -> int:
        """Those that were not good: what could not be seen is not known to have been."""
        return self.failed + self.unseen

    @property
    def words(self) -> str:
        """The share in percent; empty where there was none."""
        return percent(100 * self.good / self.total) if self.total else ""

    @property
    def counted(self) -> str:
        """How many of how many."""
        return f"{self.good:,} of {self.total:,}" if self.total else "no run"


@dataclass(frozen=True)
class Budget:
    """The budget of one area, or of all. `allowed` is how many check-days of 28 days may be lost; None: no target.

    `reading` and `tone` are as those of a measure, `owner` who is called first for it, or empty. `days` is on how many
    of how many days there was a run.
    """

    name: str
    week: Share
    month: Share
    allowed: float | None
    reading: str
    tone: str
    owner: str
    days: tuple[int, int]

    @property
    def used(self) -> str:
        """How much was lost of how much may be."""
        return f"{self.month.lost}" if self.allowed is None else f"{self.month.lost} of {number(self.allowed)}"

    @property
    def not_seen(self) -> str:
        """How much of that was not seen, as a further clause; empty where everything was."""
        return f", {self.month.unseen} of them not seen" if self.month.unseen else ""

    @property
    def spent(self) -> str:
        """How much of the budget was used, in words."""
        return f"{self.used}{self.not_seen}"

    @property
    def told(self) -> str:
        """The same as a clause of a sentence."""
        return f"{self.used} check-days lost{self.not_seen}"


def target_of(week: Mapping[str, Any]) -> float | None:
    """The share of check-days that has to be good, in percent; None where the stack has no target."""
    return next((one["target"] for one in week["measures"] if one["key"] == TARGET), None)


def budgets(run: Run, week: Mapping[str, Any]) -> list[Budget]:
    """That of all daily checks, then that of each area, what lost most first; none of earlier run files."""
    told, target = week.get("areas", ()), target_of(week)
    if not told:
        return []
    named: dict[str, list[Mapping[str, Any]]] = {}
    for one in told:
        named.setdefault(area_name(one["area"]), []).append(one)
    rows = [_budget(name, areas, target, _owners(run, week, areas)) for name, areas in named.items()]
    whole = _budget("All daily checks", told, target, "")
    return [whole, *sorted(rows, key=lambda row: (-row.month.lost, row.name))]


def lost_of(area: Mapping[str, Any]) -> int:
    """The check-days of 28 days that one area lost."""
    return _sum(area["days"]).lost


def _budget(name: str, areas: Sequence[Mapping[str, Any]], target: float | None, owner: str) -> Budget:
    """That of these areas together, judged by the days with a run of their 28."""
    week, month = (_sum(day for one in areas for day in one["days"][-days:]) for days in (WEEK, 0))
    days = [any(seen) for seen in zip(*(map(bool, one["days"]) for one in areas), strict=True)]
    seen = (sum(days), len(days))
    if target is None:
        return Budget(name, week, month, None, "no target", "none", owner, seen)
    allowed = month.total * (100 - target) / 100
    return Budget(name, week, month, round(allowed, 1), *_reading(month.lost <= allowed + _A_HAIR, *seen), owner, seen)


def _reading(within: bool, seen: int, of: int) -> tuple[str, str]:
    """What may be said of a budget by the days that were seen, with its tone."""
    if not within and seen >= FEWEST_DAYS:
        return SPENT, "bad"
    return ("not every day seen", "warn") if seen < of else ("within budget", "good")


def _sum(days: Iterable[Sequence[int] | None]) -> Share:
    return Share(*map(sum, zip(*filter(None, days), strict=True)))


def _owners(run: Run, week: Mapping[str, Any], areas: Sequence[Mapping[str, Any]]) -> str:
    """Owners of the checks that failed; of the area where none did."""
    stack = next((one for one in run.stacks if one.name == week["stack"]), None)
    if stack is None:
        return ""
    found: list[str] = []
    for area in areas:
        slugs = ((check, week["words"].get(check, {}).get("runbook", "")) for check in area["failed"])
        own = [owner_of(stack, check, slug, area["area"]) for check, slug in slugs]
        found += own or [owner_of(stack, area["area"])]
    return ", ".join(dict.fromkeys(filter(None, found)))
