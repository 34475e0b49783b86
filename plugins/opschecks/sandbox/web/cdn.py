"""A CDN front: serves a static site's objects, cached and compressed, as CloudFront before S3 does."""

from __future__ import annotations

import gzip
import re
import secrets
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import field
from xml.sax.saxutils import escape

from aiohttp import web

from ...core.dataclass import dataclass

DEFAULT_TTL_S = 86_400.0
"""How long CloudFront's default cache policy keeps an object that has no caching headers."""

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
        caches: whether anything is kept; called at each request.
        compresses: whether anything is compressed; called at each request.
        error_page: this object is answered, with 200, in place of one that is missing.
        statuses: a path's forced error status.
    """

    fetch: Fetch
    caches: Callable[[], bool] = lambda: True
    compresses: Callable[[], bool] = lambda: True
    error_page: str | None = None
    statuses: dict[str, int] = field(default_factory=dict)
    _copies: dict[str, _Copy] = field(default_factory=dict, init=False, repr=False)
    _copying: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    def forget(self, paths: Iterable[str]) -> None:
        """Drop these paths from the cache; a path that ends with * means all that begin like it."""
        for pattern in paths:
            begins, any_end = pattern.removesuffix("*"), pattern.endswith("*")
            with self._copying:
                for path in list(self._copies):
                    if path == begins or (any_end and path.startswith(begins)):
                        del self._copies[path]

    def fill(self, path: str) -> None:
        """Cache a path's object, as a visitor's request would."""
        self._look_up(path)

    async def answer(self, request: web.BaseRequest) -> web.Response:
        """The object of a path, or an error page."""
        forced = self.statuses.get(request.path)
        if forced is not None:
            return _refusal(forced)
        if request.method not in ("GET", "HEAD"):
            return _refusal(403)
        found = self._look_up(request.path)
        return _missing(request.path) if found is None else self._delivery(*found, request)

    def _look_up(self, path: str) -> tuple[StoredObject, int | None] | None:
        """The object of a path and, if it comes from the cache, its age in seconds."""
        # Held during the fetch, so that an object fetched before an invalidation is not cached after it.
        with self._copying:
            now = time.monotonic()
            copy = self._copies.pop(path, None)
            if copy is not None and now < copy.until and self.caches():
                self._copies[path] = copy
                return copy.stored, int(now - copy.since)
            stored = next((stored for key in candidates(path) if (stored := self.fetch(key)) is not None), None)
            if stored is not None:
                self._copies[path] = _Copy(stored, now, now + lifetime(stored.cache_control))
            elif self.error_page is not None:
                stored = self.fetch(self.error_page.lstrip("/"))
            return None if stored is None else (stored, None)

    def _delivery(self, stored: StoredObject, age: int | None, request: web.BaseRequest) -> web.Response:
        compressible = TEXT.match(stored.content_type) is not None
        compressed = compressible and self.compresses() and _takes_gzip(request.headers.get("Accept-Encoding", ""))
        # A compressed body has other bytes, so its tag becomes a weak one.
        etag = f"W/{stored.etag}" if compressed and not stored.etag.startswith("W/") else stored.etag
        headers = {"Content-Type": stored.content_type, "ETag": etag, "Server": "AmazonS3"}
        if stored.cache_control:
            headers["Cache-Control"] = stored.cache_control
        if compressible:
            headers["Vary"] = "Accept-Encoding"
        headers |= _edge("Miss from cloudfront" if age is None else "Hit from cloudfront")
        if age is not None:
            headers["Age"] = str(age)
        known = {tag.value for tag in request.if_none_match or ()}
        if known & {"*", stored.etag.removeprefix("W/").strip('"')}:
            return web.Response(status=304, headers=headers)
        if not compressed:
            return web.Response(headers=headers, body=stored.body)
        headers["Content-Encoding"] = "gzip"
        return web.Response(headers=headers, body=gzip.compress(stored.body, mtime=0))


def candidates(path: str) -> list[str]:
    """The keys under which a static site may hold a path, best first."""
    key = path.lstrip("/")
    if not key or key.endswith("/"):
        return [f"{key}index.html"]
    return [key, f"{key}.html", f"{key}/index.html"]


def lifetime(cache_control: str) -> float:
    """For how many seconds a shared cache may keep an object."""
    directives = {part.strip().lower() for part in cache_control.split(",")}
    if directives & UNCACHED:
        return 0.0
    ages = dict(directive.split("=", 1) for directive in directives if "=" in directive)
    age = ages.get("s-maxage", ages.get("max-age"))
    if age is None:
        return DEFAULT_TTL_S
    return float(age) if age.isdecimal() else 0.0


def _takes_gzip(accepted: str) -> bool:
    codings = dict(part.replace(" ", "").lower().partition(";q=")[::2] for part in accepted.split(","))
    weight = codings.get("gzip", "0")
    return not weight or weight.strip("0.") != ""


def _missing(path: str) -> web.Response:
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        "<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message>"
        f"<Key>{escape(path.lstrip('/'))}</Key></Error>"
    )
    return _error(404, "application/xml", "AmazonS3", body)


def _refusal(status: int) -> web.Response:
    body = (
        "<!DOCTYPE html>\n<html><head><title>ERROR: The request could not be satisfied</title></head>\n"
        f"<body><h1>{status} ERROR</h1><h2>The request could not be satisfied.</h2></body></html>\n"
    )
    return _error(status, "text/html", "CloudFront", body)


def _error(status: int, content_type: str, server: str, body: str) -> web.Response:
    headers = {"Content-Type": content_type, "Server": server, **_edge("Error from cloudfront")}
    return web.Response(status=status, headers=headers, body=body.encode())


def _edge(cache: str) -> dict[str, str]:
    return {
        "X-Cache": cache,
        "Via": "1.1 sandbox.cloudfront.net (CloudFront)",
        "X-Amz-Cf-Id": secrets.token_urlsafe(40),
    }
