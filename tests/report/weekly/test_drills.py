"""The command of drills on the page of a week is one that works where the checks lie."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.report.sentences import section
from tests.report.weeks import story

RUN = story()


@pytest.mark.parametrize(
    ("file", "command"),
    [
        ("checks/weekly/test_a.py", "pytest checks/drills --stack production"),
        ("test_a.py", "pytest --pyargs opschecks.checks.drills --stack production"),
    ],
    ids=["in the project", "installed"],
)
def test_drills_are_run_as_they_are_typed(file: str, command: str) -> None:
    checks = tuple(replace(one, nodeid=f"{file}::{one.check}[production]") for one in RUN.checks)
    run = replace(RUN, checks=checks, weeks=tuple({**week, "drills": []} for week in RUN.weeks))
    assert command in section(run, "Drills")
