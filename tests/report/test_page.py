"""The page as people meet it: in Chromium, wide and on a phone, light and dark, on paper, without JavaScript."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from opschecks.core.model import (
    CheckResult,
    Figure,
    Finding,
    ObservationResult,
    Outcome,
    SeenResource,
    Series,
    Severity,
)
from opschecks.core.run import Run, StackFacts, WaiverState
from opschecks.report.page import render
from opschecks.report.placeholder import render_no_run, render_unfinished
from opschecks.report.runbook import read_runbook
from tests.browser import PHONE, WIDE, chromium, cut_off, opened, unfold, violations
from tests.scratch import ROOT, Project

LINKS = {"run": "daily.json", "pytest": "daily.pytest.html", "junit": "daily.xml"}
RUNBOOK = read_runbook(ROOT / "checks" / "RUNBOOK.md")
FAULTS = (
    "cpu_is_saturated",
    "targets_answer_errors",
    "ssh_is_open_to_the_world",
    "stickiness_switched_off",
    "incident_is_forgotten",
    "log_group_is_gone",
)
HOSTILE = (
    "<script>window.pwned = 1</script><img src=x onerror='window.pwned = 1'>\"'&lt;{{ 7 * 7 }}"
    "\x1b[31m\x1b]0;title\x07\u202eevil\u202c\u2066\x00 ]]> --> <style>*{display:none}</style>" + "n" * 10_000
)
NOW = datetime(2026, 11, 24, 7, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Every kind of page by name: of a bad and of a good morning, hostile, unfinished, of no run."""
    folder = tmp_path_factory.mktemp("pages")
    project = Project.of_the_checks(tmp_path_factory.mktemp("checks"))
    reports = project.folder / "reports"
    assert project.run("checks/daily", *(part for name in FAULTS for part in ("--fault", name))).code == 1
    (folder / "bad.html").write_bytes((reports / "daily.html").read_bytes())
    assert project.run("checks/daily").code == 0
    (folder / "good.html").write_bytes((reports / "daily.html").read_bytes())
    run = hostile()
    (folder / "hostile.html").write_text(render(run, runbook=RUNBOOK, links=LINKS), encoding="utf-8")
    unfinished = replace(run, state="unfinished", ended=None)
    (folder / "unfinished.html").write_text(render_unfinished(unfinished, LINKS), encoding="utf-8")
    (folder / "none.html").write_text(render_no_run("daily", NOW, HOSTILE[:200]), encoding="utf-8")
    return {path.stem: path for path in folder.iterdir()}


