"""Durations: as people write them in commands (90m, 2h, 1d), and in words (3 h 10 min, 2 days)."""

from __future__ import annotations

import re
from datetime import timedelta

from .wording import plural

_SPAN = re.compile(r"(\d+)([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def span_of(text: str) -> timedelta:
    """The span; ValueError for any other text, or one that is too long."""
    if not (match := _SPAN.fullmatch(text)):
        raise ValueError(f"{text!r}: expected 90m, 2h or 1d")
    try:
        return timedelta(**{_UNITS[match[2]]: int(match[1])})
    except OverflowError:
        raise ValueError(f"{text!r}: it is too long") from None


def in_words(span: timedelta) -> str:
    """The duration in words, in its two largest units: 40 s, 59 min 59 s, 3 h 10 min, 2 days 5 h.

    The rest is left out, so that nothing reads as if it had reached a limit that it is short of.
    """
    minutes, seconds = divmod(int(span / timedelta(seconds=1)), 60)
    hours, minutes_left = divmod(minutes, 60)
    days, hours_left = divmod(hours, 24)
    if days > 1:
        units = [plural(days, "day"), f"{hours_left} h" if hours_left else ""]
    elif hours:
        units = [f"{hours} h", f"{minutes_left} min" if minutes_left else ""]
    elif minutes:
        units = [f"{minutes} min", f"{seconds} s" if seconds else ""]
    else:
        units = [f"{seconds} s"]
    return " ".join(filter(None, units))
