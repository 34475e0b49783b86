"""The run that a page is made from is the one that its run file has."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from opschecks.core.run import Run
from opschecks.report.runfile import from_json, to_json, to_json_and_back
from tests.report import runs
from tests.report.situations import SITUATIONS

RUNS: dict[str, Callable[[], Run]] = {
    **{name: made for name, made in SITUATIONS.items() if name != "thousand"},
    "with everything": runs.with_everything,
    "several pasts": runs.several_pasts,
    "a hostile week": runs.hostile_weekly,
}


@pytest.mark.parametrize("name", RUNS)
def test_a_run_that_was_just_written_is_the_one_that_is_read(name: str) -> None:
    text, kept = to_json_and_back(RUNS[name]())
    assert text == to_json(RUNS[name]())
    assert kept == from_json(text)
    assert to_json(kept) == to_json(from_json(text))
