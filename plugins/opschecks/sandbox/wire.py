"""The connection between clients and the sandbox's AWS: it counts calls, and can be broken."""

from __future__ import annotations

import json
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

App = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

_SERVICE = re.compile(r"/(\d{8})/[^/]+/([^/]+)/aws4_request")


class Wire:
    """A WSGI application in front of another. Its attributes may be set at any time, by any thread.

    Attributes:
        broken: what happens to a service's calls (its signing name, or "*" for those not named):
            "throttled", "denied", "expired", "empty" (200 and a body without content), "cut" (half a body),
            or "" for nothing.
        ahead: how far the Date of every answer is ahead of this machine's clock.
        beside: applications for services that the other one does not have, by signing name.
        calls: how many calls of each service were answered, by signing name.
    """

    def __init__(self, app: App) -> None:
        self._app = app
        self.broken: dict[str, str] = {}
        self.ahead = timedelta()
        self.beside: dict[str, App] = {}
        self.calls: Counter[str] = Counter()
        self._counting = threading.Lock()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer one request."""
        signed = _SERVICE.search(environ.get("HTTP_AUTHORIZATION", ""))
        service = signed.group(2) if signed else ""
        with self._counting:
            self.calls[service] += 1
        how = self.broken.get(service, self.broken.get("*", ""))
        if not how or not service:
            return self.beside.get(service, self._app)(environ, start_response)
        return _answer(how, environ, start_response)


_ERRORS = {
    "throttled": ("ThrottlingException", "Rate exceeded"),
    "denied": ("AccessDeniedException", "User: on-call is not authorized"),
    "expired": ("ExpiredTokenException", "The security token included in the request is expired"),
}
_BODIES = {
    "empty": {"cbor": b"\xa0", "json": b"{}", "xml": b"<Response></Response>"},
    "cut": {"cbor": b"\xa1", "json": b'{"a": [', "xml": b"<Response><a>"},
}
"""Of answers that succeed, by protocol."""


def _answer(how: str, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    # read the whole request: a connection that is closed before is reset, which would be another fault
    environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    kind = environ.get("CONTENT_TYPE", "")
    protocol = next((one for one in ("cbor", "json") if one in kind), "xml")
    headers = [("Content-Type", kind if protocol == "json" else "text/xml")]
    if protocol == "cbor":
        headers = [("Content-Type", "application/cbor"), ("smithy-protocol", "rpc-v2-cbor")]
    if how in _BODIES:
        start_response("200 OK", headers)
        return [_BODIES[how][protocol]]
    code, message = _ERRORS[how]
    told = {"__type": code, "message": message}
    error = f"<Code>{code}</Code><Message>{message}</Message></Error>"
    if protocol == "cbor":
        headers.append(("x-amzn-query-error", f"{code};Sender"))
        body = _cbor_map(told)
    elif protocol == "json":
        headers.append(("x-amzn-errortype", code))
        body = json.dumps(told).encode()
    elif "/ec2/" in environ.get("HTTP_AUTHORIZATION", ""):
        body = f"<Response><Errors><Error>{error}</Errors></Response>".encode()
    else:
        sender = "<ErrorResponse><Error><Type>Sender</Type>"
        body = f"{sender}{error}<RequestId>0</RequestId></ErrorResponse>".encode()
    start_response("400 Bad Request", headers)
    return [body]


def _cbor_map(pairs: dict[str, str]) -> bytes:
    """A CBOR map of short strings."""
    told = bytes([0xA0 | len(pairs)])
    for key, value in pairs.items():
        for text in (key.encode(), value.encode()):
            told += (bytes([0x60 | len(text)]) if len(text) < 24 else bytes([0x78, len(text)])) + text
    return told
