"""A fleet with -n: what several processes find is told as one process tells it, whatever happens to one of them."""

from __future__ import annotations

import json
import pickle
import re
import warnings
from collections import deque
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from opschecks.aws.bounds import LONGEST_S, MOST, Bounds
from opschecks.hooks import handed_over, spread, spread_worker
from opschecks.hooks.forking import Process
from opschecks.hooks.handed_over import Sent, Short, Whole
from opschecks.hooks.many import go_on
from opschecks.hooks.pytest_fleets import processes_asked
from opschecks.hooks.spread import Spread
from tests.hooks.test_shards import STACKS, of_three
from tests.scratch import Ended as EndedRun
from tests.scratch import Project

CHECKS = '''
import os, signal, time

@promise("a")
def test_first(things, stack, examine):
    """Why."""
    print("printed on " + stack.name)
    for one in things:
        with examine(one):
            assert stack.name not in os.environ.get("FAILS", "") or one.name != "b", "it is b"

@promise("a")
def test_second(things, stack, examine):
    """Why."""
    if stack.name == os.environ.get("KILLED"):
        os.kill(os.getpid(), signal.SIGKILL)
    if stack.name == os.environ.get("INTERRUPTED"):
        os.kill(os.getppid(), signal.SIGINT)  # as Ctrl-C does; the process of the check ignores it
        time.sleep(60)
    with examine(things[0]):
        pass

@promise("without-this")
def test_third(denied, examine):
    """Why."""
'''
CONFTEST_HOOK = """

import os


def pytest_opschecks_finding(finding):
    open("told", "a").write(f"{os.getpid()} {finding.stack} {finding.check} {sorted(finding.evidence)}\\n")
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = of_three(tmp_path, CHECKS)
    made.write("stacks.toml", STACKS.replace("[stacks.c]", '[stacks.c]\nwithout = ["without-this"]'))
    return made


def _run(project: Project, *arguments: str, **environment: str) -> EndedRun:
    return project.run("checks/daily", "--stack", "all", "--fleet", "f", *arguments, **environment)


def _found(project: Project) -> dict[str, Any]:
    """What the run file says but for times, and in which order the stacks were done."""
    told = project.told()
    parts = {key: [{**one, "duration_s": 0} for one in told[key]] for key in ("checks", "observations")}
    found = {key: told[key] for key in ("collected", "counts", "exit_code", "findings", "stacks", "notes", "calls")}
    lists = {key: sorted(map(json.dumps, of)) for key, of in {**found, **parts}.items() if isinstance(of, list)}
    return {**found, **lists}


def test_two_processes_find_what_one_does(project: Project) -> None:
    project.append(CONFTEST_HOOK)
    runs = []
    for processes in ("1", "2"):
        ended = _run(project, "-n", processes, FAILS="b")
        told = (project.folder / "told").read_text(encoding="utf-8").splitlines()
        (project.folder / "told").unlink()
        (process,) = {line.split()[0] for line in told}  # one process tells users' hooks, whoever looked
        of_hooks = sorted(line.removeprefix(process) for line in told)
        assert ended.out.count("b: it is b") == 1, ended.all
        page = project.page("daily.pytest.html")
        assert page.count("AssertionError: it is b") == 1  # its traceback
        assert page.count("printed on b") == 1
        assert "1 failed, 5 passed, 1 skipped, 2 could not look" in ended.out
        counts = re.findall(r"^=*\s*(\d+ .*?) in [\d.]+s", ended.out, re.MULTILINE)
        own = {stack: project.told(f"fleet/{stack}-daily.json")["counts"] for stack in "abc"}
        junit = project.page("daily.xml").count("<testcase")
        runs.append((ended.code, counts, _found(project), of_hooks, own, junit))
    assert runs[0] == runs[1]
    assert runs[0][0] == 1
    assert "Of 3 stacks" in project.page()


def test_a_process_that_is_killed_loses_the_stack_in_its_hands_and_no_other(project: Project) -> None:
    project.write("reports/fleet/b-daily.html", "yesterday's page")
    more = "".join(f'[stacks.{name}]\nregion = "us-west-2"\n' for name in "defghi")
    stacks = (project.folder / "stacks.toml").read_text(encoding="utf-8").replace("[stacks.a]", f"{more}[stacks.a]")
    project.write("stacks.toml", stacks)
    ended = _run(project, "-n", "2", KILLED="b").ends(10)
    told = project.told()
    outcomes = {(one["stack"], one["check"]): one["outcome"] for one in told["checks"]}
    assert len(outcomes) == told["collected"] == len(told["checks"]) == 27
    found = [(one["stack"], one["check"], one["resource"]) for one in told["findings"]]
    assert len(found) == len(set(found))  # what was forked again has told nothing twice
    assert [key for key, outcome in outcomes.items() if outcome == "not_run"] == [
        ("b", check) for check in ("test_first", "test_second", "test_third")
    ]
    assert {outcomes[stack, "test_second"] for stack in "acdefghi"} == {"passed"}
    assert "its process died (SIGKILL)" in ended.out
    assert "its process died (SIGKILL)" in project.page()
    assert "yesterday's page" not in project.page("fleet/b-daily.html")


def test_ctrl_c_files_what_each_process_has_in_hand(project: Project) -> None:
    ended = _run(project, "-n", "2", INTERRUPTED="b").ends(2)
    assert "KeyboardInterrupt" in ended.out
    told = project.told("fleet/b-daily.json")
    assert (told["state"], told["stopped_by"]) == ("stopped", "stopped by Ctrl-C")
    outcomes = {one["check"]: one["outcome"] for one in told["checks"]}
    assert outcomes == {"test_first": "passed", "test_second": "not_run", "test_third": "not_run"}
    whole = project.told()
    assert whole["collected"] == len(whole["checks"]) == sum(whole["counts"].values()) == 9
    assert whole["stopped_by"] == "stopped by Ctrl-C"


@pytest.fixture(autouse=True)
def no_other_threads(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A test before may have left one of a server, which ends a little later, and with which nothing is forked."""
    if "thread" not in request.fixturenames:
        monkeypatch.setattr(spread, "threads_that_end", lambda: "")


