"""WebSocket sessions: handshakes, pings, how they end, and to which task a client comes back."""

from __future__ import annotations

import re
import socket
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.server import ServerConnection

from opschecks.core.observation import CouldNotLook
from opschecks.sandbox.web import Web
from opschecks.web import websocket
from opschecks.web.health import certificate_end
from opschecks.web.websocket import Reconnects, websocket_reconnects, websocket_session
from tests.web.hosts import NOW, _answering, _certified, _free_port, _stack, _target_health, _trust, _web, _websocket


def test_a_websocket_session_opens_and_pings() -> None:
    with _web() as web:
        session = websocket_session(_stack(web.backend_url))
    assert (session.refused, session.ended_early) == ("", "")
    assert session.ping_ms is not None
    assert session.name == "/ws"
    assert re.fullmatch(r"ws://127\.0\.0\.1:\d+/ws", session.arn)
    assert session.held_s > 0
    assert [figure.label for figure in session.figures] == ["connect", "ping"]


def test_a_websocket_session_over_tls_opens_and_pings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certified = _certified(tmp_path, ends=NOW + timedelta(days=30))
    _trust(monkeypatch, certified.authority)
    with _web(certified) as web:
        session = websocket_session(_stack(web.backend_url))
    assert session.arn.startswith("wss://")
    assert (session.refused, session.ended_early) == ("", "")
    assert session.ping_ms is not None


@pytest.mark.parametrize("broken", ["tasks", "proxy", "no tasks"])
def test_a_refused_handshake_says_so(broken: str) -> None:
    with _web() as web:
        if broken == "no tasks":
            web.remove_task("task-1")
            web.remove_task("task-2")
        for task in web.tasks:
            task.accepts_websockets = broken != "tasks"
        web.proxy.broken = broken == "proxy"
        session = websocket_session(_stack(web.backend_url))
    assert session.refused.startswith("the handshake was refused: ")
    assert ("HTTP 502" if broken == "proxy" else "HTTP 503") in session.refused
    assert session.evidence == {"refused": session.refused}
    assert session.ping_ms is None


def test_a_refused_session_bears_the_name_that_it_has_when_it_opens() -> None:
    with _web() as web:
        address = web.backend_url.replace("http:", "ws:") + "/live"
        session = websocket_session(_stack(web.backend_url, websocket={"url": address}))
    assert "HTTP 404" in session.refused
    assert session.name == "/live"


def test_an_address_with_a_query_keeps_it() -> None:
    with _web() as web:
        address = web.backend_url.replace("http:", "ws:") + "/ws?room=1"
        session = websocket_session(_stack(web.backend_url, websocket={"url": address}))
    assert session.refused == ""


def test_pings_that_go_unanswered_have_no_time() -> None:
    with _web() as web:
        for task in web.tasks:
            task.answers_pings = False
        session = websocket_session(_stack(web.backend_url, limits={"probe_timeout_s": 0.5}))
    assert session.refused == ""
    assert session.ping_ms is None
    assert [figure.label for figure in session.figures] == ["connect"]


def test_a_session_that_is_cut_says_by_what() -> None:
    with _web() as web:
        for task in web.tasks:
            task.closes_after_s = 0.05
        session = websocket_session(_stack(web.backend_url, limits={"websocket_hold_s": 30}))
    assert session.ended_early.startswith("closed by the server: ")
    assert "1011" in session.ended_early


def test_a_session_that_its_host_leaves_says_so() -> None:
    with _websocket(lambda connection: connection.close(1001, "going away")) as url:
        session = websocket_session(_stack(url, limits={"websocket_hold_s": 30, "probe_timeout_s": 0.5}))
    assert session.refused == ""
    assert "1001" in session.ended_early


def test_a_host_that_says_nothing_to_the_handshake_refuses_it() -> None:
    with _answering(b"", until=threading.Event()) as url:
        session = websocket_session(_stack(url, limits={"probe_timeout_s": 0.1}))
    assert session.refused == "no handshake within 0.1 s"


@pytest.mark.parametrize("raw", [b"", b"220 smtp.test ESMTP\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"])
def test_a_host_that_is_no_websocket_refuses_the_handshake(raw: bytes) -> None:
    with _answering(raw) as url:
        session = websocket_session(_stack(url))
    assert "handshake" in session.refused
    assert session.ping_ms is None


@pytest.mark.parametrize("location", ["/other", "ws://169.254.169.254/", "http://127.0.0.1:9/", "file:///etc/passwd"])
def test_a_handshake_that_is_redirected_is_refused_and_not_followed(location: str) -> None:
    raw = f"HTTP/1.1 301 Moved Permanently\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"
    with _answering(raw.encode()) as url:
        session = websocket_session(_stack(url))
    assert session.refused.startswith("the handshake was refused: ")
    assert "HTTP 301" in session.refused


def test_a_session_where_nothing_listens_is_not_looked_at() -> None:
    url = f"http://127.0.0.1:{_free_port()}"
    with pytest.raises(CouldNotLook, match="refused") as told:
        websocket_session(_stack(url))
    assert told.value.call == f"WebSocket {url.replace('http:', 'ws:')}/ws"


