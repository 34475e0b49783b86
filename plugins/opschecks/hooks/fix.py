"""--fix: look, plan what the remedies of failed checks would change, and change it; then the checks run and report."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from ..model import Finding, Outcome
from ..observe import CouldNotLook
from .fix_options import PLAN
from .gather import begin, fresh_store, observations_of
from .state import ChecksRun, check_of, checks_run, stack_of

if TYPE_CHECKING:
    from ..guards import Refusal
    from ..journal import Entry, Journal
    from ..lock import Lock
    from ..mender import Fixed, Look, Mender
    from ..remedy import Change, Remedy
    from ..stack import Stack
    from .examine import Examine

Say = Callable[[str], None]


@pytest.hookimpl(tryfirst=True, wrapper=True)
def pytest_runtestloop(session: pytest.Session) -> Iterator[None]:
    """Look, plan and mend before the checks run: what is reported of them is what they say afterwards."""
    run, option = checks_run(session.config), session.config.option
    if run and option.fix and not option.collectonly and not session.testsfailed:
        for stack in run.stacks:
            try:
                _Fixing(run, stack, session).go()
            except OSError as error:
                run.stopped_by = (
                    f"{stack.name}: its state cannot be read or written, so that nothing more is changed: {error}"
                )
                raise pytest.UsageError(run.stopped_by) from None
        if option.fix == "plan":
            from ..plan import write_plan

            write_plan(run.reports / "plan.json", run.suite, run.fixes)
    return (yield)


@dataclass(frozen=True)
class _Case:
    """A failed finding that a remedy can answer to, with the check that found it."""

    item: pytest.Item
    finding: Finding


class _Fixing:
    """The fixing of one stack in one session."""

    def __init__(self, run: ChecksRun, stack: Stack, session: pytest.Session) -> None:
        self.run = run
        self.stack = stack
        self.session = session
        self.option: Any = session.config.option
        self.reporter: Any = session.config.pluginmanager.get_plugin("terminalreporter")
        self.first: dict[pytest.Item, Examine] = {}
        self.cases: dict[int, _Case] = {}

    def say(self, line: str) -> None:
        """Show a line of progress."""
        from ..report.text import printable

        if self.reporter:
            self.reporter.ensure_newline()
            self.reporter.write_line(printable(line))
            self.reporter.flush()

    def go(self) -> None:
        """Look; plan; where it is asked for, and under the lock, make the changes."""
        from ..journal import Journal
        from ..lock import Lock, Locked
        from .look import looked

        begin(self.run, self.session.items, [self.stack.name])
        items = [one for one in self.session.items if self._applies(one)]
        self.first = {item: looked(self.run, item, self.run.stores[self.stack.name]) for item in items}
        store = self.run.store(self.stack)
        journal = Journal(store)
        if self.option.fix == "plan":
            may = self._guarded(self._plan(), journal.entries())
            for change in may:
                self._planned(change)
            return
        lock = Lock(store)
        try:
            lock.acquire()
        except Locked as error:
            self.run.stopped_by = f"{self.stack.name}: {error}"
            raise pytest.UsageError(self.run.stopped_by) from None
        try:
            self._apply(journal, lock)
        finally:
            lock.release()

    def _applies(self, item: pytest.Item) -> bool:
        """Whether the check is one of this stack's that pytest is going to run: no other may change anything."""
        declared = check_of(item)
        if not declared or stack_of(item).name != self.stack.name or declared.runbook in self.stack.without:
            return False
        marks = [mark.name for mark in item.iter_markers() if mark.name in ("skip", "skipif", "xfail")]
        if marks:
            raise pytest.UsageError(
                f"{item.nodeid}: it bears the mark {marks[0]!r}; take it off before anything is fixed"
            )
        return True

    def _apply(self, journal: Journal, lock: Lock) -> None:
        from ..remedy import Proof

        mender = self._mender(journal, lock)
        for entry in mender.settle():
            self._settled(entry)
            self.say(f"settled {entry.id}, {entry.change.remedy} on {entry.change.name}: {entry.steps[-1].said}")
        changes = self._as_reviewed(self._plan())
        may = self._guarded(changes, journal.entries())
        together: dict[int, list[Change]] = {}
        for change in may:
            together.setdefault(id(self.cases[id(change)].finding), []).append(change)
        # what is proven at once comes first: it does not wait until a symptom has gone
        for group in sorted(together.values(), key=lambda group: mender.remedy(group[0].remedy).proof is Proof.SYMPTOM):
            self._make(mender, group)
        if may:
            wanted = observations_of(self.session.items, self.stack)
            self.run.stores[self.stack.name] = fresh_store(self.run, self.stack.name, wanted)

    def _make(self, mender: Mender, changes: Sequence[Change]) -> None:
        """Make the changes that answer to one finding."""
        from ..mender import Interrupted
        from ..remedy import Proof, Risk
        from .look import look_again, others_worse

        case = self.cases[id(changes[0])]
        for change in changes:
            self.say(f"{change.remedy} on {change.name}: {'; '.join(change.differs)}")
        before, resource = self.first[case.item], case.finding.resource
        symptom = mender.remedy(changes[0].remedy).proof is Proof.SYMPTOM
        since = datetime.now(UTC) if symptom else None
        wide = any(change.risk is not Risk.SAFE for change in changes) and not symptom

        def look() -> Look:
            told = look_again(self.run, case.item, resource, before, since)
            if not (told.cured and wide):
                return told
            return replace(told, worse=(*told.worse, *others_worse(self.run, self.first, case.item)))

        try:
            made = mender.make_all(changes, look)
        except Interrupted as error:
            self._made(error.fixed)
            raise
        self._made(made)

    def _made(self, made: Sequence[Fixed]) -> None:
        for fixed in made:
            self._note(fixed)
            self.session.config.hook.pytest_opschecks_after_change(
                change=fixed.change, result=fixed.result.value, said=fixed.said
            )

    def _settled(self, entry: Entry) -> None:
        """Into the report: a change that an earlier run made, and never told of."""
        from ..mender import Fixed, Result

        change, said = entry.change, f"begun {entry.begun:%Y-%m-%d %H:%M} UTC: {entry.steps[-1].said}"
        self._write(Fixed(change, Result.SETTLED, said, entry.id), change.target, "")

    def _plan(self) -> list[Change]:
        """Every change, each read before any is made. What is waived or could not be seen is nobody's to mend."""
        from ..plan import planned
        from ..remedy import CannotMend, fingerprint, remedy_of

        own = self._own_remedies()
        changes: list[Change] = []
        for item, examine in self.first.items():
            kind = own.get(examine.check.name, examine.check.remedy)
            if not kind:
                continue
            remedy = remedy_of(kind, self.stack, self.run.aws[self.stack.name], self._runs, self._entries)
            for finding in examine.findings:
                if finding.outcome is not Outcome.FAILED:
                    continue
                mark = fingerprint(self.stack.name, finding.check, finding.resource, finding.message)
                try:
                    for target in remedy.targets(finding.resource, finding.evidence):
                        if not any((one.remedy, one.target) == (remedy.name(), target) for one in changes):
                            change = planned(remedy, target, check=finding.check, finding=mark)
                            self.cases[id(change)] = _Case(item, finding)
                            changes.append(change)
                except (CannotMend, CouldNotLook) as error:
                    self._not_planned(remedy.name(), finding, item, str(error))
        return changes

    def _guarded(self, changes: Sequence[Change], entries: Sequence[Entry]) -> list[Change]:
        """What may be made; a plan that is too wide is refused whole."""
        from ..guards import Refusal, TooWide, judged, require_narrow
        from ..remedy import Risk

        # a plan shows also what will need --allow; making it does need it
        allow = set(Risk) if self.option.fix == "plan" else {Risk(risk) for risk in self.option.allow}
        now = datetime.now(UTC)
        may, refused = judged(changes, stack=self.stack, entries=entries, allow=allow, now=now)
        examined = {examine.check.name: len(examine.findings) for examine in self.first.values()}
        try:
            require_narrow(may, of=changes, stack=self.stack, entries=entries, examined=examined, now=now)
        except TooWide as error:
            refused += [Refusal(change, str(error)) for change in may]
            may = []
        for refusal in refused:
            self._refused(refusal)
        return may

    def _as_reviewed(self, changes: list[Change]) -> list[Change]:
        """Only what a reviewed plan lists, as it lists it; what is not so any more is refused as stale."""
        from ..guards import Refusal

        plan = self.session.config.stash.get(PLAN, None)
        if plan is None:
            return changes
        now = {_same(change): change for change in changes}
        kept = []
        for listed in plan.changes:
            if listed.stack != self.stack.name:
                continue
            if _same(listed) in now:
                kept.append(now[_same(listed)])
                continue
            why = "the plan is stale: the finding or the state is no longer what was reviewed; plan again"
            self._note_refusal(Refusal(listed, why), "", "")
        return kept

    def _mender(self, journal: Journal, lock: Lock) -> Mender:
        from ..guards import frozen
        from ..mender import Mender
        from ..remedies import all_remedies
        from ..remedy import remedy_of

        remedies, aws = all_remedies(), self.run.aws[self.stack.name]

        def veto(change: Change) -> str:
            vetoes = self.session.config.hook.pytest_opschecks_before_change(change=change)
            return "; ".join(
                [*filter(None, [frozen(self.stack, datetime.now(UTC))]), *(f"vetoed: {one}" for one in vetoes if one)]
            )

        return Mender(
            journal=journal,
            lock=lock,
            remedy=lambda name: remedy_of(remedies[name], self.stack, aws, self._runs, self._entries),
            veto=veto,
            say=self.say,
            poll_s=self.stack.fix.poll_s,
            symptom_within=timedelta(minutes=self.stack.fix.symptom_minutes),
        )

    def _own_remedies(self) -> dict[str, type[Remedy]]:
        """Those of users' conftests, by check."""
        from ..names import nearest
        from ..remedy import Remedy

        names = {examine.check.name for examine in self.first.values()}
        given: dict[str, type[Remedy]] = {}
        for told in reversed(self.session.config.hook.pytest_opschecks_remedies()):
            given.update(told or {})
        for name, kind in given.items():
            if name not in names and self.run.partial == "":
                hint = nearest(name, names)
                raise pytest.UsageError(f"pytest_opschecks_remedies: there is no check {name!r}; {hint}")
            if not (isinstance(kind, type) and issubclass(kind, Remedy)):
                raise pytest.UsageError(f"pytest_opschecks_remedies: {name}: {kind!r} is no subclass of Remedy")
        return given

    def _runs(self) -> Iterator[Mapping[str, Any]]:
        from ..history import filed_runs

        return filed_runs(self.run.store(self.stack), ("daily", "deploy-after"))

    def _entries(self) -> list[Entry]:
        from ..journal import Journal

        return Journal(self.run.store(self.stack)).entries()

    def _planned(self, change: Change) -> None:
        from ..mender import Fixed, Result
        from ..remedy import Risk

        wants = "" if change.risk is Risk.SAFE else f" ({change.risk}: making it wants --allow {change.risk})"
        self._note(Fixed(change, Result.PLANNED, "; ".join(change.differs) + wants))

    def _refused(self, refusal: Refusal) -> None:
        case = self.cases[id(refusal.change)]
        self._note_refusal(refusal, case.finding.resource, case.item.nodeid)

    def _note_refusal(self, refusal: Refusal, resource: str, nodeid: str) -> None:
        from ..mender import Fixed, Result

        result = Result.HANDED_OVER if refusal.hand_over else Result.REFUSED
        self._write(Fixed(refusal.change, result, refusal.why), resource, nodeid)

    def _note(self, fixed: Fixed) -> None:
        case = self.cases[id(fixed.change)]
        self._write(fixed, case.finding.resource, case.item.nodeid)

    def _write(self, fixed: Fixed, resource: str, nodeid: str) -> None:
        told = {
            **fixed.change.to_plain(),
            "resource": resource,
            "nodeid": nodeid,
            "result": fixed.result.value,
            "said": fixed.said,
            "entry": fixed.entry,
            "undo": fixed.undo,
            "differs": list(fixed.change.differs),
        }
        self._keep(told)

    def _not_planned(self, remedy: str, finding: Finding, item: pytest.Item, why: str) -> None:
        self._keep(
            {
                "stack": self.stack.name,
                "remedy": remedy,
                "name": finding.name,
                "check": finding.check,
                "resource": finding.resource,
                "nodeid": item.nodeid,
                "result": "refused",
                "said": why,
                "entry": "",
                "undo": "",
                "differs": [],
            }
        )

    def _keep(self, told: Mapping[str, Any]) -> None:
        self.run.fixes.append(told)
        self.say(f"{told['remedy']} on {told['name']}: {told['result']}: {told['said']}")


def _same(change: Change) -> str:
    """What makes two changes the same one: all of it."""
    import json

    return json.dumps(change.to_plain(), sort_keys=True, default=str)
