"""The badge: it tells the verdict, and what could not look is never green."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

import pytest

from opschecks.core.run import Run
from opschecks.report.exports.badge import COLOURS, no_result, to_badge
from tests.exported import NOW, RUNS, each_run, made, of, ran
from tests.report.situations import SITUATIONS, gate, morning

AMBER, RED, GREEN, GREY = (COLOURS[tone] for tone in ("unsure", "bad", "good", "none"))


def told(svg: str) -> tuple[str, str]:
    """What it says, and in which colour."""
    root = ElementTree.fromstring(svg)
    path = root.find("{http://www.w3.org/2000/svg}path")
    assert path is not None
    return root.attrib["aria-label"], path.attrib["fill"]


@pytest.mark.parametrize(
    ("run", "says", "colour"),
    [
        (SITUATIONS["healthy"](), "production daily: 31 passed", GREEN),
        (SITUATIONS["four faults"](), "production daily: 4 failed", RED),
        (SITUATIONS["one action denied"](), "production daily: 13 could not look", AMBER),
        (SITUATIONS["waived"](), "production daily: 31 of 32 passed", GREEN),
        (SITUATIONS["a clean week"](), "production weekly: 31 passed", GREEN),
        (SITUATIONS["a week without dailies"](), "production weekly: good now; the week was not seen", AMBER),
        (gate("deploy-before"), "production deploy-before: ready to ship", GREEN),
        (gate("deploy-after", bad=True), "production deploy-after: roll back", RED),
        (replace(morning(), partial="-k x"), "production daily: 31 passed (partial)", AMBER),
        (replace(morning(), state="stopped", stopped_by="Ctrl-C"), "production daily: stopped early", AMBER),
        (RUNS["sandbox"], "sandbox: production daily: 1 passed", GREEN),
        (ran(made("a", "passed"), made("b", "not_applicable")), "production daily: 1 passed", GREEN),
        (ran(made("a", "not_applicable")), "production daily: nothing applies", GREY),
        (ran(made("a", "waived"), made("b", "not_applicable")), "production daily: 0 of 1 passed", GREY),
        (replace(ran(made("a", "waived")), partial="-k x"), "production daily: 0 of 1 passed (partial)", GREY),
        (RUNS["nothing"], "production daily: no verdict", GREY),
        (RUNS["unfinished"], "production daily: unfinished", GREY),
    ],
    ids=lambda one: one if isinstance(one, str) and not one.startswith("#") else None,
)
def test_a_badge_tells_the_verdict(run: Run, says: str, colour: str) -> None:
    assert told(to_badge(run)) == (says, colour)


def test_what_failed_and_what_could_not_look_are_both_told() -> None:
    checks = made("a", "failed"), made("b", "blind")
    assert told(to_badge(ran(*checks, findings=(of(checks[0]),)))) == (
        "production daily: 1 failed, 1 could not look",
        RED,
    )


@each_run
def test_a_badge_is_small_xml_of_one_line(run: Run) -> None:
    svg = to_badge(run)
    assert len(svg) < 3_000
    assert svg.count("\n") == 1
    assert told(svg)[1] in COLOURS.values()


def test_without_a_result_a_badge_is_grey() -> None:
    assert told(no_result("daily", "no run today", NOW)) == ("daily: no run today", GREY)
