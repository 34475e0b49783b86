"""The fixing loop: on a small world where everything can go wrong on purpose."""

from __future__ import annotations

import itertools
import os
import signal
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from opschecks.core.change import CannotFix, Progress, Refused, Unknown, fingerprint
from opschecks.fixing.outcome import ChangeResult, Interrupted, Look
from opschecks.fixing.plan import undoing
from opschecks.fixing.remedy import BaseRemedy
from opschecks.history.lock import Lock
from opschecks.history.storage import FolderStorage
from tests.fixing.desk import CURED, SICK, STACK, Desk, _expire, _OneWay, _Slow, _Switch, desk

__all__ = ["desk"]


def test_cured(desk: Desk) -> None:
    assert desk.make(lambda: CURED).result is ChangeResult.FIXED
    assert desk.world.sent == ["on"]
    assert desk.events() == [["begun", "sent", "cured"]]


def test_changes_of_one_finding_are_cured_together(desk: Desk) -> None:
    looks = iter([CURED])
    made = desk.fixer.make_all([desk.plan(), desk.plan(target="b")], lambda: next(looks))
    assert [fixed.result for fixed in made] == [ChangeResult.FIXED, ChangeResult.FIXED]
    assert desk.world.values == {"a": "on", "b": "on"}


def test_what_a_refusal_leaves_unmade_is_reported_too(desk: Desk) -> None:
    desk.world.answer = _refuses
    made = desk.fixer.make_all(desk.three(), lambda: CURED)
    assert [fixed.change.target for fixed in made] == ["a", "b", "c"]
    assert [fixed.result for fixed in made] == [ChangeResult.REFUSED] * 3
    assert [fixed.said for fixed in made[1:]] == ["not made: another change was refused"] * 2
    assert desk.world.values == {"a": "off", "b": "off", "c": "off"}


def _refuses(wanted: str) -> None:
    raise Refused("world:Write: AccessDenied")


def test_the_journal_is_on_disk_before_anything_is_sent(desk: Desk) -> None:
    seen: list[list[list[str]]] = []
    desk.world.answer = lambda wanted: seen.append(desk.events())
    desk.make(lambda: CURED)
    assert seen == [[["begun"]]]


@pytest.mark.parametrize(
    "look",
    [SICK, Look(cured=False, blind=True, said="denied"), Look(cured=True, worse=("b",))],
    ids=["not cured", "blind", "another got worse"],
)
def test_what_did_not_help_is_rolled_back_and_that_is_verified(desk: Desk, look: Look) -> None:
    fixed = desk.make(lambda: look)
    assert fixed.result is ChangeResult.ROLLED_BACK
    assert desk.world.values["a"] == "off"
    assert desk.world.sent == ["on", "off"]
    assert desk.events() == [["begun", "sent", "not_cured", "rolled_back"], ["begun", "sent", "cured"]]


def _only_on(wanted: str) -> None:
    if wanted == "off":
        _refuses(wanted)


def test_a_roll_back_that_is_refused_cannot_be_overlooked(desk: Desk) -> None:
    desk.world.answer = _only_on
    fixed = desk.make(lambda: SICK)
    assert fixed.result is ChangeResult.ROLL_BACK_FAILED
    assert "AND THE ROLL-BACK FAILED: world:Write: AccessDenied" in fixed.said
    assert not fixed.result.is_good
    assert desk.events()[0][-1] == "roll_back_failed"


def test_a_roll_back_that_changes_nothing_is_found_by_reading(desk: Desk) -> None:
    desk.uses(_Switch, progress=lambda self, target, before, after: Progress(after["value"] == "on", "reads on"))
    fixed = desk.make(lambda: SICK)
    assert fixed.result is ChangeResult.ROLL_BACK_FAILED
    assert "it does not read as before: reads on" in fixed.said


STAYS: dict[str, tuple[type[BaseRemedy], str]] = {
    "a symptom is watched": (_Slow, "the change stays in place"),
    "one way": (_OneWay, "there is no way back"),
}


@pytest.mark.parametrize(("kind", "said"), STAYS.values(), ids=STAYS)
def test_what_is_never_rolled_back_is_handed_over(desk: Desk, kind: type[BaseRemedy], said: str) -> None:
    fixed = desk.make(lambda: SICK, kind)
    assert fixed.result is ChangeResult.HANDED_OVER
    assert said in fixed.said
    assert (fixed.undo == "one-way") is (kind is _OneWay)
    assert desk.world.values["a"] == "on"
    assert desk.events() == [["begun", "sent", "not_cured", "handed_over"]]


