"""Which faults are given to one sandbox together, so that fewer sandboxes are needed and nothing is hidden.

A fault could fail more checks than it names, unnoticed if another fault of the same sandbox names them. A fault is
expected to reach the checks that the faults of its area name, and their observations. So two faults share a sandbox
only if neither names a check, or an observation of one, that the other's area reaches; each failed check of a group
then belongs to exactly one of its faults. Faults of one area are never together, and faults for drills only meet each
other, because drills change something. `python -m tests.every_fault --alone` tries each fault by itself.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from opschecks.core.check_names import find_checks
from opschecks.sandbox import faults
from opschecks.sandbox.faults import EVERYTHING_OF_AWS, Fault
from tests.canned import checks_of
from tests.scratch import ROOT


@dataclass(frozen=True)
class Seen:
    """A check: its suite, and the observations that it judges."""

    suite: str
    observations: frozenset[str]


ALONE = frozenset(("service_is_gone",))
"""Faults that take away what others change."""


@dataclass(frozen=True)
class Group:
    """Faults of one sandbox."""

    faults: tuple[Fault, ...]

    @property
    def name(self) -> str:
        """The names of its faults."""
        return ",".join(fault.name for fault in self.faults)

    @property
    def caught_by(self) -> dict[str, str]:
        """The fault that must be seen by each of these checks."""
        return {check: fault.name for fault in self.faults for check in fault.caught_by}

    @property
    def blinds(self) -> dict[str, str]:
        """The fault that must blind each of these checks."""
        return {check: fault.name for fault in self.faults for check in fault.blinds}


@cache
def seen() -> dict[str, Seen]:
    """Every check by name."""
    found = {}
    for name, path in find_checks(ROOT / "checks"):
        suite = path.parent.relative_to(ROOT / "checks").as_posix()
        function: Callable[..., None] = getattr(checks_of(suite, path.stem.removeprefix("test_")), name)
        found[name] = Seen(suite, frozenset(inspect.signature(function).parameters) - {"stack", "now", "examine"})
    return found


def known_faults() -> dict[str, Fault]:
    """Ours, and those that files of checks declare."""
    seen()
    return faults.known_faults()


@cache
def groups() -> tuple[Group, ...]:
    """Every fault, each in one group; the same groups every time."""
    every = list(known_faults().values())
    foes = {one.name: sum(not may_meet(one, other) for other in every) for one in every}
    found: list[list[Fault]] = []
    for fault in sorted(every, key=lambda one: (-foes[one.name], one.name)):
        for group in found:
            if all(may_meet(fault, other) for other in group):
                group.append(fault)
                break
        else:
            found.append([fault])
    return tuple(Group(tuple(group)) for group in found)


def alone() -> tuple[Group, ...]:
    """Every fault by itself."""
    return tuple(Group((fault,)) for fault in known_faults().values())


def may_meet(one: Fault, other: Fault) -> bool:
    """Whether the two may be in one sandbox."""
    if EVERYTHING_OF_AWS in {*one.blinds, *other.blinds} or {one.name, other.name} & ALONE:
        return False
    if of_vertical(one) != of_vertical(other) and (one.blinds or other.blinds):
        return False  # a call that is refused is refused to verticals, too
    if wants_drills(one) or wants_drills(other):
        return wants_drills(one) and wants_drills(other) and not _observed(one) & _observed(other)
    return (
        one.area != other.area and not _observed(one) & _reach(other.area) and not _observed(other) & _reach(one.area)
    )


def wants_drills(fault: Fault) -> bool:
    """Whether only drills can show it: with other faults drills show nothing, or refuse to begin, and take long."""
    return any(seen()[check].suite == "drills" for check in {*fault.caught_by, *fault.blinds} & seen().keys())


def of_vertical(fault: Fault) -> bool:
    """Whether a file of checks declares it: it is for a stack that names what most do not have."""
    return _of_checks(fault.file)


@cache
def _of_checks(file: str) -> bool:
    return (ROOT / "checks") in Path(file).parents


@cache
def _reach(area: str) -> frozenset[str]:
    """What is judged by the checks that the faults of an area name."""
    return frozenset().union(*(_observed(fault) for fault in known_faults().values() if fault.area == area))


def _observed(fault: Fault) -> frozenset[str]:
    named = {*fault.caught_by, *fault.blinds} - {EVERYTHING_OF_AWS}
    return frozenset(observation for check in named for observation in seen()[check].observations)
