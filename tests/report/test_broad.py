"""A table takes a tab stop only where a word in it is too long for any column, so that it scrolls."""

from __future__ import annotations

import re

import pytest

from opschecks.report.rendering import apart, is_broad
from tests.exported import hostile, page_of
from tests.report.situations import SITUATIONS

ARN = "arn:aws:ecs:us-west-2:123456789012:service/incident-commander/backend"


@pytest.mark.parametrize(
    ("cells", "scrolls"),
    [
        ("<td>a few words, none of which is long</td>", False),
        ("<td>incident-commander-agent-state-of-yesterday</td>", False),
        (f"<td>{apart(ARN)}</td>", False),
        (f"<td>{ARN}</td>", True),
        (f'<td class="rest">{ARN}</td><td>short</td>', False),
        (f"<td>{'x' * 40}</td>", True),
        ('<td><span class="a-class-with-a-name-that-is-long-and-longer">x</span></td>', False),
    ],
)
def test_a_long_word_is_one_that_cannot_be_divided(cells: str, scrolls: bool) -> None:
    assert is_broad(f"<tr>{cells}</tr>") is scrolls


def test_only_what_scrolls_takes_a_tab_stop() -> None:
    assert "tabindex" not in page_of(SITUATIONS["a week with a story"]())
    assert set(re.findall(r'tabindex="0" role="region" aria-label="([^"]*)"', page_of(hostile()))) == {
        "Incidents", "Changes made",
    }  # fmt: skip
