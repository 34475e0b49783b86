"""Operations: each step in its turn, written down before it is sent, and settled by the steps that were."""

from __future__ import annotations

import os
import signal
from datetime import timedelta
from typing import ClassVar

import pytest

from opschecks.core.change import Progress
from opschecks.fixing.outcome import ChangeResult, Fixed
from tests.fixing.desk import Desk, _InTwo, _Switch, desk

__all__ = ["desk"]


def test_a_request_is_sent_only_when_what_came_before_it_allows_it(desk: Desk) -> None:
    assert desk.make(None, _InTwo).result is ChangeResult.DONE
    assert desk.world.sent == ["half", "on"]
    desk.world.values["a"] = "off"
    desk.world.answer = lambda wanted: None
    desk.world.kept = "off"
    ended = desk.make(None, _InTwo)
    assert (ended.result, ended.said) == (
        ChangeResult.HANDED_OVER,
        "1 of 2 requests were made, and the next was not: half is not there; run the same command again to finish",
    )
    assert desk.world.sent == ["half", "on", "half"]


class _InTurn(_InTwo):
    """Switch it on by way of half, when its turn has come."""

    settles_within = timedelta(seconds=5)
    turns: ClassVar[list[Progress]] = []

    def turn(self) -> Progress:
        first = self.read("a") == {"value": "off"}
        return Progress(settled=True) if first or not self.turns else self.turns.pop(0)


def _in_turn(desk: Desk, *turns: Progress) -> Fixed:
    _InTurn.turns[:] = turns
    desk.uses(_InTurn)
    return desk.make(None, _InTurn)


def test_a_request_waits_for_its_turn_and_says_so(desk: Desk) -> None:
    assert _in_turn(desk, Progress(False, "1 before it"), Progress(False, "1 before it")).result is ChangeResult.DONE
    assert desk.world.sent == ["half", "on"]
    assert desk.said == ["a: 1 before it"]


def test_a_turn_that_will_not_come_ends_with_what_is_made(desk: Desk) -> None:
    ended = _in_turn(desk, Progress(False, "it failed", gone_wrong=True))
    assert (ended.result, ended.said) == (
        ChangeResult.HANDED_OVER,
        "1 of 2 requests were made, and the next was not: it failed; run the same command again to finish",
    )
    assert desk.world.sent == ["half"]


def test_ctrl_c_ends_the_wait_for_a_turn(desk: Desk) -> None:
    desk.fixer.__dict__["say"] = lambda line: os.kill(os.getpid(), signal.SIGINT)
    ended = _in_turn(desk, *[Progress(False, "1 before it")] * 9)
    assert "interrupted while it waited: 1 before it; run the same command again to finish" in ended.said
    assert desk.events() == [["begun", "step", "sent", "handed_over"]]


def test_what_the_answer_calls_done_in_part_is_handed_over(desk: Desk) -> None:
    desk.world.told = {"no": True}
    ended = desk.make(None, _InTwo)
    assert (ended.result, ended.said) == (
        ChangeResult.HANDED_OVER,
        "only half of half; run the same command again to finish",
    )
    assert desk.events() == [["begun", "step", "sent", "handed_over"]]
    assert desk.world.sent == ["half"]


def _said(desk: Desk) -> list[str]:
    return [line.said for entry in desk.journal.entries() for line in entry.lines if line.event == "step"]


def test_each_step_is_on_disk_before_it_is_sent(desk: Desk) -> None:
    seen: list[list[str]] = []
    desk.world.answer = lambda wanted: seen.append(_said(desk))
    assert desk.make(None, _InTwo).result is ChangeResult.DONE
    assert seen == [["1 of 2: world:Write a"], ["1 of 2: world:Write a", "2 of 2: world:Write a"]]


def test_of_very_many_steps_a_line_stands_for_a_batch(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_InTwo, "values", ["half"] * 1199 + ["on"])
    seen: list[int] = []
    desk.world.answer = lambda wanted: seen.append(len(_said(desk)))
    change = desk.plan(_InTwo)
    assert set(change.parameters) == {"world:Write", "digest"}
    assert desk.fixer.make(change, None).result is ChangeResult.DONE
    said = _said(desk)
    assert (len(said), said[0], said[-1]) == (
        50,
        "1 to 24 of 1,200: world:Write a",
        "1,177 to 1,200 of 1,200: world:Write a",
    )
    assert [seen.index(number) for number in (1, 2, 50)] == [0, 24, 1176]


@pytest.mark.parametrize(
    ("steps", "now", "said"),
    [
        (0, "off", "settled by reading: it was not made"),
        (1, "off", "settled by reading: it was not made"),
        (0, "half", "settled by reading: it was made in part; run the same command again to finish"),
        (1, "half", "settled by reading: it was made in part, up to step 1 of 2; run the same command again to finish"),
        (2, "half", "settled by reading: it was made in part, up to step 2 of 2; run the same command again to finish"),
        (2, "off", "settled by reading: it was made in part, up to step 2 of 2; run the same command again to finish"),
        (2, "on", "settled by reading: it was made"),
    ],
)
def test_a_killed_operation_is_settled_by_its_steps_and_by_reading(desk: Desk, steps: int, now: str, said: str) -> None:
    """The last release wrote no steps."""
    entry = desk.journal.begin(desk.plan(_InTwo))
    for number in range(1, steps + 1):
        entry = desk.journal.add(entry, "step", f"{number} of 2", step=number)
    assert (entry.is_open, entry.happened) == (True, steps > 1)
    desk.world.values["a"] = now
    (settled,) = desk.fixer.settle()
    assert said in [line.said for line in settled.lines]
    assert (settled.is_open, settled.happened) == (False, not said.endswith("not made"))
    assert settled == desk.journal.entries()[0]
    assert desk.world.sent == []


@pytest.mark.parametrize("name", ["requests", "ready", "turn", "answered", "asks", "change", "followed_by"])
def test_a_remedy_of_the_last_release_in_several_requests_is_refused_and_not_made_in_part(name: str) -> None:
    with pytest.raises(TypeError, match=f"Several.{name}: a Setting is one request; write an opschecks.Operation"):
        type("Several", (_Switch,), {name: lambda *_: None})
