"""Bodies of AWS's answers, edited as botocore's models describe them: lists taken away, pages added, errors written.

Bytes in, bytes out, in each protocol that botocore speaks with the services that we ask (PROTOCOLS).
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

import botocore.session

from opschecks.aws.paging import Paging, paging

PROTOCOLS = ("json", "rest-json", "query", "rest-xml", "ec2")


@functools.cache
def service_model(service: str) -> Any:
    return botocore.session.get_session().get_service_model(service)


@functools.cache
def protocol_of(service: str) -> str:
    """The protocol that botocore speaks with the service, one of PROTOCOLS."""
    spoken: str = service_model(service).resolved_protocol
    assert spoken in PROTOCOLS, f"{service} is spoken with in {spoken}: bodies.py has no errors and edits for it yet"
    return spoken


def pages_of(service: str, operation: str) -> Paging | None:
    """How its pages are asked for; None where it has none."""
    try:
        return paging(service, operation)
    except TypeError:
        return None


class NotPossible(Exception):  # noqa: N818 - said of a fault
    """The answer has no such place, or its protocol no such form."""


@dataclass(frozen=True)
class _Place:
    """A member of a structure in a body: `path` in the model's names; how it is taken out, emptied and set."""

    path: str
    has_items: bool
    remove: Callable[[], None]
    null: Callable[[], None] | None
    empty: Callable[[], None] | None


def _wire_name(shape: Any, name: str) -> str:
    """As botocore's parsers look it up."""
    if shape.type_name == "list" and shape.serialization.get("flattened"):
        inner = shape.member.serialization.get("name")
        if inner is not None:
            return str(inner)
    return str(shape.serialization.get("name", name))


class _Json:
    """A body in JSON."""

    def __init__(self, service: str, operation: str, body: bytes) -> None:
        self.shape = service_model(service).operation_model(operation).output_shape
        self.tree: Any = json.loads(body)

    def bytes(self) -> bytes:
        return json.dumps(self.tree, ensure_ascii=False).encode()

    def lists(self) -> Iterator[_Place]:
        yield from self._lists(self.shape, self.tree, "")

    def _lists(self, shape: Any, node: Any, at: str) -> Iterator[_Place]:
        if node is None:
            return
        if shape.type_name == "structure":
            for name, member in shape.members.items():
                key, path = _wire_name(member, name), f"{at}.{name}" if at else name
                if key not in node:
                    continue
                if member.type_name == "list" and isinstance(node[key], list):
                    yield _Place(
                        path,
                        bool(node[key]),
                        functools.partial(node.pop, key),
                        functools.partial(node.__setitem__, key, None),
                        functools.partial(node.__setitem__, key, []),
                    )
                yield from self._lists(member, node.get(key), path)
        elif shape.type_name == "list":
            for one in node:
                yield from self._lists(shape.member, one, f"{at}[]")
        elif shape.type_name == "map":
            for one in list(node.values()):
                yield from self._lists(shape.value, one, f"{at}{{}}")

    def set(self, path: str, value: Any) -> None:
        *way, last = path.split(".")
        shape, node = self.shape, self.tree
        for name in way:
            node = node[_wire_name(shape.members[name], name)]
            shape = shape.members[name]
        node[_wire_name(shape.members[last], last)] = value


class _Xml:
    """A body in XML."""

    def __init__(self, service: str, operation: str, body: bytes) -> None:
        shape = service_model(service).operation_model(operation).output_shape
        self.tree = ElementTree.fromstring(body)
        self.node, self.shape, self.prefix = self.tree, shape, ""
        if wrapper := shape.serialization.get("resultWrapper"):
            self.node = next(one for one in self.tree if _local(one) == wrapper)
        if payload := shape.serialization.get("payload"):
            self.shape, self.prefix = shape.members[payload], payload

    def bytes(self) -> bytes:
        return bytes(ElementTree.tostring(self.tree, encoding="utf-8"))

    def lists(self) -> Iterator[_Place]:
        yield from self._lists(self.shape, self.node, self.prefix)

    def _lists(self, shape: Any, node: ElementTree.Element, at: str) -> Iterator[_Place]:
        if shape.type_name == "structure":
            for name, member in shape.members.items():
                path, found = f"{at}.{name}" if at else name, _named(node, _wire_name(member, name))
                if not found:
                    continue
                flat = member.serialization.get("flattened")
                if member.type_name == "list":
                    remove = functools.partial(_remove, node, found)
                    empty = None if flat else functools.partial(_clear, found[0])
                    yield _Place(path, bool(flat or len(found[0])), remove, None, empty)
                    for one in found if flat else list(found[0]):
                        yield from self._lists(member.member, one, f"{path}[]")
                elif member.type_name == "structure":
                    yield from self._lists(member, found[0], path)
        elif shape.type_name == "list":
            for one in list(node):
                yield from self._lists(shape.member, one, f"{at}[]")

    def set(self, path: str, value: Any) -> None:
        *way, last = path.removeprefix(f"{self.prefix}.").split(".")
        shape, node = self.shape, self.node
        for name in way:
            node = _named(node, _wire_name(shape.members[name], name))[0]
            shape = shape.members[name]
        key = _wire_name(shape.members[last], last)
        found = _named(node, key)
        target = found[0] if found else ElementTree.SubElement(node, key)
        target.text = str(value).lower() if isinstance(value, bool) else str(value)


