"""A fleet over several processes goes on where the system refuses one, and where something cannot be sent."""

from __future__ import annotations

import os
import pickle
import signal
import sys
import warnings
from io import StringIO
from types import ModuleType, SimpleNamespace
from typing import Any

import pluggy
import pytest
from _pytest._io import TerminalWriter

from opschecks.core.run import Note
from opschecks.hooks import many, spread
from opschecks.hooks.forking import Process, children_are_waited_for, how_ended
from opschecks.hooks.handed_over import NOT_WHOLE, Done, Once, Sent, Short, take_in
from opschecks.hooks.pytest_fleets import keep_silent
from opschecks.hooks.spread_worker import Worker
from tests.hooks.test_spread import LISTS, Spreading, no_other_threads, process, run_of  # noqa: F401 - a fixture for all

ITEMS: Any = [SimpleNamespace(nodeid="a", location=("f", 1, "a"))]


class Hooks:
    """Of the first process: keeps what it is told, after reports have crossed as dicts."""

    def __init__(self) -> None:
        self.reports: list[pytest.TestReport] = []
        self.warned: list[Any] = []
        self.pytest_warning_recorded = SimpleNamespace(call_historic=lambda kwargs: self.warned.append(kwargs))

    def pytest_report_to_serializable(self, config: object, report: pytest.TestReport) -> dict[str, Any]:
        return {"nodeid": report.nodeid, "user_properties": report.user_properties, "when": report.when}

    def pytest_report_from_serializable(self, config: object, data: dict[str, Any]) -> pytest.TestReport:
        return pytest.TestReport(data["nodeid"], ("f", 1, "a"), {}, "passed", None, data["when"])

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.reports.append(report)


def _session(hooks: Hooks) -> Any:
    return SimpleNamespace(config=SimpleNamespace(hook=hooks))


def _done(run: Any, category: type[Warning], value: object) -> Done:
    sent = Sent(_session(Hooks()).config, whole=True)
    report = pytest.TestReport("a", ("f", 1, "a"), {}, "passed", None, "call")
    report.user_properties.append(("by a fixture", value))
    sent.pytest_runtest_logreport(report)
    sent.pytest_warning_recorded(warnings.WarningMessage("old", category, "f", 1), "runtest", "a", None)
    return sent.done(run, "live", ITEMS)


def _told_without(done: bytes) -> None:
    """The first process takes this in, but for what it cannot make of a user's, and says so."""
    run, hooks = run_of(), Hooks()
    take_in(_session(hooks), run, ITEMS, pickle.loads(done), Once())
    assert [(one.nodeid, one.when, one.outcome) for one in hooks.reports] == [("a", "call", "passed")]
    assert [one["warning_message"].category for one in hooks.warned] == [UserWarning]
    assert run.untidy == [NOT_WHOLE]


def test_what_cannot_be_pickled_of_a_users_is_left_out_and_said() -> None:
    class Made(UserWarning):
        pass

    _told_without(pickle.dumps(_done(run_of(), Made, lambda: None)))


def test_a_class_that_only_one_process_can_import_is_left_out_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("only_there")
    exec("class Mine(UserWarning): pass", vars(module))
    monkeypatch.setitem(sys.modules, "only_there", module)
    done = pickle.dumps(_done(run_of(), module.Mine, module.Mine("x")))
    monkeypatch.delitem(sys.modules, "only_there")
    _told_without(done)


def test_what_cannot_be_sent_at_all_is_sent_without_what_is_for_users() -> None:
    sent: list[Done] = []

    def send(done: Done) -> None:
        if done.bad:
            raise TypeError("cannot pickle 'generator' object")
        sent.append(done)

    worker: Any = SimpleNamespace(_answers=SimpleNamespace(send=send))
    Worker._tell(worker, _done(run_of(to_tell=["a finding with a generator"]), UserWarning, 1))
    assert sent[0].reports == [Short(0, "call", "passed", None, 0)]
    assert (sent[0].warned, sent[0].bad) == ([], [])
    assert "cannot pickle 'generator'" in sent[0].untidy[0]


def test_a_stack_whose_message_cannot_be_read_is_not_run_and_its_process_goes_on() -> None:
    def recv() -> None:
        raise ModuleNotFoundError("No module named 'mine'")

    spreading, one = Spreading(""), process("a", "b", begun="a")
    one.answers = SimpleNamespace(recv=recv)  # type: ignore[assignment]
    spreading._hear(one)
    assert (spreading.lost, list(one.hands), one.begun) == (["a"], ["b"], "")


