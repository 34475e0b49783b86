"""Tests by a table: each row is a case, with a name that a report of failures can show."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import pytest

Test = TypeVar("Test", bound=Callable[..., None])


def cases(table: Mapping[str, Any] | Sequence[tuple[Any, ...]]) -> Callable[[Test], Test]:
    """The test is run with each row: the row's values (one, or a tuple of several) are its first arguments.

    A table by name has its names as the ids of the cases; pytest makes those of a list from its values.
    """
    rows = [
        row if isinstance(row, tuple) else (row,) for row in (table.values() if isinstance(table, Mapping) else table)
    ]

    def of(test: Test) -> Test:
        first = list(inspect.signature(test).parameters)[: len(rows[0])]
        by_row: Test = pytest.mark.parametrize(first, rows, ids=table if isinstance(table, Mapping) else None)(test)
        return by_row

    return of
