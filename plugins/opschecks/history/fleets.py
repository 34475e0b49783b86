"""A fleet's records: which stacks each of its shards checks, written once for all of them, and what each has ended.

They lie beside the stacks' own folders, in `_fleets/SUITE/`; no stack's name begins so. The run files stay where those
of every run are, and name their fleet.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from ..core.dataclass import dataclass
from ..core.observation import fan_out
from ..core.wording import nearest, plural
from .storage import Storage, Unreadable

FORMAT = 1
ROOT = "_fleets"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
"""What a fleet may be called: it is a part of file names."""
READ = 20
"""Deals, the last written, among which the newest is looked for."""
NAMED = 3
CLOCKS_DIFFER = timedelta(minutes=10)
"""By how much the clocks of the machines of one fleet may differ."""
_NEWEST = {"daily": timedelta(hours=26), "weekly": timedelta(days=8)}


class FleetError(Exception):
    """A fleet's records are damaged, or do not fit this run; the message says what to do."""


@dataclass(frozen=True)
class Deal:
    """Which stacks each shard checks: `shards` has their names, the first shard's first."""

    suite: str
    fleet: str
    begun: datetime
    shards: tuple[tuple[str, ...], ...]

    @property
    def stacks(self) -> dict[str, int]:
        """The shard of each stack, counted from 1."""
        return {name: number for number, names in enumerate(self.shards, start=1) for name in names}


@dataclass(frozen=True)
class Ended:
    """A shard that has ended: when, with which exit code, and how many seconds it looked at each of its stacks."""

    shard: int
    at: datetime
    exit_code: int
    seconds: Mapping[str, float]


def newest_of(suite: str) -> timedelta:
    """How old a stack's newest run may be, and the newest fleet: of suites that run at any time, as good as any age."""
    return _NEWEST.get(suite, timedelta(days=400))


def dealt(seconds: Mapping[str, float | None], shards: int) -> tuple[tuple[str, ...], ...]:
    """The stacks of each shard, so that all shards take about as long: the longest first, each to the least burdened.

    `seconds` is how long each stack took last (None: not known, which counts as the median of the others). The same
    input gives the same deal, whatever its order.
    """
    known = [value for value in seconds.values() if value is not None]
    usual = median(known) if known else 1.0
    length = {name: usual if value is None else value for name, value in seconds.items()}
    loads = [(0.0, 0, shard) for shard in range(shards)]
    hands: list[list[str]] = [[] for _ in range(shards)]
    for name in sorted(length, key=lambda one: (-length[one], one)):
        load, count, shard = min(loads)
        hands[shard].append(name)
        loads[shard] = (load + length[name], count + 1, shard)
    return tuple(tuple(sorted(hand)) for hand in hands)


def agreed(store: Storage, suite: str, fleet: str, stacks: Collection[str], shards: int, now: datetime) -> Deal:
    """The fleet's deal: the first shard to ask writes it, and every other one reads the same; so does one run again.

    FleetError where that is too old, of other stacks or another number of shards; OSError where it cannot be read.
    """
    key = _deal_key(suite, fleet)
    found = _read(store, key)
    if found is None:
        lasted = _seconds_before(store, suite)
        hands = dealt({name: lasted.get(name) for name in stacks}, shards)
        told = {"format": FORMAT, "suite": suite, "fleet": fleet, "begun": now.isoformat(), "shards": hands}
        if store.create(key, json.dumps(told, indent=1) + "\n"):
            return Deal(suite, fleet, now, hands)
        found = _read(store, key)
    deal = _deal_of(found or {}, f"{store}/{key}")
    if now - deal.begun > newest_of(suite):  # its old runs would count as today's
        raise FleetError(f"fleet {fleet} began {deal.begun:%Y-%m-%d %H:%M} UTC: give this one another name (--fleet)")
    if len(deal.shards) != shards:
        raise FleetError(
            f"fleet {fleet} was dealt to {plural(len(deal.shards), 'shard')}, and this is one of {shards}: run it "
            "with that number, or give this fleet another name (--fleet)"
        )
    if difference := _difference(deal.stacks, stacks):
        raise FleetError(
            f"fleet {fleet} was dealt from other stacks ({difference}): every shard needs the same stacks.toml; or "
            "give this fleet another name (--fleet)"
        )
    return deal


def _difference(theirs: Iterable[str], ours: Iterable[str]) -> str:
    theirs, ours = set(theirs), set(ours)
    parts = [(sorted(ours - theirs), "not in it"), (sorted(theirs - ours), "only in it")]
    return ", ".join(f"{', '.join(names[:NAMED])} {words}" for names, words in parts if names)


