"""The page of a morning as people meet it, in Chromium: what is wrong first, on paper, hostile."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from opschecks.report.runfile import from_json, to_json
from tests.browser import opened, printed
from tests.exported import LINKS, hostile, page_of
from tests.report.conftest import FAULTS
from tests.report.runs import with_everything


@pytest.fixture
def page(browser: Browser, daily: dict[str, Path]) -> Iterator[Page]:
    with opened(browser, daily["bad"]) as shown:
        yield shown


def test_the_first_screen_says_what_is_wrong_and_what_to_do(page: Page) -> None:
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
def test_charts_and_miniatures_draw_a_day(browser: Browser, daily: dict[str, Path], name: str) -> None:
    with opened(browser, daily[name]) as page:
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


def test_a_good_morning_is_short(browser: Browser, daily: dict[str, Path]) -> None:
    with opened(browser, daily["good"]) as page:
        assert page.locator(".card").count() == 0
        assert "Needs action" not in page.inner_text("body")


def test_every_finding_stands_on_paper(page: Page, tmp_path: Path) -> None:
    titles = page.locator(".card h3").evaluate_all("all => all.map(one => one.lastChild.textContent)")
    messages = [text for text in page.locator(".card .seen dd").all_text_contents() if text]
    evidence = page.locator(".card .evidence pre").all_text_contents()
    paper = printed(page, tmp_path)
    assert len(titles) == len(FAULTS) + 1
    for text in [title.splitlines()[-1] for title in titles] + messages:
        assert "".join(text.split())[:60] in paper, text
    assert evidence
    for text in evidence:
        assert "".join(text.split())[:30] not in paper, "raw evidence is for the screen, and in the run file"


def test_ten_kilobytes_of_a_name_do_not_make_a_page_of_it(daily: dict[str, Path]) -> None:
    assert "… (cut here)" in daily["hostile"].read_text()
    assert len(daily["hostile"].read_bytes()) < 500_000


def test_commands_quote_hostile_names(daily: dict[str, Path]) -> None:
    assert "&#x27;$(touch /tmp/pwned)&#x27;" in daily["hostile"].read_text()


def test_the_page_links_to_the_files_beside_it(page: Page) -> None:
    links = page.locator("a").evaluate_all("all => all.map(one => one.getAttribute('href'))")
    assert set(LINKS.values()) <= set(links)


def test_a_thousand_bad_resources_stay_a_small_page() -> None:
    many = hostile(1000)
    short = {finding.resource: f"r{index}" for index, finding in enumerate(many.findings)}
    findings = tuple(
        replace(one, resource=short[one.resource], name=short[one.resource], message="bad", evidence={"a": 1})
        for one in many.findings
    )
    page = page_of(replace(many, findings=findings))
    assert len(page.encode()) < 2_000_000
    assert all(f">{one.resource}<" in page for one in findings if one.check == "test_a")


def test_the_page_of_a_replay_says_that_aws_was_asked_nothing() -> None:
    run = replace(with_everything(), replayed=True)
    assert from_json(to_json(run)).replayed
    page = page_of(run)
    assert "Replayed from a recording; nothing was asked of AWS." in page
    assert "Checked live" not in page
    assert "Checked live" in page_of(replace(run, replayed=False))
