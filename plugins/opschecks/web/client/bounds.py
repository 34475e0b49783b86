"""Bounds of one HTTP exchange: the moment by which it must have ended, and the addresses that it may reach."""

from __future__ import annotations

import contextlib
import http.client
import io
import ipaddress
import socket
import threading
import time
from collections.abc import Iterator
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

AT_ONCE = 32
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class PrivatePlace(Exception):  # noqa: N818 - a refusal of ours, not an error of the program
    """A redirect led to an address that is not public and that the stack does not name."""


_BOUNDS = threading.local()
"""Of each thread, while it asks: `until` and `public_only`, as `bounds` has them."""


@contextlib.contextmanager
def bounds(until: float, *, public_only: bool) -> Iterator[None]:
    """What this thread asks for in the block must have ended `until` (time.monotonic); with `public_only`, a host at a
    private or link-local address is refused before anything is sent to it.
    """
    _BOUNDS.until, _BOUNDS.public_only = until, public_only
    try:
        yield
    finally:
        del _BOUNDS.until, _BOUNDS.public_only


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet, also one of IPv4 inside one of IPv6."""
    told = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(told, ipaddress.IPv6Address):
        inner = told.ipv4_mapped or told.sixtofour or (told.teredo[1] if told.teredo else None)
        if told in _NAT64:
            inner = ipaddress.IPv4Address(int(told) & 0xFFFFFFFF)
        if inner:
            told = inner
    return told.is_global and not told.is_multicast


class _Timed(io.RawIOBase):
    """Bytes of a socket: each read waits for what is left of the time, so that many small ones do not prolong it."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, until: float) -> None:
        self._raw, self._sock, self._until = raw, sock, until

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        self._sock.settimeout(left)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Answer(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *given: Any, **more: Any) -> None:
        super().__init__(sock, *given, **more)
        self.fp: Any = io.BufferedReader(_Timed(self.fp.detach(), sock, _BOUNDS.until))


class _Guarded:
    """What a connection is besides urllib3's own: bounded answers, and no request to a private place."""

    response_class: Any = _Answer
    sock: Any
    proxy: Any

    def connect(self) -> None:
        super().connect()  # type: ignore[misc] # of the connection that this is mixed into
        if _BOUNDS.public_only and self.proxy is None:
            address = str(self.sock.getpeername()[0])
            if not is_public(address):
                self.close()  # type: ignore[attr-defined] # as above
                raise PrivatePlace(address)


class _Plain(_Guarded, HTTPConnection):
    pass


class _Secure(_Guarded, HTTPSConnection):
    pass


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _Secure


_POOLS = {"http": _PlainPool, "https": _SecurePool}


class BoundedAdapter(HTTPAdapter):
    """requests' own adapter with connections that keep the bounds of the thread that uses them."""

    def __init__(self) -> None:
        super().__init__(pool_connections=AT_ONCE, pool_maxsize=AT_ONCE)

    def init_poolmanager(self, *given: Any, **more: Any) -> None:
        """Make the pools of connections without a proxy."""
        super().init_poolmanager(*given, **more)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **more: Any) -> Any:
        """Make the pools of connections through a proxy."""
        manager = super().proxy_manager_for(proxy, **more)
        if not proxy.lower().startswith("socks"):
            manager.pool_classes_by_scheme = _POOLS
        return manager


class OneHop(requests.Session):
    """A session that follows no redirect, and so reads no redirect's body; it keeps no cookies and no passwords."""

    def __init__(self) -> None:
        super().__init__()
        self.mount("http://", BoundedAdapter())
        self.mount("https://", BoundedAdapter())
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self.auth = _without_password

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """None: who asks follows redirects, if at all."""
        return None


def _without_password(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Send none: requests would take one of ~/.netrc."""
    return request
