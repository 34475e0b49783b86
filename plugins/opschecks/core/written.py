"""The shapes of plain data in the run file, and the rules of its JSON Schema beyond types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from typing_extensions import TypedDict

from .dataclass import dataclass


@dataclass(frozen=True, eq=False)
class Written:
    """Annotates a type with how the run file writes it.

    `shape` is the written type if it differs; `rules` are further keywords of JSON Schema. pydantic finds the methods
    by name, so nothing here imports it.
    """

    shape: Any = None
    rules: Mapping[str, Any] | None = None

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        return handler(source) if self.shape is None else handler.generate_schema(self.shape)

    def __get_pydantic_json_schema__(self, core: Any, handler: Any) -> dict[str, Any]:
        return {**handler(core), **(self.rules or {})}


Name = Annotated[str, Written(rules={"minLength": 1})]
"""A name that opschecks or stacks.toml gives; never empty."""
Day = Annotated[str, Written(rules={"format": "date"})]
"""A calendar day as ISO text, of the stack's own time zone unless a shape says otherwise."""
Moment = Annotated[str, Written(rules={"format": "date-time"})]
"""An aware time, RFC 3339."""
CountFromZero = Annotated[int, Written(rules={"minimum": 0})]
Seconds = Annotated[float, Written(rules={"minimum": 0})]
LATER = Written(rules={"later": True})
"""Files of an earlier version lack the field."""


class Columns(TypedDict):
    """A metric over time, in columns: a gap is a missing point, never a zero.

    `at_s` and `values` are of one length: when each point is, in seconds after `start`, and its value. `start` is the
    time of the first point (null: there is none), `period_s` the seconds that one point stands for, `limit` the line
    not to cross (null: there is none), `unit` is printed after a value.
    """

    label: str
    unit: str
    period_s: Seconds
    limit: float | None
    start: Moment | None
    at_s: list[Seconds]
    values: list[float]


class WaivedBy(TypedDict):
    """The waiver of a failure; `until` is its last day."""

    owner: str
    reason: str
    until: Day


class Journaled(TypedDict):
    """A change in the journal: `entry` is its id, `begun` when, `by` who made it and where, `undoes` the entry that it
    undoes (or empty), `differs` what changes, each as `key: before → after`, `state` its newest step in the journal.
    """

    entry: str
    begun: Moment
    by: str
    undoes: str
    remedy: str
    target: str
    name: str
    differs: list[str]
    state: str
    said: str
    one_way: bool


class Changed(TypedDict):
    """A change that a remedy made or planned. Further keys are those of the plan.

    `check` and `resource` are those of the finding that it answers to, `name` what people call the resource; `result`
    is planned, fixed, done, refused, rolled back, roll-back failed, handed over or settled; `said` is what proves that,
    or the reason; `entry` its id in the journal, empty where nothing was sent; `undo` the command that undoes it,
    `one-way`, or empty; `differs` what changes, each as `key: before → after`.
    """

    stack: Name
    remedy: Name
    name: str
    check: str
    resource: str
    result: Name
    said: str
    entry: str
    undo: str
    differs: list[str]


class Costs(TypedDict):
    """The costs of the newest weekly run.

    `seen` is when that run began, `told` values by label, `days` UTC dates with USD, the oldest first, `limit` the
    budget's share of a day in USD.
    """

    seen: Moment
    told: dict[str, float | str]
    days: list[tuple[Day, float]]
    limit: float | None


class Nothing(TypedDict):
    """An object without a key."""


class Tried(TypedDict):
    """A remedy that was tried for a failure: how often, and by whom and where last."""

    remedy: str
    times: CountFromZero
    by: str


class Measure(TypedDict):
    """A number of daily runs; `key` ends with its unit.

    `target` is that of [stacks.NAME.targets], or null; `weeks` has eight weeks, the oldest first, null: not known.
    """

    key: str
    target: float | None
    weeks: list[float | None]


class DayOfWeek(TypedDict):
    """A day as its last daily run saw it: whether there was one (`run`), how many checks ended with each outcome, how
    many tasks ran and how many should have.
    """

    day: Day
    run: bool
    outcomes: dict[str, CountFromZero]
    running: float | None
    desired: float | None


class Failure(TypedDict):
    """An episode that was open within the week.

    `until` is empty where it has not ended; `cut`: it may have begun before the first run that was read. `ended_by` is
    the last change that was made for it and verified to have helped, or null.
    """

    check: str
    since: Moment
    until: str
    hours: float | None
    cut: bool
    tried: list[Tried]
    ended_by: Annotated[Tried | None, LATER]


class Recurring(TypedDict):
    """A check that failed on several of the last 28 days: on how many `days`, in how many episodes (`times`), and its
    outcome of each day, the oldest first, "" where there was no run.
    """

    check: str
    days: CountFromZero
    times: CountFromZero
    outcomes: list[str]
    tried: list[Tried]


class Ending(TypedDict):
    """Something that will have to be done, and by when."""

    what: str
    at: Moment


class Restored(TypedDict):
    """The last restore test of a table; `told` has value and unit by label."""

    table: str
    at: Moment
    told: dict[str, tuple[float | str, str]]


class Words(TypedDict):
    """What a check's card is called, the slug of its runbook section, and its area."""

    failing: str
    runbook: str
    area: Annotated[str, LATER]


class AreaDays(TypedDict):
    """The daily checks of an area on each of 28 days, the oldest first: how many were good (passed or waived), failed,
    and are not known; null where there was no run. `failed` names those that failed, that of most days first.
    """

    area: str
    days: list[list[CountFromZero] | None]
    failed: list[str]


class CopiesThen(TypedDict):
    """What an earlier weekly run said of backups: the outcome of each check, and check, resource and outcome of each
    resource that was not good.
    """

    at: Moment
    outcomes: dict[str, str]
    bad: list[tuple[str, str, str]]


class Drilled(TypedDict):
    """The newest result of a drill."""

    check: str
    at: Moment
    outcome: str


class NotMade(TypedDict):
    """A change that a daily run refused or handed over, as `Changed` has it; `at` is when that run began."""

    at: Moment
    remedy: Name
    name: str
    check: str
    resource: str
    result: Name
    said: str


class Week(TypedDict):
    """The week in daily runs, of one stack.

    `error`: why the history could not be read; then there is nothing else. `begins` and `ends` are the first and the
    last of its seven days; `days` has each of them, the oldest first. `opened` is how many of `failures` began in it,
    `deadlines` what the newest daily run saw the end of, `words` those of that run's checks, by name; `looked` has each
    of its observations, with the reason why it could not look, or "". `areas` is the error budget of daily checks,
    `copies` has earlier weekly runs, the oldest first, `drills` each drill on record, `not_made`
    the changes of its daily runs that are left to a person.
    """

    stack: Name
    error: str
    begins: str
    ends: str
    measures: list[Measure]
    days: list[DayOfWeek]
    failures: list[Failure]
    opened: CountFromZero
    recurring: list[Recurring]
    deadlines: list[Ending]
    words: dict[str, Words]
    looked: Annotated[dict[str, str], LATER]
    restores: list[Restored]
    areas: Annotated[list[AreaDays], LATER]
    copies: Annotated[list[CopiesThen], LATER]
    drills: Annotated[list[Drilled], LATER]
    not_made: Annotated[list[NotMade], LATER]
