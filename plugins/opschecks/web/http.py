"""HTTP as a browser has it: an answer, its redirects followed, within bounds of time and size."""

from __future__ import annotations

import codecs
import http.client
import re
import ssl
import threading
import time
import zlib
from collections.abc import Collection, Mapping
from dataclasses import field
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from ..core import environment
from ..core.dataclass import dataclass
from ..core.observation import CouldNotLook
from ..core.tape import LIVE, Tape
from .client.packing import ACCEPTED, UnknownPacking, unpacked

if TYPE_CHECKING:
    import requests
    from requests.cookies import RequestsCookieJar

    from .client.bounds import OneHop

BODY_BYTES = 1_000_000
"""Of a body so much is read, and unpacked, and no more."""
REDIRECTS = 10
_REDIRECTS = {301, 302, 303, 307, 308}
_OTHER_HTTP = {426, 505}
_SETTINGS = "\x04\x00\x00\x00\x00\x00"
"""Type, flags and stream of the first frame of any HTTP/2 server."""
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)
_BOMS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_HEAD_BYTES = 1024
"""Where an HTML document must declare its charset, by the HTML standard."""


@dataclass(frozen=True)
class Response:
    """An answer. `status` is None where the host was reached but did not answer; `failure` describes how.

    `latency_ms` is from request to headers, including the connection.
    """

    url: str
    status: int | None
    latency_ms: float
    content_type: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = field(repr=False, default=b"")
    failure: str = ""

    @property
    def said(self) -> str:
        """The status, or why there is none, in words."""
        return self.failure or f"answered {self.status}"

    @property
    def evidence(self) -> dict[str, Any]:
        """Status (or why there is none) and headers."""
        return {"status": self.status or self.failure, "headers": dict(self.headers)}

    def header(self, name: str) -> str:
        """A header's value, whatever the case of its name; empty where it is missing."""
        return {key.lower(): value for key, value in self.headers.items()}.get(name.lower(), "")

    @property
    def text(self) -> str:
        """The body as text, by its byte order mark, its Content-Type, its own declaration, or as UTF-8."""
        return self.body.decode(self._charset, "replace")

    @property
    def _charset(self) -> str:
        for mark, name in _BOMS.items():
            if self.body.startswith(mark):
                return name
        inside = self.body[:_HEAD_BYTES].decode("ascii", "replace") if "html" in self.content_type.lower() else ""
        for told in (self.content_type, inside):
            if (match := _CHARSET.search(told)) and _is_text(match[1]):
                return match[1]
        return "utf-8"


def _is_text(charset: str) -> bool:
    try:
        b"text".decode(charset, "replace")
    except (LookupError, ValueError):  # unknown, or one of Python's that make no text of bytes
        return False
    return True


