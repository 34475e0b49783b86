"""Where moto's search of logs is not like AWS's: it takes many filter patterns for one that matches everything."""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable
from typing import Any

from moto.logs import models

from ..correction import Kind, replaces

_TERM = re.compile(r'([?-]?)("(?:[^"\\]|\\.)*"|\S+)')
_CONDITION = re.compile(r'\s*\(*\s*\$\.([\w.]+)\s*(=|!=|>=|<=|>|<)\s*("(?:[^"\\]|\\.)*"|\S+?)\s*\)*\s*')
_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq, "!=": operator.ne, ">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt,
}  # fmt: skip


@replaces(models, "EventMessageFilter", Kind.BUG, "AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html")
class _Filter:
    """moto returns every event for a pattern of alternatives, of JSON, or of a regular expression.

    Here JSON patterns are comparisons of fields, joined by && within ||.
    """

    def __init__(self, pattern: str) -> None:
        self.pattern = (pattern or "").strip()

    def matches(self, message: str) -> bool:
        """Whether the event has what the pattern wants."""
        if self.pattern.startswith("{"):
            return _json_matches(self.pattern.strip("{} "), message)
        if self.pattern.startswith("%"):
            return bool(re.search(self.pattern.strip("%"), message))
        terms = [(sign, _unquoted(term)) for sign, term in _TERM.findall(self.pattern)]
        either = [term in message for sign, term in terms if sign == "?"]
        needed = all((term in message) is (sign != "-") for sign, term in terms if sign != "?")
        return needed and (not either or any(either))


def _unquoted(term: str) -> str:
    return re.sub(r"\\(.)", r"\1", term[1:-1]) if term.startswith('"') else term


def _json_matches(pattern: str, message: str) -> bool:
    try:
        told = json.loads(message)
    except ValueError:
        return False
    return any(all(_holds(one, told) for one in part.split("&&")) for part in pattern.split("||"))


def _holds(condition: str, told: Any) -> bool:
    found = _CONDITION.fullmatch(condition)
    if not found:
        raise ValueError(f"not understood: {condition}")
    for key in found[1].split("."):
        told = told.get(key) if isinstance(told, dict) else None
    wanted: Any = _unquoted(found[3]) if found[3].startswith('"') else float(found[3])
    if isinstance(wanted, float) != (isinstance(told, int | float) and not isinstance(told, bool)):
        return False
    return _OPERATORS[found[2]](told, wanted)
