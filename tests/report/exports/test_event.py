"""The event for EventBridge: one entry that PutEvents takes, whatever the run."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from opschecks.core.change import Request
from opschecks.core.run import Run
from opschecks.report.exports.asff import to_asff
from opschecks.report.exports.csv_findings import to_csv
from opschecks.report.exports.event import LARGEST, to_event, to_text
from tests.canned import fits
from tests.exported import KEY, RUNS, made, ran, worst
from tests.report.situations import FAULTS, SERVICE, morning, thousand


def taken(run: Run, **more: str) -> dict[str, Any]:
    """The detail of the run's event, which EventBridge takes."""
    entry = to_event(run, **more)
    fits(Request("events", "PutEvents", {"Entries": json.loads(to_text(entry))}))
    assert 14 + len((entry["Source"] + entry["DetailType"] + entry["Detail"]).encode()) + sum(
        len(one.encode()) for one in entry["Resources"]
    ) < len(json.dumps(entry, ensure_ascii=False).encode()) < LARGEST  # fmt: skip
    assert not entry["Source"].startswith("aws.")
    assert len(entry["DetailType"]) <= 128
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", entry["Time"])
    detail: dict[str, Any] = json.loads(entry["Detail"])
    return detail


@pytest.mark.parametrize("run", [run for name, run in RUNS.items() if name != "many"])
def test_eventbridge_takes_the_event_of_every_run(run: Run) -> None:
    detail = taken(run)
    assert KEY not in json.dumps(detail)
    assert detail["sandbox"] == run.sandbox


def test_the_event_says_what_rules_match_on() -> None:
    run = morning(FAULTS)
    detail = taken(run, bus="ops", page_url="https://pages.example/")
    told = (detail["suite"], detail["verdict"]["tone"], detail["exit_code"], detail["counts"]["failed"], detail["news"])
    assert told == ("daily", "bad", 1, 4, {"new": 1, "still": 3})
    assert detail["findings"][0]["severity"] == "critical"
    assert detail["findings"][0]["page"].startswith("daily.html#production-cpu_is_not_saturated-")
    entry = to_event(run, bus="ops")
    assert entry["EventBusName"] == "ops"
    assert SERVICE in entry["Resources"]


def test_since_is_a_time_as_in_the_csv() -> None:
    run = morning(FAULTS)
    told = {one["id"]: one["since"] for one in taken(run)["findings"]}
    rows = csv.DictReader(io.StringIO(to_csv(run)))
    assert told == {row["id"]: row["since"] for row in rows if row["outcome"] == "failed"}
    assert "" not in told.values()
    assert all(datetime.fromisoformat(one).utcoffset() == timedelta() for one in told.values())


@pytest.mark.parametrize("outcome", ["blind", "failed"])
def test_a_check_without_a_finding_has_one_for_its_stack_as_in_security_hub(outcome: str) -> None:
    check = made("a", outcome, message="no network")
    run = ran(check, made("b", "passed"))
    (one,) = taken(run)["findings"]
    assert (one["outcome"], one["resource"], one["message"]) == (outcome, "stack/production", "no network")
    assert (one["page"], one["since"]) == ("daily.html#production-a", "")
    (active,) = [one for one in to_asff(run) if one["RecordState"] == "ACTIVE"]
    assert active["Id"].endswith(f"/{one['id']}")


def _worst() -> Run:
    run = worst()
    return replace(run, changes=(), checks=run.checks[:16], findings=run.findings[:80])


@pytest.mark.parametrize("run", [thousand(), _worst()], ids=["a thousand", "the worst strings"])
def test_what_does_not_fit_is_counted(run: Run) -> None:
    detail = taken(run)
    shown = len(detail["findings"])
    assert shown + detail["left_out"] == len([one for one in run.findings if one.outcome == "failed"])
    assert shown > 30
    some = run.findings[:30]
    checks = tuple(check for check in run.checks if check.check in {one.check for one in some})
    again = taken(replace(run, checks=checks, findings=some))
    assert (len(again["findings"]), again["left_out"]) == (30, 0)
