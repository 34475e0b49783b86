"""Many stacks in one process: none waits for another that does not answer; what is done is kept, and no more of it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from opschecks.core.observation import WrongAccount
from opschecks.hooks import identity, many
from opschecks.hooks.many import Crew, progress, release
from opschecks.hooks.state import ChecksRun
from tests.cli.typed import opschecks
from tests.hooks.test_shards import CHECKS, of_three
from tests.scratch import check_of_each

NAMES = [f"s{number}" for number in range(8)]


class Gathered:
    """Stands in for the gathering of a stack: `slow` is not done before it is let go."""

    def __init__(self) -> None:
        self.slow = threading.Event()
        self.begun: list[str] = []
        self.run = cast(
            "ChecksRun", SimpleNamespace(stack=str, stores={}, notes=[], aws=dict.fromkeys(["slow", "broken", *NAMES]))
        )
        self.error: Exception | None = None

    def begin(self, run: Any, items: Any, names: list[str]) -> None:
        (name,) = names
        self.begun.append(name)
        if name == "slow":
            self.slow.wait(60)
        if name == "broken" and self.error:
            raise self.error
        run.stores[name] = SimpleNamespace(results={})


@pytest.fixture
def gathered(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gathered]:
    made = Gathered()
    monkeypatch.setattr(many, "begin", made.begin)
    yield made
    made.slow.set()


def crew(of: Gathered, names: list[str], at_once: int) -> Crew:
    return Crew(of.run, {name: [] for name in names}, at_once)


def test_a_stack_that_does_not_answer_delays_no_other(gathered: Gathered) -> None:
    ours = crew(gathered, ["slow", *NAMES], at_once=2)
    assert {ours.next() for _ in NAMES} == set(NAMES)
    gathered.slow.set()
    assert (ours.next(), ours.next()) == ("slow", None)


def test_only_so_many_are_gathered_ahead(gathered: Gathered) -> None:
    ours = crew(gathered, NAMES, at_once=3)
    first = ours.next()
    ours._ready.get()  # the two others that were begun
    ours._ready.get()
    assert len(gathered.begun) == 3
    assert first in gathered.begun


def test_an_error_that_ends_the_run_ends_it(gathered: Gathered) -> None:
    gathered.error = pytest.UsageError("another account")
    ours = crew(gathered, ["broken"], at_once=3)
    with pytest.raises(pytest.UsageError, match="another account"):
        ours.next()


def test_an_error_of_one_stack_is_told_with_it_and_ends_no_other(gathered: Gathered) -> None:
    gathered.error = RuntimeError("botocore cannot do this")
    ours = crew(gathered, ["broken", "s1"], at_once=3)
    assert {ours.next(), ours.next()} == {"broken", "s1"}
    assert [(note.stack, note.text) for note in gathered.run.notes] == [
        ("broken", "nothing was gathered: RuntimeError: botocore cannot do this")
    ]
    assert list(gathered.run.stores) == ["s1"]


@pytest.mark.parametrize("part", [object(), None])
def test_another_account_blinds_its_stack_of_a_fleet_and_ends_any_other_run(
    monkeypatch: pytest.MonkeyPatch, part: object
) -> None:
    def ask(*_: Any) -> str:
        raise WrongAccount("the credentials belong to another account")

    monkeypatch.setattr("opschecks.aws.session.identify", ask)
    aws = SimpleNamespace(scoped=lambda calls: None)
    run: Any = SimpleNamespace(part=part, aws={"a": aws}, accounts={}, asked={}, refused={}, notes=[], observations=[])
    if part is None:
        with pytest.raises(WrongAccount):
            identity._identify(run, "a")
        return
    identity._identify(run, "a")
    assert "belong to another account" in str(run.refused["a"])
    assert "belong to another account" in run.observations[0].error


def test_what_is_done_holds_no_client_and_no_connection() -> None:
    closed: list[str] = []
    run: Any = SimpleNamespace(
        http={"a": SimpleNamespace(close=lambda: closed.append("http"))},
        aws={"a": SimpleNamespace(release=lambda: closed.append("aws"))},
        one_by_one=True,
    )
    release(run, "a")
    assert closed == ["http", "aws"]
    assert (run.aws, run.http) == ({}, {})


@pytest.mark.parametrize(("following", "let_go"), [("a", []), ("b", ["a"]), ("", ["a"])])
def test_a_worker_lets_go_of_a_stack_when_the_next_check_is_of_another(
    monkeypatch: pytest.MonkeyPatch, following: str, let_go: list[str]
) -> None:
    done: list[str] = []
    run: Any = SimpleNamespace(worker=True, stacks=["a", "b"])
    monkeypatch.setattr(many, "checks_run", lambda config: run)
    monkeypatch.setattr(many, "stack_of", lambda item: SimpleNamespace(name=item.name))
    for name in ("forget_examined", "observed"):
        monkeypatch.setattr(many, name, lambda *_: None)
    monkeypatch.setattr(many, "release", lambda _, name: done.append(name))
    item: Any = SimpleNamespace(name="a", config=SimpleNamespace(stash={many._LET_GO: 1}))
    after: Any = SimpleNamespace(name=following) if following else None
    around = many.pytest_runtest_protocol(item, after)
    next(around)
    with pytest.raises(StopIteration):
        around.send(True)
    assert done == let_go


@pytest.mark.parametrize(
    ("done", "failed", "blind", "line"),
    [
        (1, 0, 0, "1 of 20 stacks done"),
        (5, 2, 1, "5 of 20 stacks done, 2 failed, 1 could not look, about 1 min 30 s left"),
        (20, 2, 0, "20 of 20 stacks done, 2 failed"),
    ],
)
def test_progress_is_one_line(done: int, failed: int, blind: int, line: str) -> None:
    assert progress(done, 20, failed, blind, passed_s=6.0 * done) == line


KILLED = '''
import os, signal
from pathlib import Path

@promise("a")
def test_things(things, stack, examine):
    """Why."""
    if len(list(Path("reports/fleet").glob("*.json"))) == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    for one in things:
        with examine(one):
            assert one.name
'''


def test_of_a_run_that_is_killed_the_stacks_that_were_done_are_kept(tmp_path: Path) -> None:
    project = of_three(tmp_path, KILLED)
    assert project.run("checks/daily", "--stack", "all").code not in (0, 1, 10)
    told = opschecks("report", "fleet", str(tmp_path / "reports" / "history"), "--format", "prom")
    assert told.exit_code == 10
    assert 'opschecks_fleet_stacks{suite="daily",state="good"} 2\n' in told.output
    assert 'opschecks_fleet_stacks{suite="daily",state="missing"} 1\n' in told.output
    assert 'opschecks_fleet_shards_not_ended{suite="daily"} 1\n' in told.output


LOOKS = """

