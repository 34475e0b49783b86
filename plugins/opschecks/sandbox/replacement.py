"""A task that is stopped takes its server along, and its target drains; the one in its place gets both."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .environment import Sandbox

DRAINING = ("draining", "Target.DeregistrationInProgress", "Target deregistration is in progress")
INITIAL = ("initial", "Elb.RegistrationInProgress", "Target registration is in progress")
REGISTERING_S = 0.15
_ADDRESS = "privateIPv4Address"


def follow_task(sandbox: Sandbox, old: Any, new: Any) -> None:
    """Let the web side and the target group follow: `old` was stopped; later, `new` has its place."""
    if old not in sandbox.tasks:  # of another service than the stack's: nothing of it is served here
        return
    if new is None:
        stop(sandbox, _id(old), _address(old))
        return
    sandbox.tasks[sandbox.tasks.index(old)] = new
    start(sandbox, _id(new), _address(old), _address(new))


def stop(sandbox: Sandbox, task: str, address: str) -> None:
    """Its server says goodbye to every session, and its target takes no new ones."""
    web = sandbox.web
    if sandbox.refuses_who_was_cut:
        for other in web.tasks:
            other.accepts_websockets = False
    if sandbox.keeps_stopped_tasks:
        web.proxy.in_rotation = _with(web.proxy.in_rotation, next(one for one in web.tasks if one.task_id == task))
    web.remove_task(task)
    sandbox.target_states[address] = DRAINING


def start(sandbox: Sandbox, task: str, was: str, address: str) -> None:
    """Its server listens; its target is registered, and healthy a moment later."""
    web, group = sandbox.web, sandbox.backend("elbv2").target_groups[sandbox.seeded.target_group]
    started = web.add_task(task)
    started.accepts_websockets = not sandbox.refuses_who_was_cut
    web.proxy.in_rotation = lambda: list(web.tasks)
    group.deregister([{"Id": was}])
    sandbox.target_states.pop(was, None)
    sandbox.target_states[address] = INITIAL
    group.register([{"Id": address, "Port": group.port}])
    timer = threading.Timer(REGISTERING_S, lambda: sandbox.target_states.pop(address, None))
    timer.daemon = True
    timer.start()


def _with(before: Any, stopped: Any) -> Any:
    """What is in rotation, and the stopped task beside it."""
    return lambda: [*before(), stopped]


def _id(task: Any) -> str:
    return str(task.task_arn).rsplit("/", 1)[-1]


def _address(task: Any) -> str:
    details = [detail for attachment in task.attachments for detail in attachment["details"]]
    return str(next(detail["value"] for detail in details if detail["name"] == _ADDRESS))
