"""Durations: as people write them in commands (90m, 2h, 1d), and in words (3 h 10 min, 2 days)."""

from __future__ import annotations

import re
from datetime import timedelta

from .wording import plural

_SPAN = re.compile(r"(\d+)([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def span_of(text: str) -> timedelta:
    """The span; ValueError for any other text, or one that is too long."""
    match = _SPAN.fullmatch(text)
    if not match:
        raise ValueError(f"{text!r}: expected 90m, 2h or 1d")
    try:
        return timedelta(**{_UNITS[match[2]]: int(match[1])})
    except OverflowError:
        raise ValueError(f"{text!r}: it is too long") from None


def in_words(span: timedelta) -> str:
    """The duration in words, in the two largest units that it needs: 90 s, 40 min, 3 h 10 min, 2 days 5 h."""
    seconds = round(span / timedelta(seconds=1))
    if seconds < 120:
        return f"{seconds} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 48 * 60:
        hours, left = divmod(minutes, 60)
        return f"{hours} h {left} min" if left else f"{hours} h"
    days, left = divmod(round(minutes / 60), 24)
    return f"{plural(days, 'day')} {left} h" if left else plural(days, "day")
