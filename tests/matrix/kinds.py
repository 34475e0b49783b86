"""The kinds of faults: what each does to a call, whether it can be survived, and what blind findings must say of it."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from urllib3.exceptions import NewConnectionError, ReadTimeoutError

from opschecks.core.iam import iam_action
from tests.matrix import bodies
from tests.matrix.wire import BREAKS_OFF, Attempt, Call, Told, connections

Answering = Callable[["Hit", Call, Attempt], Told]
SURVIVED, BLINDS, TELLS = "survived", "blinds", "tells"
"""What a kind may do to verdicts: nothing; nothing but blind them; change them, because the answer itself is another
(AWS says that there is none, the host says 500)."""
USER = "User: arn:aws:iam::123456789012:user/on-call"


@dataclass(frozen=True)
class Kind:
    """A kind of fault of calls of this sort (aws, http, websocket).

    `says`: what the message of a blind finding must match, besides naming the call; `advises`: what it must match to
    tell the next step.
    """

    name: str
    of: str
    effect: str
    answer: Answering
    says: str = ""
    advises: str = ""
    detail: bool = False
    """Whether it is tried on each list of the answer."""


@dataclass
class Hit:
    """A kind given to one call: it hits every question of that name, and counts."""

    kind: Kind
    calls: str
    detail: str = ""
    one: str = ""
    """The key of the question that a kind "one of several" hits."""
    _times: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, call: Call, at: Attempt) -> Told:
        return self.kind.answer(self, call, at)

    def times(self, call: Call) -> int:
        """How often the question was hit before."""
        with self._lock:
            self._times[call.key] += 1
            return self._times[call.key] - 1

    @contextlib.contextmanager
    def around(self, call: Call) -> Iterator[None]:
        with connections(lambda: _socket(self.kind.name.removeprefix("WebSocket: "))):
            yield


def _error(code: Mapping[str, tuple[str, int]], message: str | Callable[[str], str]) -> Answering:
    """An error by protocol; `code` has the code and status of each, and of others under ""."""

    def answer(_: Hit, call: Call, at: Attempt) -> Told:
        service = call.service
        named, status = code.get(service) or code.get(bodies.protocol_of(service)) or code[""]
        action = iam_action(service, call.operation)
        text = message if isinstance(message, str) else message(action)
        usual = at.wire.first_answer(call.first_page()) or at.undisturbed()
        date = {key.lower(): value for key, value in usual.headers.items()}.get("date", "")  # the clocks agree
        status, headers, body = bodies.error(service, named, text, status)
        return Told(status, {**headers, "Date": date}, body)

    return answer


def _once(always: Answering) -> Answering:
    def answer(hit: Hit, call: Call, at: Attempt) -> Told:
        return at.undisturbed() if hit.times(call) else always(hit, call, at)

    return answer


def _one_of_many(always: Answering) -> Answering:
    """Only one question of several."""

    def answer(hit: Hit, call: Call, at: Attempt) -> Told:
        return always(hit, call, at) if call.key == hit.one else at.undisturbed()

    return answer


_throttled = _error(
    {"query": ("Throttling", 400), "rest-xml": ("Throttling", 400), "s3": ("SlowDown", 503),
     "ec2": ("RequestLimitExceeded", 503), "rest-json": ("ThrottlingException", 429), "": ("ThrottlingException", 400)},
    "Rate exceeded",
)  # fmt: skip
_broken = _error({"": ("InternalFailure", 500)}, "An internal error occurred")
_unavailable = _error({"": ("ServiceUnavailable", 503)}, "Service is unavailable")
_CODES_OF_DENIAL = {
    "query": ("AccessDenied", 403), "rest-xml": ("AccessDenied", 403), "ec2": ("UnauthorizedOperation", 403),
    "rest-json": ("AccessDeniedException", 403), "": ("AccessDeniedException", 400),
}  # fmt: skip
_denied = _error(
    _CODES_OF_DENIAL,
    lambda action: (
        f"{USER} is not authorized to perform: {action} on resource: * "
        f"because no identity-based policy allows the {action} action"
    ),
)
_denied_by_scp = _error(
    _CODES_OF_DENIAL,
    lambda action: (
        f"{USER} is not authorized to perform: {action} on resource: * "
        "with an explicit deny in a service control policy: "
        "arn:aws:organizations::111111111111:policy/o-a1b2c3d4e5/service_control_policy/p-a1b2c3d4"
    ),
)
_denied_by_kms = _error(
    _CODES_OF_DENIAL,
    f"{USER} is not authorized to perform: kms:Decrypt on resource: "
    "arn:aws:kms:us-west-2:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab "
    "because no identity-based policy allows the kms:Decrypt action",
)
_expired = _error(
    {"query": ("ExpiredToken", 403), "rest-xml": ("ExpiredToken", 403), "s3": ("ExpiredToken", 400),
     "ec2": ("RequestExpired", 400), "rest-json": ("ExpiredTokenException", 403), "": ("ExpiredTokenException", 400)},
    "The security token included in the request is expired",
)  # fmt: skip


def _refused(_: Hit, __: Call, at: Attempt) -> Told:
    raise NewConnectionError(at.connection, "Failed to establish a new connection: [Errno 111] Connection refused")


def _reset(_: Hit, __: Call, ___: Attempt) -> Told:
    raise ConnectionResetError(104, "Connection reset by peer")


def _silent(_: Hit, __: Call, at: Attempt) -> Told:
    raise ReadTimeoutError(at.pool, at.url, "Read timed out. (read timeout=20)")


def _breaks_off(_: Hit, __: Call, at: Attempt) -> Told:
    told = at.undisturbed()
    length = {"Content-Length": str(len(told.body)), BREAKS_OFF: "yes"}
    return Told(told.status, {**_without_length(told), **length}, told.body)


def _without_length(told: Told) -> Mapping[str, str]:
    return {key: value for key, value in told.headers.items() if key.lower() != "content-length"}


def _with_body(body: Callable[[bytes], bytes], *, html: bool = False) -> Answering:
    def answer(_: Hit, __: Call, at: Attempt) -> Told:
        told = at.undisturbed()
        kind = {"Content-Type": "text/html"} if html else {}
        headers = {key: value for key, value in _without_length(told).items() if not html or key != "Content-Type"}
        return Told(200, {**headers, **kind}, body(told.body))

    return answer


PAGE = b"<html><head><title>Welcome</title></head><body><h1>Welcome to the guest network</h1></body></html>"
_page_of_a_proxy = _with_body(lambda _: PAGE, html=True)


def _list(how: str) -> Answering:
    def answer(hit: Hit, call: Call, at: Attempt) -> Told:
        told = at.undisturbed()
        if told.status != 200 or hit.detail not in bodies.lists_in(call.service, call.operation, told.body):
            return told
        with contextlib.suppress(bodies.NotPossible):
            body = bodies.edited(call.service, call.operation, told.body, hit.detail, how)
            return Told(200, _without_length(told), body)
        return told

    return answer


def _pages(second: Answering | str, *, emptied: bool = False) -> Answering:
    """A next page is named, which is `second`: an error; or "the first", "another", "itself"."""

    def answer(hit: Hit, call: Call, at: Attempt) -> Told:
        first = call.first_page()
        if TOKEN not in str(call.parameters):
            told = at.undisturbed()
            return _paged(call, told, f"{TOKEN}2", emptied) if call.key == first.key and told.status == 200 else told
        told, number = at.wire.first_answer(first) or at.undisturbed(), hit.times(first)
        if callable(second):
            return second(hit, call, at)
        if second == "the first":
            return told
        return _paged(call, told, f"{TOKEN}2" if second == "itself" else f"{TOKEN}{number + 3}", emptied)

    return answer


TOKEN = f"matrix-page-{'0' * 40}-"
"""Of our pages; as long as the longest that AWS requires."""


def _paged(call: Call, told: Told, token: str, emptied: bool) -> Told:
    body = bodies.with_next(call.service, call.operation, told.body, token, emptied=emptied)
    return Told(told.status, _without_length(told), body)


def _status(status: int, body: bytes) -> Answering:
    def answer(_: Hit, __: Call, ___: Attempt) -> Told:
        return Told(status, {"Content-Type": "text/html"}, body)

    return answer


def _probe(_: Hit, __: Call, ___: Attempt) -> Told:
    raise NotImplementedError("a WebSocket meets the fault at its socket")


NETWORK = r"EndpointConnectionError|Connection refused|ConnectionClosed|Connection was closed|reset|ReadTimeout"
_THROTTLING = r"Throttling|SlowDown|RequestLimitExceeded"
_UNREADABLE = r"the answer|could not be read|no body|ResponseParserError|Unable to parse|cannot be|500: Internal"
"""botocore makes a 500 of S3's 200 whose XML is cut, and retries it: its handler _handle_200_error."""
_AGAIN = r"again|later"

