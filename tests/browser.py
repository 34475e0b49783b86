"""Headless Chromium, one for all tests of a run."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

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