def hostile(resources: int = 3) -> Run:
    """A run in which every string that comes from the world is hostile."""
    points = tuple((NOW - timedelta(minutes=5 * n), 90.0 + n % 7) for n in range(200, 0, -1))
    series = Series("CPU", "%", points, 300, 80.0)
    checks = [
        CheckResult("production", name, f"checks/daily/test_ecs.py::{name}", area, Severity.HIGH, slug, "It is bad",
                    "It hurts", outcome.value, HOSTILE)
        for name, area, slug, outcome in (
            ("test_a", "ecs", "high-cpu", Outcome.FAILED),
            ("test_b", "alarms", "alarms", Outcome.BLIND),
            ("test_c", "logs", "logs", Outcome.NOT_RUN),
            ("test_d", "dynamodb", "database-throttling", Outcome.WAIVED),
        )
    ]  # fmt: skip
    figures = (
        Figure("severity", HOSTILE),
        Figure("status", HOSTILE),
        Figure("opened", HOSTILE),
        Figure("title", HOSTILE),
    )
    findings = [
        Finding("production", check.check, f"{HOSTILE}{n}", f"{n}{HOSTILE}", Outcome(check.outcome), check.severity,
                HOSTILE, {HOSTILE: [HOSTILE, {"deep": HOSTILE}]}, figures)
        for check in checks
        for n in range(resources)
    ]  # fmt: skip
    seen = SeenResource(f"{HOSTILE}0", HOSTILE, figures, (series, replace(series, label=HOSTILE)))
    return Run(
        suite="daily",
        started=NOW,
        ended=NOW + timedelta(seconds=2),
        stacks=(
            StackFacts("production", False, "123456789012", "us-west-2", "Europe/Berlin", {"on_call": HOSTILE},
                       {"cluster": HOSTILE, "service": "$(touch /tmp/pwned)", "region": "us-west-2"}),
        ),
        state="finished",
        exit_code=1,
        checks=tuple(checks),
        findings=tuple(findings),
        observations=(
            ObservationResult("production", "active_incidents", 0.1, ("dynamodb:Query",), "", (seen,)),
            ObservationResult("production", "service_load", 0.1, (), "", (seen,)),
            ObservationResult("production", "alarms", 0.1, (), HOSTILE),
        ),
        waivers=(WaiverState("production", "test_d", HOSTILE, HOSTILE, HOSTILE, "2026-12-01", 7, "active"),),
        changes=tuple(
            {"stack": "production", "check": "test_a", "remedy": "switch", "name": HOSTILE, "result": result,
             "said": HOSTILE, "entry": "0123", "undo": undo, "differs": [HOSTILE], "beware": HOSTILE}
            for result, undo in (("fixed", "opschecks undo 0123"), ("roll-back failed", "one-way"), ("handed over", ""))
        ),
        versions={"opschecks": HOSTILE[:100]},
    )  # fmt: skip


EVERY = ("bad", "good", "hostile", "unfinished", "none")
LOOKS = [(WIDE, "light"), (WIDE, "dark"), (PHONE, "light"), (PHONE, "dark")]


@pytest.mark.parametrize("name", EVERY)
def test_nothing_needs_javascript(browser: Browser, pages: dict[str, Path], name: str) -> None:
    with opened(browser, pages[name]) as page:
        with_it = page.screenshot(full_page=True)
        assert page.locator("script").count() == 0
    with opened(browser, pages[name], java_script_enabled=False) as page:
        assert page.screenshot(full_page=True) == with_it


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
@pytest.mark.parametrize("name", EVERY)
def test_axe_finds_nothing(browser: Browser, pages: dict[str, Path], name: str, width: int, scheme: str) -> None:
    with opened(browser, pages[name], width=width, color_scheme=scheme, bypass_csp=True) as page:
        unfold(page)
        assert violations(page) == []


@pytest.mark.parametrize("name", EVERY)
def test_a_phone_never_scrolls_sideways(browser: Browser, pages: dict[str, Path], name: str) -> None:
    with opened(browser, pages[name], width=PHONE) as page:
        unfold(page)
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE


def test_a_phone_loses_nothing(browser: Browser, pages: dict[str, Path]) -> None:
    with opened(browser, pages["bad"], width=PHONE) as page:
        assert cut_off(page) == []


def test_the_first_screen_says_what_is_wrong_and_what_to_do(browser: Browser, pages: dict[str, Path]) -> None:
    with opened(browser, pages["bad"]) as page:
        verdict = page.locator(".verdict")
        box = verdict.bounding_box()
        assert box
        assert box["y"] + box["height"] < 900
        said = verdict.inner_text()
        assert "Action needed" in said
        assert "SANDBOX" in said
        assert "Too many server errors" in said
        assert "high-error-rate" in said
        assert page.locator(".tile").count() >= 4


@pytest.mark.parametrize("name", ["bad", "good"])
def test_charts_and_miniatures_draw_a_day(browser: Browser, pages: dict[str, Path], name: str) -> None:
    with opened(browser, pages[name]) as page:
        for kind in ("chart", "spark"):
            lines = page.locator(f"svg.{kind} polyline")
            points = lines.evaluate_all("all => all.map(one => one.points.numberOfItems)")
            widths = lines.evaluate_all("all => all.map(one => one.getBBox().width)")
            assert len(points) >= 3, kind
            assert all(count > 200 for count in points), kind
            assert all(width > 90 for width in widths), kind
        cut = page.locator("svg.chart").evaluate_all(
            """all => all.flatMap(chart => [...chart.querySelectorAll('text')].filter(text => {
                 const [own, whole] = [text.getBoundingClientRect(), chart.getBoundingClientRect()];
                 return own.right > whole.right + 1 || own.left < whole.left - 1;
               }).map(text => text.textContent))"""
        )
        assert cut == []


