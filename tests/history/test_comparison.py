"""Each resource has the state of its mornings: new, still, recovered, or out of sight; and days are the stack's."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from opschecks.core.model import Outcome
from opschecks.core.run import Past, Run
from opschecks.history.comparison import MISSED_SHOWN, SHOWN, past_of
from opschecks.history.runs import a_day_before, began, filed_runs
from opschecks.history.storage import FolderStorage
from opschecks.history.summaries import Summaries
from opschecks.hooks.earlier_runs import with_past
from opschecks.report.files import RunFiles, write_run
from opschecks.report.runfile import from_json, to_json
from tests.history.filed import (
    GOOD,
    NOW,
    WHOLE,
    B,
    F,
    Memory,
    N,
    P,
    W,
    compared,
    loaded,
    mornings,
    ran,
    session,
    standings,
    summed,
)
from tests.mornings import earlier, ending, file_all

STANDINGS: dict[str, tuple[str, dict[str, tuple[str, int]]]] = {
    "new": ("PPF", {"A": ("new", 1)}),
    "new, the check is": ("--F", {"A": ("new", 1)}),
    "new, the resource is": ("..F", {"A": ("new", 1)}),
    "new, or hidden since yesterday": ("PBF", {"A": ("new", 2)}),
    "new, or hidden since it could not look": ("PBBF", {"A": ("new", 3)}),
    "new, or hidden, as it never could look": ("BBF", {"A": ("new", 3)}),
    "new, or hidden, blind itself": ("PPbF", {"A": ("new", 2)}),
    "new, or hidden, as it was not run": ("NNF", {"A": ("new", 3)}),
    "new, or hidden, as the check ended before it came to it": ("PEF", {"A": ("new", 2)}),
    "new, or hidden, and not there before": (".BF", {"A": ("new", 2)}),
    "new, or hidden since there is such a check": ("-BF", {"A": ("new", 2)}),
    "new, or hidden since the stack has such a thing": ("BxBF", {"A": ("new", 2)}),
    "new, and seen good after it could not look": ("BPF", {"A": ("new", 1)}),
    "new, and not there after it could not look": ("B.F", {"A": ("new", 1)}),
    "new, and it did not apply": ("BxF", {"A": ("new", 1)}),
    "still": ("PFF", {"A": ("still", 2)}),
    "still since the oldest run": ("FFFF", {"A": ("still", 4)}),
    "still, a blind day neither breaks nor ends it": ("PFBF", {"A": ("still", 3)}),
    "still, and blind days before it do not lengthen it": ("BBFF", {"A": ("still", 2)}),
    "still, a day not run changes nothing": ("PFNF", {"A": ("still", 3)}),
    "still, a day when it did not apply changes nothing": ("PFxF", {"A": ("still", 3)}),
    "still, days without a run count": ("PF__F", {"A": ("still", 4)}),
    "still, a waiver in between does not end it": ("FWF", {"A": ("still", 3)}),
    "still, when its waiver has ended": ("PWWF", {"A": ("still", 3)}),
    "still, blind itself in between": ("FbF", {"A": ("still", 3)}),
    "flapping": ("FPF", {"A": ("flapping", 1)}),
    "flapping, with blind days between": ("FBPBF", {"A": ("flapping", 1)}),
    "still once it is bad again for two days": ("FPFF", {"A": ("still", 2)}),
    "flapping within a fortnight": ("F" + "P" * (SHOWN - 1) + "F", {"A": ("flapping", 1)}),
    "new again after it": ("F" + "P" * SHOWN + "F", {"A": ("new", 1)}),
    "recovered": ("PFFP", {"A": ("recovered", 3)}),
    "recovered after a blind day": ("FBP", {"A": ("recovered", 3)}),
    "recovered after a day not run": ("FNP", {"A": ("recovered", 3)}),
    "recovered is shown once": ("FPP", {}),
    "gone": ("FF.", {"A": ("gone", 3)}),
    "gone is shown once": ("F..", {}),
    "waived now": ("FFW", {}),
    "blind now, and never bad": ("PPB", {WHOLE: ("unseen", 1)}),
    "blind now itself, and never bad": ("PPb", {"A": ("unseen", 1)}),
    "blind now as yesterday": ("PBB", {WHOLE: ("unseen", 2)}),
    "blind now, and failing before": ("PFFB", {WHOLE: ("unseen", 1), "A": ("hidden", 3)}),
    "blind again, and failing before": ("FBB", {WHOLE: ("unseen", 2), "A": ("hidden", 3)}),
    "not run now, and failing before": ("PFFN", {"A": ("hidden", 3)}),
    "not run now, and good before": ("PPN", {}),
    "no longer applicable": ("FFx", {}),
    "no longer checked": ("FF-", {}),
    "good, and good before": ("PPP", {}),
    "good, and blind before": ("BBP", {}),
}


@pytest.mark.parametrize(("told", "expected"), STANDINGS.values(), ids=STANDINGS)
def test_each_resource_has_the_state_of_its_mornings(
    folder: Path, told: str, expected: dict[str, tuple[str, int]]
) -> None:
    assert standings(compared(folder, mornings(told))) == expected


@pytest.mark.parametrize("told", ["PBF", "BBF", "PNbEF", "PPF", "..F", "BPF", "FPBF", "FBF", "PBBP"])
def test_only_what_could_not_be_seen_may_have_been_bad_before(folder: Path, told: str) -> None:
    runs = mornings(told)
    of = {one.resource: one for one in compared(folder, runs).standings}
    first = {"PBF": 1, "BBF": 0, "PNbEF": 1}.get(told)
    assert {one.at_least for one in of.values()} <= {first is not None}
    if first is not None:
        assert (of["A"].state, of["A"].since) == ("new", runs[first].started)


def test_failing_before_and_blind_itself_now_is_out_of_sight_once(folder: Path) -> None:
    assert [(one.resource, one.state) for one in compared(folder, mornings("FFb")).standings] == [("A", "hidden")]


@pytest.mark.parametrize("told", ["PFFF", "FPFF", "F_F", "PFBF", "FFP", "FF."])
def test_since_is_when_the_first_of_the_runs_in_a_row_began(folder: Path, told: str) -> None:
    runs = mornings(told)
    (standing,) = compared(folder, runs).standings
    first = {"PFFF": 1, "FPFF": 2, "F_F": 0, "PFBF": 1, "FFP": 0, "FF.": 0}[told]
    assert standing.since == runs[first].started
    assert standing.name == "the A"


def test_each_resource_of_a_check_stands_for_itself(folder: Path) -> None:
    before = [earlier(ran({"test_a": {"A": F, "B": P, "C": F}}), 1), earlier(ran({"test_a": {"A": F, "B": F}}), 2)]
    now = ran({"test_a": {"A": F, "B": F, "C": P, "D": F}})
    assert standings(compared(folder, [*before, now])) == {
        "A": ("still", 3),
        "B": ("flapping", 1),
        "C": ("recovered", 2),
        "D": ("new", 1),
    }


def test_a_morning_can_be_turned_bad_check_by_check(folder: Path) -> None:
    past = compared(folder, [earlier(ending(GOOD, {"test_z": F}), 1), ending(GOOD, {"test_a": F})])
    assert {(one.check, one.resource, one.state) for one in past.standings} == {
        ("test_a", "A", "new"),
        ("test_a", "Z", "new"),
        ("test_z", "Z", "recovered"),
    }


DAYS = {
    "a day later": ("UTC", "2026-11-23T07:00", "2026-11-24T07:00", 2),
    "the same day": ("UTC", "2026-11-24T00:00", "2026-11-24T23:59", 1),
    "two minutes over midnight": ("UTC", "2026-11-23T23:59", "2026-11-24T00:01", 2),
    "over the midnight of the stack": ("America/Los_Angeles", "2026-11-24T07:59", "2026-11-24T08:01", 2),
    "over the midnight of UTC only": ("America/Los_Angeles", "2026-11-23T23:59", "2026-11-24T00:01", 1),
    "ahead of UTC": ("Pacific/Auckland", "2026-11-24T10:59", "2026-11-24T11:01", 2),
    "24 hours of a day with 25": ("Europe/Berlin", "2026-10-24T22:30", "2026-10-25T22:30", 1),
    "23 hours that are two days": ("Europe/Berlin", "2026-03-28T23:30", "2026-03-29T22:15", 2),
    "a week over the end of summer time": ("Europe/Berlin", "2026-10-21T22:30", "2026-10-28T23:30", 8),
    "a week over its begin": ("America/New_York", "2026-03-05T05:30", "2026-03-12T04:30", 8),
    "over new year": ("Asia/Kathmandu", "2026-12-31T18:10", "2026-12-31T18:20", 2),
}


def _at(run: Run, moment: str) -> Run:
    started = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    return replace(run, started=started, ended=started + timedelta(seconds=2))


@pytest.mark.parametrize(("zone", "first", "now", "day"), DAYS.values(), ids=DAYS)
def test_days_are_calendar_days_of_the_stack(folder: Path, zone: str, first: str, now: str, day: int) -> None:
    run = ran({"test_a": {"A": F}}, zone=zone)
    assert standings(compared(folder, [_at(run, first), _at(run, now)])) == {"A": ("still", day)}


MISSED: dict[str, tuple[str, str, str, tuple[str, ...]]] = {
    "none": ("UTC", "2026-11-23T07:00", "2026-11-24T07:00", ()),
    "two runs of a day": ("UTC", "2026-11-24T06:00", "2026-11-24T07:00", ()),
    "a weekend": ("UTC", "2026-11-20T07:00", "2026-11-23T07:00", ("2026-11-21", "2026-11-22")),
    "of the stack, not of UTC": ("America/Los_Angeles", "2026-11-22T07:30", "2026-11-24T07:30", ("2026-11-22",)),
    "none there, one of UTC": ("Pacific/Auckland", "2026-11-22T11:30", "2026-11-24T10:30", ()),
    "over the end of summer time": ("Europe/Berlin", "2026-10-24T21:30", "2026-10-25T23:30", ("2026-10-25",)),
}


@pytest.mark.parametrize(("zone", "previous", "now", "missed"), MISSED.values(), ids=MISSED)
def test_days_without_a_run_are_named(
    folder: Path, zone: str, previous: str, now: str, missed: tuple[str, ...]
) -> None:
    run = ran({"test_a": {"A": P}}, zone=zone)
    past = compared(folder, [_at(run, previous), _at(run, now)])
    assert past.missed == missed
    assert past.previous == datetime.fromisoformat(previous).replace(tzinfo=UTC)


def test_only_daily_runs_are_missed_by_day_and_not_by_the_hundred(tmp_path: Path) -> None:
    long_ago = earlier(GOOD, 400)
    assert 0 < len(compared(tmp_path / "daily", [long_ago, GOOD]).missed) <= MISSED_SHOWN
    weekly = [replace(run, suite="weekly") for run in (long_ago, GOOD)]
    past = past_of(weekly[1], "here", summed(tmp_path / "weekly", Memory(), weekly[:1], "weekly"))
    assert (past.runs, past.missed) == (1, ())


def test_the_first_run_has_no_past(folder: Path) -> None:
    past = compared(folder, [GOOD])
    assert past == Past("here", strips={"": ()})


def test_a_strip_has_the_worst_of_each_area_and_of_all_oldest_first(folder: Path) -> None:
    def of(days: float, ecs: Outcome | None, logs: Outcome | None) -> Run:
        runs = [
            ran({f"test_{area}": {"A": outcome, "Z": P}, f"test_other_{area}": {}}, area=area)
            for area, outcome in (("ecs", ecs), ("logs", logs))
            if outcome
        ]
        checks = tuple(check for run in runs for check in run.checks)
        return earlier(
            replace(runs[0], checks=checks, findings=tuple(one for run in runs for one in run.findings)), days
        )

    past = compared(folder, [of(4, F, None), of(3, W, P), of(2, B, N), of(1, P, B), of(0, P, P)])
    assert {area: outcomes for area, outcomes in past.strips.items() if not area.startswith("test_")} == {
        "": ("failed", "waived", "blind", "blind"),
        "ecs": ("failed", "waived", "blind", "passed"),
        "logs": ("", "passed", "not_run", "blind"),
    }
    assert past.strips["test_ecs"] == ("failed", "waived", "blind", "passed")


def test_a_strip_ends_with_the_newest_runs(folder: Path) -> None:
    past = compared(folder, mornings("F" * 5 + "P" * SHOWN + "P"))
    assert past.runs == SHOWN + 5
    assert past.strips == dict.fromkeys(("", "ecs", "test_a", "test_z"), ("passed",) * SHOWN)


def test_numbers_are_those_of_the_tiles_oldest_first_and_a_gap_where_none_was_seen(folder: Path) -> None:
    runs = [loaded(4, 40.0), loaded(3, None), loaded(2, 0.0), loaded(1, 71.5), GOOD]
    past = compared(folder, runs)
    assert past.numbers == {
        "CPU, service": ((runs[0].started, 40.0), (runs[2].started, 0.0), (runs[3].started, 71.5)),
        "passed": tuple((run.started, 2.0) for run in runs[:4]),
    }


def test_a_past_survives_its_run_file(folder: Path) -> None:
    runs = [loaded(9, 40.0), *mornings("F__FFP")[:-1], ending(GOOD, {"test_z": F})]
    changes = ({"entry": "0123", "differs": ["a: 1 → 2"]},)
    past = replace(compared(folder, runs), missed=("2026-11-21", "2026-11-22"), changes=changes)
    assert past.standings
    assert past.numbers
    again = from_json(to_json(replace(GOOD, past=(past, Past("other", error="denied")))))
    assert again.past == (past, Past("other", error="denied"))


# what is compared with what


def test_another_suite_is_never_compared(folder: Path, store: FolderStorage) -> None:
    daily, weekly = mornings("FF"), [replace(run, suite="weekly") for run in mornings("PP")]
    file_all(store, [daily[0], weekly[0]])
    for run, state in ((daily[1], {"A": ("still", 2)}), (weekly[1], {})):
        past = past_of(run, "here", Summaries(store, folder, pytest.fail).runs(run.suite, before=run.started))
        assert past.runs == 1
        assert standings(past) == state


def test_another_stack_is_never_compared(tmp_path: Path) -> None:
    """Of a run of two stacks each one's history gets its own part, and each is compared with that alone."""
    stores = {name: FolderStorage(tmp_path / name) for name in ("here", "there")}

    def both(here: Outcome, there: Outcome) -> Run:
        parts = [ran({"test_a": {"A": one}}, stack=name) for name, one in (("here", here), ("there", there))]
        one, other = parts
        return replace(
            one,
            stacks=one.stacks + other.stacks,
            checks=one.checks + other.checks,
            findings=one.findings + other.findings,
        )

    write_run(earlier(both(F, P), 1), RunFiles(tmp_path / "reports", "daily", stores), {})
    known = {name: summed(tmp_path / f"summaries of {name}", one) for name, one in stores.items()}
    for now, here, there in (
        (both(F, F), {"A": ("still", 2)}, {"A": ("new", 1)}),
        (both(F, P), {"A": ("still", 2)}, {}),
        (both(P, B), {"A": ("recovered", 2)}, {"A": ("unseen", 1)}),
    ):
        assert standings(past_of(now, "here", known["here"])) == here
        assert standings(past_of(now, "there", known["there"])) == there
    assert all(one["stacks"][0]["name"] == name for name in stores for one in filed_runs(stores[name], ["daily"]))


