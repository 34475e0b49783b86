"""AWS at a distance: every call takes a fixed time more, is counted, and may go over TLS.

An answer is fetched from the emulator behind it once and then given from memory, so that runs are compared and not
the emulator: the same request, whatever its time stamps, gets the same answer.
"""

from __future__ import annotations

import asyncio
import datetime
import http.client
import json
import re
import ssl
import threading
import time
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

HOST = "127.0.0.1"
_TIMES = re.compile(
    rb"\xc1(?:\xfb.{8}|\x1b.{8}|\x1a.{4})"  # CBOR: tag 1, then a number
    rb"|\d{4}-\d\d-\d\d(?:T|%3A|[:\d])*[\d.:%A-Z]*|\d{10,13}(?:\.\d+)?",
    re.DOTALL,
)
_ACTION = re.compile(rb"(?:^|&)Action=([A-Za-z]+)")
_SERVICE = re.compile(r"/\d{8}/[^/]+/([^/]+)/aws4_request")
_HOP_BY_HOP = {"connection", "transfer-encoding", "content-length", "date", "server"}


@dataclass
class Seen:
    """What went through since the last `forget`: calls by action, how many were under way at once, or refused."""

    calls: Counter[str] = field(default_factory=Counter)
    under_way: int = 0
    most_at_once: int = 0
    throttled: int = 0

    @property
    def total(self) -> int:
        """All calls."""
        return self.calls.total()


class LatencyProxy:
    """Listens on 127.0.0.1 in a thread of its own; `with LatencyProxy(url, 0.04) as proxy:`.

    `delay_s` is added to each call. `certificates` is a folder for a self-signed authority and its
    certificate; with it the proxy speaks TLS, and `ca_bundle` is what AWS_CA_BUNDLE must be. With `a_second` it takes
    so many calls a second in all, as many at once, and throttles the others, as AWS does.
    """

    def __init__(self, upstream: str, delay_s: float, certificates: Path | None = None, a_second: float = 0.0) -> None:
        self.delay_s = delay_s
        self._a_second = self._tokens = a_second
        self._filled = time.monotonic()
        self.seen = Seen()
        self.ca_bundle: Path | None = None
        self._upstream = urlsplit(upstream)
        self._answers: dict[tuple[str, ...], bytes] = {}
        self._tls: ssl.SSLContext | None = None
        if certificates:
            self.ca_bundle, key = _certificate(certificates)
            self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._tls.load_cert_chain(certificates / "host.pem", key)
        self._port: Future[int] = Future()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._live()), daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None

    @property
    def url(self) -> str:
        """What endpoint_url must be."""
        return f"{'https' if self._tls else 'http'}://{HOST}:{self._port.result(10)}"

    def forget(self) -> None:
        """Count from zero; the answers are kept."""
        self.seen = Seen()

    def __enter__(self) -> Self:
        self._thread.start()
        self._port.result(10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._loop and self._stopping:
            self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(10)

    async def _live(self) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self._connection, HOST, 0, ssl=self._tls, limit=1 << 20)
        self._port.set_result(server.sockets[0].getsockname()[1])
        async with server:
            await self._stopping.wait()

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                first, *lines = head.decode("latin-1").rstrip().split("\r\n")
                headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
                if "100-continue" in headers.get("expect", "").lower():
                    writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                method, path, _ = first.split(" ")
                writer.write(await self._answer(method, path, headers, body))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            return  # the client has gone, which is how each connection ends
        finally:
            writer.close()

    async def _answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> bytes:
        seen = self.seen
        seen.calls[_name(path, headers, body)] += 1
        seen.under_way += 1
        seen.most_at_once = max(seen.most_at_once, seen.under_way)
        try:
            taken = self._takes()
            await asyncio.sleep(self.delay_s)
            if not taken:
                seen.throttled += 1
                return refusal(path, headers)
            target = headers.get("x-amz-target", "")
            key = (method, path, target, _service(headers), _TIMES.sub(b"", body).decode("latin-1"))
            if key not in self._answers:
                self._answers[key] = await asyncio.to_thread(self._fetch, method, path, headers, body)
            return self._answers[key]
        finally:
            seen.under_way -= 1

    def _takes(self) -> bool:
        """Whether the call is one of those that are taken in this second."""
        now = time.monotonic()
        self._tokens = min(self._a_second, self._tokens + (now - self._filled) * self._a_second)
        self._filled = now
        if self._a_second and self._tokens < 1:
            return False
        self._tokens -= 1
        return True

    def _fetch(self, method: str, path: str, headers: dict[str, str], body: bytes) -> bytes:
        connection = http.client.HTTPConnection(self._upstream.hostname or HOST, self._upstream.port, timeout=60)
        sent = {name: value for name, value in headers.items() if name not in ("connection", "expect")}
        connection.request(method, path, body, sent)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        lines = [f"HTTP/1.1 {answer.status} {answer.reason}", f"Content-Length: {len(content)}"]
        lines += [f"{name}: {value}" for name, value in answer.getheaders() if name.lower() not in _HOP_BY_HOP]
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + content


def refusal(path: str, headers: Mapping[str, str]) -> bytes:
    """How AWS throttles a call, in the protocol in which it came."""
    code, said = "ThrottlingException", "Rate exceeded"
    if "/operation/" in path:  # Smithy RPC v2, whose body is a CBOR map
        pairs = (("__type", code), ("message", said))
        body = b"\xa2" + b"".join(bytes([0x60 + len(text)]) + text.encode() for pair in pairs for text in pair)
        kind = "application/cbor\r\nsmithy-protocol: rpc-v2-cbor"
    elif headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        code = "Throttling"
        error = f"<Code>{code}</Code><Message>{said}</Message>"
        of_ec2 = f"<Response><Errors><Error>{error}</Error></Errors><RequestID>1</RequestID></Response>"
        query = f"<ErrorResponse><Error><Type>Sender</Type>{error}</Error><RequestId>1</RequestId></ErrorResponse>"
        body, kind = (of_ec2 if _service(dict(headers)) == "ec2" else query).encode(), "text/xml"
    else:
        body, kind = json.dumps({"__type": code, "message": said}).encode(), "application/x-amz-json-1.1"
        kind += f"\r\nx-amzn-errortype: {code}"
    return f"HTTP/1.1 400 Bad Request\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def _service(headers: dict[str, str]) -> str:
    signed = _SERVICE.search(headers.get("authorization", ""))
    return signed.group(1) if signed else ""


def _name(path: str, headers: dict[str, str], body: bytes) -> str:
    """`service:Operation` from what the protocols put it into: a header, the path, or the body."""
    if target := headers.get("x-amz-target"):
        operation = target.rpartition(".")[2]
    elif "/operation/" in path:
        operation = path.rpartition("/")[2]
    else:
        action = _ACTION.search(body)
        operation = action.group(1).decode() if action else path
    return f"{_service(headers)}:{operation}"


def _certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1, and a bundle as large as the usual one that trusts it too."""
    import ipaddress

    import certifi
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "opschecks benchmark")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=2))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(HOST))]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    (folder / "host.pem").write_bytes(pem)
    (folder / "host.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    bundle = folder / "bundle.pem"
    bundle.write_bytes(Path(certifi.where()).read_bytes() + b"\n" + pem)
    return bundle, folder / "host.key"
