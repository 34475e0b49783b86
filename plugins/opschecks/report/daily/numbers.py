"""The tiles and the table of services: the run in numbers, each of them one that it saw."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from ...core.model import NOT_APPLICABLE, CheckResult, Figure, Finding, Outcome, Series
from ...core.redaction import redact_text
from ...core.run import Past, Run
from ..chart import crosses, number, spark
from ..since import Bar, strip
from ..weekly.numbers import BACKUPS, backups_complete
from .day_figures import day

AREAS = {
    "health": "Backend",
    "ecs": "ECS",
    "auto_scaling": "Auto Scaling",
    "alb": "Load balancer",
    "websocket": "WebSocket",
    "dynamodb": "DynamoDB",
    "dashboards": "Dashboards",
    "logs": "Logs",
    "alarms": "Alarms",
    "incidents": "Incidents",
    "incident_weeks": "Incidents",
    "incident_archive": "Incident archive",
    "security_groups": "Security groups",
    "backups": "Backups",
    "costs": "Costs",
    "credentials": "Credentials",
    "alarm_hygiene": "Alarms, kept well",
    "cdn": "CDN",
    "cloudformation": "CloudFormation",
}
"""How an area (the file `test_<area>.py`) is called and where it stands; others follow by name."""

LINES = (("traffic", "5xx"), ("traffic", "p95 response time"), ("service_load", "CPU"))
"""The observation and the series of each tile with a line."""
FIGURES_SHOWN = 3
PASSED = "passed"
KEPT = 10
"""Of so many resources the history keeps what a tile shows."""
RUNS_IN_A_LINE = 5
"""With fewer runs a tile's line is that of the last 24 hours, where there is one."""


@dataclass(frozen=True)
class Tile:
    """One number. `tone` is good, bad, unsure or none; `delta` how it differs from the run before, `worse` if badly.

    `key` names it in the history, `number` is its value there; `lines` is the line of what `drawn` says.
    """

    label: str
    value: str
    note: str = ""
    tone: str = "none"
    lines: tuple[str, ...] = ()
    key: str = ""
    number: float | None = None
    unit: str = ""
    delta: str = ""
    drawn: str = "last 24 h"
    worse: bool = False


@dataclass(frozen=True)
class ServiceRow:
    """One area of one stack. `tone` as of a tile."""

    stack: str
    name: str
    state: str
    tone: str
    counted: str
    key: str
    bars: tuple[Bar, ...] = ()
    lately: str = ""


def numbers(run: Run) -> dict[str, float]:
    """The numbers of a run of one stack that the history keeps: those of the tiles, and what a week sums up."""
    if len(run.stacks) != 1:
        return {}
    told = {tile.key: tile.number for tile in _now(run) if tile.number is not None}
    complete = backups_complete(run)
    kept = {**_levels(run), **told, **day(run), **({} if complete is None else {BACKUPS: complete})}
    return {key: value for key, value in kept.items() if math.isfinite(value)}


def tiles(run: Run) -> list[Tile]:
    """Checks passed, then the numbers of the one stack; of several stacks how many checks of each passed."""
    if len(run.stacks) > 1:
        return [
            _passed([check for check in run.checks if check.stack == stack.name], stack.name) for stack in run.stacks
        ]
    past = run.past_of(run.stacks[0].name) if run.stacks else Past("")
    return [_with_past(tile, past, run.started) for tile in _now(run)]


def _with_past(tile: Tile, past: Past, began: datetime) -> Tile:
    """The tile with its line over the last runs, and how it differs from the newest of them."""
    before = past.numbers.get(tile.key, ())
    if tile.number is None or not before:
        return tile
    points = (*before, (began, tile.number))
    day = 86400
    whole = Series(tile.key, tile.unit, points, period_s=31 * day)
    diff = tile.number - before[-1][1]
    delta = (
        f"{'▲' if diff > 0 else '▼'} {_with_unit(abs(diff), tile.unit)}" if number(abs(diff)) != "0" else "no change"
    )
    compared = replace(tile, delta=delta, worse=tile.key == PASSED and diff < 0)
    if len(points) < RUNS_IN_A_LINE:
        return compared
    return replace(compared, lines=spark(whole), drawn=f"last {len(points)} runs")


def _now(run: Run) -> list[Tile]:
    told = [_passed(run.checks, "Checks passed")]
    told += [tile for observation, label in LINES for tile in _line(run, observation, label)]
    for observation in run.observations:
        if observation.name == "active_incidents":
            count = len(observation.resources)
            told.append(
                Tile("Active incidents", str(count), tone="none" if count else "good", key="incidents", number=count)
                if not observation.error
                else _unseen("Active incidents")
            )
    return told


def _passed(checks: Sequence[CheckResult], label: str) -> Tile:
    outcomes = [check.outcome for check in checks]
    passed = outcomes.count(Outcome.PASSED)
    others = [
        f"{outcomes.count(outcome)} {words}"
        for outcome, words in (
            *((outcome.value, outcome.words) for outcome in reversed(Outcome) if outcome is not Outcome.PASSED),
            (NOT_APPLICABLE, "not applicable"),
        )
        if outcomes.count(outcome)
    ]
    value = f"{passed} / {len(checks)}"
    return Tile(label, value, ", ".join(others), _tone(outcomes), key=PASSED, number=passed)


