"""The fixing loop among others: earlier fixers, later ones, and changes that belong together."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from opschecks.config.stack import Stack
from opschecks.core import clock
from opschecks.core.change import CannotFix, Refused, Request, Step
from opschecks.fixing.outcome import ChangeResult
from opschecks.fixing.plan import undoing
from opschecks.fixing.remedy import BaseRemedy
from opschecks.fixing.session import FixingSession
from opschecks.history import journal, lock
from opschecks.history.storage import FolderStorage
from tests.fixing.desk import CURED, REMEDIES, SICK, STACK, Desk, _expire, _InTwo, _OneWay, _Switch, desk

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

    desk.world.answer = only_the_first
    made = desk.fixer.make_all(desk.three(), lambda: CURED)
    assert [fixed.result for fixed in made] == [
        ChangeResult.ROLLED_BACK, ChangeResult.REFUSED, ChangeResult.REFUSED,
    ]  # fmt: skip
    assert desk.world.values == {"a": "off", "b": "off", "c": "off"}


def test_what_was_made_last_is_rolled_back_first_and_told_in_the_order_of_the_plan(desk: Desk) -> None:
    made = desk.fixer.make_all(desk.three(), lambda: SICK)
    assert [(fixed.change.target, fixed.result) for fixed in made] == [(one, ChangeResult.ROLLED_BACK) for one in "abc"]
    assert desk.world.values == {"a": "off", "b": "off", "c": "off"}
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
    assert "not sent: this run's lock expired" in desk.refused()


def test_a_freeze_that_begins_after_the_plan_was_guarded_holds(desk: Desk, tmp_path: Path) -> None:
    now = clock.now()
    freeze = {"begins": now, "ends": now + timedelta(hours=1), "reason": "sale"}
    session = _session(desk, tmp_path / "own", fix={"freeze": [freeze]})
    with session.lock:
        fixed = session.make(desk.plan())
    assert fixed.result is ChangeResult.REFUSED
    assert fixed.said.endswith(": sale")
    assert desk.world.sent == []


def _session(desk: Desk, folder: Path, **of: Any) -> FixingSession:
    hooks: Any = SimpleNamespace(
        pytest_opschecks_before_change=lambda change: [None], pytest_opschecks_after_change=lambda **told: []
    )
    stack = Stack.model_validate({"name": "here", "region": "us-west-2", **of})
    remedies: dict[str, type[BaseRemedy]] = {**REMEDIES, _Followed.name(): _Followed}
    return FixingSession(stack, desk.world, FolderStorage(folder), hooks, remedies, desk.said.append, poll_s=0)


class _Follower(_Switch):
    """Switch the other one on."""

    def all_targets(self) -> list[str]:
        return ["b"]


class _Followed(_InTwo):
    """Switch it on, and the other one after it."""

    followed_by = (_Follower,)


def test_what_should_follow_a_change_and_never_reached_aws_is_still_to_be_made(desk: Desk) -> None:
    session = _session(desk, Path(str(desk.journal.store)))
    session.remedies = {**session.remedies, _Follower.name(): _Follower}
    own = desk.journal.begin(desk.plan(_Followed))
    desk.journal.add(own, journal.SENT)
    refused = desk.journal.begin(desk.plan(_Follower, "b"))
    desk.journal.add(refused, journal.REFUSED)
    assert [change.target for change in session.not_followed(_Followed.name())] == ["b"]
    made = desk.journal.begin(desk.plan(_Follower, "b"))
    desk.journal.add(made, journal.SENT)
    assert session.not_followed(_Followed.name()) == []


def test_what_is_unclear_is_not_undone(desk: Desk) -> None:
    """Its lock was lost after it was sent: it may be under way, whatever it reads now."""
    entry = desk.journal.add(desk.journal.begin(desk.plan()), journal.SENT)
    entry = desk.journal.add(entry, journal.UNCLEAR, "the lock was lost")
    desk.world.values["a"] = "on"
    with pytest.raises(CannotFix, match="it is unclear whether it was made: the lock was lost"):
        undoing(entry, _Switch(STACK, desk.world))
