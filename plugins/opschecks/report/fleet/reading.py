"""Finds the run of each stack of a fleet where the stacks' states lie, and makes their rows one by one.

A fleet that was dealt to shards is read by its deal: each stack's newest run that names the fleet. Without one, each
stack's newest run that is not too old counts.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from ...core import plain_json
from ...core.dataclass import dataclass
from ...core.model import Severity
from ...core.observation import fan_out
from ...core.run import Run
from ...history.fleets import CLOCKS_DIFFER, Deal, deal_of, ended_shards, newest_of
from ...history.runs import began
from ...history.storage import Place, Unreadable
from ..runfile import RunFileError, from_told
from ..times import written
from .facts import Fleet, fleet_of
from .rows import StackRow, missing, rows_of

TRIED = 20
"""Run files of a stack, the newest, among which the fleet's is looked for."""
AT_ONCE = 16


@dataclass(frozen=True)
class Wanted:
    """Which runs are wanted: those of a suite; of a fleet, by its name, or of the newest one (`newest_fleet`).

    `expected` are the stacks that must be there (None: those of the fleet's deal, or whatever is found). Without a
    fleet a run older than `oldest` is none.
    """

    suite: str
    now: datetime
    fleet: str = ""
    expected: Collection[str] | None = None
    oldest: timedelta | None = None
    fail_on: Severity = Severity.LOW


Page = Callable[[Run], str]
"""Writes a stack's own page, and returns its address."""


@dataclass(frozen=True)
class _Search:
    place: Place
    wanted: Wanted
    deal: Deal | None
    page: Page | None
    shards: dict[str, int] = field(default_factory=dict)

    @property
    def since(self) -> datetime:
        return self.deal.begun - CLOCKS_DIFFER if self.deal else self.wanted.now - self.oldest

    @property
    def oldest(self) -> timedelta:
        """How old a run, or the newest fleet, may be."""
        return self.wanted.oldest or newest_of(self.wanted.suite)


def read_fleet(place: Place, wanted: Wanted, page: Page | None = None) -> Fleet:
    """The facts of the fleet; OSError where the place cannot be read, FleetError where the deal is damaged.

    With `page`, each stack's own page is written, too; without it nothing but the rows is kept of a run, so that memory
    does not grow with what the stacks have.
    """
    deal = deal_of(place, wanted.suite, wanted.fleet) if wanted.fleet or wanted.expected is None else None
    search = _Search(place, wanted, deal, page, deal.stacks if deal else {})
    names = sorted(
        {*(wanted.expected or ()), *search.shards} if deal or wanted.expected is not None else _found(search)
    )
    rows = fan_out(partial(_row, search), names, at_once=AT_ONCE)
    strangers = [] if wanted.expected is None else sorted({*search.shards} - {*wanted.expected})
    late: list[int] = []
    if deal:
        ended = ended_shards(place, deal)
        late = [shard for shard, hand in enumerate(deal.shards, start=1) if hand and shard not in ended]
    return fleet_of(
        rows,
        suite=wanted.suite,
        made=wanted.now,
        name=deal.fleet if deal else "",
        shards=sum(bool(hand) for hand in deal.shards) if deal else 0,
        late=late,
        unknown=_unknown(search),
        notes=[f"{len(strangers)} of its stacks were not expected: {', '.join(strangers[:3])}"] if strangers else [],
    )


def _unknown(search: _Search) -> str:
    """Why the fleet is not known to be complete, or nothing."""
    deal, wanted = search.deal, search.wanted
    if not deal:
        return "" if wanted.expected is not None else NOT_EXPECTED
    too_old = not wanted.fleet and deal.begun < wanted.now - search.oldest
    return f"Start a fleet: the newest one began {written(deal.begun)}, and none since" if too_old else ""


NOT_EXPECTED = "Name the stacks that belong to it with --expect: a stack that never ran is not missed otherwise"


def _found(search: _Search) -> list[str]:
    """Every stack that has a folder at the place, and a run of the suite in it."""
    names = [name for name in search.place.folders() if not name.startswith("_")]
    keys = fan_out(lambda name: _filed(search, name), names, at_once=AT_ONCE)
    return [name for name, filed in zip(names, keys, strict=True) if filed]


def _filed(search: _Search, stack: str) -> list[str]:
    """The keys of the stack's runs of the suite, the oldest first."""
    keys = search.place.keys(f"{stack}/{search.wanted.suite}")
    return [key for key in keys if began(key.partition("/")[2])]


def _row(search: _Search, stack: str) -> StackRow:
    """The stack's row. What cannot be read is a row of its own that says so: it keeps no other stack from the page."""
    shard = search.shards.get(stack, 0)
    keys = _filed(search, stack)
    recent = [key for key in keys[-TRIED:] if (began(key.partition("/")[2]) or search.since) >= search.since]
    broken = ""
    for key in reversed(recent):
        try:
            run = _run(search, key, stack)
        except (RunFileError, Unreadable) as error:
            broken = broken or f"the run file {key} cannot be read: {error}"
            if search.deal is None:
                break  # an older one must not be taken for the newest
            continue
        if run is None:
            continue
        rows = {row.stack: row for row in rows_of(run, fail_on=search.wanted.fail_on)}
        if found := rows.get(stack):
            return replace(found, page=search.page(run)) if search.page else found
        broken = broken or f"the run file {key} is of another stack"
    return missing(stack, broken or _why(search, keys, shard), shard)


def _run(search: _Search, key: str, stack: str) -> Run | None:
    """The run, or None where it is of another fleet; without its series where no page is made of it."""
    text = search.place.read(key)
    if text is None:
        return None  # deleted since it was listed

    def told() -> dict[str, Any]:
        read: dict[str, Any] = plain_json.read(text)
        if search.page is None:
            read["observations"] = [{**seen, "resources": []} for seen in read["observations"]]
        return read

    run = from_told(told)
    if run.suite != search.wanted.suite:
        raise RunFileError(f"it is of the suite {run.suite!r}")
    if search.deal and (run.part is None or run.part.fleet != search.deal.fleet):
        return None
    return run


def _why(search: _Search, keys: list[str], shard: int) -> str:
    newest = began(keys[-1].partition("/")[2]) if keys else None
    last = f"its newest run began {written(newest)}" if newest else "it has no run at all"
    if not search.deal:
        return f"no {search.wanted.suite} run since {written(search.since)}; {last}"
    of = f" (shard {shard} of {len(search.deal.shards)})" if shard else ""
    return f"no run of this fleet{of}; {last}"
