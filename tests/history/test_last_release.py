"""A history that release 0.1 filed is read as before: listed, compared with, made into pages and weeks.

`data/history_of_0.1.tar.xz`: runs of the sandbox on successive days, evidence of what passed and all but six points of
each series left out; the index that 0.1 kept beside them.
"""

from __future__ import annotations

import json
import tarfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from opschecks.config.load import choose_stacks, load_stacks
from opschecks.core.model import Outcome
from opschecks.core.run import Run
from opschecks.core.tape import LIVE
from opschecks.history.storage import FolderStorage
from opschecks.hooks.earlier_runs import with_past
from opschecks.report.page import render
from opschecks.report.runbook import read_runbook
from opschecks.report.runfile import from_json
from tests.cli.typed import OF_SANDBOX, opschecks
from tests.mornings import earlier, ending
from tests.scratch import ROOT

RINGING, SILENCED, OLD_KEY = "test_no_alarm_is_ringing", "test_alarms_can_act", "test_access_keys_are_rotated"


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the history lies; commands are typed where its `reports` are."""
    monkeypatch.chdir(tmp_path)
    for name in ("stacks.toml", "checks"):
        (tmp_path / name).symlink_to(ROOT / name)
    state = tmp_path / "reports" / "history" / "sandbox"
    with tarfile.open(ROOT / "tests" / "data" / "history_of_0.1.tar.xz") as filed:
        filed.extractall(state, filter="data")
    return state


def typed(*arguments: str) -> str:
    ended = opschecks(*arguments, *OF_SANDBOX)
    assert (ended.exit_code, ended.stderr) == (0, "")
    return ended.stdout


def test_it_is_listed(state: Path) -> None:
    assert typed("history", "list").splitlines() == [
        "2026-11-29T05:49:47+00:00  Action needed: 2 failed, 0 could not look, of 30",
        "2026-11-28T05:49:40+00:00  Action needed: 1 failed, 0 could not look, of 30",
        "2026-11-27T05:49:30+00:00  All good: 0 failed, 0 could not look, of 30",
    ]
    assert [row["failed"] for row in json.loads(typed("history", "list", "--suite", "weekly", "--format", "json"))] == [
        1, 0,
    ]  # fmt: skip


def test_it_shows_since_when_a_check_fails(state: Path) -> None:
    first, line = typed("history", "check", RINGING).splitlines()
    assert first == f"{RINGING}: failed in 2 of 3 runs"
    assert line.startswith("  2026-11-28 05:49 UTC until now: ")


def next_run(state: Path, suite: str, outcomes: dict[str, Outcome]) -> Run:
    """The run of a day after the newest one, compared with the history as at the end of a session."""
    newest = from_json(max((state / suite).iterdir()).read_text(encoding="utf-8"))
    stack = choose_stacks(load_stacks(ROOT / "stacks.toml"), ["sandbox"], ROOT)[0]
    said: list[str] = []
    run = SimpleNamespace(
        stacks=[stack], reports=state.parents[1], store=lambda stack: FolderStorage(state), untidy=said, tape=LIVE
    )
    told = with_past(cast("Any", run), ending(earlier(newest, -1), outcomes))
    assert said == []
    return told


def page_of(run: Run) -> str:
    return render(run, runbook=read_runbook(ROOT / "checks" / "RUNBOOK.md"), links={})


def test_the_next_morning_is_compared_with_it(state: Path) -> None:
    run = next_run(state, "daily", {SILENCED: Outcome.PASSED})
    (past,) = run.past
    assert (past.error, past.runs, past.missed) == ("", 3, ())
    assert [(one.check, one.state, one.day) for one in past.standings] == [
        (RINGING, "still", 3), (SILENCED, "recovered", 2),
    ]  # fmt: skip
    assert [value for _, value in past.numbers["passed"]] == [30, 29, 28]
    assert past.cost["seen"].startswith("2026-11-29T05:49:54")
    page = page_of(run)
    assert ">Sun 29 Nov, 05:49 UTC</time>, and 2 before it." in page
    assert "day 3, since <time " in page
    assert ">Sat 28 Nov, 05:49 UTC</time>" in page
    assert "Recovered (1)" in page


def test_the_next_week_is_made_of_it(state: Path) -> None:
    run = next_run(state, "weekly", {})
    (past,), (week,) = run.past, run.weeks
    assert [(one.check, one.state, one.day) for one in past.standings] == [(OLD_KEY, "still", 2)]
    assert (week["error"], week["ends"], [day["run"] for day in week["days"]]) == (
        "", "2026-11-30", [False, False, False, True, True, True, False],
    )  # fmt: skip
    assert [(one["check"], one["since"][:10], one["until"]) for one in week["failures"]] == [
        (RINGING, "2026-11-28", ""), (SILENCED, "2026-11-29", ""),
    ]  # fmt: skip
    assert "2 are open" in page_of(run)


def test_its_pages_are_made_again(state: Path) -> None:
    typed("report", "daily", "2026-11-29", "--out", "day.html")
    assert ">Sat 28 Nov, 05:49 UTC</time>" in Path("day.html").read_text(encoding="utf-8")
    typed("report", "weekly", "--week", "2026-W48", "--out", "week.html")
    assert "1 of 38 checks failed on sandbox" in Path("week.html").read_text(encoding="utf-8")
    max((state / "weekly").iterdir()).unlink()
    typed("report", "weekly", "--week", "2026-W48", "--out", "without.html")
    page = Path("without.html").read_text(encoding="utf-8")
    assert "there was one on 3 of 7 days" in page
    assert "2 are open" in page
