"""The week, as its page shows it: each day, what failed for how long, what keeps coming back, copies and rehearsals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import Any

from ...core.model import Finding, Outcome
from ...core.run import Run
from ..since import Bar
from .bars import BarPart, span, stacked
from .coming_up import Due, coming_up
from .costs import CostsShown, costs
from .numbers import MeasureRow, hours, rows
from .sentence import words

_NOT_PASSING = (("failed", "bad"), ("blind", "unsure"), ("not_run", "none"), ("waived", "waived"))
_TONES = {"passed": "good", "waived": "waived", "failed": "bad", "blind": "unsure"}
SHOWN = 20
BACKUP_AREA = "backups"


@dataclass(frozen=True)
class DayRow:
    """One day as its last daily run saw it: its bar, how many of which outcome in words, and its tasks."""

    name: str
    parts: tuple[BarPart, ...]
    counts: Mapping[str, str]
    tasks: str


@dataclass(frozen=True)
class FailureRow:
    """One time that a promise was not kept: when within the week, for how long, what the journal has for it."""

    what: str
    part: BarPart
    said: str
    lasted: str
    tone: str
    tried: str


@dataclass(frozen=True)
class RecurringRow:
    """A check that failed on several of the last days. `said` is its strip in words."""

    what: str
    days: int
    times: int
    bars: tuple[Bar, ...]
    said: str
    tried: str
    runbook: str


@dataclass(frozen=True)
class Copy:
    """One thing that has to have a copy: how its checks ended, what they saw, when a restore of it was last tried."""

    what: str
    tone: str
    words: str
    seen: str
    restored: str


@dataclass(frozen=True)
class WeekShown:
    """The week of one stack; `error` is why its history could not be read."""

    stack: str
    error: str
    period: str
    basis: str
    rows: tuple[MeasureRow, ...]
    days: tuple[DayRow, ...]
    failures: tuple[FailureRow, ...]
    failures_left: int
    recurring: tuple[RecurringRow, ...]
    costs: CostsShown | None
    copies: tuple[Copy, ...]
    due: tuple[Due, ...]
    due_left: int


def weeks(run: Run, zone: tzinfo) -> list[WeekShown]:
    """The weeks that the run knows of."""
    return [_week(run, told, zone) for told in run.weeks]


def _week(run: Run, told: Mapping[str, Any], zone: tzinfo) -> WeekShown:
    due, left = coming_up(run, told, zone)
    numbers = rows(run, told)
    ordered = sorted(told["failures"], key=lambda one: (one["until"] != "", one["since"]))
    return WeekShown(
        stack=told["stack"],
        error=told["error"],
        period=_period(told),
        basis=_basis(told),
        rows=tuple(numbers),
        days=tuple(_days(told["days"])),
        failures=tuple(_failure(one, told, run.started, zone) for one in ordered[:SHOWN]),
        failures_left=max(len(ordered) - SHOWN, 0),
        recurring=tuple(_recurring(one, told) for one in told["recurring"][:SHOWN]),
        costs=costs(run, told["stack"]),
        copies=tuple(_copies(run, told, zone)),
        due=tuple(due),
        due_left=left,
    )


def _period(told: Mapping[str, Any]) -> str:
    if not told["begins"]:
        return ""
    begins, ends = date.fromisoformat(told["begins"]), date.fromisoformat(told["ends"])
    return f"{begins:%a %d %b} to {ends:%a %d %b %Y} (ends in week {ends:%V})"


def _basis(told: Mapping[str, Any]) -> str:
    seen = sum(day["run"] for day in told["days"])
    return f"the last daily run of each day; there was one on {seen} of {len(told['days'])} days"


def _days(told: Sequence[Mapping[str, Any]]) -> Iterator[DayRow]:
    sums = [sum(day["outcomes"].get(outcome, 0) for outcome, _ in _NOT_PASSING) for day in told]
    most = max([*sums, 1])
    for one in told:
        name = f"{date.fromisoformat(one['day']):%a %d %b}"
        counts = {outcome: one["outcomes"].get(outcome, 0) for outcome, _ in _NOT_PASSING}
        parts = stacked([(counts[outcome], tone) for outcome, tone in _NOT_PASSING], most)
        running, desired = one["running"], one["desired"]
        tasks = "" if running is None or desired is None else f"{running:.0f} of {desired:.0f}"
        shown = {outcome: str(count) if one["run"] else "" for outcome, count in counts.items()}
        yield DayRow(name, parts, shown if one["run"] else {}, tasks)


def _failure(one: Mapping[str, Any], week: Mapping[str, Any], now: datetime, zone: tzinfo) -> FailureRow:
    since, until = datetime.fromisoformat(one["since"]), datetime.fromisoformat(one["until"] or now.isoformat())
    begins = datetime.combine(date.fromisoformat(week["begins"]), datetime.min.time(), zone)
    open_for = (now - since) / timedelta(hours=1)
    ended = bool(one["until"])
    at = f"{since.astimezone(zone):%a %d %b, %H:%M}{' or before' if one['cut'] else ''}"
    return FailureRow(
        what=words(one["check"], week),
        part=span(since, until, begins, now, "good" if ended else "bad"),
        said=f"{at} to {until.astimezone(zone):%a %d %b, %H:%M}" if ended else f"since {at}",
        lasted=("at least " if one["cut"] else "") + hours(one["hours"] if ended else open_for),
        tone="good" if ended else "bad",
        tried=_tried(one["tried"]) or ("no change of ours" if ended else "nothing yet"),
    )


def _recurring(one: Mapping[str, Any], week: Mapping[str, Any]) -> RecurringRow:
    outcomes: Sequence[str] = one["outcomes"]
    bars = tuple(
        Bar(round(7 * place * 14 / len(outcomes), 2), _TONES.get(outcome, "none"))
        for place, outcome in enumerate(outcomes)
    )
    known = len([outcome for outcome in outcomes if outcome])
    return RecurringRow(
        what=words(one["check"], week),
        days=one["days"],
        times=one["times"],
        bars=bars,
        said=f"failed on {one['days']} of the {known} days with a run, of {len(outcomes)}",
        tried=_tried(one["tried"]) or "nothing is in the journal",
        runbook=week["words"].get(one["check"], {}).get("runbook", ""),
    )


def _tried(told: Sequence[Mapping[str, Any]]) -> str:
    return ", ".join(
        f"{one['remedy']}{' × ' + str(one['times']) if one['times'] > 1 else ''} by {one['by']}" for one in told
    )


def _copies(run: Run, week: Mapping[str, Any], zone: tzinfo) -> Iterator[Copy]:
    """Whatever the checks of backups examined, one line each."""
    stack = week["stack"]
    own = {check.check for check in run.checks if (check.stack, check.area) == (stack, BACKUP_AREA)}
    found: dict[str, list[Finding]] = {}
    for finding in run.findings:
        if finding.stack == stack and finding.check in own:
            found.setdefault(finding.resource, []).append(finding)
    restores = {one["table"]: one for one in week["restores"]}
    for findings in found.values():
        worst = max(findings, key=lambda one: one.outcome.rank)
        name = worst.name
        said = "; ".join(dict.fromkeys(one.message for one in findings if one.message))
        tone = _TONES.get(worst.outcome.value, "none")
        yield Copy(name, tone, _state(worst.outcome), said, _restored(restores.get(name), findings, zone))


def _state(outcome: Outcome) -> str:
    return "complete" if outcome is Outcome.PASSED else outcome.words


def _restored(told: Mapping[str, Any] | None, findings: Sequence[Finding], zone: tzinfo) -> str:
    if told is None:
        is_table = any(":table/" in one.resource for one in findings)
        return "never, as far as is on record" if is_table else ""
    at = datetime.fromisoformat(told["at"]).astimezone(zone)
    figures = {label: f"{value} {unit}".strip() for label, (value, unit) in told["told"].items()}
    parts = [figures[label] for label in ("result",) if label in figures]
    parts += [f"{label} {figures[label]}" for label in ("restored in", "items compared") if label in figures]
    return f"{at:%d %b %Y}: {', '.join(parts) or 'nothing was seen of it'}"
