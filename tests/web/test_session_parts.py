"""WebSocket probes, part by part: what is kept of a session, and how it ends."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosedError, ConnectionClosedOK, InvalidStatus, InvalidURI, ProxyError
from websockets.frames import Close
from websockets.http11 import Response

from opschecks.aws.elbv2 import TargetHealth
from opschecks.aws.unread import Unread
from opschecks.core.answer import Answer
from opschecks.core.model import Figure
from opschecks.core.observation import CouldNotLook, NotConfigured
from opschecks.web import websocket as sockets
from opschecks.web.websocket import (
    RECONNECTS,
    Reconnects,
    Session,
    cookies_of,
    session_address,
    websocket_reconnects,
    websocket_session,
)
from tests.canned import stack
from tests.web.told import Answers

WS = "wss://site.test/ws"


def _with_socket(**websocket: Any) -> Any:
    return stack(websocket={"url": WS, **websocket})


TOLD = {"open_ms": 12.4, "ping_ms": 3.6, "held_s": 0.5, "ended_early": ""}


def test_what_is_kept_of_a_session() -> None:
    tape = Answers(websocket=dict(TOLD))
    seen = websocket_session(_with_socket(), tape)
    assert seen == Session(
        arn=WS,
        name="/ws",
        open_ms=12.4,
        ping_ms=3.6,
        held_s=0.5,
        evidence={"opened_ms": 12.4, "ping_ms": 3.6, "held_s": 0.5, "ended_early": ""},
        figures=(Figure("connect", 12, "ms"), Figure("ping", 4, "ms")),
    )
    [(kind, call, question)] = tape.questions
    assert (kind, call, question["for"]) == ("websocket", f"WebSocket {WS}", "a session")
    assert question["url"].startswith(f"{WS}?client_id=opschecks-")
    silent = websocket_session(_with_socket(), Answers(websocket={**TOLD, "ping_ms": None}))
    assert silent.figures == (Figure("connect", 12, "ms"),)
    refused = websocket_session(_with_socket(), Answers(websocket={"refused": "no"}))
    assert refused == Session(arn=WS, name="/ws", refused="no", evidence={"refused": "no"})


def test_the_address_of_a_session_is_one_of_a_new_client() -> None:
    address = session_address(_with_socket())
    assert len(address) == len(f"{WS}?client_id=opschecks-") + 8
    assert address != session_address(_with_socket())
    assert session_address(stack(websocket={"url": f"{WS}?a=1"})).startswith(f"{WS}?a=1&client_id=opschecks-")
    with pytest.raises(NotConfigured, match=r"names no WebSocket: set websocket\.url"):
        session_address(stack())


def _health(healthy: int, other: int = 0, *, unread: CouldNotLook | None = None) -> TargetHealth:
    states = ["healthy"] * healthy + ["initial"] * other
    raw = [{"Target": {"Id": str(n)}, "TargetHealth": {"State": state}} for n, state in enumerate(states)]
    evidence = Unread(unread) if unread else Answer({"TargetHealthDescriptions": raw}, "x")
    return TargetHealth(arn="g", name="g", evidence=evidence, unread=unread)


THROTTLED = CouldNotLook("elasticloadbalancing:DescribeTargetHealth", "Throttling: no")


def _back(*health: TargetHealth, field: str = "task", told: Any = None) -> tuple[Reconnects, Answers]:
    answers = told or [{"task": f"t{n % 2}", "cookies": {f"c{n % 3}": "1"}} for n in range(RECONNECTS)]
    tape = Answers(websocket=answers)
    return websocket_reconnects(_with_socket(task_field=field), list(health), tape), tape


def test_a_client_connects_several_times_with_its_cookies() -> None:
    seen, tape = _back(_health(1), _health(2, 1))
    assert seen.tasks == ("t0", "t1", "t0", "t1", "t0")
    assert seen.evidence == {
        "tasks reached": list(seen.tasks),
        "cookies kept": ["c0", "c1", "c2"],
        "healthy targets": 2,
    }
    assert (seen.arn, seen.name, seen.unproven) == (WS, "/ws", "")
    assert {(kind, call, one["for"]) for kind, call, one in tape.questions} == {
        ("websocket", f"WebSocket {WS}", "a task")
    }
    assert len({one["url"] for _, _, one in tape.questions}) == 1


def test_nothing_is_proven_without_two_healthy_targets_and_a_field_that_names_the_task() -> None:
    for seen, why in (
        (_back(_health(1, 5), _health(1))[0], "1 healthy target: two are needed"),
        (_back(_health(0))[0], "0 healthy targets: two are needed"),
        (_back(_health(2), field="")[0], "websocket.task_field is not set in stacks.toml"),
    ):
        assert (seen.unproven, seen.tasks) == (why, ())
    assert _back(_health(0, unread=THROTTLED), field="")[0].unproven.startswith("websocket.task_field")
    assert _back(_health(0, unread=THROTTLED), _health(2))[0].unproven == ""
    for health in ([_health(1), _health(0, unread=THROTTLED)], [_health(0, unread=THROTTLED)]):
        with pytest.raises(CouldNotLook, match="Throttling"):
            _back(*health)
    with pytest.raises(CouldNotLook, match="no target group of the stack's load balancers was seen"):
        _back()


class _Connection:
    """A WebSocket session that answers as it is told."""

    def __init__(self, *messages: Any, ping: Any = True, headers: Mapping[str, list[str]] | None = None) -> None:
        self.messages, self.pinged = list(messages), ping
        self.response: Any = SimpleNamespace(headers=SimpleNamespace(get_all=(headers or {}).get))
        self.waits: list[float] = []

    def __enter__(self) -> _Connection:
        return self

    def __exit__(self, *_: object) -> None:
        return

    def ping(self) -> Any:
        if isinstance(self.pinged, Exception):
            raise self.pinged
        return SimpleNamespace(wait=lambda timeout: self.waits.append(timeout) or self.pinged)  # type: ignore[func-returns-value]

    def recv(self, timeout: float) -> Any:
        self.waits.append(timeout)
        one = self.messages.pop(0) if self.messages else TimeoutError()
        if isinstance(one, Exception):
            raise one
        return one


def _closing(code: int, *, sent: int | None = None, first: bool = True) -> ConnectionClosedError:
    return ConnectionClosedError(
        Close(code, "") if code else None, Close(sent, "") if sent else None, first if code and sent else None
    )


def _opened(monkeypatch: pytest.MonkeyPatch, connection: Any) -> None:
    monkeypatch.setattr(sockets, "open_session", lambda *_: connection)


HELD = {"limits": {"websocket_hold_s": 0.01, "probe_timeout_s": 2}, "websocket": {"url": WS, "task_field": "task"}}


def test_a_session_is_pinged_and_held(monkeypatch: pytest.MonkeyPatch) -> None:
    connection = _Connection("a message")
    _opened(monkeypatch, connection)
    told = sockets._session(stack(**HELD), WS)
    assert set(told) == {"open_ms", "ping_ms", "held_s", "ended_early"}
    assert told["ended_early"] == ""
    assert 0 <= told["ping_ms"] < 10_000
    assert 0 <= told["open_ms"] < 10_000
    assert 0 <= told["held_s"] < 10
    assert connection.waits[0] == 2
    _opened(monkeypatch, _Connection(ping=False))
    assert sockets._session(stack(**HELD), WS)["ping_ms"] is None
    _opened(monkeypatch, "refused")
    assert sockets._session(stack(**HELD), WS) == {"refused": "refused"}


def test_times_of_a_session_are_milliseconds(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = (100 + number / 4 for number in range(20))
    monkeypatch.setattr(sockets, "time", SimpleNamespace(monotonic=lambda: next(moments)))
    _opened(monkeypatch, _Connection())
    assert sockets._session(stack(**HELD), WS) == {
        "open_ms": 250.0,
        "ping_ms": 250.0,
        "held_s": 1.25,
        "ended_early": "",
    }


def test_a_session_is_held_until_its_time_is_over_and_no_moment_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter([100.0, 100.25, 100.5])
    monkeypatch.setattr(sockets, "time", SimpleNamespace(monotonic=lambda: next(moments)))
    connection: Any = _Connection("a message", "never")
    sockets._hold(connection, 0.5)
    assert connection.waits == [0.25]


@pytest.mark.parametrize("when", ["ping", "hold"])
def test_a_session_that_ends_early_says_how(monkeypatch: pytest.MonkeyPatch, when: str) -> None:
    away = _closing(1001, sent=1001)
    _opened(monkeypatch, _Connection(ping=away) if when == "ping" else _Connection("x", away))
    told = sockets._session(stack(**HELD), WS)
    assert told["ended_early"] == f"closed by the server: {away}"


def test_a_message_that_is_too_large_is_this_probes_own_end() -> None:
    for closed in (_closing(0, sent=1009, first=False), _closing(1009, sent=1009, first=False)):
        with pytest.raises(CouldNotLook, match=f"WebSocket {WS}: a message is larger than the 4 MiB"):
            sockets._ended(closed, f"{WS}?a=1")
    for closed in (_closing(1009, sent=1009), _closing(1011), _closing(0, sent=1011, first=False)):
        assert sockets._ended(closed, WS) == f"closed by the server: {closed}"


def test_a_task_is_named_by_the_first_message(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {"Set-Cookie": ["a=1; Path=/", "b@d,=2", "c=3"]}
    connection = _Connection('{"task": 7}', headers=given)
    _opened(monkeypatch, connection)
    assert sockets._reached(stack(**HELD), WS, {}) == {"task": "7", "cookies": {"a": "1", "c": "3"}}
    assert connection.waits == [2]
    bare = _Connection('{"task": "a"}')
    bare.response = None
    _opened(monkeypatch, bare)
    assert sockets._reached(stack(**HELD), WS, {}) == {"task": "a", "cookies": {}}
    _opened(monkeypatch, "the handshake was refused")
    with pytest.raises(CouldNotLook, match=f"WebSocket {WS}: the handshake was refused"):
        sockets._reached(stack(**HELD), WS, {})


@pytest.mark.parametrize(
    ("message", "says"),
    [
        ("hello", "no JSON message that names a task"),
        (b"\xff\xfe", "no JSON message that names a task"),
        (ConnectionClosedOK(None, None), "no JSON message that names a task"),
        (TimeoutError("late"), "no JSON message that names a task: late"),
        ("[]", "the first message has no 'task'"),
        ('"task"', "the first message has no 'task'"),
        ('{"task": ""}', "the first message has no 'task'"),
        ('{"task": null}', "the first message has no 'task'"),
        ('{"node": "a"}', "the first message has no 'task'"),
    ],
)
def test_a_first_message_that_names_no_task_is_blind(monkeypatch: pytest.MonkeyPatch, message: Any, says: str) -> None:
    _opened(monkeypatch, _Connection(message))
    with pytest.raises(CouldNotLook, match=f"WebSocket {WS}: {says}"):
        sockets._reached(stack(**HELD), WS, {})


def test_cookies_are_told_by_name_and_value() -> None:
    assert cookies_of([]) == {}
    assert cookies_of(["a=1; Secure", "a=2", "b=x"]) == {"a": "2", "b": "x"}


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("wss://h/ws", ("h", 443)),
        ("ws://h/ws", ("h", 80)),
        ("ws://h:81/ws", ("h", 81)),
        ("wss://h:8443/ws", ("h", 8443)),
    ],
)
def test_a_host_is_reached_at_its_port(monkeypatch: pytest.MonkeyPatch, url: str, place: tuple[str, int]) -> None:
    asked: list[Any] = []
    monkeypatch.setattr("socket.create_connection", lambda *given: asked.append(given))
    sockets._reach(url, 2)
    assert asked == [(place, 2)]


CERTIFICATE = ssl.SSLCertVerificationError("x")
CERTIFICATE.verify_message = "certificate has expired"
STATUS = InvalidStatus(Response(503, "Service Unavailable", Headers()))
REDIRECTED = InvalidURI("x", "y")
REDIRECTED.__cause__ = InvalidStatus(Response(301, "Moved Permanently", Headers()))
WITHIN = ValueError("x")
WITHIN.__context__ = REDIRECTED.__cause__
REFUSALS: dict[str, tuple[Exception, str]] = {
    "a status": (STATUS, f"the handshake was refused: {STATUS}"),
    "a certificate": (CERTIFICATE, "its certificate is not trusted: certificate has expired"),
    "a redirect": (
        REDIRECTED, f"the handshake was refused: {REDIRECTED.__cause__}, a redirect, which no browser follows here"),
    "a redirect, met on the way": (
        WITHIN, f"the handshake was refused: {REDIRECTED.__cause__}, a redirect, which no browser follows here"),
    "silence": (TimeoutError(), "no handshake within 2 s"),
    "an end": (EOFError(), "the connection was closed before the handshake"),
    "an end before the request": (ConnectionClosedOK(None, None), "the connection was closed before the handshake"),
}  # fmt: skip


def _connecting(monkeypatch: pytest.MonkeyPatch, told: Any, proxy: str | None = None) -> list[Any]:
    asked: list[Any] = []

    def connect(*given: Any, **more: Any) -> Any:
        asked.append((given, more))
        if isinstance(told, Exception):
            raise told
        return told

    monkeypatch.setattr("websockets.sync.client.connect", connect)
    monkeypatch.setattr("websockets.proxy.get_proxy", lambda _: proxy)
    monkeypatch.setattr(sockets, "_reach", lambda url, timeout_s: ("reached", url, timeout_s))
    return asked


@pytest.mark.parametrize(("error", "says"), REFUSALS.values(), ids=REFUSALS)
def test_a_host_that_was_reached_refuses_a_session(
    monkeypatch: pytest.MonkeyPatch, error: Exception, says: str
) -> None:
    _connecting(monkeypatch, error)
    assert sockets.open_session(stack(**HELD), WS, {}) == says


def test_a_host_that_was_not_reached_is_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    for error in (ProxyError("no"), OSError("no route")):
        _connecting(monkeypatch, error)
        with pytest.raises(CouldNotLook, match=f"WebSocket {WS}: {type(error).__name__}: no"):
            sockets.open_session(stack(**HELD), f"{WS}?a=1", {})
    _connecting(monkeypatch, ValueError("of the program"))
    with pytest.raises(ValueError, match="of the program"):
        sockets.open_session(stack(**HELD), WS, {})


def test_a_session_is_opened_with_the_stacks_headers_and_the_clients_cookies(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = _connecting(monkeypatch, "a session")
    checked = stack(websocket={"url": WS, "headers": {"Origin": "https://x"}}, limits={"probe_timeout_s": 2})
    assert sockets.open_session(checked, WS, {}) == "a session"
    sockets.open_session(checked, WS, {"a": "1", "b": "2"})
    (given, more), (_, again) = asked
    assert given == (WS,)
    assert more == {
        "proxy": None,
        "sock": ("reached", WS, 2),
        "max_size": 4 * 2**20,
        "additional_headers": {"Origin": "https://x"},
        "open_timeout": 2,
        "close_timeout": 1,
        "ping_interval": None,
        "user_agent_header": "opschecks",
    }
    assert again["additional_headers"] == {"Origin": "https://x", "Cookie": "a=1; b=2"}


def test_behind_a_proxy_the_host_is_not_reached_first(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = _connecting(monkeypatch, "a session", "http://proxy:3128")
    sockets.open_session(stack(**HELD), WS, {})
    [(_, more)] = asked
    assert (more["proxy"], more["sock"]) == ("http://proxy:3128", None)
