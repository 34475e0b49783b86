"""A page as PDF: what WeasyPrint is given, what is said where it is not there, and what it makes where it is."""

from __future__ import annotations

import re
import sys
import zlib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from opschecks.report.pdf import NoPdfError, to_pdf
from opschecks.report.runfile import to_json
from tests.cli.typed import opschecks, refused
from tests.exported import page_of
from tests.report.weeks import story


class Given:
    """Stands in for WeasyPrint and notes what it is given."""

    def __init__(self) -> None:
        self.html = ""
        self.fetch: Any = None

    def HTML(self, *, string: str, url_fetcher: Any) -> Any:  # noqa: N802 - WeasyPrint's own name
        self.html, self.fetch = string, url_fetcher
        return SimpleNamespace(write_pdf=lambda: b"%PDF-1.7 made")


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> Given:
    made = Given()
    monkeypatch.setitem(sys.modules, "weasyprint", SimpleNamespace(HTML=made.HTML))
    return made


def test_weasyprint_is_given_the_page_laid_out_for_paper(given: Given) -> None:
    page = page_of(story())
    assert to_pdf(page) == b"%PDF-1.7 made"
    head, _, body = given.html.partition("</head>")
    assert "size: A4" in head
    assert 'counter(page) " / " counter(pages)' in head
    assert ".filters, .evidence { display: none; }" in head
    drawings = body.count("<svg")
    assert drawings > 20
    assert len(re.findall(r"<svg\b[^>]*><style>text ", body)) == drawings
    assert re.sub(r"<style>.*?</style>", "", given.html, flags=re.DOTALL) == re.sub(
        r"<style>.*?</style>", "", page, flags=re.DOTALL
    )
    with pytest.raises(ValueError, match="is not loaded"):
        given.fetch("http://169.254.169.254/")


def test_the_week_is_written_as_pdf(given: Given, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("reports").mkdir()
    Path("reports/weekly.json").write_text(to_json(story()), encoding="utf-8")
    monkeypatch.setattr("opschecks.report.runbook.runbook_of", lambda checks: {})
    ended = opschecks("report", "weekly", "--format", "pdf")
    assert ended.output == "report: reports/weekly-2026-11-24T07-00-00Z.pdf\n"
    assert Path("reports/weekly-2026-11-24T07-00-00Z.pdf").read_bytes() == b"%PDF-1.7 made"
    assert "Decisions wanted" in given.html
    opschecks("report", "weekly", "--format", "pdf", "--out", "week.pdf")
    assert Path("week.pdf").exists()


def test_without_weasyprint_one_line_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("weekly.json").write_text(to_json(story()), encoding="utf-8")
    monkeypatch.setattr("opschecks.report.runbook.runbook_of", lambda checks: {})
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    line = refused(opschecks("report", "weekly", "weekly.json", "--format", "pdf"))
    assert line == "a PDF needs WeasyPrint, which is not installed: pip install 'opschecks[pdf]'"
    assert not list(tmp_path.rglob("*.pdf"))


def test_without_pango_it_is_said_that_a_library_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
            if name == "weasyprint":
                raise OSError("cannot load library 'libpango-1.0-0'")

    monkeypatch.delitem(sys.modules, "weasyprint", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Broken(), *sys.meta_path])
    with pytest.raises(NoPdfError, match=r"Pango is not there \(cannot load library 'libpango-1.0-0'\)"):
        to_pdf("<p>")


def test_weasyprint_makes_numbered_pages_of_a4_without_raw_json() -> None:
    pytest.importorskip("weasyprint", reason="the extra opschecks[pdf] is not installed")
    made = to_pdf(page_of(story()))
    assert made.startswith(b"%PDF-")
    streams = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", made, re.DOTALL)
    text = b"".join(_inflated(one) for one in streams)
    sizes = set(re.findall(rb"/MediaBox ?\[0 0 ([\d.]+) ([\d.]+)\]", made + text))
    assert {(round(float(wide)), round(float(high))) for wide, high in sizes} == {(595, 842)}
    pages = len(re.findall(rb"/Type ?/Page\b", made + text))
    assert 4 <= pages <= 8


def _inflated(stream: bytes) -> bytes:
    try:
        return zlib.decompress(stream)
    except zlib.error:
        return b""
