"""What is wrong with a page as people meet it: on a phone, wide, dark, on paper, without JavaScript, with axe."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser

from tests.browser import PHONE, WIDE, cut_off, opened, violations

RAW = """() => [...document.querySelectorAll('pre, .evidence, .filters')].filter(one =>
  one.checkVisibility() && !one.closest('[id^=runbook-]')).map(one => one.outerHTML.slice(0, 200))"""
"""What paper must not have: evidence, filters, code that is no step of a runbook."""
SCROLLS = ":not(.wide *, pre *, .own *)"


def wrong(browser: Browser, path: Path, *, dark: bool, axe: bool) -> Iterator[str]:
    """Each thing that is wrong; nothing of a page that everybody can read."""
    with opened(browser, path, width=PHONE, bypass_csp=True, color_scheme="dark" if dark else "light") as page:
        if page.locator("script").count():
            yield "a script: without JavaScript it would be another page"
        if (width := page.evaluate("document.documentElement.scrollWidth")) != PHONE:
            yield f"a phone scrolls sideways: {width} px"
        yield from (f"cut off on a phone: {one}" for one in cut_off(page, f"main {SCROLLS}"))
        if axe:
            yield from (f"axe: {one}" for one in violations(page))
        page.set_viewport_size({"width": WIDE, "height": 900})
        if (width := page.evaluate("document.documentElement.scrollWidth")) != WIDE:
            yield f"it scrolls sideways: {width} px"
        page.emulate_media(media="print", color_scheme="light")
        page.set_viewport_size({"width": 700, "height": 1000})  # of A4 with the margins of a browser
        yield from (f"cut off on paper: {one}" for one in cut_off(page, "main *"))
        yield from (f"raw on paper: {one}" for one in page.evaluate(RAW))