class Spreading(Spread):
    """With processes that are only noted."""

    def __init__(self, waiting: str, processes: int = 2) -> None:
        run: Any = SimpleNamespace(processes=processes, untidy=[])
        of: Any = dict.fromkeys(waiting, ())
        session: Any = SimpleNamespace(
            config=None, shouldfail=False, shouldstop=False, Failed=KeyError, Interrupted=OSError
        )
        super().__init__(session, run, of)
        self.lost: list[str] = []
        self.fresh: list[Process] = []

    def _fork(self) -> Process:
        self.fresh.append(process())
        return self.fresh[-1]

    def _bury(self, process: Process) -> str:
        return "SIGKILL"

    def _not_run(self, name: str, why: str) -> None:
        self.lost.append(name)


LISTS = ("findings", "released", "rows", "pasts", "notes", "untidy", "to_tell")


def run_of(**more: Any) -> Any:
    """As much of a checks run as is sent from one process to the first."""
    nothing: dict[str, Any] = {name: [] for name in LISTS}
    return SimpleNamespace(**{**nothing, "facts": {}, "reported": {}, "collected": {}, "write_error": "", **more})


def process(*hands: str, begun: str = "") -> Process:
    silent: Any = SimpleNamespace(send=lambda told: None)
    return Process(0, silent, silent, dict.fromkeys(hands), begun)


