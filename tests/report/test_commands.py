"""Commands of a report are those that work where its checks lie."""

from __future__ import annotations

from dataclasses import replace

import pytest

from opschecks.report.commands import as_typed, suite_command
from tests.report.runs import with_everything

OWN, OURS = "pytest checks/", "pytest --pyargs opschecks.checks."
FILES = {
    "in the project": ("checks/daily/test_alb.py", OWN, "/"),
    "in a folder of it": ("ops/checks/daily/test_alb.py", OWN, "/"),
    "installed": ("test_alb.py", OURS, "."),
    "installed below the folder": (".venv/lib/python3/site-packages/opschecks/checks/daily/test_alb.py", OURS, "."),
}


@pytest.mark.parametrize(("file", "begin", "between"), FILES.values(), ids=FILES)
def test_a_suite_is_named_as_it_is_typed(file: str, begin: str, between: str) -> None:
    whole = with_everything()
    run = replace(whole, checks=tuple(replace(one, nodeid=f"{file}::{one.check}[here]") for one in whole.checks))
    assert suite_command(run) == f"{begin}daily"
    assert suite_command(run, "weekly") == f"{begin}weekly"
    assert suite_command(run, "deploy-before") == f"{begin}deploy{between}before"
    steps = "1. Run `{}drills --stack <stack> -k x`, then `{}weekly`; see checks/README.md."
    assert as_typed(run, steps.format(OWN, OWN)) == steps.format(begin, begin)


def test_without_checks_nothing_is_known() -> None:
    assert suite_command(replace(with_everything(), checks=())) == "pytest checks/daily"
