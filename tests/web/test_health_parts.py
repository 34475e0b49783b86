"""Health pages, their words and their certificate, part by part, from answers that are told in this process."""

from __future__ import annotations

import json
import ssl
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from opschecks.core.model import Deadline, Figure
from opschecks.core.observation import CouldNotLook
from opschecks.web.health import Health, certificate_end, health, overall, words_of
from opschecks.web.http import Response
from tests.canned import NOW, stack
from tests.web.told import Answers, Site, response

ROOT = "https://site.test"


def _health(body: Any, status: int | None = 200, words: tuple[str, ...] = ("healthy", "ok", "up")) -> Health:
    told = body if isinstance(body, str) else json.dumps(body)
    return Health(arn=ROOT, name="/", answer=response(told, status), healthy_words=words, certificate_days_left=None)


SAYS: dict[str, tuple[Any, str, bool]] = {
    "a word": ("Healthy", "Healthy", True),
    "a word with a point": ("OK.", "OK.", True),
    "a word with a mark": ("ok!", "ok!", True),
    "a word in quotes": ('"up"', "up", True),
    "after a byte order mark": ("\ufeffok", "ok", True),
    "among spaces": ("\t all \n is  well ", "all is well", False),
    "nothing": ("", "nothing", False),
    "a page": ("<html></html>", "<html></html>", False),
    "JSON's nothing": ("null", "null", False),
    "not the word": ("not OK", "not OK", False),
    "the word, and more": ("OK, but the database is down", "OK, but the database is down", False),
    "its contrary": ("Unhealthy", "Unhealthy", False),
    "a word and a line end": ("ok\n", "ok", True),
    "a word between blanks": (" UP ", "UP", True),
    "a long text": ("x" * 81, "x" * 80, False),
    "a status": ({"status": "up"}, "up", True),
    "a status after a byte order mark": ('\ufeff{"status": "up"}', "up", True),
    "another status": ({"status": "down"}, "down", False),
    "a number": ("1", "1", False),
    "no json": ('{"status": ', '{"status":', False),
}


@pytest.mark.parametrize(("body", "says", "good"), SAYS.values(), ids=SAYS)
def test_what_a_health_page_says(body: Any, says: str, good: bool) -> None:
    seen = _health(body)
    assert (seen.says, seen.is_healthy, seen.sick_components) == (says, good, [])


def test_a_status_of_no_content_is_healthy_and_200_alone_is_besides() -> None:
    none = _health({"status": "down"}, 204)
    assert (none.says, none.is_healthy, none.answered_well) == ("nothing, as status 204 means", True, True)
    assert [_health("", one).answered_well for one in (200, 201, 203, 205, 503, None)] == [True] + [False] * 5
    bodies: list[Any] = [{}, {"components": {}}, {"components": {"database": "ok"}}, {"status": None}, []]
    for body in bodies:
        with pytest.raises(CouldNotLook, match=f"GET {ROOT}: the health page has no 'status'"):
            assert _health(body).says
    sick = _health({"status": "up", "components": {"db": "down", "cache": "UP"}})
    assert (sick.sick_components, sick.is_healthy) == (["db is down"], True)


def _probed(answer: Response, ends: Any = None, url: str = ROOT, **keys: Any) -> tuple[Health, Answers]:
    tape = Answers(tls=ends)
    return health(stack(backend_url=url, **keys), Site(lambda _: answer), NOW, tape), tape