import pytest
from opschecks.hooks.examine import EXAMINE
from opschecks.hooks import select

select.A_ROW_FOR_EACH = 2


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session):
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    kept = {name: (len(of), len(set(map(id, of)))) for name, of in reporter.stats.items() if name in ("passed", "")}
    told = [hasattr(report, "opschecks") for of in reporter.stats.values() for report in of if hasattr(report, "when")]
    examined = [item.name for item in session.items if EXAMINE in item.stash]
    open("kept", "w").write(repr((kept, any(told), examined)))
"""


def test_reports_findings_and_what_was_examined_are_let_go(tmp_path: Path) -> None:
    project = of_three(tmp_path, CHECKS + check_of_each("test_denied", of="denied"))
    project.append(LOOKS)
    ended = project.run("checks/daily", "--stack", "all").ends(1)
    assert (tmp_path / "kept").read_text(encoding="utf-8") == repr(({"": (9, 1), "passed": (2, 1)}, False, []))
    assert "1 failed, 2 passed, 3 could not look" in ended.out
    assert "AccessDenied: no" in ended.out
    told = project.told()
    assert told["counts"]["blind"] == 3
    written = {path.name for path in (tmp_path / "reports").iterdir()}
    assert {"daily.html", "daily.json", "daily.ctrf.json", "daily.md"} <= written
    assert not written & {"daily.xml", "daily.pytest.html"}  # a row for each check of each stack
