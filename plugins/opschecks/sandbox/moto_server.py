"""moto's server in this process, on 127.0.0.1 and a free port."""

from __future__ import annotations

import logging
import threading
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from werkzeug.serving import make_server

from ..core import clock
from .moto_private import BACKEND, HANDLER, forget_everything, served
from .wire import Wire

ACCOUNT = "123456789012"
"""moto's own account, to which all credentials belong."""
POLL_S = 0.05
"""How often the server checks whether to stop; with its default, 0.5 s, each run would wait that long at its end."""


class MotoServer:
    """Serves every AWS service that moto has, through a `wire` that can be broken."""

    def __init__(self) -> None:
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self.wire = Wire(served())
        handler = _dated(HANDLER.take(), self.wire)
        self._server = make_server("127.0.0.1", 0, self.wire, threaded=True, request_handler=handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(POLL_S,), name="moto", daemon=True)

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def start(self) -> None:
        """Begin with an empty account: moto's state belongs to the process, not to the server."""
        forget_everything()
        self._thread.start()

    def stop(self) -> None:
        """Stop answering and free the port; may be called twice."""
        if not self._thread.is_alive():
            return
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def _dated(handler: Any, wire: Wire) -> Any:
    """The handler of requests, whose answers have the Date of a clock that is ahead where the wire says so."""

    def date(self: Any, timestamp: float | None = None) -> str:
        if wire.ahead:
            return format_datetime(clock.now() + wire.ahead, usegmt=True)
        return str(handler.date_time_string(self, timestamp))

    return type("Handler", (handler,), {"date_time_string": date})


def backend(service: str, region: str) -> Any:
    """moto's own state of a service, for what no API call can do."""
    return BACKEND.take()(service)[ACCOUNT][region]


def naive(moment: datetime) -> datetime:
    """A UTC time as moto keeps times: without its zone."""
    return moment.replace(tzinfo=None)


def aware(time: datetime) -> datetime:
    """A time that moto keeps, with its zone; moto leaves out that of UTC."""
    return time if time.tzinfo else time.replace(tzinfo=UTC)
