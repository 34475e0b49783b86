"""This run compared with earlier ones: what is new, still failing, flapping or recovered; and the numbers before."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo
from itertools import takewhile
from operator import itemgetter
from typing import Any

from ..core.change import DRILLED
from ..core.model import NOT_APPLICABLE, Finding, Outcome
from ..core.run import Past, Run, Standing
from ..core.zones import zone_named
from .journal import Entry
from .summaries import COMPARED, Bad, Summary
from .week import DAY, DAYS

SHOWN = 13
"""Earlier runs in a strip or a sparkline: with this one they are a fortnight of days."""
MISSED_SHOWN = 31
JOURNAL_DAYS = 30
"""Days of the journal that are read for the last change of what is bad: a thousand changes take 0.1 s in a folder, and
about 5 s in S3."""
_SEEN = (Outcome.PASSED, Outcome.WAIVED, Outcome.FAILED)
"""Outcomes of a check that looked: only then does no finding about a resource mean that it is good."""

_ENDED = (Outcome.FAILED, Outcome.BLIND)
"""Bad; of a finding about the whole stack: the check ended before it had examined each resource."""

FindingKey = tuple[str, str]
"""Check and resource."""
History = Callable[[FindingKey, Outcome], Iterator[tuple[datetime, bool]]]


def past_of(run: Run, stack: str, before: Sequence[Summary], entries: Iterable[Entry] = ()) -> Past:
    """Compare the run's part of one stack with its earlier runs of the suite, the newest first."""
    zone = zone_named(next(facts.time_zone for facts in run.stacks if facts.name == stack))
    previous = before[0].started if before else None
    since = changes_from(run.suite, run.started, previous)
    entries = [entry for entry in entries if _is_reported(entry, run.suite)]
    bad = _bad(run, stack)
    newest = list(before[:SHOWN])[::-1]
    return Past(
        stack=stack,
        runs=len(before),
        previous=previous,
        missed=tuple(_missed(previous, run.started, zone)) if previous and run.suite == "daily" else (),
        standings=tuple(_standings(run, stack, before, zone)),
        strips=_strips(newest),
        numbers=_numbers(newest),
        changes=tuple(_change(one) for one in entries if since <= one.begun),
        touched=tuple(_touched(bad, entries)),
        journal_days=JOURNAL_DAYS if bad else 0,
    )


def journal_from(run: Run, stack: str, previous: datetime | None) -> datetime:
    """The start of what a run reads of the journal; where something is bad, further back, for its last change."""
    since = changes_from(run.suite, run.started, previous)
    return min(since, run.started - timedelta(days=JOURNAL_DAYS)) if _bad(run, stack) else since


def _bad(run: Run, stack: str) -> list[Finding]:
    return [one for one in run.findings if one.stack == stack and one.outcome is Outcome.FAILED]


def _touched(bad: Sequence[Finding], entries: Sequence[Entry]) -> Iterator[dict[str, Any]]:
    """The newest change of each resource that is bad; remedies identify some by their names."""
    newest = {entry.change.target: entry for entry in entries}
    for one in {one.resource: one for one in bad}.values():
        found = [newest[name] for name in (one.resource, one.name) if name in newest]
        if found:
            yield {**_change(max(found, key=lambda entry: entry.begun)), "target": one.resource}


def _is_reported(entry: Entry, suite: str) -> bool:
    """Whether a report shows the change; what a drill made and removed, only that of the drills shows."""
    return (entry.happened or entry.is_open) and (suite == "drills" or entry.change.finding != DRILLED)


def changes_from(suite: str, started: datetime, previous: datetime | None) -> datetime:
    """The start of the changes that a run reports: since the run before; for a weekly run at least a week."""
    if suite == "weekly":
        week = started - timedelta(days=DAYS)
        return min(previous, week) if previous else week
    return previous or started - timedelta(days=1)


def _missed(previous: datetime, now: datetime, zone: tzinfo) -> Iterator[str]:
    """The days between the two on which there was no run."""
    day = previous.astimezone(zone).date()
    count = (now.astimezone(zone).date() - day).days - 1
    return ((day + timedelta(days=number)).isoformat() for number in range(1, min(count, MISSED_SHOWN) + 1))


