"""Headless Chromium, one for all tests of a run, and what is wrong with a page as people meet it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from axe_core_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

WIDE, PHONE = 1280, 390


@contextmanager
def chromium() -> Iterator[Browser]:
    program = shutil.which("chromium")
    assert program, "the browser tests want Debian's chromium: see README.md"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"],
        )
        yield browser
        browser.close()


@contextmanager
def opened(browser: Browser, path: Path, *, width: int = WIDE, **options: Any) -> Iterator[Page]:
    """The page at a width; `options` are those of a browser context, such as color_scheme."""
    context = browser.new_context(viewport={"width": width, "height": 900}, **options)
    page = context.new_page()
    page.goto(path.as_uri())
    yield page
    context.close()


def printed(page: Page, folder: Path) -> str:
    """What stands on paper, without white space."""
    page.pdf(path=folder / "page.pdf", format="A4")
    command = ["pdftotext", "-raw", str(folder / "page.pdf"), "-"]
    return "".join(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())


def unfold(page: Page) -> None:
    """Open whatever is folded."""
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")


def violations(page: Page) -> list[tuple[str, list[str]]]:
    """What axe finds, and where; the page must have been opened with bypass_csp."""
    told = Axe().run(page)
    assert told["passes"], "axe found nothing to look at"
    return [(one["id"], [node["html"][:200] for node in one["nodes"]]) for one in told["violations"]]


def cut_off(page: Page, within: str = "main *") -> list[str]:
    """The elements that reach beyond the window's edges."""
    found: list[str] = page.evaluate(
        """within => [...document.querySelectorAll(within)].filter(one => {
             const box = one.getBoundingClientRect();
             return box.width > 0 && (box.right > innerWidth + 1 || box.left < -1);
           }).map(one => one.outerHTML.slice(0, 200))""",
        within,
    )
    return found


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