def test_a_process_that_is_forked_late_tells_nothing_of_what_was_told_before() -> None:
    note = Note("live", "told before")
    run = run_of(write_error="no space", reported={"a": 1}, **{name: ["told"] for name in LISTS if name != "notes"})
    run.notes.append(note)
    sent = Sent(_session(Hooks()).config, whole=False)
    sent.begin(run)
    assert run.notes == [note]  # for the stack's own page
    run.notes.append(Note("live", "new"))
    done = sent.done(run, "live", ITEMS)
    told = (done.findings, done.observations, done.rows, done.pasts, done.untidy, done.bad, done.results)
    assert told == ([], [], [], [], [], [], {})
    assert (done.notes, done.write_error) == ([Note("live", "new")], "")


class Refused(Spreading):
    """The system lets it have so many processes, and no more."""

    def __init__(self, waiting: str, allowed: int) -> None:
        super().__init__(waiting)
        self.allowed = allowed

    def _fork(self) -> Process:
        if len(self.fresh) == self.allowed:
            raise BlockingIOError(11, "Resource temporarily unavailable")
        return super()._fork()


def test_where_no_process_can_be_started_one_does_all() -> None:
    refused = Refused("abc", 0)
    assert "Resource temporarily unavailable" in refused.check_all()
    assert list(refused._waiting) == ["a", "b", "c"]


def test_where_one_is_refused_the_others_do_all() -> None:
    refused = Refused("abc", 1)
    assert refused.check_all() == ""
    (one,) = refused.fresh
    assert list(one.hands) == ["a", "b", "c"]
    assert refused._run.untidy == ["-n 2: only 1 could be started: [Errno 11] Resource temporarily unavailable"]


@pytest.mark.parametrize("threads", ["", "a fork ends threads: a hook's"])
def test_where_none_can_be_started_in_place_of_a_dead_one_the_rest_is_done_by_those_that_there_are(
    threads: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spread, "threads_that_end", lambda: threads)
    refused, other = Refused("d", 0), process("x", begun="x")
    refused._gone(process("a", "b", "c", begun="a"), dealing=True)
    assert (refused.lost, list(refused._suspects)) == (["a"], ["b", "c"])
    assert (threads or "[Errno 11]") in refused._run.untidy[0]
    refused._deal(other)
    refused._deal(other)
    assert list(other.hands) == ["x", "d"]  # what may kill it has no other beside it
    del other.hands["x"]
    other.begun = "d"
    refused._deal(other)
    assert list(other.hands) == ["d", "b"]
    refused._waiting.append("e")
    here: list[str] = []

    def check_each(session: object, run: object, of: object, crew: Any, told: object) -> None:
        while name := crew._deal(True):
            here.append(name)

    monkeypatch.setattr(spread, "check_each", check_each)
    refused._do_the_rest()
    assert (refused.lost, here) == (["a", "c"], ["e"])


def test_a_process_is_waited_for_where_its_end_would_not_be_told() -> None:
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        with children_are_waited_for():
            assert signal.getsignal(signal.SIGCHLD) is signal.SIG_DFL
        assert signal.getsignal(signal.SIGCHLD) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGCHLD, before)
    assert how_ended(os.getpid()) == "how, is not known"  # no child of this process, as one that others have waited for


class Reporter:
    """A terminal reporter."""

    def __init__(self) -> None:
        self.written = StringIO()
        self._tw = TerminalWriter(self.written)

    def pytest_runtest_logreport(self) -> None:
        pytest.fail("it is told")

    def write_line(self, text: str) -> None:
        self._tw.line(text)


def test_who_asks_for_the_terminals_writer_in_a_process_has_one_that_writes_to_nothing() -> None:
    manager, reporter = pluggy.PluginManager("pytest"), Reporter()
    manager.register(reporter, "terminalreporter")
    config: Any = SimpleNamespace(pluginmanager=manager)
    keep_silent(config)
    pytest.Config.get_terminal_writer(config).line("for nobody")
    manager.get_plugin("terminalreporter").write_line("for nobody")  # type: ignore[union-attr]
    assert reporter.written.getvalue() == ""
    assert "pytest_runtest_logreport" not in dir(manager.get_plugin("terminalreporter"))


@pytest.mark.parametrize("error", [TypeError, OSError, ImportError])
def test_memory_is_shared_only_where_python_can(error: type[Exception], monkeypatch: pytest.MonkeyPatch) -> None:
    def no_library(name: object) -> None:
        raise error("of Windows")

    without = SimpleNamespace(CDLL=no_library)
    monkeypatch.setitem(sys.modules, "ctypes", None if error is ImportError else without)
    many.share_memory()
