"""The tile of passed checks: of those that apply, what did not pass, and what does not apply."""

from __future__ import annotations

import pytest

from opschecks.report.daily.tiles import facts
from opschecks.report.source import PageSource
from tests.exported import made, ran


@pytest.mark.parametrize(
    ("outcomes", "value", "note", "tone"),
    [
        (["passed"] * 32 + ["not_applicable"] * 5, "32 of 32", "5 do not apply", "good"),
        (["passed"] * 3, "3 of 3", "", "good"),
        (
            ["passed", "failed", "blind", "not_applicable"],
            "1 of 3",
            "1 failed, 1 could not look, 1 does not apply",
            "bad",
        ),
        (["passed", "waived"], "1 of 2", "1 waived", "waived"),
        (["not_applicable"], "0 of 0", "1 does not apply", "none"),
        ([], "0 of 0", "", "none"),
    ],
)
def test_checks_passed_are_counted_of_those_that_apply(outcomes: list[str], value: str, note: str, tone: str) -> None:
    run = ran(*(made(f"c{place}", outcome) for place, outcome in enumerate(outcomes)))
    tile = facts(PageSource.of(run, {}, None))[0]
    assert (tile.label, tile.value, tile.note, tile.tone) == ("Checks passed", value, note, tone)


def test_of_several_stacks_each_has_its_own() -> None:
    run = ran(made("a", "passed"), made("b", "not_applicable"), made("a", "failed", stack="other"), stacks=2)
    tiles = facts(PageSource.of(run, {}, None))
    assert [(tile.label, tile.value, tile.note) for tile in tiles] == [
        ("production", "1 of 1", "1 does not apply"), ("other", "0 of 1", "1 failed"),
    ]  # fmt: skip
