"""HTTP: the backend's health and the dashboards, as a browser gets them."""

from __future__ import annotations

import http.client
import json
import re
import secrets
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ..core.answer import Answer
from ..core.model import Deadline, Figure, Resource
from ..core.observation import CouldNotLook, fan_out, names_no, observation

if TYPE_CHECKING:
    from ..config.stack import Stack

BODY_BYTES = 1_000_000
PARTS = ("components", "checks", "services", "dependencies")
"""Keys under which a health page lists its components."""
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)


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
        """The body as text."""
        return self.body.decode("utf-8", "replace")


class Http:
    """One pooled session for all HTTP probes of a run."""

    def __init__(self) -> None:
        import requests

        self._session = requests.Session()
        self._session.headers["User-Agent"] = "opschecks"

    def head(self, url: str, timeout_s: float) -> Response:
        """HEAD of the URL with a browser's Accept-Encoding: a CDN may store another variant for other clients."""
        return self._ask("HEAD", url, timeout_s, {"Accept-Encoding": "gzip, br"})

    def get(self, url: str, timeout_s: float) -> Response:
        """GET the URL, following redirects.

        A host that cannot be reached raises CouldNotLook: the cause may be our network. A reached host that times out,
        breaks off or has an untrusted certificate is an answer with `status` None.
        """
        return self._ask("GET", url, timeout_s, {})

    def _ask(self, method: str, url: str, timeout_s: float, headers: Mapping[str, str]) -> Response:
        import requests
        import urllib3

        began = time.monotonic()

        def failed(why: str) -> Response:
            return Response(url, None, (time.monotonic() - began) * 1000, failure=why)

        try:
            with self._session.request(
                method, url, headers=dict(headers), timeout=(timeout_s, timeout_s), stream=True, allow_redirects=True
            ) as response:
                latency_ms = (time.monotonic() - began) * 1000
                body = response.raw.read(BODY_BYTES, decode_content=True)
        except (requests.exceptions.ReadTimeout, urllib3.exceptions.ReadTimeoutError):
            return failed(f"gave no answer within {timeout_s:g} s")
        except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError) as error:
            root = _root(error)
            if isinstance(root, ssl.SSLCertVerificationError):
                return failed(f"its certificate is not trusted: {root.verify_message}")
            unpacking = isinstance(error, urllib3.exceptions.DecodeError)
            if unpacking or isinstance(root, ConnectionResetError | http.client.HTTPException):
                return failed(f"broke off: {root}")
            raise CouldNotLook(f"{method} {url}", f"{type(error).__name__}: {root}") from None
        kind = response.headers.get("Content-Type", "")
        return Response(response.url, response.status_code, latency_ms, kind, dict(response.headers), body)


def _root(error: BaseException) -> BaseException:
    """The innermost reason: requests and urllib3 wrap it several times."""
    seen = {id(error)}
    while True:
        inner = getattr(error, "reason", None) or next((a for a in error.args if isinstance(a, BaseException)), None)
        if not isinstance(inner, BaseException) or id(inner) in seen:
            return error
        seen.add(id(inner))
        error = inner


def certificate_end(url: str, timeout_s: float) -> datetime | None:
    """When the certificate of an https URL expires, in UTC; None for http, and where it is not trusted."""
    parts = urlsplit(url)
    if parts.scheme not in ("https", "wss"):
        return None
    host, port = parts.hostname or "", parts.port or 443
    try:
        with (
            socket.create_connection((host, port), timeout=timeout_s) as plain,
            ssl.create_default_context().wrap_socket(plain, server_hostname=host) as secure,
        ):
            certificate = secure.getpeercert() or {}
    except ssl.SSLCertVerificationError:
        return None
    except OSError as error:
        raise CouldNotLook(f"TLS {host}:{port}", f"{type(error).__name__}: {error}") from None
    ends = str(Answer(certificate, f"TLS {host}:{port}")["notAfter"])
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(ends), UTC)


@dataclass(frozen=True, kw_only=True)
class Health(Resource):
    """The answer of the health endpoint."""

    answer: Response
    healthy_words: tuple[str, ...]
    certificate_days_left: float | None

    @property
    def says(self) -> str:
        """The body's `status`; "no JSON object" where it is not one."""
        told = self._told
        return str(Answer(told, f"GET {self.arn}")["status"]) if isinstance(told, dict) else "no JSON object"

    @property
    def is_healthy(self) -> bool:
        """Whether the body calls the backend healthy."""
        return self.says.lower() in self.healthy_words

    @property
    def sick_components(self) -> list[str]:
        """The components in the body that are not healthy."""
        told = self._told
        return [f"{name} is {word}" for name, word in _words(told) if word.lower() not in self.healthy_words]

    @property
    def _told(self) -> Any:
        try:
            return json.loads(self.answer.body)
        except ValueError:
            return None


