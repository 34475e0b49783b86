"""The run that a page is made from is the one that its run file has."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from opschecks.core.model import ObservationResult, SeenResource, Series
from opschecks.core.run import Run
from opschecks.report.runfile import RunFileError, from_json, to_json, to_json_and_back
from tests.report import runs
from tests.report.situations import SITUATIONS

RUNS: dict[str, Callable[[], Run]] = {
    **{name: made for name, made in SITUATIONS.items() if name != "thousand"},
    "with everything": runs.with_everything,
    "several pasts": runs.several_pasts,
    "a hostile week": runs.hostile_weekly,
}


@pytest.mark.parametrize("name", RUNS)
def test_a_run_that_was_just_written_is_the_one_that_is_read(name: str) -> None:
    text, kept = to_json_and_back(RUNS[name]())
    assert text == to_json(RUNS[name]())
    assert kept == from_json(text)
    assert to_json(kept) == to_json(from_json(text))


def test_the_last_moment_of_the_calendar_is_read_again() -> None:
    run, end = runs.with_everything(), datetime.max.replace(tzinfo=UTC)
    line = Series("CPU", "%", ((run.started, 1.0), (end, 2.0)), 300)
    seen = ObservationResult("production", "service_load", 0.1, (), "", (SeenResource("a", "a", series=(line,)),))
    [told] = from_json(to_json(replace(run, observations=(seen,)))).observations
    (_, (last, _)) = told.resources[0].series[0].points
    assert end - timedelta(milliseconds=2) < last <= end


@pytest.mark.parametrize("odd", [float("nan"), float("inf"), -float("inf")])
def test_a_point_that_is_no_number_is_a_missing_one(odd: float) -> None:
    """JSON has none; a user's observation may compute one, and the report is written all the same."""
    run = runs.with_everything()
    later = [run.started + timedelta(minutes=minutes) for minutes in (0, 5, 10)]
    line = Series("CPU", "%", ((later[0], 1.0), (later[1], odd), (later[2], 2.0)), 300, limit=odd)
    seen = ObservationResult("production", "service_load", 0.1, (), "", (SeenResource("a", "a", series=(line,)),))
    text, kept = to_json_and_back(replace(run, observations=(seen,)))
    assert json.loads(text, parse_constant=pytest.fail)["observations"]
    [told] = kept.observations
    assert told.resources[0].series == (Series("CPU", "%", ((later[0], 1.0), (later[2], 2.0)), 300, limit=None),)


def test_numbers_whose_sum_is_too_large_are_numbers() -> None:
    run = runs.with_everything()
    line = Series("bytes", "", ((run.started, 1e308), (run.started + timedelta(minutes=5), 1e308)), 300)
    seen = ObservationResult("production", "service_load", 0.1, (), "", (SeenResource("a", "a", series=(line,)),))
    [told] = from_json(to_json(replace(run, observations=(seen,)))).observations
    assert told.resources[0].series == (line,)


@pytest.mark.parametrize(
    ("values", "kept"),
    [
        ((Decimal("1.5"), Decimal(2)), [1.5, 2.0]),
        ((1.0, None), [1.0]),
        ((1.0, Decimal(2)), [1.0, 2.0]),
        ((1, 10**400), [1]),
        ((1.0, "much"), [1.0]),
    ],
    ids=["decimals", "none", "mixed", "too large", "a text"],
)
def test_what_a_users_observation_returns_for_a_number_is_one_or_missing(values: Any, kept: list[float]) -> None:
    run = runs.with_everything()
    points = tuple((run.started + timedelta(minutes=5 * place), value) for place, value in enumerate(values))
    line = Series("CPU", "%", points, 300, limit=values[0])
    seen = ObservationResult("production", "queue_ages", 0.1, (), "", (SeenResource("a", "a", series=(line,)),))
    [told] = from_json(to_json(replace(run, observations=(seen,)))).observations
    [read] = told.resources[0].series
    assert ([value for _, value in read.points], read.limit) == (kept, float(values[0]))


@pytest.mark.parametrize("levels", [150, 230, 300])
def test_evidence_of_many_levels_is_written_and_read(levels: int) -> None:
    evidence: dict[str, Any] = {"end": 1}
    for _ in range(levels):
        evidence = {"a": evidence}
    run = runs.with_everything()
    told = replace(run, findings=tuple(replace(one, evidence=evidence) for one in run.findings[:1]))
    assert from_json(to_json(told)).findings[0].evidence == evidence


def test_a_series_keeps_its_offset_whatever_was_read_before() -> None:
    run = runs.with_everything()
    utc = datetime(2026, 1, 1, tzinfo=UTC)
    for start in (utc, utc.astimezone(timezone(timedelta(hours=2))), utc):
        line = Series("CPU", "%", ((start, 1.0),), 300)
        seen = ObservationResult("production", "service_load", 0.1, (), "", (SeenResource("a", "a", series=(line,)),))
        [told] = from_json(to_json(replace(run, observations=(seen,)))).observations
        assert told.resources[0].series[0].points[0][0].utcoffset() == start.utcoffset()


def test_a_series_with_points_and_no_start_is_no_run_file() -> None:
    text = to_json(runs.with_everything()).replace('"start":"2', '"start":null,"was":"2')
    with pytest.raises(RunFileError, match="a series has points and no start"):
        from_json(text)
