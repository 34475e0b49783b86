"""Lines for a terminal: as wide as it is, divided between words, and long names after their separators."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from typing import TextIO

HANG = 2
"""How much further than its first line the others of one line are indented."""
NARROWEST = 20
CUT = " …"
KEPT = 0.75
"""The part of the room of a cut line that its text fills at least."""
_ENDS = re.compile(r"[/:_.@,;=&-]")
_WORDS = re.compile(r"\s+|\S+")
_PARTS = re.compile(r"[^/:_.@,;=&-]*[/:_.@,;=&-]+|[^/:_.@,;=&-]+")


def width_of(stream: TextIO) -> int | None:
    """How many columns the stream's terminal has; None where it is not a terminal: lines stay whole."""
    return shutil.get_terminal_size().columns if stream.isatty() else None


def wrapped(line: str, width: int | None, hang: int = HANG) -> list[str]:
    """The line as lines of at most `width` columns, the later ones indented by `hang` more than the first.

    A word is never divided, but for a name that has no room on a line of its own: after its separators.
    """
    if width is None or len(line) <= max(width, NARROWEST):
        return [line]
    width, text = max(width, NARROWEST), line.lstrip()
    indent = line[: len(line) - len(text)]
    lines, now, further = [], indent, " " * min(len(indent) + hang, width // 2)
    for piece in _pieces(text, width - len(further)):
        if len(now) + len(piece.rstrip()) > width and now.strip():
            lines.append(now.rstrip())
            now = further + piece.lstrip()
        else:
            now += piece
    return [*lines, now.rstrip()] if now.strip() else lines


def _pieces(text: str, room: int) -> Iterator[str]:
    """Words, each with the spaces after it; parts of one that is too long."""
    for word in _WORDS.findall(text):
        if len(word) <= room or word.isspace():
            yield word
        else:
            yield from _PARTS.findall(word)


def cut(line: str, longest: int) -> str:
    """The line, ended where it is longer: after a word, else after a separator, if that costs little of it."""
    if len(line) <= longest:
        return line
    room = longest - len(CUT)
    ends = (line.rfind(" ", 0, room + 1), max((one.end() for one in _ENDS.finditer(line, 0, room)), default=0), room)
    end = next(end for end in ends if end >= KEPT * room)
    return f"{line[:end].rstrip(' ;,')}{CUT}"
