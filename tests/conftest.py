"""What all tests share: warnings are errors, a clock that stands for canned answers, scratch projects for checks."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest

from tests.scratch import Project


def pytest_configure() -> None:
    """A suite that was started in the background ignores Ctrl-C; what its tests start and interrupt must not."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        item.add_marker(pytest.mark.filterwarnings("error"))


@pytest.fixture(autouse=True)
def _clock_of_canned_answers(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Canned answers are all of one moment: however slow the machine, no time passes between them and the test."""
    canned = sys.modules.get("tests.canned")  # not imported here: a bare `pytest --help` reads this file
    ours = {id(canned.Aws), id(canned.stack), id(canned.ago)} if canned else set()
    if not ours.isdisjoint(map(id, vars(request.module).values())):
        from tests import clock

        clock.stop(monkeypatch)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project of its own, with one stack that has no AWS and things to look at."""
    return Project.make(tmp_path)
