"""What a health page says, in every shape; and the certificate of its host."""

from __future__ import annotations

import contextlib
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import responses

from opschecks.config.stack import Stack
from opschecks.core.observation import CouldNotLook
from opschecks.web.health import Health, certificate_end, health
from opschecks.web.http import Http
from opschecks.web.websocket import websocket_session
from tests.canned import Raw
from tests.web.hosts import NOW, SITE, URL, _answering, _certified, _free_port, _stack, _trust, _web


def _health(http: Http, mocked: responses.RequestsMock, body: Any, status: int = 200) -> Health:
    mocked.get(URL, body=body if isinstance(body, str) else json.dumps(body), status=status)
    return health(_stack(), http, NOW)


def test_health_tells_what_it_saw(http: Http, mocked: responses.RequestsMock) -> None:
    seen = _health(http, mocked, {"status": "UP"}, status=203)
    assert (seen.arn, seen.name, seen.certificate_days_left) == (URL, "/health", None)
    assert seen.evidence["status"] == 203
    assert seen.evidence["body"] == '{"status": "UP"}'
    assert [figure.label for figure in seen.figures] == ["health latency"]


def test_health_without_an_answer_tells_why(http: Http) -> None:
    with _answering(b"") as url:
        seen = health(_stack(url), http, NOW)
    assert seen.answer.status is None
    assert "broke off" in seen.evidence["status"]
    assert not seen.is_healthy


def test_health_of_a_stack_without_a_backend_is_not_looked_at(http: Http) -> None:
    with pytest.raises(CouldNotLook, match="names no backend"):
        health(Stack(name="here"), http, NOW)


@pytest.mark.parametrize(
    ("word", "healthy"),
    [("healthy", True), ("OK", True), ("UP", True), ("Pass", True)]
    + [(word, False) for word in ("unhealthy", "DOWN", "degraded", "fail", "warn", "", "not healthy", 0)],
)
def test_only_the_stacks_words_mean_healthy(
    http: Http, mocked: responses.RequestsMock, word: str, healthy: bool
) -> None:
    assert _health(http, mocked, {"status": word}).is_healthy is healthy


def test_a_stack_has_its_own_words_for_healthy(http: Http, mocked: responses.RequestsMock) -> None:
    mocked.get(f"{SITE}/status", json={"status": "Green", "components": {"database": "green", "queue": "ok"}})
    seen = health(_stack(health_path="/status", healthy_words=["GREEN"]), http, NOW)
    assert seen.is_healthy
    assert seen.sick_components == ["queue is ok"]


def test_a_trusted_certificate_has_days_left(http: Http, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certified = _certified(tmp_path, ends=NOW + timedelta(days=30, hours=12))
    _trust(monkeypatch, certified.authority)
    with _web(certified) as web:
        seen = health(_stack(web.backend_url), http, NOW)
    assert (seen.answer.status, seen.is_healthy) == (200, True)
    assert seen.certificate_days_left == 30.5
    assert seen.evidence["certificate_ends"] == NOW + timedelta(days=30, hours=12)
    assert [(figure.label, figure.value) for figure in seen.figures][1:] == [("certificate", 30)]
    (deadline,) = seen.deadlines  # 14 days before it ends a check fails
    assert (deadline.what, deadline.at) == (
        "the certificate of 127.0.0.1 must be renewed", NOW + timedelta(days=16, hours=12),
    )  # fmt: skip


def test_a_certificate_of_an_unknown_authority_is_not_trusted(http: Http, tmp_path: Path) -> None:
    with _web(_certified(tmp_path, ends=NOW + timedelta(days=30))) as web:
        seen = health(_stack(web.backend_url), http, NOW)
    assert seen.answer.status is None
    assert seen.answer.said.startswith("its certificate is not trusted: ")
    assert seen.certificate_days_left is None
    assert "not trusted" in seen.evidence["status"]


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"ends": NOW - timedelta(hours=1)}, "certificate has expired"),
        ({"ends": NOW + timedelta(days=9), "begins": NOW + timedelta(days=1)}, "certificate is not yet valid"),
        ({"ends": NOW + timedelta(days=9), "address": "127.0.0.9"}, "certificate is not valid for '127.0.0.1'"),
    ],
    ids=["expired", "not begun", "of another host"],
)
def test_a_certificate_that_does_not_hold_is_not_trusted(
    http: Http, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: Raw, why: str
) -> None:
    certified = _certified(tmp_path, **given)
    _trust(monkeypatch, certified.authority)
    with _web(certified) as web:
        seen = health(_stack(web.backend_url), http, NOW)
        session = websocket_session(_stack(web.backend_url))
    assert seen.answer.status is None
    assert seen.answer.said.startswith("its certificate is not trusted: ")
    assert why in seen.answer.said
    assert seen.certificate_days_left is None
    assert session.refused.startswith("its certificate is not trusted: ")


def test_a_certificate_that_is_trusted_never_lacks_its_last_day(
    http: Http, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bundle that only requests is told of must not make the last day unknown without a word."""
    certified = _certified(tmp_path, ends=NOW + timedelta(days=3))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certified.authority))
    with _web(certified) as web, contextlib.suppress(CouldNotLook):
        seen = health(_stack(web.backend_url), http, NOW)
        assert seen.answer.status == 200
        assert seen.certificate_days_left is not None


def test_the_end_of_a_certificate_that_cannot_be_read_is_not_looked_at() -> None:
    port = _free_port()
    with pytest.raises(CouldNotLook, match="refused") as told:
        certificate_end(f"https://127.0.0.1:{port}/health", 5)
    assert told.value.call == f"TLS 127.0.0.1:{port}"
    with _answering(b"HTTP/1.1 400 Bad Request\r\n\r\n") as url, pytest.raises(CouldNotLook, match="TLS 127"):
        certificate_end(url.replace("http:", "https:"), 5)


def test_http_has_no_certificate() -> None:
    assert certificate_end(f"http://127.0.0.1:{_free_port()}/health", 5) is None
