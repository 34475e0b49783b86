"""Probes are bounded: by one deadline, in size whatever is packed how, and in where a redirect may lead."""

from __future__ import annotations

import contextlib
import gzip
import socketserver
import threading
import zlib
from collections.abc import Callable, Iterator

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

from opschecks.config.stack import Stack
from opschecks.core.observation import CouldNotLook
from opschecks.web.client.bounds import is_public
from opschecks.web.client.packing import UnknownPacking, unpacked
from opschecks.web.http import BODY_BYTES, Http, Response
from opschecks.web.pages import Page
from opschecks.web.websocket import MESSAGE_BYTES, websocket_reconnects, websocket_session
from tests.web.hosts import _target_health

PIECE = b"x" * 65536


class Host:
    """A host that answers each path by a function of the connection; it counts the bytes that clients took."""

    def __init__(self, answer: Callable[[Host, str, Callable[[bytes], None]], None]) -> None:
        self.answer = answer
        self.sent = 0
        self.over = threading.Event()
        self.asked: list[str] = []
        self.heads: list[str] = []

    @contextlib.contextmanager
    def open(self) -> Iterator[str]:
        host = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                head = self.request.recv(65536).decode()
                host.heads.append(head)
                path = head.split(" ")[1]
                host.asked.append(path)
                with contextlib.suppress(OSError):  # the client has gone, as it may
                    host.answer(host, path, self._send)

            def _send(self, piece: bytes) -> None:
                self.request.sendall(piece)
                host.sent += len(piece)

        with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
            server.daemon_threads = True
            thread = threading.Thread(target=server.serve_forever, args=(0.01,))
            thread.start()
            try:
                yield f"http://127.0.0.1:{server.server_address[1]}"
            finally:
                host.over.set()
                server.shutdown()
                thread.join()

    def for_ever(self, send: Callable[[bytes], None], piece: bytes = PIECE, every_s: float = 0) -> None:
        while not self.over.wait(every_s):
            send(piece)


def _drips_headers(host: Host, path: str, send: Callable[[bytes], None]) -> None:
    send(b"HTTP/1.1 200 OK\r\n")
    host.for_ever(send, b"X-Slow: 1\r\n", 0.05)


