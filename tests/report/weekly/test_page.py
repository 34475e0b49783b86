"""The page of a week as people meet it: in Chromium, wide and on a phone, light and dark, on paper, hostile."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from opschecks.core.model import Deadline, Outcome, SeenResource, Series
from opschecks.core.run import Past, Run
from opschecks.history.runs import file_run
from opschecks.history.storage import FolderStorage
from opschecks.history.week import nothing_of
from opschecks.report.page import render
from opschecks.report.runbook import read_runbook
from opschecks.report.runfile import from_json, to_json
from opschecks.report.verdict import verdict
from tests.browser import PHONE, WIDE, chromium, cut_off, opened, unfold, violations
from tests.mornings import earlier, ending
from tests.report.test_page import HOSTILE, hostile
from tests.scratch import ROOT, Ended, Project

RUNBOOK = read_runbook(ROOT / "checks" / "RUNBOOK.md")
LINKS = {"run": "weekly.json", "pytest": "weekly.pytest.html", "junit": "weekly.xml"}
TASKS, ERRORS, INGRESS = (
    "test_services_run_the_tasks_they_want", "test_server_errors_are_rare", "test_ingress_is_no_wider_than_allowed",
)  # fmt: skip
F, P, B = Outcome.FAILED, Outcome.PASSED, Outcome.BLIND
DAYS_BAD = {TASKS: (2, 9, 10, 20), ERRORS: (5, 4), INGRESS: (1, 0)}
NO_RUN = (3, 17)
EVERY = ("story", "first", "hostile", "unreadable", "several")
LOOKS = [(WIDE, "light"), (WIDE, "dark"), (PHONE, "light"), (PHONE, "dark")]
SEEN = [
    *((name, *look) for name in ("story", "hostile") for look in LOOKS),
    *((name, *look) for name in ("first", "unreadable", "several") for look in (LOOKS[0], LOOKS[3])),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The checks, with eight weeks of filed mornings and a weekly run with a fault."""
    made = Project.of_the_checks(tmp_path_factory.mktemp("checks"))
    reports = made.folder / "reports"
    assert made.run("checks/weekly").code == 0
    (reports / "first.html").write_bytes((reports / "weekly.html").read_bytes())
    assert made.run("checks/daily").code == 0
    file_mornings(from_json((reports / "daily.json").read_text()), reports / "history" / "sandbox")
    assert made.run("checks/weekly", "--fault", "access_key_is_old").code == 1
    return made


def file_mornings(run: Run, state: Path) -> None:
    """58 mornings before now: some bad, one blind, two without a run."""
    for path in (state / "daily").iterdir():
        path.unlink()
    for day in range(58, -1, -1):
        if day in NO_RUN:
            continue
        outcomes = {check: F if day in bad else P for check, bad in DAYS_BAD.items()}
        if day == 12:
            outcomes["test_errors_are_rare_in_the_logs"] = B
        told: dict[str, Any] = json.loads(to_json(earlier(ending(run, outcomes), day + 0.02)))
        told["numbers"] |= {"day: requests": 1000, "day: requests answered 5xx": 2 if day < 7 else 0}
        if day == 2:
            told["numbers"]["day: tasks running"] = 1
        file_run(FolderStorage(state), "daily", datetime.fromisoformat(told["started"]), json.dumps(told))


def weekly(project: Project) -> Run:
    return from_json((project.folder / "reports" / "weekly.json").read_text())


