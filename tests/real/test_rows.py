"""Each row of the table holds."""

from __future__ import annotations

import importlib
import pkgutil

import pytest

import tests.real
from tests.real.rows import Row

AREAS = sorted(one.name for one in pkgutil.iter_modules(tests.real.__path__) if not one.name.startswith("test_"))
ROWS: list[tuple[str, Row]] = [
    (area, row) for area in AREAS if area != "rows" for row in importlib.import_module(f"tests.real.{area}").ROWS
]


@pytest.mark.parametrize("row", [pytest.param(row, id=f"{area}: {row.situation}") for area, row in ROWS])
def test_the_check_concludes_what_is_right(row: Row) -> None:
    assert row.source
    row.hold()


def test_no_situation_is_told_twice() -> None:
    told = [(area, row.situation, row.check.__name__) for area, row in ROWS]
    assert len(set(told)) == len(told)
