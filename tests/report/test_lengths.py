"""How long pages are, on a screen, on a phone and on paper; and what hands do with a card. One browser, four pages."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from opschecks.core.run import Run
from tests.browser import cut_off, opened
from tests.exported import page_of
from tests.report.situations import FAULTS, denied, morning, on_three_stacks, thousand
from tests.report.weeks import story

MADE: dict[str, Callable[[], Run]] = {
    "four faults": lambda: morning(FAULTS),
    "a thousand": thousand,
    "denied": denied,
    "three stacks": on_three_stacks,
    "a week": story,
}
SCREENS = {
    "four faults": (4, 7, 6), "a thousand": (6, 12, 12), "denied": (3, 6, 4), "three stacks": (5, 10, 8),
    "a week": (7, 11, 7),
}  # fmt: skip
"""At most so many screens of 1280 × 800, of a phone of 390 × 844, and sheets of A4."""


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("situations")
    for name, run in MADE.items():
        (folder / f"{name}.html").write_text(page_of(run()), encoding="utf-8")
    return {name: folder / f"{name}.html" for name in MADE}


@pytest.fixture
def page(browser: Browser, paths: dict[str, Path], name: str) -> Iterator[Page]:
    with opened(browser, paths[name]) as shown:
        yield shown


@pytest.mark.parametrize("name", MADE)
def test_a_page_is_as_short_as_its_reader_needs(page: Page, name: str) -> None:
    wide, phone, sheets = SCREENS[name]
    page.set_viewport_size({"width": 1280, "height": 800})
    assert page.evaluate("document.documentElement.scrollHeight") <= wide * 800
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollHeight") <= phone * 844
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.set_viewport_size({"width": 760, "height": 900})
    scrolls = "[...document.querySelectorAll('.wide')].some(one => one.scrollWidth > one.clientWidth)"
    assert not page.evaluate(scrolls)
    assert page.locator("[tabindex]").count() == 0
    page.set_viewport_size({"width": 390, "height": 844})
    assert cut_off(page, "main :not(.wide *, pre *, .own *)") == []
    assert len(re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4"))) <= sheets


@pytest.mark.parametrize("name", ["four faults"])
def test_filters_are_chosen_by_keyboard_and_need_no_javascript(
    browser: Browser, paths: dict[str, Path], name: str
) -> None:
    with opened(browser, paths[name], java_script_enabled=False) as page:
        cards = page.locator("article.card")
        page.locator("#show-all").focus()
        shown = {}
        for _ in range(page.locator(".filters input").count()):
            words = page.locator(".filters input:checked + label").inner_text()
            shown[words] = [card.locator("h3").inner_text().split("\n")[0] for card in cards.all() if card.is_visible()]
            page.keyboard.press("ArrowRight")
    assert {words.split()[0]: int(words.split()[-1]) for words in shown} == {
        "all": 4, "critical": 2, "high": 1, "medium": 1,
    }  # fmt: skip
    assert all(int(words.split()[-1]) == len(of) for words, of in shown.items())
    assert all("medium" in title for title in shown["medium 1"])


@pytest.mark.parametrize("name", ["four faults"])
def test_a_command_is_selected_whole_and_a_link_opens_the_runbook(page: Page) -> None:
    page.locator("code.command").first.click()
    assert page.evaluate("getSelection().toString()") == "pytest checks/daily --stack production --fix=plan"
    assert not page.locator("#runbook-high-cpu").is_visible()
    page.locator('.verdict a[href="#runbook-high-cpu"]').click()
    assert page.locator("#runbook-high-cpu").is_visible()


@pytest.mark.parametrize("name", ["four faults"])
def test_the_text_of_charts_is_as_large_at_every_width(page: Page) -> None:
    heights = "() => [...document.querySelectorAll('.card .chart text')].map(one => one.getBoundingClientRect().height)"
    shown = []
    for width in (1280, 760, 390):
        page.set_viewport_size({"width": width, "height": 844})
        shown += page.evaluate(heights)
    assert len(shown) > 20
    assert max(shown) - min(shown) <= 1


@pytest.mark.parametrize("name", ["four faults"])
def test_paper_has_the_steps_and_no_raw_json(page: Page) -> None:
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 700, "height": 1000})  # of A4 with the margins of a browser
    assert page.locator("main thead").first.is_visible()
    assert page.locator("#runbook-high-cpu").is_visible()
    assert page.locator(".card .evidence").count() > 0
    assert [one.is_visible() for one in page.locator(".card .evidence, .filters").all()] == [False] * (
        page.locator(".card .evidence, .filters").count()
    )
