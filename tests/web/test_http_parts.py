"""HTTP probes, part by part: charsets, redirects, retries and errors."""

from __future__ import annotations

import gzip
import http.client
import io
import ssl
from types import SimpleNamespace
from typing import Any

import pytest
import requests
import responses

from opschecks.core.observation import CouldNotLook
from opschecks.web import http as module
from opschecks.web.client.bounds import PrivatePlace
from opschecks.web.http import BODY_BYTES, REDIRECTS, Http, Response
from tests.web.told import response

URL = "http://site.test/a"


def test_what_is_said_of_an_answer() -> None:
    told = response("x", 404, X_Cache="Hit")
    assert (told.said, told.evidence) == ("answered 404", {"status": 404, "headers": {"X-Cache": "Hit"}})
    assert (told.header("x-cache"), told.header("X-CACHE"), told.header("Age")) == ("Hit", "Hit", "")
    broken = response(status=None)
    assert (broken.said, broken.evidence) == ("broke off", {"status": "broke off", "headers": {}})


GROESSE = "Größe"
CHARSETS: dict[str, tuple[str, bytes, str]] = {
    "a mark of UTF-8": ("text/html", GROESSE.encode("utf-8-sig"), GROESSE),
    "a mark of UTF-16": ("text/html", b"\xff\xfe" + GROESSE.encode("utf-16-le"), GROESSE),
    "the other mark of UTF-16": ("text/html", b"\xfe\xff" + GROESSE.encode("utf-16-be"), GROESSE),
    "a mark, whatever the type says": ("text/html; charset=latin-1", GROESSE.encode("utf-8-sig"), GROESSE),
    "its type": ("text/plain; Charset = 'latin-1'", GROESSE.encode("latin-1"), GROESSE),
    "its own word": ("TEXT/HTML", b'<meta charset="latin-1">' + GROESSE.encode("latin-1"), ""),
    "its own word, in plain text": ("text/plain", b'<meta charset="latin-1">' + GROESSE.encode(), ""),
    "its type before its own word": ("text/html; charset=utf-8", b'<meta charset="latin-1">' + GROESSE.encode(), ""),
    "its own word where the type's is none": (
        "text/html; charset=none", b'<meta charset="latin-1">' + GROESSE.encode("latin-1"), ""),
    "its own word in quotes": ("text/html", b'<html><meta charset="windows-1252">' + GROESSE.encode("cp1252"), ""),
    "UTF-8, of which nothing is said": ("text/html", GROESSE.encode(), ""),
    "a type that names nothing real": ("text/html; charset=klingon", GROESSE.encode(), ""),
    "a type that names what is no text": ("text/html; charset=base64", GROESSE.encode(), ""),
    "its own word, too late": ("text/html", b" " * 1024 + b"charset=latin-1 " + GROESSE.encode(), ""),
    "its own word, just in time": ("text/html", b" " * 1009 + b"charset=latin-1 " + GROESSE.encode("latin-1"), ""),
}  # fmt: skip


@pytest.mark.parametrize(("kind", "body", "_"), CHARSETS.values(), ids=CHARSETS)
def test_a_body_is_text_by_the_first_charset_that_is_told(kind: str, body: bytes, _: str) -> None:
    assert Response("u", 200, 1, kind, {}, body).text.endswith(GROESSE)


def test_bytes_that_are_no_text_are_replaced() -> None:
    assert Response("u", 200, 1, "text/plain", {}, b"\xff!").text == "\ufffd!"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_each_kind_of_redirect_is_followed(http: Http, mocked: responses.RequestsMock, status: int) -> None:
    mocked.get(URL, status=status, headers={"Location": "/b"})
    mocked.get("http://site.test/b", body="here")
    told = http.get(URL, 5)
    assert (told.url, told.text, told.status) == ("http://site.test/b", "here", 200)


@pytest.mark.parametrize(("status", "headers"), [(304, {"Location": "/b"}), (301, {}), (200, {"Location": "/b"})])
def test_what_leads_nowhere_is_the_answer(
    http: Http, mocked: responses.RequestsMock, status: int, headers: dict[str, str]
) -> None:
    mocked.get(URL, status=status, headers=headers)
    assert http.get(URL, 5).status == status