def test_a_good_morning_is_short(browser: Browser, pages: dict[str, Path]) -> None:
    with opened(browser, pages["good"]) as page:
        assert page.locator(".card").count() == 0
        assert "Needs action" not in page.inner_text("body")


def test_every_finding_stands_on_paper(browser: Browser, pages: dict[str, Path], tmp_path: Path) -> None:
    with opened(browser, pages["bad"]) as page:
        page.pdf(path=tmp_path / "page.pdf", format="A4")
        titles = page.locator(".card h3").evaluate_all("all => all.map(one => one.lastChild.textContent)")
        messages = [text for text in page.locator(".card dd").all_text_contents() if text]
        evidence = page.locator(".card details pre").all_text_contents()
    done = subprocess.run(["pdftotext", "-raw", tmp_path / "page.pdf", "-"], capture_output=True, text=True, check=True)
    printed = "".join(done.stdout.split())
    assert len(titles) == len(FAULTS) + 1
    for text in [title.splitlines()[-1] for title in titles] + messages:
        assert "".join(text.split())[:60] in printed, text
    assert evidence
    for text in evidence:
        assert "".join(text.split())[:30] in printed


def test_hostile_strings_do_nothing(browser: Browser, pages: dict[str, Path]) -> None:
    for name in ("hostile", "none"):
        # without the page's own content security policy, so that escaping alone must do
        with opened(browser, pages[name], bypass_csp=True) as page:
            unfold(page)
            assert page.evaluate("window.pwned") is None
            assert page.locator("script, img, iframe, main style").count() == 0
            text = page.content()
            assert not {"\x1b", "\u202e", "\u2066", "\x07"} & set(text)
            assert "49" not in page.locator(".verdict, main").first.inner_text().replace(HOSTILE, "")[:200]
            assert "<script>window.pwned" in page.inner_text("body")


def test_ten_kilobytes_of_a_name_do_not_make_a_page_of_it(pages: dict[str, Path]) -> None:
    assert "… (cut here)" in pages["hostile"].read_text()
    assert len(pages["hostile"].read_bytes()) < 500_000


def test_commands_quote_hostile_names(pages: dict[str, Path]) -> None:
    assert "&#x27;$(touch /tmp/pwned)&#x27;" in pages["hostile"].read_text()


def test_the_page_sends_for_nothing(browser: Browser, pages: dict[str, Path]) -> None:
    asked: list[str] = []
    with opened(browser, pages["bad"]) as page:
        page.on("request", lambda request: asked.append(request.url))
        page.reload()
        assert asked == [pages["bad"].as_uri()]
        links = page.locator("a").evaluate_all("all => all.map(one => one.getAttribute('href'))")
        assert set(LINKS.values()) <= set(links)


def test_a_thousand_bad_resources_stay_a_small_page() -> None:
    few, many = hostile(1), hostile(1000)
    short = {finding.resource: f"r{index}" for index, finding in enumerate(many.findings)}
    many = replace(
        many,
        findings=tuple(
            replace(one, resource=short[one.resource], name=short[one.resource], message="bad", evidence={"a": 1})
            for one in many.findings
        ),
    )
    page = render(many, runbook=RUNBOOK, links=LINKS)
    assert len(page.encode()) < 2_000_000
    assert all(f">{one.resource}<" in page for one in many.findings if one.check == "test_a")
    assert len(render(few, runbook=RUNBOOK, links=LINKS)) > 0