def test_what_a_dead_process_had_not_begun_is_dealt_again_but_not_for_ever() -> None:
    spreading = Spreading("cd")
    spreading._gone(process("a", "b", "e", begun="a"), dealing=True)
    assert spreading.lost == ["a"]
    assert _hands(spreading) == ["b"]  # alone, as it may be what has killed the process
    spreading._gone(spreading.fresh[-1], dealing=True)
    assert spreading.lost == ["a", "b"]
    assert _hands(spreading) == ["e"]
    spreading.fresh[-1].hands.clear()  # it was not
    spreading._gone(spreading.fresh[-1], dealing=True)
    assert _hands(spreading) == ["c", "d"]
    spreading._gone(spreading.fresh[-1], dealing=True)  # before it had begun one: it is unknown which of them it was
    assert _hands(spreading) == ["c"]
    spreading._gone(spreading.fresh[-1], dealing=True)
    assert _hands(spreading) == ["d"]
    spreading._gone(spreading.fresh[-1], dealing=True)
    assert spreading.lost == ["a", "b", "c", "d"]
    assert [*spreading._waiting, *spreading._suspects] == []
    assert len(spreading.fresh) == 5


def _hands(spreading: Spreading) -> list[str]:
    assert all(one.told_all for one in spreading.fresh)
    return list(spreading.fresh[-1].hands)


def test_one_that_has_ended_is_not_replaced_and_nothing_is_dealt_to_one_after_a_stop() -> None:
    spreading = Spreading("cd")
    spreading._gone(process(), dealing=True)
    spreading._gone(process("a", begun="a"), dealing=False)
    assert (spreading.fresh, spreading.lost, spreading._waiting) == ([], [], deque("cd"))


RAISED = {
    "exit": pytest.exit.Exception("no more", 7),
    "KeyboardInterrupt": KeyboardInterrupt("stop"),
    "usage": pytest.UsageError("another account"),
    "failed": pytest.Session.Failed("stopping after 1 failures"),
    "interrupted": pytest.Session.Interrupted("a plugin stops"),
    "error": ZeroDivisionError("a hook of a user's"),
}


@pytest.mark.parametrize("kind", RAISED)
def test_what_ends_the_run_in_one_process_is_raised_in_the_first(kind: str) -> None:
    error = RAISED[kind]
    ended = spread_worker._ended(error)
    assert ended.kind == kind
    spreading = Spreading("")
    spreading._session = SimpleNamespace(Failed=pytest.Session.Failed, Interrupted=pytest.Session.Interrupted)  # type: ignore[assignment]
    with pytest.raises(RuntimeError if kind == "error" else type(error), match=r".") as raised:
        spreading._end_as(ended)
    assert str(error) in str(raised.value)
    if kind == "exit":
        assert getattr(raised.value, "returncode", None) == 7


def test_maxfail_counts_what_all_processes_report() -> None:
    spreading = Spreading("ab")
    go_on(spreading._session)
    spreading._session.shouldfail = "stopping after 2 failures"
    with pytest.raises(KeyError, match="stopping after 2"):
        go_on(spreading._session)


@pytest.mark.parametrize("whole", [True, False])
def test_of_a_check_that_passed_one_short_report_is_sent_unless_somebody_reads_all(whole: bool) -> None:
    config: Any = SimpleNamespace(
        hook=SimpleNamespace(pytest_report_to_serializable=lambda config, report: {"whole": report.when})
    )
    sent = Sent(config, whole=whole)
    for when in ("setup", "call", "teardown"):
        sent.pytest_runtest_logreport(pytest.TestReport("a", ("f", 1, "a"), {}, "passed", None, when))
    sent.pytest_runtest_logreport(pytest.TestReport("b", ("f", 1, "b"), {}, "failed", "why", "call"))
    sent.pytest_warning_recorded(warnings.WarningMessage("old", DeprecationWarning, "f", 1), "call", "a", None)
    run = run_of()
    items: Any = [SimpleNamespace(nodeid=name) for name in "ab"]
    done = sent.done(run, "live", items)
    assert done.warned[0][:2] == ("old", pickle.dumps(DeprecationWarning))
    short = [Short(0, when, "passed", None, 0) for when in ("setup", "call", "teardown")]
    expected = [Whole(pickle.dumps({"whole": one.when}), one) for one in short] if whole else short[1:2]
    failed = Whole(pickle.dumps({"whole": "call"}), Short(1, "call", "failed", "why", 0))
    assert done.reports == [*expected, failed]
    assert not sent.done(run, "live", items).reports


