"""The check-days of each area, counted by hand."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from opschecks.history.summaries import Summary
from opschecks.history.week import Known, areas_of
from tests.history.test_week import NOW, made, mornings, ran, week


def _known(runs: list[Summary]) -> Known:
    return Known(runs, (), NOW, ZoneInfo("UTC"))


def test_an_area_has_the_check_days_of_28_days() -> None:
    (area,) = areas_of(_known(mornings("PWFB NX")))
    assert (area["area"], area["failed"]) == ("ecs", ["test_a"])
    assert area["days"] == [*[None] * 21, [1, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], None, [0, 0, 1], [0, 0, 0]]


def test_the_last_run_of_a_day_counts_and_older_ones_do_not() -> None:
    runs = [ran(28, {"a": "F"}), ran(0.2, {"a": "F", "b": "F"}), ran(0.1, {"a": "P", "b": "F"})]
    (area,) = areas_of(_known(runs))
    assert area["days"][-2:] == [None, [1, 1, 0]]
    assert area["failed"] == ["test_b"]
    assert [day for day in area["days"] if day] == [[1, 1, 0]]


def test_an_area_that_never_applied_is_none() -> None:
    assert areas_of(_known(mornings("XX"))) == []
    assert areas_of(_known([])) == []


def test_a_failure_was_ended_by_the_last_change_that_is_known_to_have_helped() -> None:
    runs = mornings("PFFP")
    helped = (made("old", 1.9, check="test_a"), made("new", 1, check="test_a"))
    lost = made("in-vain", 0.5, check="test_a", event="rolled_back")
    assert week(runs, (*helped, lost))["failures"][0]["ended_by"] == {"remedy": "new", "times": 1, "by": "ann"}
    assert week(runs, (lost,))["failures"][0]["ended_by"] is None
    assert week(mornings("PFF"), helped)["failures"][0]["ended_by"] is None
