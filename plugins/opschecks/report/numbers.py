"""The numbers that the history keeps of a run: those of the tiles, and those that a week sums up of its days."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median

from ..core.model import Outcome, SeenResource, Series
from ..core.redaction import redact_text
from ..core.run import Run
from ..history.week import DESIRED, ERRORS, P95, REQUESTS, RUNNING
from .seen import figure, lines, resources

RESPONSE = "p95 response time"
LINES = (("traffic", "5xx"), ("traffic", RESPONSE), ("service_load", "CPU"))
"""The observation and the series of each tile with a line."""
PASSED, INCIDENTS, ACTIVE = "passed", "incidents", "active_incidents"
BACKUPS = "backups complete"
"""Among the numbers of a weekly run: tables that had a usable backup, in percent."""
BACKED_UP = "test_tables_have_a_recent_backup"
KEPT = 10
"""The history keeps what a tile shows of at most that many resources."""


def numbers(run: Run) -> dict[str, float]:
    """The numbers of a run of one stack, by the key of their tile; what it did not see is left out."""
    if len(run.stacks) != 1:
        return {}
    # every high series: tomorrow another may be the highest, and it has its own past
    kept = {
        key_of(line, name): line.points[-1][1]
        for observation, label in LINES
        for name, line in reversed(highest_first(run, observation, label)[:KEPT])
    }
    kept[PASSED] = run.count(Outcome.PASSED)
    if any(one.name == ACTIVE and not one.error for one in run.observations):
        kept[INCIDENTS] = len(resources(run, ACTIVE))
    complete = backups_complete(run)
    kept |= {**_day(run), **({} if complete is None else {BACKUPS: complete})}
    return {key: value for key, value in kept.items() if math.isfinite(value)}


def highest_first(run: Run, observation: str, label: str) -> list[tuple[str, Series]]:
    """Each such series with the name of its resource, by its last value."""
    return sorted(lines(resources(run, observation), label), key=lambda pair: -pair[1].points[-1][1])


def key_of(line: Series, name: str) -> str:
    """How the history calls the last value of a series."""
    return redact_text(f"{line.label}, {name}")


def backups_complete(run: Run) -> float | None:
    """Tables with a usable backup, in percent; None where this run did not look."""
    found = [one for one in run.findings if one.check == BACKED_UP]
    if not found or any(one.outcome in (Outcome.BLIND, Outcome.NOT_RUN) for one in found):
        return None
    return round(100 * sum(one.outcome is not Outcome.FAILED for one in found) / len(found), 1)


def _day(run: Run) -> dict[str, float]:
    """Requests and 5xx of 24 hours, the median of the p95 of each five minutes in ms, tasks running and desired."""
    balancers = _all_seen(run, "traffic")
    served = _sums(balancers, {REQUESTS: "requests a day", ERRORS: "5xx a day"})
    told = served if served.get(REQUESTS) and not _failed(run, "balancer_errors") else {}
    if told:  # those of the load balancer itself, where no other stack shares it
        told[ERRORS] += sum(figure(one, "5xx a day") or 0 for one in resources(run, "balancer_errors"))
    values = [value for _, line in lines(balancers, RESPONSE) for _, value in line.points]
    if values:
        told[P95] = round(median(values), 1)
    return told | _sums(_all_seen(run, "services"), {RUNNING: "running", DESIRED: "desired"})


def _all_seen(run: Run, observation: str) -> list[SeenResource]:
    """What the observation saw; nothing where it could not look at all of it."""
    return [] if _failed(run, observation) else resources(run, observation)


def _failed(run: Run, observation: str) -> bool:
    return any(one.error for one in run.observations if one.name == observation)


def _sums(seen: Sequence[SeenResource], labels: dict[str, str]) -> dict[str, float]:
    """The sum of each figure over the resources, by key; nothing where one of them lacks one."""
    values = {key: [figure(one, label) for one in seen] for key, label in labels.items()}
    known = {key: [value for value in of if value is not None] for key, of in values.items()}
    complete = bool(seen) and all(len(of) == len(seen) for of in known.values())
    return {key: sum(of) for key, of in known.items()} if complete else {}
