"""The tiles: the run in numbers, each of them one that it saw."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from ...core.dataclass import dataclass
from ...core.model import NOT_APPLICABLE, CheckResult, Outcome, Series
from ...core.run import Past, Run
from ...core.wording import plural
from ...history.comparison import worst
from ..amounts import number
from ..chart import crosses, spark
from ..numbers import ACTIVE, INCIDENTS, LINES, PASSED, highest_first, key_of
from ..source import PageSource
from ..standing import TONES, WORDS

RUNS_IN_A_LINE = 5
"""With fewer runs a tile's line is that of the last 24 hours, where there is one."""
POINTS = "points"
"""The unit of the difference of two percentages; in percent it would read as a share of the first one."""


@dataclass(frozen=True)
class Tile:
    """One number. `tone` is good, bad, unsure, waived or none; `delta` how it differs from the run before.

    `worse`: it differs for the worse, and that matters: fewer checks passed, or more of what is beyond its limit.
    `key` names it in the history, `number` is its value there; `lines` is the line of what `drawn` says.
    """

    label: str
    value: str
    note: str = ""
    tone: str = "none"
    lines: tuple[str, ...] = ()
    key: str = ""
    number: float | None = None
    unit: str = ""
    delta: str = ""
    drawn: str = "last 24 h"
    worse: bool = False


def facts(source: PageSource) -> list[Tile]:
    """Checks passed, then the numbers of the one stack; of several stacks how many checks of each passed."""
    run = source.run
    if source.several:
        return [_passed(run.checks_of(stack.name), stack.name) for stack in run.stacks]
    past = run.past_of(run.stacks[0].name) if run.stacks else Past("")
    return [_with_past(tile, past, run.started) for tile in _now(run)]


def _with_past(tile: Tile, past: Past, began: datetime) -> Tile:
    """The tile with its line over the last runs, and how it differs from the newest of them."""
    before = past.numbers.get(tile.key, ())
    if tile.number is None or not before:
        return tile
    points = (*before, (began, tile.number))
    diff = tile.number - before[-1][1]
    told = f"{'▲' if diff > 0 else '▼'} {number(abs(diff), POINTS if tile.unit == '%' else tile.unit)}"
    delta = told if number(abs(diff)) != "0" else "no change"
    risen = diff < 0 if tile.key == PASSED else diff > 0 and tile.tone == "bad"
    compared = replace(tile, delta=delta, worse=risen and delta != "no change")
    if len(points) < RUNS_IN_A_LINE:
        return compared
    drawn = spark(Series(tile.key, tile.unit, points, period_s=31 * 86400))
    note = f"24 h {tile.note}" if tile.lines else tile.note  # the line is no longer of that day
    return replace(compared, lines=drawn, drawn=f"last {plural(len(points), 'run')}", note=note)


def _now(run: Run) -> Iterator[Tile]:
    yield _passed(run.checks, "Checks passed")
    for observation, label in LINES:
        yield from _line(run, observation, label)
    for one in run.observations:
        if one.name == ACTIVE:
            count, label = len(one.resources), "Active incidents"
            seen = Tile(label, str(count), tone="none" if count else "good", key=INCIDENTS, number=count)
            yield _unseen(label) if one.error else seen


def _passed(checks: Sequence[CheckResult], label: str) -> Tile:
    outcomes = [check.outcome for check in checks]
    passed, others = outcomes.count(Outcome.PASSED), outcomes.count(NOT_APPLICABLE)
    order = (one for one in reversed(Outcome) if one is not Outcome.PASSED)
    told = [f"{outcomes.count(one)} {WORDS[one]}" for one in order if one in outcomes]
    told += [f"{others} {'does' if others == 1 else 'do'} not apply"] if others else []
    tone = TONES.get(worst(outcomes), "unsure") if len(checks) > others else "none"
    return Tile(label, f"{passed} of {len(checks) - others}", ", ".join(told), tone, key=PASSED, number=passed)


def _line(run: Run, observation: str, label: str) -> Iterator[Tile]:
    """The tile of the highest such series, if the run looked for it."""
    looked = [seen for seen in run.observations if seen.name == observation]
    if found := highest_first(run, observation, label):
        yield _of_series(found[0][1], found[0][0])
    elif looked:
        yield _unseen(label) if any(seen.error for seen in looked) else Tile(label, "no data", tone="unsure")


def _of_series(line: Series, name: str) -> Tile:
    peak, last = max(value for _, value in line.points), line.points[-1][1]
    limit = f", limit {number(line.limit)}" if line.limit is not None else ""
    drawn = spark(line)
    return Tile(
        f"{line.label}, {name}",
        number(last, line.unit),
        f"{'' if drawn else '24 h '}peak {number(peak)}{limit}",
        "bad" if crosses(line) else "none",
        drawn,
        key=key_of(line, name),
        number=last,
        unit=line.unit,
    )


def _unseen(label: str) -> Tile:
    return Tile(label, "?", "could not look", "unsure")
