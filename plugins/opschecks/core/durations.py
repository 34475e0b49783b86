"""A duration as people write it: 90m, 2h, 1d."""

from __future__ import annotations

import re
from datetime import timedelta

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
