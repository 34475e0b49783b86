"""Text from AWS and logs, made fit for a terminal and a page."""

from __future__ import annotations

import functools
import re
import unicodedata

from ..core.redaction import SHORT, redact_text

_HIDDEN = frozenset(("Cc", "Cf", "Zl", "Zp"))
"""Categories of characters that nobody sees: controls, formats such as those that turn the direction, line ends."""
_BLANK = re.compile("[\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0]")
"""Letters and signs that are drawn as nothing."""
_MARKUP = re.compile(r"([!-/:-@\[-`{-~])")

LONGEST = 1500
"""Characters of one string from the world that a page shows; the run file has all of it."""


class Whole(str):
    """Text that is meant to be shown whole, such as raw evidence, which has a limit of its own."""

    __slots__ = ()


def shortened(text: str) -> str:
    """The text, cut after LONGEST characters."""
    return text if len(text) <= LONGEST or isinstance(text, Whole) else text[:LONGEST] + "… (cut here)"


def clean(text: str) -> str:
    """The text as a page shows it: without secrets, and without the control characters of the world."""
    return _remembered(text) if len(text) <= SHORT else _cleaned(text)


def _cleaned(text: str) -> str:
    return printable_lines(redact_text(shortened(text)))


_remembered = functools.lru_cache(maxsize=5_000)(_cleaned)


def markdown(text: str) -> str:
    """The text as `clean` has it, on one line of Markdown, in which nothing of it is markup."""
    return _MARKUP.sub(r"\\\1", printable(" ".join(redact_text(shortened(text)).split())))


def printable(text: str) -> str:
    """The text with every character that cannot be seen spelled out (`\\x1b`, `\\u200b`)."""
    if text.isprintable() and not _BLANK.search(text):
        return text
    return "".join(_spelled(one) if unicodedata.category(one) in _HIDDEN or _BLANK.match(one) else one for one in text)


def printable_lines(text: str) -> str:
    """As `printable`, but for the ends of its lines."""
    return "\n".join(printable(line) for line in text.split("\n"))


def _spelled(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
