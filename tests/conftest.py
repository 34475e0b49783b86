"""What all tests share: warnings are errors, a stopped clock for canned answers, scratch projects for checks."""

from __future__ import annotations

import gc
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
    gc.set_threshold(20_000, 10, 10)  # what modules and tests are made of stays: looking it through was a sixth of all


def pytest_collection_finish() -> None:
    """Thousands of tests are no garbage."""
    gc.freeze()


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
        option.loadscopereorder = False  # by number of tests, the long files with few tests would come last


LONG_FIRST = (
    "checks/test_bite.py", "fixing/test_fix.py", "fixing/test_refused_fixes.py", "checks/test_calls.py",
    "checks/test_ministack.py", "hooks/test_bake.py", "checks/test_production.py", "cli/test_fix.py",
    "report/test_every_page.py", "drills/test_drills.py", "remedies/operations/test_fix_rotation.py",
    "remedies/operations/test_fix_backups.py", "remedies/operations/test_fix_archive.py", "hooks/test_other_plugins.py",
    "recording/test_replay.py", "recording/test_scrubbing.py", "test_wheel.py", "cli/test_init.py",
    "cli/test_doctor.py", "hooks/test_gate.py", "fixing/test_session.py", "checks/test_false_pass.py",
    "fixing/test_kill_matrix.py", "sandbox/test_corrections.py", "hooks/test_ending_early.py", "cli/test_new.py",
    "remedies/settings/test_fix_retention.py", "report/test_past_on_page.py", "hooks/test_users_hooks.py",
    "checks/test_quiet_and_single.py", "checks/test_balancers.py", "aws/test_every_observation.py",
    "shop/test_newcomer.py",
    "test_properties.py", "checks/test_ministack_suites.py", "test_recordings.py",
)  # fmt: skip
"""Files whose tests take long: begun first, so that no process ends minutes after the other."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    places = {str(Path(__file__).parent / name): place for place, name in enumerate(LONG_FIRST)}
    items.sort(key=lambda item: places.get(str(item.path), len(places)))
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
