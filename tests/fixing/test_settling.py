"""The fixing loop among others: earlier fixers, later ones, changes that belong together; Ctrl-C between changes."""

from __future__ import annotations

import os
import signal
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from opschecks.cli import fix as by_name
from opschecks.config.stack import Stack
from opschecks.core import clock
from opschecks.core.change import CannotFix, Change, Refused, Request, Step
from opschecks.fixing.outcome import ChangeResult, Fixed, Interrupted
from opschecks.fixing.plan import undoing
from opschecks.fixing.remedy import BaseRemedy
from opschecks.fixing.session import FixingSession
from opschecks.history import journal, lock
from opschecks.history.storage import FolderStorage
from opschecks.hooks import fix_failed as by_checks
from opschecks.hooks.fix_options import PLAN
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


NOT_BEGUN = "not made: interrupted before it was begun"


def test_what_ctrl_c_leaves_unmade_of_a_group_is_reported_too(desk: Desk) -> None:
    def interrupt(wanted: str) -> None:
        if wanted == "on":
            os.kill(os.getpid(), signal.SIGINT)

    changes, desk.world.answer = desk.three(), interrupt
    with pytest.raises(Interrupted) as raised:
        desk.fixer.make_all(changes, lambda: CURED)
    assert [(fixed.change.target, fixed.result.value) for fixed in raised.value.fixed] == [
        ("a", "rolled back"),
        ("b", "refused"),
        ("c", "refused"),
    ]
    assert [fixed.said for fixed in raised.value.fixed[1:]] == [NOT_BEGUN] * 2
    assert desk.world.values == {"a": "off", "b": "off", "c": "off"}


def test_ctrl_c_before_the_first_change_reports_all_of_them(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> str:
        raise KeyboardInterrupt

    changes = desk.three()
    object.__setattr__(desk.fixer, "veto", interrupt)
    with pytest.raises(Interrupted) as raised:
        desk.fixer.make_all(changes, lambda: CURED)
    assert [fixed.said for fixed in raised.value.fixed] == [NOT_BEGUN] * 3
    assert desk.world.sent == []


def test_groups_of_other_findings_are_reported_too(desk: Desk) -> None:
    changes = desk.three()
    kept: list[tuple[str, str]] = []
    fixing: Any = by_checks._Fixing.__new__(by_checks._Fixing)
    findings = [SimpleNamespace(resource=change.target) for change in changes]
    item = SimpleNamespace(nodeid="here")
    cases = zip(changes, findings, strict=True)
    session: Any = SimpleNamespace(config=SimpleNamespace(stash={PLAN: "reviewed"}))
    run: Any = SimpleNamespace(plan_not_made=[])
    fixing.session, fixing.run = session, run
    fixing.cases = {id(change): by_checks._Case(cast("Any", item), cast("Any", finding)) for change, finding in cases}
    fixing._keep = lambda fixed, resource, nodeid: kept.append((resource, fixed.said))
    fixing._plan = lambda changing: changes
    fixing._as_reviewed = fixing._guarded = lambda *given: changes

    def make(changing: object, group: Any) -> None:
        if group[0] is changes[1]:
            raise Interrupted([])

    fixing._make = make
    changing: Any = SimpleNamespace(proof_of=lambda change: None)
    with pytest.raises(Interrupted):
        fixing._apply(changing)
    assert kept == [("c", NOT_BEGUN)]
    assert run.plan_not_made == [f"_-switch on c: {NOT_BEGUN}"]


def test_changes_by_name_are_reported_too(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    changes, shown = desk.three(), []
    monkeypatch.setattr(by_name, "show_plan", lambda change: None)
    monkeypatch.setattr(by_name, "show_result", lambda fixed: shown.append((fixed.change.target, fixed.said)))

    def make(change: Change, *, undoes: str = "") -> Fixed:
        if change is changes[1]:
            raise Interrupted([Fixed(change, ChangeResult.ROLLED_BACK, "interrupted")])
        return Fixed(change, ChangeResult.DONE, "done")

    changing: Any = SimpleNamespace(guarded=lambda planned, allow, undoing: (planned, []), make=make)
    assert by_name._make(changing, changes, (), yes=True) == 130
    assert shown == [("a", "done"), ("b", "interrupted"), ("c", NOT_BEGUN)]
