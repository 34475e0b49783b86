"""What a week sums up of each day: numbers of a daily run that no tile shows, kept in its run file with others."""

from __future__ import annotations

from statistics import median

from ...core.model import SeenResource
from ...core.run import Run
from ...history.week import DESIRED, ERRORS, P95, REQUESTS, RUNNING


def day(run: Run) -> dict[str, float]:
    """Of a run of one stack; what it did not see is left out.

    Requests and 5xx of 24 hours, the median of the p95 of each five minutes in ms, tasks running and desired as the
    run began.
    """
    told: dict[str, float] = {}
    balancers = _seen(run, "traffic")
    known = [(_figure(one, "requests a day"), _figure(one, "5xx a day")) for one in balancers]
    requests = sum(one for one, _ in known if one is not None)
    if requests and all(None not in pair for pair in known):
        told |= {REQUESTS: requests, ERRORS: sum(one for _, one in known if one is not None)}
    values = [value for one in balancers for line in one.series if line.label == "p95 response time"
              for _, value in line.points]  # fmt: skip
    if values:
        told[P95] = round(median(values), 1)
    tasks = [(_figure(one, "running"), _figure(one, "desired")) for one in _seen(run, "services")]
    if tasks and all(None not in pair for pair in tasks):
        told |= {
            RUNNING: sum(one for one, _ in tasks if one is not None),
            DESIRED: sum(one for _, one in tasks if one is not None),
        }
    return told


def _seen(run: Run, observation: str) -> list[SeenResource]:
    """What the observation showed; nothing where it could not look at all of it."""
    looked = [one for one in run.observations if one.name == observation]
    return [] if any(one.error for one in looked) else [seen for one in looked for seen in one.resources]


def _figure(seen: SeenResource, label: str) -> float | None:
    return next(
        (float(one.value) for one in seen.figures if one.label == label and not isinstance(one.value, str)), None
    )
