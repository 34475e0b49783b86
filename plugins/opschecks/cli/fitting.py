"""Help that fits: an example and its words side by side where the terminal is wide enough, else below each other."""

from __future__ import annotations

import re
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