@pytest.mark.parametrize(
    ("options", "plugin", "whole"),
    [
        ({}, "terminalreporter", False),
        ({"xmlpath": "a.xml"}, "terminalreporter", True),
        ({"htmlpath": "a.html"}, "terminalreporter", True),
        ({}, "/home/ann/checks/conftest.py", True),
    ],
)
def test_whole_reports_are_sent_where_somebody_reads_them(options: dict[str, str], plugin: str, whole: bool) -> None:
    readers = SimpleNamespace(get_hookimpls=lambda: [SimpleNamespace(plugin_name=plugin)])
    config: Any = SimpleNamespace(
        option=SimpleNamespace(**{"xmlpath": "", "htmlpath": "", **options}),
        hook=SimpleNamespace(pytest_runtest_logreport=readers),
        pluginmanager=SimpleNamespace(get_plugin=lambda name: None, has_plugin=lambda name: True),
    )
    assert handed_over.wants_whole_reports(config) is whole


@pytest.mark.parametrize(
    ("given", "processes"),
    [
        ({"numprocesses": 3, "tx": ["popen"] * 3}, 3),
        ({"numprocesses": None, "tx": ["ssh=host"]}, 0),
        ({"numprocesses": 2, "tx": ["popen", "ssh=host"]}, 0),
        ({"numprocesses": None, "tx": []}, 0),
    ],
)
def test_what_minus_n_starts_on_this_machine_is_forked_and_nothing_else(given: dict[str, Any], processes: int) -> None:
    config: Any = SimpleNamespace(option=SimpleNamespace(**given))
    assert processes_asked(config) == processes


def test_without_fork_xdist_starts_the_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("os.fork")
    config: Any = SimpleNamespace(option=SimpleNamespace(numprocesses=2, tx=["popen"] * 2))
    assert processes_asked(config) == 0


def test_the_processes_share_what_an_account_takes() -> None:
    alone, shared = (Bounds(processes).of("123456789012", "us-west-2", "ecs") for processes in (1, 4))
    assert (alone.limit, shared.limit) == (MOST, MOST / 4)
    assert (alone._longest_s, shared._longest_s) == (LONGEST_S, 4 * LONGEST_S)


@pytest.mark.parametrize(
    ("thread", "shows", "why"),
    [
        ("Thread-1 (run_server)", False, ""),
        ("a plugin's", False, "a fork ends threads: a plugin's"),
        ("Thread-1 (run_server)", True, "--setup-show shows what is set up in this one"),
    ],
)
def test_threads_that_a_fork_would_end_and_setup_show_keep_the_run_in_one_process(
    monkeypatch: pytest.MonkeyPatch, thread: str, shows: bool, why: str
) -> None:
    run: Any = SimpleNamespace(processes=2, one_by_one=True, untidy=[])
    session: Any = SimpleNamespace(items=["an item"], config=SimpleNamespace(option=SimpleNamespace(setupshow=shows)))
    monkeypatch.setattr(spread, "checks_run", lambda config: run)
    monkeypatch.setattr("threading.enumerate", lambda: [SimpleNamespace(name=thread)])
    if not why:
        monkeypatch.setattr(spread, "prepare", lambda run, processes: pytest.fail(f"in {processes} processes"))
        with pytest.raises(pytest.fail.Exception, match="in 2 processes"):
            spread.pytest_runtestloop(session)
    else:
        assert spread.pytest_runtestloop(session) is None
        assert run.untidy == [f"-n 2: one process did all, since {why}"]
