"""Words that messages share; and that no message of ours counts one thing as several."""

from __future__ import annotations

import re

import pytest

from opschecks.core.wording import plural
from tests.scratch import ROOT

NOUNS = "check|run|run file|finding|change|day|AWS call|item|request|table|minute|attempt|error"
COUNTED = re.compile(rf"\{{(?![A-Z_]+\}}|[\w.]*suite\}})[^{{}}]*\}} (?:more |collected )?(?:{NOUNS})s\b")
"""A number in an f-string before a noun that always has its s; not a constant, nor the checks of a suite."""
ROOMS = ("cli", "config", "core", "drills", "fixing", "history", "hooks", "report", "web")


@pytest.mark.parametrize("room", ROOMS)
def test_no_message_counts_one_thing_as_several(room: str) -> None:
    for path in (ROOT / "plugins" / "opschecks" / room).rglob("*.py"):
        assert COUNTED.findall(path.read_text(encoding="utf-8")) == [], path


@pytest.mark.parametrize(
    ("count", "noun", "said"),
    [(0, "check", "0 checks"), (1, "run file", "1 run file"), (2, "day", "2 days"), (1.0, "day", "1 day"),
     (1.5, "day", "1.5 days"), (1_234_567, "finding", "1234567 findings")],
)  # fmt: skip
def test_one_has_no_s(count: float, noun: str, said: str) -> None:
    assert plural(count, noun) == said