def _local(one: ElementTree.Element) -> str:
    return one.tag.rpartition("}")[2]


def _named(node: ElementTree.Element, name: str) -> list[ElementTree.Element]:
    return [one for one in node if _local(one) == name]


def _remove(node: ElementTree.Element, some: list[ElementTree.Element]) -> None:
    for one in some:
        node.remove(one)


def _clear(one: ElementTree.Element) -> None:
    for inner in list(one):
        one.remove(inner)


def _opened(service: str, operation: str, body: bytes) -> _Json | _Xml:
    shape = service_model(service).operation_model(operation).output_shape
    payload = shape.serialization.get("payload") if shape else None
    if shape is None or (payload and shape.members[payload].type_name != "structure"):
        raise NotPossible(f"{operation} has no body of its model")
    kind = _Json if protocol_of(service) in ("json", "rest-json") else _Xml
    return kind(service, operation, body)


def lists_in(service: str, operation: str, body: bytes) -> list[str]:
    """The paths of all lists in the body, such as `services[].deployments`; those in maps have {} in them."""
    try:
        return list(dict.fromkeys(one.path for one in _opened(service, operation, body).lists()))
    except NotPossible:
        return []


def edited(service: str, operation: str, body: bytes, path: str, how: str) -> bytes:
    """The body without the list (`missing`), with null in its place (`null`), or with nothing in it (`empty`).

    Everywhere it occurs; NotPossible where the protocol has no such form, or nothing would change.
    """
    opened = _opened(service, operation, body)
    places = [one for one in opened.lists() if one.path == path]
    changes = {
        "missing": [one.remove for one in places],
        "null": [one.null for one in places if one.null],
        "empty": [one.empty for one in places if one.empty and one.has_items],
    }[how]
    if not changes:
        raise NotPossible(f"{path} cannot be {how}")
    for change in changes:
        change()
    return opened.bytes()


def with_next(service: str, operation: str, body: bytes, token: str, *, emptied: bool) -> bytes:
    """The body as a page that names a next one by this token; without items where `emptied`."""
    how = pages_of(service, operation)
    if how is None:
        raise NotPossible(f"{operation} has no pages")
    opened = _opened(service, operation, body)
    if emptied:
        _take_items(opened)
    for path in how.answered:
        name = path.partition(" ")[0].partition("||")[0]
        opened.set(name, {"matrix": {"S": token}} if name == "LastEvaluatedKey" else token)
    if how.more:
        opened.set(how.more, True)
    return opened.bytes()


def _take_items(opened: _Json | _Xml) -> None:
    counted = False
    for place in list(opened.lists()):
        if "[]" in place.path or "{}" in place.path:
            continue
        (place.empty or place.remove)()
        counted = counted or place.path.endswith(".Items")
    for name, member in opened.shape.members.items():
        if name in ("Count", "ScannedCount", "KeyCount", "Quantity") and member.type_name == "integer":
            opened.set(f"{opened.prefix}.{name}" if isinstance(opened, _Xml) and opened.prefix else name, 0)


def error(service: str, code: str, message: str, status: int) -> tuple[int, Mapping[str, str], bytes]:
    """An error answer: status, headers and body as the service's protocol has them.

    Forms: botocore's own parsers, and "Common error types" of each service's API reference.
    """
    spoken = protocol_of(service)
    headers = {"x-amzn-RequestId": "0c1f"}
    if spoken in ("json", "rest-json"):
        headers["Content-Type"] = "application/json" if spoken == "rest-json" else "application/x-amz-json-1.0"
        if spoken == "rest-json":
            headers["x-amzn-ErrorType"] = f"{code}:http://internal.amazon.com/coral/com.amazon.coral.service/"
            return status, headers, json.dumps({"message": message}).encode()
        if service_model(service).is_query_compatible:
            headers["x-amzn-query-error"] = f"{code};Sender"
        told = {"__type": f"com.amazon.coral.service#{code}", "message": message}
        return status, headers, json.dumps(told).encode()
    headers["Content-Type"] = "text/xml"
    inner = f"<Code>{code}</Code><Message>{_escaped(message)}</Message>"
    if spoken == "ec2":
        body = f"<Response><Errors><Error>{inner}</Error></Errors><RequestID>0c1f</RequestID></Response>"
    elif service == "s3":
        body = f"<Error>{inner}<RequestId>0c1f</RequestId><HostId>h</HostId></Error>"
    else:
        body = f"<ErrorResponse><Error><Type>Sender</Type>{inner}</Error><RequestId>0c1f</RequestId></ErrorResponse>"
    return status, headers, f'<?xml version="1.0" encoding="UTF-8"?>\n{body}'.encode()


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")
