"""One server of aiohttp on a free port of 127.0.0.1."""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Callable

from aiohttp import web

HOST = "127.0.0.1"

PARTING_S = 0.1
"""How long answers and sessions in progress may take to end when their server stops."""

Respond = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class Listener:
    """A listening socket, and the connections that came in by it."""

    def __init__(self, answer: Respond) -> None:
        # A client that hangs up cancels its request.
        self._server = web.Server(answer, handler_cancellation=True, access_log=None)
        self._runner = web.ServerRunner(self._server, shutdown_timeout=PARTING_S)

    async def start(self, tls: ssl.SSLContext | None = None) -> int:
        """Listen; the port."""
        await self._runner.setup()
        await web.TCPSite(self._runner, HOST, 0, ssl_context=tls).start()
        port: int = self._runner.addresses[0][1]
        return port

    async def stop(self) -> None:
        """Let answers and sessions end within PARTING_S, cut the rest, and close every socket."""
        transports = [connection.transport for connection in self._server.connections]
        await self._runner.cleanup()
        for transport in transports:
            if transport is not None:
                transport.abort()  # many clients never answer TLS's goodbye, which a close waits for
