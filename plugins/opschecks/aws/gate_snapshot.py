"""Comparison of the current state with what the gate before the deploy saw."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from ..core.dataclass import dataclass
from ..core.model import Resource
from ..core.observation import CouldNotLook, Unanswerable, observation, seen
from ..core.wording import plural
from .cloudwatch_alarms import Alarm
from .cloudwatch_metrics import CALL, HOUR
from .ecs import Service
from .elbv2 import TargetHealth
from .elbv2 import told as listed
from .evidence import utc
from .rollouts import Rollout, serving
from .traffic import BalancerErrors, Traffic
from .unread import readable, why_unread

if TYPE_CHECKING:
    from ..config.limits import ResourceLimits
    from ..config.stack import Stack

Findings = Mapping[str, Mapping[str, Any]]
"""What the gate before the deploy found, by the resource's ARN."""
Filed = Callable[[str], Iterator[Mapping[str, Any]]]
LONGEST = timedelta(hours=24)
"""Older snapshots are not from this deploy."""


@dataclass(frozen=True, kw_only=True)
class SinceTheGate(Resource):
    """One resource before and after the deploy; `told`: how it got worse, empty if not, or why that is not known."""

    before: str
    now: str
    told: str | CouldNotLook

    @property
    def worse(self) -> str:
        """How it got worse, empty if it did not."""
        return seen(self.told)


@observation(soft=["rollouts"])
def since_the_gate(
    stack: Stack,
    filed: Filed,
    now: datetime,
    alarms: list[Alarm],
    target_health: list[TargetHealth],
    traffic: list[Traffic],
    rollouts: list[Rollout] | CouldNotLook,
    balancer_errors: list[BalancerErrors],
) -> list[SinceTheGate]:
    """Alarms, targets, errors and response times, compared with the newest run of checks/deploy/before.

    CouldNotLook without one.
    """
    snapshot = next(filed("deploy-before"), None)
    if snapshot is None:
        raise Unanswerable("", "there is no run of checks/deploy/before to compare with: run it before the deploy")
    taken = datetime.fromisoformat(snapshot["started"])
    if now - taken > LONGEST:
        raise Unanswerable("", f"the newest run of checks/deploy/before is of {taken:%Y-%m-%d %H:%M} UTC: run it again")
    states, health = _seen(snapshot, "StateValue"), _seen(snapshot, "TargetHealthDescriptions")
    late = timedelta(minutes=stack.limits.metrics_late_minutes)
    deployed = max((at for at in _deployed(rollouts) if at > taken), default=None)
    # a shared balancer's own errors may be a neighbour's, and a network load balancer has none
    own = [one for one in balancer_errors if one.speaks_http and not one.others]
    measured: list[Traffic | BalancerErrors] = [*traffic, *own]
    return [
        *(_alarm(alarm, states.get(alarm.arn)) for alarm in alarms),
        *_all_targets(target_health, rollouts, health),
        *(_served(one, taken, deployed, late, stack.limits.of(one)) for one in measured),
    ]


def _seen(snapshot: Mapping[str, Any], key: str) -> dict[str, Mapping[str, Any]]:
    """The findings whose evidence has this key, by resource: a target group has others of its traffic."""
    return {one["resource"]: one for one in snapshot["findings"] if key in (one.get("evidence") or {})}


def _deployed(rollouts: Sequence[Rollout] | CouldNotLook) -> list[datetime]:
    """When the deployments, or task sets, were made that the services are moving to."""
    if isinstance(rollouts, CouldNotLook):
        return []
    known = readable(one.service for one in rollouts)
    told = [one.evidence.get(key) or [] for one in known for key in ("deployments", "taskSets")]
    raw = [one for listed in told for one in listed]
    return [utc(one["createdAt"]) for one in raw if one.get("status") == "PRIMARY" and one.get("createdAt")]


def _alarm(alarm: Alarm, before: Mapping[str, Any] | None) -> SinceTheGate:
    was = str(before["evidence"].get("StateValue", "unknown")) if before else "not there"
    if alarm.unread:  # those of CloudFront, where its region may not be read: blind alone
        return _compared(alarm, was, "not known", alarm.unread)
    rings = alarm.state == "ALARM" and was != "ALARM"
    worse = f"in ALARM since {alarm.since:%Y-%m-%d %H:%M} UTC, {was} before the deploy: {alarm.reason}" if rings else ""
    return _compared(alarm, was, alarm.state, worse)


