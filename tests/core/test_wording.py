"""Words that messages share; and that no message of ours counts one thing as several."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from opschecks.core.wording import plural
from tests.scratch import ROOT

NOUNS = (
    "check|run|run file|finding|change|day|AWS call|item|request|table|minute|attempt|error|task|target|time|hour|event"
    "|page|key|container|incident|filter|connection"
)
COUNTED = re.compile(
    rf"(?<! of )(?<! most )\{{(?![A-Z_]+(?: \+ 1)?\}}|[\w.]*(?:suite|name|container|unseen\[0\])\}})"
    rf"[^{{}}]*(?<!:,)(?<!:\.[12]f)\}} "
    rf"(?:more |collected |active access |resolved )?(?:{NOUNS})s\b"
)
"""A number in an f-string before a noun that always has its s.

Not a constant, what a container runs, the checks of a suite, the second number of "1 of 2 tasks", or a number with
decimals or thousands.
"""
ROOMS = ("aws", "cli", "config", "core", "drills", "fixing", "history", "hooks", "remedies", "report", "web")
PLACES = [*(ROOT / "plugins" / "opschecks" / room for room in ROOMS), ROOT / "checks"]


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name)
def test_no_message_counts_one_thing_as_several(place: Path) -> None:
    for path in place.rglob("*.py"):
        assert COUNTED.findall(path.read_text(encoding="utf-8")) == [], path


@pytest.mark.parametrize(
    ("count", "noun", "said"),
    [(0, "check", "0 checks"), (1, "run file", "1 run file"), (2, "day", "2 days"), (1.0, "day", "1 day"),
     (1.5, "day", "1.5 days"), (1_234_567, "finding", "1234567 findings")],
)  # fmt: skip
def test_one_has_no_s(count: float, noun: str, said: str) -> None:
    assert plural(count, noun) == said