def test_a_symptom_that_goes_in_time_is_fixed(desk: Desk) -> None:
    looks = itertools.chain([Look(False, "nothing newer was measured", blind=True), SICK], itertools.repeat(CURED))
    fixer = replace(desk.fixer, symptom_within=timedelta(seconds=20))
    fixed = fixer.make(desk.plan(_Slow), lambda: next(looks))
    assert fixed.result is ChangeResult.FIXED
    assert [line for line in desk.said if "looking again, for at most" in line]


def test_a_refusal_of_aws_changes_nothing(desk: Desk) -> None:
    desk.world.answer = _refuses
    assert desk.make(lambda: CURED).result is ChangeResult.REFUSED
    assert desk.events() == [["begun", "refused"]]


@pytest.mark.parametrize(("arrived", "steps"), [(True, ["begun", "sent", "cured"]), (False, ["begun", "not_sent"])])
def test_a_lost_answer_is_settled_by_reading_and_never_sent_again(desk: Desk, arrived: bool, steps: list[str]) -> None:
    def lose(wanted: str) -> None:
        if arrived:
            desk.world.values["a"] = wanted
        raise Unknown("world:Write: the connection broke")

    desk.world.answer = lose
    fixed = desk.make(lambda: CURED)
    assert desk.world.sent == ["on"]
    assert desk.events() == [steps]
    assert fixed.result is (ChangeResult.FIXED if arrived else ChangeResult.HANDED_OVER)


def test_what_nobody_can_read_is_unclear_and_handed_over(desk: Desk) -> None:
    def lose(wanted: str) -> None:
        desk.world.unreadable = True
        raise Unknown("world:Write: the connection broke")

    desk.world.answer = lose
    assert desk.make(lambda: CURED).result is ChangeResult.HANDED_OVER
    assert desk.events() == [["begun", "unclear"]]


@pytest.mark.parametrize(
    ("now", "event"),
    [("on", "handed_over"), ("off", "not_sent"), ("sideways", "unclear")],
    ids=["made", "not made", "else"],
)
def test_an_open_entry_of_a_killed_fixer_is_settled_by_reading(desk: Desk, now: str, event: str) -> None:
    desk.journal.begin(desk.plan())
    desk.world.values["a"] = now
    (entry,) = desk.fixer.settle()
    assert entry.state == event
    assert desk.world.sent == []
    assert len(desk.fixer.settle()) == (1 if event == "unclear" else 0)
    assert len(desk.journal.entries()[0].lines) == (3 if event == "handed_over" else 2)


def test_nothing_is_changed_where_an_earlier_change_could_not_be_settled(desk: Desk) -> None:
    desk.journal.begin(desk.plan())
    desk.world.unreadable = True
    desk.fixer.settle()
    desk.world.unreadable = False
    assert "could not be settled" in desk.refused()
    assert desk.fixer.make(desk.plan(target="b"), lambda: CURED).result is ChangeResult.FIXED


def test_an_entry_of_a_remedy_that_is_gone_stays_open_and_breaks_nothing(desk: Desk) -> None:
    desk.journal.begin(replace(desk.plan(), remedy="gone"))
    (entry,) = desk.fixer.settle()
    assert entry.is_open
    assert desk.make(lambda: CURED).result is ChangeResult.FIXED


def test_a_roll_back_leaves_alone_what_somebody_else_has_changed_since(desk: Desk) -> None:
    def meanwhile() -> Look:
        desk.world.values["a"] = "by hand"
        return SICK

    fixed = desk.make(meanwhile)
    assert fixed.result is ChangeResult.ROLL_BACK_FAILED
    assert "changed by someone else since; left as it is" in fixed.said
    assert desk.world.values["a"] == "by hand"
    assert desk.world.sent == ["on"]


