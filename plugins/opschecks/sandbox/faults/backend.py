"""Faults of the backend itself: its health page, its WebSocket sessions, its load balancer's stickiness."""

from __future__ import annotations

from . import Sandbox, fault

_HEALTH = ["test_backend_is_healthy"]
_SESSION = "test_websocket_sessions_open_and_answer"
_RECONNECT = "test_reconnecting_reaches_the_same_task"


@fault(caught_by=_HEALTH)
def backend_is_unhealthy(sandbox: Sandbox) -> None:
    """Every task answers /health with 503."""
    for task in sandbox.web.tasks:
        task.healthy = False


@fault(caught_by=_HEALTH)
def component_is_unhealthy(sandbox: Sandbox) -> None:
    """The backend reports healthy although its database is unhealthy."""
    for task in sandbox.web.tasks:
        task.components["database"] = "unhealthy"


@fault(caught_by=_HEALTH)
def health_is_slow(sandbox: Sandbox) -> None:
    """/health answers more slowly than the limit allows."""
    for task in sandbox.web.tasks:
        task.health_delay_s = sandbox.stack.limits.health_latency_ms / 1000 + 0.2


@fault(caught_by=_HEALTH)
def health_says_nothing(sandbox: Sandbox) -> None:
    """/health answers 200 with an empty body."""
    for task in sandbox.web.tasks:
        task.health_body = b""


@fault(caught_by=[*_HEALTH, _SESSION], blinds=[_RECONNECT])
def load_balancer_is_broken(sandbox: Sandbox) -> None:
    """The load balancer answers 502 to everything."""
    sandbox.web.proxy.broken = True


@fault(caught_by=[_SESSION], blinds=[_RECONNECT])
def websockets_are_refused(sandbox: Sandbox) -> None:
    """Handshakes are answered with 503, while /health is fine."""
    for task in sandbox.web.tasks:
        task.accepts_websockets = False


@fault(caught_by=[_SESSION])
def websocket_pings_go_unanswered(sandbox: Sandbox) -> None:
    """Sessions open and never answer a ping."""
    for task in sandbox.web.tasks:
        task.answers_pings = False


@fault(caught_by=[_SESSION])
def websocket_sessions_are_cut(sandbox: Sandbox) -> None:
    """Sessions are closed soon after they open."""
    for task in sandbox.web.tasks:
        task.closes_after_s = 0.2


@fault(caught_by=["test_idle_sessions_are_not_cut"])
def idle_timeout_is_too_short(sandbox: Sandbox) -> None:
    """The load balancer's idle timeout was lowered below the WebSocket's heartbeat."""
    sandbox.client("elbv2").modify_load_balancer_attributes(
        LoadBalancerArn=sandbox.seeded.load_balancer,
        Attributes=[{"Key": "idle_timeout.timeout_seconds", "Value": "20"}],
    )


@fault(caught_by=[_RECONNECT])
def stickiness_does_not_work(sandbox: Sandbox) -> None:
    """The target group's stickiness is on, but the load balancer sends clients to any task."""
    sandbox.web.proxy.sticky = False
