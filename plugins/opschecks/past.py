"""What earlier runs say of this one: new, still bad since when, good again, on and off; and the numbers before."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from .index import Bad, Indexed
from .journal import Entry
from .model import NOT_APPLICABLE, Finding, Outcome, Past, Run, Standing

SHOWN = 13
"""Earlier runs in a strip or a sparkline: with this one they are a fortnight of days."""
MISSED_SHOWN = 31
_SEEN = (Outcome.PASSED, Outcome.WAIVED, Outcome.FAILED)
"""Outcomes of a check that looked: only then is silence about a resource good news."""

Key = tuple[str, str]
"""Check and resource."""
History = Callable[[Key, Outcome], Iterator[tuple[datetime, bool]]]


def past_of(run: Run, stack: str, before: Sequence[Indexed], entries: Iterable[Entry] = ()) -> Past:
    """Compare the run's part of one stack with its earlier runs of the suite, the newest first."""
    zone = ZoneInfo(next(facts.time_zone for facts in run.stacks if facts.name == stack))
    previous = before[0].started if before else None
    since = previous or run.started - timedelta(days=1)
    lately = list(before[:SHOWN])[::-1]
    return Past(
        stack=stack,
        runs=len(before),
        previous=previous,
        missed=tuple(_missed(previous, run.started, zone)) if previous and run.suite == "daily" else (),
        standings=tuple(_standings(run, stack, before, zone)),
        strips=_strips(lately),
        numbers=_numbers(lately),
        changes=tuple(_change(entry) for entry in entries if since <= entry.begun),
    )


def _missed(previous: datetime, now: datetime, zone: ZoneInfo) -> Iterator[str]:
    """The days between the two on which there was no run."""
    day, last = previous.astimezone(zone).date(), now.astimezone(zone).date()
    for _ in range(MISSED_SHOWN):
        day += timedelta(days=1)
        if day >= last:
            return
        yield day.isoformat()


def _standings(run: Run, stack: str, before: Sequence[Indexed], zone: ZoneInfo) -> Iterator[Standing]:
    outcomes = {check.check: check.outcome for check in run.checks if check.stack == stack}
    findings = [one for one in run.findings if one.stack == stack]
    today = run.started.astimezone(zone).date()

    def day(since: datetime) -> int:
        return (today - since.astimezone(zone).date()).days + 1

    now: dict[Key, Finding] = {}
    for one in findings:
        if one.outcome in (Outcome.FAILED, Outcome.BLIND):
            now[one.check, one.resource] = one
    history = _known(before)
    for key, one in now.items():
        was = Outcome.BLIND if one.outcome is Outcome.BLIND else Outcome.FAILED
        past = list(history(key, was))
        since = _streak(past) or run.started
        state = "unseen" if one.outcome is Outcome.BLIND else "still" if since != run.started else "new"
        if state == "new" and any(bad for _, bad in past[:SHOWN]):
            state = "flapping"
        yield Standing(one.check, one.resource, one.name, state, since, day(since))
    yield from _no_longer(before, findings, outcomes, now, history, day)


def _no_longer(
    before: Sequence[Indexed],
    findings: Sequence[Finding],
    outcomes: Mapping[str, str],
    now: Mapping[Key, Finding],
    history: History,
    day: Callable[[datetime], int],
) -> Iterator[Standing]:
    """What was failing when last looked at, and is not now: good again, gone, waived – or nobody could look."""
    present = {(one.check, one.resource): one for one in findings}
    for bad in _last_failures(before):
        key = (bad.check, bad.resource)
        if key in now:
            continue
        since = _streak(list(history(key, Outcome.FAILED)))
        outcome = outcomes.get(bad.check, "")
        if since is None or outcome in ("", NOT_APPLICABLE):
            continue
        if outcome not in _SEEN:
            state = "unseen"
        elif key in present:
            state = "recovered" if present[key].outcome is Outcome.PASSED else ""
        else:
            state = "gone"
        if state:
            yield Standing(bad.check, bad.resource, bad.name, state, since, day(since))


def _last_failures(before: Sequence[Indexed]) -> Iterator[Bad]:
    """For each check, what failed in the newest run that looked."""
    done: set[str] = set()
    for run in before:
        looked = {check for check, outcome in run.outcomes.items() if outcome in _SEEN} - done
        yield from (bad for bad in run.bad if bad.check in looked and bad.outcome == Outcome.FAILED)
        done |= looked


def _known(before: Sequence[Indexed]) -> History:
    """(began, was it bad) of each earlier run that knows, the newest first. What could not be seen is neither."""
    bad = [{(one.check, one.resource): one.outcome for one in run.bad} for run in before]

    def history(key: Key, was: Outcome) -> Iterator[tuple[datetime, bool]]:
        for run, found in zip(before, bad, strict=True):
            outcome = run.outcomes.get(key[0], "")
            if was is Outcome.BLIND:
                if outcome:
                    yield run.started, outcome == Outcome.BLIND
            elif outcome in _SEEN:
                yield run.started, found.get(key) == Outcome.FAILED
            elif found.get(key) == Outcome.FAILED:
                yield run.started, True

    return history


def _streak(past: Sequence[tuple[datetime, bool]]) -> datetime | None:
    """When the first of the bad runs in a row began, counted back from the newest; None where the newest was good."""
    since = None
    for began, bad in past:
        if not bad:
            break
        since = began
    return since


def _strips(lately: Sequence[Indexed]) -> dict[str, tuple[str, ...]]:
    """The worst outcome of each area, and of all, in each run, the oldest first; "" where it had no such check."""
    areas = sorted({area for run in lately for area in run.areas.values()})
    told = {"": tuple(_worst(run.outcomes.values()) for run in lately)}
    for area in areas:
        told[area] = tuple(
            _worst(outcome for check, outcome in run.outcomes.items() if run.areas[check] == area) for run in lately
        )
    return told


def _worst(outcomes: Iterable[str]) -> str:
    known = [outcome for outcome in outcomes if outcome != NOT_APPLICABLE]
    return max(known, key=lambda outcome: Outcome(outcome).rank, default="")


def _numbers(lately: Sequence[Indexed]) -> dict[str, tuple[tuple[datetime, float], ...]]:
    labels = sorted({label for run in lately for label in run.numbers})
    return {
        label: tuple((run.started, run.numbers[label]) for run in lately if label in run.numbers) for label in labels
    }


def _change(entry: Entry) -> dict[str, Any]:
    """A change of the journal, as a report shows it."""
    change = entry.change
    return {
        "entry": entry.id,
        "begun": entry.begun.isoformat(timespec="seconds"),
        "by": entry.by,
        "undoes": entry.undoes,
        "remedy": change.remedy,
        "target": change.target,
        "name": change.name,
        "differs": list(change.differs),
        "state": entry.state,
        "said": entry.steps[-1].said,
        "one_way": change.one_way,
    }
