"""Commands of a report are those that work where its checks lie."""

from __future__ import annotations

from dataclasses import replace

import pytest

from opschecks.core.run import Run
from opschecks.report.commands import as_typed, suite_command
from tests.report.runs import with_everything

OWN, OURS = "pytest checks/", "pytest --pyargs opschecks.checks."
INSTALLED = "lib/site-packages/opschecks/checks/daily/test_ecs.py"
FILES = {
    "in the project": ("checks/daily/test_alb.py", OWN, "/"),
    "in a folder of it": ("ops/checks/daily/test_alb.py", OWN, "/"),
    "installed": ("test_alb.py", OURS, "."),
    "installed below the folder": (".venv/lib/python3/site-packages/opschecks/checks/daily/test_alb.py", OURS, "."),
}


def of(*files: str, suite: str = "daily") -> Run:
    """A run of a check of each of these files."""
    whole = with_everything()
    checks = tuple(replace(whole.checks[0], nodeid=f"{file}::test_load[here]") for file in files)
    return replace(whole, suite=suite, checks=checks)


@pytest.mark.parametrize(("file", "begin", "between"), FILES.values(), ids=FILES)
def test_a_suite_is_named_as_it_is_typed(file: str, begin: str, between: str) -> None:
    run = of(file)
    assert suite_command(run) == f"{begin}daily"
    assert suite_command(run, "weekly") == f"{begin}weekly"
    assert suite_command(run, "deploy-before") == f"{begin}deploy{between}before"
    steps = "1. Run `{}drills --stack <stack> -k x`, then `{}weekly`; see checks/README.md."
    assert as_typed(run, steps.format(OWN, OWN)) == steps.format(begin, begin)


def test_without_checks_nothing_is_known() -> None:
    assert suite_command(of()) == "pytest checks/daily"


TYPED = {
    "own": (("checks/daily/test_ecs.py",), f"{OWN}deploy/after -k x"),
    "ours": (("test_ecs.py",), f"{OURS}deploy.after -k x"),
    "both": ((INSTALLED, "checks/daily/test_ecs.py"), f"{OURS}deploy.after checks/deploy/after -k x"),
}


@pytest.mark.parametrize(("files", "command"), TYPED.values(), ids=TYPED)
def test_a_command_names_both(files: tuple[str, ...], command: str) -> None:
    assert as_typed(of(*files, suite="deploy-after"), "pytest checks/deploy/after -k x") == command


def test_of_another_suite_it_is_not_known_whether_the_project_has_one() -> None:
    run = of(*TYPED["both"][0], suite="deploy-after")
    assert as_typed(run, "pytest checks/weekly") == "pytest --pyargs opschecks.checks.weekly"
