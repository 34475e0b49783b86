"""What `opschecks list` prints: a table with headings as wide as the terminal, plain lines where it is none.

Not by rich: names are copied from here, so that they stay whole and without borders, and a terminal and a pipe have the
same lines, for which three more packages would be too much.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import click

from ..report.columns import wrapped

ListRow = Mapping[str, str]
NAME_SHARE = 3
"""A table has its names beside what is told of them where they take at most such a part of the width."""
RULE = "─"


def table_of(rows: Sequence[ListRow], width: int | None) -> Iterator[str]:
    """The rows, each with what is told of it beside its name; below it where the terminal is too narrow for that.

    `width` is that of the terminal; None: it is none, so that there are no headings and no line is divided.
    """
    column, *rest = rows[0]
    broad = max(len(row[column]) for row in rows)
    beside = width is None or broad <= width // NAME_SHARE
    indent = max(broad, len(column)) + 2 if beside and width else broad + 2 if beside else 4
    if width is not None:
        told = [key for key in rest if any(row[key] for row in rows)]
        yield from _heading(column, ", ".join(told), width, indent if beside else 0)
    for place, row in enumerate(rows):
        first, *others = [row[key] for key in rest if row[key]] or [""]
        if beside:
            yield from wrapped(f"{row[column]:{indent}}{first}".rstrip(), width, indent)
        else:
            others = [first, *others]
            yield from [""] * bool(place)
            yield from wrapped(row[column], width)
        for line in others:
            yield from wrapped(f"{'':{indent}}{line}", width, 0)


def _heading(column: str, told: str, width: int, indent: int) -> Iterator[str]:
    """What the names and the lines beside them are, above a rule."""
    line = f"{column:{indent}}{told}" if indent else f"{column}: {told}"
    for each in wrapped(line.rstrip(" :"), width, indent or 4):
        yield click.style(each, bold=True)
    yield RULE * width
