"""The week in daily runs: measures, days, check-days, episodes, what the journal has for them, counted by hand."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from opschecks.core.change import Change, Risk
from opschecks.history.episodes import episodes
from opschecks.history.journal import Entry, Line
from opschecks.history.summaries import Bad, Summary
from opschecks.history.week import DAYS, DESIRED, ERRORS, P95, REQUESTS, RUNNING, Known, areas_of, week_of

NOW = datetime(2026, 11, 25, 7, 0, tzinfo=UTC)
LETTERS = {"P": "passed", "F": "failed", "B": "blind", "W": "waived", "N": "not_run", "X": "not_applicable"}


def ran(days_ago: float, outcomes: Mapping[str, str], **numbers: float) -> Summary:
    """A daily run `days_ago` days ago; outcomes by letter."""
    told = {f"test_{name}": LETTERS[letter] for name, letter in outcomes.items()}
    bad = tuple(Bad(check, f"arn:{check}", check, outcome) for check, outcome in told.items() if outcome == "failed")
    began = NOW - timedelta(days=days_ago)
    return Summary(f"daily/{began}", began, 0, "", told, dict.fromkeys(told, "ecs"), bad, numbers, {})


def mornings(letters: str) -> list[Summary]:
    """A run of one check each day, the last one today; a space is a day without."""
    last = len(letters) - 1
    return [ran(last - day, {"a": letter}) for day, letter in enumerate(letters) if letter != " "]


def made(remedy: str, days_ago: float, *, check: str = "", target: str = "arn:else", event: str = "cured") -> Entry:
    """A change of the journal."""
    at = NOW - timedelta(days=days_ago)
    change = Change(remedy, "here", target, target, {}, {}, "call", {}, Risk.SAFE, False, "", check=check)
    return Entry(f"{remedy}{days_ago}", change, "ann", "", (Line(at, "begun", ""), Line(at, event, "")))


def week(runs: list[Summary], entries: tuple[Entry, ...] = (), zone: str = "UTC", **targets: float) -> dict[str, Any]:
    return week_of(Known(runs, entries, NOW, ZoneInfo(zone)), "here", targets)


def measure(told: Mapping[str, Any], key: str) -> Any:
    return next(one for one in told["measures"] if one["key"] == key)


EPISODES = {
    "none": ("PPPP", []),
    "one that ended": ("PFFP", [(2, 0, False)]),
    "one that is open": ("PPFF", [(1, None, False)]),
    "from the first run on, or before": ("FFP", [(2, 0, True)]),
    "blind in between ends nothing": ("PFBFP", [(3, 0, False)]),
    "blind at the end leaves it open": ("PFB", [(1, None, False)]),
    "not run and not applicable end nothing": ("PFNXP", [(3, 0, False)]),
    "waived is an end": ("PFW", [(1, 0, False)]),
    "twice": ("PFPF", [(2, 1, False), (0, None, False)]),
    "a day without a run ends nothing": ("PF FP", [(3, 0, False)]),
}


@pytest.mark.parametrize(("letters", "expected"), EPISODES.values(), ids=EPISODES)
def test_an_episode_lasts_from_bad_to_good(letters: str, expected: list[tuple[int, int | None, bool]]) -> None:
    found = [
        ((NOW - one.since).days, None if one.until is None else (NOW - one.until).days, one.cut)
        for one in episodes(mornings(letters))
    ]
    assert found == expected


def test_the_week_is_seven_days_of_the_stack() -> None:
    told = week(mornings("FPWB FPP"))
    assert (told["begins"], told["ends"]) == ("2026-11-19", "2026-11-25")
    assert [day["day"][-2:] for day in told["days"]] == ["19", "20", "21", "22", "23", "24", "25"]
    assert [day["run"] for day in told["days"]] == [True, True, True, False, True, True, True]
    assert [next(iter(day["outcomes"]), "") for day in told["days"]] == [
        "passed", "waived", "blind", "", "failed", "passed", "passed",
    ]  # fmt: skip
    east = week([ran(0.4, {"a": "F"})], zone="Pacific/Auckland")  # 21:24 UTC is the next morning there
    assert [day["day"] for day in east["days"] if day["run"]] == ["2026-11-25"]


def test_the_last_run_of_a_day_stands_for_it() -> None:
    told = week([ran(0.2, {"a": "F"}), ran(0.1, {"a": "P"})])
    assert told["days"][-1]["outcomes"] == {"passed": 1}
    assert [(one["check"], one["hours"], one["cut"]) for one in told["failures"]] == [("test_a", 2.4, True)]


def test_requests_and_their_errors_are_summed_and_not_averaged() -> None:
    runs = [
        ran(1, {"a": "P"}, **{REQUESTS: 900, ERRORS: 9, P95: 100}),
        ran(0, {"a": "P"}, **{REQUESTS: 100, ERRORS: 1, P95: 300}),
        ran(2, {"a": "P"}, **{REQUESTS: 50}),  # who knows how many of those were errors
    ]
    told = week(sorted(runs, key=lambda run: run.started), availability_percent=99.0)
    assert measure(told, "availability_percent") == {
        "key": "availability_percent", "target": 99.0, "weeks": [None] * 7 + [99.0],
    }  # fmt: skip
    assert measure(told, "response_time_p95_ms")["weeks"][-1] == 200
    assert measure(told, "response_time_p95_ms")["target"] is None


def test_what_passed_is_a_share_of_what_applied() -> None:
    told = week([ran(8, {"a": "P", "b": "P"}), ran(0, {"a": "P", "b": "W", "c": "F", "d": "B", "e": "X"})])
    assert measure(told, "checks_passed_percent")["weeks"][-2:] == [100.0, 50.0]


def test_tasks_are_those_of_all_days() -> None:
    runs = [ran(1, {}, **{RUNNING: 1, DESIRED: 2}), ran(0, {}, **{RUNNING: 2, DESIRED: 2})]
    told = week(runs)
    assert measure(told, "tasks_running_percent")["weeks"][-1] == 75.0
    assert [(day["running"], day["desired"]) for day in told["days"][-2:]] == [(1, 2), (2, 2)]
    assert measure(week([ran(0, {"a": "P"})]), "tasks_running_percent")["weeks"] == [None] * 8


def test_a_week_without_a_run_is_not_a_week_without_failures() -> None:
    told = week(mornings("P       F"))
    assert measure(told, "failures_opened")["weeks"] == [None] * 7 + [1]
    assert measure(told, "changes_made")["weeks"] == [None] * 6 + [0, 0]
    nothing = week([])
    assert all(value is None for one in nothing["measures"] for value in one["weeks"])
    assert not any(day["run"] for day in nothing["days"])


def test_the_time_to_resolve_is_that_of_what_ended_in_the_week() -> None:
    told = week(mornings("FFFPPPPP" + "PFPFFPF"))
    assert measure(told, "time_to_resolve_hours")["weeks"][-2:] == [None, 36.0]  # 1 and 2 days
    assert [(one["hours"], one["until"] != "") for one in told["failures"]] == [(24, True), (48, True), (None, False)]
    assert told["opened"] == 3


def test_what_was_failing_before_the_first_run_did_not_begin_in_the_week() -> None:
    told = week(mornings("FFP"))
    assert (told["opened"], [one["cut"] for one in told["failures"]]) == (0, [True])
    assert measure(told, "failures_opened")["weeks"][-1] is None  # who knows what began before the first run


def test_what_was_tried_is_what_the_journal_has_for_it() -> None:
    entries = (
        made("right-check", 2.5, check="test_a"),
        made("right-check", 2.2, check="test_a"),
        made("right-target", 2.4, target="arn:test_a"),
        made("another", 2.4, check="test_b"),
        made("never-sent", 2.4, check="test_a", event="not_sent"),
        made("too-early", 5, check="test_a"),
        made("too-late", 0.5, check="test_a"),
    )
    (failure,) = week(mornings("PPPFFPP"), entries)["failures"]
    assert failure["tried"] == [
        {"remedy": "right-check", "times": 2, "by": "ann"},
        {"remedy": "right-target", "times": 1, "by": "ann"},
    ]
    assert measure(week(mornings("P"), entries), "changes_made")["weeks"][-1] == 6


RECURRING = {
    "once is not": ("P" * 10 + "F" + "P" * 3, None),
    "two days are": ("P" * 10 + "FF" + "P" * 3, (2, 1)),
    "twice": ("P" * 10 + "FPF" + "P" * 3, (2, 2)),
    "long ago is not": ("FF" + "P" * 28, None),
    "open": ("PFPF", (2, 2)),
}


@pytest.mark.parametrize(("letters", "expected"), RECURRING.values(), ids=RECURRING)
def test_what_comes_back_failed_on_several_of_28_days(letters: str, expected: tuple[int, int] | None) -> None:
    told = week(mornings(letters))["recurring"]
    assert [(one["days"], one["times"]) for one in told] == ([expected] if expected else [])
    for one in told:
        assert len(one["outcomes"]) == 28
        assert one["outcomes"].count("failed") == expected[0] if expected else False


def test_days_without_a_run_stay_empty_in_the_strip() -> None:
    (one,) = week(mornings("F F"))["recurring"]
    assert one["outcomes"][-3:] == ["failed", "", "failed"]
    assert set(one["outcomes"][:-3]) == {""}


def test_everything_is_plain_data_of_eight_weeks() -> None:
    told = week(mornings("P" * DAYS * 9))
    assert {len(one["weeks"]) for one in told["measures"]} == {8}
    assert measure(told, "checks_passed_percent")["weeks"] == [100.0] * 8


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
