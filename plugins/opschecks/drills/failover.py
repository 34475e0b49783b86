"""The fail-over drill: one task of each service is stopped, and what users notice until another takes its place."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import field
from datetime import timedelta
from typing import TYPE_CHECKING

from ..aws.ecs import Service, Task
from ..aws.elbv2 import TargetHealth
from ..aws.inventory import Inventory
from ..aws.unread import why_unread
from ..core.change import CannotFix
from ..core.dataclass import dataclass
from ..core.model import Figure, Resource
from ..core.observation import CouldNotLook, NotConfigured
from ..fixing.outcome import ChangeResult
from ..remedies.operations.stop_task import unsteady
from .clients import Clients, Reconnected
from .declare import Ground, drill
from .probes import PROBE_EVERY_S, Get, Got, failed_percent, probing

if TYPE_CHECKING:
    from ..config.stack import Stack

GRACE_S = 0.5
"""Seconds that clients may take to notice the end of their task."""
NOT_READY = ("initial", "unhealthy", "unavailable", "unhealthy.draining")
"""States of targets that get no requests; a draining target is on its way out, so it is not one of them."""


@dataclass(frozen=True, kw_only=True)
class FailOver(Resource):
    """The result of stopping one task of a service. `refused` says why none was stopped; all else is then unknown."""

    refused: str = ""
    alone: bool = False
    """Refused because the service wants only one task."""
    recovered_s: float | None = None
    said: str = ""
    got: tuple[Got, ...] = ()
    why_no_requests: str = ""
    clients: Reconnected = field(default_factory=Reconnected)

    def require_stopped(self) -> None:
        """CouldNotLook where no task was stopped."""
        if self.refused:
            raise (NotConfigured if self.alone else CouldNotLook)("", self.refused)

    @property
    def failed_percent(self) -> float:
        """Requests that failed meanwhile; CouldNotLook where none was sent."""
        self.require_stopped()
        if self.why_no_requests or not self.got:
            raise CouldNotLook("", self.why_no_requests or "no request was sent meanwhile")
        return failed_percent(self.got)

    @property
    def reconnects(self) -> Reconnected:
        """How the WebSocket clients reconnected; CouldNotLook where no client was cut, which proves nothing."""
        self.require_stopped()
        told = self.clients
        if told.why_none:
            raise CouldNotLook("", told.why_none)
        if not told.cut:
            raise CouldNotLook(
                "",
                f"none of {told.clients} clients was cut: none was on the stopped task, or it is still draining; "
                "drill again, or raise limit drill_websocket_clients",
            )
        return told


def _makes(stack: Stack) -> str:
    return (
        "stops the oldest task of each service that runs two or more (ECS starts another), with "
        f"{stack.limits.drill_websocket_clients} WebSocket clients open, and a GET {stack.health_path} every "
        f"{PROBE_EVERY_S:g} s"
    )


_TARGETS = tuple(f"elasticloadbalancing:Describe{one}" for one in ("LoadBalancers", "TargetGroups", "TargetHealth"))
"""The calls that show whether targets are healthy again."""


@drill(makes=_makes, allow=_TARGETS, remedies=["stop-task"])
def failover_drills(
    stack: Stack, ground: Ground, inventory: Inventory, services: list[Service], tasks: list[Task]
) -> list[FailOver]:
    """One running task of each service stopped, and watched until as many run as before."""
    found: list[FailOver] = []
    for service in services:
        # what the drill of one service did must be over before the next is judged
        [known] = ground.look("services") if found else [services]
        now = next((one for one in known if one.arn == service.arn), service)
        found.append(_drill(stack, ground, inventory, now, tasks))
    return found


def _drill(stack: Stack, ground: Ground, inventory: Inventory, service: Service, tasks: Sequence[Task]) -> FailOver:
    whole = FailOver(arn=service.arn, name=service.name, refused=_refusal(service), alone=_is_alone(service))
    if whole.refused:
        return whole
    before = _healthy(ground, inventory)
    if isinstance(before, str):
        return _refused(whole, before)
    oldest = _oldest(service, tasks)
    if oldest is None:
        return _refused(whole, f"no running task of {service.name} is known")
    url = stack.backend_url + stack.health_path if stack.backend_url else ""
    get = Get(url, stack.limits.probe_timeout_s, fresh=True)
    if url and (failure := get()):
        return _refused(whole, f"GET {url} {failure}, before any task was stopped")
    with Clients(stack) as clients, probing(get if url else lambda: "") as sent:
        ground.say(f"{service.name}: stopping {oldest.name}, with {clients.told().clients} WebSocket clients open")
        began = time.monotonic()
        try:
            made = ground.make(
                "stop-task",
                f"task/{inventory.place(service.name)[0]}/{oldest.name}",
                within=timedelta(seconds=stack.limits.recovery_s),
            )
        except CannotFix as error:
            return _refused(whole, str(error))
        if made.result is ChangeResult.REFUSED:
            return _refused(whole, made.said)
        replaced = made.result is ChangeResult.DONE
        recovered = _until_healthy(stack, ground, inventory, before, began) if replaced else None
        _until_back(stack, ground, clients, oldest)
        told, got = clients.told(), tuple(sent)
    return failed_over(service, oldest, recovered, made.said, got if url else (), told)


def failed_over(
    service: Service, task: Task, recovered_s: float | None, said: str, got: Sequence[Got], clients: Reconnected
) -> FailOver:
    """What was seen, with its figures."""
    figures = [] if recovered_s is None else [Figure("recovered in", round(recovered_s, 1), "s")]
    if got:
        figures += [Figure("requests", len(got)), Figure("failed", round(failed_percent(got), 1), "%")]
    if clients.clients:
        figures.append(Figure("clients cut", clients.cut))
    if clients.took_s:
        figures.append(Figure("reconnected in", round(max(clients.took_s), 1), "s"))
    return FailOver(
        arn=service.arn,
        name=service.name,
        evidence={
            "stopped task": task.name,
            "started at": str(task.evidence.get("startedAt", "")),
            "requests": len(got),
            "failures": sorted({one.failure for one in got if one.failure}),
            "clients": vars(clients),
            "said": said,
        },
        figures=tuple(figures),
        recovered_s=recovered_s,
        said=said,
        got=tuple(got),
        why_no_requests="" if got else "stacks.toml names no backend_url to send requests to",
        clients=clients,
    )


def _refused(whole: FailOver, why: str) -> FailOver:
    return FailOver(arn=whole.arn, name=whole.name, refused=f"no task was stopped: {why}", evidence={"refused": why})


def _refusal(service: Service) -> str:
    """Why no task of the service should be stopped now, or nothing."""
    if unread := why_unread(service):
        return f"no task was stopped: {unread}"
    if service.status != "ACTIVE":
        return f"no task was stopped: the service is {service.status}"
    if _is_alone(service):
        return "no task was stopped: the service has one desired task, and stopping it would be an outage; run two"
    why = unsteady(service.evidence)
    return f"no task was stopped: {why}" if why else ""


def _is_alone(service: Service) -> bool:
    return not why_unread(service) and service.status == "ACTIVE" and service.desired == 1


def _oldest(service: Service, tasks: Sequence[Task]) -> Task | None:
    running = [one for one in tasks if one.service == service.name and one.is_wanted and one.last_status == "RUNNING"]
    return min(running, key=lambda one: one.evidence["startedAt"], default=None)


def _healthy(ground: Ground, inventory: Inventory) -> dict[str, int] | str:
    """How many targets of each group are healthy; or why not all of them are. Nothing where there are none."""
    if not inventory.load_balancers:
        return {}
    groups = _targets(ground)
    sick = [f"{target} of {group.name}" for group in groups for target in group.targets if target.state in NOT_READY]
    if sick:
        return f"{', '.join(sick[:3])}, before any task was stopped"
    return {group.arn: len(group.in_state("healthy")) for group in groups}


def _targets(ground: Ground) -> list[TargetHealth]:
    """The stack's own groups: on a shared load balancer, a neighbour's groups say nothing about this drill."""
    [groups] = ground.look("target_health")
    return [group for group in groups if not group.not_judged]


def _until_healthy(
    stack: Stack, ground: Ground, inventory: Inventory, before: dict[str, int], began: float
) -> float | None:
    """Seconds until as many targets are healthy as before; None where that takes longer than the limit allows."""
    while True:
        try:
            groups = _targets(ground) if inventory.load_balancers else []
            missing = [
                f"{len(group.in_state('healthy'))} of {before.get(group.arn, 0)} targets of {group.name} are healthy"
                for group in groups
                if len(group.in_state("healthy")) < before.get(group.arn, 0)
                or any(target.state in NOT_READY for target in group.targets)
            ]
        except CouldNotLook as error:
            missing = [str(error)]
        passed = time.monotonic() - began
        if not missing:
            ground.say(f"as many tasks run, and targets are healthy, as before: after {passed:.1f} s")
            return passed
        if passed > stack.limits.recovery_s:
            ground.say(f"after {passed:.1f} s: {', '.join(missing)}")
            return None
        ground.say(", ".join(missing))
        ground.pause()


def _until_back(stack: Stack, ground: Ground, clients: Clients, stopped: Task) -> None:
    """Wait until the stopped task, which may drain for minutes, is gone and every client that it cut is back."""
    if not clients.told().clients:
        return
    until, gone = time.monotonic() + stack.limits.recovery_s, 0.0
    while time.monotonic() < until:
        if not gone and _is_gone(ground, stopped):
            gone = time.monotonic()
        if gone and time.monotonic() - gone > (GRACE_S if clients.are_back else stack.limits.drill_reconnect_s):
            return
        told = clients.told()
        ground.say(
            f"{stopped.name} {'has stopped' if gone else 'is still stopping'}; {told.cut} clients were cut, "
            f"{told.away} are away"
        )
        ground.pause()


def _is_gone(ground: Ground, stopped: Task) -> bool:
    try:
        [tasks] = ground.look("tasks")
    except CouldNotLook:
        return False
    return all(one.last_status == "STOPPED" for one in tasks if one.arn == stopped.arn)
