"""WebSocket: a session, its ping, and reconnects."""

from __future__ import annotations

import json
import secrets
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from ..aws.elbv2 import TargetHealth
from ..core import environment
from ..core.dataclass import dataclass
from ..core.model import Figure, Resource
from ..core.observation import CouldNotLook, names_no, observation, seen
from ..core.tape import LIVE, Tape
from ..core.wording import plural

if TYPE_CHECKING:
    from websockets.exceptions import ConnectionClosed
    from websockets.sync.client import ClientConnection

    from ..config.stack import Stack

RECONNECTS = 5
MESSAGE_BYTES = 4 * 2**20
"""A larger message, packed or not, ends the session: the probe does not hold what a host may send for ever."""
_TOO_BIG = 1009


@dataclass(frozen=True, kw_only=True)
class Session(Resource):
    """A session on the endpoint. `refused`: why none was opened; then the rest is empty."""

    refused: str = ""
    open_ms: float = 0.0
    ping_ms: float | None = None
    held_s: float = 0.0
    ended_early: str = ""


@dataclass(frozen=True, kw_only=True)
class Reconnects(Resource):
    """The tasks that one client reached in a row with its cookies. `unproven`: why that was not tried."""

    tasks: tuple[str, ...] = ()
    unproven: str = ""


@observation()
def websocket_session(stack: Stack, tape: Tape = LIVE) -> Session:
    """A WebSocket session: opened, pinged, held for websocket_hold_s."""
    url = session_address(stack)
    bare = Session(arn=_place(url), name=urlsplit(url).path)
    asked = {"url": url, "for": "a session"}
    told = tape.ask("websocket", f"WebSocket {_place(url)}", asked, lambda: _unless_it_fails(_session, stack, url))
    if "refused" in told:
        return replace(bare, refused=told["refused"], evidence=told)
    open_ms = told.pop("open_ms")
    figures = [Figure("connect", round(open_ms), "ms")]
    if told["ping_ms"] is not None:
        figures.append(Figure("ping", round(told["ping_ms"]), "ms"))
    return replace(bare, open_ms=open_ms, evidence={"opened_ms": open_ms, **told}, figures=tuple(figures), **told)


def _session(stack: Stack, url: str) -> dict[str, Any]:
    """What happened: `refused`, or open_ms, ping_ms, held_s and ended_early of Session."""
    from websockets.exceptions import ConnectionClosed

    limits, began = stack.limits, time.monotonic()
    connection = open_session(stack, url, {})
    if isinstance(connection, str):
        return {"refused": connection}
    open_ms = (time.monotonic() - began) * 1000
    ping_ms, ended_early = None, ""
    held_from = time.monotonic()
    with connection:
        try:
            pinged = time.monotonic()
            if connection.ping().wait(limits.probe_timeout_s):
                ping_ms = (time.monotonic() - pinged) * 1000
            _hold(connection, limits.websocket_hold_s)
        except ConnectionClosed as closed:
            ended_early = _ended(closed, url)
    return {"open_ms": open_ms, "ping_ms": ping_ms, "held_s": time.monotonic() - held_from, "ended_early": ended_early}


@observation()
def websocket_reconnects(stack: Stack, target_health: list[TargetHealth], tape: Tape = LIVE) -> Reconnects:
    """One client that connects several times in a row, each time with the cookies of the last answer.

    This needs `websocket.task_field`, the field of the first message that names the task, and two healthy tasks.
    """
    url = session_address(stack)
    bare = Reconnects(arn=_place(url), name=urlsplit(url).path)
    if not target_health:
        why = "no target group of the stack's load balancers was seen: which tasks there are is unknown"
        raise CouldNotLook("", why)
    healthy = [len(group.in_state("healthy")) for group in target_health if not group.unread]
    if not stack.websocket.task_field:
        return replace(bare, unproven="websocket.task_field is not set in stacks.toml")
    if not any(count > 1 for count in healthy):
        seen(next((group.unread for group in target_health if group.unread), None))
        return replace(bare, unproven=f"{plural(max(healthy), 'healthy target')}: two are needed")
    cookies: dict[str, str] = {}
    tasks = []
    for _ in range(RECONNECTS):
        asked = {"url": url, "for": "a task"}
        told = tape.ask(
            "websocket", f"WebSocket {_place(url)}", asked, lambda: _unless_it_fails(_reached, stack, url, cookies)
        )
        tasks.append(told["task"])
        cookies.update(told["cookies"])
    evidence = {"tasks reached": tasks, "cookies kept": sorted(cookies), "healthy targets": max(healthy)}
    return replace(bare, tasks=tuple(tasks), evidence=evidence)


def _reached(stack: Stack, url: str, cookies: Mapping[str, str]) -> dict[str, Any]:
    """The `task` that one connection reached, and the `cookies` that it was given."""
    connection = open_session(stack, url, cookies)
    if isinstance(connection, str):
        raise CouldNotLook(f"WebSocket {url}", connection)
    with connection:
        given = connection.response.headers.get_all("Set-Cookie") if connection.response else []
        return {"task": _task(connection, stack, url), "cookies": cookies_of(given)}


