"""What a look at a stack adds to its proposal: limits as its resources are now, and images that are not in ECR."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from ..aws.application_autoscaling import ServiceScaling
from ..config.limits import Limits
from ..config.stack import Stack
from ..core.gathering import Gathering
from ..core.observation import CouldNotLook
from .proposed_file import Line

_END = re.compile(r"(:[^:/@]+)?(@.+)?$")
PUBLIC = "public.ecr.aws/"
OFTEN = 3
"""What so many services have in common is the limit of the stack."""


def as_found(stack: Stack, store: Gathering) -> list[Line]:
    """What differs from the stack's limits: between how many tasks services scale, and how tables are billed.

    What could not be read is not proposed.
    """
    tasks, lines = dict(_tasks(stack.limits, store)), []
    own: dict[str, tuple[dict[str, Any], list[str]]] = {}  # a service and a table may have one name, and one line
    usual = (stack.limits.min_tasks, stack.limits.max_tasks)
    for often, count in Counter(bounds for bounds, _ in tasks.values()).most_common(1):
        if count >= OFTEN and often != usual:
            usual, why = often, f"as {count} of {len(tasks)} services have it now"
            lines = [Line("min_tasks", usual[0], why), Line("max_tasks", usual[1], "")]
    for name, (bounds, why) in sorted(tasks.items()):
        if bounds != usual:
            own[name] = {"min_tasks": bounds[0], "max_tasks": bounds[1]}, [why]
    for name, mode in _billing(stack.limits, store):
        limits, told = own.setdefault(name, ({}, []))
        limits["billing_mode"] = mode
        told.append("as it is now" if len(told) == 0 else "the table as it is now")
    return [*lines, *(Line(f'"{name}"', limits, "; ".join(told)) for name, (limits, told) in own.items())]


def _tasks(limits: Limits, store: Gathering) -> Iterator[tuple[str, tuple[tuple[int, int], str]]]:
    """By service: fewest and most tasks, and why these."""
    desired = {one.name: one for one in _values(store, "services")}
    for scaling in _values(store, "auto_scaling"):
        try:
            if found := _now(scaling, desired[scaling.name].desired, limits):
                yield scaling.name, found
        except (CouldNotLook, KeyError):  # the daily check will say that it could not look
            continue


def _now(scaling: ServiceScaling, desired: int, limits: Limits) -> tuple[tuple[int, int], str] | None:
    if not scaling.is_registered:
        known = desired and not scaling.never_scales
        return ((desired, desired), "nothing scales it: as many tasks as now") if known else None
    bounds = scaling.min_capacity, scaling.max_capacity
    if bounds != (limits.min_tasks, limits.max_tasks) and scaling.set_by_schedule(limits.min_tasks, limits.max_tasks):
        return None
    return bounds, "its auto-scaling, as it is now"


def _billing(limits: Limits, store: Gathering) -> Iterator[tuple[str, str]]:
    """By table: how it is billed."""
    for table in _values(store, "tables"):
        try:
            if table.status != "MISSING" and table.billing_mode != limits.billing_mode:
                yield table.name, table.billing_mode
        except CouldNotLook:  # as above
            continue


def _values(store: Gathering, name: str) -> list[Any]:
    """What an observation saw; nothing where it was not made or failed."""
    result = store.results.get(name)
    return result.value if result and result.done.is_set() and not result.error else []


def foreign_images(store: Gathering) -> list[Line]:
    """The line of `foreign_images`, by what runs and is not in ECR: nobody here knows its age and scans."""
    seen = _values(store, "running_images")
    images = {str(one.evidence["image"]) for one in seen if one.problem and one.of is None and "image" in one.evidence}
    patterns = sorted({_pattern(one) for one in images})
    return [Line("foreign_images", patterns, "not in ECR: their age and scans are not seen")] if patterns else []


def _pattern(image: str) -> str:
    """One that fits the image under any tag and digest."""
    if image.startswith(PUBLIC):
        return f"{PUBLIC}*"
    tag, digest = _END.search(image).groups()  # type: ignore[union-attr]
    base = image[: len(image) - len(tag or "") - len(digest or "")]
    return base + (":*" if tag else "@*" if digest else "")