def test_as_many_redirects_are_followed_as_browsers_follow(http: Http, mocked: responses.RequestsMock) -> None:
    for number in range(REDIRECTS + 1):
        mocked.get(f"http://site.test/{number}", status=302, headers={"Location": f"/{number + 1}"})
    mocked.get(f"http://site.test/{REDIRECTS + 1}", body="end")
    assert http.get("http://site.test/1", 5).text == "end"
    assert http.get("http://site.test/0", 5).said == f"redirects without an end, at least {REDIRECTS + 1} times"


def test_a_location_in_utf_8_is_understood(http: Http, mocked: responses.RequestsMock) -> None:
    mocked.get(URL, status=302, headers={"Location": "/größe".encode().decode("latin-1")})
    mocked.get("http://site.test/gr%C3%B6%C3%9Fe", body="end")
    assert http.get(URL, 5).text == "end"


def test_cookies_of_redirects_go_along(http: Http, mocked: responses.RequestsMock) -> None:
    mocked.get(URL, status=302, headers={"Location": "/b", "Set-Cookie": "seen=1"})
    mocked.get("http://site.test/b", body="end")
    http.get(URL, 5)
    assert mocked.calls[1].request.headers["Cookie"] == "seen=1"
    assert "Cookie" not in mocked.calls[0].request.headers


def test_the_request_says_who_asks_and_what_it_can_unpack(http: Http, mocked: responses.RequestsMock) -> None:
    mocked.get(URL)
    mocked.head(URL, headers={"Content-Encoding": "br"})
    http.get(URL, 5)
    assert http.head(URL, 5).body == b""
    get, head = (one.request.headers for one in mocked.calls)
    assert (get["User-Agent"], get["Accept-Encoding"], head["Accept-Encoding"]) == (
        "opschecks",
        "gzip, deflate",
        "gzip, br",
    )


def test_a_packing_that_was_not_asked_for_is_not_looked_into(http: Http, mocked: responses.RequestsMock) -> None:
    mocked.get(URL, body=b"x", headers={"Content-Encoding": "br"})
    with pytest.raises(CouldNotLook, match=f"GET {URL}: the body is packed by br, which was not asked for"):
        http.get(URL, 5)
    mocked.get("http://site.test/none", body=b"", headers={"Content-Encoding": "br"})
    assert http.get("http://site.test/none", 5).status == 200


@pytest.mark.parametrize(
    ("location", "says"),
    [
        ("ftp://a/b", "redirects to 'ftp://a/b', which is not HTTP"),
        ("https:///b", "redirects to 'https:///b', which is not HTTP"),
        ("http://a:port/", "redirects to 'http://a:port/', which is not an address"),
        ("x://" + "y" * 300, "redirects to 'x://" + "y" * 196 + "', which is not HTTP"),
        ("http://[" + "y" * 300, "redirects to 'http://[" + "y" * 192 + "', which is not an address"),
    ],
)
def test_a_redirect_to_what_no_browser_opens_is_no_answer(
    http: Http, mocked: responses.RequestsMock, location: str, says: str
) -> None:
    mocked.get(URL, status=302, headers={"Location": location})
    assert http.get(URL, 5).said == says


PRIVATE = ["localhost", "a.localhost", "10.0.0.1", "[fe80::1]"]


@pytest.mark.parametrize("host", PRIVATE)
def test_a_redirect_to_a_private_host_is_only_followed_where_the_stack_names_it(
    mocked: responses.RequestsMock, host: str
) -> None:
    mocked.get(URL, status=302, headers={"Location": f"HTTPS://{host.upper()}/b"})
    mocked.get(f"https://{host}/b", body="end")
    with pytest.raises(CouldNotLook, match=f"GET {URL}: it redirects to .*, a private address that the stack does not"):
        Http().get(URL, 5)
    assert Http([host.strip("[]")]).get(URL, 5).text == "end"


