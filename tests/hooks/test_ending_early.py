"""However a run ends, every collected check is reported, and no older page is left in place."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.forks import TIMEOUT_S
from tests.scratch import Project, check_of_each

SLOW = f'''
import os, pathlib, time
{check_of_each("test_one")}
{check_of_each("test_two", 'assert thing.name != "a" or os.environ.get("TWO") == "good"')}
@promise("a")
def test_three(things, examine):
    """Why."""
    pathlib.Path("reached").write_text(str(os.getpid()))
    until = time.monotonic() + float(os.environ.get("WAIT", "0"))
    while time.monotonic() < until:
        time.sleep(0.01)
    with examine(things[0]):
        pass
{check_of_each("test_four")}'''
TWO_STACKS = 'default = "here"\n[stacks.here]\nregion = "us-west-2"\n[stacks.there]\nregion = "us-east-1"\n'


BEGUN: list[subprocess.Popen[str]] = []


@pytest.fixture(autouse=True)
def _nothing_left() -> Iterator[None]:
    yield
    while BEGUN:
        with BEGUN.pop() as process:
            process.kill()


@pytest.fixture
def slow(project: Project) -> Project:
    project.runbook("a")
    project.checks(SLOW)
    project.write("reports/daily.html", "yesterday's page")
    project.write("reports/daily.pytest.html", "yesterday's page")
    return project


def _begin(project: Project, *arguments: str) -> subprocess.Popen[str]:
    """Start a run, and return when its third check is running; it ends with the test."""
    process = project.begin("checks/daily", *arguments, WAIT=str(TIMEOUT_S), TWO="good")
    BEGUN.append(process)
    deadline = time.monotonic() + TIMEOUT_S
    while not (project.folder / "reached").exists() or not (project.folder / "reached").read_text():
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return process


def _reported(project: Project) -> None:
    told = project.told()
    assert told["collected"] == len(told["checks"]) == sum(told["counts"].values())
    assert {(one["stack"], one["check"]) for one in told["findings"]} == {
        (one["stack"], one["check"]) for one in told["checks"]
    }
    assert "yesterday" not in project.page()


def test_minus_x(slow: Project) -> None:
    slow.run("checks/daily", "-x").ends(1)
    assert list(slow.outcomes().values()) == ["passed", "failed", "not_run", "not_run"]
    assert slow.told()["state"] == "stopped"
    assert "stopping after" in slow.told()["stopped_by"]
    _reported(slow)


def test_minus_x_under_xdist(slow: Project) -> None:
    slow.run("checks/daily", "-x", "-n", "2").ends(1)
    assert slow.outcomes()["test_two"] == "failed"
    assert slow.told()["state"] == "stopped"
    _reported(slow)


@pytest.mark.parametrize(("number", "why"), [(signal.SIGINT, "Ctrl-C"), (signal.SIGTERM, "SIGTERM")])
def test_interrupted(slow: Project, number: signal.Signals, why: str) -> None:
    process = _begin(slow)
    process.send_signal(number)
    out, _ = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 2, out
    assert list(slow.outcomes().values()) == ["passed", "passed", "not_run", "not_run"]
    assert why in slow.told()["stopped_by"]
    assert slow.told()["state"] == "stopped"
    _reported(slow)


def test_killed(slow: Project) -> None:
    process = _begin(slow)
    process.kill()
    process.communicate()
    assert set(slow.outcomes().values()) == {"not_run"}
    assert len(slow.outcomes()) == 4
    assert slow.told()["state"] == "unfinished"
    assert "unfinished" in slow.page().lower()
    assert not (slow.folder / "reports" / "daily.pytest.html").exists()
    _reported(slow)


def test_killed_worker(slow: Project) -> None:
    process = _begin(slow, "-n", "2")
    os.kill(int((slow.folder / "reached").read_text()), signal.SIGKILL)
    (slow.folder / "reached").unlink()
    deadline = time.monotonic() + TIMEOUT_S
    while process.poll() is None and time.monotonic() < deadline:
        # xdist gives the check to the other worker: kill that one too
        path = slow.folder / "reached"
        if path.exists() and path.read_text():
            os.kill(int(path.read_text()), signal.SIGKILL)
            path.unlink()
        time.sleep(0.05)
    out, _ = process.communicate(timeout=TIMEOUT_S)
    outcomes = slow.outcomes()
    assert outcomes["test_three"] == "blind", out
    assert outcomes["test_one"] == "passed"
    assert process.returncode not in (0, 1), out
    assert "worker" in next(one["message"] for one in slow.told()["findings"] if one["check"] == "test_three")
    _reported(slow)


def test_xdist_reports_what_one_process_does(slow: Project) -> None:
    slow.write("stacks.toml", TWO_STACKS)
    stacks = ["--stack", "here", "--stack", "there"]
    alone = slow.run("checks/daily", *stacks)
    without = slow.outcomes(), slow.told()["counts"]
    spread = slow.run("checks/daily", *stacks, "-n", "2")
    assert (slow.outcomes(), slow.told()["counts"]) == without
    assert alone.code == spread.code == 1
    names = {(one["stack"], one["name"]) for one in slow.told()["observations"]}
    assert {("here", "things"), ("there", "things")} <= names
    _reported(slow)


def test_each_stack_stays_in_one_worker(slow: Project) -> None:
    from xdist.scheduler import LoadScopeScheduling

    assert callable(LoadScopeScheduling._split_scope)
    slow.write("stacks.toml", TWO_STACKS)
    ended = slow.run("checks/daily", "--stack", "here", "--stack", "there", "-n", "2", "-v", "--dist", "load")
    workers = {
        stack: {
            line.split("]")[0] for line in ended.out.splitlines() if f"[{stack}]" in line and line.startswith("[gw")
        }
        for stack in ("here", "there")
    }
    assert all(len(found) == 1 for found in workers.values()), ended.out


def test_a_broken_file_of_checks_is_told_with_its_line_and_the_other_checks_run(slow: Project) -> None:
    slow.write("checks/daily/test_broken.py", "import sys\nimport nothing_like_it\n")
    ended = slow.run("checks/daily", "-k", "test_one").ends(10)
    line = "not collected: checks/daily/test_broken.py:2: ModuleNotFoundError: No module named 'nothing_like_it'"
    assert line in ended.out.splitlines()
    told = slow.told("daily-partial.json")
    assert [one["outcome"] for one in told["checks"]] == ["passed"]
    assert "not collected: checks/daily/test_broken.py" in told["stopped_by"]


NARROWED = [["-k", "one"], ["--deselect", "checks/daily/test_things.py::test_one"], ["-m", "not low"], ["--lf"]]


@pytest.mark.parametrize("arguments", NARROWED, ids=lambda arguments: arguments[0])
def test_a_narrowed_run_is_partial(slow: Project, arguments: list[str]) -> None:
    slow.run("checks/daily", *arguments)
    assert slow.page() == "yesterday's page"
    assert slow.told("daily-partial.json")["partial"]
    assert not (slow.folder / "reports" / "history").exists()


def test_node_ids_and_the_environment_narrow_too(slow: Project) -> None:
    slow.run("checks/daily/test_things.py::test_one")
    assert slow.told("daily-partial.json")["partial"] == "node ids, only some files"
    slow.run("checks/daily", PYTEST_ADDOPTS="-k one")
    assert slow.told("daily-partial.json")["partial"] == "-k"
    assert slow.page() == "yesterday's page"


def test_collect_only_writes_nothing(slow: Project) -> None:
    slow.run("checks/daily", "--collect-only", "-q").ends(0)
    assert slow.page() == "yesterday's page"
    assert [path.name for path in (slow.folder / "reports").iterdir()] != []
    assert not (slow.folder / "reports" / "daily.json").exists()


def test_every_whole_run_is_filed(slow: Project) -> None:
    for _ in range(2):
        slow.run("checks/daily")
    filed = sorted((slow.folder / "reports" / "history" / "here" / "daily").glob("*.json"))
    assert len(filed) == 2


def test_a_folder_that_cannot_be_made_is_a_usage_error(slow: Project) -> None:
    slow.write("file", "")
    ended = slow.run("checks/daily", "--reports", "file/reports").ends(4)
    assert ended.all.strip() == "ERROR: --reports file/reports: the folder cannot be created: Not a directory"


def test_a_file_that_cannot_be_written_is_one_clear_line(slow: Project) -> None:
    (slow.folder / "reports" / "daily.json").mkdir()
    ended = slow.run("checks/daily")
    assert ended.code not in (0, 1, 10)
    assert "could not be written" in ended.out
    assert "Traceback" not in ended.all


FULL = """
import resource
import pytest

