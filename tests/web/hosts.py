"""Hosts that answer as they are told to, with a certificate or without, and the stacks whose probes ask them."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import socketserver
import ssl
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

from opschecks.aws.elbv2 import TargetHealth
from opschecks.config.stack import Stack
from opschecks.sandbox.web import Web

SITE = "http://backend.test"
URL = f"{SITE}/health"
NOW = datetime.now(UTC).replace(microsecond=0)


def _stack(url: str = SITE, *, limits: Mapping[str, float] | None = None, **more: Any) -> Stack:
    given = {"probe_timeout_s": 5.0, "websocket_hold_s": 0.05, **(limits or {})}
    return Stack(name="here", region="us-west-2", backend_url=url, **{"websocket": {}, **more, "limits": given})


def _target_health(healthy: int) -> list[TargetHealth]:
    targets = [
        {"Target": {"Id": f"10.0.0.{index}", "Port": 80}, "TargetHealth": {"State": "healthy"}}
        for index in range(healthy)
    ]
    return [TargetHealth(arn="arn:group", name="group", evidence={"TargetHealthDescriptions": targets})]


@contextlib.contextmanager
def _serving(server: Any, *how_often_s: float) -> Iterator[str]:
    """Lets a server serve in a thread of its own; yields its address."""
    thread = threading.Thread(target=server.serve_forever, args=how_often_s)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.socket.getsockname()[1]}"
    finally:
        server.shutdown()
        thread.join()


@contextlib.contextmanager
def _websocket(answer: Callable[[ServerConnection], object], response: Any = None) -> Iterator[str]:
    """A WebSocket server whose sessions do as they are told, and end when their client goes."""

    def handle(connection: ServerConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            answer(connection)

    with serve(handle, "127.0.0.1", 0, process_response=response) as server, _serving(server) as url:
        yield url


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

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server, _serving(server, 0.01) as url:
        try:
            yield url
        finally:
            if until:
                until.set()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


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
            with _serving(server, 0.01) as url:
                try:
                    yield url
                finally:
                    host.over.set()

    def for_ever(self, send: Callable[[bytes], None], piece: bytes = PIECE, every_s: float = 0) -> None:
        while not self.over.wait(every_s):
            send(piece)
