"""`opschecks report`: which run of which day or week is made again, and what is refused in one line."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from opschecks.cli.report import FORMS
from opschecks.history.storage import FolderStorage
from opschecks.report.runfile import to_json
from tests.cli.typed import HERE, opschecks, refused
from tests.clock import NOW, stop
from tests.history.filed import P, mornings, ran
from tests.mornings import earlier, file_all


def test_of_two_runs_of_a_day_the_newest_is_made(here: FolderStorage) -> None:
    file_all(here, [earlier(ran({"test_a": {"A": P}}), days) for days in (1, 1.1, 1.2, 0)])
    ended = opschecks("report", "daily", "2026-11-23", *HERE)
    assert ended.output == "report: reports/daily-2026-11-23T07-00-00Z.html\n"


@pytest.mark.parametrize(
    ("moment", "nearest"),
    [
        ("2026-11-25", "did you mean '2026-11-24'?"),
        ("yesterday", "known: 2026-11-23, 2026-11-24"),
        ("../../etc/passwd", "known: 2026-11-23, 2026-11-24"),
    ],
)
def test_a_day_without_a_run_names_those_that_have_one(here: FolderStorage, moment: str, nearest: str) -> None:
    file_all(here, mornings("PF"))
    line = refused(opschecks("report", "daily", moment, *HERE))
    assert line == f"{moment}: reports/history/here has no such daily run; days are those of UTC; {nearest}"


def _zoned(zone: str) -> None:
    Path("stacks.toml").write_text(f'[stacks.here]\nregion = "us-west-2"\ntime_zone = "{zone}"\n', encoding="utf-8")


def test_a_day_is_one_of_the_stack(here: FolderStorage) -> None:
    """07:00 UTC of the 24th is 23:00 of the 23rd in Los Angeles, and 20:00 of the 24th in Auckland."""
    file_all(here, [ran({"test_a": {"A": P}}), earlier(ran({"test_a": {"A": P}}), 0.5)])
    newest, older = "2026-11-24T07-00-00Z", "2026-11-23T19-00-00Z"
    wanted: dict[str, dict[str, str | None]] = {
        "UTC": {"2026-11-24": newest, "2026-11-23": older},
        "America/Los_Angeles": {"2026-11-23": newest, "2026-11-24": None},
        "Pacific/Auckland": {"2026-11-24": newest, "2026-11-23": None},
    }
    for zone, days in wanted.items():
        _zoned(zone)
        for day, moment in days.items():
            ended = opschecks("report", "daily", day, *HERE)
            if moment:
                assert ended.output == f"report: reports/daily-{moment}.html\n", zone
            else:
                assert f"has no such daily run; days are those of {zone}; " in refused(ended)
        ended = opschecks("report", "daily", "2026-11-24T07:00", *HERE)
        assert ended.output == f"report: reports/daily-{newest}.html\n", "a moment is that of the file"


@pytest.mark.parametrize("week", ["W99", "2026-W99", "2026-W00", "2026-47", "2026-W5", "last", "2025-W53"])
def test_what_is_no_week_is_refused_as_such(here: FolderStorage, week: str) -> None:
    line = refused(opschecks("report", "weekly", "--week", week, *HERE))
    assert line == f"--week {week}: expected YYYY-Www, a week such as 2026-W47"


def test_a_week_is_one_of_the_stack(here: FolderStorage) -> None:
    sunday = replace(ran({"test_a": {"A": P}}), suite="weekly", started=datetime(2026, 11, 22, 18, 0, tzinfo=UTC))
    file_all(here, [sunday])
    for zone, week, other in (("UTC", "2026-W47", "2026-W48"), ("Pacific/Auckland", "2026-W48", "2026-W47")):
        _zoned(zone)
        assert opschecks("report", "weekly", "--week", week, *HERE).exit_code == 0
        line = refused(opschecks("report", "weekly", "--week", other, *HERE))
        assert line.startswith(f"--week {other}: here has no run in it; weeks are those of {zone}; ")


@pytest.mark.parametrize("text", [b"{}", b"\xff\xfe", b"", b"[" * 9999])
def test_a_broken_run_file_of_the_day_before_costs_its_lines_and_is_named(here: FolderStorage, text: bytes) -> None:
    file_all(here, mornings("F"))
    path = here.root / "daily" / "2026-11-23T07-00-00.000000Z.json"
    path.write_bytes(text)
    for run in ("2026-11-24", "run.json"):
        Path("run.json").write_text(to_json(mornings("F")[0]), encoding="utf-8")
        ended = opschecks("report", "daily", run, *HERE)
        assert (ended.exit_code, ended.stdout) == (0, "report: reports/daily-2026-11-24T07-00-00Z.html\n")
        (line,) = ended.stderr.splitlines()
        assert line.startswith("reports/history/here/daily/2026-11-23T07-00-00.000000Z.json: ")
        assert line.endswith("; the charts lack the lines of that day; move the file away")


def test_a_folder_in_the_place_of_a_filed_run_is_one_line(here: FolderStorage) -> None:
    (here.root / "daily" / "2026-11-24T07-00-00.000000Z.json").mkdir(parents=True)
    assert "Is a directory" in refused(opschecks("report", "daily", "2026-11-24", *HERE))


@pytest.mark.parametrize("text", [b"\xff\xfe", b"[" * 99999, b"{}"])
def test_a_filed_run_of_strange_bytes_is_named(here: FolderStorage, text: bytes) -> None:
    here.create("daily/2026-11-24T07-00-00.000000Z.json", "")
    (here.root / "daily" / "2026-11-24T07-00-00.000000Z.json").write_bytes(text)
    line = refused(opschecks("report", "daily", "2026-11-24", *HERE))
    assert line.startswith("reports/history/here/daily/2026-11-24T07-00-00.000000Z.json: ")
    assert text != b"{}" or ": not a run file" in line


def test_a_stack_without_a_history_says_so(here: FolderStorage) -> None:
    line = refused(opschecks("report", "daily", "2026-11-24", *HERE))
    assert line == "2026-11-24: reports/history/here has no such daily run; days are those of UTC; there is none"
    assert refused(opschecks("report", "daily", "2026-11-24", "--stack", "her")).endswith("did you mean 'here'?")
    assert here.keys("daily") == []


NO_RUN: dict[str, tuple[bytes | None, str]] = {
    "missing.json": (None, "no such run file; for a day of the history, add --stack NAME"),
    "text.json": (b"hello", "not a run file: JSONDecodeError"),
    "empty.json": (b"", "not a run file: JSONDecodeError"),
    "list.json": (b"[]", "not a run file: TypeError"),
    "object.json": (b"{}", "not a run file: KeyError: 'format'"),
    "newer.json": (b'{"format": 99}', "its format is 99, and this version reads 1"),
    "short.json": (b'{"format": 1, "suite": "daily"}', "not a run file: KeyError"),
    "binary.json": (b"\xff\xfe", "cannot be read: 'utf-8' codec"),
    "junit.xml": (b"<testsuites/>", "not a run file: JSONDecodeError"),
}


@pytest.mark.parametrize("command", [("daily",), ("publish", "--to", "out")], ids=["daily", "publish"])
@pytest.mark.parametrize("name", NO_RUN)
def test_what_is_no_run_file_is_one_line(here: FolderStorage, name: str, command: tuple[str, ...]) -> None:
    text, message = NO_RUN[name]
    if text is not None:
        Path(name).write_bytes(text)
    line = refused(opschecks("report", command[0], name, *command[1:]))
    assert line.startswith(f"{name}: ")
    assert message in line
    assert not Path("out").exists()
    assert not here.root.exists()


def test_a_folder_is_no_run_file(here: FolderStorage) -> None:
    here.root.mkdir(parents=True)
    assert refused(opschecks("report", "daily", "reports")).startswith("reports: cannot be read: ")


def test_with_a_runbook_that_cannot_be_read_there_is_no_page(here: FolderStorage) -> None:
    file_all(here, mornings("F"))
    Path("checks/RUNBOOK.md").write_bytes(b"## \xff\n")
    line = refused(opschecks("report", "daily", "2026-11-24", *HERE))
    assert "checks/RUNBOOK.md: cannot be read" in line
    assert "run it in the folder that has checks/" in line


def test_a_format_that_does_not_exist_names_those_that_do(here: FolderStorage) -> None:
    ended = opschecks("report", "daily", "--format", "docx")
    assert ended.exit_code == 2
    assert all(form in ended.stderr for form in FORMS)
    assert not here.root.exists()


def test_a_page_that_cannot_be_written_is_one_line(here: FolderStorage) -> None:
    file_all(here, mornings("F"))
    line = refused(opschecks("report", "daily", "2026-11-24", *HERE, "--out", "stacks.toml/page.html"))
    assert line.startswith("stacks.toml/page.html: cannot be written: ")


@pytest.mark.parametrize("more", [(), ("gone.json",)], ids=["the newest", "a named one"])
def test_without_a_weekly_run_the_week_of_the_history_is_named(
    here: FolderStorage, more: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    stop(monkeypatch)
    line = refused(opschecks("report", "weekly", *more))
    assert line.endswith(f"no such run file; for a week of the history, add --week {NOW:%G-W%V}")
