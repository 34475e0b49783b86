"""Where a redirect of a probe may lead: to no private place, with nothing that was meant for another host."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

import pytest

from opschecks.config.stack import Stack
from opschecks.core.observation import CouldNotLook
from opschecks.web.http import Http
from tests.web.hosts import Host

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
