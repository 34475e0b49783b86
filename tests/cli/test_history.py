"""`opschecks history` and `opschecks journal`: what is listed, refused and rebuilt, and how changes are undone."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from opschecks.history.journal import BEGUN, CURED, HANDED_OVER, ROLLED_BACK, SENT, Journal
from opschecks.history.storage import FolderStorage
from opschecks.history.summaries import COMPARED
from tests.changes import change
from tests.cli.typed import HERE, NO_FILE, opschecks, refused
from tests.history.filed import P, mornings, ran
from tests.mornings import earlier, file_all


def test_history_lists_the_newest_runs_with_their_verdicts(here: FolderStorage) -> None:
    assert opschecks("history", "list", *HERE).output == "no daily run of here yet\n"
    file_all(here, mornings("PF_BN"))
    shown = opschecks("history", "list", *HERE)
    assert (shown.exit_code, shown.stderr) == (0, "")
    assert shown.stdout.splitlines() == [
        "2026-11-24T07:00:00+00:00  Not everything could be checked: 0 failed, 0 could not look, of 2",
        "2026-11-23T07:00:00+00:00  Not everything could be checked: 0 failed, 1 could not look, of 2",
        "2026-11-21T07:00:00+00:00  Action needed: 1 failed, 0 could not look, of 2",
        "2026-11-20T07:00:00+00:00  All good: 0 failed, 0 could not look, of 2",
    ]
    rows = json.loads(opschecks("history", "list", *HERE, "--format", "json").stdout)
    assert [row["verdict"] for row in rows] == [line.split("  ")[1].split(":")[0] for line in shown.stdout.splitlines()]
    assert [(row["failed"], row["could_not_look"], row["checks"]) for row in rows] == [
        (0, 0, 2), (0, 1, 2), (1, 0, 2), (0, 0, 2),
    ]  # fmt: skip
    assert len(json.loads(opschecks("history", "list", *HERE, "--most", "1", "--format", "json").stdout)) == 1
    assert opschecks("history", "list", *HERE, "--suite", "weekly").output == "no weekly run of here yet\n"


def test_history_tells_when_a_check_was_bad(here: FolderStorage) -> None:
    file_all(here, mornings("PFFPBFNF"))
    ended = opschecks("history", "check", "test_a", *HERE)
    assert ended.output.splitlines() == [
        "test_a: failed in 4 of 8 runs",
        "  2026-11-18 07:00 to 2026-11-20 07:00 UTC: the A",
        "  2026-11-22 07:00 UTC until now: the A",
    ]
    assert opschecks("history", "check", "test_z", *HERE).output == "test_z: failed in 0 of 8 runs\n"


def test_history_tells_of_every_run_and_of_a_file_that_is_none(here: FolderStorage) -> None:
    file_all(here, [earlier(ran({"test_old": {"A": P}}), 90), *mornings("P" * (COMPARED + 1))])
    here.replace("daily/notes.txt", "mine")
    assert opschecks("history", "check", "test_old", *HERE).output == "test_old: failed in 0 of 1 run\n"
    assert opschecks("history", "check", "test_a", *HERE).output == f"test_a: failed in 0 of {COMPARED + 1} runs\n"
    stray = "daily/2026-10-01T08-00-00.000000Z.json"
    here.replace(stray, "mine")
    for command in (("check", "test_a"), ("list", "--most", "100"), ("list", "--most", "100", "--format", "json")):
        ended = opschecks("history", *command, *HERE)
        (line,) = ended.stderr.splitlines()
        assert line.startswith(f"reports/history/here/{stray}: not a run file")
        assert line not in ended.stdout
    assert opschecks("history", "list", *HERE).stderr == "", "it is older than what is listed"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("check", "test_aa", *HERE), "test_aa: no such check in the daily runs of here; did you mean 'test_a'?"),
        (
            ("check", "test_a", *HERE, "--suite", "weekly"),
            "test_a: no such check in the weekly runs of here; there is none",
        ),
        (("list", *HERE, "--suite", "dayly"), "--suite dayly: no such suite; did you mean 'daily'?"),
        (("list", "--stack", "her"), "--stack her: stacks.toml has no such stack; did you mean 'here'?"),
        (("rebuild", "--stack", "her"), "--stack her: stacks.toml has no such stack; did you mean 'here'?"),
        (("list", *HERE, "--stacks", "no.toml"), f"no.toml: {NO_FILE}"),
    ],
)
def test_what_history_does_not_know_names_what_it_knows(
    here: FolderStorage, arguments: tuple[str, ...], message: str
) -> None:
    file_all(here, mornings("PF"))
    assert refused(opschecks("history", *arguments)) == message


def test_a_rebuilt_history_has_every_run(here: FolderStorage) -> None:
    runs = mornings("F" * (COMPARED + 5))
    keys = file_all(here, [*runs, *(replace(run, suite="weekly") for run in runs[:3])])
    opschecks("history", "list", *HERE)
    summary = here.root / "summaries" / keys[COMPARED]
    summary.write_text(summary.read_text().replace("failed", "passed"))
    (summary.parent / "2020-01-01T00-00-00.000000Z.json").write_text("left behind")
    assert f"of {COMPARED + 5} runs" in opschecks("history", "check", "test_a", *HERE).output
    ended = opschecks("history", "rebuild", *HERE)
    assert (ended.exit_code, ended.stdout) == (0, f"reports/history/here/summaries: {COMPARED + 8} runs of here\n")
    assert ended.stderr == f"  daily: {COMPARED + 5} run files read\n  weekly: 3 run files read\n"
    assert {f"daily/{path.name}" for path in summary.parent.iterdir()} == set(keys[:-3])
    rows = json.loads(opschecks("history", "list", *HERE, "--most", "1000", "--format", "json").stdout)
    assert [row["began"] for row in rows] == [run.started.isoformat(timespec="seconds") for run in runs[::-1]]
    assert opschecks("history", "check", "test_a", *HERE).output.startswith(
        f"test_a: failed in {COMPARED + 5} of {COMPARED + 5} runs\n"
    )
    assert len(here.keys("daily")) == COMPARED + 5


def test_summaries_that_cannot_be_deleted_are_one_line(here: FolderStorage) -> None:
    file_all(here, mornings("PF"))
    (here.root / "summaries").write_text("mine")
    line = refused(opschecks("history", "rebuild", *HERE))
    assert line == "reports/history/here/summaries cannot be deleted: Not a directory"
    assert len(opschecks("history", "list", *HERE).stdout.splitlines()) == 2


ENDS = {
    "a change that helped": ((SENT, CURED), False, "undo it: opschecks undo {id} --stack here"),
    "one that was handed over": ((SENT, HANDED_OVER), False, "undo it: opschecks undo {id} --stack here"),
    "one-way": ((SENT, CURED), True, "it cannot be undone"),
    "rolled back": ((SENT, ROLLED_BACK), False, "nothing to undo: it was rolled back"),
    "of which nothing is known": ((), False, "it is not known whether it was sent"),
}


@pytest.mark.parametrize(("events", "one_way", "said"), ENDS.values(), ids=ENDS)
def test_each_entry_says_how_it_is_undone(
    here: FolderStorage, events: tuple[str, ...], one_way: bool, said: str
) -> None:
    log = Journal(here)
    entry = log.begin(change(one_way=one_way))
    for event in events:
        entry = log.add(entry, event)
    *_, last = opschecks("journal", *HERE).stdout.splitlines()
    assert last.strip().startswith(said.format(id=entry.id))
    assert entry.lines[0].event == BEGUN


def test_what_was_undone_has_no_command_any_more(here: FolderStorage) -> None:
    log = Journal(here)
    entry = log.add(log.add(log.begin(change()), SENT), CURED)
    log.add(log.begin(change(), undoes=entry.id), CURED)
    printed = opschecks("journal", *HERE).stdout
    assert "it was undone" in printed
    assert f"opschecks undo {entry.id}" not in printed