def _standings(run: Run, stack: str, before: Sequence[Summary], zone: tzinfo) -> Iterator[Standing]:
    outcomes = {check.check: check.outcome for check in run.checks if check.stack == stack}
    findings = [one for one in run.findings if one.stack == stack]
    today = run.started.astimezone(zone).date()
    if not before:
        return  # nothing is new in the first run on record: what was before is not known

    def standing(check: str, resource: str, name: str, state: str, since: datetime) -> Standing:
        day = (today - since.astimezone(zone).date()).days + 1
        # a streak that reaches back to the oldest run compared may be longer than that
        cut = len(before) >= COMPARED and since == before[-1].started
        return Standing(check, resource, name, state, since, day, at_least=cut)

    now = {(one.check, one.resource): one for one in findings if one.outcome in _ENDED}
    history = _known(before, f"stack/{stack}")
    for key, one in now.items():
        past = list(history(key, Outcome.FAILED))
        since = _streak(past)
        if one.outcome is Outcome.BLIND:
            state = "hidden" if since else "unseen"
            since = since or _streak(list(history(key, Outcome.BLIND)))
        else:
            state = "still" if since else "flapping" if any(bad for _, bad in past[:SHOWN]) else "new"
        if state == "new" and (hidden := _out_of_sight(one.check, before, past[0][0] if past else None)):
            yield replace(standing(one.check, one.resource, one.name, state, hidden), at_least=True)
            continue
        yield standing(one.check, one.resource, one.name, state, since or run.started)
    present = {(one.check, one.resource): one for one in findings}
    for bad in _last_failures(before):
        key = (bad.check, bad.resource)
        since_failed = None if key in now else _streak(list(history(key, Outcome.FAILED)))
        if since_failed and (state := _became(bad, key, present, outcomes.get(bad.check, ""), f"stack/{stack}")):
            yield standing(bad.check, bad.resource, bad.name, state, since_failed)


def _became(bad: Bad, key: FindingKey, present: Mapping[FindingKey, Finding], outcome: str, whole: str) -> str:
    """What became of something that failed when it was last looked at; nothing where that is unknown, or waived.

    A check that failed or could not look as a whole has not examined each resource: then nothing follows from silence.
    """
    own = present.get(key)
    if own is not None:
        return "recovered" if own.outcome is Outcome.PASSED else ""
    if outcome in ("", NOT_APPLICABLE):
        return ""
    if outcome not in _SEEN:
        return "hidden"
    if bad.resource == whole:
        return "recovered" if outcome == Outcome.PASSED else ""
    ended = present.get((bad.check, whole))
    return "hidden" if ended is not None and ended.outcome in _ENDED else "gone"


def _last_failures(before: Sequence[Summary]) -> Iterator[Bad]:
    """For each check, what failed in the newest run that looked."""
    done: set[str] = set()
    for run in before:
        looked = {check for check, outcome in run.outcomes.items() if outcome in _SEEN} - done
        yield from (bad for bad in run.bad if bad.check in looked and bad.outcome == Outcome.FAILED)
        done |= looked


def _known(before: Sequence[Summary], whole: str) -> History:
    """(began, was it bad) of each earlier run that looked, the newest first. A waived failure counts as bad."""
    bad = [{(one.check, one.resource): one.outcome for one in run.bad} for run in before]

    def history(key: FindingKey, was: Outcome) -> Iterator[tuple[datetime, bool]]:
        for run, found in zip(before, bad, strict=True):
            outcome, own = run.outcomes.get(key[0], ""), found.get(key)
            if was is Outcome.BLIND:
                if outcome and outcome != Outcome.NOT_RUN:
                    yield run.started, own == Outcome.BLIND
            elif own in (Outcome.FAILED, Outcome.WAIVED):
                yield run.started, True
            elif outcome in _SEEN and own is None and not (found.get((key[0], whole)) in _ENDED and key[1] != whole):
                yield run.started, False

    return history


def _out_of_sight(check: str, before: Sequence[Summary], seen: datetime | None) -> datetime | None:
    """When the first run began that could not see it, since it was last seen; None where each could."""
    ran = takewhile(lambda run: run.outcomes.get(check, NOT_APPLICABLE) != NOT_APPLICABLE, before)
    return min((run.started for run in takewhile(lambda run: run.started != seen, ran)), default=None)


def _streak(past: Sequence[tuple[datetime, bool]]) -> datetime | None:
    """When the first of the bad runs in a row began, counted back from the newest; None where the newest was good."""
    return min((began for began, _ in takewhile(itemgetter(1), past)), default=None)


def _strips(newest: Sequence[Summary]) -> dict[str, tuple[str, ...]]:
    """The worst outcome of each check, each area, and all, in each run, the oldest first; "" where it had none."""
    areas = sorted({area for run in newest for area in run.areas.values()})
    told = {"": tuple(worst(run.outcomes.values()) for run in newest)}
    for check in sorted({check for run in newest for check in run.outcomes}):
        told[check] = tuple(worst([run.outcomes.get(check, NOT_APPLICABLE)]) for run in newest)
    for area in areas:
        told[area] = tuple(
            worst(outcome for check, outcome in run.outcomes.items() if run.areas[check] == area) for run in newest
        )
    return told


def worst(outcomes: Iterable[str]) -> str:
    """The worst of a check's or an area's outcomes, leaving out what does not apply; "" where there is none."""
    known = [outcome for outcome in outcomes if outcome != NOT_APPLICABLE]
    return max(known, key=lambda outcome: Outcome(outcome).rank, default="")


def _numbers(newest: Sequence[Summary]) -> dict[str, tuple[tuple[datetime, float], ...]]:
    labels = sorted({label for run in newest for label in run.numbers if not label.startswith(DAY)})
    return {
        label: tuple((run.started, run.numbers[label]) for run in newest if label in run.numbers) for label in labels
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
        "said": entry.lines[-1].said,
        "one_way": change.one_way,
    }
