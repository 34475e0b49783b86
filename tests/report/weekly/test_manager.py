"""The week as a manager reads it: decisions, budget, trends, owners; the same on the page, in Markdown and mail."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from opschecks.core.run import Run
from opschecks.report.budget import Share, budgets
from opschecks.report.decisions import decisions
from opschecks.report.exports.email_body import to_email
from opschecks.report.exports.markdown import to_markdown
from opschecks.report.measures import measures
from opschecks.report.runfile import from_json, to_json
from opschecks.report.trend import trend
from opschecks.report.week_tables import week_tables
from tests.exported import HOSTILE, QUOTES, Read, not_made, page_of
from tests.report.runs import hostile_weekly, section, text_of
from tests.report.weeks import story, story_week

RUN = story()
(WEEK,) = RUN.weeks


def test_check_days_that_were_not_good_are_the_budget_that_was_lost() -> None:
    whole, *rows = budgets(RUN, WEEK)
    assert (whole.month, whole.week) == (Share(747, 8, 1), Share(190, 6, 0))
    assert (whole.allowed, whole.spent, whole.reading) == (15.1, "9 of 15.1, 1 of them not seen", "not every day seen")
    told = {row.name: (row.week.counted, row.spent, row.reading, row.owner) for row in rows}
    assert told["ECS"] == ("25 of 28", "5 of 2.2", "spent", "the platform team")
    assert told["Security groups"] == ("26 of 28", "2 of 2.2", "not every day seen", "cloud security")
    assert told["Logs"] == ("28 of 28", "1 of 2.2, 1 of them not seen", "not every day seen", "the platform team")
    assert [row.name for row in rows[:2]] == ["ECS", "Security groups"]


@pytest.mark.parametrize(
    ("target", "reading", "spent"),
    [(None, "no target", "5"), (95.0, "not every day seen", "5 of 5.4"), (100.0, "spent", "5 of 0")],
)
def test_a_budget_is_judged_by_its_target(target: float | None, reading: str, spent: str) -> None:
    shares = [{**one, "target": target} for one in WEEK["measures"] if one["key"] == "checks_passed_percent"]
    row = next(row for row in budgets(RUN, {**WEEK, "measures": shares}) if row.name == "ECS")
    assert (row.reading, row.spent) == (reading, spent)


def test_without_a_run_nothing_is_said_of_a_budget() -> None:
    assert budgets(RUN, {**WEEK, "areas": []}) == []
    without = {key: value for key, value in WEEK.items() if key not in ("areas", "copies", "drills")}
    page = page_of(replace(RUN, weeks=(without,)))
    assert "Error budget" not in page
    assert ">Drills" not in page
    quiet = [{**one, "days": [*one["days"][:21], *[None] * 7]} for one in WEEK["areas"]]
    assert "no run" in section(replace(RUN, weeks=({**WEEK, "areas": quiet},)), "Error budget")


def test_decisions_have_a_reason_an_owner_and_a_day() -> None:
    lines = [one.line for one in decisions(RUN, WEEK)]
    assert lines[0] == (
        "Extend the waiver of “A volume is attached to no instance” for vol-0a*, or fix what it accepts – "
        "kept for the migration (ann, by Wed 02 Dec)"
    )
    assert (
        "Find a lasting fix: A service does not run its desired number of tasks – it failed 3 times within 28 days; "
        "tried: scale-service × 2 (the platform team)"
    ) in lines
    assert any(
        line.startswith(
            "Put repairs before new work, or change the target – "
            "the error budget of ECS (target 98 %) is spent: 5 of 2.2 check-days lost"
        )
        for line in lines
    )
    assert (
        "Meet the target, or change it: Daily checks passed or waived – 97.6 % this week, 97.2 % last week"
        in "".join(lines)
    )
    assert "Cut costs, or raise the budget – at this rate the month comes to $6,420 of $6,200 (finance)" in lines
    assert not any("security group" in line for line in lines)


@pytest.mark.parametrize(
    ("result", "asked"),
    [
        ("refused", "Make this change by hand, or leave it: roll-back on backend – refused: a freeze (team edge)"),
        ("planned", "Make 1 planned change, or not – roll-back on backend (team edge)"),
        ("fixed", ""),
    ],
)
def test_a_change_that_was_not_made_is_a_decision(result: str, asked: str) -> None:
    told = {"check": "test_server_errors_are_rare", "remedy": "roll-back", "name": "backend", "said": "a freeze"}
    lines = [one.line for one in decisions(replace(RUN, changes=(not_made(result, **told),)), WEEK)]
    assert [line for line in lines if "roll-back" in line] == ([asked] if asked else [])


def test_an_unused_waiver_is_to_be_deleted_and_one_that_lasts_is_no_decision() -> None:
    (waiver,) = RUN.waivers
    unused = decisions(replace(RUN, waivers=(replace(waiver, state="unused", days_left=90),)), WEEK)
    assert any(one.what.startswith("Delete the waiver") for one in unused)
    lasting = decisions(replace(RUN, waivers=(replace(waiver, days_left=90),)), WEEK)
    assert not any("waiver" in one.what for one in lasting)


def test_no_decision_is_said_of_a_week_that_was_seen() -> None:
    quiet = {**WEEK, "recurring": [], "areas": [], "measures": [], "failures": []}
    run = replace(RUN, waivers=(), observations=(), weeks=(quiet,))
    assert section(run, "Decisions wanted") == "Decisions wanted No decision is waiting."
    half = {**quiet, "days": [{**day, "run": place > 0} for place, day in enumerate(WEEK["days"])]}
    assert "not every day of the week was seen" in section(replace(run, weeks=(half,)), "Decisions wanted")


def test_a_trend_has_axes_with_units_and_gaps() -> None:
    row = next(one for one in measures(RUN, WEEK) if one.label == "Daily checks passed or waived")
    assert row.trend
    assert [tick.label for tick in row.trend.y_ticks] == ["97.2 %", "99.4 %"]
    assert [tick.label for tick in row.trend.x_ticks] == ["7 weeks ago", "now"]
    assert [len(line.split()) for line in row.trend.lines] == [3, 4]
    assert len(row.trend.dots) == 7
    assert row.trend.said.startswith("7 weeks ago 99.1 %, 6 weeks ago 98.6 %")
    assert row.trend.said.endswith("now 97.6 %; target 98 %")
    assert row.twice
    assert trend([None, 3.0], None, str) is None
    flat = trend([3.0, 3.0], None, str)
    assert flat
    assert [tick.label for tick in flat.y_ticks] == ["3.0"]


def test_the_page_tells_what_ended_a_failure_and_whose_it_is() -> None:
    told = section(RUN, "Time to resolve")
    assert "Within the week Wed Thu Fri Sat Sun Mon Tue" in told
    assert "scale-service × 2 by ann on laptop" in told
    assert "no change by opschecks" in told
    assert "still open; no remedy was tried" in told
    assert "team edge" in told


def test_backups_have_a_strip_of_weekly_runs_and_drills_a_date() -> None:
    page = page_of(RUN)
    assert 'aria-label="last 8 weekly runs: 7 passed, 1 failed"' in page
    assert page.count('aria-label="last 8 weekly runs: 8 passed"') == 2
    assert "A stopped task is replaced passed" in section(RUN, "Drills")


def test_the_biggest_mover_of_the_costs_is_named() -> None:
    assert "the biggest mover is Amazon CloudFront, +$17.90" in section(RUN, "Cost")


def test_markdown_and_mail_have_the_same_tables() -> None:
    tables = week_tables(RUN)
    assert [table.heading for table in tables] == [
        "Decisions wanted", "The week in numbers", "Error budget of the daily checks",
    ]  # fmt: skip
    markdown, mail = Read(to_markdown(RUN)), Read(to_email(RUN).removeprefix("<!DOCTYPE html>"))
    for table in tables:
        for row in table.rows:
            assert list(row) in markdown.rows
            assert [cell[:99] for cell in row] in [[cell[:99] for cell in told] for told in mail.rows]
    page = text_of(page_of(RUN))
    assert all(row[0] in page for table in tables for row in table.rows)


def test_a_hostile_week_stays_small_and_escaped() -> None:
    run = hostile_weekly()
    assert len(to_email(run).encode()) < 75_000
    assert "<script" not in to_markdown(run)
    week = story_week()
    bad = {**week, "areas": [{**one, "area": QUOTES} for one in week["areas"]] * 6, "recurring": week["recurring"] * 12}
    assert len(to_email(replace(RUN, weeks=(bad, bad, bad, bad))).encode()) < 75_000
    assert len(to_markdown(replace(RUN, weeks=(bad,) * 9), limit_bytes=60_000).encode()) < 60_000


def test_the_run_file_keeps_the_whole_week() -> None:
    assert page_of(from_json(to_json(RUN))) == page_of(RUN)


@pytest.mark.parametrize(
    ("file", "command"),
    [
        ("checks/weekly/test_a.py", "pytest checks/drills --stack production"),
        ("test_a.py", "pytest --pyargs opschecks.checks.drills --stack production"),
    ],
    ids=["in the project", "installed"],
)
def test_drills_are_run_as_they_are_typed(file: str, command: str) -> None:
    checks = tuple(replace(one, nodeid=f"{file}::{one.check}[production]") for one in RUN.checks)
    told = section(replace(RUN, checks=checks, weeks=({**WEEK, "drills": []},)), "Drills")
    assert "none on record" in told
    assert command in told


AREAS = ("cloudwatch_dashboards", "ecs", "logs")


def _week(seen: int, **lost: list[int]) -> dict[str, Any]:
    """The three areas on that many of 28 days; what an area lost, it lost on the first days with a run."""
    areas = []
    for name in AREAS:
        days: list[list[int] | None] = [*[None] * (28 - seen), *[[20, 0, 0] for _ in range(seen)]]
        if name in lost:
            days[28 - seen] = lost[name]
        areas.append({"area": name, "days": days, "failed": []})
    return {**WEEK, "areas": areas, "recurring": [], "measures": [
        one for one in WEEK["measures"] if one["key"] == "checks_passed_percent"]}  # fmt: skip


DAYS = {
    "one day": (1, "not every day seen", "not every day seen", False),
    "13 days": (13, "not every day seen", "not every day seen", False),
    "14 days": (14, "not every day seen", "spent", True),
    "all but one": (27, "not every day seen", "spent", True),
    "every day": (28, "within budget", "spent", True),
}


@pytest.mark.parametrize(("seen", "kept", "lost", "decided"), DAYS.values(), ids=DAYS)
def test_a_budget_is_judged_by_the_days_with_a_run(seen: int, kept: str, lost: str, decided: bool) -> None:
    week = _week(seen, ecs=[5, 15, 0])
    rows = {row.name: row.reading for row in budgets(RUN, week)}
    assert (rows["Logs"], rows["ECS"]) == (kept, lost)
    assert any("error budget" in one.why for one in decisions(RUN, week)) is decided
    rule = section(replace(RUN, weeks=(week,)), "Error budget")
    assert ("may be lost in 28 days" if seen == 28 else f"may be lost in 28 days, {seen} of which had a run") in rule


def _budget_decisions(week: dict[str, Any]) -> list[str]:
    return [f"{one.what} – {one.why}" for one in decisions(RUN, week) if "error budget" in one.why]


def test_a_decision_names_whose_budget_is_spent() -> None:
    week = _week(28, ecs=[5, 15, 0])
    assert budgets(RUN, week)[0].reading == "within budget"
    (only,) = _budget_decisions(week)
    assert only == (
        "Put repairs before new work, or change the target – "
        "the error budget of ECS (target 98 %) is spent: 15 of 11.2 check-days lost"
    )


def test_what_was_only_not_seen_asks_for_access() -> None:
    repairs, access = _budget_decisions(_week(28, ecs=[2, 0, 18], logs=[2, 16, 2]))
    assert repairs.startswith("Put repairs before new work, or change the target – the error budget of Logs ")
    assert access == (
        "Restore access, so that every daily check can look – the error budget of ECS (target 98 %) is spent: "
        "18 of 11.2 check-days lost, 18 of them not seen"
    )
    (both,) = _budget_decisions(_week(28, ecs=[2, 18, 0], logs=[2, 16, 2]))
    assert both.endswith(
        "the error budgets of 2 services (target 98 %) are spent: ECS (18 of 11.2 check-days lost), "
        "Logs (18 of 11.2 check-days lost, 2 of them not seen)"
    )


MANY = 25


def _with_many(week: dict[str, Any]) -> dict[str, Any]:
    left = {"at": "", "remedy": "roll-back", "check": "", "resource": "", "result": "refused", "said": "a freeze"}
    return {**week, "not_made": [{**left, "name": f"service-{number}"} for number in range(MANY)]}


def _of(count: int, week: dict[str, Any] | None = None) -> Run:
    names = [f"stack-{number}" for number in range(count)]
    (facts,) = RUN.stacks
    return replace(
        RUN,
        stacks=tuple(replace(facts, name=name) for name in names),
        weeks=tuple({**(week or dict(WEEK)), "stack": name} for name in names),
    )


def _mail(run: Run) -> str:
    return " ".join(Read(to_email(run)).loose.split())


def test_rows_without_room_are_counted() -> None:
    run = replace(RUN, weeks=(_with_many(dict(WEEK)),))
    rows = len(week_tables(run)[0].rows)
    assert rows > MANY
    assert f"{rows - 10} more on the page." in _mail(run)
    assert "service-24" in to_markdown(run)
    assert "more on the page." in to_markdown(run, limit_bytes=30_000)
    assert "more on the page" not in _mail(RUN)


def test_a_mail_has_the_tables_of_both_stacks() -> None:
    headings = [table.heading for table in week_tables(_of(2))]
    assert headings[:3] == ["Decisions wanted on stack-0", "Decisions wanted on stack-1",
                            "The week in numbers on stack-0"]  # fmt: skip
    told = _mail(_of(2))
    assert all(heading in told for heading in headings)
    assert "not here" not in told


def test_a_mail_names_what_it_leaves_out_and_stays_small() -> None:
    told = to_email(_of(9, _with_many({**WEEK, "words": {key: {"failing": HOSTILE, "runbook": HOSTILE, "area": "ecs"}
                                                        for key in WEEK["words"]}})))  # fmt: skip
    assert len(told.encode()) < 75_000
    assert "Decisions wanted on stack-5" in told
    assert "On the page, and not here: “Decisions wanted on stack-6”" in told
