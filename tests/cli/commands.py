"""Commands in a process of their own."""

from __future__ import annotations

from tests.scratch import ROOT, Project

QUICK_STACKS = ROOT / "tests" / "quick_stacks.toml"


def _refused(project: Project, *arguments: str) -> str:
    """The one line that says what is wrong."""
    ended = project.opschecks(*arguments)
    assert ended.code in (1, 2)
    assert ended.out == ""
    assert "Traceback" not in ended.err
    (line,) = ended.err.strip().splitlines()
    return line
