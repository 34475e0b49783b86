"""The fixing loop: read again, write down, send once, wait, look again – and roll back, or hand over."""

from __future__ import annotations

import contextlib
import json
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import field, replace
from datetime import timedelta

from ..core.change import CannotFix, Change, Partly, Progress, Proof, Refused, Step, Unknown, asked
from ..core.dataclass import dataclass
from ..core.observation import CouldNotLook
from ..core.signals import uninterrupted
from ..core.wording import plural
from ..history import journal as events
from ..history.journal import Entry, Journal
from ..history.lock import Lock, Lost
from .outcome import ChangeResult, Fixed, Interrupted, Look, Veto, not_begun
from .remedy import BaseRemedy
from .sending import announced, prepared, send_one

TOLD_EVERY = 50
"""After how many steps of one change its progress is shown, and the lock renewed."""
LONGEST_DOUBT = timedelta(seconds=30)
"""How long AWS may take to show a change whose answer got lost."""


@dataclass(frozen=True)
class Fixer:
    """Makes the changes of one stack, one after another, under the lock. `say` shows progress."""

    journal: Journal
    lock: Lock
    remedy: Callable[[str], BaseRemedy]
    veto: Veto
    say: Callable[[str], None]
    poll_s: float
    symptom_within: timedelta
    unsettled: set[tuple[str, str]] = field(default_factory=set)
    """Remedy and target of what an earlier fixer left open and could not be read: nothing is changed there."""

    def settle(self) -> list[Entry]:
        """Settle what an earlier fixer, killed, left open: by reading, never by sending again.

        What it had sent and not verified is handed over: the checks show whether it helped.
        """
        settled = []
        for entry in self.journal.entries():
            if not entry.is_open:
                continue
            if entry.state in (events.BEGUN, events.UNCLEAR):
                entry = self._settled(entry)
            if entry.state == events.UNCLEAR:
                self.unsettled.add((entry.change.remedy, entry.change.target))
            elif entry.state in (events.SENT, events.NOT_CURED):
                said = (
                    "the run that made it ended before verifying it; the change stays, and the checks will show "
                    "whether it helped"
                )
                entry = self.journal.add(entry, events.HANDED_OVER, said)
            settled.append(entry)
        return settled

    def _settled(self, entry: Entry) -> Entry:
        change = entry.change
        try:
            remedy = self.remedy(change.remedy)
            now = remedy.read(change.target)
        except (CannotFix, CouldNotLook, KeyError) as error:
            return self._unclear(entry, f"its state could not be read: {error}")
        if now == change.before and entry.reached <= 1:
            return self.journal.add(entry, events.NOT_SENT, "settled by reading: it was not made")
        if remedy.resumes and now != change.after:
            upto = "".join(f", up to step {line.said}" for line in entry.lines if line.step == entry.reached > 0)
            said = f"settled by reading: it was made in part{upto}; {events.REST}"
            return self.journal.add(entry, events.SENT, said)
        if now == change.after or remedy.one_way:
            return self.journal.add(entry, events.SENT, "settled by reading: it was made")
        return self._unclear(entry, f"unclear: the resource is in neither the old nor the new state: {dict(now)}")

    def _unclear(self, entry: Entry, said: str) -> Entry:
        """The entry stays open, and is read again by the next fixer; said once."""
        return entry if entry.state == events.UNCLEAR else self.journal.add(entry, events.UNCLEAR, said)

    def make_all(self, changes: Sequence[Change], look: Callable[[], Look]) -> list[Fixed]:
        """Make the changes that answer to one finding: only the last can show the cure, and none stays without it."""
        *others, last = changes
        made: list[Fixed] = []
        try:
            for change in others:
                fixed = self.make(change, None)
                if fixed.result is not ChangeResult.DONE:
                    why = f"another change was {fixed.result}"
                    left = [Fixed(one, ChangeResult.REFUSED, f"not made: {why}") for one in changes[len(made) + 1 :]]
                    return [*self._all_back(made, why), fixed, *left]
                made.append(fixed)
            end = self.make(last, look)
        except KeyboardInterrupt as error:  # of a precondition it is a plain one: nothing was begun there
            own = error.fixed if isinstance(error, Interrupted) else []
            left = not_begun(changes[len(made) + len(own) :])
            raise Interrupted([*self._all_back(made, "interrupted before it was verified"), *own, *left]) from None
        if end.result in (ChangeResult.FIXED, ChangeResult.HANDED_OVER):
            return [*(replace(one, result=end.result, said=end.said) for one in made), end]
        return [*self._all_back(made, f"the last change was {end.result}"), end]

    def _all_back(self, made: Sequence[Fixed], why: str) -> list[Fixed]:
        entries = {entry.id: entry for entry in self.journal.entries()}
        back = []
        for one in made[::-1]:
            remedy = self.remedy(one.change.remedy)
            back.append(self._not_cured(entries[one.entry], remedy, one.change, why))
        return back[::-1]

    def make(self, change: Change, look: Callable[[], Look] | None, *, undoes: str = "") -> Fixed:
        """Make one change, and see it through. Without `look` its own state is all that is proven."""
        remedy = self.remedy(change.remedy)
        refusal = self._precondition(change, remedy)
        if refusal:
            return Fixed(change, ChangeResult.REFUSED, refusal)
        entry = self.journal.begin(change, undoes=undoes)
        try:
            return self._made(entry, remedy, change, look)
        except KeyboardInterrupt:
            raise Interrupted([self._interrupted(entry.id, remedy, change)]) from None
        except (Lost, OSError) as error:
            # the journal may be out of reach as well; what it has of this change is settled by the next fixer
            with contextlib.suppress(OSError):
                self.journal.add(entry, events.UNCLEAR, str(error))
            return Fixed(change, ChangeResult.HANDED_OVER, f"{error}; what became of the change is not known", entry.id)

    def _made(self, entry: Entry, remedy: BaseRemedy, change: Change, look: Callable[[], Look] | None) -> Fixed:
        try:
            with uninterrupted() as put_off:
                entry = self._send(entry, remedy, change, put_off)
        except Refused as error:
            self.journal.add(entry, events.REFUSED, str(error))
            return Fixed(change, ChangeResult.REFUSED, str(error), entry.id)
        except Partly as error:
            self.journal.add(entry, events.SENT, str(error))
            said = f"{error}; {events.REST}"
            self.journal.add(entry, events.HANDED_OVER, said)
            return Fixed(change, ChangeResult.HANDED_OVER, said, entry.id)
        if not entry.happened:
            said = f"{entry.lines[-1].said}: look at it by hand"
            return Fixed(change, ChangeResult.HANDED_OVER, said, entry.id)
        return self._see_through(entry, remedy, change, look)

    def _precondition(self, change: Change, remedy: BaseRemedy) -> str:
        """Why it must not be made now; a veto may take its time, so that everything else is asked after it."""
        if (change.remedy, change.target) in self.unsettled:
            return "an earlier change of it could not be settled: look at it by hand (opschecks journal)"
        if veto := self.veto(change):
            return veto
        try:
            self.lock.renew()
            now = remedy.read(change.target)
        except (CannotFix, CouldNotLook, Lost, OSError) as error:
            return str(error)
        if now != change.before:
            return f"it has changed since it was planned: it was {change.before} and is {now}"
        try:
            _, parameters = asked(remedy.steps(change.target, change.before, change.after))
        except (CannotFix, CouldNotLook, OSError) as error:
            return str(error)
        if _plainly(parameters) != _plainly(change.parameters):
            return "the plan is out of date: the request would differ now; plan again"
        return ""

    def _send(self, entry: Entry, remedy: BaseRemedy, change: Change, put_off: Sequence[int] = ()) -> Entry:
        """Send each step, once; of several, each is written down before it is sent, or the batch that it begins."""
        try:
            steps = remedy.steps(change.target, change.before, change.after)
        except (CannotFix, CouldNotLook) as error:
            raise Refused(str(error)) from None
        batch = math.ceil(len(steps) / events.STEP_LINES)
        for number, step in enumerate(steps):
            try:
                self._await_turn(remedy, change, step, put_off)
                request = prepared(step)
                if len(steps) > 1 and number % batch == 0:
                    said = announced(steps[number : number + batch], number, len(steps))
                    entry = self.journal.add(entry, events.STEP, said, step=number + 1)
                self._require_lock()
                send_one(remedy, step, request)
            except Refused as error:
                if number:
                    made = f"{number} of {plural(len(steps), 'request')} were made"
                    raise Partly(f"{made}, and the next was not: {error}") from None
                raise
            except Unknown as error:
                self.say(f"{change.name}: {error}; reading whether it was made")
                self._wait(remedy, change, min(remedy.settles_within, LONGEST_DOUBT))
                return self._settled(entry)
            if number and number % TOLD_EVERY == 0:
                self.say(f"{change.name}: {number} of {plural(len(steps), 'request')} made")
                self.lock.renew()
        return self.journal.add(entry, events.SENT)

    def _require_lock(self) -> None:
        """Refused where this fixer was suspended for longer than its lease: another one may be at work."""
        try:
            self.lock.require()
        except (Lost, OSError) as error:
            raise Refused(f"not sent: {error}") from None

    def _await_turn(self, remedy: BaseRemedy, change: Change, step: Step, put_off: Sequence[int]) -> None:
        """Refused where its turn does not come in time, or where Ctrl-C asks for the end: nothing is under way then."""
        if step.wait is None:
            return
        try:
            reached = self._polled(change, step.wait, remedy.settles_within, put_off)
        except (CannotFix, CouldNotLook) as error:
            raise Refused(str(error)) from None
        if not reached.settled:
            raise Refused(f"interrupted while it waited: {reached.said}" if put_off else reached.said)

    def _see_through(self, entry: Entry, remedy: BaseRemedy, change: Change, look: Callable[[], Look] | None) -> Fixed:
        reached = self._wait(remedy, change, remedy.settles_within)
        if not reached.settled:
            why = f"it did not settle: {reached.said}" if not reached.gone_wrong else f"it went wrong: {reached.said}"
            return self._not_cured(entry, remedy, change, why)
        if look is None:
            self.journal.add(entry, events.CURED, "read back")
            return Fixed(change, ChangeResult.DONE, "made, and read back", entry.id)
        told = self._look(remedy, look)
        if told.cured and not told.worse:
            self.journal.add(entry, events.CURED, told.said)
            said = "the same check passes now" + (f": {told.said}" if told.said else "")
            return Fixed(change, ChangeResult.FIXED, said, entry.id)
        why = f"the check could not look again: {told.said}" if told.blind else f"not cured: {told.said}"
        if told.worse:
            why = f"others got worse: {', '.join(told.worse)}"
        return self._not_cured(entry, remedy, change, why)

    def _wait(self, remedy: BaseRemedy, change: Change, within: timedelta) -> Progress:
        """How far it is when it has settled or gone wrong, or the time is over."""

        def reached() -> Progress:
            try:
                return remedy.progress(change.target, change.before, change.after)
            except (CannotFix, CouldNotLook) as error:
                return Progress(False, str(error))

        return self._polled(change, reached, within)

    def _polled(
        self, change: Change, ask: Callable[[], Progress], within: timedelta, put_off: Sequence[int] = ()
    ) -> Progress:
        """The last answer: when it has settled or gone wrong, a signal was put off, or the time is over."""
        until, shown = time.monotonic() + within.total_seconds(), ""
        while True:
            reached = ask()
            if reached.settled or reached.gone_wrong or put_off or time.monotonic() >= until:
                return reached
            if reached.said != shown:
                shown = reached.said
                self.say(f"{change.name}: {shown}")
            self._pause(until)

    def _pause(self, until: float) -> None:
        time.sleep(min(self.poll_s, max(0.0, until - time.monotonic())))
        self.lock.renew()

    def _look(self, remedy: BaseRemedy, look: Callable[[], Look]) -> Look:
        """Again until it is cured, as long as that may take: a read may be throttled, and data lags behind."""
        symptom = remedy.proof is Proof.SYMPTOM
        until = time.monotonic() + (self.symptom_within if symptom else remedy.settles_within).total_seconds()
        told, shown = look(), ""
        while not told.cured and time.monotonic() < until:
            left = timedelta(seconds=round(until - time.monotonic()))
            if told.said != shown:
                shown = told.said
                self.say(f"looking again, for at most {left} more: {shown}")
            self._pause(until)
            told = look()
        return told

    def _not_cured(self, entry: Entry, remedy: BaseRemedy, change: Change, why: str) -> Fixed:
        entry = self.journal.add(entry, events.NOT_CURED, why)
        if remedy.proof is Proof.SYMPTOM or not remedy.rolls_back:
            said = f"{why}; the change stays in place, and it needs a person"
        elif change.one_way:
            said = f"{why}; there is no way back, and it needs a person"
        else:
            return self._roll_back(entry, remedy, change, why)
        self.journal.add(entry, events.HANDED_OVER, said)
        return Fixed(change, ChangeResult.HANDED_OVER, said, entry.id)

    def _roll_back(self, entry: Entry, remedy: BaseRemedy, change: Change, why: str) -> Fixed:
        with uninterrupted():
            failed = self._rolled_back(entry, remedy, change)
        if failed:
            said = f"{why}; AND THE ROLL-BACK FAILED: {failed}"
            self.journal.add(entry, events.ROLL_BACK_FAILED, said)
            return Fixed(change, ChangeResult.ROLL_BACK_FAILED, said, entry.id)
        said = f"{why}; it was rolled back, and reads as before"
        self.journal.add(entry, events.ROLLED_BACK, said)
        return Fixed(change, ChangeResult.ROLLED_BACK, said, entry.id)

    def _rolled_back(self, entry: Entry, remedy: BaseRemedy, change: Change) -> str:
        """Why rolling back failed; nothing where it reads as before. It has an entry of its own in the journal."""
        back = replace(change, before=change.after, after=change.before)
        try:
            self.lock.renew()
            now = remedy.read(change.target)
            if now == change.before:
                return ""
            if now != change.after:
                return f"changed by someone else since; left as it is: {dict(now)}"
            call, parameters = asked(remedy.steps(back.target, back.before, back.after))
        except (CannotFix, CouldNotLook, Lost, OSError) as error:
            return str(error)
        back = replace(back, call=call, parameters=parameters)
        own = self.journal.begin(back, undoes=entry.id)
        try:
            own = self._send(own, remedy, back)
        except Refused as error:
            self.journal.add(own, events.REFUSED, str(error))
            return str(error)
        except Partly as error:
            self.journal.add(own, events.HANDED_OVER, str(error))
            return f"{error}; the rest needs a person"
        if not own.happened:
            return own.lines[-1].said
        try:
            reached = self._wait(remedy, back, remedy.settles_within)
        except Lost as error:
            return str(error)
        if not reached.settled:
            return f"it does not read as before: {reached.said}"
        self.journal.add(own, events.CURED, "reads as before")
        return ""

    def _interrupted(self, made: str, remedy: BaseRemedy, change: Change) -> Fixed:
        """Ctrl-C: what a state proves is rolled back; what takes its time is left, and said. Nothing is done twice."""
        entry = next(one for one in self.journal.entries() if one.id == made)
        if entry.state == events.BEGUN:
            entry = self._settled(entry)
        if not entry.happened or not entry.is_open:
            result = ChangeResult.ROLLED_BACK if entry.state == events.ROLLED_BACK else ChangeResult.HANDED_OVER
            return Fixed(change, result, f"interrupted; {entry.state.replace('_', ' ')}", entry.id)
        return self._not_cured(entry, remedy, change, "interrupted before it was verified")


def _plainly(parameters: object) -> str:
    return json.dumps(parameters, sort_keys=True, default=str)