def test_a_part_of_a_suite_is_neither_filed_nor_compared(tmp_path: Path, store: FolderStorage) -> None:
    part = replace(GOOD, partial="-k")
    write_run(part, RunFiles(tmp_path / "reports", "daily-partial", {"here": store}), {})
    assert store.keys("daily") == []
    file_all(store, [earlier(GOOD, 1)])
    assert with_past(session(tmp_path, store), part) is part


def test_a_run_is_compared_with_those_that_began_before_it(folder: Path) -> None:
    store, runs = Memory(), mornings("FPFP")
    known = summed(folder, store, runs)
    assert [run.started for run in known] == [run.started for run in runs[::-1]]
    before = Summaries(store, folder, pytest.fail).runs("daily", before=runs[2].started)
    assert [run.started for run in before] == [runs[1].started, runs[0].started]
    assert standings(past_of(runs[2], "here", before)) == {"A": ("flapping", 1)}


def test_a_stopped_run_counts_where_it_looked(folder: Path) -> None:
    stopped = replace(earlier(ran({"test_a": {"A": F}, "test_z": {WHOLE: N}}), 1), state="stopped")
    before = earlier(ran({"test_a": {"A": P}, "test_z": {"Z": F}}), 2)
    now = ran({"test_a": {"A": F}, "test_z": {"Z": F}})
    assert standings(compared(folder, [before, stopped, now])) == {"A": ("still", 2), "Z": ("still", 3)}


DAY_BEFORE: dict[str, tuple[tuple[float, ...], float | None]] = {
    "a day before": ((24.0,), 24.0),
    "the nearest of several": ((12.0, 23.0, 24.5, 48.0), 24.5),
    "eight hours less": ((16.0,), 16.0),
    "more than eight hours less": ((15.9,), None),
    "eight hours more": ((32.0,), 32.0),
    "more than eight hours more": ((32.1,), None),
    "none": ((), None),
}


@pytest.mark.parametrize(("hours", "expected"), DAY_BEFORE.values(), ids=DAY_BEFORE)
def test_the_line_of_yesterday_is_of_a_day_before(
    store: FolderStorage, hours: tuple[float, ...], expected: float | None
) -> None:
    file_all(store, [earlier(GOOD, one / 24) for one in hours])
    (store.root / "daily").mkdir(parents=True, exist_ok=True)
    (store.root / "daily" / "notes.txt").write_text("2026-11-23")
    key = a_day_before(store, "daily", NOW)
    assert (began(key) if key else None) == (NOW - timedelta(hours=expected) if expected else None)
