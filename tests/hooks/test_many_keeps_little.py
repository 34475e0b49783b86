"""Of a stack of a fleet that is done nothing is kept but what the fleet's files need: a thousand of them fit."""

from __future__ import annotations

from pathlib import Path

from tests.hooks.test_shards import STACKS
from tests.scratch import Project

CHECKS = '''
@promise("a")
def test_things(things, stack, examine):
    """Why."""
    for one in things:
        with examine(one):
            assert stack.name != "b" or one.name != "b", "it is b"

@promise("a")
def test_denied(denied, examine):
    """Why."""
'''
LOOKS = """

import pytest
from opschecks.hooks.examine import EXAMINE
from opschecks.hooks import select

select.A_ROW_FOR_EACH = 2


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session):
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    kept = {name: (len(of), len(set(map(id, of)))) for name, of in reporter.stats.items() if name in ("passed", "")}
    told = [hasattr(report, "opschecks") for of in reporter.stats.values() for report in of if hasattr(report, "when")]
    examined = [item.name for item in session.items if EXAMINE in item.stash]
    open("kept", "w").write(repr((kept, any(told), examined)))
"""


def test_reports_findings_and_what_was_examined_are_let_go(tmp_path: Path) -> None:
    project = Project.make(tmp_path)
    project.write("stacks.toml", STACKS)
    project.write("conftest.py", (tmp_path / "conftest.py").read_text(encoding="utf-8") + LOOKS)
    project.checks(CHECKS)
    ended = project.run("checks/daily", "--stack", "all")
    assert ended.code == 1, ended.all
    assert (tmp_path / "kept").read_text(encoding="utf-8") == repr(({"": (9, 1), "passed": (2, 1)}, False, []))
    assert "1 failed, 2 passed, 3 could not look" in ended.out
    assert "AccessDenied: no" in ended.out
    told = project.told()
    assert told["counts"]["blind"] == 3
    written = {path.name for path in (tmp_path / "reports").iterdir()}
    assert {"daily.html", "daily.json", "daily.ctrf.json", "daily.md"} <= written
    assert not written & {"daily.xml", "daily.pytest.html"}  # a row for each check of each stack
