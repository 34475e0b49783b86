"""One TLS context for all clients with the same CA bundle."""

from __future__ import annotations

import contextlib
import functools
import ssl
from typing import Any

from ..core.bets import LostBet
from .botocore_private import tls_context, verified_directly


class _LoadedOnce(ssl.SSLContext):
    """A context that loads a CA bundle once; urllib3 reloads it for every connection (13 ms each)."""

    def load_verify_locations(self, cafile: Any = None, capath: Any = None, cadata: Any = None) -> None:
        """As ssl.SSLContext's, except that the same locations are not read again."""
        loaded = self.__dict__.setdefault("_loaded", set())
        wanted = (cafile, capath, cadata)
        if wanted not in loaded:
            super().load_verify_locations(cafile, capath, cadata)
            loaded.add(wanted)


@functools.cache
def _context(verify: bool | str) -> ssl.SSLContext:
    context = tls_context()  # botocore's own options and ciphers stay; only the bundle is cached
    context.__class__ = _LoadedOnce
    return context


def share_connections(client: Any) -> None:
    """Let the client use the context of all clients with the same CA bundle (`verify` is True or its path).

    Clients without verification, with a client certificate or behind a proxy keep botocore's own context. This only
    affects speed.
    """
    with contextlib.suppress(LostBet):  # reported by the tests; a run continues with botocore's own contexts
        if found := verified_directly(client):
            verify, arguments = found
            arguments["ssl_context"] = _context(verify)
