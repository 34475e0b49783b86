"""The summary of a job of GitHub's, and its annotations."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from opschecks.core.model import NOT_APPLICABLE
from opschecks.core.run import Run
from opschecks.hooks.github import SUMMARY_BYTES, pytest_terminal_summary
from opschecks.hooks.state import KEY
from tests.history.filed import F, P, ran

BAD = ran({"test_a": {f"arn:{n}": F for n in range(500)}})


def _told(run: Run | None, monkeypatch: pytest.MonkeyPatch, summary: str | None, actions: str = "true") -> list[str]:
    """What is printed at the end of such a run."""
    monkeypatch.setenv("GITHUB_ACTIONS", actions)
    if summary is None:
        monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    else:
        monkeypatch.setenv("GITHUB_STEP_SUMMARY", summary)
    lines: list[str] = []
    reporter = SimpleNamespace(write_line=lambda line, **_: lines.append(line))
    stash = pytest.Stash()
    stash[KEY] = cast("Any", SimpleNamespace(told=run))
    pytest_terminal_summary(reporter, cast("Any", SimpleNamespace(stash=stash)))
    return lines


@pytest.mark.parametrize(
    ("used", "whole"), [(None, True), (0, True), (SUMMARY_BYTES // 2, True), (SUMMARY_BYTES - 4000, False)]
)
def test_a_summary_leaves_room_for_what_others_wrote(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, used: int | None, whole: bool
) -> None:
    path = tmp_path / "summary.md"
    if used is not None:
        path.write_bytes(b"x" * used)
    lines = _told(BAD, monkeypatch, str(path))
    assert [line[:8] for line in lines] == ["::error "]
    written = path.read_bytes()
    assert written.startswith(b"x" * (used or 0))
    assert len(written) <= SUMMARY_BYTES
    told = written[used or 0 :].decode()
    assert "Action needed" in told
    rows = told.count("<code>the arn:")
    assert rows == 500 if whole else 0 < rows < 500
    assert ("left out here" in told) is not whole


@pytest.mark.parametrize("used", [SUMMARY_BYTES - 100, SUMMARY_BYTES, SUMMARY_BYTES + 5])
def test_a_summary_that_is_full_is_left_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, used: int) -> None:
    path = tmp_path / "summary.md"
    path.write_bytes(b"x" * used)
    said, annotation = _told(BAD, monkeypatch, str(path))
    assert said.startswith("the job summary could not be written: ")
    assert annotation.startswith("::error ")
    assert path.stat().st_size == used


def test_elsewhere_there_is_neither_summary_nor_annotation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "summary.md"
    for actions in ("", "false", "1"):
        assert _told(BAD, monkeypatch, str(path), actions=actions) == []
    assert _told(None, monkeypatch, str(path)) == []
    assert not path.exists()
    assert len(_told(BAD, monkeypatch, None)) == 1
    for bad in ("", str(tmp_path / "no" / "folder.md"), "\0"):
        assert _told(BAD, monkeypatch, None if "\0" in bad else bad)[-1].startswith("::error ")


def test_a_good_run_has_a_summary_and_no_annotation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "summary.md"
    assert _told(ran({"test_a": {"A": P}, "test_b": {}}), monkeypatch, str(path)) == []
    assert "All good" in path.read_text(encoding="utf-8")
    assert NOT_APPLICABLE not in path.read_text(encoding="utf-8")
