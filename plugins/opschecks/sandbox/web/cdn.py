"""A CDN front: serves a static site's objects, cached and compressed, as CloudFront before S3 does."""

from __future__ import annotations

import gzip
import re
import secrets
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import unquote
from xml.sax.saxutils import escape

from opschecks.sandbox.web.http1 import Headers, Request, Response, tokens, values

DEFAULT_TTL_S = 86_400.0
"""What CloudFront's usual cache policy gives an object that says nothing of caching."""

TEXT = re.compile(r"text/|application/(json|javascript|xml|manifest\+json)|image/svg\+xml")

UNCACHED = {"no-store", "no-cache", "private"}


@dataclass(frozen=True)
class StoredObject:
    """One object of the site, as its bucket holds it."""

    body: bytes
    content_type: str
    etag: str
    cache_control: str = ""


Fetch = Callable[[str], StoredObject | None]


@dataclass(frozen=True)
class _Copy:
    stored: StoredObject
    since: float
    until: float


@dataclass(eq=False)
class Cdn:
    """How the CDN front behaves; its attributes are read at each request, set by any thread.

    Attributes:
        fetch: the object of a key, or None; called in the loop's thread, so it must not wait on anything.
        error_page: this object is answered, with 200, in place of one that is missing.
        statuses: a path's forced error status.
        clock: seconds, for the age of what is cached.
    """

    fetch: Fetch
    error_page: str | None = None
    statuses: dict[str, int] = field(default_factory=dict)
    clock: Callable[[], float] = time.monotonic
    _copies: dict[str, _Copy] = field(default_factory=dict, init=False, repr=False)
    _copying: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    def forget(self, paths: Iterable[str]) -> None:
        """Drop what is cached of these paths; one that ends with * stands for all that begin so."""
        for pattern in paths:
            wanted = re.compile(
                re.escape(pattern.removesuffix("*")) + (".*" if pattern.endswith("*") else ""), re.DOTALL
            )
            with self._copying:
                for path in [path for path in self._copies if wanted.fullmatch(path)]:
                    del self._copies[path]

    def fill(self, path: str) -> None:
        """Cache what stands behind a path, as a visitor's request would."""
        self._look_up(path)

    async def answer(self, request: Request) -> Response:
        """The object that a path stands for, or an error page."""
        path = unquote(request.path)
        forced = self.statuses.get(path)
        if forced is not None:
            return _refusal(forced)
        if request.method not in ("GET", "HEAD"):
            return _refusal(403)
        found = self._look_up(path)
        if found is None:
            return _missing(path)
        stored, age = found
        return _delivery(stored, age, request)

    def _look_up(self, path: str) -> tuple[StoredObject, int | None] | None:
        """The object of a path and, if it comes from the cache, its age in seconds."""
        # Held over the fetch, lest an object fetched before an invalidation be cached after it.
        with self._copying:
            now = self.clock()
            copy = self._copies.get(path)
            if copy is not None and now < copy.until:
                return copy.stored, int(now - copy.since)
            keys = candidates(path)
            stored = next((stored for key in keys if (stored := self.fetch(key)) is not None), None)
            if stored is None:
                self._copies.pop(path, None)
                stored = self.fetch(self.error_page.lstrip("/")) if self.error_page is not None else None
                return None if stored is None else (stored, None)
            self._copies[path] = _Copy(stored, now, now + lifetime(stored.cache_control))
            return stored, None


def candidates(path: str) -> list[str]:
    """The keys under which a static site may hold a path, best first."""
    key = path.lstrip("/")
    if not key or key.endswith("/"):
        return [f"{key}index.html"]
    return [key, f"{key}.html", f"{key}/index.html"]


def lifetime(cache_control: str) -> float:
    """For how many seconds a shared cache may keep an object."""
    directives = tokens((("Cache-Control", cache_control),), "Cache-Control")
    if directives & UNCACHED:
        return 0.0
    ages = dict(directive.split("=", 1) for directive in directives if "=" in directive)
    age = ages.get("s-maxage", ages.get("max-age"))
    if age is None:
        return DEFAULT_TTL_S
    return float(age) if age.isdecimal() else 0.0


def _delivery(stored: StoredObject, age: int | None, request: Request) -> Response:
    compressible = TEXT.match(stored.content_type) is not None
    compressed = compressible and _takes_gzip(request.headers)
    # A compressed body is no longer the same bytes, so its tag becomes a weak one.
    etag = f"W/{stored.etag}" if compressed and not stored.etag.startswith("W/") else stored.etag
    headers = [("Content-Type", stored.content_type), ("ETag", etag), ("Server", "AmazonS3")]
    if stored.cache_control:
        headers.append(("Cache-Control", stored.cache_control))
    if compressible:
        headers.append(("Vary", "Accept-Encoding"))
    headers += _edge("Miss from cloudfront" if age is None else "Hit from cloudfront")
    if age is not None:
        headers.append(("Age", str(age)))
    if _known(request.headers, stored.etag):
        return Response(304, tuple(headers))
    if not compressed:
        return Response(200, tuple(headers), stored.body)
    headers.append(("Content-Encoding", "gzip"))
    return Response(200, tuple(headers), gzip.compress(stored.body, mtime=0))


def _takes_gzip(headers: Headers) -> bool:
    for accepted in tokens(headers, "Accept-Encoding"):
        coding, _, weight = accepted.replace(" ", "").partition(";q=")
        if coding == "gzip":
            return weight.strip("0.") != "" or not weight
    return False


def _known(headers: Headers, etag: str) -> bool:
    shown = {tag.strip().removeprefix("W/") for value in values(headers, "If-None-Match") for tag in value.split(",")}
    return "*" in shown or etag.removeprefix("W/") in shown


def _missing(path: str) -> Response:
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        "<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message>"
        f"<Key>{escape(path.lstrip('/'))}</Key></Error>"
    )
    headers = (("Content-Type", "application/xml"), ("Server", "AmazonS3"), *_edge("Error from cloudfront"))
    return Response(404, headers, body.encode())


def _refusal(status: int) -> Response:
    phrase = HTTPStatus(status).phrase if status in list(HTTPStatus) else ""
    body = (
        "<!DOCTYPE html>\n<html><head><title>ERROR: The request could not be satisfied</title></head>\n"
        f"<body><h1>{status} ERROR</h1><h2>The request could not be satisfied.</h2><p>{phrase}</p>"
        "</body></html>\n"
    )
    headers = (("Content-Type", "text/html"), ("Server", "CloudFront"), *_edge("Error from cloudfront"))
    return Response(status, headers, body.encode())


def _edge(cache: str) -> Headers:
    return (
        ("X-Cache", cache),
        ("Via", "1.1 sandbox.cloudfront.net (CloudFront)"),
        ("X-Amz-Cf-Id", secrets.token_urlsafe(40)),
    )
