"""Comparison of the current state with what the gate before the deploy saw."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from ..core.model import Resource
from ..core.observation import CouldNotLook, observation
from .cloudwatch_alarms import Alarm
from .elbv2 import TargetHealth
from .traffic import BalancerErrors, Traffic

if TYPE_CHECKING:
    from ..config.stack import Stack

Filed = Callable[[str], Iterator[Mapping[str, Any]]]
LONGEST = timedelta(hours=24)
"""Older snapshots are not from this deploy."""


@dataclass(frozen=True, kw_only=True)
class SinceTheGate(Resource):
    """One resource before and after the deploy; `worse`: how it got worse, empty if it did not."""

    before: str
    now: str
    worse: str


@observation()
def since_the_gate(
    stack: Stack,
    filed: Filed,
    now: datetime,
    alarms: list[Alarm],
    target_health: list[TargetHealth],
    traffic: list[Traffic],
    balancer_errors: list[BalancerErrors],
) -> list[SinceTheGate]:
    """Alarms, targets and errors, compared with the newest run of checks/deploy/before; CouldNotLook without one."""
    snapshot = next(filed("deploy-before"), None)
    if snapshot is None:
        raise CouldNotLook("", "there is no run of checks/deploy/before to compare with: run it before the deploy")
    taken = datetime.fromisoformat(snapshot["started"])
    if now - taken > LONGEST:
        raise CouldNotLook("", f"the newest run of checks/deploy/before is of {taken:%Y-%m-%d %H:%M} UTC: run it again")
    states, health = _seen(snapshot, "StateValue"), _seen(snapshot, "TargetHealthDescriptions")
    # a shared balancer's own errors may be a neighbour's, and a network load balancer has none
    own = [one for one in balancer_errors if one.speaks_http and not one.others]
    measured: list[Traffic | BalancerErrors] = [*traffic, *own]
    return [
        *(_alarm(alarm, states.get(alarm.arn)) for alarm in alarms),
        *(_targets(group, health.get(group.arn)) for group in target_health),
        *(_errors(one, taken, stack.limits.of(one).errors_5xx_per_minute) for one in measured),
    ]


def _seen(snapshot: Mapping[str, Any], key: str) -> dict[str, Mapping[str, Any]]:
    """The findings whose evidence has this key, by resource: a target group has others of its traffic."""
    return {one["resource"]: one for one in snapshot["findings"] if key in (one.get("evidence") or {})}


def _alarm(alarm: Alarm, before: Mapping[str, Any] | None) -> SinceTheGate:
    was = str(before["evidence"].get("StateValue", "unknown")) if before else "not there"
    rings = alarm.state == "ALARM" and was != "ALARM"
    worse = f"in ALARM since {alarm.since:%H:%M} UTC, {was} before the deploy: {alarm.reason}" if rings else ""
    return _compared(alarm, was, alarm.state, worse)


def _targets(group: TargetHealth, before: Mapping[str, Any] | None) -> SinceTheGate:
    healthy = len(group.in_state("healthy"))
    listed = before["evidence"].get("TargetHealthDescriptions", []) if before else []
    was = sum(one.get("TargetHealth", {}).get("State") == "healthy" for one in listed)
    worse = f"{healthy} targets are healthy, {was} before the deploy" if healthy < was else ""
    return _compared(group, f"{was} healthy", f"{healthy} healthy", worse)


def _errors(balancer: Traffic | BalancerErrors, since: datetime, limit: int) -> SinceTheGate:
    worst = max((value for time, value in balancer.errors_5xx.points if time >= since), default=0.0)
    worse = f"{worst:g} 5xx in a minute since the deploy began, limit {limit}" if worst > limit else ""
    return _compared(balancer, f"limit {limit}", f"{worst:g} 5xx in a minute", worse)


def _compared(of: Resource, before: str, now: str, worse: str) -> SinceTheGate:
    evidence = {"before": before, "now": now}
    return SinceTheGate(arn=of.arn, name=of.name, before=before, now=now, worse=worse, evidence=evidence)
