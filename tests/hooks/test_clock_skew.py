"""A run whose clock differs from AWS's own, end to end: said, or blind, in the terminal, the page and the run file."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.scratch import Project

STOPPED = """\
from datetime import UTC, datetime

from opschecks.core import clock

pytest_plugins = ["opschecks"]
clock._read = lambda: datetime.fromisoformat("{}")
"""
NTP = "set it by NTP (timedatectl set-ntp true), then run again"


def with_a_clock(folder: Path, ahead: timedelta) -> Project:
    """A project whose product's clock stands still, some time beside that of the emulator's answers."""
    project = Project.of_the_checks(folder)
    project.write("conftest.py", STOPPED.format(datetime.now(UTC) + ahead))
    return project


@pytest.mark.parametrize("workers", [(), ("-n1",)], ids=["one process", "workers"])
def test_a_clock_that_is_an_hour_behind_blinds_everything_that_asks_aws(tmp_path: Path, workers: tuple[str]) -> None:
    project = with_a_clock(tmp_path, -timedelta(hours=1))
    ended = project.run("checks/daily", *workers)
    outcomes = project.outcomes()
    why = [one["message"] for one in project.told()["checks"] if one["outcome"] == "blind"]
    assert "failed" not in outcomes.values()
    assert outcomes["test_no_alarm_is_ringing"] == outcomes["test_tables_are_not_throttled"] == "blind"
    # what the web answers needs no clock of AWS
    assert outcomes["test_dashboards_show_their_pages"] == "passed"
    assert ended.code == 10
    assert [one for one in why if " min behind AWS's, so that nothing can be said of times and ages" not in one] == []
    assert NTP in ended.out
    assert NTP in project.page()
    assert project.told()["calls"] == 1


def test_minutes_are_said_and_nothing_is_blind(tmp_path: Path) -> None:
    project = with_a_clock(tmp_path, timedelta(minutes=3))
    project.run("checks/daily", "-k", "dashboards_show or alarm_is_ringing")
    assert "blind" not in project.outcomes("daily-partial.json").values()
    [note] = project.told("daily-partial.json")["notes"]
    assert note["stack"] == "sandbox"
    assert note["text"].endswith(f"ahead of AWS's; beyond 5 min nothing is checked: {NTP}")
    assert note["text"].replace("'", "&#39;") in project.page("daily-partial.html")
