"""Makes the page of each situation, and pictures of it: `python -m tests.report.pictures FOLDER [NAME …]`.

Of each: wide and on a phone, light and dark, and a PDF. To be looked at after every change of a template or the style.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.browser import PHONE, WIDE, chromium
from tests.exported import page_of
from tests.report.situations import SITUATIONS


def main(folder: Path, names: list[str]) -> None:
    """Write pages, pictures and PDFs into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
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


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
