"""No resource's verdict depends on those that are examined before or after it.

The resources of all rows of a check, in one list: each is judged as it was alone. Of rows that look at one kind of
resource, with the same stack.
"""

from __future__ import annotations

import inspect
from collections import defaultdict
from typing import Any

import pytest

from tests.canned import examined
from tests.real.rows import Row
from tests.real.test_rows import ROWS

OF_ANY = {"examine", "stack", "now"}
OF_CHECK: dict[str, list[Row]] = defaultdict(list)
for _, row in ROWS:
    OF_CHECK[row.check.__name__].append(row)


def _lists(row: Row) -> tuple[tuple[str, ...], str, dict[str, Any]] | None:
    """The lists that the check of the row is given, the stack and whatever else; None where it is given more."""
    needed = sorted(set(inspect.signature(row.check).parameters) - OF_ANY)
    seen = dict(row.seen())
    if not all(isinstance(seen.get(name), list) for name in needed) or (len(needed) > 1 and "services" in needed):
        return None
    return tuple(needed), repr((seen.get("stack"), seen.get("now"))), seen


@pytest.mark.parametrize("check", OF_CHECK)
def test_each_resource_is_judged_alone(check: str) -> None:
    function = OF_CHECK[check][0].check
    together: dict[tuple[tuple[str, ...], str], list[dict[str, Any]]] = defaultdict(list)
    for row in OF_CHECK[check]:
        if told := _lists(row):
            together[told[:2]].append(told[2])
    for (names, _), rows in together.items():
        alone = [told for seen in rows for told in _told(function, seen)]
        for some in (rows, rows[::-1]):
            joined = {name: [one for seen in some for one in seen[name]] for name in names}
            assert sorted(_told(function, {**some[0], **joined})) == sorted(alone)


def _told(function: Any, seen: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(one.name, one.outcome.value, one.message) for one in examined(function, **seen)]
