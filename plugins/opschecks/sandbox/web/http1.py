"""Reads and writes HTTP/1.1 messages on asyncio streams."""

from __future__ import annotations

import asyncio
import http
from collections.abc import Iterable
from dataclasses import dataclass
from email.utils import formatdate
from urllib.parse import urlsplit

Headers = tuple[tuple[str, str], ...]

BODILESS = {204, 304}
"""Statuses whose message ends with its head, whatever its headers say (so do all below 200)."""


class MalformedMessageError(Exception):
    """The other side sent what is not HTTP/1.1; `status` is what to answer, if it is a client."""

    def __init__(self, reason: str, status: int = 400) -> None:
        super().__init__(reason)
        self.status = status


@dataclass(frozen=True)
class Stream:
    """Both directions of one TCP connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter


@dataclass(frozen=True)
class Request:
    """One HTTP request, read to its end."""

    method: str
    target: str
    headers: Headers = ()
    body: bytes = b""
    version: str = "HTTP/1.1"

    @property
    def path(self) -> str:
        """The target without its query, still percent-encoded."""
        return urlsplit(self.target).path if "://" in self.target else self.target.partition("?")[0]

    @property
    def upgrades(self) -> bool:
        """Whether the client asks to leave HTTP for another protocol."""
        return "upgrade" in tokens(self.headers, "Connection")

    @property
    def keeps_alive(self) -> bool:
        """Whether the client may send another request on this connection."""
        return self.version == "HTTP/1.1" and "close" not in tokens(self.headers, "Connection")


@dataclass(frozen=True)
class Response:
    """One HTTP response; `upgraded` is the connection that goes on behind a 101."""

    status: int
    headers: Headers = ()
    body: bytes = b""
    reason: str = ""
    upgraded: Stream | None = None


def values(headers: Headers, name: str) -> list[str]:
    """Every value that a header was given, in order."""
    return [value for given, value in headers if given.lower() == name.lower()]


def tokens(headers: Headers, name: str) -> set[str]:
    """The lower-case members of a header that is a list."""
    return {token.strip().lower() for value in values(headers, name) for token in value.split(",")} - {""}


def without(headers: Headers, names: Iterable[str]) -> Headers:
    """The headers but for those named."""
    dropped = {name.lower() for name in names}
    return tuple((name, value) for name, value in headers if name.lower() not in dropped)


async def read_request(reader: asyncio.StreamReader) -> Request | None:
    """The next request of a connection; None when the client has hung up, before it or in the middle."""
    try:
        line, headers = await _read_head(reader)
        parts = line.split(" ")
        if len(parts) != 3 or not all(parts) or parts[2] not in ("HTTP/1.0", "HTTP/1.1"):
            raise MalformedMessageError(f"not a request line: {line!r}")
        if values(headers, "Transfer-Encoding"):
            raise MalformedMessageError("a chunked request body is not read here", 501)
        method, target, version = parts
        body = await reader.readexactly(_content_length(headers) or 0)
        return Request(method, target, headers, body, version)
    except asyncio.IncompleteReadError:
        return None


async def read_response(reader: asyncio.StreamReader, method: str) -> Response:
    """The response to a request of that method; what follows a 101 is left in the reader."""
    line, headers = await _read_head(reader)
    version, _, rest = line.partition(" ")
    code, _, reason = rest.partition(" ")
    if not version.startswith("HTTP/1.") or not (code.isascii() and code.isdigit()):
        raise MalformedMessageError(f"not a status line: {line!r}")
    if values(headers, "Transfer-Encoding"):
        raise MalformedMessageError("a chunked response body is not read here")
    status = int(code)
    if method == "HEAD" or status < 200 or status in BODILESS:
        return Response(status, headers, b"", reason)
    length = _content_length(headers)
    body = await reader.read() if length is None else await reader.readexactly(length)
    return Response(status, headers, body, reason)


def encode_request(request: Request) -> bytes:
    """The request as it goes over the wire."""
    return _encode_head(f"{request.method} {request.target} {request.version}", request.headers) + request.body


def encode_response(response: Response, *, method: str = "GET", keep_alive: bool = False) -> bytes:
    """The response to a request of that method as it goes over the wire, framed for another to follow."""
    status = response.status
    reason = response.reason or _reason(status)
    headers = list(response.headers)
    if not values(response.headers, "Date"):
        headers.append(("Date", formatdate(usegmt=True)))
    has_body = status >= 200 and status not in BODILESS
    if has_body and not values(response.headers, "Content-Length"):
        headers.append(("Content-Length", str(len(response.body))))
    if status != http.HTTPStatus.SWITCHING_PROTOCOLS:
        headers.append(("Connection", "keep-alive" if keep_alive else "close"))
    head = _encode_head(f"HTTP/1.1 {status} {reason}", tuple(headers))
    return head + response.body if has_body and method != "HEAD" else head


async def _read_head(reader: asyncio.StreamReader) -> tuple[str, Headers]:
    try:
        raw = await reader.readuntil(b"\r\n\r\n")
    except asyncio.LimitOverrunError as error:
        raise MalformedMessageError("the head is too long", 431) from error
    line, *fields = raw[:-4].decode("latin-1").split("\r\n")
    headers = []
    for field in fields:
        name, colon, value = field.partition(":")
        # A name with white space around it is how requests are smuggled past a proxy.
        if not colon or not name or name != name.strip():
            raise MalformedMessageError(f"not a header: {field!r}")
        headers.append((name, value.strip()))
    return line, tuple(headers)


def _encode_head(line: str, headers: Headers) -> bytes:
    return "\r\n".join([line, *(f"{name}: {value}" for name, value in headers), "", ""]).encode("latin-1")


def _content_length(headers: Headers) -> int | None:
    lengths = set(values(headers, "Content-Length"))
    if not lengths:
        return None
    length = lengths.pop()
    if lengths or not (length.isascii() and length.isdigit()):
        raise MalformedMessageError("no usable Content-Length")
    return int(length)


def _reason(status: int) -> str:
    return http.HTTPStatus(status).phrase if status in list(http.HTTPStatus) else ""