KINDS: tuple[Kind, ...] = (
    Kind("throttled once", "aws", SURVIVED, _once(_throttled)),
    Kind("500 once", "aws", SURVIVED, _once(_broken)),
    Kind("503 once", "aws", SURVIVED, _once(_unavailable)),
    Kind("refused once", "aws", SURVIVED, _once(_refused)),
    Kind("reset before headers once", "aws", SURVIVED, _once(_reset)),
    Kind("reset after headers once", "aws", SURVIVED, _once(_breaks_off)),
    Kind("read timeout once", "aws", SURVIVED, _once(_silent)),
    Kind("throttled always", "aws", BLINDS, _throttled, _THROTTLING, _AGAIN),
    Kind("500 always", "aws", BLINDS, _broken, "InternalFailure", _AGAIN),
    Kind("503 always", "aws", BLINDS, _unavailable, "ServiceUnavailable", _AGAIN),
    Kind("refused", "aws", BLINDS, _refused, NETWORK, _AGAIN),
    Kind("reset before headers", "aws", BLINDS, _reset, NETWORK, _AGAIN),
    Kind("reset after headers", "aws", BLINDS, _breaks_off, NETWORK + "|IncompleteRead|Connection broken"),
    Kind("read timeout", "aws", BLINDS, _silent, NETWORK, _AGAIN),
    Kind("access denied", "aws", BLINDS, _denied, "AccessDenied|UnauthorizedOperation", "allow {action}"),
    Kind("one of several denied", "aws", BLINDS, _one_of_many(_denied), "AccessDenied|Unauthorized", "allow {action}"),
    Kind("one of several throttled", "aws", BLINDS, _one_of_many(_throttled), _THROTTLING, _AGAIN),
    Kind("token expired", "aws", BLINDS, _expired, "Expired", "log in again"),
    Kind("denied by an SCP", "aws", BLINDS, _denied_by_scp, "service control policy", "ask who administers"),
    Kind("denied by KMS", "aws", BLINDS, _denied_by_kms, "kms:Decrypt", "allow kms:Decrypt"),
    Kind("empty 200", "aws", BLINDS, _with_body(lambda _: b""), _UNREADABLE),
    Kind("cut body", "aws", BLINDS, _with_body(lambda body: body[: len(body) // 2]), _UNREADABLE),
    Kind("HTML body", "aws", BLINDS, _page_of_a_proxy, _UNREADABLE),
    Kind("list missing", "aws", BLINDS, _list("missing"), "", detail=True),
    Kind("list null", "aws", BLINDS, _list("null"), "", detail=True),
    Kind("list empty", "aws", TELLS, _list("empty"), "", detail=True),
    Kind("empty page, then the rest", "aws", SURVIVED, _pages("the first", emptied=True)),
    Kind("second page throttled", "aws", BLINDS, _pages(_throttled), _THROTTLING, _AGAIN),
    Kind("second page denied", "aws", BLINDS, _pages(_denied), "AccessDenied|UnauthorizedOperation", "allow {action}"),
    Kind("pages without end", "aws", BLINDS, _pages("another"), "cut short", "limit|narrow"),
    Kind("empty pages without end", "aws", BLINDS, _pages("another", emptied=True), "cut short", "limit|narrow"),
    Kind("a page that names itself", "aws", BLINDS, _pages("itself"), "named twice"),
    Kind("HTTP: 500", "http", TELLS, _status(500, b"Internal Server Error")),
    Kind("HTTP: 503", "http", TELLS, _status(503, PAGE)),
    Kind("HTTP: refused", "http", BLINDS, _refused, "refused"),
    Kind("HTTP: reset before headers", "http", TELLS, _reset),
    Kind("HTTP: reset after headers", "http", TELLS, _breaks_off),
    Kind("HTTP: read timeout", "http", TELLS, _silent),
    Kind("HTTP: empty 200", "http", TELLS, _with_body(lambda _: b"")),
    Kind("HTTP: cut body", "http", TELLS, _with_body(lambda body: body[: len(body) // 2])),
    Kind("HTTP: HTML body", "http", TELLS, _page_of_a_proxy),
    Kind("HTTP: 401", "http", TELLS, _status(401, b"")),
    Kind("WebSocket: refused", "websocket", BLINDS, _probe, "refused"),
    Kind("WebSocket: no route", "websocket", BLINDS, _probe, "No route"),
    Kind("WebSocket: connect timeout", "websocket", BLINDS, _probe, "no connection within"),
    Kind("WebSocket: reset before headers", "websocket", TELLS, _probe),
    Kind("WebSocket: 503", "websocket", TELLS, _probe),
    Kind("WebSocket: HTML body", "websocket", TELLS, _probe),
    Kind("WebSocket: silence", "websocket", TELLS, _probe),
)
"""Clocks and time zones are tried on the whole run: world.py."""


def _socket(kind: str) -> socket.socket:
    """A connection as the kind has it, or its error."""
    errors: Mapping[str, Exception] = {
        "refused": ConnectionRefusedError(111, "Connection refused"),
        "no route": OSError(113, "No route to host"),
        "connect timeout": TimeoutError("timed out"),
    }
    if kind in errors:
        raise errors[kind]
    ours, theirs = socket.socketpair()
    answers: Mapping[str, bytes] = {
        "503": b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        "HTML body": b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n%s" % (len(PAGE), PAGE),
    }
    if kind == "silence":
        _KEPT.append(theirs)
        return ours
    if kind in answers:
        _KEPT.append(theirs)
        theirs.sendall(answers[kind])
        theirs.shutdown(socket.SHUT_WR)
    else:
        theirs.close()
    return ours


_KEPT: list[Any] = []
"""Ends of connections that stay open, and say nothing."""


def matches(pattern: str, text: str, action: str) -> bool:
    """Whether the text has what a kind wants of it."""
    return not pattern or bool(re.search(pattern.replace("{action}", re.escape(action)), text))