def _all_targets(
    groups: Sequence[TargetHealth], rollouts: Sequence[Rollout] | CouldNotLook, before: Findings
) -> list[SinceTheGate]:
    """Groups that a service fills alternately count together, and are held against what it desires.

    While two colours run, each that has production traffic is held against that by itself. A group that no service
    fills is held against what it had before.
    """
    if isinstance(rollouts, CouldNotLook):
        return [replace(_unfilled(one, before), told=rollouts) for one in groups]
    known = {one.arn: one for one in groups}
    filled = [
        (rollout, together)
        for rollout in rollouts
        if not why_unread(rollout.service)
        for arns in rollout.service.filled_groups
        if (together := [known[arn] for arn in arns if arn in known])
    ]
    ours = {one.arn for _, together in filled for one in together}
    return [
        *(_filled(rollout, together, before) for rollout, together in filled),
        *(_unfilled(one, before) for one in groups if one.arn not in ours),
    ]


def _filled(rollout: Rollout, groups: Sequence[TargetHealth], before: Findings) -> SinceTheGate:
    if unread := next((group.unread for group in groups if group.unread), None):
        return _compared(groups[0], "healthy targets", "not known", unread)
    healthy = _healthy(groups)
    was = len({target for group in groups for target in _healthy_before(before.get(group.arn))})
    both = replace(groups[0], name=" and ".join(group.name for group in groups))
    told: str | CouldNotLook
    try:
        desired = rollout.service.desired
        told = _missing(rollout.service, groups, was)
        alone = [_missing(rollout.service, [group], was) for group in groups]
    except CouldNotLook as problem:
        return replace(_compared(both, f"{was} healthy", f"{healthy} healthy", ""), told=problem)
    ill: list[str] = []
    if not told and any(alone):
        told, ill = _missing_alone(rollout, groups, was)
    found = _compared(both, f"{was} healthy", f"{healthy} of {desired} desired are healthy", told)
    return replace(found, evidence={**found.evidence, "groups": ill or [group.arn for group in groups]})


def _missing(service: Service, groups: Sequence[TargetHealth], was: int) -> str:
    """That too few targets of these groups together are healthy; empty where they are enough."""
    healthy, desired = _healthy(groups), service.desired
    starting = service.pending + sum(len(group.in_state("initial")) for group in groups)
    # scaling in takes away what was there before; scaling out has not brought what is desired yet
    if healthy >= max(min(was, desired), desired - starting):
        return ""
    return f"{plural(healthy, 'healthy target')}, {was} before the deploy, {desired} desired"


def _missing_alone(rollout: Rollout, groups: Sequence[TargetHealth], was: int) -> tuple[str | CouldNotLook, list[str]]:
    """As `_missing`, of each colour that has production traffic by itself; with the ARNs of those that miss some."""
    try:
        views = serving(rollout, [group.arn for group in groups])
    except CouldNotLook as problem:
        return problem, []
    for view in views:
        own = [group for group in groups if group.arn in view]
        if said := _missing(rollout.service, own, was):
            names = " and ".join(group.name for group in own)
            ill = listed([one for group in own for one in group.targets if one.state != "healthy"])
            why = f"{names}, which gets production traffic: {said}" + (f"; {ill}" if ill else "")
            return why, [group.arn for group in own]
    return "", []


def _healthy(groups: Sequence[TargetHealth]) -> int:
    return len({one.id for group in groups for one in group.in_state("healthy")})


def _unfilled(group: TargetHealth, before: Findings) -> SinceTheGate:
    if group.unread:
        return _compared(group, f"{len(_healthy_before(before.get(group.arn)))} healthy", "not known", group.unread)
    was, healthy = len(_healthy_before(before.get(group.arn))), len(group.in_state("healthy"))
    try:
        if group.not_judged:  # on a shared balancer it may be a neighbour's
            return _compared(group, f"{was} healthy", group.not_judged, "")
    except CouldNotLook as problem:
        return _compared(group, f"{was} healthy", f"{healthy} healthy", problem)
    stay = [one for one in group.targets if one not in group.in_state("draining", "unhealthy.draining")]
    # fewer targets, all of them healthy, are a scale-in
    worse = healthy < was and healthy < max(1, len(stay))
    said = f"{plural(healthy, 'healthy target')}, {was} before the deploy" if worse else ""
    return _compared(group, f"{was} healthy", f"{healthy} healthy", said)


