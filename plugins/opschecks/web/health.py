"""The backend's health page: an answer, what its body says of the backend and of its components.

In the formats of Spring Boot Actuator, ASP.NET Core and its HealthChecks UI, NestJS Terminus, MicroProfile Health, the
IETF draft health+json, and plain objects of names and words.
"""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ..core.answer import Answer
from ..core.dataclass import dataclass
from ..core.model import Deadline, Figure, Resource
from ..core.observation import CouldNotLook, names_no, observation
from ..core.tape import LIVE, Tape
from .http import Http, Response

if TYPE_CHECKING:
    from ..config.stack import Stack

SHOWN = 80
"""How much of a body is shown that is no health page."""
STATUS = ("status", "health", "healthy", "state", "ok")
"""Keys, in any case, that tell the status of the whole, the first one that is there."""
WRAPPED = ("data", "result", "response")
"""Keys under which an API that wraps all its answers puts the health page."""
PARTS = ("components", "checks", "services", "dependencies")
"""Keys under which a health page lists its components."""
PARTS_OF_OBJECTS = ("entries", "details")
"""Keys that list components in some formats (HealthChecks UI; Terminus, Spring Boot 2.0) and details in others: only
objects with a status are components there."""


def certificate_end(url: str, timeout_s: float) -> datetime | None:
    """When the certificate of an https URL expires, in UTC; None for http, and where it is not trusted."""
    parts = urlsplit(url)
    if parts.scheme not in ("https", "wss"):
        return None
    host, port = str(parts.hostname), parts.port or 443
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
    def answered_well(self) -> bool:
        """Whether the status is one of a healthy backend: 200, or 204, which has no body."""
        return self.answer.status in (200, 204)

    @property
    def says(self) -> str:
        """What the body says of the backend as a whole: its status, or the text itself where it is not JSON.

        CouldNotLook for JSON without a status.
        """
        if self.answer.status == 204:
            return "nothing, as status 204 means"
        told = self._told
        if isinstance(told, dict | list):
            word = overall(told)
            if word is None:
                raise CouldNotLook(f"GET {self.arn}", "the health page has no 'status'")
            return word
        return " ".join(self.answer.text.lstrip("\ufeff").strip('" \t\r\n').split())[:SHOWN] or "nothing"

    @property
    def is_healthy(self) -> bool:
        """Whether the body calls the backend healthy; with 204, the status does."""
        if self.answer.status == 204:
            return True
        return self._is_good(self.says.rstrip(".!"))

    @property
    def sick_components(self) -> list[str]:
        """The components in the body that are not healthy."""
        return [f"{name} is {word}" for name, word in words_of(self._told) if not self._is_good(word)]

    def _is_good(self, word: str) -> bool:
        return word.lower() in self.healthy_words

    @property
    def _told(self) -> Any:
        try:
            return json.loads(self.answer.text.lstrip("\ufeff"))
        except (ValueError, RecursionError):
            return None


@observation()
def health(stack: Stack, http: Http, now: datetime, tape: Tape = LIVE) -> Health:
    """GET of the backend's health endpoint: status, latency, body, days until the certificate expires."""
    if not stack.backend_url:
        raise names_no(stack.name, "backend", "backend_url")
    url = stack.backend_url + stack.health_path
    timeout_s = stack.limits.probe_timeout_s
    answer = http.get(url, timeout_s)
    ends = tape.ask("tls", f"TLS {url}", {"url": url}, lambda: certificate_end(url, timeout_s))
    if ends is None and answer.status is not None and url.startswith("https:"):
        raise CouldNotLook(f"TLS {url}", "its certificate is trusted by the HTTP client's bundle only")
    left = (ends - now).total_seconds() / 86400 if ends else None
    spare = timedelta(days=stack.limits.certificate_days)
    due = f"the certificate of {urlsplit(url).hostname} must be renewed"
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
        deadlines=(Deadline(due, ends - spare),) if ends else (),
    )


def overall(told: Any, depth: int = 3) -> str | None:
    """The word for the whole; None where the page has none. Components do not tell it: the list may lack some."""
    if not isinstance(told, dict):
        return None
    keys = {str(key).lower(): value for key, value in told.items()}
    for key in STATUS:
        word = _status_word(keys.get(key), depth)
        if word is not None:
            return word
    for key in WRAPPED:
        if depth and isinstance(keys.get(key), dict) and (word := overall(keys[key], depth - 1)) is not None:
            return word
    return None


def _status_word(value: Any, depth: int) -> str | None:
    if isinstance(value, dict):
        return overall(value, depth - 1) if depth else None
    return None if value is None or isinstance(value, list) else _told_word(value)


def words_of(told: Any, depth: int = 20) -> Iterator[tuple[str, str]]:
    """Component names and status words, at any depth.

    Each of PARTS maps names to a word, a bool, an object with a status, or a list of those; or is a list of objects
    with names. CouldNotLook for anything else: an unknown format is not healthy.
    """
    if not depth:
        raise CouldNotLook("", "the health page is nested too deeply")
    if isinstance(told, list):
        told = {"components": told}
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
                yield from _word(str(key), item, depth)
    for part in PARTS_OF_OBJECTS:
        listed = told.get(part)
        for key, one in listed.items() if isinstance(listed, dict) else ():
            if isinstance(one, dict) and "status" in one:
                yield from _word(str(key), one, depth)
    for part in WRAPPED:
        if isinstance(told.get(part), dict):
            yield from words_of(told[part], depth - 1)


def _word(key: str, told: Any, depth: int) -> Iterator[tuple[str, str]]:
    if isinstance(told, dict):
        name = str(told.get("name", key))
        inner = list(words_of(told, depth - 1))
        if "status" in told or not (inner or "observedValue" in told):
            yield name, _told_word(told.get("status", "without a status"))
        yield from ((f"{name}/{below}", word) for below, word in inner)
    else:
        yield key, _told_word(told)


def _told_word(value: Any) -> str:
    if isinstance(value, bool):
        return "healthy" if value else "unhealthy"
    return str(value)
