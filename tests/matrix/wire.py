"""Where the requests of the matrix end: at urllib3, under botocore and requests, so that their code meets the bytes.

The first answer to each request is the sandbox's, kept as bytes; from then on it is given from memory, or a fault is.
"""

from __future__ import annotations

import contextlib
import copy
import io
import json
import re
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import pytest
from urllib3.connectionpool import HTTPConnectionPool
from urllib3.response import HTTPResponse

from opschecks.core.observation import CouldNotLook
from opschecks.recording.coding import canonical, encoded
from tests.matrix.bodies import pages_of

T = TypeVar("T")
_NONCE = re.compile(r"opschecks-[0-9a-f]{8,16}(?![0-9a-f])")
_REQUEST = HTTPConnectionPool._make_request  # what urlopen calls for each attempt


@dataclass(frozen=True)
class Told:
    """An answer as it came over the wire."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Call:
    """One question of an observation; `name` is the same in every run, `key` for the same question only."""

    kind: str
    name: str
    key: str
    question: Mapping[str, Any]

    @property
    def service(self) -> str:
        return str(self.question["service"])

    @property
    def operation(self) -> str:
        return str(self.question["operation"])

    @property
    def parameters(self) -> Mapping[str, Any]:
        told: Mapping[str, Any] = self.question["parameters"]
        return told

    def first_page(self) -> Call:
        """The same question without the token of a later page."""
        how = pages_of(self.service, self.operation)
        left = {key: value for key, value in self.parameters.items() if not how or key not in how.asked}
        question = {**self.question, "parameters": left}
        return Call(self.kind, self.name, _key(self.kind, question), question)


class Fault(Protocol):
    """What goes wrong. `calls`: the name of the calls that it hits."""

    calls: str

    def answer(self, call: Call, at: Attempt) -> Told:
        """The answer to this attempt; raises what urllib3 meets where there is none."""

    def around(self, call: Call) -> contextlib.AbstractContextManager[None]:
        """In it, a probe that does not go through urllib3 meets the fault."""


@dataclass(frozen=True)
class Attempt:
    """One attempt of a request: what a fault needs to know of it."""

    pool: Any
    connection: Any
    url: str
    undisturbed: Callable[[], Told]
    wire: Wire


_OF_THREAD = threading.local()


class Wire:
    """The network, as a tape of opschecks: every question passes it."""

    replays = False

    def __init__(self, places: Mapping[str, str]) -> None:
        """`places`: the words for the hosts of this run, such as http://127.0.0.1:4711 → backend."""
        self.places = dict(places)
        self.fault: Fault | None = None
        self.asked: list[Call] = []
        self.attempts = 0
        self.learns = True
        """Whether the sandbox is asked, each time; else only what it was not asked before."""
        self._answers: dict[str, Told] = {}
        self._of_calls: dict[str, Told] = {}
        self._others: dict[str, tuple[Any, CouldNotLook | None]] = {}

    def ask(self, kind: str, call: str, question: Mapping[str, Any], make: Callable[[], T]) -> T:
        """As every tape: the answer to the question."""
        made = Call(kind, self._name(kind, call, question), _key(kind, question), question)
        self.asked.append(made)
        if kind in ("aws", "http"):
            _OF_THREAD.call = made
            try:
                return make()
            finally:
                _OF_THREAD.call = None
        if self.fault and self.fault.calls == made.name:
            with self.fault.around(made):
                return make()
        if made.key not in self._others:
            try:
                self._others[made.key] = make(), None
            except CouldNotLook as error:
                self._others[made.key] = None, error
        answer, problem = self._others[made.key]
        if problem:
            raise problem.again()
        return copy.deepcopy(answer)  # type: ignore[no-any-return] # it is what `make` gave

    def _name(self, kind: str, call: str, question: Mapping[str, Any]) -> str:
        if kind == "aws":
            region = f"@{question['region']}" if "region" in question else ""
            return f"{question['service']}:{question['operation']}{region}"
        told = _NONCE.sub("opschecks-*", call).partition("?")[0]
        for place, word in self.places.items():
            told = told.replace(place, word)
        return f"{told} ({question['for']})" if "for" in question else told

    def first_answer(self, call: Call) -> Told | None:
        """What the sandbox answered to it, if it did."""
        return self._of_calls.get(call.key)

    @contextlib.contextmanager
    def open(self) -> Iterator[None]:
        """In it, urllib3 sends what observations ask for here."""
        wire = self

        def send(pool: Any, connection: Any, method: str, url: str, **more: Any) -> Any:
            call: Call | None = getattr(_OF_THREAD, "call", None)
            if call is None:
                return _REQUEST(pool, connection, method, url, **more)

            def undisturbed() -> Told:
                key = f"{call.key} {method} {_NONCE.sub('opschecks-*', url)}"
                if wire.learns or key not in wire._answers:
                    # no connection is left open for a client that is not closed
                    kept = {name: value for name, value in more["headers"].items() if name.lower() != "connection"}
                    asked = {**more, "headers": {**kept, "Connection": "close"}}
                    wire._answers[key] = _read(_REQUEST(pool, connection, method, url, **asked))
                    wire._of_calls[call.key] = wire._answers[key]
                return wire._answers[key]

            wire.attempts += 1
            fault = wire.fault if wire.fault and wire.fault.calls == call.name else None
            at = Attempt(pool, connection, url, undisturbed, wire)
            told = fault.answer(call, at) if fault else undisturbed()
            return _response(told, method, url, more.get("retries"))

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(HTTPConnectionPool, "_make_request", send)
            yield


def _key(kind: str, question: Mapping[str, Any]) -> str:
    told = json.loads(_NONCE.sub("opschecks-*", json.dumps(encoded(question))))
    return f"{kind} {canonical(told)}"


def _read(response: Any) -> Told:
    body = b"".join(iter(lambda: response.read(65536, decode_content=False), b""))
    headers = {key: value for key, value in response.headers.items() if key.lower() != "transfer-encoding"}
    return Told(response.status, headers, body)


class Broken(io.RawIOBase):
    """A body that breaks off after its first half."""

    def __init__(self, body: bytes) -> None:
        self._left = io.BytesIO(body[: len(body) // 2])

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        piece = self._left.read(len(buffer))
        if not piece:
            raise ConnectionResetError(104, "Connection reset by peer")
        buffer[: len(piece)] = piece
        return len(piece)


BREAKS_OFF = "x-matrix-breaks-off"
"""A header of ours, taken away again: the connection is reset in the middle of the body."""


def _response(told: Told, method: str, url: str, retries: Any) -> HTTPResponse:
    headers = {key: value for key, value in told.headers.items() if key != BREAKS_OFF}
    body: Any = Broken(told.body) if BREAKS_OFF in told.headers else io.BytesIO(told.body)
    return HTTPResponse(
        body=body,
        headers=headers,
        status=told.status,
        version=11,
        version_string="HTTP/1.1",
        preload_content=False,
        decode_content=False,
        retries=retries,
        request_method=method,
        request_url=url,
    )


@contextlib.contextmanager
def connections(make: Callable[[], socket.socket]) -> Iterator[None]:
    """In it, socket.create_connection gives what `make` makes, or raises what it raises."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "create_connection", lambda *_, **__: make())
        yield
