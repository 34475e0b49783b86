"""Ctrl-C between changes: what was not begun is reported as that, whoever makes the changes."""

from __future__ import annotations

import os
import signal
from types import SimpleNamespace
from typing import Any, cast

import pytest

from opschecks.cli import fix as by_name
from opschecks.core.change import Change
from opschecks.fixing.outcome import ChangeResult, Fixed, Interrupted
from opschecks.hooks import fix as by_checks
from opschecks.hooks.fix_options import PLAN
from tests.fixing.desk import CURED, Desk, desk

__all__ = ["desk"]
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
