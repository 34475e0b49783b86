"""CTRF: what its specification asks for, and never a passed test that did not pass."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from opschecks.core.model import Outcome
from opschecks.core.run import Run
from opschecks.report.exports.ctrf import to_ctrf
from tests.exported import NOW, RUNS, SCHEMA, changed, each_run, made, of, ran


@each_run
def test_ctrf_is_what_its_specification_asks_for(run: Run) -> None:
    told = json.loads(to_ctrf(run).encode())
    SCHEMA.validate(told)
    summary = told["results"]["summary"]
    assert summary["tests"] == len(told["results"]["tests"]) == len(run.checks)
    assert sum(summary[status] for status in ("passed", "failed", "skipped", "pending", "other")) == summary["tests"]
    assert summary["stop"] >= summary["start"]


@pytest.mark.parametrize("wrong", [{"status": "blind"}, {"duration": 0.5}, {"retry": 1}, {"id": "x"}, {"name": ""}])
def test_the_schema_of_ctrf_finds_fault(wrong: dict[str, Any]) -> None:
    told = json.loads(to_ctrf(RUNS["every outcome"]))
    told["results"]["tests"][0] |= wrong
    assert not SCHEMA.is_valid(told)


def test_no_outcome_but_passed_passes_in_ctrf() -> None:
    told = json.loads(to_ctrf(RUNS["every outcome"]))["results"]
    assert {test["rawStatus"]: test["status"] for test in told["tests"]} == {
        "passed": "passed",
        "failed": "failed",
        "blind": "other",
        "not_run": "pending",
        "waived": "skipped",
        "not_applicable": "skipped",
    }
    assert told["summary"]["passed"] == 1
    assert told["summary"]["extra"]["waived"] == 1
    waived = next(test for test in told["tests"] if test["rawStatus"] == "waived")
    assert waived["message"] == "test_waived-0: too high (waived until 2026-12-01, ann: known)"


def test_ctrf_has_what_a_check_says_and_when_it_was() -> None:
    check = made("a", "failed")
    run = ran(check, findings=(of(check, 0, "seen", Outcome.BLIND), of(check, 1), of(check, 2, "", Outcome.PASSED)))
    told = json.loads(to_ctrf(run))
    [test] = told["results"]["tests"]
    assert told["results"]["summary"]["start"] == 1_795_503_600_000
    assert told["results"]["summary"]["duration"] == 2000
    assert test["duration"] == 13
    assert test["message"] == "The a is bad\ntest_a-1: too high\ntest_a-0: could not look: seen"
    assert test["filePath"] == "checks/daily/test_area.py"
    assert test["suite"] == ["daily", "production", "area"]
    assert test["extra"]["runbook"] == "slug"
    assert test["extra"]["severity"] == "high"
    assert test["extra"]["examined"] == 3
    assert [one["resource"] for one in test["extra"]["resources"]] == ["arn:test_a:1", "arn:test_a:0"]


def test_tests_of_ctrf_bear_the_same_names_in_every_run() -> None:
    first = json.loads(to_ctrf(ran(made("a", "failed"), made("a", "passed", stack="other"), stacks=2)))
    again = json.loads(to_ctrf(replace(ran(made("a", "passed")), started=NOW + timedelta(days=1))))
    one, other = first["results"]["tests"]
    [same] = again["results"]["tests"]
    assert (one["id"], one["name"]) == (same["id"], same["name"])
    assert one["name"] == "test_a[production]"
    assert one["id"] != other["id"]
    assert one["name"] != other["name"]
    assert first["reportId"] != again["reportId"]


def test_only_a_good_run_is_healthy() -> None:
    def healthy(run: Run) -> bool:
        told = json.loads(to_ctrf(run))["results"]["environment"]["healthy"]
        assert isinstance(told, bool)
        return told

    good = ran(made("a", "passed"), made("b", "waived"))
    assert healthy(good)
    bad = [ran(), ran(made("a", "blind")), ran(made("a", "not_run")), ran(made("a", "failed"))]
    bad += [replace(good, state="stopped"), replace(good, changes=(changed("handed over"),))]
    assert [healthy(run) for run in bad] == [False] * len(bad)


def test_ctrf_names_ten_thousand_resources_but_says_a_few() -> None:
    test = json.loads(to_ctrf(RUNS["many"]))["results"]["tests"][0]
    assert len(test["extra"]["resources"]) == 10_000
    assert len(test["message"].splitlines()) == 22
    assert test["message"].endswith("… and 9980 more")
