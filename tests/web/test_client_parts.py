"""The HTTP client of all probes: public addresses, refused connections, pools and packings."""

from __future__ import annotations

import gzip
import io
import time
import zlib
from types import SimpleNamespace
from typing import Any, ClassVar, cast

import pytest

from opschecks.web.client.bounds import OneHop, PrivatePlace, _Timed, bounds, is_public
from opschecks.web.client.packing import LAYERS, UnknownPacking, _gzip, packings, unpacked


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("10.0.0.1", False),
        ("224.0.0.1", False),
        ("2600:9000::1", True),
        ("2600:9000::1%eth0", True),
        ("fe80::1%eth0", False),
        ("ff0e::1", False),
        ("ff02::1", False),
        ("::ffff:8.8.8.8", True),
        ("::ffff:10.0.0.1", False),
        ("2002:808:808::1", True),
        ("2002:a00:1::1", False),
        ("2002:a9fe:a9fe::1", False),
        ("64:ff9b::808:808", True),
        ("64:ff9b::a00:1", False),
        ("2001:0:4136:e378:8000:63bf:f7f7:f7f7", True),
        ("2001:0:4136:e378:8000:63bf:f5ff:fffe", False),
        ("::", False),
        ("64:ff9b::", False),
    ],
)
def test_which_addresses_are_of_the_public_internet(address: str, public: bool) -> None:
    assert is_public(address) is public


def test_pools_are_bounded_also_behind_a_proxy_but_for_socks() -> None:
    session = OneHop()
    adapter: Any = session.get_adapter("https://x")
    bounded = adapter.poolmanager.pool_classes_by_scheme
    assert {name: one.ConnectionCls.__name__ for name, one in bounded.items()} == {"http": "_Plain", "https": "_Secure"}
    assert (adapter._pool_connections, adapter._pool_maxsize) == (32, 32)
    for proxy in ("http://proxy.test:3128", "HTTPS://proxy.test:3128"):
        assert adapter.proxy_manager_for(proxy).pool_classes_by_scheme is bounded
    assert adapter.proxy_manager_for("http://socks.test:3128").pool_classes_by_scheme is bounded
    made: Any = SimpleNamespace(pool_classes_by_scheme={})
    adapter.proxy_manager["SOCKS5://proxy.test"] = made
    assert adapter.proxy_manager_for("SOCKS5://proxy.test").pool_classes_by_scheme == {}


class _Socket:
    def getpeername(self) -> tuple[str, int]:
        return "10.0.0.1", 80


@pytest.mark.parametrize(
    ("public_only", "proxy", "refused"), [(True, None, True), (False, None, False), (True, "x", False)]
)
def test_a_connection_to_a_private_place_is_refused_and_closed(
    monkeypatch: pytest.MonkeyPatch, public_only: bool, proxy: Any, refused: bool
) -> None:
    from opschecks.web.client.bounds import _Plain

    closed: list[bool] = []
    monkeypatch.setattr("urllib3.connection.HTTPConnection.connect", lambda self: None)
    connection = _Plain("inside.test")
    connection.sock, connection.proxy = _Socket(), proxy
    connection.close = lambda: closed.append(True)  # type: ignore[method-assign]
    with bounds(0, public_only=public_only):
        if refused:
            with pytest.raises(PrivatePlace, match=r"10\.0\.0\.1"):
                connection.connect()
        else:
            connection.connect()
    assert closed == [True] * refused


def test_packings_are_told_in_the_order_in_which_they_were_applied() -> None:
    assert packings("") == []
    assert packings(" GZIP , x-deflate") == ["gzip", "deflate"]
    assert packings("identity, aws-chunked, gzip") == ["gzip"]


def test_several_packings_are_unpacked_the_last_first_and_no_more_than_the_layers() -> None:
    body = b"healthy"
    once = zlib.compress(body)
    assert unpacked(gzip.compress(once), "deflate, gzip", 100) == body
    packed = body
    for _ in range(LAYERS):
        packed = gzip.compress(packed)
    assert unpacked(packed, ", ".join(["gzip"] * LAYERS), 100) == body
    with pytest.raises(UnknownPacking):
        unpacked(gzip.compress(packed), ", ".join(["gzip"] * (LAYERS + 1)), 100)
    assert unpacked(body, "", 3) == b"hea"
    assert unpacked(zlib.compress(body), "deflate", 3) == b"hea"
    assert unpacked(zlib.compress(body)[2:-4], "deflate", 3) == b"hea"
    assert unpacked(b"", "gzip", 3) == b""
    with pytest.raises(zlib.error):
        unpacked(b"no gzip", "gzip", 100)


def test_a_member_of_gzip_that_begins_at_the_bound_is_not_unpacked_however_large() -> None:
    first, bomb = gzip.compress(b"x" * 1000), gzip.compress(b"y" * 10**6)
    assert _gzip(first + bomb, 1000) == b"x" * 1000
    assert _gzip(first + bomb, 1001) == b"x" * 1000 + b"y"
    assert _gzip(first + bomb, 999) == b"x" * 999
    assert _gzip(first + b"no gzip", 2000) == b"x" * 1000


def test_each_read_of_a_body_waits_for_what_is_left_of_the_time() -> None:
    class Sock:
        waits: ClassVar[list[float]] = []

        def settimeout(self, seconds: float) -> None:
            self.waits.append(seconds)

    body: Any = io.BytesIO(b"abc")
    timed = _Timed(body, cast("Any", Sock()), time.monotonic() + 60)
    assert timed.read(2) == b"ab"
    assert 0 < Sock.waits[0] <= 60
    late = _Timed(body, cast("Any", Sock()), time.monotonic())
    with pytest.raises(TimeoutError):
        late.read(1)
