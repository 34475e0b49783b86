"""The HTTP and WebSocket probes: what an answer is, what is no answer, and what could not be looked at."""

from __future__ import annotations

import contextlib
import gzip
import ipaddress
import json
import re
import socket
import socketserver
import ssl
import struct
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
import responses
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

from opschecks.aws.elbv2 import TargetHealth
from opschecks.config.stack import Stack
from opschecks.core.observation import CouldNotLook
from opschecks.core.wording import plural
from opschecks.sandbox.web import Web
from opschecks.web.health import Health, certificate_end, health
from opschecks.web.http import Http
from opschecks.web.pages import Page, dashboard_pages
from opschecks.web.websocket import Reconnects, websocket_reconnects, websocket_session
from tests.canned import Raw

SITE = "http://backend.test"
URL = f"{SITE}/health"
NOW = datetime.now(UTC).replace(microsecond=0)
CA_VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


@pytest.fixture(autouse=True)
def _no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "ws_proxy", "wss_proxy", "socks_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    for name in CA_VARIABLES:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def http() -> Iterator[Http]:
    probe = Http()
    yield probe
    probe.close()


@pytest.fixture
def mocked() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


def _stack(url: str = SITE, *, limits: Mapping[str, float] | None = None, **more: Any) -> Stack:
    given = {"probe_timeout_s": 5.0, "websocket_hold_s": 0.05, **(limits or {})}
    return Stack(name="here", region="us-west-2", backend_url=url, **{"websocket": {}, **more, "limits": given})


def _health(http: Http, mocked: responses.RequestsMock, body: Any, status: int = 200) -> Health:
    mocked.get(URL, body=body if isinstance(body, str) else json.dumps(body), status=status)
    return health(_stack(), http, NOW)


def _target_health(healthy: int) -> list[TargetHealth]:
    targets = [
        {"Target": {"Id": f"10.0.0.{index}", "Port": 80}, "TargetHealth": {"State": "healthy"}}
        for index in range(healthy)
    ]
    return [TargetHealth(arn="arn:group", name="group", evidence={"TargetHealthDescriptions": targets})]


