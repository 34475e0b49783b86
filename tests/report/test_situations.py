"""What holds of the page of every situation, without a browser; tests/report/pictures.py makes pictures of them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable

import pytest

from opschecks.core.run import Run
from tests.exported import page_of
from tests.report.situations import SITUATIONS


@pytest.mark.parametrize("run", SITUATIONS.values(), ids=SITUATIONS)
def test_every_situation_has_a_small_page_whose_links_lead_somewhere(run: Callable[[], Run]) -> None:
    page = page_of(run())
    ids = Counter(re.findall(r' id="([^"]*)"', page))
    targets = set(re.findall(r' href="#([^"]*)"', page))
    assert targets <= set(ids)
    assert max(ids.values(), default=0) <= 1
    assert len(page) < 700_000
    assert not re.search(r"<(?:td|dd|p)>\s*None\b|Undefined", page)
