"""The week as a manager reads it: decisions, budget, trends, owners; the same on the page, in Markdown and mail."""

from __future__ import annotations

from dataclasses import replace

import pytest

from opschecks.report.budget import Share, budgets
from opschecks.report.decisions import decisions
from opschecks.report.exports.email_body import to_email
from opschecks.report.exports.markdown import to_markdown
from opschecks.report.measures import measures
from opschecks.report.runfile import from_json, to_json
from opschecks.report.trend import trend
from opschecks.report.week_tables import week_tables
from tests.exported import QUOTES, Read, not_made, page_of
from tests.report.runs import hostile_weekly
from tests.report.sentences import section, text_of
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