@pytest.mark.parametrize("host", ["notlocalhost", "localhost.example.com", "8.8.8.8", "public.test"])
def test_a_redirect_to_a_public_host_is_followed(mocked: responses.RequestsMock, host: str) -> None:
    mocked.get(URL, status=302, headers={"Location": f"http://{host}/b"})
    mocked.get(f"http://{host}/b", body="end")
    assert Http().get(URL, 5).text == "end"


class _Sends:
    """Stands for `Http._send`: raises or returns one after the other."""

    def __init__(self, *told: Any) -> None:
        self.left = list(told)

    def __call__(self, *_: Any) -> Any:
        one = self.left.pop(0)
        if isinstance(one, Exception):
            raise one
        return one


def _closed(kind: type[Exception]) -> requests.exceptions.ConnectionError:
    return requests.exceptions.ConnectionError(requests.exceptions.ConnectionError(kind("closed")))


def _hop(http: Http, *told: Any) -> Any:
    sends = _Sends(*told)
    http._send = sends  # type: ignore[method-assign, assignment]
    try:
        return http._hop("GET", URL, 0, "", None, True), len(sends.left)  # type: ignore[arg-type]
    except requests.exceptions.ConnectionError:
        return "raised", len(sends.left)


@pytest.mark.parametrize("kind", [ConnectionResetError, BrokenPipeError])
def test_an_idle_connection_that_was_closed_is_tried_once_more(http: Http, kind: type[Exception]) -> None:
    hung_up: list[bool] = []
    http.hang_up = lambda: hung_up.append(True)  # type: ignore[method-assign]
    assert _hop(http, _closed(kind), "never") == ("raised", 1)
    assert _hop(http, "first") == ("first", 0)
    assert hung_up == []
    assert _hop(http, _closed(kind), "again", "never") == ("again", 1)
    assert hung_up == [True]
    assert _hop(http, _closed(kind), _closed(kind), "never") == ("raised", 1)
    assert _hop(http, _closed(TimeoutError), "never") == ("raised", 1)


def test_a_connection_that_was_hung_up_is_no_idle_one(http: Http) -> None:
    assert _hop(http, "first") == ("first", 0)
    http.hang_up()
    assert _hop(http, _closed(ConnectionResetError), "never") == ("raised", 1)


def test_a_client_that_is_closed_closes_its_connections(http: Http) -> None:
    closed: list[bool] = []
    http._session.close = lambda: closed.append(True)  # type: ignore[method-assign]
    http.close()
    assert closed == [True]


def _moments(monkeypatch: pytest.MonkeyPatch, *moments: float) -> None:
    left = iter(moments)
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: next(left)))


class _Opened:
    """An answer whose headers have come."""

    status_code, url = 200, URL

    def __init__(self, **headers: str) -> None:
        self.headers, self.raw = headers, _Raw(b"")

    def __enter__(self) -> _Opened:
        return self

    def __exit__(self, *_: object) -> None:
        return


def test_latency_is_from_the_request_to_the_headers(http: Http, monkeypatch: pytest.MonkeyPatch) -> None:
    _moments(monkeypatch, 100.0, 100.25)
    http._hop = lambda *_: _Opened()  # type: ignore[method-assign, assignment]
    assert http.get(URL, 5).latency_ms == 250


VERIFIED = ssl.SSLCertVerificationError("x")
VERIFIED.verify_message = "certificate has expired"
WRAPPED: dict[str, tuple[Exception, str]] = {
    "a private place": (PrivatePlace("10.0.0.1"), "it redirects to a host at 10.0.0.1, a private address"),
    "a certificate": (VERIFIED, "its certificate is not trusted: certificate has expired"),
    "a reset": (ConnectionResetError("closed"), "broke off: closed"),
    "a broken answer": (http.client.BadStatusLine("x"), "broke off: x"),
    "no route": (OSError("no route"), "ConnectionError: no route"),
}


