"""What sessions and clients of all stacks share besides models: handlers of events, and classes made of models.

botocore registers a hundred handlers for each session, and makes a class for each client: of EC2's with a method for
each of 700 operations. None of it says anything of a stack, or has what a stack signs with; all of it is garbage in
circles when the stack is done.
"""

from __future__ import annotations

import contextlib
import copy
import functools
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from operator import itemgetter
from typing import Any

from pydantic_core import from_json

from ..core.bets import LostBet
from .botocore_private import json_parser, make_classes_once, share_handlers
from .service_models import share_models

_MAKING = threading.Lock()
_BY_KEY, _PLACE = "_opschecks_members", itemgetter(0)
_ONE_MOMENT = frozenset([int, float, str])
_SHORTEST = len("2026-11-29T06:00:00Z")


def new_session() -> Any:
    """A botocore session that shares models, classes and handlers with all others, and no setting or credentials."""
    import botocore.session
    from botocore.handlers import BUILTIN_HANDLERS

    with _MAKING:  # what others have added since, such as moto's, is among them
        hooks = copy.copy(_handlers(tuple(map(id, BUILTIN_HANDLERS))))
    session = botocore.session.Session(event_hooks=hooks, include_builtin_handlers=False)
    share_models(session)
    session.register_component("response_parser_factory", _parsers())
    return session


@functools.lru_cache(maxsize=1)
def _handlers(of: tuple[int, ...]) -> Any:
    """botocore's own, without those that only write documentation: each client has a copy of all of them."""
    import botocore.session
    from botocore.handlers import BUILTIN_HANDLERS
    from botocore.hooks import HierarchicalEmitter

    with contextlib.suppress(LostBet):  # reported by the tests; each client makes its own then, and is only slower
        make_classes_once()
    hooks = HierarchicalEmitter()
    botocore.session.Session(event_hooks=hooks)
    for event, handler, *_ in BUILTIN_HANDLERS:
        if event.startswith("docs."):
            hooks.unregister(event, handler)
    with contextlib.suppress(LostBet):  # as above: each client copies all of them then
        share_handlers(hooks)
    return hooks


@functools.cache
def _parsers() -> Any:
    """botocore's parsers, made once for each protocol; they keep nothing of what they parse."""
    from botocore.parsers import ResponseParserFactory

    quicker: tuple[type, ...] = ()
    with contextlib.suppress(LostBet):  # reported by the tests; answers are read by botocore's own then
        quicker = (json_parser(),)

    class Direct:
        """Answers in JSON, whose texts and numbers are there already, and their times nearly so.

        botocore's looks up the type of each item of a list, and a metric has hundreds; and each member that a
        structure may have, of which a task has 40 and a service has 60.
        """

        _timestamp_parser: Callable[[Any], Any]

        def _parse_body_as_json(self, body: bytes) -> Any:
            try:
                return from_json(body)
            except (ValueError, TypeError):  # botocore's takes what this does not, or says what is wrong
                return super()._parse_body_as_json(body)  # type: ignore[misc]  # as below

        def _handle_structure(self, shape: Any, value: Any) -> Any:
            if type(value) is not dict or shape.is_document_type or shape.is_tagged_union:
                return super()._handle_structure(shape, value)  # type: ignore[misc]  # botocore's, beside which it stands
            known: dict[str, tuple[int, str, Any]] | None = vars(shape).get(_BY_KEY)
            if known is None:
                known = vars(shape)[_BY_KEY] = {
                    member.serialization.get("name", name): (place, name, None if self._is_there(member) else member)
                    for place, (name, member) in enumerate(shape.members.items())
                }
            there = [(*known[key], item) for key, item in value.items() if item is not None and key in known]
            there.sort(key=_PLACE)  # evidence is read from its beginning: AWS writes members in any order
            return {
                name: self._parse_shape(member, item) if member else item  # type: ignore[attr-defined]
                for _, name, member, item in there
            }

        def _is_there(self, shape: Any) -> bool:
            """Whether a value of this shape is what was written: botocore, too, asks for a method of that name."""
            return not hasattr(self, f"_handle_{shape.type_name}")

        def _handle_list(self, shape: Any, node: Any) -> Any:
            kind = shape.member.type_name
            if kind == "timestamp" and _ONE_MOMENT.issuperset(map(type, node)):
                return list(map(_once, node))
            if kind == "timestamp":
                read = self._timestamp_parser
                return [None if one is None else read(one) for one in node]
            if self._is_there(shape.member):
                return list(node)
            return super()._handle_list(shape, node)  # type: ignore[misc]  # botocore's, beside which it stands

    class Parsers(ResponseParserFactory):  # type: ignore[misc]  # botocore is untyped
        @functools.cache  # noqa: B019 - there is one, and it lives as long as the process
        def create_parser(self, protocol_name: str) -> Any:
            parser = super().create_parser(protocol_name)
            if isinstance(parser, quicker):
                parser.__class__ = type("Parser", (Direct, type(parser)), {})
            return parser

    factory = Parsers()
    factory.set_parser_defaults(timestamp_parser=moment)
    return factory


def moment(value: Any) -> Any:
    """A date of an answer (aware), as botocore reads it: a number of seconds, or a text in one of many formats.

    botocore's own way takes a twentieth of a millisecond for a number and a third for a text, and an answer of
    CloudWatch has thousands.
    """
    return _once(value) if type(value) in _ONE_MOMENT else _by_botocore(value)


@functools.lru_cache(maxsize=4096)
def _once(value: Any) -> Any:
    """The moment, made once: all metrics of a stack have the same ones, and each hashes and sorts them."""
    try:
        if isinstance(value, int | float):
            return datetime.fromtimestamp(value, UTC)
        if isinstance(value, str) and len(value) >= _SHORTEST and value.endswith("Z"):
            return datetime.fromisoformat(value)
    except (ValueError, OverflowError, OSError):
        return _by_botocore(value)
    return _by_botocore(value)


def _by_botocore(value: Any) -> Any:
    """It reads more forms, or says what is wrong."""
    from botocore.utils import parse_timestamp

    return parse_timestamp(value)
