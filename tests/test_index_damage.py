"""An index is a copy: whatever happens to its file, the same answers come from the run files, and one line says so."""

from __future__ import annotations

import json
import multiprocessing
import random
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import opschecks.index
from opschecks.cli import main
from opschecks.hooks.past import with_past
from opschecks.index import Index, Indexed, IndexFileError
from opschecks.report.runfile import to_json
from opschecks.store import Folder
from tests.mornings import file_all
from tests.scratch import Project
from tests.test_history import F, P, W, _session, mornings, ran

HERE = ("--stack", "here")
MANY = mornings("PFWB.NxF" * 7)


@pytest.fixture(scope="module")
def filed(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """Eight weeks of mornings, each of forty checks."""
    store = Folder(tmp_path_factory.mktemp("filed"))
    good = {f"test_number_{number}": {f"arn:thing-{number}": P} for number in range(40)}
    rest = ran({**good, "test_w": {f"arn:{number}": W for number in range(10)}})
    file_all(
        store,
        [replace(run, checks=run.checks + rest.checks, findings=run.findings + rest.findings) for run in MANY],
    )
    return store


@pytest.fixture(scope="module")
def whole(filed: Folder, tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, list[Indexed]]:
    """The file of an index, and what it answers."""
    index = Index(tmp_path_factory.mktemp("whole") / "index.sqlite")
    index.follow(filed, "daily")
    return index.path.read_bytes(), index.runs("daily")


def _zeros(raw: bytes, chance: random.Random) -> bytes:
    at, length = chance.randrange(len(raw)), chance.choice((1, 16, 512, 4096, 20_000))
    return (raw[:at] + bytes(length) + raw[at + length :])[: len(raw)]


def _noise(raw: bytes, chance: random.Random) -> bytes:
    at, length = chance.randrange(len(raw)), chance.choice((1, 2, 16, 512, 4096))
    return (raw[:at] + chance.randbytes(length) + raw[at + length :])[: len(raw)]


def _bit(raw: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(raw))
    return raw[:at] + bytes([raw[at] ^ 1 << chance.randrange(8)]) + raw[at + 1 :]


def _page(raw: bytes, chance: random.Random) -> bytes:
    """A page in the place of another one."""
    pages = [raw[at : at + 4096] for at in range(0, len(raw), 4096)]
    pages[chance.randrange(len(pages))] = chance.choice(pages)
    return b"".join(pages)


def _cut(raw: bytes, chance: random.Random) -> bytes:
    return raw[: chance.randrange(len(raw))]


@pytest.mark.parametrize("damage", [_zeros, _noise, _bit, _page, _cut])
@pytest.mark.parametrize("seed", range(8))
def test_whatever_is_damaged_the_answers_are_the_same(
    tmp_path: Path,
    filed: Folder,
    whole: tuple[bytes, list[Indexed]],
    damage: Callable[[bytes, random.Random], bytes],
    seed: int,
) -> None:
    raw, told = whole
    said: list[str] = []
    index = Index(tmp_path / "index.sqlite", said.append)
    index.path.write_bytes(damage(raw, random.Random(seed)))
    read = index.follow(filed, "daily")
    assert index.runs("daily") == told
    assert len(said) <= 1
    assert said or read in (0, len(told)), "what was made anew was said, but for a file that was empty"
    if said:
        assert said[0].startswith(f"{index.path}: ")
        assert said[0].endswith("; it is made anew from the newest run files, which it is a copy of")
        assert Index(index.path).runs("daily") == told, "and it is whole again"


@pytest.mark.parametrize("between", ["follow and runs", "runs and runs"])
def test_what_is_damaged_between_two_questions_is_answered_all_the_same(
    tmp_path: Path, filed: Folder, whole: tuple[bytes, list[Indexed]], between: str
) -> None:
    index = Index(tmp_path / "index.sqlite")
    index.follow(filed, "daily")
    if between == "runs and runs":
        index.runs("daily")
    for broken in (b"hello", whole[0][:5000] + bytes(30_000) + whole[0][35_000:], None):
        if broken is None:
            index.path.unlink()
        else:
            index.path.write_bytes(broken)
        assert index.runs("daily") == whole[1]


def test_a_leftover_journal_of_a_file_that_is_gone_is_not_played_into_the_new_one(
    tmp_path: Path, filed: Folder, whole: tuple[bytes, list[Indexed]]
) -> None:
    index = Index(tmp_path / "index.sqlite")
    index.path.write_bytes(b"hello")
    database = sqlite3.connect(tmp_path / "other.sqlite", isolation_level=None)
    database.execute("CREATE TABLE t (a)")
    database.execute("BEGIN IMMEDIATE")
    database.execute("INSERT INTO t VALUES (1)")
    (tmp_path / "index.sqlite-journal").write_bytes((tmp_path / "other.sqlite-journal").read_bytes())
    database.close()
    index.follow(filed, "daily")
    assert index.runs("daily") == whole[1]


ODD: dict[str, dict[str, Any]] = {
    "a number that is none": {"numbers": {"CPU": float("nan"), "5xx": 1.0, "p95": float("inf"), "zero": -0.0}},
    "an exit code that is no number": {"exit_code": "1"},
    "an exit code in halves": {"exit_code": 1.0},
    "an exit code that is true": {"exit_code": True},
    "an exit code as long as a line": {"exit_code": 10**40},
    "half a character": {"verdict": {"word": "\ud800"}},
    "a NUL in a text": {"verdict": {"word": "a\0b"}},
    "no state": {"state": ""},
}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_what_a_strange_run_file_says_is_kept_or_not_and_never_taken_for_damage(
    tmp_path: Path, odd: dict[str, Any]
) -> None:
    store = Folder(tmp_path / "state")
    said: list[str] = []
    before, now = mornings("FF")
    file_all(store, [before])
    store.create("daily/2026-11-24T07-00-00.000000Z.json", json.dumps({**json.loads(to_json(now)), **odd}))
    index = Index(tmp_path / "index.sqlite", said.append)
    assert index.follow(store, "daily") == 2
    known = index.runs("daily")
    assert known[-1].started == before.started
    assert index.follow(store, "daily") == 0
    assert index.runs("daily") == known
    assert said == []


def _remakes(barrier: Any, path: Path, state: Path, answers: Any) -> None:
    index = Index(path)
    barrier.wait(30)
    index.follow(Folder(state), "daily")
    answers.put([run.key for run in index.runs("daily")])


@pytest.mark.parametrize("broken", [b"hello", b"\0" * 50_000, None], ids=["text", "zeros", "middle"])
def test_processes_that_make_it_anew_at_once_all_get_their_answers(
    tmp_path: Path, filed: Folder, whole: tuple[bytes, list[Indexed]], broken: bytes | None
) -> None:
    raw, told = whole
    context = multiprocessing.get_context("fork")
    for _ in range(3):
        path = tmp_path / "index.sqlite"
        path.write_bytes(broken or raw[:8192] + bytes(40_000) + raw[48_192:])
        barrier, answers = context.Barrier(6), context.Queue()
        started = [context.Process(target=_remakes, args=(barrier, path, filed.root, answers)) for _ in range(6)]
        for process in started:
            process.start()
        got = [answers.get(timeout=60) for _ in started]
        for process in started:
            process.join(60)
        assert [process.exitcode for process in started] == [0] * len(started)
        assert got == [[run.key for run in told]] * len(started)
        with sqlite3.connect(path) as database:
            assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        database.close()


# as people meet it


@pytest.fixture
def here(project: Project, monkeypatch: pytest.MonkeyPatch) -> Folder:
    """The state of a stack without any AWS; commands are typed in its folder."""
    monkeypatch.chdir(project.folder)
    return Folder(project.folder / "reports" / "history" / "here")


def typed(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments, catch_exceptions=False)


@pytest.mark.parametrize("command", [("list",), ("check", "test_a")], ids=["list", "check"])
def test_a_command_says_in_one_line_that_it_made_the_index_anew(here: Folder, command: tuple[str, ...]) -> None:
    file_all(here, mornings("PFF" * 10))
    right = typed("history", *command, *HERE)
    assert right.stderr == ""
    path = here.root / "index.sqlite"
    raw = path.read_bytes()
    path.write_bytes(raw[:4096] + bytes(len(raw) - 4096))
    ended = typed("history", *command, *HERE)
    assert (ended.exit_code, ended.stdout) == (0, right.stdout)
    (line,) = ended.stderr.splitlines()
    assert line.startswith("reports/history/here/index.sqlite: ")
    assert typed("history", *command, *HERE).stderr == ""


def test_a_morning_says_it_at_its_end(project: Project) -> None:
    project.checks('''
        @promise("a")
        def test_things(things, examine):
            """Why."""
            for one in things:
                with examine(one):
                    assert one.name != "b", "it is b"
    ''')
    assert project.run("checks/daily").code == 1
    path = project.folder / "reports" / "history" / "here" / "index.sqlite"
    raw = path.read_bytes()
    path.write_bytes(raw[:4096] + bytes(len(raw) - 4096))
    ended = project.run("checks/daily")
    assert ended.code == 1
    (line,) = [line for line in ended.out.splitlines() if "it is made anew" in line]
    assert f"{path}: " in line
    (past,) = project.told()["past"]
    assert (past["error"], past["runs"], past["standings"][0]["state"]) == ("", 1, "still")


def _folder_in_its_place(path: Path) -> None:
    path.mkdir(parents=True)


def _file_in_the_place_of_its_folder(path: Path) -> None:
    path.parent.parent.mkdir(parents=True)
    path.parent.write_text("mine")


@pytest.mark.parametrize("command", [("list",), ("check", "test_a"), ("rebuild",)], ids=["list", "check", "rebuild"])
@pytest.mark.parametrize("broken", [_folder_in_its_place, _file_in_the_place_of_its_folder])
def test_an_index_that_cannot_be_opened_is_one_line_with_the_next_step(
    project: Project, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...], broken: Callable[[Path], None]
) -> None:
    monkeypatch.chdir(project.folder)
    state = project.folder / "elsewhere"
    toml = (project.folder / "stacks.toml").read_text(encoding="utf-8")
    project.write("stacks.toml", f'{toml}state = "elsewhere"\n')
    file_all(Folder(state / "here"), mornings("PF"))
    broken(project.folder / "reports" / "history" / "here" / "index.sqlite")
    ended = typed("history", *command, *HERE)
    assert (ended.exit_code, ended.stdout) == (1, "")
    (line,) = ended.stderr.splitlines()
    assert line.startswith("Error: reports/history/here/index.sqlite: the index cannot be used: ")
    assert "move away what lies there" in line


