"""WebSocket sessions at their limits: as one was opened, answered and held, and which tasks a client reached."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from opschecks.aws.elbv2 import TargetHealth
from opschecks.core.observation import CouldNotLook
from opschecks.web.idle_timeout import WebSocketBalancer
from opschecks.web.websocket import websocket_reconnects, websocket_session
from tests.canned import daily, stack
from tests.real.rows import Row
from tests.real.web import ALB

checks = daily("websocket")
RFC_6455 = "https://datatracker.ietf.org/doc/html/rfc6455#section-5.5.2"
STICKY = "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-target-group-attributes.html"
AT = stack(websocket={"url": "wss://api.example.com/ws?v=2", "task_field": "task"})


class Told:
    """A tape that answers each question with the next of its answers."""

    replays = True

    def __init__(self, *answers: Mapping[str, Any] | Exception) -> None:
        self.answers: Iterator[Mapping[str, Any] | Exception] = iter(answers)

    def ask(self, kind: str, call: str, question: Mapping[str, Any], make: Callable[[], Any]) -> Any:
        assert (kind, call) == ("websocket", "WebSocket wss://api.example.com/ws")
        assert question["url"].startswith("wss://api.example.com/ws?v=2&client_id=opschecks-")
        answer = next(self.answers)
        if isinstance(answer, Exception):
            raise answer
        return dict(answer)


def session(outcome: str, says: str, **told: Any) -> Row:
    usual = {"open_ms": 41.6, "ping_ms": 12.4, "held_s": 3.0, "ended_early": ""}
    answer = told if "refused" in told else {**usual, **told}
    return Row(
        checks.test_websocket_sessions_open_and_answer,
        lambda: {"websocket_session": websocket_session(AT, Told(answer)), "stack": AT},
        outcome,
        RFC_6455,
        says,
    )


def health(name: str, healthy: int, unread: CouldNotLook | None = None) -> TargetHealth:
    told = [{"Target": {"Id": f"10.0.0.{n}", "Port": 80}, "TargetHealth": {"State": "healthy"}} for n in range(healthy)]
    return TargetHealth(arn=name, name=name, evidence={"TargetHealthDescriptions": told}, unread=unread)


def reached(outcome: str, says: str, tasks: str = "aaaaa", groups: Any = (2,), checked: Any = AT) -> Row:
    """One client that reached these tasks, a letter each, behind groups of so many healthy targets."""
    answers = [{"task": one, "cookies": {"AWSALB": one}} for one in tasks]

    def look() -> Mapping[str, Any]:
        known = [health(f"g{n}", one) for n, one in enumerate(groups)]
        return {"websocket_reconnects": websocket_reconnects(checked, known, Told(*answers))}

    return Row(checks.test_reconnecting_reaches_the_same_task, look, outcome, STICKY, says)


def idle(seconds: float, heartbeat: float | None, outcome: str, says: str) -> Row:
    def look() -> Mapping[str, Any]:
        told = {"attributes": {"idle_timeout.timeout_seconds": str(seconds)}}
        return {
            "websocket_balancers": [WebSocketBalancer(arn="alb", name="alb", evidence=told)],
            "stack": stack(websocket={"url": "wss://a.test/", **({"heartbeat_s": heartbeat} if heartbeat else {})}),
        }

    return Row(checks.test_idle_sessions_are_not_cut, look, outcome, ALB, says)


ROWS = {
    "a session as usual": session("passed", "opened in 42 ms, pong after 12 ms"),
    "a pong at the limit": session("passed", "pong after 1000 ms", ping_ms=1000.0),
    "a pong a moment after the limit": session("failed", "pong after 1001 ms; limit 1000 ms", ping_ms=1000.6),
    "no pong": session("failed", "no pong within 10 s", ping_ms=None),
    "no pong, as the host closed the session": session("failed", "closed with 1011",
            ping_ms=None, ended_early="closed with 1011"),
    "a pong, and then the host closes the session": session("failed", "after 0.5 s: closed with 1001",
            held_s=0.52, ended_early="closed with 1001"),
    "refused": session("failed", "HTTP 403", refused="HTTP 403"),
    "five connections, one task": reached("passed", "5 connections, task a"),
    "the last of five connections reaches another task": reached("failed",
            "5 connections, task a, b; 2 tasks answered one client", "aaaab"),
    "one healthy task, so that nothing is shown": reached("passed",
            "not proven live, by attributes only: 1 healthy target: two are needed", groups=(1,)),
    "one group of one, one of two": reached("passed", "5 connections, task a", groups=(1, 2)),
    "no field names the task": reached("passed", "websocket.task_field is not set", groups=(1,),
            checked=stack(websocket={"url": "wss://api.example.com/ws?v=2"})),
    "no group was seen": Row(checks.test_reconnecting_reaches_the_same_task,
        lambda: {"websocket_reconnects": unknown([])},
        "blind",
        STICKY,
        "which tasks there are is unknown",
    ),
    "the only group could not be read": Row(checks.test_reconnecting_reaches_the_same_task,
        lambda: {"websocket_reconnects": unknown([health("g", 0, CouldNotLook("elb", "Throttling"))])},
        "blind",
        STICKY,
        "elb: Throttling",
    ),
    "a heartbeat a second before the timeout": idle(60, 59, "passed", "idle timeout 60 s"),
    "a heartbeat as the timeout ends": idle(60, 60, "failed", "the heartbeat comes every 60 s, which is not sooner"),
    "a heartbeat that nobody has told": idle(60, None, "passed", "not compared: websocket.heartbeat_s is not set"),
}  # fmt: skip


def unknown(groups: list[TargetHealth]) -> Any:
    """What is seen of reconnects; a resource that raises why, as the run has it."""
    try:
        return websocket_reconnects(AT, groups, Told())
    except CouldNotLook as error:
        return _Blind(error)


class _Blind:
    arn = name = "wss://api.example.com/ws"
    evidence: Mapping[str, Any] = {}
    figures: tuple[Any, ...] = ()

    def __init__(self, why: CouldNotLook) -> None:
        self._why = why

    @property
    def unproven(self) -> str:
        raise self._why.again()
