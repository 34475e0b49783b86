"""Keys of stacks.toml that checks bring themselves: limits of their own, and kinds of resources."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..core.declared import beside, kinds_in, limits_in
from ..core.wording import nearest
from .including import StackError
from .limits import Limits, ResourceLimits


def apart(stacks: Mapping[str, Any], path: Path) -> None:
    """Put limits that checks declare into the `own` of their table, where the types of stacks.toml know them."""
    tables = [table["limits"] for _, table in _stacks(stacks) if isinstance(table.get("limits"), dict)]
    inner = [value for one in tables for value in one.values() if isinstance(value, dict)]
    if any("own" in table for table in (*tables, *inner)):
        raise StackError(f"{path}: limits.own: unknown key; limits that checks declare are beside the others")
    known = {*Limits.model_fields, *ResourceLimits.model_fields}
    unknown = [(table, key) for table in (*tables, *inner) for key in table if key not in known]
    numbers = [(table, key) for table, key in unknown if isinstance(table[key], int | float)]
    declared = limits_in(*beside(path)) if numbers else {}
    for table, key in numbers:
        if key in declared:
            table.setdefault("own", {})[key] = table.pop(key)


def wrong_kind(stacks: Mapping[str, Any], path: Path) -> str:
    """What is wrong with the first kind of `resources` that no check looks at; "" where there is none."""
    given = [(name, key) for name, table in _stacks(stacks) for key in table.get("resources") or {}]
    known = kinds_in(*beside(path)) if given else set()
    for name, key in given:
        if key not in known:
            return f"stacks.{name}.resources.{key}: no check looks at such resources; {nearest(key, known)}"
    return ""


def _stacks(stacks: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    return ((name, table) for name, table in stacks.items() if isinstance(table, dict))
