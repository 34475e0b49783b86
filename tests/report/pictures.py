"""Makes the page of each situation, and pictures of it: `python -m tests.report.pictures FOLDER [NAME …]`.

Of each: wide and on a phone, light and dark, and a PDF; and what `looks` finds wrong with it, axe included, is printed.
To be looked at after every change of a template or the style.
`python -m tests.report.pictures docs` makes the six pictures of the docs instead.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser

from tests.browser import PHONE, WIDE, chromium, wrong
from tests.exported import page_of
from tests.report.situations import SITUATIONS

DOCS = Path("docs")
OF_THE_DOCS = {
    "daily": ("four faults", WIDE, 1180, False),
    "daily-phone": ("four faults", PHONE, 1250, False),
    "blind": ("one action denied", WIDE, 760, False),
    "fixed": ("fixed", WIDE, 900, True),
    "deploy": ("after a deploy", WIDE, 760, False),
    "weekly": ("a week with a story", WIDE, 1420, False),
}
"""The pictures of the docs: the situation, the width and the height in px, and whether it is dark."""


def main(folder: Path, names: list[str]) -> int:
    """Write pages, pictures and PDFs into the folder; how many things are wrong with the pages."""
    folder.mkdir(parents=True, exist_ok=True)
    found = 0
    with chromium() as browser:
        for name in names or SITUATIONS:
            path = folder / f"{name.replace(' ', '-')}.html"
            path.write_text(page_of(SITUATIONS[name]()), encoding="utf-8")
            for width in (WIDE, PHONE):
                for scheme in ("light", "dark"):
                    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
                    page.goto(path.resolve().as_uri())
                    page.screenshot(path=path.with_suffix(f".{width}.{scheme}.png"), full_page=True)
                    if (width, scheme) == (WIDE, "light"):
                        page.pdf(path=path.with_suffix(".pdf"), format="A4")
                    page.close()
            for one in wrong(browser, path.resolve(), dark=False, axe=True):
                print(f"{name}: {one}")
                found += 1
    return found


def of_the_docs() -> None:
    """Write the pictures of the docs."""
    with chromium() as browser, tempfile.TemporaryDirectory() as scratch:
        for file in OF_THE_DOCS:
            _picture(browser, file, Path(scratch))


def _picture(browser: Browser, file: str, scratch: Path) -> None:
    name, width, height, dark = OF_THE_DOCS[file]
    path = scratch / f"{file}.html"
    path.write_text(page_of(SITUATIONS[name]()), encoding="utf-8")
    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light")
    page.goto(path.resolve().as_uri())
    page.screenshot(path=DOCS / f"{file}.png")
    page.close()


if __name__ == "__main__":
    if sys.argv[1:] == [str(DOCS)]:
        of_the_docs()
    else:
        raise SystemExit(1 if main(Path(sys.argv[1]), sys.argv[2:]) else 0)
