"""Episodes: each time a check failed, from the first run that failed to the next good one; what was tried."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from ..core.dataclass import dataclass
from ..core.model import Outcome
from .journal import Entry
from .summaries import Summary

GOOD = (Outcome.PASSED, Outcome.WAIVED)


@dataclass(frozen=True)
class Episode:
    """One time that a check failed; `until` is None while it does. `cut`: it may have begun before the first run known.

    `resources` are those that failed in it. A run that could not look does not end it.
    """

    check: str
    since: datetime
    until: datetime | None
    cut: bool
    resources: frozenset[str]

    @property
    def lasted(self) -> timedelta | None:
        """From the run that saw it fail to the one that saw it good; None while it does."""
        return self.until - self.since if self.until else None

    def tried(self, entries: Iterable[Entry]) -> list[Entry]:
        """The changes of the journal that were made for it while it lasted: for its check, or on what failed."""
        return [
            entry
            for entry in entries
            if entry.happened
            and (entry.change.check == self.check or entry.change.target in self.resources)
            and self.since <= entry.begun
            and (self.until is None or entry.begun <= self.until)
        ]


def episodes(runs: Sequence[Summary]) -> list[Episode]:
    """Every episode in the runs (the oldest first), in the order in which they began."""
    begun: dict[str, datetime] = {}
    failed: dict[str, set[str]] = {}
    done: list[Episode] = []
    first = runs[0].started if runs else None

    def ended(check: str, until: datetime | None) -> Episode:
        since = begun.pop(check)
        return Episode(check, since, until, since == first, frozenset(failed.pop(check)))

    for run in runs:
        for check, outcome in run.outcomes.items():
            if outcome == Outcome.FAILED:
                begun.setdefault(check, run.started)
                failed.setdefault(check, set())
            elif outcome in GOOD and check in begun:
                done.append(ended(check, run.started))
        for bad in run.bad:
            if bad.outcome == Outcome.FAILED and bad.check in begun:
                failed[bad.check].add(bad.resource)
    done += [ended(check, None) for check in list(begun)]
    return sorted(done, key=lambda one: (one.since, one.check))
