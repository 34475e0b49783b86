"""Geometry of the bars in a table's row: parts beside one another, or a span within a week. Everything in percent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

THINNEST = 0.8
"""What is there is seen, however small it is."""


BarPart = tuple[float, float, str]
"""One rectangle: where it begins, how wide it is, and its class in the style sheet."""


def stacked(values: Sequence[tuple[float, str]], most: float) -> tuple[BarPart, ...]:
    """Values beside one another, `most` being the whole width; nothing of what is 0 or less, or beyond the width."""
    parts: list[BarPart] = []
    x = 0.0
    for value, tone in values:
        width = min(100 * value / most, 100.0 - x) if most > 0 and value > 0 else 0.0
        if width > 0:
            parts.append((round(min(x, 100 - THINNEST), 2), round(max(width, THINNEST), 2), tone))
        x += width
    return tuple(parts)


def span(begin: datetime, end: datetime, first: datetime, last: datetime, tone: str) -> BarPart:
    """The part of the time from `first` to `last` that lies between the two moments."""
    whole = (last - first) / timedelta(seconds=1)
    left = max((begin - first) / timedelta(seconds=1), 0.0) / whole * 100
    right = min((end - first) / timedelta(seconds=1), whole) / whole * 100
    return round(min(left, 100 - THINNEST), 2), round(max(right - left, THINNEST), 2), tone
