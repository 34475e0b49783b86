"""Listens on a free port and holds HTTP/1.1 conversations until it is stopped."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
from collections.abc import Awaitable, Callable

from opschecks.sandbox.web.http1 import (
    MalformedMessageError,
    Request,
    Response,
    Stream,
    encode_response,
    read_request,
)

LOG = logging.getLogger(__name__)

Answer = Callable[[Request], Awaitable[Response]]

CHUNK = 2**16

TLS_GOODBYE_S = 1.0
"""How long a TLS connection may wait for the client's half of the goodbye: many clients never send it."""


class Listener:
    """One listening socket and the conversations that came in by it."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._server: asyncio.Server | None = None
        self._open: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    async def start(self, host: str, tls: ssl.SSLContext | None = None) -> int:
        """Listen; the port."""
        goodbye = TLS_GOODBYE_S if tls else None
        self._server = await asyncio.start_server(self._accept, host, 0, ssl=tls, ssl_shutdown_timeout=goodbye)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def stop(self) -> None:
        """End every conversation, wherever it is, and return when the last socket is closed."""
        if self._server is None:
            return
        self._server.close()
        still_open = dict(self._open)
        for task, writer in still_open.items():
            writer.transport.abort()
            task.cancel()
        await asyncio.gather(*still_open, *map(hang_up, still_open.values()), return_exceptions=True)
        await self._server.wait_closed()
        self._server = None

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # Kept with its writer: a task that is cancelled before its first step could not close anything.
        task = asyncio.get_running_loop().create_task(self._converse(Stream(reader, writer)))
        self._open[task] = writer
        task.add_done_callback(lambda done: self._open.pop(done, None))

    async def _converse(self, client: Stream) -> None:
        try:
            # A client may leave at any time: there is nobody left to tell.
            with contextlib.suppress(ConnectionError, ssl.SSLError):
                while await self._exchange(client):
                    pass
        finally:
            await hang_up(client.writer)

    async def _exchange(self, client: Stream) -> bool:
        try:
            request = await read_request(client.reader)
        except MalformedMessageError as malformed:
            client.writer.write(encode_response(Response(malformed.status, body=f"{malformed}\n".encode())))
            await client.writer.drain()
            return False
        if request is None:
            return False
        try:
            response = await self._answer(request)
        except Exception:  # whatever the handler did wrong: a server answers 500 and lives, and no check passes by it
            LOG.exception("%s %s could not be answered", request.method, request.target)
            response = Response(500)
        try:
            client.writer.write(encode_response(response, method=request.method, keep_alive=request.keeps_alive))
            await client.writer.drain()
            if response.upgraded:
                await _tunnel(client, response.upgraded)
        finally:
            if response.upgraded:
                await hang_up(response.upgraded.writer)
        return request.keeps_alive and not response.upgraded


async def hang_up(writer: asyncio.StreamWriter) -> None:
    """Send what is still to be sent, and close."""
    writer.close()
    # The other side may have gone first, or not answer TLS's goodbye (TimeoutError is an OSError too).
    with contextlib.suppress(OSError):
        await writer.wait_closed()


async def _tunnel(one: Stream, other: Stream) -> None:
    """Carry bytes both ways until either side has no more."""
    ways = [asyncio.create_task(_carry(one, other)), asyncio.create_task(_carry(other, one))]
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)


async def _carry(source: Stream, sink: Stream) -> None:
    with contextlib.suppress(ConnectionError, ssl.SSLError):
        while data := await source.reader.read(CHUNK):
            sink.writer.write(data)
            await sink.writer.drain()
