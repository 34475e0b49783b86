"""WebSocket clients that stay connected as a browser does: who is cut comes back, with its cookies."""

from __future__ import annotations

import contextlib
import threading
import time
from dataclasses import field
from typing import TYPE_CHECKING

from ..core.dataclass import dataclass
from ..core.observation import CouldNotLook
from ..web.websocket import cookies_of, open_session, session_address

if TYPE_CHECKING:
    from websockets.sync.client import ClientConnection

    from ..config.stack import Stack

AGAIN_S = 0.2
"""Seconds between two attempts of one client to reconnect."""
PING_S = 15.0
"""A load balancer cuts a client that is silent for a minute, which would look like the end of its task."""
LISTEN_S = 0.1
PARTING_S = 5.0


@dataclass
class Client:
    """One client; times are of time.monotonic()."""

    cut: list[float] = field(default_factory=list)
    back: list[float] = field(default_factory=list)
    refused: str = ""

    @property
    def is_away(self) -> bool:
        """Whether it was cut, and has not come back."""
        return len(self.cut) > len(self.back)


@dataclass(frozen=True)
class Reconnected:
    """What became of the clients: how many there were, were cut, are not back; how long each took, in s."""

    clients: int = 0
    cut: int = 0
    away: int = 0
    took_s: tuple[float, ...] = ()
    refused: str = ""
    why_none: str = ""


class Clients:
    """As many clients as the stack says, in daemon threads; `with Clients(stack) as clients:`."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._over = threading.Event()
        self._clients: list[Client] = []
        self._threads: list[threading.Thread] = []
        self.why_none = ""

    def __enter__(self) -> Clients:
        if why := self._stack.lacks("websocket-connection-issues", "websocket"):
            self.why_none = why
            return self
        try:
            for _ in range(self._stack.limits.drill_websocket_clients):
                self._open()
        except CouldNotLook as error:
            self.why_none = str(error)
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        until = time.monotonic() + PARTING_S
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))

    @property
    def are_back(self) -> bool:
        """Whether nobody is away."""
        return not any(client.is_away for client in self._clients)

    def told(self) -> Reconnected:
        """What became of them so far."""
        clients = self._clients
        return Reconnected(
            clients=len(clients),
            cut=sum(1 for client in clients if client.cut),
            away=sum(1 for client in clients if client.is_away),
            took_s=tuple(back - cut for client in clients for cut, back in zip(client.cut, client.back, strict=False)),
            refused=next((client.refused for client in clients if client.is_away and client.refused), ""),
            why_none=self.why_none,
        )

    def _open(self) -> None:
        url, cookies = session_address(self._stack), dict[str, str]()
        connection = open_session(self._stack, url, cookies)
        if isinstance(connection, str):
            raise CouldNotLook(f"WebSocket {url.partition('?')[0]}", f"{connection}, before any task was stopped")
        client = Client()
        thread = threading.Thread(target=self._live, args=(client, url, connection, cookies), daemon=True)
        self._clients.append(client)
        self._threads.append(thread)
        thread.start()

    def _live(self, client: Client, url: str, connection: ClientConnection, cookies: dict[str, str]) -> None:
        while True:
            if connection.response:
                cookies.update(cookies_of(connection.response.headers.get_all("Set-Cookie")))
            with connection:
                self._listen(connection)
            if self._over.is_set():
                return
            client.cut.append(time.monotonic())
            again = self._come_back(client, url, cookies)
            if again is None:
                return
            client.back.append(time.monotonic())
            connection = again

    def _listen(self, connection: ClientConnection) -> None:
        """Until the server ends the session, or the drill is over."""
        from websockets.exceptions import ConnectionClosed

        pinged = time.monotonic()
        while not self._over.is_set():
            try:
                if time.monotonic() - pinged > PING_S:
                    pinged = time.monotonic()
                    connection.ping()
                connection.recv(timeout=LISTEN_S)
            except TimeoutError:
                continue
            except ConnectionClosed:
                return

    def _come_back(self, client: Client, url: str, cookies: dict[str, str]) -> ClientConnection | None:
        """A new session of the same client; None where the drill is over before there is one."""
        while not self._over.is_set():
            with contextlib.suppress(CouldNotLook):
                found = open_session(self._stack, url, cookies)
                if not isinstance(found, str):
                    return found
                client.refused = found
            self._over.wait(AGAIN_S)
        return None
