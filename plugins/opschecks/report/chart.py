"""Series to the geometry of a small line chart; the macro `svg` of `templates/parts.html` draws it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta, tzinfo
from typing import Any, NamedTuple

from markupsafe import Markup

from ..core.dataclass import dataclass
from ..core.model import Series
from .amounts import number
from .times import moment

WIDTH, HEIGHT = 320, 150
LEFT, RIGHT, TOP, BOTTOM = 60, 10, 18, 22
SHORT_UNIT = 2
LABEL = 34
"""How wide a time is below the axis; one that would be cut at the edge is left out."""
SPARK_WIDTH, SPARK_HEIGHT = 110, 26
LONG = timedelta(days=3)
"""Beyond this an axis has days instead of hours."""
GAP = 1.5
"""Points further apart than this many periods are not joined: what was between them is not known."""

Point = tuple[datetime, float]


class Tick(NamedTuple):
    """A labelled place on an axis."""

    at: float
    label: str


@dataclass(frozen=True)
class Chart:
    """Everything in the SVG's own coordinates. `said` is the chart in words, for who cannot see it."""

    title: str
    said: str
    lines: tuple[str, ...]
    dots: tuple[tuple[float, float], ...]
    over: tuple[tuple[float, float], ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    limit: Tick | None
    before: tuple[str, ...] = ()
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP
    bottom: int = HEIGHT - BOTTOM


def chart(series: Series, name: str, zone: tzinfo, earlier: Series | None = None) -> Chart | None:
    """The chart of a series about `name`, its times in `zone`; None where there is no point to draw.

    `earlier` is the same series a day or so before: drawn at the hours of the day that it had.
    """
    points = series.points
    if not points:
        return None
    before = list(_a_day_later(earlier, points[0][0], points[-1][0])) if earlier else []
    values = [value for _, value in (*points, *before)]
    top = _nice(max(values + ([series.limit] if series.limit else [])))
    unit = series.unit if len(series.unit) <= SHORT_UNIT else ""  # a longer one has room in the title only
    begin, end = points[0][0], max(points[-1][0], points[0][0] + timedelta(seconds=series.period_s))

    x_a_second = (WIDTH - LEFT - RIGHT) / (end - begin).total_seconds()
    y_a_unit, floor = (HEIGHT - TOP - BOTTOM) / top, HEIGHT - BOTTOM

    def places(of: Sequence[Point]) -> list[tuple[float, float]]:
        return [
            (LEFT + x_a_second * (time - begin).total_seconds(), floor - y_a_unit * (0.0 if value < 0 else value))
            for time, value in of
        ]

    def x(time: datetime) -> float:
        return round(places([(time, 0.0)])[0][0], 1)

    def y(value: float) -> float:
        return round(places([(begin, value)])[0][1], 1)

    def lines(joined: Iterable[list[Point]]) -> tuple[str, ...]:
        return tuple(drawn(places(piece)) for piece in joined if len(piece) > 1)

    joined = list(_pieces(points, series.period_s))

    half = timedelta(seconds=series.period_s / 2)
    beyond = [point for point in points if series.limit is not None and point[1] > series.limit]
    return Chart(
        title=f"{series.label}{f' {series.unit}' if series.unit and not unit else ''} – {name}",
        said=_said(series, name, zone),
        lines=lines(joined),
        before=lines(_pieces(before, series.period_s)),
        dots=tuple((x(one[0][0]), y(one[0][1])) for one in joined if len(one) == 1),
        over=tuple(
            (x(max(piece[0][0] - half, begin)), x(min(piece[-1][0] + half, end)))
            for piece in _pieces(beyond, series.period_s)
        ),
        x_ticks=tuple(
            Tick(x(time), f"{time.astimezone(zone):{'%d %b' if end - begin > LONG else '%H:%M'}}")
            for time in _hours(begin, end, zone)
            if x(time) <= WIDTH - LABEL / 2
        ),
        y_ticks=tuple(Tick(y(value), number(value, unit)) for value in (0.0, top / 2, top)),
        limit=None if series.limit is None else Tick(y(series.limit), f"limit {number(series.limit, series.unit)}"),
    )


def spark(series: Series) -> tuple[str, ...]:
    """The lines of a tile's miniature, from the series' lowest to its highest value."""
    values = [value for _, value in series.points]
    if len(values) < 2:
        return ()
    low, high = min(values), max(values)
    begin, end = series.points[0][0], series.points[-1][0]
    x_a_second = (SPARK_WIDTH - 2) / (end - begin).total_seconds()

    def at(time: datetime, value: float) -> tuple[float, float]:
        share = (value - low) / (high - low) if high > low else 0.5
        across = x_a_second * (time - begin).total_seconds()
        return 1 + across, SPARK_HEIGHT - 2 - (SPARK_HEIGHT - 4) * share

    joined = _pieces(series.points, series.period_s)
    return tuple(drawn(at(time, value) for time, value in piece) for piece in joined if len(piece) > 1)


def drawn(places: Iterable[tuple[float, float]]) -> str:
    """An SVG polyline's points, to a tenth of a pixel: numbers of ours, in which nothing is to be masked or escaped."""
    return Markup(" ".join([f"{across:.1f},{up:.1f}" for across, up in places]))  # noqa: S704 - numbers


def crosses(series: Series) -> bool:
    """Whether the series goes over its limit."""
    return series.limit is not None and any(value > series.limit for _, value in series.points)


def _pieces(points: Sequence[Point], period_s: int) -> Iterator[list[Point]]:
    return pieces(points, timedelta(seconds=period_s * GAP))


def pieces(points: Iterable[tuple[Any, float]], longest: Any) -> Iterator[list[tuple[Any, float]]]:
    """The points that are joined by a line: no two of them that follow each other are further apart than that."""
    piece: list[tuple[Any, float]] = []
    last = None
    for point in points:
        if last is not None and point[0] - last > longest:
            yield piece
            piece = []
        piece.append(point)
        last = point[0]
    if piece:
        yield piece


def _a_day_later(earlier: Series, begin: datetime, end: datetime) -> Iterator[Point]:
    """Its points moved by whole days, so far that they lie beside the others; those between the two moments."""
    if earlier.points:
        days = round((end - earlier.points[-1][0]) / timedelta(days=1))
        for time, value in earlier.points if days else ():
            moved = time + timedelta(days=days)
            if begin <= moved <= end:
                yield moved, value


def _nice(value: float) -> float:
    """The next round number above, so that the axis has one at its top and its middle."""
    if value <= 0:
        return 1.0
    magnitude: float = 10.0 ** math.floor(math.log10(value))
    return next(step * magnitude for step in (1, 2, 3, 4, 5, 6, 8, 10) if step * magnitude >= value * 0.999)


def _hours(begin: datetime, end: datetime, zone: tzinfo) -> Iterator[datetime]:
    if end - begin > LONG:
        day = begin.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
        step_days = max(1, round((end - begin) / timedelta(days=4)))
        for number in range(1, (end - begin).days + 2, step_days):
            if begin <= day + timedelta(days=number) <= end:
                yield day + timedelta(days=number)
        return
    step = 6 if end - begin > timedelta(hours=12) else 1
    time = begin.astimezone(zone).replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    while time <= end:
        if time.hour % step == 0:
            yield time
        time += timedelta(hours=1)


def _said(series: Series, name: str, zone: tzinfo) -> str:
    time, value = max(series.points, key=lambda point: point[1])
    by_day = series.period_s >= timedelta(days=1).total_seconds()  # a day's value has no time of the day
    when = f"on {time.astimezone(zone):%a %d %b}" if by_day else f"on {moment(time, zone)}"
    limit = "" if series.limit is None else f", limit {number(series.limit, series.unit)}"
    return (
        f"{series.label} of {name}: last {number(series.points[-1][1], series.unit)}, "
        f"highest {number(value, series.unit)} {when}{limit}"
    )
