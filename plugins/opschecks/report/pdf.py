"""A page as PDF: A4 with page numbers, by WeasyPrint, an extra (`opschecks[pdf]`) that is loaded when it is needed.

WeasyPrint reads the page's own rules for paper; templates/pdf.css has what it lays out differently, and drawings get
their colours within themselves, as it does not apply a page's rules to them.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import resources
from typing import Any

INSTALL = "pip install 'opschecks[pdf]'"
_SVG = re.compile(r"<svg\b[^>]*>")


class NoPdfError(Exception):
    """WeasyPrint is not there, or cannot run; the text says what to install."""


def to_pdf(page: str) -> bytes:
    """The page, as `page.render` makes it, as PDF; nothing is loaded from anywhere."""
    weasyprint = _weasyprint()
    sheet, drawings = (f"<style>{_file(name)}</style>" for name in ("pdf.css", "pdf-svg.css"))
    laid_out = _SVG.sub(lambda found: found[0] + drawings, page).replace("</head>", f"{sheet}</head>", 1)
    made: bytes = weasyprint.HTML(string=laid_out, url_fetcher=_nothing).write_pdf()
    return made


def _weasyprint() -> Any:
    try:
        import weasyprint
    except ImportError:
        raise NoPdfError(f"a PDF needs WeasyPrint, which is not installed: {INSTALL}") from None
    except OSError as error:
        raise NoPdfError(
            f"a PDF needs WeasyPrint, and its library Pango is not there ({error}): see "
            "https://doc.courtbouillon.org/weasyprint/stable/first_steps.html"
        ) from None
    return weasyprint


def _nothing(url: str, *_: Any, **__: Any) -> Any:
    """In place of what WeasyPrint would load: the page has everything in itself."""
    raise ValueError(f"{url} is not loaded: a page has everything in itself")


@cache
def _file(name: str) -> str:
    return resources.files("opschecks.report").joinpath("templates", name).read_text(encoding="utf-8")
