"""Numbers as people read them, and lists as long as people read them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import TypeVar

from ..core.durations import in_words
from ..core.wording import plural as plural

T = TypeVar("T")


def first(items: Iterable[T], most: int) -> tuple[tuple[T, ...], int]:
    """The first items, at most that many, and how many are left out."""
    everything = tuple(items)
    return everything[:most], max(len(everything) - most, 0)


def named(names: Sequence[str], most: int) -> str:
    """The first names, and how many more there are."""
    shown, left = first(names, most)
    return ", ".join(shown) + (f" and {left} more" if left else "")


def capital(text: str) -> str:
    """The text with a capital letter at its beginning, and otherwise as it is."""
    return f"{text[:1].upper()}{text[1:]}"


def sentence(clause: str) -> str:
    """The clause with a capital and a full stop; nothing of nothing."""
    return f"{capital(clause)}." if clause else ""


def number(value: float | int | str, unit: str = "") -> str:
    """The number with its unit: 1,105, 235 ms, 2.3 %. Text stays as it is."""
    if isinstance(value, str):
        shown = value
    elif float(value).is_integer() or abs(value) >= 100:
        shown = f"{value:,.0f}"
    else:
        shown = f"{value:.2g}" if abs(value) < 1 else f"{value:.1f}"
    return f"{shown} {unit}".strip()


def usd(value: float) -> str:
    """As money: $1,418, $2.30, -$5.00."""
    sign = "-" if value < 0 else ""
    return f"{sign}${abs(value):,.0f}" if abs(value) >= 100 else f"{sign}${abs(value):,.2f}"


def percent(value: float) -> str:
    """With the digits that it has, at most two: 99.8 %, 100 %."""
    return f"{value:.2f}".rstrip("0").rstrip(".") + " %"


def hours(value: float) -> str:
    """A duration in hours, in words to the minute, or to the hour: 40 min, 3 h 10 min, 2 days 5 h."""
    minutes = round(value * 60) if value < 48 else round(value) * 60
    return in_words(timedelta(minutes=minutes)) if minutes else "0 min"
