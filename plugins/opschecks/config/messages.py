"""What pydantic finds wrong with a value, in the words of somebody who writes TOML."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_TYPES = {
    "string_type": "expected a text, in quotes",
    **dict.fromkeys(("tuple_type", "list_type"), "expected a list"),
    **dict.fromkeys(("dict_type", "model_type"), "expected a table"),
    **dict.fromkeys(("bool_type", "bool_parsing"), "expected true or false"),
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float"), "expected a whole number"),
    **dict.fromkeys(("float_type", "float_parsing"), "expected a number"),
    "finite_number": "expected a number that is not infinite",
    **dict.fromkeys(("time_type", "time_parsing"), 'expected a time, such as "08:00"'),
    "timezone_aware": "expected a time with its offset, such as 2026-12-20T00:00:00Z",
}
_PATTERNS = {
    "^/": "expected a path that begins with /",
    "^[0-9]{12}$": "expected 12 digits, in quotes",
    "^arn:[a-z0-9-]+:iam::[0-9]{12}:role/.+": "expected the ARN of a role, arn:PARTITION:iam::ACCOUNT:role/NAME",
    "^[A-Z0-9]+$": "expected an id of capital letters and digits, such as E2QWRUHAPOMQZL",
    "^[A-Za-z0-9_-]+/[A-Za-z0-9_-]+$": "expected CLUSTER/SERVICE",
    "^([A-Za-z0-9_-]+/)?[A-Za-z0-9_-]+$": "expected SERVICE or CLUSTER/SERVICE",
    "^[A-Za-z0-9_+=,.@-]{1,64}$": "expected the name of an IAM user",
    "^[A-Za-z0-9_+=,.@-]{2,64}$": "expected 2 to 64 letters, digits or any of +=,.@-",
    "^[A-Za-z0-9_+=,.@:/-]+$": "expected letters, digits or any of +=,.@:/-",
    "^[A-Za-z0-9_+=/:,.@-]+$": "expected the ARN or the serial number of an MFA device",
    "^[a-zA-Z0-9_.-]{3,255}$": "expected the name of an index: 3 to 255 letters, digits, _, . or -",
    r"\S": "expected a text that is not empty",
}


def in_words(problem: Mapping[str, Any]) -> str:
    """What is wrong with the value of one problem, as pydantic's `errors()` has them, and what it is."""
    kind, limits = str(problem["type"]), problem.get("ctx") or {}
    said = _TYPES.get(kind) or _PATTERNS.get(str(limits.get("pattern")) if kind == "string_pattern_mismatch" else "")
    least = limits.get("min_length")
    if kind == "too_short":
        said = f"expected at least {least} of them"
    if kind == "string_too_short":
        said = "expected a text that is not empty" if least == 1 else f"expected at least {least} letters"
    message = str(problem["msg"]).removeprefix("Value error, ").removeprefix("Assertion failed, ")
    said = said or message.replace("Input should be ", "expected ", 1)
    given = problem.get("input")
    return f"{said}, not {given!r}" if isinstance(given, str | int | float | bool) else said
