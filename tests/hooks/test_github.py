"""GitHub: the summary of a job, and annotations, one command each, no more than are shown."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from opschecks.core.model import NOT_APPLICABLE, Severity
from opschecks.core.run import Run
from opschecks.hooks.github import SUMMARY_BYTES, pytest_terminal_summary
from opschecks.hooks.state import KEY
from opschecks.report.exports.annotations import LIMIT, LONGEST_MESSAGE, to_annotations
from tests.exported import RUNS, changed, each_run, made, of, ran, understood
from tests.history.filed import F, P
from tests.history.filed import ran as morning

BAD = morning({"test_a": {f"arn:{n}": F for n in range(500)}})


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
    assert _told(morning({"test_a": {"A": P}, "test_b": {}}), monkeypatch, str(path)) == []
    assert "All good" in path.read_text(encoding="utf-8")
    assert NOT_APPLICABLE not in path.read_text(encoding="utf-8")


@each_run
def test_every_annotation_is_one_command(run: Run) -> None:
    read = [understood(line) for line in to_annotations(run)]
    assert {command for command, _, _ in read} <= {"error", "warning"}
    assert all(set(properties) <= {"file", "title"} for _, properties, _ in read)


def test_an_annotation_says_what_and_where() -> None:
    check = replace(made("a", "failed"), nodeid="checks/a,b:c%/test_x.py::test_a[production]", failing="50%: a, b")
    run = ran(check, made("b", "blind", message="no permission"), findings=(of(check, message="100%\r\n::x:: a,b"),))
    assert [understood(line) for line in to_annotations(run)] == [
        (
            "error",
            {"file": "checks/a,b:c%/test_x.py", "title": "high: 50%: a, b"},
            "test_a-0: 100% ::x:: a,b (daily.html#production-a)",
        ),
        (
            "warning",
            {"file": "checks/daily/test_area.py", "title": "high: could not look: b"},
            "no permission (daily.html#production-b)",
        ),
    ]
    assert to_annotations(run)[0] == (
        "::error file=checks/a%2Cb%3Ac%25/test_x.py,title=high%3A 50%25%3A a%2C b::"
        "test_a-0: 100%25 ::x:: a,b (daily.html#production-a)"
    )


def test_an_annotation_is_no_novel() -> None:
    for line in to_annotations(RUNS["hostile"]):
        assert len(understood(line)[2]) <= LONGEST_MESSAGE


def test_no_more_annotations_than_github_shows() -> None:
    checks = [made(f"f{n}", "failed", Severity.LOW) for n in range(25)]
    checks += [made(f"b{n}", "blind", message=f"no answer of {n}") for n in range(LIMIT)]
    checks += [made("worst", "failed", Severity.CRITICAL)]
    read = [understood(line) for line in to_annotations(ran(*checks))]
    errors = [properties["title"] for command, properties, _ in read if command == "error"]
    warnings = [properties["title"] for command, properties, _ in read if command == "warning"]
    assert len(errors) == len(warnings) == 10
    assert errors[0] == "critical: The worst is bad"
    assert errors[-1] == "and 17 more"
    assert "more" not in warnings[-1]


def test_thousands_of_resources_are_one_annotation() -> None:
    first, second = to_annotations(RUNS["many"])
    assert understood(first)[2].startswith("test_severe-1, test_severe-2, test_severe-3 and 8997 more: € 1 |")
    assert understood(second)[1]["title"] == "low: The lesser is bad"


def test_a_good_run_has_no_annotation_and_one_that_is_not_whole_has() -> None:
    good = ran(made("a", "passed"), made("b", "waived"))
    assert to_annotations(good) == []
    for run in (replace(good, state="stopped"), replace(good, state="unfinished"), ran()):
        [line] = to_annotations(run)
        assert understood(line)[0] == "warning"


def test_what_could_not_be_taken_back_is_the_first_error() -> None:
    run = replace(ran(made("a", "failed", Severity.CRITICAL)), changes=(changed("roll-back failed"),))
    first, *_ = to_annotations(run)
    assert understood(first)[:2] == ("error", {"title": "could not be rolled back: switch"})