def test_a_look_that_was_throttled_is_repeated_before_anything_is_rolled_back(desk: Desk) -> None:
    desk.uses(_Switch, settles_within=timedelta(seconds=20))
    looks = iter([Look(cured=False, blind=True, said="throttled"), SICK, CURED])
    assert desk.make(lambda: next(looks)).result is ChangeResult.FIXED
    assert desk.world.sent == ["on"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_while_it_is_sent_waits_until_that_is_written_down(desk: Desk, number: signal.Signals) -> None:
    def interrupt(wanted: str) -> None:
        if wanted == "on":
            os.kill(os.getpid(), number)

    before = signal.signal(number, lambda *_: pytest.fail("not put off"))
    try:
        desk.world.answer = interrupt
        with pytest.raises(Interrupted) as raised:
            desk.make(lambda: CURED)
    finally:
        signal.signal(number, before)
    assert [fixed.result for fixed in raised.value.fixed] == [ChangeResult.ROLLED_BACK]
    assert desk.world.sent == ["on", "off"]
    assert desk.events()[0] == ["begun", "sent", "not_cured", "rolled_back"]


def test_ctrl_c_during_a_roll_back_does_not_roll_back_twice(desk: Desk) -> None:
    def interrupt(wanted: str) -> None:
        if wanted == "off":
            os.kill(os.getpid(), signal.SIGINT)

    desk.world.answer = interrupt
    with pytest.raises(Interrupted):
        desk.make(lambda: SICK)
    assert desk.world.sent == ["on", "off"]
    assert desk.world.values["a"] == "off"


def test_what_would_be_sent_is_what_was_planned(desk: Desk) -> None:
    change = replace(desk.plan(), parameters={"target": "a", "value": "bright"})
    assert "the request would differ now; plan again" in desk.refused(change)


def test_a_state_store_that_fails_in_the_middle_hands_over(desk: Desk) -> None:
    def full() -> Look:
        raise OSError("No space left on device")

    fixed = desk.make(full)
    assert fixed.result is ChangeResult.HANDED_OVER
    assert "what became of the change is not known" in fixed.said
    assert desk.journal.entries()[0].is_open


def test_what_could_take_capacity_away_is_never_rolled_back(desk: Desk) -> None:
    desk.uses(_Switch, rolls_back=False)
    assert desk.make(lambda: SICK).result is ChangeResult.HANDED_OVER
    assert desk.world.values["a"] == "on"


def test_a_changed_precondition_is_refused_at_send_time(desk: Desk) -> None:
    change = desk.plan()
    desk.world.values["a"] = "sideways"
    assert "it has changed since it was planned" in desk.refused(change)
    assert desk.events() == []


def test_a_veto_is_refused_before_the_journal(desk: Desk) -> None:
    fixer = replace(desk.fixer, veto=lambda change: "vetoed: no")
    assert fixer.make(desk.plan(), lambda: CURED).said == "vetoed: no"
    assert desk.events() == []


@pytest.mark.parametrize(
    ("kind", "targets", "left", "event"),
    [(_Switch, "a", "off", "rolled_back"), (_Switch, "ab", "off", "rolled_back"), (_Slow, "a", "on", "handed_over")],
    ids=["a state goes back", "as do all of one finding", "what takes its time stays"],
)
def test_ctrl_c_while_it_settles(desk: Desk, kind: type[BaseRemedy], targets: str, left: str, event: str) -> None:
    def interrupted() -> Look:
        raise KeyboardInterrupt

    with pytest.raises(Interrupted):
        desk.fixer.make_all([desk.plan(kind, target) for target in targets], interrupted)
    assert [desk.world.values[target] for target in targets] == [left] * len(targets)
    assert {events[-1] for events in desk.events() if "not_cured" in events} == {event}


def test_nothing_is_sent_when_the_lock_is_lost(desk: Desk, tmp_path: Path) -> None:
    _expire(tmp_path)
    other = Lock(FolderStorage(tmp_path))
    other.acquire()
    assert "someone else holds it now" in desk.refused()


def test_there_is_nothing_to_plan_where_nothing_would_change(desk: Desk) -> None:
    desk.world.values["a"] = "on"
    with pytest.raises(CannotFix, match="switch would make it"):
        desk.plan()


def test_undo_is_planned_from_what_was_done_and_refused_where_it_is_no_longer_so(desk: Desk) -> None:
    fixed = desk.make(lambda: CURED)
    (entry,) = desk.journal.entries()
    back = undoing(entry, _Switch(STACK, desk.world))
    assert (dict(back.before), dict(back.after)) == ({"value": "on"}, {"value": "off"})
    assert fixed.undo == f"opschecks undo {entry.id} --stack here"
    desk.world.values["a"] = "sideways"
    with pytest.raises(CannotFix, match="no longer as this change left it"):
        undoing(entry, _Switch(STACK, desk.world))


def test_what_never_happened_or_was_rolled_back_cannot_be_undone(desk: Desk) -> None:
    desk.make(lambda: SICK)
    with pytest.raises(CannotFix, match="rolled back already"):
        undoing(desk.journal.entries()[0], _Switch(STACK, desk.world))
    begun = desk.journal.begin(desk.plan())
    with pytest.raises(CannotFix, match="never reached AWS"):
        undoing(begun, _Switch(STACK, desk.world))


def test_a_fingerprint_forgets_the_numbers_of_the_minute_and_nothing_else() -> None:
    one = fingerprint("s", "c", "r", "CPU at most 98 % within the last half hour; limit 90 %")
    assert one == fingerprint("s", "c", "r", "CPU at most 97.5 % within the last half hour; limit 90 %")
    others = {fingerprint(*parts) for parts in (("t", "c", "r", "m"), ("s", "d", "r", "m"), ("s", "c", "q", "m"))}
    assert len(others | {one, fingerprint("s", "c", "r", "m")}) == 5