def hostile_week(stack: str) -> dict[str, Any]:
    """A week in which every string that the world or a journal gave is hostile."""
    moment = (hostile().started - timedelta(days=2)).isoformat()
    tried = [{"remedy": HOSTILE, "times": 3, "by": HOSTILE}]
    return {
        "stack": stack,
        "error": "",
        "begins": "2026-11-18",
        "ends": "2026-11-24",
        "measures": [{"key": "checks_passed_percent", "target": 98.0, "weeks": [None] * 6 + [97.5, 12.3456789]}],
        "days": [
            {"day": f"2026-11-{day}", "run": True,
              "outcomes": {"failed": 10**6, "blind": 1}, "running": 1.0, "desired": 2.0}
            for day in range(18, 25)
        ],
        "failures": [
            {"check": check, "since": moment, "until": until, "hours": hours, "cut": True, "tried": tried}
            for check, until, hours in (("test_a", "", None), (HOSTILE, moment, 0.0))
        ],
        "opened": 1,
        "recurring": [
            {"check": check, "days": 2, "times": 1, "outcomes": ["failed", "", HOSTILE], "tried": tried}
            for check in ("test_a", HOSTILE)
        ],
        "deadlines": [{"what": HOSTILE, "at": moment}],
        "words": {"test_a": {"failing": HOSTILE, "runbook": HOSTILE}},
        "restores": [{"table": HOSTILE, "at": moment, "told": {HOSTILE: [HOSTILE, HOSTILE]}}],
    }  # fmt: skip


def hostile_run() -> Run:
    """The hostile run as one of a week, with costs and deadlines."""
    run = hostile()
    now = run.started
    line = Series("cost", "USD", tuple((now - timedelta(days=day), 10.0 + day) for day in range(40, 0, -1)), 86400, 5.0)
    (first, *others) = run.observations
    (seen, *_) = first.resources
    costs = SeenResource(HOSTILE, HOSTILE, seen.figures, (line,), (Deadline(HOSTILE, now - timedelta(days=400)),))
    checks = tuple(replace(check, area="backups") for check in run.checks)
    return replace(
        run,
        suite="weekly",
        checks=checks,
        observations=(
            replace(first, name="total_cost", resources=(costs,)),
            replace(first, name="service_costs", resources=(costs,) * 7),
            replace(first, name="week_incidents"),
            *others,
        ),
        past=(Past("production", 3, now - timedelta(days=7)),),
        weeks=(hostile_week("production"),),
    )


def several(run: Run) -> Run:
    """The run as one of two stacks."""
    (facts,) = run.stacks
    other = replace(facts, name="staging")
    more = tuple(replace(check, stack="staging") for check in run.checks)
    return replace(
        run,
        stacks=(facts, other),
        checks=(*run.checks, *more),
        weeks=(*run.weeks, nothing_of("staging", "Permission denied") | {"deadlines": [], "words": {}, "restores": []}),
    )


