"""Many stacks: which run files count, a row for each, what they share told once, an incomplete fleet never fine."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from opschecks.core.model import Outcome, Severity
from opschecks.core.run import FleetPart, Run
from opschecks.history.fleets import Deal, Ended, agreed, dealt, write_ended
from opschecks.history.storage import FolderStorage
from opschecks.report.exports.fleet import to_email, to_json, to_markdown, to_prometheus, to_slack
from opschecks.report.fleet.facts import Fleet, general
from opschecks.report.fleet.page import link, render_fleet
from opschecks.report.fleet.reading import Wanted, read_fleet
from opschecks.report.fleet.rows import State, missing, rows_of
from tests.exported import HOSTILE, NOW, texts_of
from tests.fleets import file, fleet, row, run_of
from tests.report.runs import text_of

F, P, B, W, N = Outcome.FAILED, Outcome.PASSED, Outcome.BLIND, Outcome.WAIVED, Outcome.NOT_RUN
MIXED = fleet(
    row("good", cpu=P, tables=P),
    row("blind", cpu=P, tables=B),
    missing("gone", "no run of this fleet", 2),
    row("bad", cpu=F, tables=F),
    row("bad-too", cpu=F, tables=P),
    name="job-1",
    shards=2,
    late=(2,),
)


def test_the_worst_stack_comes_first_and_every_stack_is_counted() -> None:
    assert [(one.stack, one.state) for one in MIXED.rows] == [
        ("bad", State.FAILED), ("bad-too", State.FAILED), ("gone", State.MISSING), ("blind", State.UNSEEN),
        ("good", State.GOOD),
    ]  # fmt: skip
    assert MIXED.sentence == (
        "Of 5 stacks, 2 have failures, 1 has no run, 1 could not be checked completely, 1 is good; "
        "new failures on 2 stacks."
    )


@pytest.mark.parametrize(
    ("stacks", "word", "code"),
    [
        (fleet(row("a", cpu=P), row("b", cpu=P)), "All good", 0),
        (fleet(row("a", cpu=W)), "All good", 0),
        (fleet(row("a", cpu=P), missing("b", "")), "The fleet is incomplete", 10),
        (fleet(row("a", cpu=P), row("b", cpu=B)), "Not everything could be checked", 10),
        (fleet(row("a", cpu=P), row("b", cpu=N)), "Not everything could be checked", 10),
        (fleet(row("a", cpu=P), unknown="which?"), "Not known to be complete", 10),
        (fleet(), "The fleet is incomplete", 10),
        (fleet(row("a", cpu=F), missing("b", "")), "Action needed", 1),
    ],
)
def test_only_a_complete_fleet_is_fine(stacks: Fleet, word: str, code: int) -> None:
    assert (stacks.word, stacks.exit_code) == (word, code)
    assert (stacks.tone == "good") == (code == 0)


STOPPED = {"state": "stopped", "stopped_by": "Ctrl-C"}


@pytest.mark.parametrize(
    "more", [STOPPED, {"state": "unfinished", "ended": None}, {"partial": "-k"}, {"checks": ()}, {"exit_code": 3}]
)
def test_a_run_that_is_not_whole_is_not_good(more: dict[str, object]) -> None:
    (one,) = rows_of(replace(run_of("a", {"test_cpu": P}), **more))  # type: ignore[arg-type]
    assert one.state is State.UNSEEN


def test_failures_below_the_limit_let_a_stack_pass() -> None:
    run = run_of("a", {"test_cpu": F}, severity=Severity.MEDIUM)
    (low,), (high,) = rows_of(run), rows_of(run, fail_on=Severity.HIGH)
    assert (low.state, high.state) == (State.FAILED, State.GOOD)
    assert high.word == "Passes: no failure of high or above"


def test_what_several_stacks_share_is_told_once_with_its_stacks() -> None:
    told = fleet(row("a", cpu=F, disk=B), row("b", cpu=F, net=B), row("c", cpu=P, disk=F))
    assert [(one.outcome, one.checks, [of.stack for of in one.stacks]) for one in told.shared] == [
        (F, ("test_cpu",), ["a", "b"]),
        (B, ("test_disk", "test_net"), ["a", "b"]),
    ]
    assert told.shared[1].title == (
        "ecs:DescribeServices: AccessDenied: … is not authorized – allow ecs:DescribeServices"
    )


def test_a_cause_is_the_same_on_every_stack() -> None:
    one = general("x of prod-1 in 123456789012: arn:aws:iam::123456789012:role/a, retry", "prod-1")
    assert one == general("x of eu in 210987654321: arn:aws-cn:iam::210987654321:role/b, retry", "eu")
    assert one == "x of … in …: …, retry"


def test_what_changed_since_the_last_run_is_told() -> None:
    (new,), (old,) = (rows_of(run_of("a", {"test_cpu": F}, state=state)) for state in ("new", "still"))
    assert (new.changed, new.new, new.bad[0].new) == ("1 new since 2026-11-23 07:00 UTC", 1, True)
    assert (old.changed, old.new, old.bad[0].new) == ("1 still failing since 2026-11-23 07:00 UTC", 0, False)
    assert next(rows_of(replace(run_of("a", {"test_cpu": F}), past=()))).changed == "not compared"


def test_of_two_runs_of_a_stack_the_newer_counts_and_nothing_twice() -> None:
    (first,), (again,) = rows_of(run_of("a", {"test_cpu": F})), rows_of(run_of("a", {"test_cpu": P}, minutes=9))
    assert [one.state for one in fleet(again, first).rows] == [State.GOOD]
    assert [one.state for one in fleet(missing("a", ""), first).rows] == [State.FAILED]


def test_what_is_missing_is_not_crowded_out_of_the_next_steps() -> None:
    many = [row(f"s{n}", **{f"c{n}{k}": F for k in range(9)}) for n in range(9)]
    assert "Run 1 stack again: gone" in fleet(*many, missing("gone", "")).actions


# reading


def test_the_page_says_it_all() -> None:
    page = render_fleet(MIXED)
    told = text_of(page)
    for words in (
        MIXED.sentence,
        "5 stacks expected = 4 reported + 1 without a run; 1 of 2 shards ended",
        "Cpu is bad on 2 of 5 stacks, new on 2; runbook: slug-test_cpu",
        "✖ Action needed", "… No run", "? Not everything could be checked", "✔ All good",
        "high: Tables is bad (bad-backend), new",
        "us-west-2, on call: ann ✖ Action needed",
    ):  # fmt: skip
        assert words in told
    assert "<script" not in page


def test_the_map_is_read_without_colour() -> None:
    page = render_fleet(fleet(row("a", one=F, two=B), row("b", one=W, two=N), missing("c", "")))
    drawn = dict(re.findall(r'<path class="(\w+)" d="(?:M[\d. ]+)([a-z][^M"]*)', page))
    assert {"failed", "blind", "waived", "not_run", "lost"} <= set(drawn)
    assert len(set(drawn.values())) == len(drawn)


def test_every_cell_is_drawn() -> None:
    page = render_fleet(large(80))
    (path,) = re.findall(r'<path class="failed" d="([^"]*)"', page.partition('role="group"')[2])
    assert path.count("M") == 80 * 30
    assert "cut here" not in page


def test_filters_need_no_script_and_hide_by_the_rows_own_kinds() -> None:
    page = render_fleet(fleet(*MIXED.rows, *rows_of(run_of("eu", {"test_cpu": P}, region="eu-west-1"))))
    for key, count in {"failed": 2, "missing": 1, "unseen": 1, "good": 2, "new": 2}.items():
        assert f"#f-{key}:checked ~ .wide tbody tr:not(.{key}) {{ display: none; }}" in page
        assert f'id="f-{key}"' in page
        assert sum(key in kinds.split() for kinds in re.findall(r'<tr id="s\d+" class="([^"]*)"', page)) == count
    assert "eu-west-1 (1)</label>" in page


def large(stacks: int) -> Fleet:
    """The worst case: every check of every stack fails."""
    names = [f"test_{a}_of_all_{b}_are_well" for a in ("alarms", "tables", "groups", "tasks", "logs") for b in "abcdef"]
    outcomes = dict.fromkeys(names, F)
    (one,) = rows_of(run_of("team-07-payments-production", outcomes))
    one = replace(one, bad=tuple(replace(bad, title=f"{bad.title} {'and so on ' * 20}") for bad in one.bad))
    return fleet(
        *(replace(one, stack=f"{one.stack}-{n:04}", page=f"fleet/{one.stack}-{n:04}.html") for n in range(stacks))
    )


def test_a_thousand_stacks_are_two_megabytes_and_each_costs_the_same() -> None:
    hundred, thousand = (len(render_fleet(large(stacks)).encode()) for stacks in (100, 1000))
    assert thousand < 2_000_000
    assert thousand < 10.5 * hundred


def test_no_string_of_the_world_becomes_markup() -> None:
    run = run_of("a", {"test_cpu": F, "test_x": B})
    bad = replace(
        run,
        stacks=(replace(run.stacks[0], name=HOSTILE, region=HOSTILE, account_id=HOSTILE),),
        checks=tuple(replace(one, stack=HOSTILE, failing=HOSTILE, runbook=HOSTILE) for one in run.checks),
        findings=tuple(replace(one, stack=HOSTILE, name=HOSTILE, message=HOSTILE) for one in run.findings),
        stopped_by=HOSTILE,
        state="stopped",
    )
    one = next(rows_of(bad, page="javascript:alert(1)"))
    told = fleet(one, replace(one, stack=f"{one.stack[:40]}2"), missing("c", HOSTILE), unknown=HOSTILE)
    page = render_fleet(told)
    for text in (page, to_markdown(told), to_email(told)):
        assert "<script" not in text
        assert "<img" not in text
        assert "\x1b" not in text
    assert "javascript:" not in page
    assert all(not re.search("[<>]", text) for text in texts_of(to_slack(told)))
    assert len(page) < 60_000


@pytest.mark.parametrize(
    ("address", "linked"),
    [
        ("fleet/a.html", True),
        ("https://x.example/a", True),
        ("javascript:x", False),
        ("//x.example", False),
        ("", False),
    ],
)
def test_only_an_address_becomes_a_link(address: str, linked: bool) -> None:
    assert bool(link(address)) == linked


# the same elsewhere


def test_json_has_what_the_page_has() -> None:
    told = json.loads(to_json(MIXED))
    assert (told["exit_code"], told["fleet"], told["shards"]) == (1, "job-1", {"of": 2, "not_ended": [2]})
    assert told["counts"] == {"failed": 2, "missing": 1, "unseen": 1, "good": 1}
    assert [one["stack"] for one in told["stacks"]] == [one.stack for one in MIXED.rows]
    assert told["stacks"][0]["began"] == NOW.isoformat()


def test_messages_say_what_is_shared_and_what_is_missing() -> None:
    texts = list(texts_of(to_slack(MIXED, page_url="https://pages.example/fleet.html")["blocks"]))
    assert texts[0] == "Action needed – daily checks of 5 stacks (job-1)"
    assert "HIGH: Cpu is bad – 2 of 5 stacks\nbad, bad-too" in texts
    assert "gone: No run\nno run of this fleet" in texts
    mail, markdown = to_email(MIXED), to_markdown(MIXED)
    for text in (mail, markdown):
        assert "gone" in text
        assert "2 of 5 stacks" in text
    assert len(to_markdown(large(1000), limit_bytes=50_000).encode()) < 50_000
    assert len(to_email(large(1000)).encode()) < 75_000
    assert sum(map(len, texts_of(to_slack(large(1000))))) < 13_000


def test_metrics_count_each_stack_once() -> None:
    told = to_prometheus(MIXED)
    assert 'opschecks_fleet_stacks{suite="daily",state="missing"} 1\n' in told
    assert 'opschecks_stack_state{suite="daily",stack="gone",state="missing"} 1\n' in told
    assert 'opschecks_stack_checks{suite="daily",stack="bad",outcome="failed"} 2\n' in told
    assert 'opschecks_stack_checks{suite="daily",stack="gone"' not in told
    samples = [line.rpartition(" ")[0] for line in told.splitlines() if not line.startswith("#")]
    assert len(samples) == len(set(samples))
    assert re.fullmatch(r"(# (HELP|TYPE) \w+ [^\n]+\n|\w+\{(\w+=\"[^\"\n]*\",?)*\} [\d.]+\n)+", told)


def test_a_deal_of_many_stacks_is_even() -> None:
    hands = dealt({f"s{n}": float(n % 7 + 1) for n in range(100)}, 8)
    loads = [sum(int(name[1:]) % 7 + 1 for name in hand) for hand in hands]
    assert max(loads) - min(loads) <= 1


def part(shard: int, of: int = 2, fleet: str = "job-1") -> FleetPart:
    return FleetPart(fleet, shard, of)


@pytest.fixture
def place(tmp_path: Path) -> FolderStorage:
    return FolderStorage(tmp_path)


def begin(place: FolderStorage, *stacks: str, name: str = "job-1", of: int = 2) -> Deal:
    return agreed(place, "daily", name, stacks, of, NOW)


def wanted(**more: object) -> Wanted:
    return Wanted("daily", NOW + timedelta(hours=1), **more)  # type: ignore[arg-type]


def test_a_killed_shard_is_missing_until_it_is_run_again(place: FolderStorage) -> None:
    deal = begin(place, "a", "b", "c", "d")
    for stack in deal.shards[0]:
        file(place.root, run_of(stack, {"test_cpu": P}, part=part(1)))
    write_ended(place, deal, Ended(1, NOW, 0, dict.fromkeys(deal.shards[0], 2.0)))
    half, *rest = deal.shards[1]
    file(place.root, run_of(half, {"test_cpu": P}, part=part(2)))
    told = read_fleet(place, wanted())
    assert (told.word, told.late, told.shards) == ("The fleet is incomplete", (2,), 2)
    assert [(one.stack, one.why) for one in told.rows if one.state is State.MISSING] == [
        (rest[0], "no run of this fleet (shard 2 of 2); it has no run at all")
    ]
    assert "1 stack again: " + rest[0] + "; shard 2 has not ended" in told.actions[0]
    for stack in deal.shards[1]:
        file(place.root, run_of(stack, {"test_cpu": P}, part=part(2), minutes=5))
    write_ended(place, begin(place, "a", "b", "c", "d"), Ended(2, NOW, 0, {}))
    whole = read_fleet(place, wanted())
    assert (whole.word, whole.exit_code, len(whole.rows), whole.late) == ("All good", 0, 4, ())


def test_two_fleets_at_one_place_do_not_mix(place: FolderStorage) -> None:
    begin(place, "a", "b", name="first", of=1)
    agreed(place, "daily", "second", ["a", "b"], 1, NOW + timedelta(minutes=1))
    file(place.root, run_of("a", {"test_cpu": P}, part=part(1, 1, "first"), minutes=3))
    file(place.root, run_of("b", {"test_cpu": F}, part=part(1, 1, "second"), minutes=3))
    first, second = (read_fleet(place, wanted(fleet=name)) for name in ("first", "second"))
    assert {one.stack: one.state for one in first.rows} == {"a": State.GOOD, "b": State.MISSING}
    assert {one.stack: one.state for one in second.rows} == {"a": State.MISSING, "b": State.FAILED}
    assert read_fleet(place, wanted()).name == "second"


def test_a_run_by_hand_after_the_fleet_does_not_replace_the_fleets(place: FolderStorage) -> None:
    begin(place, "a", of=1)
    file(place.root, run_of("a", {"test_cpu": F}, part=part(1, 1)), run_of("a", {"test_cpu": P}, minutes=20))
    assert read_fleet(place, wanted()).rows[0].state is State.FAILED


def test_without_a_fleet_old_runs_and_absent_stacks_are_missing(place: FolderStorage) -> None:
    file(place.root, run_of("a", {"test_cpu": P}), run_of("b", {"test_cpu": P}, minutes=-3 * 24 * 60))
    told = read_fleet(place, wanted(expected=["a", "b", "c"]))
    assert {one.stack: one.why for one in told.rows if one.state is State.MISSING} == {
        "b": "no daily run since 2026-11-23 06:00 UTC; its newest run began 2026-11-21 07:00 UTC",
        "c": "no daily run since 2026-11-23 06:00 UTC; it has no run at all",
    }
    assert read_fleet(place, wanted(expected=["a"])).exit_code == 0
    assert read_fleet(place, wanted(expected=["a", "b"], oldest=timedelta(days=9))).exit_code == 0
    assert read_fleet(place, wanted(oldest=timedelta(days=9))).word == "Not known to be complete"


def test_a_fleet_of_another_day_is_not_todays(place: FolderStorage) -> None:
    begin(place, "a", of=1)
    file(place.root, run_of("a", {"test_cpu": P}, part=part(1, 1)))
    later = Wanted("daily", NOW + timedelta(days=2))
    told = read_fleet(place, later)
    assert (told.word, told.exit_code) == ("Not known to be complete", 10)
    assert told.actions == ("Start a fleet: the newest one began 2026-11-24 07:00 UTC, and none since",)
    assert read_fleet(place, replace(later, fleet="job-1")).exit_code == 0
    assert read_fleet(place, replace(later, oldest=timedelta(days=3))).exit_code == 0


def test_a_run_file_that_cannot_be_read_is_one_row_and_not_an_older_run(place: FolderStorage) -> None:
    file(place.root, run_of("a", {"test_cpu": P}, minutes=-60), run_of("b", {"test_cpu": P}))
    (place.root / "a" / "daily" / "2026-11-24T07-10-00.000000Z.json").write_text("{", encoding="utf-8")
    rows = read_fleet(place, wanted(expected=["a", "b"])).rows
    assert [(one.stack, one.state) for one in rows] == [("a", State.MISSING), ("b", State.GOOD)]
    assert rows[0].why.startswith("the run file a/daily/2026-11-24T07-10-00.000000Z.json cannot be read: not a run")


def test_each_stacks_page_is_written_once(place: FolderStorage) -> None:
    file(place.root, run_of("a", {"test_cpu": P}), run_of("a", {"test_cpu": P}, minutes=1))
    written: list[Run] = []

    def page(run: Run) -> str:
        written.append(run)
        return "fleet/a.html"

    told = read_fleet(place, wanted(expected=["a"]), page)
    assert len(written) == 1
    assert 'href="fleet/a.html"' in render_fleet(told)


# what it looks like
