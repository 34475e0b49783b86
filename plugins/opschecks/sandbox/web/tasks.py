"""A backend task: a health page and WebSocket sessions, healthy, or broken by a fault."""

from __future__ import annotations

import asyncio
import contextlib
import json
from dataclasses import field
from http import HTTPStatus

from aiohttp import WSCloseCode, WSMsgType, web

from ...core.dataclass import dataclass
from .listener import PARTING_S, Listener


def _all_healthy() -> dict[str, str]:
    return {"database": "healthy", "websocket": "healthy", "event_store": "healthy"}


@dataclass(eq=False)
class BackendTask:
    """One task, how it behaves and its server; the public attributes are read at each request, set by any thread.

    Attributes:
        port: where it listens; 0 while it does not.
        asked: the number of its unanswered requests and handshakes; counted by the load balancer.
        healthy: whether /health answers 200 and "healthy", or 503 and "unhealthy".
        components: the status of each component on /health, independent of `healthy`.
        health_delay_s: how long /health takes.
        one_at_a_time_s: how long /health takes while other requests for it wait; 0 if they need not wait.
        health_body: answered instead of the JSON, byte for byte.
        accepts_websockets: whether a handshake gets a session, or a 503.
        answers_pings: whether a session sends pongs.
        closes_after_s: how long a session lasts before it is closed with 1011.
    """

    task_id: str
    port: int = field(default=0, init=False)
    asked: int = field(default=0, init=False)
    healthy: bool = True
    components: dict[str, str] = field(default_factory=_all_healthy)
    health_delay_s: float = 0
    one_at_a_time_s: float = 0
    health_body: bytes | None = None
    accepts_websockets: bool = True
    answers_pings: bool = True
    closes_after_s: float | None = None
    _listener: Listener = field(init=False, repr=False)
    _sessions: set[web.WebSocketResponse] = field(default_factory=set, init=False, repr=False)
    _one: asyncio.Lock = field(default_factory=asyncio.Lock, init=False, repr=False)

    async def start(self) -> None:
        """Listen on a free port."""
        self._listener = Listener(self._answer)
        self.port = await self._listener.start()

    async def stop(self, answers_s: float = 0) -> None:
        """Take up to `answers_s` to answer earlier requests, then end every session (1001) and stop listening."""
        self.port = 0
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(answers_s):
                while self.asked:
                    await asyncio.sleep(0.01)
        code, reason = WSCloseCode.GOING_AWAY, b"the task is stopping"
        await asyncio.gather(*(session.close(code=code, message=reason) for session in self._sessions))
        await self._listener.stop()

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.path == "/health":
            return await self._health()
        if request.path != "/ws":
            return _json(HTTPStatus.NOT_FOUND, b'{"detail":"Not Found"}')
        if not self.accepts_websockets:
            return web.Response(status=HTTPStatus.SERVICE_UNAVAILABLE, text="no WebSocket sessions\n")
        if not request.query.get("client_id"):
            return web.Response(status=HTTPStatus.BAD_REQUEST, text="client_id is missing\n")
        return await self._session(request)

    async def _health(self) -> web.Response:
        await asyncio.sleep(self.health_delay_s)
        if self.one_at_a_time_s:
            async with self._one:
                await asyncio.sleep(self.one_at_a_time_s)
        page = {
            "status": "healthy" if self.healthy else "unhealthy",
            "task": self.task_id,
            "components": {name: {"status": status} for name, status in self.components.items()},
        }
        body = json.dumps(page, separators=(",", ":")).encode() if self.health_body is None else self.health_body
        return _json(HTTPStatus.OK if self.healthy else HTTPStatus.SERVICE_UNAVAILABLE, body)

    async def _session(self, request: web.BaseRequest) -> web.WebSocketResponse:
        session = web.WebSocketResponse(timeout=PARTING_S, autoping=False)
        await session.prepare(request)
        self._sessions.add(session)
        welcome = {"type": "welcome", "task": self.task_id, "client_id": request.query["client_id"]}
        try:
            async with asyncio.timeout(self.closes_after_s):
                await session.send_json(welcome)
                async for message in session:
                    if message.type is WSMsgType.TEXT:
                        await session.send_str(message.data)
                    elif message.type is WSMsgType.PING and self.answers_pings:
                        await session.pong(message.data)
        except TimeoutError:
            await session.close(code=WSCloseCode.INTERNAL_ERROR, message=b"session ended by the server")
        except ConnectionError:
            pass  # a client may leave without closing the session, which is not an error here
        finally:
            self._sessions.discard(session)
        return session


def _json(status: HTTPStatus, body: bytes) -> web.Response:
    return web.Response(status=status, body=body, content_type="application/json")
