"""The table of services: each area of each stack, its state, its last runs, and what was seen of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...core.model import NOT_APPLICABLE, CheckResult, Figure, Outcome
from ...core.run import Run
from ...history.comparison import worst
from ..amounts import number
from ..source import PageSource
from ..standing import TONES, WORDS, Strip, strip
from ..unseen import cause

AREAS = {
    "health": "Backend",
    "ecs": "ECS",
    "auto_scaling": "Auto Scaling",
    "alb": "Load balancer",
    "websocket": "WebSocket",
    "dynamodb": "DynamoDB",
    "sqs": "SQS",
    "rds": "RDS",
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
    "alarm_hygiene": "Alarm configuration",
    "cdn": "CDN",
    "cloudformation": "CloudFormation",
}
"""How an area (the file `test_<area>.py`) is called and where it stands; others follow by name."""
FIGURES_SHOWN = 3


@dataclass(frozen=True)
class ServiceRow:
    """One area of one stack. `tone` as of a tile."""

    stack: str
    name: str
    state: str
    tone: str
    counted: str
    seen: str
    strip: Strip


def facts(source: PageSource) -> list[ServiceRow]:
    """Each area of each stack, in the order of AREAS."""
    run, order = source.run, list(AREAS)
    keys = list(dict.fromkeys((check.stack, check.area) for check in run.checks))
    stacks = [stack.name for stack in run.stacks]
    keys.sort(key=lambda key: (stacks.index(key[0]), order.index(key[1]) if key[1] in AREAS else len(order), key[1]))
    return [_row(run, stack, area) for stack, area in keys]


def _row(run: Run, stack: str, area: str) -> ServiceRow:
    checks = [check for check in run.checks if (check.stack, check.area) == (stack, area)]
    outcomes = [check.outcome for check in checks]
    applicable = len(checks) - outcomes.count(NOT_APPLICABLE)
    now = worst(outcomes)
    return ServiceRow(
        stack=stack,
        name=AREAS.get(area, area.replace("_", " ").capitalize()),
        state={"failed": "failing", "passed": "ok"}.get(now, WORDS[now or NOT_APPLICABLE]),
        tone=TONES.get(now or Outcome.PASSED, "unsure"),
        counted=f"{outcomes.count(Outcome.PASSED)} of {applicable} passed" if applicable else "none applies",
        seen=_seen(run, checks),
        strip=strip(run, stack, area, now),
    )


def _seen(run: Run, checks: Sequence[CheckResult]) -> str:
    """What is wrong, worst first; where nothing is, the numbers that were seen, or what was said of them."""
    bad = [check for check in checks if check.outcome in (Outcome.FAILED, Outcome.BLIND)]
    if bad:
        return cause(max(bad, key=lambda check: (check.outcome == Outcome.FAILED, check.severity.rank)).message)
    findings = [one for check in checks for one in run.findings_of(check) if one.resource != f"stack/{check.stack}"]
    figures: dict[str, Figure] = {
        figure.label: figure for finding in findings for figure in finding.figures if not isinstance(figure.value, str)
    }
    examined = len({finding.resource for finding in findings})
    if figures and examined == 1:
        shown = list(figures.values())[:FIGURES_SHOWN]
        return ", ".join(f"{figure.label} {number(figure.value, figure.unit)}" for figure in shown)
    findings.sort(key=lambda finding: -finding.severity.rank)
    return next((finding.message for finding in findings if finding.message), f"{examined} examined")
