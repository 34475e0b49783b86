"""What all tests share: warnings are errors, a stopped clock for canned answers, scratch projects for checks."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.scratch import Project


def pytest_configure() -> None:
    """A suite that was started in the background ignores Ctrl-C; what its tests start and interrupt must not."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """A folder of tests runs in two processes, a file to each, unless -n says otherwise; single files run in one.

    addopts would apply to checks too, which cannot run in parallel when they change something.
    """
    option = config.option
    alone = option.usepdb or hasattr(config, "workerinput") or not config.pluginmanager.has_plugin("xdist")
    if alone or not any((config.invocation_params.dir / one).is_dir() for one in config.args):
        return
    if option.numprocesses is None:
        option.numprocesses = 2
    if option.dist == "no":
        option.dist = "loadfile"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        item.add_marker(pytest.mark.filterwarnings("error"))


@pytest.fixture(autouse=True)
def _clock_of_canned_answers(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Canned answers have the time of the clock: however slow the machine, no time passes between them and the test."""
    canned = sys.modules.get("tests.canned")  # not imported here: a bare `pytest --help` reads this file
    ours = {id(canned.Aws), id(canned.stack), id(canned.ago)} if canned else set()
    if not ours.isdisjoint(map(id, vars(request.module).values())):
        from tests import clock

        clock.stop(monkeypatch)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Headless Chromium: one a process, because a second one cannot be started beside it."""
    from tests.browser import chromium

    with chromium() as running:
        yield running


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A scratch project with one stack, without AWS, and resources to examine."""
    return Project.make(tmp_path)
