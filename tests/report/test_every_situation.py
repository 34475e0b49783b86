"""The page of every situation in a browser: phone, dark, paper, no JavaScript; axe for kinds that no other test has.

`python -m tests.report.pictures FOLDER` says the same of each, with axe, beside making pictures of them.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.exported import page_of
from tests.report.looks import wrong
from tests.report.situations import SITUATIONS
from tests.report.test_lengths import MADE

WITH_AXE = ("all blind", "refused", "after a deploy")
"""Of the others axe sees every kind of section in test_every_page.py."""
TWICE = {"twelve faults", "drills", "a week with faults", "a week with a story", "a plan of a thousand"}
"""The same templates with more or fewer rows than others here, or measured in test_lengths.py."""


@pytest.mark.parametrize("name", [name for name in SITUATIONS if name not in {*MADE, *TWICE}])
def test_a_situation_is_read_by_everybody(browser: Browser, tmp_path: Path, name: str) -> None:
    path = tmp_path / "page.html"
    path.write_text(page_of(SITUATIONS[name]()), encoding="utf-8")
    dark = list(SITUATIONS).index(name) % 2 == 1
    assert list(wrong(browser, path, dark=dark, axe=name in WITH_AXE)) == []
