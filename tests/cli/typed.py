"""Commands as a person types them, in this process, or in one of their own."""

from __future__ import annotations

from click.testing import CliRunner, Result

from opschecks.cli.main import main
from tests.scratch import ROOT, Project

QUICK_STACKS = ROOT / "tests" / "quick_stacks.toml"
OF_SANDBOX = ("--stack", "sandbox")
HERE = ("--stack", "here")
NO_FILE = (
    "no such file; --stacks FILE names another one, and `opschecks init --sandbox --write` makes one to begin with, "
    "`opschecks init` one of what an account has"
)


def opschecks(*arguments: str, **environment: str) -> Result:
    """The command in this process; an exception that it lets through is one of the test."""
    return CliRunner().invoke(main, arguments, env=environment, catch_exceptions=False)


def refused(ended: Result) -> str:
    """The one line that says what is wrong."""
    assert ended.exit_code == 1
    assert ended.stdout == ""
    (line,) = ended.stderr.splitlines()
    return line.removeprefix("Error: ")


def refused_fresh(project: Project, *arguments: str) -> str:
    """The one line that says what is wrong, of a command in a process of its own."""
    ended = project.opschecks(*arguments)
    assert (ended.code, ended.out) == (1, "")
    (line,) = ended.err.splitlines()
    before, _, told = line.partition("Error: ")
    assert told
    assert not before
    return told