def _healthy_before(finding: Mapping[str, Any] | None) -> set[str]:
    listed = finding["evidence"].get("TargetHealthDescriptions") or [] if finding else []
    healthy = [one["Target"] for one in listed if one.get("TargetHealth", {}).get("State") == "healthy"]
    return {f"{one.get('Id')}:{one['Port']}" if "Port" in one else str(one.get("Id")) for one in healthy}


def _served(
    one: Traffic | BalancerErrors, since: datetime, deployed: datetime | None, late: timedelta, limits: ResourceLimits
) -> SinceTheGate:
    """How it has served since the gate; not judged as well before the points of the time after the deploy are there.

    ALB reports a minute only if there were requests, and CloudWatch has it minutes later:
    elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
    """
    try:
        before, now, worse = _errors(one, since, limits.errors_5xx_per_minute)
        if isinstance(one, Traffic):
            earlier, newest, slower = _response_times(one, since, deployed or since, limits)
            before, now, worse = before + earlier, now + newest, worse or slower
    except CouldNotLook as problem:
        return _compared(one, "not known", "not known", problem)
    return _compared(one, before, now, worse or _uncovered(one, deployed, late))


def _errors(one: Traffic | BalancerErrors, since: datetime, limit: int) -> tuple[str, str, str]:
    """Its worst minute before the gate and since, in words, and what is wrong with that."""
    worst = max((value for time, value in one.errors_5xx.points if time >= since), default=0.0)
    if not worst:
        one.errors_5xx_per_minute  # noqa: B018 - raises where no data does not mean no errors
    now = f"{worst:g} 5xx in a minute"
    return _errors_before(one, since), now, f"{now} since the deploy began, limit {limit}" if worst > limit else ""


def _response_times(
    group: Traffic, since: datetime, deployed: datetime, limits: ResourceLimits
) -> tuple[str, str, str]:
    """The same of its p95: the worst before the gate, and the newest since the deploy, whose tasks start slowly."""
    samples, limit = limits.response_time_samples, limits.response_time_p95_ms
    before_ms = max(group.p95_between(since - HOUR, since, samples), default=None)
    now_ms = next(iter(group.p95_between(deployed, group.now, samples)[-1:]), None)
    before, now = ("" if ms is None else f", a p95 of {ms:.0f} ms" for ms in (before_ms, now_ms))
    if now_ms is None or now_ms <= max(limit, before_ms or 0):
        return before, now, ""
    earlier = f"{before_ms:.0f} ms before the deploy" if before_ms is not None else "too few requests before the deploy"
    return before, now, f"a p95 of {now_ms:.0f} ms in the newest five minutes, limit {limit:g} ms; {earlier}"


def _errors_before(one: Traffic | BalancerErrors, since: datetime) -> str:
    """The worst minute of the hour that the gate judged; without a request there was nothing to answer."""
    begin = since - HOUR
    worst = max((value for time, value in one.errors_5xx.points if begin <= time < since), default=0.0)
    asked = one.metrics.series(one.name, _requests(one)).points
    served = worst or any(begin <= time < since and value for time, value in asked)
    return f"{worst:g} 5xx in a minute" if served else "no requests"


def _requests(one: Traffic | BalancerErrors) -> str:
    """The name of the series with its requests."""
    return "requests" if isinstance(one, Traffic) else "all requests"


def _uncovered(one: Traffic | BalancerErrors, deployed: datetime | None, late: timedelta) -> str | CouldNotLook:
    """Why the metrics do not show the time after the deploy yet; empty where they do."""
    if not deployed:
        return ""
    newest = max((time for time, _ in one.metrics.series(one.name, _requests(one)).points), default=deployed)
    covered, due = max(newest, one.now - late), deployed + late
    if covered >= deployed:
        return ""
    why = f"points of {one.name} come up to {plural(late / timedelta(minutes=1), 'minute')} late, and there are none"
    advice = f"look again at {due:%Y-%m-%d %H:%M} UTC, or wait with --bake"
    return CouldNotLook(CALL, f"{why} since the deploy of {deployed:%Y-%m-%d %H:%M} UTC: {advice}")


def _compared(of: Resource, before: str, now: str, told: str | CouldNotLook) -> SinceTheGate:
    evidence = {"before": before, "now": now}
    return SinceTheGate(arn=of.arn, name=of.name, before=before, now=now, told=told, evidence=evidence)
