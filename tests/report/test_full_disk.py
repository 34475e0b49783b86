"""Where no byte can be written any more, nothing of another day stays: deleting needs no space."""

from __future__ import annotations

import errno
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from opschecks.hooks import account
from opschecks.report import files
from opschecks.report.files import SUFFIXES, RunFiles, write_no_run
from opschecks.report.runfile import to_json
from tests.exported import NOW, made, ran


def _of_yesterday(reports: Path) -> RunFiles:
    place = RunFiles(reports, "daily")
    for link in (place.page.name, *place.links.values()):
        (reports / link).write_text("all is well, said yesterday", encoding="utf-8")
    return place


def _listed(reports: Path) -> list[str]:
    return sorted(path.name for path in reports.iterdir())


@pytest.mark.parametrize("keep", [False, True])
def test_a_full_disk_keeps_nothing_of_yesterday(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keep: bool) -> None:
    def full(path: Path, text: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    place = _of_yesterday(tmp_path)
    monkeypatch.setattr(files, "write_whole", full)
    write_no_run(place, NOW, "no space", keep_run_file=keep)
    assert _listed(tmp_path) == (["daily.json"] if keep else [])


def test_what_is_deleted_first_makes_the_room_for_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[tuple[str, list[str]]] = []
    place = _of_yesterday(tmp_path)
    monkeypatch.setattr(files, "write_whole", lambda path, text: found.append((path.name, _listed(tmp_path))))
    write_no_run(place, NOW, "no space")
    assert found == [("daily.html", ["daily.html", "daily.svg"]), ("daily.svg", ["daily.html", "daily.svg"])]


@pytest.mark.parametrize("stuck", ["daily.html", *(f"daily{suffix}" for suffix in SUFFIXES.values())])
def test_one_file_that_cannot_go_leaves_no_other(tmp_path: Path, stuck: str) -> None:
    place = _of_yesterday(tmp_path)
    (tmp_path / stuck).unlink()
    (tmp_path / stuck / "in the way").mkdir(parents=True)
    write_no_run(place, NOW, "no space")
    assert "all is well" not in "".join(path.read_text() for path in tmp_path.iterdir() if path.is_file())


@pytest.mark.parametrize("days", [0, 1])
def test_only_the_run_file_of_this_run_stays_where_the_others_cannot_be_written(tmp_path: Path, days: int) -> None:
    place = _of_yesterday(tmp_path)
    there = replace(ran(made("a", "passed")), started=NOW - timedelta(days=days))
    (tmp_path / "daily.json").write_text(to_json(there), encoding="utf-8")
    run: Any = SimpleNamespace(place=place, started=NOW, cannot_write=str)

    def full() -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    account._guarded(run, full)
    assert _listed(tmp_path) == ["daily.html", *(["daily.json"] if days == 0 else []), "daily.svg"]
    assert "all is well" not in "".join(path.read_text(encoding="utf-8") for path in tmp_path.iterdir())