class Http:
    """The HTTP client of all probes of a stack.

    It follows redirects to public addresses and to `known_hosts` (lower case), wherever those are. Every answer passes
    `tape`.
    """

    def __init__(self, known_hosts: Collection[str] = (), tape: Tape = LIVE) -> None:
        self._tape = tape
        self._known = frozenset(known_hosts)
        self._opening = threading.Lock()
        self._opened: OneHop | None = None
        self._reached: set[str] = set()
        """Hosts to which a connection may be idle."""

    @property
    def _session(self) -> OneHop:
        """Made for the first question: a stack without a site has none, and needs no requests."""
        from .client.bounds import OneHop

        with self._opening:
            if self._opened is None:
                self._opened = OneHop()
                self._opened.headers["User-Agent"] = "opschecks"
            return self._opened

    def close(self) -> None:
        """Close every connection."""
        self._reached.clear()
        if self._opened:
            self._opened.close()

    hang_up = close
    """Close the connections that idle; what is asked for later opens others."""

    def head(self, url: str, timeout_s: float) -> Response:
        """HEAD of the URL with a browser's Accept-Encoding: a CDN may store another variant for other clients."""
        return self._taped("HEAD", url, timeout_s, "gzip, br")

    def get(self, url: str, timeout_s: float) -> Response:
        """GET the URL, following redirects; the whole of it takes `timeout_s` at most.

        A host that cannot be reached raises CouldNotLook: the cause may be our network. A reached host that times out,
        breaks off, has an untrusted certificate or redirects without an end is an answer with `status` None.
        """
        return self._taped("GET", url, timeout_s, ACCEPTED)

    def _taped(self, method: str, url: str, timeout_s: float, accepted: str) -> Response:
        asked = {"method": method, "url": url}
        told = self._tape.ask(
            "http", f"{method} {url}", asked, lambda: vars(self._ask(method, url, timeout_s, accepted))
        )
        return Response(**told)

    def _ask(self, method: str, url: str, timeout_s: float, accepted: str) -> Response:
        import requests
        import urllib3

        from .client.bounds import PrivatePlace

        began = time.monotonic()
        call = f"{method} {url}"

        def failed(why: str) -> Response:
            return Response(url, None, (time.monotonic() - began) * 1000, failure=why)

        try:
            return self._follow(method, url, began, timeout_s, accepted)
        except _Led as led:
            return failed(str(led))
        except UnknownPacking as packing:
            raise CouldNotLook(call, f"the body is packed by {packing}, which was not asked for") from None
        except PrivatePlace as place:
            raise CouldNotLook(call, _refusal(f"a host at {place}")) from None
        except (requests.exceptions.ReadTimeout, urllib3.exceptions.ReadTimeoutError):
            return failed(f"gave no answer within {timeout_s:g} s")
        except zlib.error as error:
            return failed(f"broke off: {error}")
        except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError) as error:
            root = _root(error)
            if isinstance(root, PrivatePlace):
                raise CouldNotLook(call, _refusal(f"a host at {root}")) from None
            if isinstance(root, ssl.SSLCertVerificationError):
                return failed(f"its certificate is not trusted: {root.verify_message}")
            if _speaks_http_2(root):
                raise CouldNotLook(call, "the host speaks HTTP/2 only, and this probe HTTP/1.1") from None
            if isinstance(root, ConnectionResetError | http.client.HTTPException):
                return failed(f"broke off: {root}")
            raise CouldNotLook(call, f"{type(error).__name__}: {root}") from None

    def _follow(self, method: str, url: str, began: float, timeout_s: float, accepted: str) -> Response:
        """The answer where the redirects end; no redirect's body is read."""
        from requests.cookies import RequestsCookieJar

        cookies, here, named = RequestsCookieJar(), url, {_host(url)} | self._known
        for _ in range(REDIRECTS + 1):
            with self._hop(method, here, began + timeout_s, accepted, cookies, _host(here) in named) as answer:
                latency_ms = (time.monotonic() - began) * 1000
                # headers are decoded as Latin-1, and servers write UTF-8
                target = answer.headers.get("Location", "").encode("latin-1", "replace").decode("utf-8", "replace")
                if answer.status_code not in _REDIRECTS or not target:
                    return _read(answer, method, latency_ms)
                cookies.update(answer.cookies)
                here = self._target(here, target, f"{method} {url}", named)
        raise _Led(f"redirects without an end, at least {REDIRECTS + 1} times")

    def _hop(
        self, method: str, url: str, until: float, accepted: str, cookies: RequestsCookieJar, named: bool
    ) -> requests.Response:
        """One request; sent once more where the host had closed an idle connection, as any may (RFC 9112, 9.5)."""
        import requests

        place = urlsplit(url).netloc
        may_be_closed = place in self._reached
        while True:
            try:
                answer = self._send(method, url, until, accepted, cookies, named)
            except requests.exceptions.ConnectionError as error:
                if not may_be_closed or not isinstance(_root(error), ConnectionResetError | BrokenPipeError):
                    raise
                may_be_closed = False
                self.hang_up()
            else:
                self._reached.add(place)
                return answer

    def _send(
        self, method: str, url: str, until: float, accepted: str, cookies: RequestsCookieJar, named: bool
    ) -> requests.Response:
        from .client.bounds import bounds

        left = max(0.001, until - time.monotonic())
        with bounds(until, public_only=not named):
            return environment.reread(  # requests looks for proxies before it sends
                lambda: self._session.request(
                    method,
                    url,
                    headers={"Accept-Encoding": accepted},
                    cookies=cookies,
                    timeout=(left, left),
                    stream=True,
                    allow_redirects=False,
                )
            )

    def _target(self, here: str, location: str, call: str, named: Collection[str]) -> str:
        """Where a redirect leads; _Led where no browser would go, CouldNotLook where this probe does not."""
        try:
            target = urljoin(here, location)
            scheme, host = urlsplit(target).scheme.lower(), _host(target)
            _ = urlsplit(target).port
        except ValueError:
            raise _Led(f"redirects to {location[:200]!r}, which is not an address") from None
        if scheme not in ("http", "https") or not host:
            raise _Led(f"redirects to {target[:200]!r}, which is not HTTP")
        if host not in named and _is_private(host):
            raise CouldNotLook(call, _refusal(host))
        return target


class _Led(Exception):  # noqa: N818 - said of an answer
    """Redirects that lead nowhere; its text says how."""


def _refusal(where: str) -> str:
    why = f"it redirects to {where}, a private address that the stack does not name: nothing was sent there"
    return f"{why}; name the host in redirect_hosts of stacks.toml if that is right"


def _host(url: str) -> str:
    return (urlsplit(url).hostname or "").lower()


def _is_private(host: str) -> bool:
    """Whether the host is written as a private place; for other names, the address decides once it is known."""
    from .client.bounds import is_public

    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return not is_public(host)


def _read(answer: requests.Response, method: str, latency_ms: float) -> Response:
    """The answer with the beginning of its body."""
    kind, headers = answer.headers.get("Content-Type", ""), dict(answer.headers)
    if answer.status_code in _OTHER_HTTP:
        raise CouldNotLook(f"{method} {answer.url}", f"answered {answer.status_code}: it needs another version of HTTP")
    body = b""
    while len(body) < BODY_BYTES and (piece := answer.raw.read(BODY_BYTES - len(body), decode_content=False)):
        body += piece
    if method != "HEAD" and body:
        body = unpacked(body, answer.headers.get("Content-Encoding", ""), BODY_BYTES)
    return Response(answer.url, answer.status_code, latency_ms, kind, headers, body)


def _speaks_http_2(error: BaseException) -> bool:
    """Whether what came in place of a status line is a frame of HTTP/2."""
    return isinstance(error, http.client.BadStatusLine) and _SETTINGS in str(error)


def _root(error: BaseException) -> BaseException:
    """The innermost reason: requests and urllib3 wrap it several times."""
    seen = {id(error)}
    while True:
        inner = getattr(error, "reason", None) or next((a for a in error.args if isinstance(a, BaseException)), None)
        if not isinstance(inner, BaseException) or id(inner) in seen:
            return error
        seen.add(id(inner))
        error = inner