@pytest.fixture(scope="module")
def pages(project: Project, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder, reports = tmp_path_factory.mktemp("pages"), project.folder / "reports"
    (folder / "story.html").write_bytes((reports / "weekly.html").read_bytes())
    (folder / "first.html").write_bytes((reports / "first.html").read_bytes())
    run = weekly(project)
    (week,) = run.weeks
    unreadable = {**nothing_of(week["stack"], "disk full"), "deadlines": [], "words": {}, "restores": []}
    told = {
        "hostile": hostile_run(),
        "unreadable": replace(run, weeks=(unreadable,)),
        "several": several(run),
    }
    for name, one in told.items():
        (folder / f"{name}.html").write_text(render(one, runbook=RUNBOOK, links=LINKS), encoding="utf-8")
    return {path.stem: path for path in folder.iterdir()}


def _rows(page: Page, label: str) -> list[str]:
    rows = page.get_by_role("region", name=label, exact=True).locator("tbody tr")
    return [" ".join(text.split()) for text in rows.all_inner_texts()]


@pytest.mark.parametrize("name", EVERY)
def test_nothing_needs_javascript(browser: Browser, pages: dict[str, Path], name: str) -> None:
    with opened(browser, pages[name]) as page:
        with_it = page.screenshot(full_page=True)
        assert page.locator("script").count() == 0
    with opened(browser, pages[name], java_script_enabled=False) as page:
        assert page.screenshot(full_page=True) == with_it


@pytest.mark.parametrize(("name", "width", "scheme"), SEEN)
def test_axe_finds_nothing(browser: Browser, pages: dict[str, Path], name: str, width: int, scheme: str) -> None:
    with opened(browser, pages[name], width=width, color_scheme=scheme, bypass_csp=True) as page:
        unfold(page)
        assert violations(page) == []


@pytest.mark.parametrize("name", EVERY)
def test_a_phone_never_scrolls_sideways_and_loses_nothing(browser: Browser, pages: dict[str, Path], name: str) -> None:
    with opened(browser, pages[name], width=PHONE) as page:
        unfold(page)
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE
        assert cut_off(page) == []


def test_hostile_strings_do_nothing(browser: Browser, pages: dict[str, Path]) -> None:
    with opened(browser, pages["hostile"], bypass_csp=True) as page:
        unfold(page)
        assert page.evaluate("window.pwned") is None
        assert page.locator("script, img, iframe, main style").count() == 0
        assert not {"\x1b", "\u202e", "\u2066", "\x07"} & set(page.content())
        assert "<script>window.pwned" in page.inner_text("body")
        assert "<script>window.pwned" in page.get_by_role("region", name="Recurring failures").inner_text()
    assert len(pages["hostile"].read_bytes()) < 700_000


def test_the_first_screen_says_how_the_week_was(browser: Browser, pages: dict[str, Path]) -> None:
    with opened(browser, pages["story"]) as page:
        said = page.locator(".verdict").inner_text()
        assert "Action needed" in said
        assert "targets were met (not: Results of daily checks that passed" not in said
        assert "3 failures began; 2 ended, the longest after 3 days; 1 is open." in said
        assert "A security group lets in more than allowed – open since" in said
        numbers = page.get_by_role("region", name="The week in numbers")
        box = numbers.bounding_box()
        assert box
        assert box["y"] < 900


def test_the_numbers_are_those_of_the_daily_runs(browser: Browser, pages: dict[str, Path]) -> None:
    with opened(browser, pages["story"]) as page:
        told = {row.partition(" ")[0] + row: row for row in _rows(page, "The week in numbers")}
        rows = list(told.values())
    assert "Requests answered without 5xx 99.8 % 100 % at least 99.9 % 8 weeks missed" in rows
    assert any(row.startswith("Tasks running, of those wanted 91.67 % 100 % at least 100 %") for row in rows)
    assert any(row.startswith("Failures opened 3 1") for row in rows)
    assert any(row.startswith("Cost of 7 settled days $") and row.endswith("met") for row in rows)
    assert any(row.startswith("Tables with a usable backup 100 %") for row in rows)


def test_each_day_is_told_and_a_day_without_a_run_is_none(browser: Browser, pages: dict[str, Path]) -> None:
    with opened(browser, pages["story"]) as page:
        rows = _rows(page, "Not passing, per day")
        bars = page.get_by_role("region", name="Not passing, per day").locator("svg.bar").evaluate_all(
            "all => all.map(one => one.querySelectorAll('rect').length)"
        )  # fmt: skip
    assert len(rows) == 7
    good, bad = "0 0 0 0 2 of 2", "1 0 0 0 2 of 2"
    assert [row.split(" ", 3)[3] for row in rows] == [good, bad, bad, "no run", "1 0 0 0 1 of 2", bad, bad]
    assert bars == [0, 1, 1, 1, 1, 1]


def test_what_failed_is_told_with_its_words_and_its_span(browser: Browser, pages: dict[str, Path]) -> None:
    with opened(browser, pages["story"]) as page:
        resolved, recurring = _rows(page, "Time to resolve"), _rows(page, "Recurring failures")
        spans = page.get_by_role("region", name="Time to resolve").locator("rect")
        places = spans.evaluate_all("all => all.map(one => [+one.getAttribute('x'), +one.getAttribute('width')])")
    assert [row.partition(" ")[0] for row in resolved] == ["A", "Too", "A"]
    assert "open since" in resolved[0]
    assert resolved[0].endswith("nothing yet")
    assert "3 days" in resolved[1]
    assert all(x >= 0 and x + width <= 100.01 for x, width in places)
    assert places[0][0] > places[2][0] > places[1][0]
    assert recurring[0].startswith(
        "A service does not run its desired number of tasks 4 3 nothing is in the journal scale-backend"
    )


def test_costs_add_up(browser: Browser, pages: dict[str, Path], project: Project) -> None:
    with opened(browser, pages["story"]) as page:
        said = page.locator("h2", has_text="Cost").locator("xpath=following-sibling::p[1]").inner_text()
        days, services = _rows(page, "Cost by day"), _rows(page, "Cost by service")
    total = next(one for seen in weekly(project).observations if seen.name == "total_cost" for one in seen.resources)
    figures = {figure.label: figure.value for figure in total.figures}
    assert f"${figures['7 days']:,.0f} in the 7 settled days until" in said
    assert f"the month comes to ${figures['month']:,.0f} of $2,000" in said
    sums = [sum(float(row.split("$")[1].split()[0].replace(",", "")) for row in rows) for rows in (days, services)]
    assert all(abs(one - float(figures["7 days"])) < 1 for one in sums)


def test_copies_and_what_is_due(browser: Browser, pages: dict[str, Path]) -> None:
    with opened(browser, pages["story"]) as page:
        copies, due = _rows(page, "Backups"), _rows(page, "Coming up")
    assert [row.split(" ")[0] for row in copies][:1] == ["incident-commander-incidents"]
    assert any("days ago" in row and "must be rotated" in row for row in due)


def test_a_week_that_cannot_be_read_says_so(browser: Browser, pages: dict[str, Path]) -> None:
    with opened(browser, pages["unreadable"]) as page:
        text = page.inner_text("main")
    assert "The daily runs could not be read: disk full" in text
    assert "the daily runs of the week could not be read: disk full" in text


def test_a_first_week_is_empty_and_not_good(browser: Browser, pages: dict[str, Path]) -> None:
    with opened(browser, pages["first"]) as page:
        said = page.locator(".verdict").inner_text()
        rows = _rows(page, "Not passing, per day")
    assert "no daily run of the week is on record" in said
    assert all(row.endswith("no run") for row in rows)


def test_a_good_suite_in_a_bad_week_is_not_all_good(project: Project) -> None:
    run = weekly(project)
    good = replace(
        run,
        exit_code=0,
        checks=tuple(replace(check, outcome=Outcome.PASSED.value) for check in run.checks),
        findings=tuple(replace(one, outcome=Outcome.PASSED) for one in run.findings),
    )
    told = verdict(good)
    assert (told.word, told.tone) == ("Held, with 5 open points", "warn")
    quiet = {**run.weeks[0], "failures": [], "measures": []}
    assert verdict(replace(good, weeks=(quiet,))).word == "All good"


def test_everything_stands_on_paper(browser: Browser, pages: dict[str, Path], tmp_path: Path) -> None:
    with opened(browser, pages["story"]) as page:
        page.pdf(path=tmp_path / "page.pdf", format="A4")
        cells = [text for text in page.locator("main table th[scope=row]").all_text_contents() if text.strip()]
    done = subprocess.run(["pdftotext", "-raw", tmp_path / "page.pdf", "-"], capture_output=True, text=True, check=True)
    printed = "".join(done.stdout.split())
    assert len(cells) > 40
    for text in cells:
        assert "".join(text.split())[:40] in printed, text


def test_a_week_without_a_weekly_run_is_made_of_its_daily_ones(project: Project) -> None:
    last = weekly(project).started - timedelta(days=14)
    ended = _report(project, "--week", f"{last:%G-W%V}", "--out", "past.html")
    assert ended.code == 0, ended.all
    page = (project.folder / "past.html").read_text()
    assert "no weekly checks of sandbox were run in this week" in page
    assert "Made from filed runs; nothing was looked at anew." in page
    assert "The week in numbers" in page
    wrong = _report(project, "--week", "2020-W01")
    assert wrong.code == 1
    assert "sandbox has no run in it; weeks are those of UTC; did you mean" in wrong.err


def _report(project: Project, *arguments: str) -> Ended:
    return project.opschecks("report", "weekly", "--stack", "sandbox", *arguments)


def test_the_run_file_gives_the_same_page(project: Project) -> None:
    run = weekly(project)
    assert render(from_json(to_json(run)), runbook=RUNBOOK, links=LINKS) == render(run, runbook=RUNBOOK, links=LINKS)
    assert run.started.astimezone(UTC).tzinfo == UTC
