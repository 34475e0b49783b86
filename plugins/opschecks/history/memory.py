"""A memory of what was there: kinds of resources that earlier runs of the suite saw, and this one does not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC

from ..core.wording import plural
from .summaries import Saw, Summary

SHRUNK_BY = 3
"""Fewer that are gone are everyday life, however few there were."""


ADVICE = " – "
"""Stands between what is gone and what is to be done about it."""


def last_seen(name: str, before: Iterable[Summary]) -> tuple[Summary, Saw] | None:
    """The newest run that could make the observation, and what it saw; None where none is known.

    A run that did not believe what it saw could not make it: so what is gone stays gone until somebody accepts it.
    """
    return next(((run, run.saw[name]) for run in before if name in run.saw), None)


def vanished(name: str, before: Iterable[Summary]) -> str:
    """What is to be said of an observation that sees nothing; "" where the last one saw nothing either."""
    found = last_seen(name, before)
    if not found or not found[1].count:
        return ""
    run, saw = found
    more = f" and {saw.count - len(saw.names)} more" if saw.count > len(saw.names) else ""
    return (
        f"there is none, and the run of {run.started.astimezone(UTC):%Y-%m-%d %H:%M} UTC saw {_count(name, saw.count)} "
        f'({", ".join(saw.names)}{more}){ADVICE}restore what was deleted, or accept it by gone = ["{name}"] for this '
        "stack in stacks.toml for one run"
    )


def shrunk(name: str, now: int, before: Iterable[Summary]) -> str:
    """What is to be said where less than half of what the last run saw is left; "" otherwise."""
    found = last_seen(name, before)
    if not found or not now or 2 * now >= found[1].count or found[1].count - now < SHRUNK_BY:
        return ""
    run, saw = found
    return (
        f"{_count(name, now)} where the run of {run.started.astimezone(UTC):%Y-%m-%d %H:%M} UTC saw {saw.count}: "
        "look whether the others were meant to go"
    )


def idle(accepted: Sequence[str], counts: Mapping[str, int], before: Sequence[Summary]) -> Iterator[str]:
    """A sentence for each accepted name that accepts nothing: the next deletion would be passed over.

    `counts` is what lasting observations of this run saw.
    """
    for name in accepted:
        found = last_seen(name, before)
        if name in counts and (counts[name] or not found or not found[1].count):
            yield f'gone = ["{name}"] in stacks.toml has nothing to accept any more: remove it'


def _count(name: str, number: int) -> str:
    words = name.replace("_", " ")
    return plural(number, words.removesuffix("s")) if words.endswith("s") else f"{number} {words}"
