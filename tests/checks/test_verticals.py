"""What ships for SQS, ACM, Lambda, RDS and Service Quotas is small, and made from public names as users' own is."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

import opschecks
from opschecks.core.declared import declaring
from tests.scratch import ROOT

VERTICALS = declaring(ROOT / "checks")
LINES = 120


def test_there_are_several() -> None:
    assert {path.stem for path in VERTICALS} >= {
        "test_sqs",
        "test_certificates",
        "test_lambda",
        "test_quotas",
        "test_rds",
    }


@pytest.mark.parametrize("path", VERTICALS, ids=lambda path: path.stem)
def test_a_vertical_is_small(path: Path) -> None:
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    assert len(lines) <= LINES


@pytest.mark.parametrize("path", VERTICALS, ids=lambda path: path.stem)
def test_a_vertical_uses_public_names_only(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "opschecks":
            assert {one.name for one in node.names} <= set(opschecks.__all__)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            assert str(node.module).partition(".")[0] in sys.stdlib_module_names
        elif isinstance(node, ast.Import):
            assert all(one.name.partition(".")[0] in sys.stdlib_module_names for one in node.names)


def test_the_stacks_of_the_bite_test_are_the_quick_ones_with_something_for_each() -> None:
    files = (ROOT / "tests" / f"{name}_stacks.toml" for name in ("whole", "quick"))
    whole, quick = (file.read_text(encoding="utf-8").splitlines()[1:] for file in files)
    assert [line for line in whole if line not in quick] == [next(one for one in whole if one.startswith("resources"))]
    assert [line for line in quick if line not in whole] == []
