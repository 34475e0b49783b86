"""A folder of tests is run by two processes, and nothing else is."""

from __future__ import annotations

import pytest

from tests.scratch import ROOT, Project

TEST = """\
import os, sys

def test_where():
    sys.stderr.write("in " + os.environ.get("PYTEST_XDIST_WORKER", "one"))
    assert 0
"""


@pytest.fixture
def tests(project: Project) -> Project:
    """Two files of tests, with the hook of these tests."""
    for name in ("one", "two"):
        project.write(f"own/test_{name}.py", TEST)
    hook = f"import sys\n\nsys.path.append({str(ROOT)!r})\nfrom tests.conftest import pytest_cmdline_main\n"
    project.write("own/conftest.py", hook)
    return project


@pytest.mark.parametrize(
    ("arguments", "where"),
    {
        "a folder": (["own"], {"in gw0", "in gw1"}),
        "one file": (["own/test_one.py"], {"in one"}),
        "as asked": (["own", "-n", "0"], {"in one"}),
        "without xdist": (["own", "-p", "no:xdist"], {"in one"}),
    }.values(),
)
def test_processes(tests: Project, arguments: list[str], where: set[str]) -> None:
    ended = tests.run(*arguments)
    assert {line for line in ended.out.splitlines() if line.startswith("in ")} == where, ended.all
