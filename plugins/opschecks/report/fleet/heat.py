"""The map of a fleet: a row a stack, a column a check, drawn as a few paths whose shapes tell without their colours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from markupsafe import Markup

from ...core.dataclass import dataclass
from ...core.wording import plural
from ..standing import WORDS, promise
from .facts import Fleet
from .rows import StackRow, State

CELL = 9
LEFT = 170
TOP = 6
ALL_DRAWN = 60
"""Up to so many stacks each has a row; of more, those in which every check is good are one line of text."""
LONGEST_LABEL = 30
SHAPES = {
    "failed": "h7v7h-7z",
    "blind": "m3.5 0l3.5 3.5l-3.5 3.5l-3.5-3.5z",
    "not_run": "m0 3.5h7",
    "waived": "m0 7h7l-3.5-6z",
    "passed": "m3 3.5h1",
}
"""What is drawn from the upper left corner of a cell: a square, a diamond, a line, a triangle, a point."""


Label = tuple[float, float, str, str]
"""A text of the map: its place, its words, and what it links to, or nothing."""


@dataclass(frozen=True)
class Heat:
    """The map; `said` is what it shows in words, `columns` the checks in order, and on how many stacks each fails.

    `layers` are the cells of each outcome as one path: the outcome, its words, the path, the shape of a cell. `lines`
    are the paths of rows without a run; `good` is how many stacks without anything to tell are left out.
    """

    width: int
    height: int
    layers: tuple[tuple[str, str, Markup, Markup], ...]
    labels: tuple[Label, ...]
    heads: tuple[Label, ...]
    lines: Markup
    columns: tuple[tuple[str, int], ...]
    good: int
    said: str


def heat_of(fleet: Fleet, links: Mapping[str, str]) -> Heat | None:
    """The map; None where no stack has a check. `links` are the anchors of the stacks' rows."""
    rows = [row for row in fleet.rows if len(fleet.rows) <= ALL_DRAWN or not _all_passed(row)]
    good = len(fleet.rows) - len(rows)
    if not fleet.checks or not rows:
        return None
    column = {check: LEFT + CELL * place for place, check in enumerate(fleet.checks)}
    top = TOP + 2 * CELL
    paths: dict[str, list[str]] = {outcome: [] for outcome in SHAPES}
    lines, labels = [], []
    for place, row in enumerate(rows):
        y = top + CELL * place
        labels.append((LEFT - 6, y + 7, _short(row.stack), links.get(row.stack, "")))
        if row.state is State.MISSING:
            lines.append(f"M{LEFT} {y + 3.5}h{CELL * len(column) - 2}")
        for check, outcome in row.outcomes.items():
            if outcome in paths:
                paths[outcome].append(f"M{column[check]} {y}{SHAPES[outcome]}")
    numbered = enumerate(column.values(), start=1)
    heads = [(x + 3.5, TOP + CELL, str(number), "") for number, x in numbered if number == 1 or number % 5 == 0]
    columns = tuple(
        (promise(check), sum(row.outcomes.get(check) == "failed" for row in fleet.rows)) for check in fleet.checks
    )
    return Heat(
        width=LEFT + CELL * len(column) + 2,
        height=top + CELL * len(rows) + 2,
        layers=tuple((one, WORDS[one], drawn(of), drawn(SHAPES[one])) for one, of in paths.items() if of),
        labels=tuple(labels),
        heads=tuple(heads),
        lines=drawn(lines),
        columns=columns,
        good=good,
        said=f"Outcome of {plural(len(column), 'check')} on {plural(len(rows), 'stack')}; the table has it in words",
    )


def _all_passed(row: StackRow) -> bool:
    return row.state is State.GOOD and all(one in ("passed", "not_applicable") for one in row.outcomes.values())


def drawn(parts: Iterable[str]) -> Markup:
    """A path: numbers and commands of ours, which are neither escaped nor cut as text of the world is."""
    return Markup("".join(parts))  # noqa: S704 - nothing of it comes from elsewhere


def _short(text: str) -> str:
    """The name without its middle where it is long: those of one fleet often begin and end alike."""
    half = LONGEST_LABEL // 2
    return text if len(text) <= LONGEST_LABEL else f"{text[:half]}…{text[-half:]}"