def _drips_one_header(host: Host, path: str, send: Callable[[bytes], None]) -> None:
    send(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    host.for_ever(send, b"x", 0.05)


def _drips_body(host: Host, path: str, send: Callable[[bytes], None]) -> None:
    send(b"HTTP/1.1 200 OK\r\nContent-Length: 500000\r\n\r\n")
    host.for_ever(send, b"x", 0.05)


def _drips_chunks(host: Host, path: str, send: Callable[[bytes], None]) -> None:
    send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    host.for_ever(send, b"1\r\nx\r\n", 0.05)


def _drips_redirects(host: Host, path: str, send: Callable[[bytes], None]) -> None:
    host.over.wait(0.15)
    send(f"HTTP/1.1 302 Found\r\nLocation: {path}x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())


@pytest.mark.parametrize(
    "answer",
    [_drips_headers, _drips_one_header, _drips_body, _drips_chunks, _drips_redirects],
    ids=lambda a: a.__name__,
)
def test_an_answer_that_comes_in_drops_ends_with_the_time_of_the_whole_probe(
    answer: Callable[[Host, str, Callable[[bytes], None]], None],
) -> None:
    with Host(answer).open() as url:
        told = Http().get(f"{url}/", 0.4)
    assert told.status is None
    assert told.said == "gave no answer within 0.4 s"


def test_the_body_of_a_redirect_is_not_read() -> None:
    def answer(host: Host, path: str, send: Callable[[bytes], None]) -> None:
        if path == "/end":
            send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK")
            return
        send(b"HTTP/1.1 302 Found\r\nLocation: /end\r\nContent-Length: 1500000000\r\n\r\n")
        host.for_ever(send)

    host = Host(answer)
    with host.open() as url:
        told = Http().get(f"{url}/begin", 5)
    assert (told.status, told.text, told.url) == (200, "OK", f"{url}/end")
    assert host.sent < 20_000_000, "what the sockets' own buffers take, and no more"


def test_a_body_without_an_end_is_read_to_the_bound() -> None:
    def answer(host: Host, path: str, send: Callable[[bytes], None]) -> None:
        send(b"HTTP/1.1 200 OK\r\n\r\n")
        host.for_ever(send)

    with Host(answer).open() as url:
        told = Http().get(url, 5)
    assert (told.status, len(told.body)) == (200, BODY_BYTES)


def _bomb(layers: int = 1) -> bytes:
    packed = b"0" * 50_000_000
    for _ in range(layers):
        packed = gzip.compress(packed)
    return packed


@pytest.mark.parametrize(("encoding", "layers"), [("gzip", 1), ("gzip, gzip", 2), ("x-gzip", 1)])
def test_a_packed_body_is_unpacked_to_the_bound(encoding: str, layers: int) -> None:
    packed = _bomb(layers)

    def answer(host: Host, path: str, send: Callable[[bytes], None]) -> None:
        head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {encoding}\r\nContent-Length: {len(packed)}\r\n\r\n"
        send(head.encode() + packed)

    with Host(answer).open() as url:
        told = Http().get(url, 5)
    assert (told.status, told.body) == (200, b"0" * BODY_BYTES)


UNPACKED = {
    "gzip": (gzip.compress(b"healthy"), "gzip"),
    "gzip of two members": (gzip.compress(b"heal") + gzip.compress(b"thy"), "gzip"),
    "gzip, and bytes after it": (gzip.compress(b"healthy") + b"\0\0\0", "GZIP"),
    "deflate as the standard has it": (zlib.compress(b"healthy"), "deflate"),
    "deflate as some servers have it": (zlib.compress(b"healthy")[2:-4], "deflate"),
    "not packed": (b"healthy", "identity"),
    "the word of an upload": (b"healthy", "aws-chunked"),
    "both": (gzip.compress(b"healthy"), "aws-chunked, gzip"),
}


@pytest.mark.parametrize(("body", "encoding"), UNPACKED.values(), ids=UNPACKED)
def test_each_packing_in_use_is_unpacked(body: bytes, encoding: str) -> None:
    assert unpacked(body, encoding, 100) == b"healthy"


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, br", "gzip, gzip, gzip, gzip"])
def test_a_packing_that_was_not_asked_for_is_not_looked_into(encoding: str) -> None:
    with pytest.raises(UnknownPacking):
        unpacked(b"x", encoding, 100)


PRIVATE = [
    "http://169.254.169.254/latest/meta-data/",
    "http://169.254.170.2/v2/credentials",
    "http://[fd00:ec2::254]/latest/meta-data/",
    "http://[fe80::1]/",
    "http://10.0.0.7/",
    "http://192.168.1.1:8080/",
    "http://100.64.0.1/",
    "http://0.0.0.0/",
    "http://localhost:9/",
    "http://db.localhost/",
    "http://[::ffff:169.254.169.254]/",
    "http://[64:ff9b::a9fe:a9fe]/",
    "https://[::1]/",
    "//169.254.169.254/",
]


@pytest.mark.parametrize("location", PRIVATE)
def test_a_redirect_to_a_private_place_is_not_followed(location: str) -> None:
    with _redirecting(location) as url, pytest.raises(CouldNotLook, match=r"redirects to .* a private address") as told:
        Http().get(url, 5)
    assert "redirect_hosts" in str(told.value)


@pytest.mark.parametrize("location", ["file:///etc/passwd", "gopher://127.0.0.1/", "javascript:alert(1)", "ftp://a/b"])
def test_a_redirect_to_another_scheme_is_no_answer(location: str) -> None:
    with _redirecting(location) as url:
        told = Http().get(url, 5)
    assert told.status is None
    assert told.said == f"redirects to {location!r}, which is not HTTP"


@pytest.mark.parametrize("location", ["http://[half/", "http://host:port/"])
def test_a_redirect_to_no_address_is_no_answer(location: str) -> None:
    with _redirecting(location) as url:
        assert Http().get(url, 5).said == f"redirects to {location!r}, which is not an address"


def test_a_name_that_leads_to_a_private_place_is_refused_before_anything_is_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    inside = Host(lambda host, path, send: send(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret"))
    with inside.open() as private:
        port = private.rpartition(":")[2]
        _resolve(monkeypatch, "inside.test")
        with _redirecting(f"http://inside.test:{port}/") as url:
            with pytest.raises(CouldNotLook, match=r"redirects to a host at 127\.0\.0\.1, a private address"):
                Http().get(url, 5)
            assert inside.asked == []
            assert Http(["inside.test"]).get(url, 5).text == "secret"


def test_a_redirect_within_the_stacks_own_hosts_is_followed_wherever_they_are() -> None:
    inside = Host(lambda host, path, send: send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK"))
    with inside.open() as other, _redirecting(f"{other}/log-in") as url:
        assert Http().get(url, 5).text == "OK", "127.0.0.1 is the host that was asked"


def test_the_stack_names_its_hosts() -> None:
    stack = Stack(
        name="a",
        backend_url="https://API.example.com:8443",
        dashboard_url="https://site.example.com",
        websocket={"url": "wss://live.example.com/ws"},
        redirect_hosts=["Login.corp.example.com"],
    )
    hosts = {"api.example.com", "site.example.com", "live.example.com", "login.corp.example.com"}
    assert stack.known_hosts == hosts


def test_passwords_of_this_machine_are_sent_to_nobody(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path_factory.mktemp("home") / ".netrc"
    netrc.write_text("machine 127.0.0.1 login me password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    host = Host(lambda host, path, send: send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK"))
    with host.open() as url:
        Http().get(url, 5)
    assert host.heads
    assert "authorization" not in host.heads[0].lower()


def test_cookies_go_along_with_redirects_and_no_further() -> None:
    def answer(host: Host, path: str, send: Callable[[bytes], None]) -> None:
        if path == "/begin":
            send(b"HTTP/1.1 302 Found\r\nLocation: /end\r\nSet-Cookie: seen=1\r\nContent-Length: 0\r\n\r\n")
        else:
            send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK")

    host, http = Host(answer), Http()
    with host.open() as url:
        http.get(f"{url}/begin", 5)
        http.get(f"{url}/other", 5)
    assert ["Cookie: seen=1" in head for head in host.heads] == [False, True, False]


@pytest.mark.parametrize(("asked_before", "status"), [(True, 200), (False, None)])
def test_an_idle_connection_that_the_host_closed_is_opened_again_and_a_new_one_is_not(
    asked_before: bool, status: int | None
) -> None:
    """The host answers one request of a connection and closes it, without a word."""

    def answer(host: Host, path: str, send: Callable[[bytes], None]) -> None:
        if path != "/breaks":
            send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK")

    host, http = Host(answer), Http()
    with host.open() as url:
        if asked_before:
            assert http.get(f"{url}/", 5).status == 200
        told = http.get(f"{url}/{'' if asked_before else 'breaks'}", 5)
    assert told.status == status, told.said


@pytest.mark.parametrize("address", ["8.8.8.8", "2600:9000::1", "64:ff9b::808:808", "::ffff:8.8.8.8"])
def test_public_addresses_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("address", ["224.0.0.1", "ff02::1", "2002:a9fe:a9fe::1", "fe80::1%eth0"])
def test_others_are_not(address: str) -> None:
    assert not is_public(address)


def test_a_server_that_speaks_http_2_only_is_not_looked_at() -> None:
    settings = b"\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x80"
    with Host(lambda host, path, send: send(settings)).open() as url, pytest.raises(CouldNotLook, match="HTTP/2 only"):
        Http().get(url, 5)


@pytest.mark.parametrize("status", [426, 505])
def test_a_server_that_wants_another_version_is_not_looked_at(status: int) -> None:
    head = f"HTTP/1.1 {status} No\r\nContent-Length: 0\r\n\r\n".encode()
    with (
        Host(lambda host, path, send: send(head)).open() as url,
        pytest.raises(CouldNotLook, match="another version of HTTP"),
    ):
        Http().get(url, 5)


TEXTS = {
    "by its type": ("text/html; charset=ISO-8859-1", "Größe".encode("latin-1")),
    "by its own word": ("text/html", '<html><head><meta charset="windows-1252">Größe'.encode("cp1252")),
    "by its mark": ("text/html", "Größe".encode("utf-16")),
    "by a mark of UTF-8": ("text/html", "Größe".encode("utf-8-sig")),
    "as UTF-8": ("text/html", "Größe".encode()),
    "as UTF-8 where the type names nothing real": ("text/html; charset=klingon", "Größe".encode()),
    "as UTF-8 where the type names what is no text": ("text/html; charset=base64", "Größe".encode()),
}


@pytest.mark.parametrize(("kind", "body"), TEXTS.values(), ids=TEXTS)
def test_a_body_is_read_in_its_charset(kind: str, body: bytes) -> None:
    assert Response("u", 200, 1, kind, {}, body).text.endswith("Größe")


@pytest.mark.parametrize("body", [b"<title" * 150_000, b"<title>" * 140_000, b"<html><title>" + b"<" * 900_000])
def test_the_title_of_a_hostile_page_takes_no_more_than_one_look_at_it(body: bytes) -> None:
    """A pattern that began again at each "<title" took hours."""
    answer = Response("u", 200, 1, "text/html", {}, body)
    assert Page(arn="u", name="/", answer=answer, stand_in=answer, contains="x").title == ""


@contextlib.contextmanager
def _redirecting(location: str) -> Iterator[str]:
    head = f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()
    with Host(lambda host, path, send: send(head)).open() as url:
        yield url


def _resolve(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    import socket

    real = socket.getaddrinfo

    def resolve(host: str, *more: object, **others: object) -> object:
        return real("127.0.0.1" if host == name else host, *more, **others)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)


@contextlib.contextmanager
def _websocket(answer: Callable[[ServerConnection], None]) -> Iterator[Stack]:
    def handle(connection: ServerConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            answer(connection)

    with serve(handle, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            limits = {"probe_timeout_s": 3.0, "websocket_hold_s": 0.5}
            address = f"http://127.0.0.1:{server.socket.getsockname()[1]}"
            yield Stack(name="here", backend_url=address, limits=limits, websocket={"task_field": "task"})
        finally:
            server.shutdown()
            thread.join()


def _sends_too_much(connection: ServerConnection) -> None:
    connection.send("x" * (MESSAGE_BYTES + 1))
    connection.recv()


def _sends_a_fragment_for_ever(connection: ServerConnection) -> None:
    def pieces() -> Iterator[str]:
        while True:
            yield "x" * 65536

    connection.send(pieces())


@pytest.mark.parametrize("answer", [_sends_too_much, _sends_a_fragment_for_ever], ids=lambda one: one.__name__)
def test_a_websocket_message_is_held_to_a_bound(answer: Callable[[ServerConnection], None]) -> None:
    with _websocket(answer) as stack:
        with pytest.raises(CouldNotLook, match="larger than the 4 MiB"):
            websocket_session(stack)
        with pytest.raises(CouldNotLook):
            websocket_reconnects(stack, _target_health(2))


def test_messages_without_an_end_do_not_prolong_a_session() -> None:
    def answer(connection: ServerConnection) -> None:
        while True:
            connection.send("x")

    with _websocket(answer) as stack:
        session = websocket_session(stack)
    assert (session.refused, session.ended_early) == ("", "")