@pytest.mark.parametrize(
    ("message", "code", "said"),
    [
        ("attempt to write a readonly database", sqlite3.SQLITE_READONLY, "give this user the right to write it"),
        ("unable to open database file", sqlite3.SQLITE_CANTOPEN, "give this user the right to write it"),
        ("database or disk is full", sqlite3.SQLITE_FULL, "database or disk is full"),
        ("disk I/O error", sqlite3.SQLITE_IOERR_WRITE, "disk I/O error"),
        ("database is locked", sqlite3.SQLITE_BUSY, "another process has held it for 30 s; try again"),
    ],
)
def test_what_is_no_damage_deletes_nothing_and_is_said(
    tmp_path: Path, filed: Folder, monkeypatch: pytest.MonkeyPatch, message: str, code: int, said: str
) -> None:
    index = Index(tmp_path / "index.sqlite")
    index.follow(filed, "daily")
    before = index.path.read_bytes()

    def refuse(*_: Any) -> Any:
        error = sqlite3.OperationalError(message)
        error.sqlite_errorcode = code
        raise error

    monkeypatch.setattr(opschecks.index, "rows_of", refuse)
    with pytest.raises(IndexFileError, match=said):
        index.runs("daily")
    assert index.path.read_bytes() == before
    (past,) = with_past(_session(tmp_path, filed), ran({"test_a": {"A": F}})).past
    assert said in past.error
