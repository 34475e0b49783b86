"""Probes are bounded: by one deadline, and in size whatever is packed how."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator

import pytest
from websockets.sync.server import ServerConnection

from opschecks.config.stack import Stack
from opschecks.core.observation import CouldNotLook
from opschecks.web.client.packing import UnknownPacking, unpacked
from opschecks.web.http import BODY_BYTES, Http, Response
from opschecks.web.pages import Page
from opschecks.web.websocket import MESSAGE_BYTES, websocket_reconnects, websocket_session
from tests.web.hosts import Host, _stack, _target_health, _websocket


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


def test_a_server_that_speaks_http_2_only_is_not_looked_at() -> None:
    settings = b"\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x80"
    with Host(lambda host, path, send: send(settings)).open() as url, pytest.raises(CouldNotLook, match="HTTP/2 only"):
        Http().get(url, 5)


@pytest.mark.parametrize("body", [b"<title" * 150_000, b"<title>" * 140_000, b"<html><title>" + b"<" * 900_000])
def test_the_title_of_a_hostile_page_takes_no_more_than_one_look_at_it(body: bytes) -> None:
    """A pattern that began again at each "<title" took hours."""
    answer = Response("u", 200, 1, "text/html", {}, body)
    assert Page(arn="u", name="/", answer=answer, stand_in=answer, contains="x").title == ""


def _bounded(url: str) -> Stack:
    return _stack(url, limits={"probe_timeout_s": 3.0, "websocket_hold_s": 0.5}, websocket={"task_field": "task"})


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
    with _websocket(answer) as url:
        with pytest.raises(CouldNotLook, match="larger than the 4 MiB"):
            websocket_session(_bounded(url))
        with pytest.raises(CouldNotLook):
            websocket_reconnects(_bounded(url), _target_health(2))


def test_messages_without_an_end_do_not_prolong_a_session() -> None:
    def answer(connection: ServerConnection) -> None:
        while True:
            connection.send("x")

    with _websocket(answer) as url:
        session = websocket_session(_bounded(url))
    assert (session.refused, session.ended_early) == ("", "")
