"""Checks of one's own, as docs/writing-checks.md shows them, and `opschecks test`, which tries their faults."""

from __future__ import annotations

import re
from pathlib import Path

from tests.scratch import ROOT, Project

PAGE = (ROOT / "docs" / "writing-checks.md").read_text(encoding="utf-8")
QUICK = (ROOT / "tests" / "quick_stacks.toml").read_text(encoding="utf-8")
LINES_OF_ONES_OWN = 40


def block(after: str, kind: str) -> str:
    """The first block of that kind after these words of the page."""
    found = re.search(rf"```{kind}\n(.*?)```", PAGE[PAGE.index(after) :], re.DOTALL)
    assert found
    return found.group(1)


CHECK = block("`checks/daily/test_orders.py`:", "python")
RUNBOOK = block("`checks/RUNBOOK.md`, which", "markdown")
KEYS = block("And in the stack of `stacks.toml`", "toml")


def of_the_page(folder: Path) -> Project:
    """A project that has what the page says, and nothing else."""
    project = Project.make(folder)
    project.write("conftest.py", 'pytest_plugins = ["opschecks"]\n')
    project.write("checks/daily/test_orders.py", CHECK)
    project.write("checks/RUNBOOK.md", RUNBOOK)
    project.write("stacks.toml", QUICK.replace("sandbox = true\n", f"sandbox = true\n{KEYS}"))
    return project


def test_a_vertical_of_ones_own_is_forty_lines() -> None:
    lines = [line for text in (CHECK, RUNBOOK, KEYS) for line in text.splitlines() if line.strip()]
    assert len(lines) <= LINES_OF_ONES_OWN


def test_what_the_page_shows_passes_and_bites(tmp_path: Path) -> None:
    project = of_the_page(tmp_path)
    ended = project.opschecks("test")
    assert ended.code == 0, ended.all
    assert ended.out.splitlines() == ["ok    the healthy sandbox", "ok    orders_pile_up"]
