"""Output that fits the terminal: help with examples beside or above their words, and what `opschecks list` prints.

A table has headings and is as wide as the terminal; where there is none, it is plain lines. Not by rich: names are
copied from here, so that they stay whole and without borders, and a terminal and a pipe have the same lines, for which
three more packages would be too much.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click

from ..report.columns import wrapped

_SIDE_BY_SIDE = re.compile(r"(?P<indent> *)(?P<command>\S.*?) {2,}(?P<words>\S.*)")
_OPTION = re.compile(r" (?=--)")
FURTHER = 6


class _Formatter(click.HelpFormatter):
    """Divides what click leaves as it is: the lines of a paragraph that begins with a backspace."""

    def getvalue(self) -> str:
        """The help, no line of which is wider than the terminal, but for a word that is."""
        lines = super().getvalue().split("\n")
        return "\n".join(piece for line in lines for piece in _fitting(line, self.width))


class FittingContext(click.Context):
    """Of every command: its help is made by that formatter."""

    formatter_class: Any = _Formatter


def fit(command: click.Command) -> None:
    """Let the help of the command, and of each below it, fit."""
    command.context_class = FittingContext
    for each in command.commands.values() if isinstance(command, click.Group) else ():
        fit(each)


def _fitting(line: str, width: int) -> list[str]:
    if len(line) <= width:
        return [line]
    if found := _SIDE_BY_SIDE.fullmatch(line):
        words = " " * (len(found["indent"]) + FURTHER) + found["words"]
        return [*_continued(found["indent"] + found["command"], width), *wrapped(words, width, 0)]
    return _continued(line, width)


def _continued(line: str, width: int) -> list[str]:
    """A command on several lines, as a shell reads them."""
    if len(line) <= width:
        return [line]
    begin, *options = _OPTION.split(line)
    lines, indent = [begin], " " * (len(line) - len(line.lstrip()) + FURTHER)
    for option in options:
        if len(lines[-1]) + len(option) + 3 > width:
            lines.append(indent + option)
        else:
            lines[-1] += f" {option}"
    return [*(f"{one} \\" for one in lines[:-1]), lines[-1]]


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
