"""The fixing loop among others: earlier fixers, later ones, and changes that belong together."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from opschecks.core.change import Refused, Request, Step
from opschecks.fixing.outcome import ChangeResult
from opschecks.history import lock
from opschecks.history.storage import FolderStorage
from tests.fixing.desk import CURED, SICK, Desk, _expire, _OneWay, _Switch, desk

__all__ = ["desk"]


def test_what_was_unclear_is_read_again_by_the_next_fixer(desk: Desk) -> None:
    desk.journal.begin(desk.plan())
    desk.world.unreadable = True
    assert [entry.state for entry in desk.fixer.settle()] == ["unclear"]
    desk.world.unreadable = False
    assert [entry.state for entry in desk.fixer.settle()] == ["not_sent"]
    assert desk.fixer.settle() == []


def test_a_one_way_change_that_does_not_read_as_before_was_made(desk: Desk) -> None:
    desk.journal.begin(desk.plan(_OneWay))
    desk.world.values["a"] = "a deployment of its own"
    assert [entry.state for entry in desk.fixer.settle()] == ["handed_over"]


def test_a_refusal_in_the_middle_takes_back_what_was_made(desk: Desk) -> None:
    def only_the_first(wanted: str) -> None:
        if desk.world.sent == ["on", "on"]:
            raise Refused("world:Write: AccessDenied")

    desk.world.values["c"], desk.world.answer = "off", only_the_first
    made = desk.fixer.make_all([desk.plan(target=target) for target in "abc"], lambda: CURED)
    assert [fixed.result for fixed in made] == [
        ChangeResult.ROLLED_BACK, ChangeResult.REFUSED, ChangeResult.REFUSED,
    ]  # fmt: skip
    assert desk.world.values == {"a": "off", "b": "off", "c": "off"}


def test_what_was_made_last_is_rolled_back_first_and_told_in_the_order_of_the_plan(desk: Desk) -> None:
    desk.world.values["c"] = "off"
    made = desk.fixer.make_all([desk.plan(target=target) for target in "abc"], lambda: SICK)
    assert [fixed.change.target for fixed in made] == ["a", "b", "c"]
    assert [entry.change.target for entry in desk.journal.entries() if entry.undoes] == ["c", "b", "a"]


def test_a_fixer_that_was_suspended_right_before_it_sends_sends_nothing(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def suspended(request: Request) -> Request:
        _expire(tmp_path)
        lock.Lock(FolderStorage(tmp_path)).acquire()
        awake = lock.awake_s() + timedelta(hours=1).total_seconds()
        monkeypatch.setattr(lock, "awake_s", lambda: awake)
        return request

    request = Request("world", "Write", {"target": "a", "value": "on"})
    desk.uses(_Switch, steps=lambda self, target, before, after: [Step(request, prepare=suspended)])
    fixed = desk.make(lambda: CURED)
    assert fixed.result is ChangeResult.REFUSED
    assert "not sent: this run's lock expired" in fixed.said
    assert desk.world.sent == []
