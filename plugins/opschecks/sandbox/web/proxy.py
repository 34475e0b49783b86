"""A load balancer: shares requests and sessions among the tasks, with sticky cookies as an ALB has."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import formatdate
from http import HTTPStatus

from opschecks.sandbox.web.http1 import (
    Headers,
    MalformedMessageError,
    Request,
    Response,
    Stream,
    encode_request,
    read_response,
    values,
    without,
)
from opschecks.sandbox.web.listener import hang_up
from opschecks.sandbox.web.tasks import BackendTask

COOKIES = ("AWSALB", "AWSALBCORS")

NONCE_BYTES = 64

PHRASES = {
    502: "Bad Gateway",
    503: "Service Temporarily Unavailable",
    504: "Gateway Time-out",
}
"""The words on an ALB's error pages, which are not all HTTP's own."""


@dataclass(eq=False)
class Proxy:
    """How the load balancer behaves; its attributes are read at each request, set by any thread.

    Attributes:
        in_rotation: the tasks that may be given requests; called at each request, in the loop's thread.
        host: where the tasks listen.
        secure: whether clients come over TLS.
        sticky: whether a client that shows its cookie gets back to its task.
        sticky_for_s: how long a cookie lasts.
        broken: answers 502 to everything.
        answers_within_s: how long a task may take before the client is given a 504.
    """

    in_rotation: Callable[[], list[BackendTask]]
    host: str
    secure: bool = False
    sticky: bool = True
    sticky_for_s: int = 86_400
    broken: bool = False
    answers_within_s: float = 60.0
    _key: bytes = field(default_factory=lambda: secrets.token_bytes(32), init=False, repr=False)
    _turn: int = field(default=0, init=False, repr=False)

    async def answer(self, request: Request) -> Response:
        """What the task that gets the request says, or an error page of the load balancer's own."""
        if self.broken:
            return _error_page(502)
        task = self._choose(request)
        if task is None:
            return _error_page(503)
        try:
            response = await self._forward(request, task)
        except TimeoutError:
            return _error_page(504)
        except (OSError, EOFError, MalformedMessageError):
            return _error_page(502)
        # A 101 needs the header that makes it one; else the client's connection is the listener's matter.
        dropped = () if response.upgraded else ("Connection", "Keep-Alive")
        headers = without(response.headers, dropped) + self._cookies(task)
        return Response(response.status, headers, response.body, response.reason, response.upgraded)

    def _choose(self, request: Request) -> BackendTask | None:
        tasks = self.in_rotation()
        if not tasks:
            return None
        if self.sticky:
            for cookie in _cookies_of(request.headers):
                for task in tasks:
                    if self._belongs(cookie, task):
                        return task
        self._turn += 1
        return tasks[(self._turn - 1) % len(tasks)]

    async def _forward(self, request: Request, task: BackendTask) -> Response:
        hop_by_hop = ("Keep-Alive", "Proxy-Connection", *(() if request.upgrades else ("Connection",)))
        headers = (
            *without(request.headers, hop_by_hop),
            *(() if request.upgrades else (("Connection", "close"),)),
            ("X-Forwarded-For", self.host),
            ("X-Forwarded-Proto", "https" if self.secure else "http"),
        )
        async with asyncio.timeout(self.answers_within_s):
            target = Stream(*await asyncio.open_connection(self.host, task.port))
            upgraded = False
            try:
                target.writer.write(encode_request(Request(request.method, request.target, headers, request.body)))
                await target.writer.drain()
                response = await read_response(target.reader, request.method)
                upgraded = response.status == HTTPStatus.SWITCHING_PROTOCOLS
            finally:
                if not upgraded:
                    await hang_up(target.writer)
        if not upgraded:
            return response
        return Response(response.status, response.headers, b"", response.reason, target)

    def _cookies(self, task: BackendTask) -> Headers:
        if not self.sticky:
            return ()
        nonce = secrets.token_bytes(NONCE_BYTES)
        value = base64.b64encode(nonce + self._mark(nonce, task)).decode()
        expires = formatdate(time.time() + self.sticky_for_s, usegmt=True)
        cookie = f"{value}; Expires={expires}; Path=/"
        cross_site = "; SameSite=None; Secure" if self.secure else "; SameSite=None"
        return (("Set-Cookie", f"AWSALB={cookie}"), ("Set-Cookie", f"AWSALBCORS={cookie}{cross_site}"))

    def _belongs(self, cookie: str, task: BackendTask) -> bool:
        try:
            raw = base64.b64decode(cookie, validate=True)
        except ValueError:
            return False
        return hmac.compare_digest(raw[NONCE_BYTES:], self._mark(raw[:NONCE_BYTES], task))

    def _mark(self, nonce: bytes, task: BackendTask) -> bytes:
        # Only this load balancer can tell whose a cookie is, and it need not remember those it gave out.
        return hmac.digest(self._key, nonce + task.task_id.encode(), hashlib.sha256)


def _cookies_of(headers: Headers) -> list[str]:
    pairs = [pair.strip().partition("=") for value in values(headers, "Cookie") for pair in value.split(";")]
    return [value for name, _, value in pairs if name in COOKIES]


def _error_page(status: int) -> Response:
    title = f"{status} {PHRASES[status]}"
    body = (
        f"<html>\r\n<head><title>{title}</title></head>\r\n"
        f"<body>\r\n<center><h1>{title}</h1></center>\r\n</body>\r\n</html>\r\n"
    )
    headers = (("Server", "awselb/2.0"), ("Content-Type", "text/html"))
    return Response(status, headers, body.encode(), PHRASES[status])
