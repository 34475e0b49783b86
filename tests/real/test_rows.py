"""Each row of the table holds."""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import replace
from pathlib import Path

import pytest

import tests.real
from tests.real import said
from tests.real.rows import Row
from tests.scratch import ROOT

OTHERS = ("__main__", "rows", "said")
AREAS = sorted(
    one.name
    for one in pkgutil.iter_modules(tests.real.__path__)
    if not one.name.startswith("test_") and one.name not in OTHERS
)
ROWS: list[tuple[str, Row]] = [
    (area, replace(row, situation=situation))
    for area in AREAS
    for situation, row in importlib.import_module(f"tests.real.{area}").ROWS.items()
]


@pytest.mark.parametrize(
    ("area", "row"), [pytest.param(area, row, id=f"{area}: {row.situation}") for area, row in ROWS]
)
def test_the_check_concludes_what_is_right_and_says_so(area: str, row: Row) -> None:
    assert row.source
    found = row.hold()
    kept = said.kept(area)
    assert row.title not in kept or said.told(found) == kept[row.title], "python -m tests.real writes it again"


SUITES = ("daily", "weekly", "deploy/before", "deploy/after")
MODULES = [path for suite in SUITES for path in sorted((ROOT / "checks" / suite).glob("test_*.py"))]
LEAST = 120
"""How many situations there must be, half of them healthy."""


def test_half_of_the_situations_are_healthy_and_unusual() -> None:
    assert len(ROWS) >= LEAST
    assert sum(row.healthy for _, row in ROWS) * 2 >= len(ROWS)


@pytest.mark.parametrize("module", MODULES, ids=[f"{path.parent.name}/{path.stem}" for path in MODULES])
def test_each_module_of_checks_meets_at_least_three_situations(module: Path) -> None:
    rows = [row for _, row in ROWS if Path(row.check.__code__.co_filename) == module]
    assert len(rows) >= 3
    assert any(row.healthy for row in rows)
    assert not all(row.healthy for row in rows)
