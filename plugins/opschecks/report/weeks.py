"""The week in daily runs, as the weekly page shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Any

from ..model import Outcome, Run

_TONES = {"passed": "good", "waived": "waived", "failed": "bad", "blind": "unsure", "not_run": "unsure"}


@dataclass(frozen=True)
class Day:
    """One day: its name, how it ended in words, and how many checks failed."""

    name: str
    words: str
    tone: str
    failed: str


@dataclass(frozen=True)
class Episode:
    """One time that a promise was not kept."""

    promise: str
    since: str
    until: str = ""
    lasted: str = ""


@dataclass(frozen=True)
class Recurring:
    """A promise that was not kept on several days."""

    promise: str
    days: int


@dataclass(frozen=True)
class Week:
    """The week of one stack. `mean` is the mean time to resolve, in words; empty where nothing was resolved."""

    stack: str
    basis: str
    days: tuple[Day, ...]
    recurring: tuple[Recurring, ...]
    resolved: tuple[Episode, ...]
    open: tuple[Episode, ...]
    mean: str


def weeks(run: Run, zone: tzinfo) -> list[Week]:
    """The weeks that the run knows of."""
    return [_week(told, zone) for told in run.weeks]


def _week(told: Mapping[str, Any], zone: tzinfo) -> Week:
    hours = [one["hours"] for one in told["resolved"]]
    return Week(
        stack=told["stack"],
        basis=_basis(told),
        days=tuple(_day(day) for day in told["days"]),
        recurring=tuple(Recurring(_promise(one["check"]), one["days"]) for one in told["recurring"]),
        resolved=tuple(_episode(one, zone) for one in told["resolved"]),
        open=tuple(_episode(one, zone) for one in told["open"]),
        mean=_span(sum(hours) / len(hours)) if hours else "",
    )


def _basis(told: Mapping[str, Any]) -> str:
    seen = sum(day["failed"] is not None for day in told["days"])
    this = f"{told['failed']} failed checks on {seen} days"
    if not told["runs_before"]:
        return f"{this}; of the week before nothing is on record"
    return f"{this}, {told['failed_before']} on {told['runs_before']} days of the week before"


def _day(told: Mapping[str, Any]) -> Day:
    day = date.fromisoformat(told["day"])
    if told["failed"] is None:
        return Day(f"{day:%a %d %b}", "no run", "none", "")
    words = Outcome(told["outcome"]).words if told["outcome"] else "nothing applied"
    return Day(f"{day:%a %d %b}", words, _TONES.get(told["outcome"], "none"), str(told["failed"]))


def _episode(told: Mapping[str, Any], zone: tzinfo) -> Episode:
    def at(text: str) -> str:
        return f"{datetime.fromisoformat(text).astimezone(zone):%a %d %b, %H:%M}"

    if not told["until"]:
        return Episode(_promise(told["check"]), at(told["since"]))
    return Episode(_promise(told["check"]), at(told["since"]), at(told["until"]), _span(told["hours"]))


def _promise(check: str) -> str:
    return check.removeprefix("test_").replace("_", " ").capitalize()


def _span(hours: float) -> str:
    return f"{hours:.1f} hours" if hours < 48 else f"{hours / 24:.1f} days"
