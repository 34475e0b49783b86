"""What keeps remedies from doing harm: risk, count, share, day, cool-down, attempts, freeze windows."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from opschecks.config.stack import Stack
from opschecks.core.change import DRILLED, Change, Risk
from opschecks.fixing.guards import TooWide, judged, require_narrow
from opschecks.history.journal import REST, Entry, Line
from tests.changes import change

STACK = Stack.model_validate({"name": "here", "region": "us-west-2"})
NOW = datetime(2026, 11, 24, 7, 0, tzinfo=UTC)


def _entry(hours_ago: float, number: int = 0, undoes: str = "") -> Entry:
    return Entry(f"e{hours_ago}", change(number), "me", undoes, (Line(NOW - timedelta(hours=hours_ago), "begun", ""),))


def _stack(**fix: Any) -> Stack:
    return Stack.model_validate({"name": "here", "region": "us-west-2", "fix": fix})


def _why(change: Change, entries: list[Entry], *, allow: tuple[Risk, ...] = (), stack: Stack = STACK) -> str:
    may, refused = judged([change], stack=stack, entries=entries, allow=allow, now=NOW)
    assert len(may) + len(refused) == 1
    return "" if may else refused[0].why


@pytest.mark.parametrize("risk", [Risk.DISRUPTIVE, Risk.DESTRUCTIVE])
def test_only_safe_changes_without_being_allowed(risk: Risk) -> None:
    assert _why(change(), []) == ""
    assert f"--allow {risk}" in _why(change(risk=risk), [])
    assert _why(change(risk=risk), [], allow=(risk,)) == ""
    assert _why(change(risk=Risk.DESTRUCTIVE), [], allow=(Risk.DISRUPTIVE,)) != ""


def test_cool_down_of_one_resource_by_one_remedy() -> None:
    assert "07:30 UTC" in _why(change(), [_entry(0.5)])
    assert "07:30 UTC" in _why(change(), [_entry(3), _entry(0.5)], stack=_stack(attempts_per_day=3))
    assert _why(change(), [_entry(1.1)]) == ""
    assert _why(change(1), [_entry(0.5)]) == ""
    assert _why(change(), [_entry(0.5, undoes="x")]) == ""


def test_after_the_last_attempt_a_person_takes_over() -> None:
    _, (refusal,) = judged([change()], stack=STACK, entries=[_entry(5), _entry(3)], allow=(), now=NOW)
    assert refusal.hand_over
    assert "tried 2 times today" in refusal.why
    assert _why(change(), [_entry(25), _entry(3)]) == ""


@pytest.mark.parametrize("rest", [REST, "the same again makes the rest"], ids=["now", "as the last release said it"])
def test_the_same_again_after_a_part_is_no_new_attempt(rest: str) -> None:
    """What was killed between two requests must not have to wait for an hour until it may end."""
    parted = [
        replace(one, lines=(*one.lines, Line(one.begun, "handed_over", f"2 of 5 requests were made; {rest}")))
        for one in (_entry(0.1), _entry(0.2))
    ]
    assert _why(change(), parted) == ""
    assert "cooling down" in _why(change(), [*parted, _entry(0.3)])


def test_what_drills_change_uses_up_no_limit_of_the_day() -> None:
    drilled = [replace(_entry(1), change=replace(change(number), finding=DRILLED)) for number in range(1, 20)]
    require_narrow([change()], of=[change()], stack=STACK, entries=drilled, examined={}, now=NOW)
    others = [replace(one, change=change(number)) for number, one in enumerate(drilled, 1)]
    with pytest.raises(TooWide, match="19 changes made within a day"):
        require_narrow([change()], of=[change()], stack=STACK, entries=others, examined={}, now=NOW)


def test_taking_back_waits_for_nothing() -> None:
    may, _ = judged([change()], stack=STACK, entries=[_entry(0.1), _entry(0.2)], allow=(), now=NOW, undoing=True)
    assert len(may) == 1


@pytest.mark.parametrize(("hour", "frozen"), [(6, False), (7, True), (9, True), (10, False)])
def test_freeze_windows_begin_and_end(hour: int, frozen: bool) -> None:
    begins, ends = NOW, NOW + timedelta(hours=3)
    stack = _stack(freeze=[{"begins": begins, "ends": ends, "reason": "sale"}])
    _, refused = judged([change()], stack=stack, entries=[], allow=(), now=NOW.replace(hour=hour))
    assert bool(refused) == frozen


WIDE: dict[str, tuple[int, list[Entry], dict[str, int], dict[str, Any], str]] = {
    "as many as a run may": (4, [], {"test_x": 100}, {}, ""),
    "more than a run may": (5, [], {"test_x": 100}, {}, "6 changes, and fix.changes_per_run is 5"),
    "more than a day may": (2, [_entry(n + 1, n) for n in range(9)], {"test_x": 100}, {}, "fix.changes_per_day is 10"),
    "as many as a day may": (2, [_entry(n + 1, n) for n in range(7)], {"test_x": 100}, {}, ""),
    "yesterday does not count": (2, [_entry(n + 25, n) for n in range(9)], {"test_x": 100}, {}, ""),
    "half of them": (2, [], {"test_x": 4}, {}, ""),
    "more than half of them": (3, [], {"test_x": 4}, {}, "3 of the 4 resources that test_x examined"),
    "the only one": (1, [], {"test_x": 1}, {}, ""),
    "an empty plan": (0, [_entry(n + 1, n) for n in range(20)], {}, {}, ""),
}


def test_a_resource_whose_change_is_refused_is_bad_all_the_same() -> None:
    changes = [change(number) for number in range(3)]
    with pytest.raises(TooWide, match="3 of the 4 resources that test_x examined"):
        require_narrow(changes[:2], of=changes, stack=STACK, entries=[], examined={"test_x": 4}, now=NOW)


@pytest.mark.parametrize(("count", "entries", "examined", "fix", "message"), WIDE.values(), ids=WIDE)
def test_a_plan_that_is_too_wide_is_refused_whole(
    count: int, entries: list[Entry], examined: dict[str, int], fix: dict[str, Any], message: str
) -> None:
    changes = [change(number) for number in range(count)]
    if changes:
        changes.append(replace(changes[0], target="another source of the same resource"))
    told = ""
    try:
        require_narrow(changes, of=changes, stack=_stack(**fix), entries=entries, examined=examined, now=NOW)
    except TooWide as error:
        told = str(error)
    assert (message in told) if message else told == ""