def write_ended(store: Storage, deal: Deal, ended: Ended) -> None:
    """Keep that a shard has ended; one that is run again replaces what it said before."""
    told = {
        "format": FORMAT,
        "shard": ended.shard,
        "at": ended.at.isoformat(),
        "exit_code": ended.exit_code,
        "seconds": {name: round(value, 3) for name, value in ended.seconds.items()},
    }
    store.replace(_ended_key(deal.suite, deal.fleet, ended.shard), json.dumps(told) + "\n", kind="application/json")


def ended_shards(store: Storage, deal: Deal) -> dict[int, Ended]:
    """The shards of the fleet that have ended, by their number; one whose record is damaged is not known to have."""
    keys = [_ended_key(deal.suite, deal.fleet, shard) for shard in range(1, len(deal.shards) + 1)]
    there = set(store.keys(f"{ROOT}/{deal.suite}/ended"))
    told = fan_out(lambda key: _ended(store, key), [key for key in keys if key in there])
    return {one.shard: one for one in told if one}


def _ended(store: Storage, key: str) -> Ended | None:
    try:
        told = _read(store, key) or {}
        seconds = {str(name): float(value) for name, value in told["seconds"].items()}
        return Ended(int(told["shard"]), _moment(told["at"]), int(told["exit_code"]), seconds)
    except (FleetError, LookupError, TypeError, ValueError, AttributeError):
        return None


def deal_of(store: Storage, suite: str, fleet: str = "") -> Deal | None:
    """The deal of that fleet, or of the one that began last; None where there is none.

    FleetError where it is damaged, or no fleet is called so.
    """
    if fleet:
        found = _read(store, _deal_key(suite, fleet)) if NAME.fullmatch(fleet) else None
        if found is None:
            known = [key.rpartition("/")[2].removesuffix(".json") for key in _deals(store, suite)[-READ:]]
            raise FleetError(f"--fleet {fleet}: {store} has no {suite} fleet of that name; {nearest(fleet, known)}")
        return _deal_of(found, f"{store}/{_deal_key(suite, fleet)}")
    keys = _deals(store, suite)[-READ:]
    deals = [_deal_of(found, f"{store}/{key}") for key in keys if (found := _read(store, key))]
    return max(deals, key=lambda deal: (deal.begun, deal.fleet), default=None)


def _deals(store: Storage, suite: str) -> list[str]:
    """The keys of all deals of the suite, the last written last."""
    found = store.written(f"{ROOT}/{suite}/deals")
    return sorted((key for key in found if key.endswith(".json")), key=lambda key: (found[key], key))


def _seconds_before(store: Storage, suite: str) -> Mapping[str, float]:
    """How long each stack took in the fleet before; nothing of what cannot be read: then all count alike."""
    try:
        before = deal_of(store, suite)
        ended = ended_shards(store, before) if before else {}
    except FleetError:
        return {}
    return {name: value for one in ended.values() for name, value in one.seconds.items()}


def _deal_key(suite: str, fleet: str) -> str:
    return f"{ROOT}/{suite}/deals/{fleet}.json"


def _ended_key(suite: str, fleet: str, shard: int) -> str:
    return f"{ROOT}/{suite}/ended/{fleet}.{shard}.json"


def _read(store: Storage, key: str) -> dict[str, Any] | None:
    """The record as plain data; FleetError where it is none."""
    try:
        text = store.read(key)
        told = None if text is None else json.loads(text)
    except (Unreadable, ValueError, RecursionError) as error:
        raise FleetError(f"{store}/{key}: not a record of a fleet: {error}") from None
    if told is not None and (not isinstance(told, dict) or told.get("format") != FORMAT):
        raise FleetError(f"{store}/{key}: not a record of a fleet that this version can read")
    return told


def _deal_of(told: Mapping[str, Any], where: str) -> Deal:
    try:
        shards = tuple(tuple(map(str, names)) for names in told["shards"])
        deal = Deal(str(told["suite"]), str(told["fleet"]), _moment(told["begun"]), shards)
    except (LookupError, TypeError, ValueError) as error:
        raise FleetError(f"{where}: not a fleet's deal: {type(error).__name__}: {error}") from None
    if len(deal.stacks) != sum(map(len, shards)):
        raise FleetError(f"{where}: a stack is dealt to two shards")
    return deal


def _moment(text: Any) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text}: no time zone")
    return moment
