"""The words of the suite as types: severity, outcome, resource, check, finding."""

from __future__ import annotations

import enum
import functools
from collections.abc import Callable, Mapping
from dataclasses import field
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, TypeVar

from .dataclass import dataclass
from .observation import CouldNotLook
from .written import LATER, Columns, Name, Seconds, WaivedBy, Written

CHECK_ATTRIBUTE = "__opschecks_check__"

F = TypeVar("F", bound=Callable[..., Any])


class Ranked(enum.StrEnum):
    """Words in an order that is not that of their letters."""

    @functools.cached_property
    def rank(self) -> int:
        """0 for the first: low, passed, safe. A check's outcome is the worst of its findings."""
        return list(type(self)).index(self)


class Severity(Ranked):
    """How bad a failure of the check is; compare by `rank`."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class Outcome(Ranked):
    """The result of one check for one resource, best first."""

    PASSED = "passed"
    WAIVED = "waived"
    NOT_RUN = "not_run"
    BLIND = "blind"
    FAILED = "failed"

    @property
    def words(self) -> str:
        """The outcome in words."""
        return {"blind": "could not look", "not_run": "not run"}.get(self.value, self.value)


NOT_APPLICABLE = "not_applicable"
"""The outcome of a check (never of a finding) whose runbook slug is in the stack's `without`."""


@dataclass(frozen=True)
class Series:
    """A metric over time, for charts and checks.

    `points` are (aware UTC time, value) in order of time; a gap is a missing point, never a zero.
    `unit` is printed after the value ("%", "ms", "per minute"). `limit` is drawn as a line.
    """

    label: str
    unit: str
    points: tuple[tuple[datetime, float], ...]
    period_s: int
    limit: float | None = None

    @property
    def newest(self) -> float:
        """The newest value; CouldNotLook where there is none."""
        if not self.points:
            raise CouldNotLook("", f"there is no data of {self.label}")
        return self.points[-1][1]

    def last(self, window: timedelta, now: datetime) -> tuple[tuple[datetime, float], ...]:
        """The points whose period ended within the window before `now`."""
        begin = now - window - timedelta(seconds=self.period_s)
        return tuple(point for point in self.points if point[0] > begin)


@dataclass(frozen=True)
class Figure:
    """A number or word shown with a resource, whatever the outcome."""

    label: str
    value: float | int | str
    unit: str = ""


@dataclass(frozen=True)
class Deadline:
    """A moment (aware UTC) at which a check will begin to fail unless somebody acts."""

    what: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One resource that an observation returned.

    `arn` is its ARN, or its URL if it has none; `name` is its usual name;
    `evidence` is the raw response. Typed properties of subclasses read `evidence`: a missing key
    raises, which the check reports as "could not look", never as fine.
    """

    arn: str
    name: str
    evidence: Mapping[str, Any] = field(repr=False, default_factory=dict)
    series: tuple[Series, ...] = field(repr=False, default=())
    figures: tuple[Figure, ...] = field(repr=False, default=())
    deadlines: tuple[Deadline, ...] = field(repr=False, default=())


@dataclass(frozen=True)
class Check:
    """The declaration of a check by `@check`."""

    name: str
    severity: Severity
    runbook: str
    failing: str
    why: str
    may_be_empty: bool = False
    remedy: type[Any] | None = None


def check(
    severity: Severity, *, runbook: str, failing: str, may_be_empty: bool = False, remedy: type[Any] | None = None
) -> Callable[[F], F]:
    """Declare a test function a check.

    `runbook` is the slug of its heading in checks/RUNBOOK.md; `failing` is the sentence that is true
    when the check fails (the function's name is the one that is true when it passes); the docstring
    says why it hurts. A check that examined nothing could not look, unless `may_be_empty` says
    that there is rightly nothing to examine on a good day. `remedy` is the class that can fix a failure.
    """

    def declare(function: F) -> F:
        if not function.__name__.startswith("test_"):
            raise TypeError(f"{function.__name__}: a check's name begins with test_, or pytest never runs it")
        if not (why := " ".join((function.__doc__ or "").split())):
            raise TypeError(f"{function.__name__}: a check needs a docstring: why does it hurt when it fails?")
        declared = Check(function.__name__, Severity(severity), runbook, failing, why, may_be_empty, remedy)
        setattr(function, CHECK_ATTRIBUTE, declared)
        return function

    return declare


@dataclass(frozen=True)
class Fact:
    """One thing that was observed of a resource. `expected` is what was expected of it, or empty.

    `failed`: this is what the check failed for; the others were seen beside it.
    """

    observed: str
    expected: str = ""
    failed: bool = False


@dataclass(frozen=True)
class Finding:
    """The result of one check for one resource of one stack.

    `facts` are the parts of the message of one that failed; none of others, and of those of an earlier version.
    """

    stack: Name
    check: Name
    resource: str
    name: str
    outcome: Outcome
    severity: Severity
    message: str = ""
    evidence: Mapping[str, Any] = field(repr=False, default_factory=dict)
    figures: tuple[Figure, ...] = field(repr=False, default=())
    waiver: Annotated[Mapping[str, str] | None, Written(WaivedBy | None)] = None
    facts: Annotated[tuple[Fact, ...], LATER] = ()


@dataclass(frozen=True)
class CheckResult:
    """The result of one check on one stack. `outcome` is an Outcome's value or NOT_APPLICABLE."""

    stack: Name
    check: Name
    nodeid: Name
    area: str
    severity: Severity
    runbook: str
    failing: str
    why: str
    outcome: Annotated[str, Written(Outcome | Literal["not_applicable"])]
    message: str = ""
    duration_s: Seconds = 0.0
    remedy: str = ""


@dataclass(frozen=True)
class Expected:
    """What a pipeline says it deployed: `family:revision`, images, ids of ECS deployments."""

    revisions: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    deployments: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.revisions or self.images or self.deployments)


@dataclass(frozen=True)
class SeenResource:
    """A resource of an observation, for the report: its figures and series."""

    resource: str
    name: str
    figures: tuple[Figure, ...] = ()
    series: Annotated[tuple[Series, ...], Written(tuple[Columns, ...])] = ()
    deadlines: Annotated[tuple[Deadline, ...], LATER] = ()


@dataclass(frozen=True)
class ObservationResult:
    """One observation of one stack: its duration, its calls, and its resources or its error."""

    stack: Name
    name: Name
    duration_s: Seconds
    calls: tuple[str, ...]
    error: str = ""
    resources: tuple[SeenResource, ...] = ()