@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish():
    resource.setrlimit(resource.RLIMIT_FSIZE, (%d, resource.RLIM_INFINITY))
"""


@pytest.mark.parametrize("largest", [0, 1_000, 20_000])
def test_a_disk_that_is_full_at_the_end_leaves_no_page_of_yesterday(slow: Project, largest: int) -> None:
    """No file may grow beyond so many bytes, from the end of the checks on."""
    (slow.folder / "reports" / "daily.html").write_text("yesterday's page")
    slow.write("full.py", FULL % largest)
    ended = slow.run_fresh("checks/daily", "-p", "full", PYTHONPATH=f"{slow.environment()['PYTHONPATH']}:{slow.folder}")
    assert ended.code == 3, ended.all
    assert "could not be written: " in ended.out
    assert "Traceback" not in ended.all
    page = slow.folder / "reports" / "daily.html"
    assert not page.exists() or "yesterday" not in page.read_text()


def test_a_stray_file_in_the_history_costs_the_comparison_and_not_the_run(tmp_path: Path) -> None:
    project = Project.of_the_checks(tmp_path)
    history = project.folder / "reports" / "history" / "sandbox"
    yesterday = datetime.now(UTC) - timedelta(days=1)
    for name, content in {
        "daily/README.md": b"notes",
        "daily/2026-99-99T00-00-00.000000Z.json": b"{}",
        f"daily/{yesterday:%Y-%m-%dT%H-%M-%S.%f}Z.json": b"\xff\xfe no text",
        "journal/README.md": b"notes",
    }.items():
        (history / name).parent.mkdir(parents=True, exist_ok=True)
        (history / name).write_bytes(content)
    ended = project.run("checks/daily").ends(0)
    assert "The first run on record" in project.page()
    assert ended.out.count("not a run file that this version can read; it is left out of every comparison") == 1
    broken = f"journal/{datetime.now(UTC):%Y-%m-%dT%H-%M-%S.%f}-0123abcd-begun.json"
    (history / broken).write_text("{}")
    assert project.run("checks/daily").code == 0
    assert "Earlier runs could not be read" in project.page()
    assert "not a line of a journal" in project.page()