def _words(told: Any) -> Iterator[tuple[str, str]]:
    """Component names and status words, from the formats in use, at any depth.

    Each of PARTS maps names to a word, a bool, an object with a status, or a list of those; or is a list of objects
    with names. CouldNotLook for anything else: an unknown format is not healthy.
    """
    if not isinstance(told, dict):
        return
    for part in PARTS:
        listed = told.get(part)
        if listed is None:
            continue
        if not isinstance(listed, dict | list):
            raise CouldNotLook("", f"the health page's {part!r} is {listed!r}, not a list of components")
        for key, one in listed.items() if isinstance(listed, dict) else enumerate(listed):
            for item in one if isinstance(one, list) else [one]:
                yield from _word(str(key), item)


def _word(key: str, told: Any) -> Iterator[tuple[str, str]]:
    if isinstance(told, dict):
        name = str(told.get("name", key))
        inner = list(_words(told))
        if "status" in told or not inner:
            yield name, str(told.get("status", "without a status"))
        yield from ((f"{name}/{below}", word) for below, word in inner)
    elif isinstance(told, bool):
        yield key, "healthy" if told else "unhealthy"
    else:
        yield key, str(told)


@observation()
def health(stack: Stack, http: Http, now: datetime) -> Health:
    """GET of the backend's health endpoint: status, latency, body, days until the certificate expires."""
    if not stack.backend_url:
        raise names_no(stack.name, "backend", "backend_url")
    url = stack.backend_url + stack.health_path
    timeout_s = stack.limits.probe_timeout_s
    answer = http.get(url, timeout_s)
    ends = certificate_end(url, timeout_s)
    if ends is None and answer.status is not None and url.startswith("https:"):
        raise CouldNotLook(f"TLS {url}", "its certificate is trusted by the HTTP client's bundle only")
    left = (ends - now).total_seconds() / 86400 if ends else None
    spare = timedelta(days=stack.limits.certificate_days)
    figures = [Figure("health latency", round(answer.latency_ms), "ms")]
    if left is not None:
        figures.append(Figure("certificate", int(left), "days left"))
    return Health(
        arn=url,
        name=urlsplit(url).path,
        answer=answer,
        healthy_words=tuple(word.lower() for word in stack.healthy_words),
        certificate_days_left=left,
        evidence={
            "status": answer.status or answer.failure,
            "latency_ms": round(answer.latency_ms),
            "body": answer.text[:2000],
            **({"certificate_ends": ends} if ends else {}),
        },
        figures=tuple(figures),
        deadlines=(
            (Deadline(f"the certificate of {urlsplit(url).hostname} must be renewed", ends - spare),) if ends else ()
        ),
    )


@dataclass(frozen=True, kw_only=True)
class Page(Resource):
    """One dashboard as served. `stand_in` is the answer for a path that cannot exist."""

    answer: Response
    stand_in: Response
    contains: str

    @property
    def is_html(self) -> bool:
        """Whether it is an HTML document."""
        return "html" in self.answer.content_type.lower() and "<html" in self.answer.text[:5000].lower()

    @property
    def is_a_stand_in(self) -> bool:
        """Whether the site serves the same for any path: an error page with status 200.

        CouldNotLook where its answer for a path that cannot exist is unknown.
        """
        if self.stand_in.status is None or self.stand_in.status >= 500:
            raise CouldNotLook(f"GET {self.stand_in.url}", self.stand_in.said)
        return bool(self.stand_in.status == 200 and self.stand_in.body and self.answer.body == self.stand_in.body)

    @property
    def title(self) -> str:
        """The document's title."""
        match = _TITLE.search(self.answer.text)
        return " ".join(match.group(1).split()) if match else ""


@observation()
def dashboard_pages(stack: Stack, http: Http) -> list[Page]:
    """GET of each dashboard, and of a path that cannot exist, to recognize error pages."""
    if not stack.dashboard_url or not stack.dashboards:
        raise names_no(stack.name, "dashboards", "dashboard_url and dashboards")
    root, timeout_s = stack.dashboard_url, stack.limits.probe_timeout_s
    nowhere = f"/opschecks-{secrets.token_hex(8)}"
    answers = fan_out(
        lambda path: http.get(root + path, timeout_s), [*(dashboard.path for dashboard in stack.dashboards), nowhere]
    )
    stand_in = answers.pop()
    return [
        Page(
            arn=root + dashboard.path,
            name=dashboard.path,
            answer=answer,
            stand_in=stand_in,
            contains=dashboard.contains,
            evidence={
                **answer.evidence,
                "latency_ms": round(answer.latency_ms),
                "body": answer.text[:1000],
                "a path that cannot exist": stand_in.status,
            },
            figures=(Figure("latency", round(answer.latency_ms), "ms"),),
        )
        for dashboard, answer in zip(stack.dashboards, answers, strict=True)
    ]
