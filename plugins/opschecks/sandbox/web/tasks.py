"""A backend task: a health page and WebSocket sessions, healthy or as broken as a fault wants it."""

from __future__ import annotations

import asyncio
import contextlib
import json
from dataclasses import dataclass, field
from email.utils import formatdate
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode, Opcode
from websockets.http11 import Request, Response
from websockets.server import ServerProtocol

ANSWERED_S = 0.05
"""After so long an answer has left the task."""
PARTING_S = 0.1
"""How long a stopping task waits for its clients to take their leave."""

FINAL_PONG = bytes([0x80 | Opcode.PONG])
"""How a pong starts on the wire: a control frame is never fragmented, so its FIN bit is always set."""


def _all_healthy() -> dict[str, str]:
    return {"database": "healthy", "websocket": "healthy", "event_store": "healthy"}


@dataclass(eq=False)
class BackendTask:
    """What one task is and how it behaves; its attributes are read at each request, set by any thread.

    Attributes:
        port: where it listens; 0 while it does not.
        healthy: whether /health answers 200 and "healthy", or 503 and "unhealthy".
        components: the status of each component on /health, independent of `healthy`.
        health_delay_s: how long /health takes.
        one_at_a_time_s: how long /health takes while every other request for it waits; 0 where none waits.
        health_body: answered instead of the JSON, byte for byte.
        accepts_websockets: whether a handshake gets a session, or a 503.
        answers_pings: whether a session sends pongs.
        closes_after_s: how long a session lasts before it is closed with 1011.
    """

    task_id: str
    port: int = 0
    healthy: bool = True
    components: dict[str, str] = field(default_factory=_all_healthy)
    health_delay_s: float = 0
    one_at_a_time_s: float = 0
    health_body: bytes | None = None
    accepts_websockets: bool = True
    answers_pings: bool = True
    closes_after_s: float | None = None


class TaskServer:
    """The server of one task, for as long as the task runs."""

    def __init__(self, task: BackendTask) -> None:
        self.task = task
        self._server: Server | None = None
        self._connections: set[ServerConnection] = set()
        self._one = asyncio.Lock()
        self._queued = 0

    async def start(self, host: str) -> None:
        """Listen on a free port, which becomes the task's."""
        server = self

        class Connection(ServerConnection):
            """A connection that its task knows of from its first byte, and that can keep silent on pings."""

            def __init__(self, protocol: ServerProtocol, *args: Any, **kwargs: Any) -> None:
                deaf = _Protocol(server.task, extensions=protocol.available_extensions, logger=protocol.logger)
                super().__init__(deaf, *args, **kwargs)

            def connection_made(self, transport: asyncio.BaseTransport) -> None:
                super().connection_made(transport)
                server._connections.add(self)

            def connection_lost(self, exc: Exception | None) -> None:
                server._connections.discard(self)
                super().connection_lost(exc)

        self._server = await serve(
            self._session,
            host,
            0,
            process_request=self._answer,
            create_connection=Connection,
            # A slow /health is a fault to be shown, not a handshake to be cut short.
            open_timeout=None,
        )
        self.task.port = next(iter(self._server.sockets)).getsockname()[1]

    async def stop(self) -> None:
        """Say goodbye to every session (1001), cut off those that do not answer, stop listening."""
        if self._server is None:
            return
        self.task.port = 0
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(10 * PARTING_S):
                while self._queued:  # what it has been asked it answers, as a backend does that is told to end
                    await asyncio.sleep(0.01)
        self._server.close()
        try:
            async with asyncio.timeout(PARTING_S):
                await self._server.wait_closed()
        except TimeoutError:
            for connection in list(self._connections):
                connection.transport.abort()
            await self._server.wait_closed()
        self._server = None

    def _answered(self) -> None:
        self._queued -= 1

    async def _answer(self, connection: ServerConnection, request: Request) -> Response | None:
        """What to answer instead of a WebSocket handshake; None lets the handshake go on."""
        url = urlsplit(request.path)
        if url.path == "/health":
            status, body = await self._health(connection)
            return _json(status, body, with_body=request.method != "HEAD")
        if url.path != "/ws":
            return _json(HTTPStatus.NOT_FOUND, b'{"detail":"Not Found"}', with_body=request.method != "HEAD")
        if not self.task.accepts_websockets:
            return connection.respond(HTTPStatus.SERVICE_UNAVAILABLE, "no WebSocket sessions\n")
        if not _client_id(request):
            return connection.respond(HTTPStatus.BAD_REQUEST, "client_id is missing\n")
        return None

    async def _health(self, connection: ServerConnection) -> tuple[HTTPStatus, bytes]:
        task = self.task
        if task.health_delay_s:
            # A client that gives up ends the delay: a stopping task must not wait for it.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(task.health_delay_s):
                    await connection.wait_closed()
        if task.one_at_a_time_s:
            self._queued += 1
            async with self._one:
                await asyncio.sleep(task.one_at_a_time_s)
            asyncio.get_running_loop().call_later(ANSWERED_S, self._answered)
        page = {
            "status": "healthy" if task.healthy else "unhealthy",
            "task": task.task_id,
            "components": {name: {"status": status} for name, status in task.components.items()},
        }
        body = json.dumps(page, separators=(",", ":")).encode() if task.health_body is None else task.health_body
        return HTTPStatus.OK if task.healthy else HTTPStatus.SERVICE_UNAVAILABLE, body

    async def _session(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        client_id = _client_id(connection.request)
        welcome = {"type": "welcome", "task": self.task.task_id, "client_id": client_id}
        # Clients leave with and without a goodbye: both are the end of a session, neither is an error here.
        with contextlib.suppress(ConnectionClosed):
            try:
                async with asyncio.timeout(self.task.closes_after_s):
                    await connection.send(json.dumps(welcome))
                    async for message in connection:
                        if isinstance(message, str):
                            await connection.send(message)
            except TimeoutError:
                await connection.close(CloseCode.INTERNAL_ERROR, "session ended by the server")


class _Protocol(ServerProtocol):
    """The protocol as it is, but for pongs that never leave when the task does not answer pings."""

    def __init__(self, task: BackendTask, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._task = task

    def data_to_send(self) -> list[bytes]:
        writes = super().data_to_send()
        if self._task.answers_pings:
            return writes
        return [data for data in writes if data[:1] != FINAL_PONG]


def _client_id(request: Request) -> str:
    return parse_qs(urlsplit(request.path).query).get("client_id", [""])[0]


def _json(status: HTTPStatus, body: bytes, *, with_body: bool) -> Response:
    headers = Headers(
        [
            ("Date", formatdate(usegmt=True)),
            ("Connection", "close"),
            ("Content-Length", str(len(body))),
            ("Content-Type", "application/json"),
        ]
    )
    return Response(status.value, status.phrase, headers, body if with_body else b"")