def test_what_is_kept_of_a_health_page_and_its_certificate() -> None:
    ends = NOW + timedelta(days=30, hours=18)
    seen, tape = _probed(response("ok" * 1001), ends, health_path="/up", healthy_words=["OK"])
    assert (seen.arn, seen.name, seen.healthy_words) == (f"{ROOT}/up", "/up", ("ok",))
    assert seen.certificate_days_left == 30.75
    assert seen.evidence == {"status": 200, "latency_ms": 12, "body": "ok" * 1000, "certificate_ends": ends}
    assert seen.figures == (Figure("health latency", 12, "ms"), Figure("certificate", 30, "days left"))
    spare = timedelta(days=stack().limits.certificate_days)
    assert seen.deadlines == (Deadline("the certificate of site.test must be renewed", ends - spare),)
    assert tape.questions == [("tls", f"TLS {ROOT}/up", {"url": f"{ROOT}/up"})]
    seen, _ = _probed(response("ok"), url="http://site.test")
    assert (seen.certificate_days_left, seen.deadlines) == (None, ())
    assert [one.label for one in seen.figures] == ["health latency"]
    assert "certificate_ends" not in seen.evidence
    seen, _ = _probed(response(status=None))
    assert (seen.evidence["status"], seen.certificate_days_left) == ("broke off", None)
    with pytest.raises(CouldNotLook, match="its certificate is trusted by the HTTP client's bundle only"):
        _probed(response("ok"))


class _Secure:
    """A connection that was wrapped in TLS; `certificate` is what its host has shown."""

    def __init__(self, certificate: Any) -> None:
        self.certificate, self.asked = certificate, list[Any]()

    def __enter__(self) -> _Secure:
        return self

    def __exit__(self, *_: object) -> None:
        return

    def wrap_socket(self, plain: Any, server_hostname: str) -> _Secure:
        self.asked.append((plain, server_hostname))
        if isinstance(self.certificate, Exception):
            raise self.certificate
        return self

    def getpeercert(self) -> Any:
        return self.certificate


def _ends(monkeypatch: pytest.MonkeyPatch, url: str, certificate: Any) -> tuple[Any, list[Any]]:
    secure = _Secure(certificate)
    places: list[Any] = []

    def connect(place: Any, timeout: float) -> _Secure:
        places.append((place, timeout))
        return secure

    monkeypatch.setattr("socket.create_connection", connect)
    monkeypatch.setattr("ssl.create_default_context", lambda: secure)
    return certificate_end(url, 3), [*places, *(name for _, name in secure.asked)]