def _unless_it_fails(look: Callable[..., dict[str, Any]], stack: Stack, url: str, *more: Any) -> dict[str, Any]:
    """What it sees; CouldNotLook where the WebSocket library fails.

    Two threads of it share a connection, and where they race an assertion of its own fails: that is not of the host.
    """
    try:
        return look(stack, url, *more)
    except AssertionError as error:
        why = f"the WebSocket library failed: {error}" if str(error) else "the WebSocket library failed"
        raise CouldNotLook(f"WebSocket {_place(url)}", why) from error


def _place(url: str) -> str:
    """The address without its query, which differs per session."""
    return url.partition("?")[0]


def session_address(stack: Stack) -> str:
    """The URL of a new client's session; CouldNotLook where the stack names no WebSocket."""
    if not stack.websocket_url:
        raise names_no(stack.name, "WebSocket", "websocket.url")
    joint = "&" if urlsplit(stack.websocket_url).query else "?"
    return f"{stack.websocket_url}{joint}{urlencode({'client_id': f'opschecks-{secrets.token_hex(4)}'})}"


def open_session(stack: Stack, url: str, cookies: Mapping[str, str]) -> ClientConnection | str:
    """A connection, or why a reached host refused it; CouldNotLook where no host was reached."""
    from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI, ProxyError
    from websockets.proxy import get_proxy
    from websockets.sync.client import connect
    from websockets.uri import parse_uri

    headers = dict(stack.websocket.headers)
    if cookies:
        headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
    timeout_s = stack.limits.probe_timeout_s
    call = f"WebSocket {url.partition('?')[0]}"
    try:
        proxy = environment.reread(lambda: get_proxy(parse_uri(url)))
        return connect(
            url,
            proxy=proxy,
            sock=None if proxy else _reach(url, timeout_s),
            max_size=MESSAGE_BYTES,
            additional_headers=headers,
            open_timeout=timeout_s,
            close_timeout=1,
            ping_interval=None,
            user_agent_header="opschecks",
        )
    except ProxyError as error:
        raise CouldNotLook(call, f"{type(error).__name__}: {error}") from None
    except InvalidHandshake as error:
        return f"the handshake was refused: {error}"
    except ssl.SSLCertVerificationError as error:  # a ValueError, too
        return f"its certificate is not trusted: {error.verify_message}"
    except (ValueError, InvalidURI) as error:
        refused = error.__cause__ or error.__context__
        if not isinstance(refused, InvalidStatus):
            raise
        return f"the handshake was refused: {refused}, a redirect, which no browser follows here"
    except TimeoutError:
        return f"no handshake within {timeout_s:g} s"
    except (EOFError, ConnectionClosed):  # the latter where it was closed before the request was sent
        return "the connection was closed before the handshake"
    except OSError as error:
        raise CouldNotLook(call, f"{type(error).__name__}: {error}") from None


def _reach(url: str, timeout_s: float) -> socket.socket:
    """A connection to the host, to distinguish an unreachable host from a silent one."""
    parts = urlsplit(url)
    try:
        port = parts.port or (443 if parts.scheme == "wss" else 80)
        return socket.create_connection((str(parts.hostname), port), timeout_s)
    except TimeoutError:
        raise CouldNotLook(f"WebSocket {url.partition('?')[0]}", f"no connection within {timeout_s:g} s") from None


def _ended(closed: ConnectionClosed, url: str) -> str:
    """How a session ended, in words; CouldNotLook where this probe ended it because of a message's size."""
    if closed.sent and closed.sent.code == _TOO_BIG and not closed.rcvd_then_sent:
        why = f"a message is larger than the {MESSAGE_BYTES // 2**20} MiB that this probe reads"
        raise CouldNotLook(f"WebSocket {_place(url)}", why)
    return f"closed by the server: {closed}"


def _hold(connection: ClientConnection, seconds: float) -> None:
    """Read until the time is over; ConnectionClosed if it ended early."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        try:
            connection.recv(timeout=left)
        except TimeoutError:
            return


def _task(connection: ClientConnection, stack: Stack, url: str) -> str:
    from websockets.exceptions import ConnectionClosed

    field = stack.websocket.task_field
    try:
        told: Any = json.loads(connection.recv(timeout=stack.limits.probe_timeout_s))
    except (TimeoutError, ValueError, ConnectionClosed) as error:
        raise CouldNotLook(f"WebSocket {url}", f"no JSON message that names a task: {error}") from None
    if not isinstance(told, dict) or not told.get(field):
        raise CouldNotLook(f"WebSocket {url}", f"the first message has no {field!r}")
    return str(told[field])


def cookies_of(lines: list[str]) -> dict[str, str]:
    """Names and values in Set-Cookie headers."""
    jar: SimpleCookie = SimpleCookie()
    for line in lines:
        try:
            jar.load(line)
        except CookieError:
            continue  # browsers would drop it too
    return {name: morsel.value for name, morsel in jar.items()}
