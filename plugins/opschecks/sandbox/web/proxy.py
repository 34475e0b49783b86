"""A load balancer: shares requests and sessions among the tasks, with sticky cookies as an ALB has."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from email.utils import formatdate

import aiohttp
from aiohttp import ClientWebSocketResponse, WSCloseCode, WSMsgType, web
from multidict import CIMultiDict

from ...core import clock
from ...core.dataclass import dataclass
from .listener import HOST, PARTING_S
from .tasks import BackendTask

COOKIES = ("AWSALB", "AWSALBCORS")
STICKY_FOR_S = 86_400
ANSWERS_WITHIN_S = 60.0
"""How long a task may take before the client is given a 504."""

OF_ONE_CONNECTION = {
    "connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade",
    "sec-websocket-accept", "sec-websocket-extensions", "sec-websocket-key", "sec-websocket-version",
}  # fmt: skip
"""Headers that are not passed on: each connection has its own."""

MESSAGES = {WSMsgType.TEXT, WSMsgType.BINARY, WSMsgType.PING, WSMsgType.PONG}


@dataclass(eq=False)
class Proxy:
    """How the load balancer behaves; its attributes are read at each request, set by any thread.

    Attributes:
        in_rotation: the tasks that may be given requests; called at each request, in the loop's thread.
        secure: whether clients come over TLS.
        sticky: whether a client with a cookie is sent to its task again.
        broken: answers 502 to everything.
    """

    in_rotation: Callable[[], list[BackendTask]]
    secure: bool = False
    sticky: bool = True
    broken: bool = False
    _client: aiohttp.ClientSession = field(init=False, repr=False)
    _marks: dict[str, str] = field(default_factory=dict, init=False, repr=False)
    _turn: int = field(default=0, init=False, repr=False)

    def asking(self) -> aiohttp.ClientSession:
        """The client for requests to the tasks, with a new connection for each; to be entered."""
        self._client = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(force_close=True, limit=0),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None),
            auto_decompress=False,
        )
        return self._client

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """The answer of a task, or an error page of the load balancer."""
        if self.broken:
            return _error_page(502)
        task = self._choose(request)
        if task is None:
            return _error_page(503, "Service Temporarily Unavailable")
        wants_session = request.headers.get("Upgrade", "").lower() == "websocket"
        task.asked += 1
        try:
            async with asyncio.timeout(ANSWERS_WITHIN_S):
                told = await (self._shake_hands if wants_session else self._forward)(request, task)
        except TimeoutError:
            return _error_page(504, "Gateway Time-out")
        except (OSError, aiohttp.ClientError):
            return _error_page(502)
        finally:
            task.asked -= 1
        if isinstance(told, web.Response):
            told.headers.extend(self._cookies(task))
            return told
        session = web.WebSocketResponse(timeout=PARTING_S, autoping=False, autoclose=False, max_msg_size=0)
        session.headers.extend(self._cookies(task))
        try:
            await session.prepare(request)
            await asyncio.gather(_carry(session, told), _carry(told, session))
        finally:
            await told.close(code=WSCloseCode.GOING_AWAY)
        return session

    def _choose(self, request: web.BaseRequest) -> BackendTask | None:
        tasks = self.in_rotation()
        if not tasks:
            return None
        shown = {request.cookies.get(name) for name in COOKIES} if self.sticky else set()
        for task in tasks:
            if self._mark(task) in shown:
                return task
        self._turn += 1
        return tasks[(self._turn - 1) % len(tasks)]

    async def _forward(self, request: web.BaseRequest, task: BackendTask) -> web.Response:
        body = await request.read()
        async with self._client.request(
            request.method, _address(request, task), headers=self._passed_on(request), data=body, allow_redirects=False
        ) as told:
            return web.Response(
                status=told.status, reason=told.reason, headers=_kept(told.headers), body=await told.read()
            )

    async def _shake_hands(self, request: web.BaseRequest, task: BackendTask) -> ClientWebSocketResponse | web.Response:
        """A session with the task, or its refusal."""
        try:
            return await self._client.ws_connect(
                _address(request, task),
                headers=self._passed_on(request),
                timeout=aiohttp.ClientWSTimeout(ws_close=PARTING_S),
                autoping=False,
                autoclose=False,
                max_msg_size=0,
            )
        except aiohttp.WSServerHandshakeError as refused:
            headers = _kept(refused.headers or {})
            headers.popall("Content-Length", None)  # of a body that the client does not read
            return web.Response(status=refused.status, headers=headers)

    def _passed_on(self, request: web.BaseRequest) -> CIMultiDict[str]:
        headers = _kept(request.headers)
        headers.add("X-Forwarded-For", request.remote or HOST)
        headers.add("X-Forwarded-Proto", "https" if self.secure else "http")
        return headers

    def _cookies(self, task: BackendTask) -> Iterator[tuple[str, str]]:
        if not self.sticky:
            return
        expires = formatdate(clock.now().timestamp() + STICKY_FOR_S, usegmt=True)
        cookie = f"{self._mark(task)}; Expires={expires}; Path=/"
        yield "Set-Cookie", f"AWSALB={cookie}"
        yield "Set-Cookie", f"AWSALBCORS={cookie}; SameSite=None{'; Secure' if self.secure else ''}"

    def _mark(self, task: BackendTask) -> str:
        """The value of the cookies of its clients, which cannot be guessed."""
        return self._marks.setdefault(task.task_id, base64.b64encode(secrets.token_bytes(96)).decode())


async def _carry(
    source: web.WebSocketResponse | ClientWebSocketResponse, sink: web.WebSocketResponse | ClientWebSocketResponse
) -> None:
    """Send on every message, ping and pong until one side ends the session (1001: is gone), and end it on both."""
    with contextlib.suppress(ConnectionError):  # a sink that is gone
        while (message := await source.receive()).type in MESSAGES:
            data = message.data.encode() if isinstance(message.data, str) else message.data
            await sink.send_frame(data, message.type)
    code, reason = WSCloseCode.GOING_AWAY, b""
    if message.type is WSMsgType.CLOSE:
        code, reason = message.data or WSCloseCode.OK, (message.extra or "").encode()
    for side in (source, sink):
        await side.close(code=code, message=reason)


def _address(request: web.BaseRequest, task: BackendTask) -> str:
    return f"http://{HOST}:{task.port}{request.path_qs}"


def _kept(headers: Mapping[str, str]) -> CIMultiDict[str]:
    return CIMultiDict((name, value) for name, value in headers.items() if name.lower() not in OF_ONE_CONNECTION)


def _error_page(status: int, phrase: str = "Bad Gateway") -> web.Response:
    """An ALB's page; its words are not all HTTP's own."""
    title = f"{status} {phrase}"
    body = (
        f"<html>\r\n<head><title>{title}</title></head>\r\n"
        f"<body>\r\n<center><h1>{title}</h1></center>\r\n</body>\r\n</html>\r\n"
    )
    headers = {"Server": "awselb/2.0", "Content-Type": "text/html"}
    return web.Response(status=status, reason=phrase, headers=headers, body=body.encode())