@contextlib.contextmanager
def _answering(raw: bytes, *, reset: bool = False, until: threading.Event | None = None) -> Iterator[str]:
    """A host that sends these bytes to whoever asks, and closes; it waits for `until` first."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(65536)
            if until:
                until.wait(30)
            if reset:
                self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.request.close()
            else:
                self.request.sendall(raw)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            if until:
                until.set()
            server.shutdown()
            thread.join()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def test_an_answer_has_status_type_headers_body_and_latency(http: Http, mocked: responses.RequestsMock) -> None:
    mocked.get(URL, body="<p>x</p>", status=404, content_type="text/html; charset=utf-8", headers={"X-Cache": "Hit"})
    answer = http.get(URL, 5)
    assert (answer.status, answer.text, answer.failure) == (404, "<p>x</p>", "")
    assert answer.content_type == "text/html; charset=utf-8"
    assert answer.headers["X-Cache"] == "Hit"
    assert answer.said == "answered 404"
    assert answer.latency_ms > 0
    assert mocked.calls[0].request.headers["User-Agent"] == "opschecks"


def test_redirects_are_followed_to_where_they_end(http: Http, mocked: responses.RequestsMock) -> None:
    mocked.get(URL, status=301, headers={"Location": "/moved"})
    mocked.get(f"{SITE}/moved", status=302, headers={"Location": "http://other.test/end"})
    mocked.get("http://other.test/end", status=503, body="no")
    answer = http.get(URL, 5)
    assert (answer.url, answer.status, answer.text) == ("http://other.test/end", 503, "no")


def test_redirects_without_an_end_are_no_answer_of_the_page(http: Http, mocked: responses.RequestsMock) -> None:
    mocked.get(URL, status=302, headers={"Location": URL})
    answer = http.get(URL, 5)
    assert answer.status is None
    assert answer.said == "redirects without an end, at least 11 times"


@pytest.mark.parametrize(
    "error",
    [
        requests.exceptions.ConnectTimeout("slow"),
        requests.exceptions.ConnectionError("no route"),
        requests.exceptions.ProxyError("the proxy is down"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_host_out_of_reach_is_not_looked_at(http: Http, mocked: responses.RequestsMock, error: Exception) -> None:
    mocked.get(URL, body=error)
    with pytest.raises(CouldNotLook) as told:
        http.get(URL, 5)
    assert str(told.value).startswith(f"GET {URL}: {type(error).__name__}: ")


def test_a_refused_connection_is_not_looked_at(http: Http) -> None:
    url = f"http://127.0.0.1:{_free_port()}/health"
    with pytest.raises(CouldNotLook, match="refused") as told:
        http.get(url, 5)
    assert told.value.call == f"GET {url}"


def test_a_name_that_does_not_resolve_is_not_looked_at(http: Http, monkeypatch: pytest.MonkeyPatch) -> None:
    def resolve(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises(CouldNotLook, match="Name or service not known"):
        http.get(URL, 5)
    with pytest.raises(CouldNotLook, match="Name or service not known"):
        certificate_end("https://backend.test/", 5)


def test_silence_is_an_answer_without_a_status(http: Http) -> None:
    with _answering(b"", until=threading.Event()) as url:
        answer = http.get(url, 0.1)
    assert answer.status is None
    assert answer.said == "gave no answer within 0.1 s"


def test_silence_in_the_middle_of_the_body_is_one_too(http: Http, mocked: responses.RequestsMock) -> None:
    mocked.get(URL, body=requests.exceptions.ReadTimeout("slow"))
    answer = http.get(URL, 2)
    assert (answer.status, answer.said) == (None, "gave no answer within 2 s")


BROKEN_OFF = {
    "without a word": b"",
    "in the body": b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n<html>",
    "in a chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\n<html>",
    "between chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\n<html>\r\n",
    "not HTTP": b"220 smtp.test ESMTP\r\n\r\n",
}


@pytest.mark.parametrize("raw", BROKEN_OFF.values(), ids=BROKEN_OFF)
def test_an_answer_that_breaks_off_has_no_status(http: Http, raw: bytes) -> None:
    with _answering(raw) as url:
        answer = http.get(url, 5)
    assert answer.status is None
    assert answer.said.startswith("broke off: ")
    assert answer.body == b""


def test_a_connection_that_is_reset_has_no_status(http: Http) -> None:
    with _answering(b"", reset=True) as url:
        answer = http.get(url, 5)
    assert answer.status is None
    assert answer.said.startswith("broke off: ")


def test_a_body_that_cannot_be_unpacked_has_no_status(http: Http) -> None:
    with _answering(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc") as url:
        answer = http.get(url, 5)
    assert answer.status is None
    assert answer.said.startswith("broke off: ")


def test_a_packed_body_is_unpacked(http: Http) -> None:
    packed = gzip.compress(b'{"status": "ok"}')
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n"
    with _answering(head.encode() + packed) as url:
        assert http.get(url, 5).text == '{"status": "ok"}'


def test_a_huge_body_is_read_to_its_first_megabyte_only(http: Http, mocked: responses.RequestsMock) -> None:
    mocked.get(URL, body="x" * 3_000_000)
    assert len(http.get(URL, 5).body) == 1_000_000


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
    ("body", "says"),
    [
        ("", "nothing"),
        ("<html></html>", "<html></html>"),
        ('{"status": "heal', '{"status": "heal'),
        ("null", "null"),
        ("not OK", "not OK"),
        ("OK, but the database is down", "OK, but the database is down"),
        ("Unhealthy", "Unhealthy"),
    ],
)
def test_a_text_that_is_not_a_healthy_word_calls_nothing_healthy(
    http: Http, mocked: responses.RequestsMock, body: str, says: str
) -> None:
    seen = _health(http, mocked, body)
    assert seen.says == says
    assert not seen.is_healthy
    assert seen.sick_components == []


@pytest.mark.parametrize("body", ["Healthy", "OK", "ok\n", " UP ", "OK.", '"healthy"', "\ufeffPass"])
def test_a_text_that_is_a_healthy_word_calls_the_backend_healthy(
    http: Http, mocked: responses.RequestsMock, body: str
) -> None:
    seen = _health(http, mocked, body)
    assert seen.is_healthy
    assert seen.sick_components == []


@pytest.mark.parametrize("body", [{}, {"components": {"database": "ok"}}, {"status": None}, []], ids=str)
def test_a_health_page_without_a_status_is_not_looked_at(http: Http, mocked: responses.RequestsMock, body: Any) -> None:
    seen = _health(http, mocked, body)
    with pytest.raises(CouldNotLook, match="no 'status'") as told:
        _ = seen.is_healthy
    assert told.value.call == f"GET {URL}"


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


SHAPES: dict[str, tuple[Raw, list[str]]] = {
    "words": ({"components": {"database": "healthy", "queue": "DOWN"}}, ["queue is DOWN"]),
    "bools": ({"components": {"database": True, "queue": False}}, ["queue is unhealthy"]),
    "numbers": ({"components": {"database": 1}}, ["database is 1"]),
    "nothing": ({"components": {"database": None}}, ["database is None"]),
    "objects": ({"components": {"database": {"status": "ok"}, "queue": {"status": "fail"}}}, ["queue is fail"]),
    "objects that say nothing": ({"components": {"queue": {"lag": 3}}}, ["queue is without a status"]),
    "a list of objects": (
        {"components": [{"name": "a", "status": "up"}, {"name": "queue", "status": "down"}]},
        ["queue is down"],
    ),
    "a list of objects without names": ({"components": [{"status": "up"}, {"status": "down"}]}, ["1 is down"]),
    "a list of words": ({"components": ["database"]}, ["0 is database"]),
    "IETF health+json": (
        {"checks": {"db:time": [{"status": "pass"}, {"status": "fail"}], "up": [{"status": "pass"}]}},
        ["db:time is fail"],
    ),
    "services": ({"services": {"mail": "down"}}, ["mail is down"]),
    "dependencies": ({"dependencies": [{"name": "mail", "status": "down"}]}, ["mail is down"]),
    "several lists": ({"services": {"mail": "down"}, "components": {"db": "down"}}, ["db is down", "mail is down"]),
    "nested below a status": (
        {"components": {"db": {"status": "up", "components": {"replica": {"status": "down"}}}}},
        ["db/replica is down"],
    ),
    "nested without one": ({"services": {"mail": {"dependencies": {"smtp": False}}}}, ["mail/smtp is unhealthy"]),
    "nested, all well": ({"services": {"mail": {"dependencies": {"smtp": "ok"}}}}, []),
    "none": ({"components": {}}, []),
    "not listed": ({"components": None}, []),
}


@pytest.mark.parametrize(("page", "sick"), SHAPES.values(), ids=SHAPES)
def test_sick_components_are_found_in_every_shape(
    http: Http, mocked: responses.RequestsMock, page: Raw, sick: list[str]
) -> None:
    seen = _health(http, mocked, {"status": "healthy", **page})
    assert sorted(seen.sick_components) == sick
    assert seen.is_healthy


@pytest.mark.parametrize(
    "page",
    [{"components": "all fine"}, {"checks": True}, {"services": 3}, {"services": {"mail": {"dependencies": "fine"}}}],
    ids=str,
)
def test_a_shape_that_is_not_understood_is_not_looked_at(http: Http, mocked: responses.RequestsMock, page: Raw) -> None:
    seen = _health(http, mocked, {"status": "healthy", **page})
    with pytest.raises(CouldNotLook, match="not a list of components"):
        _ = seen.sick_components


DEMO = "<!doctype html><html><head><title>\n Incident  Commander\t– Demo </title></head></html>"


def _page(
    http: Http,
    mocked: responses.RequestsMock,
    body: str = DEMO,
    *,
    content_type: str = "text/html",
    status: int = 200,
    stand_in: Raw | None = None,
) -> Page:
    mocked.get(f"{SITE}/demo", body=body, content_type=content_type, status=status)
    mocked.get(re.compile(rf"{SITE}/opschecks-[0-9a-f]{{16}}$"), **(stand_in or {"status": 404}))
    stack = _stack(dashboard_url=SITE, dashboards=[{"path": "/demo", "contains": "Demo"}])
    (page,) = dashboard_pages(stack, http)
    return page


def test_a_dashboard_is_seen_as_served(http: Http, mocked: responses.RequestsMock) -> None:
    page = _page(http, mocked)
    assert (page.arn, page.name, page.contains) == (f"{SITE}/demo", "/demo", "Demo")
    assert page.answer.status == 200
    assert page.is_html
    assert page.title == "Incident Commander – Demo"
    assert not page.is_a_stand_in
    assert page.evidence["a path that cannot exist"] == 404


@pytest.mark.parametrize(
    ("body", "content_type", "is_html"),
    [
        (DEMO, "application/xhtml+xml", True),
        ("<HTML>", "TEXT/HTML", True),
        ('{"<html>": 1}', "application/json", False),
        ("Demo", "text/html", False),
        ("", "text/html", False),
    ],
)
def test_a_page_is_html_by_type_and_by_content(
    http: Http, mocked: responses.RequestsMock, body: str, content_type: str, is_html: bool
) -> None:
    assert _page(http, mocked, body, content_type=content_type).is_html is is_html


@pytest.mark.parametrize(
    ("body", "title"),
    [
        ("<html>", ""),
        ("<TITLE lang='en'>A\n\nB</TITLE>", "A B"),
        ("<title>one</title><title>two</title>", "one"),
        ("<title>without an end", ""),
    ],
)
def test_a_page_has_the_title_of_its_document(
    http: Http, mocked: responses.RequestsMock, body: str, title: str
) -> None:
    assert _page(http, mocked, body).title == title


def test_an_error_page_dressed_as_200_is_a_stand_in(http: Http, mocked: responses.RequestsMock) -> None:
    assert _page(http, mocked, stand_in={"body": DEMO, "status": 200}).is_a_stand_in


@pytest.mark.parametrize(
    "stand_in",
    [{"body": DEMO, "status": 404}, {"body": "<html>not found</html>", "status": 200}, {"body": "", "status": 403}],
    ids=str,
)
def test_a_site_that_tells_pages_from_nothing_has_no_stand_in(
    http: Http, mocked: responses.RequestsMock, stand_in: Raw
) -> None:
    assert not _page(http, mocked, stand_in=stand_in).is_a_stand_in


def test_pages_that_are_all_empty_are_judged_by_their_content_alone(http: Http, mocked: responses.RequestsMock) -> None:
    page = _page(http, mocked, "", stand_in={"body": "", "status": 200})
    assert not page.is_a_stand_in
    assert not page.is_html


@pytest.mark.parametrize(
    "stand_in",
    [{"status": 500}, {"status": 503}, {"body": requests.exceptions.ReadTimeout("slow")}],
    ids=["500", "503", "silence"],
)
def test_a_stand_in_that_is_not_known_is_not_looked_at(
    http: Http, mocked: responses.RequestsMock, stand_in: Raw
) -> None:
    page = _page(http, mocked, stand_in=stand_in)
    with pytest.raises(CouldNotLook, match=f"GET {SITE}/opschecks-"):
        _ = page.is_a_stand_in


def test_dashboards_of_a_site_out_of_reach_are_not_looked_at(http: Http) -> None:
    stack = _stack(dashboard_url=f"http://127.0.0.1:{_free_port()}", dashboards=[{"path": "/demo", "contains": "Demo"}])
    with pytest.raises(CouldNotLook, match="refused"):
        dashboard_pages(stack, http)


@pytest.mark.parametrize("given", [{}, {"dashboard_url": SITE}, {"dashboards": [{"path": "/x", "contains": "x"}]}])
def test_dashboards_that_are_not_named_are_not_looked_at(http: Http, given: Raw) -> None:
    with pytest.raises(CouldNotLook, match="names no dashboards"):
        dashboard_pages(_stack(**given), http)


@dataclass(frozen=True)
class Certified:
    """A certificate for 127.0.0.1, as a server uses it, and the file of the authority that made it."""

    server: ssl.SSLContext
    authority: Path


def _certified(
    folder: Path, *, ends: datetime, address: str = "127.0.0.1", begins: datetime = NOW - timedelta(days=90)
) -> Certified:
    authority_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "an authority of a test")])
    signer = x509.SubjectKeyIdentifier.from_public_key(authority_key.public_key())
    authority = (
        x509.CertificateBuilder()
        .subject_name(issuer)
        .issuer_name(issuer)
        .public_key(authority_key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - timedelta(days=365))
        .not_valid_after(NOW + timedelta(days=3650))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs=True), critical=True)
        .add_extension(signer, critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a server of a test")]))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(signer), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "authority.pem").write_bytes(authority.public_bytes(pem))
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "server.pem").write_bytes(private + certificate.public_bytes(pem))
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(folder / "server.pem")
    return Certified(server, folder / "authority.pem")


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs,
        crl_sign=signs,
        encipher_only=False,
        decipher_only=False,
    )


def _trust(monkeypatch: pytest.MonkeyPatch, authority: Path) -> None:
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"):
        monkeypatch.setenv(name, str(authority))


def _web(certified: Certified | None = None) -> Web:
    return Web(["task-1", "task-2"], lambda key: None, tls=certified.server if certified else None)


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


def test_a_websocket_session_opens_and_pings() -> None:
    with _web() as web:
        session = websocket_session(_stack(web.backend_url))
    assert (session.refused, session.ended_early) == ("", "")
    assert session.ping_ms is not None
    assert session.name == "/ws"
    assert re.fullmatch(r"ws://127\.0\.0\.1:\d+/ws", session.arn)
    assert session.held_s > 0
    assert [figure.label for figure in session.figures] == ["connect", "ping"]


def test_a_websocket_session_over_tls_opens_and_pings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certified = _certified(tmp_path, ends=NOW + timedelta(days=30))
    _trust(monkeypatch, certified.authority)
    with _web(certified) as web:
        session = websocket_session(_stack(web.backend_url))
    assert session.arn.startswith("wss://")
    assert (session.refused, session.ended_early) == ("", "")
    assert session.ping_ms is not None


@pytest.mark.parametrize("broken", ["tasks", "proxy", "no tasks"])
def test_a_refused_handshake_says_so(broken: str) -> None:
    with _web() as web:
        if broken == "no tasks":
            web.remove_task("task-1")
            web.remove_task("task-2")
        for task in web.tasks:
            task.accepts_websockets = broken != "tasks"
        web.proxy.broken = broken == "proxy"
        session = websocket_session(_stack(web.backend_url))
    assert session.refused.startswith("the handshake was refused: ")
    assert ("HTTP 502" if broken == "proxy" else "HTTP 503") in session.refused
    assert session.evidence == {"refused": session.refused}
    assert session.ping_ms is None


def test_a_refused_session_bears_the_name_that_it_has_when_it_opens() -> None:
    with _web() as web:
        address = web.backend_url.replace("http:", "ws:") + "/live"
        session = websocket_session(_stack(web.backend_url, websocket={"url": address}))
    assert "HTTP 404" in session.refused
    assert session.name == "/live"


def test_an_address_with_a_query_keeps_it() -> None:
    with _web() as web:
        address = web.backend_url.replace("http:", "ws:") + "/ws?room=1"
        session = websocket_session(_stack(web.backend_url, websocket={"url": address}))
    assert session.refused == ""


def test_pings_that_go_unanswered_have_no_time() -> None:
    with _web() as web:
        for task in web.tasks:
            task.answers_pings = False
        session = websocket_session(_stack(web.backend_url, limits={"probe_timeout_s": 0.5}))
    assert session.refused == ""
    assert session.ping_ms is None
    assert [figure.label for figure in session.figures] == ["connect"]


def test_a_session_that_is_cut_says_by_what() -> None:
    with _web() as web:
        for task in web.tasks:
            task.closes_after_s = 0.05
        session = websocket_session(_stack(web.backend_url, limits={"websocket_hold_s": 30}))
    assert session.ended_early.startswith("closed by the server: ")
    assert "1011" in session.ended_early


def test_a_session_that_its_host_leaves_says_so() -> None:
    with _websocket(lambda connection: connection.close(1001, "going away")) as url:
        session = websocket_session(_stack(url, limits={"websocket_hold_s": 30, "probe_timeout_s": 0.5}))
    assert session.refused == ""
    assert "1001" in session.ended_early


def test_a_host_that_says_nothing_to_the_handshake_refuses_it() -> None:
    with _answering(b"", until=threading.Event()) as url:
        session = websocket_session(_stack(url, limits={"probe_timeout_s": 0.1}))
    assert session.refused == "no handshake within 0.1 s"


@pytest.mark.parametrize("raw", [b"", b"220 smtp.test ESMTP\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"])
def test_a_host_that_is_no_websocket_refuses_the_handshake(raw: bytes) -> None:
    with _answering(raw) as url:
        session = websocket_session(_stack(url))
    assert "handshake" in session.refused
    assert session.ping_ms is None


@pytest.mark.parametrize("location", ["/other", "ws://169.254.169.254/", "http://127.0.0.1:9/", "file:///etc/passwd"])
def test_a_handshake_that_is_redirected_is_refused_and_not_followed(location: str) -> None:
    raw = f"HTTP/1.1 301 Moved Permanently\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"
    with _answering(raw.encode()) as url:
        session = websocket_session(_stack(url))
    assert session.refused.startswith("the handshake was refused: ")
    assert "HTTP 301" in session.refused


def test_a_session_where_nothing_listens_is_not_looked_at() -> None:
    url = f"http://127.0.0.1:{_free_port()}"
    with pytest.raises(CouldNotLook, match="refused") as told:
        websocket_session(_stack(url))
    assert told.value.call == f"WebSocket {url.replace('http:', 'ws:')}/ws"


def test_a_session_whose_host_does_not_resolve_is_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    def resolve(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises(CouldNotLook, match="Name or service not known"):
        websocket_session(_stack())


def test_a_session_whose_host_does_not_take_connections_is_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    def connect(*_: Any, **__: Any) -> Any:
        raise TimeoutError("timed out")

    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(CouldNotLook, match="no connection within 5 s"):
        websocket_session(_stack())
    with pytest.raises(CouldNotLook, match="TimeoutError"):
        certificate_end("https://backend.test/", 5)


def test_a_stack_without_a_websocket_is_not_looked_at() -> None:
    with pytest.raises(CouldNotLook, match="names no WebSocket"):
        websocket_session(Stack(name="here"))


def test_headers_of_the_stack_are_sent_with_the_handshake() -> None:
    seen: list[str | None] = []

    def answer(connection: ServerConnection) -> None:
        assert connection.request is not None
        seen.append(connection.request.headers.get("Origin"))
        connection.recv()

    with _websocket(answer) as url:
        websocket_session(_stack(url, websocket={"headers": {"Origin": "https://console.test"}}))
    assert seen == ["https://console.test"]


@contextlib.contextmanager
def _websocket(answer: Any, response: Any = None) -> Iterator[str]:
    """A WebSocket server whose sessions do as they are told, and end when their client goes."""

    def handle(connection: ServerConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            answer(connection)

    with serve(handle, "127.0.0.1", 0, process_response=response) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.socket.getsockname()[1]}"
        finally:
            server.shutdown()
            thread.join()


def _reconnects(url: str, *, healthy: int = 2, field: str = "task", **limits: float) -> Reconnects:
    return websocket_reconnects(_stack(url, limits=limits, websocket={"task_field": field}), _target_health(healthy))


def test_a_client_with_sticky_cookies_comes_back_to_its_task() -> None:
    with _web() as web:
        seen = _reconnects(web.backend_url)
    assert len(seen.tasks) == 5
    assert len(set(seen.tasks)) == 1
    assert seen.unproven == ""
    assert "AWSALB" in seen.evidence["cookies kept"]


def test_a_client_without_stickiness_reaches_other_tasks() -> None:
    with _web() as web:
        web.proxy.sticky = False
        seen = _reconnects(web.backend_url)
    assert len(seen.tasks) == 5
    assert set(seen.tasks) == {"task-1", "task-2"}


@pytest.mark.parametrize("healthy", [0, 1])
def test_one_healthy_target_proves_nothing(healthy: int) -> None:
    seen = _reconnects(f"http://127.0.0.1:{_free_port()}", healthy=healthy)
    assert seen.unproven == f"{plural(healthy, 'healthy target')}: two are needed"
    assert seen.tasks == ()


def test_without_a_field_that_names_the_task_nothing_is_proven() -> None:
    seen = _reconnects(f"http://127.0.0.1:{_free_port()}", field="")
    assert "task_field is not set" in seen.unproven
    assert seen.tasks == ()


def test_a_first_message_without_the_field_is_not_looked_at() -> None:
    with _web() as web, pytest.raises(CouldNotLook, match="the first message has no 'node'"):
        _reconnects(web.backend_url, field="node")


@pytest.mark.parametrize("message", ["hello", "[]", '"task"', '{"task": ""}', '{"task": null}', b"\xff\xfe"])
def test_a_first_message_that_names_no_task_is_not_looked_at(message: str | bytes) -> None:
    def answer(connection: ServerConnection) -> None:
        connection.send(message)
        connection.recv()

    with _websocket(answer) as url, pytest.raises(CouldNotLook, match="WebSocket ws://"):
        _reconnects(url)


def test_a_session_without_a_first_message_is_not_looked_at() -> None:
    wanted = "no JSON message that names a task"
    with _websocket(lambda connection: connection.recv()) as url, pytest.raises(CouldNotLook, match=wanted):
        _reconnects(url, probe_timeout_s=0.2)


def test_a_session_that_ends_before_its_first_message_is_not_looked_at() -> None:
    with _websocket(lambda connection: connection.close(1011)) as url, pytest.raises(CouldNotLook, match="1011"):
        _reconnects(url)


def test_a_reconnect_that_is_refused_is_not_looked_at() -> None:
    with _web() as web:
        web.proxy.broken = True
        with pytest.raises(CouldNotLook, match="HTTP 502"):
            _reconnects(web.backend_url)


def test_reconnects_where_nothing_listens_are_not_looked_at() -> None:
    with pytest.raises(CouldNotLook, match="refused"):
        _reconnects(f"http://127.0.0.1:{_free_port()}")


def test_a_first_message_of_more_than_a_mebibyte_is_read() -> None:
    long = "task-" + "x" * 2**20
    with Web([long, "task-2"], lambda key: None) as web:
        seen = _reconnects(web.backend_url)
        web.proxy.sticky = False
        others = _reconnects(web.backend_url)
    assert len(set(seen.tasks)) == 1
    assert set(others.tasks) == {long, "task-2"}


def test_a_cookie_that_browsers_would_drop_does_not_stop_the_probe() -> None:
    def answer(connection: ServerConnection) -> None:
        connection.send('{"task": "a"}')
        connection.recv()

    def set_cookies(connection: ServerConnection, request: Any, response: Any) -> Any:
        response.headers["Set-Cookie"] = "b@d,name=1"
        response.headers["Set-Cookie"] = "kept=1; Path=/"
        return response

    with _websocket(answer, set_cookies) as url:
        seen = _reconnects(url)
    assert seen.tasks == ("a",) * 5
    assert seen.evidence["cookies kept"] == ["kept"]
