"""The page of a week as people meet it in Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from opschecks.core.model import Outcome
from opschecks.core.run import Run
from opschecks.report.runfile import from_json, to_json
from opschecks.report.verdict import verdict
from tests.browser import opened, printed
from tests.exported import page_of
from tests.mornings import ending
from tests.scratch import Project


@pytest.fixture
def page(browser: Browser, weekly: dict[str, Path]) -> Iterator[Page]:
    with opened(browser, weekly["story"]) as shown:
        yield shown


def _rows(page: Page, label: str) -> list[str]:
    rows = page.get_by_role("region", name=label, exact=True).locator("tbody tr")
    return [" ".join(text.split()) for text in rows.all_inner_texts()]


def test_the_first_screen_says_how_the_week_was(page: Page) -> None:
    said = page.locator(".verdict").inner_text()
    assert "Action needed" in said
    assert "targets were met (not: Daily checks passed or waived" not in said
    assert "3 failures began; 2 ended, the longest after 3 days; 1 is open; no daily run on " in said
    assert "A security group lets in more than allowed – open since" in said
    numbers = page.get_by_role("region", name="The week in numbers")
    box = numbers.bounding_box()
    assert box
    assert box["y"] < 900


def test_the_numbers_are_those_of_the_daily_runs(page: Page) -> None:
    rows = _rows(page, "The week in numbers")
    assert "Requests answered without 5xx 99.8 % 100 % at least 99.9 % 99.8 % 100 % 7 weeks ago now missed" in rows
    assert any(row.startswith("Tasks running, of those desired 91.67 % 100 % at least 100 %") for row in rows)
    assert any(row.startswith("Failures opened 3 1") for row in rows)
    assert any(row.startswith("Cost of 7 settled days $") and row.endswith("met") for row in rows)
    assert any(row.startswith("Tables with a usable backup 100 %") for row in rows)


def test_each_day_is_told_and_a_day_without_a_run_is_none(page: Page) -> None:
    rows = _rows(page, "Not passing, per day")
    bars = page.get_by_role("region", name="Not passing, per day").locator("svg.bar").evaluate_all(
        "all => all.map(one => one.querySelectorAll('rect').length)"
    )  # fmt: skip
    assert len(rows) == 7
    good, bad = "0 0 0 0 2 of 2", "1 0 0 0 2 of 2"
    assert [row.split(" ", 3)[3] for row in rows] == [good, bad, bad, "no run", "1 0 0 0 1 of 2", bad, bad]
    assert bars == [0, 1, 1, 1, 1, 1]


def test_what_failed_is_told_with_its_words_and_its_span(page: Page) -> None:
    resolved, recurring = _rows(page, "Time to resolve"), _rows(page, "Recurring failures")
    spans = page.get_by_role("region", name="Time to resolve").locator("rect")
    places = spans.evaluate_all("all => all.map(one => [+one.getAttribute('x'), +one.getAttribute('width')])")
    assert [row.partition(" ")[0] for row in resolved] == ["A", "Too", "A"]
    assert "open since" in resolved[0]
    assert resolved[0].endswith("still open; no remedy was tried the on-call engineer")
    assert "3 days" in resolved[1]
    assert all(x >= 0 and x + width <= 100.01 for x, width in places)
    assert places[0][0] > places[2][0] > places[1][0]
    assert recurring[0].startswith(
        "A service does not run its desired number of tasks 4 3 no remedy was tried scale-backend"
    )


def test_costs_add_up(page: Page, week: Run) -> None:
    said = page.locator("h2", has_text="Cost").locator("xpath=following-sibling::p[1]").inner_text()
    days, services = _rows(page, "Cost by day"), _rows(page, "Cost by service")
    total = next(one for seen in week.observations if seen.name == "total_cost" for one in seen.resources)
    figures = {figure.label: figure.value for figure in total.figures}
    assert f"${figures['7 days']:,.0f} in the 7 settled days until" in said
    assert f"the month comes to ${figures['month']:,.0f} of $2,000" in said
    sums = [sum(float(row.split("$")[1].split()[0].replace(",", "")) for row in rows) for rows in (days, services)]
    assert all(abs(one - float(figures["7 days"])) < 1 for one in sums)


def test_copies_and_what_is_due(page: Page) -> None:
    copies, due = _rows(page, "Backups"), _rows(page, "Coming up")
    assert [row.split(" ")[0] for row in copies][:1] == ["incident-commander-incidents"]
    assert any("days ago" in row and "must be rotated" in row for row in due)


def test_a_week_that_cannot_be_read_says_so(browser: Browser, weekly: dict[str, Path]) -> None:
    with opened(browser, weekly["unreadable"]) as page:
        text = page.inner_text("main")
    assert "The daily runs could not be read: disk full" in text
    assert "the daily runs of the week could not be read: disk full" in text


def test_a_first_week_is_empty_and_not_good(browser: Browser, weekly: dict[str, Path]) -> None:
    with opened(browser, weekly["first"]) as page:
        said = page.locator(".verdict").inner_text()
        rows = _rows(page, "Not passing, per day")
    assert "no daily run of this week is on record" in said
    assert all(row.endswith("no run") for row in rows)


def test_a_good_suite_in_a_bad_week_is_not_all_good(week: Run) -> None:
    good = replace(ending(week, {check.check: Outcome.PASSED for check in week.checks}), exit_code=0)
    told = verdict(good)
    assert (told.word, told.tone) == ("Good, with 5 open items", "warn")
    whole = [{**day, "run": True, "outcomes": {"passed": 30}} for day in week.weeks[0]["days"]]
    quiet = {**week.weeks[0], "failures": [], "measures": [], "days": whole}
    assert verdict(replace(good, weeks=(quiet,))).word == "All good"


def test_everything_stands_on_paper(page: Page, tmp_path: Path) -> None:
    cells = [text for text in page.locator("main table th[scope=row]").all_text_contents() if text.strip()]
    paper = printed(page, tmp_path)
    assert len(cells) > 40
    for text in cells:
        assert "".join(text.split())[:40] in paper, text


def test_a_week_without_a_weekly_run_is_made_of_its_daily_ones(weeks_project: Project, week: Run) -> None:
    last = week.started - timedelta(days=14)
    command = ("report", "weekly", "--stack", "sandbox", "--week")
    weeks_project.opschecks(*command, f"{last:%G-W%V}", "--out", "past.html").ends(0)
    page = (weeks_project.folder / "past.html").read_text()
    assert "no weekly run of sandbox this week" in page
    assert "Made from filed runs; nothing was checked again." in page
    assert "The week in numbers" in page
    wrong = weeks_project.opschecks(*command, "2020-W01").ends(1)
    assert "sandbox has no run in it; weeks are those of UTC; did you mean" in wrong.err


def test_the_run_file_gives_the_same_page(week: Run) -> None:
    assert page_of(from_json(to_json(week))) == page_of(week)