@pytest.mark.usefixtures("no_names")
def test_a_session_whose_host_does_not_resolve_is_not_looked_at() -> None:
    with pytest.raises(CouldNotLook, match="Name or service not known"):
        websocket_session(_stack())


def test_a_session_whose_host_does_not_take_connections_is_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    def connect(*_: Any, **__: Any) -> Any:
        raise TimeoutError("timed out")

    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(CouldNotLook, match="no connection within 5 s"):
        websocket_session(_stack())
    with pytest.raises(CouldNotLook, match="TimeoutError"):
        certificate_end("https://backend.test/", 5)


def test_headers_of_the_stack_are_sent_with_the_handshake() -> None:
    seen: list[str | None] = []

    def answer(connection: ServerConnection) -> None:
        assert connection.request is not None
        seen.append(connection.request.headers.get("Origin"))
        connection.recv()

    with _websocket(answer) as url:
        websocket_session(_stack(url, websocket={"headers": {"Origin": "https://console.test"}}))
    assert seen == ["https://console.test"]


def _reconnects(url: str, *, healthy: int = 2, field: str = "task", **limits: float) -> Reconnects:
    return websocket_reconnects(_stack(url, limits=limits, websocket={"task_field": field}), _target_health(healthy))


def test_a_client_with_sticky_cookies_comes_back_to_its_task() -> None:
    with _web() as web:
        seen = _reconnects(web.backend_url)
    assert len(seen.tasks) == 5
    assert len(set(seen.tasks)) == 1
    assert seen.unproven == ""
    assert "AWSALB" in seen.evidence["cookies kept"]


def test_a_client_without_stickiness_reaches_other_tasks() -> None:
    with _web() as web:
        web.proxy.sticky = False
        seen = _reconnects(web.backend_url)
    assert len(seen.tasks) == 5
    assert set(seen.tasks) == {"task-1", "task-2"}


def test_a_first_message_without_the_field_is_not_looked_at() -> None:
    with _web() as web, pytest.raises(CouldNotLook, match="the first message has no 'node'"):
        _reconnects(web.backend_url, field="node")


def test_a_session_without_a_first_message_is_not_looked_at() -> None:
    wanted = "no JSON message that names a task"
    with _websocket(lambda connection: connection.recv()) as url, pytest.raises(CouldNotLook, match=wanted):
        _reconnects(url, probe_timeout_s=0.5)


def test_a_session_that_ends_before_its_first_message_is_not_looked_at() -> None:
    with _websocket(lambda connection: connection.close(1011)) as url, pytest.raises(CouldNotLook, match="1011"):
        _reconnects(url)


def test_a_reconnect_that_is_refused_is_not_looked_at() -> None:
    with _web() as web:
        web.proxy.broken = True
        with pytest.raises(CouldNotLook, match="HTTP 502"):
            _reconnects(web.backend_url)


def test_reconnects_where_nothing_listens_are_not_looked_at() -> None:
    with pytest.raises(CouldNotLook, match="refused"):
        _reconnects(f"http://127.0.0.1:{_free_port()}")


def test_a_first_message_of_more_than_a_mebibyte_is_read() -> None:
    long = "task-" + "x" * 2**20
    with Web([long, "task-2"], lambda key: None) as web:
        seen = _reconnects(web.backend_url)
        web.proxy.sticky = False
        others = _reconnects(web.backend_url)
    assert len(set(seen.tasks)) == 1
    assert set(others.tasks) == {long, "task-2"}


def test_a_cookie_that_browsers_would_drop_does_not_stop_the_probe() -> None:
    def answer(connection: ServerConnection) -> None:
        connection.send('{"task": "a"}')
        connection.recv()

    def set_cookies(connection: ServerConnection, request: Any, response: Any) -> Any:
        response.headers["Set-Cookie"] = "b@d,name=1"
        response.headers["Set-Cookie"] = "kept=1; Path=/"
        return response

    with _websocket(answer, set_cookies) as url:
        seen = _reconnects(url)
    assert seen.tasks == ("a",) * 5
    assert seen.evidence["cookies kept"] == ["kept"]


@pytest.mark.parametrize(("said", "why"), [("", "failed$"), ("shouldn't step", "failed: shouldn't step$")])
def test_where_the_library_fails_the_host_is_not_looked_at(
    monkeypatch: pytest.MonkeyPatch, said: str, why: str
) -> None:
    def fails(*_: Any, **more: Any) -> None:
        raise AssertionError(said)

    monkeypatch.setattr(websocket, "open_session", fails)
    with pytest.raises(CouldNotLook, match=f"^WebSocket ws://127.0.0.1:1/ws: the WebSocket library {why}"):
        websocket_session(_stack("http://127.0.0.1:1"))
    with pytest.raises(CouldNotLook, match=f"the WebSocket library {why}"):
        _reconnects("http://127.0.0.1:1")
