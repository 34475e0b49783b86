"""opschecks recording and backtest: what they show, write and refuse."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.recording.test_replay import record
from tests.scratch import Project


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with a raw and a scrubbed recording of a healthy day, and a scrubbed one of a bad one."""
    project = Project.of_the_checks(tmp_path_factory.mktemp("recorded"))
    for name, fault in (("healthy", ()), ("broken", ("alarm_is_ringing",))):
        record(project, "daily", "--record-raw", faults=fault)
        (project.folder / "it.rec").rename(project.folder / f"{name}.rec")
        assert project.opschecks("recording", "scrub", f"{name}.rec", f"days/{name}.rec").code == 0
    return project


def test_show_tells_what_it_is_of(recorded: Project) -> None:
    told = recorded.opschecks("recording", "show", "broken.rec").out
    for part in ("daily checks, recorded 20", "RAW", "sandbox (us-west-2)", "opschecks 0.", "1 failed", "0 errors"):
        assert part in told
    assert "     2  cloudwatch:DescribeAlarms" in told
    facts = json.loads(recorded.opschecks("recording", "show", "days/broken.rec", "--format=json").out)
    assert (facts["suite"], facts["scrubbed"], facts["outcomes"]["failed"]) == ("daily", True, 1)


def test_diff_names_calls_and_places(recorded: Project) -> None:
    assert recorded.opschecks("recording", "diff", "broken.rec", "broken.rec").out == "no difference but moments\n"
    told = recorded.opschecks("recording", "diff", "healthy.rec", "broken.rec").out
    assert 'StateValue: "OK" -> "ALARM"' in told


def test_scrub_refuses_what_is_scrubbed_and_what_exists(recorded: Project) -> None:
    again = recorded.opschecks("recording", "scrub", "days/healthy.rec")
    assert (again.code, "it is scrubbed already" in again.err) == (1, True)
    there = recorded.opschecks("recording", "scrub", "healthy.rec", "days/healthy.rec")
    assert (there.code, "the file exists" in there.err) == (1, True)


@pytest.mark.parametrize("command", ["show", "scrub", "test"])
def test_what_is_no_recording_is_told_in_one_line(recorded: Project, command: str) -> None:
    for file in ("stacks.toml", "none"):
        done = recorded.opschecks("recording", command, file)
        assert (done.code, len(done.err.strip().splitlines())) == (1, 1), done.all
        assert file in done.err


def test_a_case_is_made_of_a_scrubbed_recording_and_passes_until_a_check_ends_otherwise(recorded: Project) -> None:
    raw = recorded.opschecks("recording", "test", "broken.rec")
    assert (raw.code, "opschecks recording scrub" in raw.err) == (1, True)
    made = recorded.opschecks("recording", "test", "days/broken.rec").ends(0)
    case = Path(made.out.partition(":")[0])
    assert recorded.run_fresh(str(case)).code == 0
    file = recorded.folder / case
    file.write_text(file.read_text().replace('"failed"', '"passed"'))
    assert recorded.run_fresh(str(case)).code == 1


def test_backtest_says_on_which_days_a_check_would_have_failed(recorded: Project) -> None:
    done = recorded.opschecks("backtest", "test_no_alarm_is_ringing", "--recordings", "days").ends(0)
    first, second, last = done.out.splitlines()
    assert ("passed" in first, "failed" in second) == (True, True)
    assert last == "test_no_alarm_is_ringing: 2 recordings: 1 failed, 1 passed"


def test_backtest_of_an_unknown_check_or_of_no_recording(recorded: Project, tmp_path: Path) -> None:
    unknown = recorded.opschecks("backtest", "test_no_alarm_is_ringin", "--recordings", "days")
    assert (unknown.code, "did you mean 'test_no_alarm_is_ringing'" in unknown.err) == (1, True)
    nothing = recorded.opschecks("backtest", "test_no_alarm_is_ringing", "--recordings", str(tmp_path))
    assert (nothing.code, "0 recordings: none of daily checks" in nothing.out) == (10, True)


def test_help_teaches(recorded: Project) -> None:
    told = recorded.opschecks("recording", "--help").out
    assert "pytest checks/daily --replay monday.rec" in told
    assert "on which days" in recorded.opschecks("backtest", "--help").out
