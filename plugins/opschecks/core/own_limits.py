"""Limits that a check declares itself, beside those of config/limits.py."""

from __future__ import annotations

import inspect
from dataclasses import field
from typing import Any

from .dataclass import dataclass
from .model import Resource

LIMITS: dict[str, Limit] = {}


@dataclass(frozen=True)
class Limit:
    """A number that stacks.toml may set in `[stacks.NAME.limits]`, also for one resource, and its default.

    The name ends with its unit, such as queue_age_minutes.
    """

    name: str
    default: float
    what: str
    place: str = field(default="", compare=False)
    """Where it is declared, as FILE:LINE."""

    def of(self, stack: Any, resource: Resource | None = None) -> float:
        """What holds for the resource, or for the stack as a whole."""
        limits = stack.limits if resource is None else stack.limits.of(resource)
        return float(limits.own.get(self.name, self.default))


def limit(name: str, default: float, what: str) -> Limit:
    """Declare a limit. Name, default and `what` are literals: stacks.toml is read before the file is imported."""
    frame = inspect.currentframe()
    caller = frame.f_back if frame else None
    place = f"{caller.f_code.co_filename}:{caller.f_lineno}" if caller else ""
    made, before = Limit(name, default, what, place), LIMITS.get(name)
    if before and before != made:
        raise TypeError(f"limit {name} is declared twice: in {before.place} too, with default {before.default:g}")
    LIMITS[name] = made
    return made