def test_when_a_certificate_ends_is_asked_of_the_host_at_its_port(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = {"notAfter": "Nov 24 07:00:00 2026 GMT"}
    moment = datetime(2026, 11, 24, 7, tzinfo=UTC)
    for scheme in ("https", "wss"):
        assert _ends(monkeypatch, f"{scheme}://site.test/a", shown) == (moment, [(("site.test", 443), 3), "site.test"])
    assert _ends(monkeypatch, "https://site.test:8443", shown)[1] == [(("site.test", 8443), 3), "site.test"]
    for scheme in ("http", "ws"):
        assert _ends(monkeypatch, f"{scheme}://site.test/a", shown) == (None, [])
    assert _ends(monkeypatch, ROOT, ssl.SSLCertVerificationError("x"))[0] is None
    with pytest.raises(CouldNotLook, match=r"TLS site\.test:443: OSError: no route"):
        _ends(monkeypatch, ROOT, OSError("no route"))
    nothing: list[Any] = [None, {}]
    for none in nothing:
        with pytest.raises(CouldNotLook, match=r"TLS site\.test:443: the answer has no 'notAfter'"):
            _ends(monkeypatch, ROOT, none)


OVERALL: list[tuple[Any, str | None]] = [
    ({"status": "up"}, "up"),
    ({"Status": "up"}, "up"),
    ({"health": "up"}, "up"),
    ({"healthy": True}, "healthy"),
    ({"healthy": False}, "unhealthy"),
    ({"state": 0}, "0"),
    ({"ok": True, "status": "down"}, "down"),
    ({"status": None, "state": "up"}, "up"),
    ({"status": ["up"]}, None),
    ({"status": ["up"], "ok": True}, "healthy"),
    ({"status": {"status": "up"}}, "up"),
    ({"status": {"state": {"ok": {"health": "up"}}}}, "up"),
    ({"status": {"state": {"ok": {"health": {"ok": "up"}}}}}, None),
    ({"data": {"status": "up"}}, "up"),
    ({"result": {"response": {"data": {"ok": "up"}}}}, "up"),
    ({"result": {"response": {"data": {"data": {"ok": "up"}}}}}, None),
    ({"data": {"x": 1}, "result": {"ok": "up"}}, "up"),
    ({"data": "up"}, None),
    ({"components": {"status": "up"}}, None),
    ([], None),
    ("up", None),
    (None, None),
]


@pytest.mark.parametrize(("told", "word"), OVERALL, ids=range(len(OVERALL)))
def test_the_word_for_the_whole(told: Any, word: str | None) -> None:
    assert overall(told) == word


PARTS: list[tuple[Any, list[tuple[str, str]]]] = [
    ({}, []),
    ("up", []),
    ({"components": {}}, []),
    ({"components": None, "checks": {"a": "up"}}, [("a", "up")]),
    ({"components": {"a": None}}, [("a", "None")]),
    ({"services": {"a": "down"}, "components": {"b": "down"}}, [("b", "down"), ("a", "down")]),
    ({"services": {"a": {"dependencies": {"b": False}}}}, [("a/b", "unhealthy")]),
    ({"dependencies": [{"name": "a", "status": "down"}]}, [("a", "down")]),
    (
        {"checks": {"a": [{"status": "pass"}, {"status": "fail"}], "b": [{"status": "pass"}]}},
        [("a", "pass"), ("a", "fail"), ("b", "pass")],
    ),
    ({"services": {"a": True, "b": False}}, [("a", "healthy"), ("b", "unhealthy")]),
    ({"dependencies": ["a", "b"]}, [("0", "a"), ("1", "b")]),
    ([{"name": "a", "status": "up"}, {"status": "down"}], [("a", "up"), ("1", "down")]),
    ({"checks": {"a": [{"status": "up"}, {"status": "down", "name": "x"}]}}, [("a", "up"), ("x", "down")]),
    ({"components": {"a": {"lag": 3}}}, [("a", "without a status")]),
    ({"components": {"a": {"observedValue": 3}}}, []),
    ({"components": {"a": {"status": True, "observedValue": 3}}}, [("a", "healthy")]),
    ({"components": {"a": {"components": {"b": "up"}}}}, [("a/b", "up")]),
    ({"components": {"a": {"status": "up", "components": {"b": {"status": "down"}}}}}, [("a", "up"), ("a/b", "down")]),
    ({"entries": {"a": {"status": "up"}, "b": {"lag": 1}, "c": "its status"}}, [("a", "up")]),
    ({"entries": "text", "details": ["x"]}, []),
    ({"details": {"a": {"status": "up", "details": {"b": {"status": "down"}}}}}, [("a", "up"), ("a/b", "down")]),
    ({"data": {"components": {"a": "up"}}}, [("a", "up")]),
    ({"data": "text", "response": {"components": {"a": "up"}}}, [("a", "up")]),
    ({"components": {"a": 1}}, [("a", "1")]),
]


@pytest.mark.parametrize(("told", "words"), PARTS, ids=range(len(PARTS)))
def test_the_words_of_the_components(told: Any, words: list[tuple[str, str]]) -> None:
    assert [*words_of(told)] == words


def test_components_in_no_known_form_or_nested_too_deeply_are_not_known() -> None:
    with pytest.raises(CouldNotLook, match="the health page's 'checks' is 'up', not a list of components"):
        [*words_of({"checks": "up"})]
    for told in (
        {"components": "all fine"},
        {"checks": True},
        {"services": 3},
        {"services": {"a": {"checks": "fine"}}},
    ):
        with pytest.raises(CouldNotLook, match="not a list of components"):
            [*words_of(told)]
    deep: Any = "up"
    for _ in range(19):
        deep = {"components": {"a": deep}}
    assert [*words_of(deep)] == [("/".join("a" * 19), "up")]
    with pytest.raises(CouldNotLook, match="nested too deeply"):
        [*words_of({"components": {"a": {"components": {"a": deep}}}})]
    wrapped: Any = {}
    for _ in range(19):
        wrapped = {"data": wrapped}
    assert [*words_of(wrapped)] == []
    with pytest.raises(CouldNotLook, match="nested too deeply"):
        [*words_of({"data": wrapped})]