@pytest.mark.parametrize(("inner", "says"), WRAPPED.values(), ids=WRAPPED)
def test_what_requests_wraps_is_told_by_its_root(
    http: Http, monkeypatch: pytest.MonkeyPatch, inner: Exception, says: str
) -> None:
    def follow(*_: Any) -> Any:
        raise requests.exceptions.ConnectionError(inner)

    _moments(monkeypatch, 100.0, 100.25)
    http._follow = follow  # type: ignore[method-assign, assignment]
    if says.startswith(("it redirects", "ConnectionError")):
        with pytest.raises(CouldNotLook, match=f"GET {URL}: {says}"):
            http.get(URL, 5)
    else:
        told = http.get(URL, 5)
        assert (told.said, told.latency_ms, told.status, told.url) == (says, 250, None, URL)


@pytest.mark.parametrize(("until", "left"), [(105.0, 5.0), (99.0, 0.001)])
def test_a_request_has_what_is_left_of_the_time(
    http: Http, monkeypatch: pytest.MonkeyPatch, until: float, left: float
) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(http._session, "request", lambda *given, **more: asked.append((given, more)))
    _moments(monkeypatch, 100.0)
    http._send("GET", URL, until, "gzip", None, True)  # type: ignore[arg-type]
    assert asked == [
        (
            ("GET", URL),
            {
                "headers": {"Accept-Encoding": "gzip"},
                "cookies": None,
                "timeout": (left, left),
                "stream": True,
                "allow_redirects": False,
            },
        )
    ]


class _Raw(io.BytesIO):
    """The bytes of an answer, in pieces as they come."""

    def read(self, size: int | None = -1, decode_content: bool = False) -> bytes:
        assert size
        assert not decode_content
        return super().read(min(size or 0, 600_000))


def _answer(body: bytes, status: int = 200, **headers: str) -> Any:
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    return SimpleNamespace(status_code=status, headers=told, url=URL, raw=_Raw(body))


def test_a_body_is_read_in_pieces_up_to_its_bound() -> None:
    long = _answer(b"x" * 1_500_000, Content_Type="text/plain")
    told = module._read(long, "GET", 7.5)
    assert long.raw.tell() == BODY_BYTES
    assert (len(told.body), told.latency_ms, told.content_type, told.url) == (BODY_BYTES, 7.5, "text/plain", URL)
    assert (told.status, told.headers) == (200, {"Content-Type": "text/plain"})
    assert module._read(_answer(gzip.compress(b"x"), Content_Encoding="gzip"), "GET", 1).body == b"x"
    assert module._read(_answer(b"raw", Content_Encoding="gzip"), "HEAD", 1).body == b"raw"
    assert module._read(_answer(b""), "GET", 1).content_type == ""


@pytest.mark.parametrize("status", [426, 505])
def test_an_answer_that_wants_another_version_is_none(status: int) -> None:
    with pytest.raises(CouldNotLook, match=f"HEAD {URL}: answered {status}: it needs another version of HTTP"):
        module._read(_answer(b"", status), "HEAD", 1)


def test_the_root_of_an_error_is_the_innermost_reason() -> None:
    inner = ValueError("x")
    assert module._root(inner) is inner
    assert module._root(requests.exceptions.ConnectionError("words", inner)) is inner
    wrapped = requests.exceptions.ConnectionError(OSError("a", inner))
    assert module._root(wrapped) is inner
    with_reason = requests.exceptions.ConnectionError(ValueError("other"))
    with_reason.reason = inner  # type: ignore[attr-defined]
    assert module._root(with_reason) is inner
    worded = ValueError("x")
    worded.reason = "a text"  # type: ignore[attr-defined]
    assert module._root(worded) is worded
    first, second = ValueError(), ValueError()
    first.args, second.args = (second,), (first,)
    assert module._root(first) in (first, second)
    first.args, second.args = (second,), (second,)
    assert module._root(first) is second


def test_only_a_frame_of_settings_in_place_of_a_status_line_is_http_2() -> None:
    settings = "\x00\x00\x06\x04\x00\x00\x00\x00\x00"
    assert module._speaks_http_2(http.client.BadStatusLine(settings))
    assert not module._speaks_http_2(http.client.BadStatusLine("220 smtp"))
    assert not module._speaks_http_2(ValueError(settings))
