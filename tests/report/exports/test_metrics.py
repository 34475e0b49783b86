"""Metrics: valid for the textfile collector and as OpenMetrics, by the rules of both; none of a part of a suite."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from opschecks.core.model import Outcome
from opschecks.core.run import Run
from opschecks.report.budget import budgets
from opschecks.report.exports.metrics import to_metrics
from opschecks.report.files import RunFiles, write_run
from opschecks.report.runfile import to_json
from tests.cli.typed import opschecks, refused
from tests.exported import CONTROLS, KEY, RUNS, each_run, made, ran
from tests.report.situations import FAULTS, denied, morning, on_three_stacks
from tests.report.weeks import story
from tests.scratch import ROOT

_LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"'
_SAMPLE = re.compile(rf"(?P<name>[a-z_]+)\{{(?P<labels>{_LABEL}(?:,{_LABEL})*)\}} (?P<value>-?\d+(?:\.\d+)?)")


def samples(text: str) -> Iterator[tuple[str, dict[str, str], float]]:
    """The samples of a file, by the rules of OpenMetrics: each family whole, help and type first, then `# EOF`."""
    assert text.endswith("# EOF\n")
    assert text.count("# EOF") == 1
    family, done, seen = "", set[str](), set[str]()
    for line in text.split("\n")[:-2]:
        assert line
        if line.startswith("# HELP "):
            family = line.split(" ")[2]
            assert family not in done
            done.add(family)
            seen.clear()
        elif line.startswith("#"):
            assert line == f"# TYPE {family} gauge"
        else:
            found = _SAMPLE.fullmatch(line)
            assert found, line
            assert found["name"] == family
            assert found["labels"] not in seen, line
            seen.add(found["labels"])
            labels = dict(re.findall(r'([a-z_]+)="((?:[^"\\]|\\.)*)"', found["labels"]))
            yield family, labels, float(found["value"])


@each_run
def test_every_run_makes_valid_metrics(run: Run) -> None:
    text = to_metrics(run)
    assert all(labels["suite"] and labels["stack"] for _, labels, _ in samples(text))
    assert KEY not in text
    assert not CONTROLS.search(text.replace("\n", ""))


def test_the_metrics_are_what_was_seen() -> None:
    told = {(name, *labels.values()): value for name, labels, value in samples(to_metrics(morning(FAULTS)))}
    of = ("daily", "production")
    assert told["opschecks_run_exit_code", *of] == 1
    assert told["opschecks_run_duration_seconds", *of] == 44
    assert (told["opschecks_checks", *of, "failed"], told["opschecks_checks", *of, "passed"]) == (4, 31)
    assert told["opschecks_check_status", *of, "test_cpu_is_not_saturated", "ecs", "critical", "failed"] == 1
    assert told["opschecks_findings", *of, "failed", "critical"] == 2
    assert (told["opschecks_news", *of, "new"], told["opschecks_news", *of, "still"]) == (1, 3)
    cpu = next(key for key in told if key[0] == "opschecks_observed" and key[4:] == ("backend", "CPU", "%"))
    assert told[cpu] == 98
    assert told["opschecks_observed_limit", *cpu[1:]] == 90


def test_what_could_not_look_is_counted_and_not_seen_as_zero() -> None:
    run = denied()
    seen = tuple(replace(one, error="AccessDenied", resources=()) for one in run.observations)
    names = {name for name, _, _ in samples(to_metrics(replace(run, observations=seen)))}
    assert "opschecks_observed" not in names
    blind = [value for name, labels, value in samples(to_metrics(run)) if labels.get("outcome") == Outcome.BLIND.value]
    assert 13 in blind


def test_each_stack_has_its_own() -> None:
    stacks = {
        labels["stack"] for name, labels, _ in samples(to_metrics(on_three_stacks())) if name == "opschecks_checks"
    }
    assert stacks == {"production", "staging", "europe"}


def test_a_week_has_its_measures_targets_and_budget() -> None:
    told = {
        (name, labels.get("measure") or labels.get("area")): value
        for name, labels, value in samples(to_metrics(story()))
    }
    assert told["opschecks_week_measure", "checks_passed_percent"] == 97.6
    assert told["opschecks_week_target", "checks_passed_percent"] == 98
    assert told["opschecks_check_days_lost", "ecs"] == 5


def test_two_areas_of_one_name_are_two_series_and_one_budget() -> None:
    run = story()
    days = [[1, 1, 0]] * 28
    areas = [{"area": name, "days": days, "failed": []} for name in ("incidents", "incident_weeks")]
    week = {**run.weeks[0], "areas": areas}
    told = list(samples(to_metrics(replace(run, weeks=(week,)))))
    assert [labels["area"] for name, labels, _ in told if name == "opschecks_check_days_lost"] == [
        "incidents", "incident_weeks",
    ]  # fmt: skip
    whole, row = budgets(run, week)
    assert (row.name, row.month, row.owner.count(",")) == ("Incidents", whole.month, 0)


def test_the_documented_alarm_of_no_run_names_a_series_that_a_run_writes() -> None:
    """`absent` of a name alone is silent as soon as any other suite or stack has a file."""
    told = re.findall(r"absent\((\w+)(.*?)\)\n", (ROOT / "docs" / "reports.md").read_text(encoding="utf-8"))
    assert told
    written = {(name, *labels.items()) for name, labels, _ in samples(to_metrics(morning()))}
    for name, labels in told:
        assert (name, *re.findall(r'(\w+)="(.*?)"', labels)) in written


def test_prometheus_own_parsers_take_them() -> None:
    parser = pytest.importorskip("prometheus_client.openmetrics.parser")
    older = pytest.importorskip("prometheus_client.parser")
    for run in (*RUNS.values(), story()):
        text = to_metrics(run)
        assert len(list(parser.text_string_to_metric_families(text))) == len(
            list(older.text_string_to_metric_families(text))
        )


@pytest.mark.parametrize("partial", ["", "-k x"])
def test_a_partial_run_has_no_metrics_and_no_link_to_them(tmp_path: Path, partial: str) -> None:
    place = RunFiles(tmp_path, "daily-partial" if partial else "daily")
    write_run(replace(ran(made("a", "passed")), partial=partial), place, {})
    assert bool(list(tmp_path.glob("*.prom"))) is not bool(partial)
    assert (".prom" in place.page.read_text(encoding="utf-8")) is not bool(partial)
    assert len(list(tmp_path.glob("*.csv"))) == 1


def test_metrics_of_a_partial_run_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    path.write_text(to_json(replace(ran(made("a", "passed")), partial="-k x")), encoding="utf-8")
    assert "a partial run has no metrics" in refused(opschecks("report", "daily", str(path), "--format", "metrics"))
