"""The page of every situation: its links and size; in a browser phone, dark, paper, no JavaScript, and axe where new.

`python -m tests.report.pictures FOLDER` says the same of each, with axe, beside making pictures of them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from opschecks.core.run import Run
from tests.browser import wrong
from tests.exported import page_of
from tests.report.situations import SITUATIONS
from tests.report.test_lengths import MADE


@pytest.mark.parametrize("run", SITUATIONS.values(), ids=SITUATIONS)
def test_every_situation_has_a_small_page_whose_links_lead_somewhere(run: Callable[[], Run]) -> None:
    page = page_of(run())
    ids = Counter(re.findall(r' id="([^"]*)"', page))
    targets = set(re.findall(r' href="#([^"]*)"', page))
    assert targets <= set(ids)
    assert max(ids.values(), default=0) <= 1
    assert len(page) < 700_000
    assert not re.search(r"<(?:td|dd|p)>\s*None\b|Undefined", page)


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
