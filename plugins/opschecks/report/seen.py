"""What a run's observations saw: resources, series and figures by name."""

from __future__ import annotations

from collections.abc import Iterable

from ..core.model import SeenResource, Series
from ..core.run import Run


def resources(run: Run, observation: str, stack: str | None = None) -> list[SeenResource]:
    """The resources that the observation saw, of one stack or of all."""
    return [
        one
        for seen in run.observations
        if seen.name == observation and stack in (None, seen.stack)
        for one in seen.resources
    ]


def lines(seen: Iterable[SeenResource], label: str) -> list[tuple[str, Series]]:
    """The series of that label, each with the name of its resource; those without a point are left out."""
    return [(one.name, line) for one in seen for line in one.series if line.label == label and line.points]


def line(seen: Iterable[SeenResource], label: str) -> Series | None:
    """The first of them."""
    return next((line for _, line in lines(seen, label)), None)


def figure(seen: SeenResource, label: str) -> float | None:
    """The figure of that label; None where there is none, or it is text."""
    values = (one.value for one in seen.figures if one.label == label and not isinstance(one.value, str))
    return next(map(float, values), None)


def text(seen: SeenResource, label: str) -> str | None:
    """The figure of that label as text; None where there is none."""
    return next((str(one.value) for one in seen.figures if one.label == label), None)