def _line(run: Run, observation: str, label: str) -> Iterator[Tile]:
    """The tile of the highest such series, if the run looked for it."""
    looked = [seen for seen in run.observations if seen.name == observation]
    if found := _highest_first(run, observation, label):
        yield _of_series(found[0][1], found[0][0])
    elif looked:
        yield _unseen(label) if any(seen.error for seen in looked) else Tile(label, "no data", tone="unsure")


def _highest_first(run: Run, observation: str, label: str) -> list[tuple[str, Series]]:
    """Each such series with the name of its resource, by what it was last."""
    found = [
        (one.name, line)
        for seen in run.observations
        if seen.name == observation
        for one in seen.resources
        for line in one.series
        if line.label == label and line.points
    ]
    return sorted(found, key=lambda pair: -pair[1].points[-1][1])


def _levels(run: Run) -> dict[str, float]:
    """What the highest series of each line were last: tomorrow another may be the highest, and it has its own past."""
    return {
        _key_of(line, name): line.points[-1][1]
        for observation, label in LINES
        for name, line in reversed(_highest_first(run, observation, label)[:KEPT])
    }


def _key_of(line: Series, name: str) -> str:
    return redact_text(f"{line.label}, {name}")


def _of_series(line: Series, name: str) -> Tile:
    peak = max(value for _, value in line.points)
    limit = f", limit {number(line.limit)}" if line.limit is not None else ""
    return Tile(
        f"{line.label}, {name}",
        _with_unit(line.points[-1][1], line.unit),
        f"highest in 24 h {number(peak)}{limit}",
        "bad" if crosses(line) else "none",
        spark(line),
        key=_key_of(line, name),
        number=line.points[-1][1],
        unit=line.unit,
    )


def _unseen(label: str) -> Tile:
    return Tile(label, "?", "could not look", "unsure")


def service_rows(run: Run) -> list[ServiceRow]:
    """Each area of each stack, in the order of AREAS."""
    order = list(AREAS)
    keys = list(dict.fromkeys((check.stack, check.area) for check in run.checks))
    stacks = [stack.name for stack in run.stacks]
    keys.sort(key=lambda key: (stacks.index(key[0]), order.index(key[1]) if key[1] in AREAS else len(order), key[1]))
    return [_service(run, stack, area) for stack, area in keys]


def _service(run: Run, stack: str, area: str) -> ServiceRow:
    checks = [check for check in run.checks if (check.stack, check.area) == (stack, area)]
    outcomes = [check.outcome for check in checks]
    passed = outcomes.count(Outcome.PASSED)
    applicable = len(checks) - outcomes.count(NOT_APPLICABLE)
    state = next(
        (
            words
            for outcome, words in (
                (Outcome.FAILED, "failing"),
                (Outcome.BLIND, "could not look"),
                (Outcome.NOT_RUN, "not run"),
                (Outcome.WAIVED, "waived"),
                (Outcome.PASSED, "ok"),
            )
            if outcome in outcomes
        ),
        "not applicable",
    )
    worst = max(
        (outcome for outcome in outcomes if outcome != NOT_APPLICABLE), key=lambda one: Outcome(one).rank, default=""
    )
    bars, lately = strip(run, stack, area, worst)
    return ServiceRow(
        stack=stack,
        name=AREAS.get(area, area.replace("_", " ").capitalize()),
        state=state,
        tone=_tone(outcomes),
        counted=f"{passed} of {applicable} passed" if applicable else "none applies",
        key=_key(run, checks),
        bars=bars,
        lately=lately,
    )


def _key(run: Run, checks: Sequence[CheckResult]) -> str:
    """What is wrong, worst first; where nothing is, the numbers that were seen, or what was said of them."""
    bad = [check for check in checks if check.outcome in (Outcome.FAILED, Outcome.BLIND)]
    if bad:
        worst = max(bad, key=lambda check: (check.outcome == Outcome.FAILED, check.severity.rank))
        return worst.message.partition(" (needed for ")[0]
    findings = [one for check in checks for one in run.findings_of(check) if one.resource != f"stack/{check.stack}"]
    figures: dict[str, Figure] = {
        figure.label: figure for finding in findings for figure in finding.figures if not isinstance(figure.value, str)
    }
    if figures and _resources(findings) == 1:
        shown = list(figures.values())[:FIGURES_SHOWN]
        return ", ".join(f"{figure.label} {_with_unit(figure.value, figure.unit)}" for figure in shown)
    findings.sort(key=lambda finding: -finding.severity.rank)
    return next((finding.message for finding in findings if finding.message), f"{_resources(findings)} examined")


def _resources(findings: Sequence[Finding]) -> int:
    return len({finding.resource for finding in findings})


def _with_unit(value: float | int | str, unit: str) -> str:
    return f"{number(value)} {unit}".strip()


def _tone(outcomes: Sequence[str]) -> str:
    if Outcome.FAILED in outcomes:
        return "bad"
    if Outcome.BLIND in outcomes or Outcome.NOT_RUN in outcomes:
        return "unsure"
    return "waived" if Outcome.WAIVED in outcomes else "good"
