"""The trend of a measure over eight weeks: a small chart with both axes and the target, drawn in a row of a table."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..core.dataclass import dataclass
from ..core.wording import plural
from .chart import Tick, drawn, pieces

WIDTH, HEIGHT = 190, 50
LEFT, RIGHT, TOP, BOTTOM = 58, 4, 6, 14
Weeks = Sequence[float | None]


@dataclass(frozen=True)
class Trend:
    """Everything in pixels: it is drawn as large as it is, so that its text has one size at every width.

    `lines` and `dots` are its points, with a gap where a week is not known; `y_ticks` the lowest and the highest value
    in the unit of the measure, `x_ticks` the first and the last week; `target` is where the dashed line lies.
    """

    said: str
    lines: tuple[str, ...]
    dots: tuple[tuple[float, float], ...]
    y_ticks: tuple[Tick, ...]
    x_ticks: tuple[Tick, ...]
    target: float | None
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT


def trend(weeks: Weeks, target: float | None, words: Callable[[float], str]) -> Trend | None:
    """The chart of these weeks, the oldest first; None where fewer than two are known."""
    known = [(place, value) for place, value in enumerate(weeks) if value is not None]
    if len(known) < 2:
        return None
    bounds = [value for _, value in known] + ([] if target is None else [target])
    low, high = min(bounds), max(bounds)
    first, last = known[0][0], len(weeks) - 1

    def x(place: int) -> float:
        return round(LEFT + 4 + (WIDTH - LEFT - RIGHT - 8) * (place - first) / max(last - first, 1), 1)

    def y(value: float) -> float:
        share = (value - low) / (high - low) if high > low else 0.5
        return round(HEIGHT - BOTTOM - 4 - (HEIGHT - BOTTOM - TOP - 4) * share, 1)

    return Trend(
        said=_said(known, last, target, words),
        lines=tuple(drawn((x(at), y(value)) for at, value in piece) for piece in pieces(known, 1) if piece[1:]),
        dots=tuple((x(at), y(value)) for at, value in known),
        y_ticks=tuple(Tick(y(value), words(value)) for value in ([low, high] if high > low else [low])),
        x_ticks=(Tick(x(first), _ago(last - first)), Tick(x(last), "now")),
        target=None if target is None else y(target),
    )


def _ago(weeks: int) -> str:
    return f"{plural(weeks, 'week')} ago" if weeks else "now"


def _said(known: Sequence[tuple[int, float]], last: int, target: float | None, words: Callable[[float], str]) -> str:
    """The chart for who cannot see it: each week that is known."""
    told = ", ".join(f"{_ago(last - place)} {words(value)}" for place, value in known)
    return told if target is None else f"{told}; target {words(target)}"
