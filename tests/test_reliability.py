"""docs/reliability.md is what `python -m tests.reliability` writes, and every test that it links exists."""

from __future__ import annotations

import ast
import re

import pytest

from tests.matrix.table import every_kind
from tests.promises import CANARIES, KILLS, PROMISES, SIGNALS
from tests.reliability import PAGE, Figures, page
from tests.scratch import ROOT

LINKED = sorted({*CANARIES, KILLS, *SIGNALS, *(test for one in PROMISES for test in one.tests)})


@pytest.mark.parametrize("link", LINKED)
def test_a_linked_test_exists(link: str) -> None:
    file, _, function = link.partition("::")
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    tests = {one.name for one in tree.body if isinstance(one, ast.FunctionDef) and one.name.startswith("test_")}
    assert tests
    assert not function or function in tests


def test_the_page_is_what_the_command_writes_but_for_its_figures() -> None:
    rows = [(kind, 0, 0, 0, 0) for kind in (*every_kind(), "all")]
    assert _bare(PAGE.read_text(encoding="utf-8")) == _bare(page(Figures(rows))), (
        "python -m tests.reliability writes it again"
    )


def _bare(text: str) -> str:
    """The words, without figures and without how lines are broken."""
    return re.sub(r"\s+", " ", re.sub(r"\d+", "0", text))


def test_the_page_tells_of_no_wrong_combination_and_of_enough_of_them() -> None:
    told = re.search(r"\| \*\*all\*\* \| \*\*(\d+)\*\* .* \| \*\*(\d+)\*\* \|", PAGE.read_text(encoding="utf-8"))
    assert told
    assert int(told[1]) > 2000
    assert int(told[2]) == 0
