"""Looks, plans what the remedies of a stack's failed checks would change, and changes it before they run and report."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from ..config.load import shown_path
from ..config.stack import Stack
from ..core import clock
from ..core.change import CannotFix, Change, Proof, Risk, fingerprint
from ..core.dataclass import dataclass
from ..core.declared import declares
from ..core.model import Finding, Outcome
from ..core.observation import CouldNotLook
from ..core.wording import nearest
from ..fixing.guards import Refusal
from ..fixing.outcome import ChangeResult, Fixed, Interrupted, Look, not_begun
from ..fixing.plan import PlanError, planned, write_plan
from ..fixing.remedy import BaseRemedy
from ..fixing.session import FixingSession, fixing, remedies_by_check
from .changing import ends_where_barred, fixing_session, left_out, report_change
from .examine import Examine
from .fix_options import PLAN
from .gather import begin, fresh_store, observations_of
from .look import look_again, looked, others_worse
from .progress import say
from .state import ChecksRun, checks_of


def fix_failed(run: ChecksRun, session: pytest.Session) -> None:
    """Of every stack; nothing where the suite is not whole."""
    option = session.config.option
    if left_out(session, run, f"--fix={option.fix}: nothing was {'planned' if option.fix == 'plan' else 'changed'}"):
        return
    for stack in run.stacks:
        with ends_where_barred(run, stack):
            _Fixing(run, stack, session).go()
    if option.fix == "plan":
        _write_plan(run)


def _write_plan(run: ChecksRun) -> None:
    """The plan file, whose checks `opschecks fix` can name; its digest goes into the state that a stack has for all."""
    stores = [run.store(stack) for stack in run.stacks if stack.state]
    told = [{**fix, "nodeid": run.argument(str(fix["nodeid"]))} for fix in run.fixes]
    try:
        write_plan(run.reports / "plan.json", run.suite, told, stores)
        run.plan = str(shown_path(run.reports / "plan.json"))
    except OSError as error:
        raise pytest.UsageError(f"--fix=plan: the plan could not be written: {error}") from None


@dataclass(frozen=True)
class _Case:
    """A failed finding that has a remedy, with the check that found it."""

    item: pytest.Item
    finding: Finding


class _Fixing:
    """The fixing of one stack in one run."""

    def __init__(self, run: ChecksRun, stack: Stack, session: pytest.Session) -> None:
        self.run = run
        self.stack = stack
        self.session = session
        self.option: Any = session.config.option
        self._say = partial(say, session.config)
        self.first: dict[pytest.Item, Examine] = {}
        self.cases: dict[int, _Case] = {}

    def go(self) -> None:
        """Look; plan; with --fix=apply, make the changes under the lock."""
        begin(self.run, self.session.items, [self.stack.name])
        items = checks_of(self.session.items, self.stack)
        for item in items:
            _require_no_mark(item)
        self.first = {item: looked(self.run, item, self.run.stores[self.stack.name]) for item in items}
        aws, poll_s = self.run.aws[self.stack.name], self.stack.fix.poll_s
        changing = fixing_session(self.run, self.stack, self.session.config, aws, self._say, poll_s)
        if self.option.fix == "plan":
            for change in self._guarded(changing, self._plan(changing)):
                self._planned(change)
            return
        with fixing(changing) as settled:
            for fixed in settled:
                self._keep(fixed, fixed.change.target, "")
            self._apply(changing)

    def _apply(self, changing: FixingSession) -> None:
        may = self._guarded(changing, self._as_reviewed(self._plan(changing)))
        together: dict[int, list[Change]] = {}
        for change in may:
            together.setdefault(id(self.cases[id(change)].finding), []).append(change)
        # changes that are proven at once come first: they need not wait until a symptom has gone
        groups = sorted(together.values(), key=lambda group: changing.proof_of(group[0]) is Proof.SYMPTOM)
        for index, group in enumerate(groups):
            try:
                self._make(changing, group)
            except KeyboardInterrupt:
                for left in groups[index + 1 :]:
                    self._report(not_begun(left))
                raise
        if may:
            wanted = observations_of(self.session.items, self.stack)
            self.run.stores[self.stack.name] = fresh_store(self.run, self.stack.name, wanted)

    def _make(self, changing: FixingSession, changes: Sequence[Change]) -> None:
        """Make the changes that answer to one finding."""
        case = self.cases[id(changes[0])]
        for change in changes:
            self._say(f"{change.remedy} on {change.name}: {'; '.join(change.differs)}")
        before, resource = self.first[case.item], case.finding.resource
        symptom = changing.proof_of(changes[0]) is Proof.SYMPTOM
        since = clock.now() if symptom else None
        wide = any(change.risk is not Risk.SAFE for change in changes) and not symptom

        def look() -> Look:
            told = look_again(self.run, case.item, resource, before, since)
            if not (told.cured and wide):
                return told
            return replace(told, worse=(*told.worse, *others_worse(self.run, self.first, case.item)))

        made: Sequence[Fixed] = ()
        try:
            made = changing.make_all(changes, look)
        except Interrupted as error:
            made = error.fixed
            raise
        finally:
            self._report(made)

    def _report(self, made: Sequence[Fixed]) -> None:
        for fixed in made:
            case = self.cases[id(fixed.change)]
            self._keep(fixed, case.finding.resource, case.item.nodeid)
            if fixed.result is ChangeResult.REFUSED and PLAN in self.session.config.stash:
                self.run.plan_not_made.append(f"{fixed.change.remedy} on {fixed.change.name}: {fixed.said}")

    def _plan(self, changing: FixingSession) -> list[Change]:
        """Every change, each read before any is made. What is waived or could not be checked is left alone."""
        own = self._own_remedies()
        changes: list[Change] = []
        for item, examine in self.first.items():
            kind = own.get(examine.check.name, examine.check.remedy)
            if not kind:
                continue
            for finding in (one for one in examine.findings if one.outcome is Outcome.FAILED):
                mark = fingerprint(self.stack.name, finding.check, finding.resource, finding.message)
                try:
                    _require_findable(kind, item)
                    remedy = changing.remedy(kind.name())
                    for target in remedy.targets(finding.resource, finding.evidence):
                        if not any((one.remedy, one.target) == (remedy.name(), target) for one in changes):
                            change = planned(remedy, target, check=finding.check, finding=mark)
                            self.cases[id(change)] = _Case(item, finding)
                            changes.append(change)
                except (CannotFix, CouldNotLook) as error:
                    self._not_planned(kind.name(), finding, item, str(error))
        return changes

    def _guarded(self, changing: FixingSession, changes: Sequence[Change]) -> list[Change]:
        """The changes that may be made; the others are reported as refused."""
        # a plan also shows what will need --allow
        allow = set(Risk) if self.option.fix == "plan" else {Risk(risk) for risk in self.option.allow}
        examined = {examine.check.name: len(examine.findings) for examine in self.first.values()}
        may, refused = changing.guarded(changes, allow, examined=examined)
        for refusal in refused:
            case = self.cases[id(refusal.change)]
            self._refused(refusal, case.finding.resource, case.item.nodeid)
        return may

    def _as_reviewed(self, changes: list[Change]) -> list[Change]:
        """Only what the reviewed plan lists, exactly as listed; what has changed since is refused."""
        plan = self.session.config.stash.get(PLAN, None)
        if plan is None:
            return changes
        if self.stack.state:
            try:
                plan.require_filed(self.run.store(self.stack))
            except PlanError as error:
                raise pytest.UsageError(f"{self.option.plan}: {error}") from None
        now = {_same(change): change for change in changes}
        kept = []
        for listed in (one for one in plan.changes if one.stack == self.stack.name):
            if _same(listed) in now:
                kept.append(now[_same(listed)])
            else:
                why = "the plan is out of date: the finding or the state has changed since it was reviewed; plan again"
                self._refused(Refusal(listed, why), "", "")
        return kept

    def _own_remedies(self) -> dict[str, type[BaseRemedy]]:
        """The remedies of users' conftests, by check; UsageError if there is no such check."""
        names = {examine.check.name for examine in self.first.values()}
        given = remedies_by_check(self.session.config.hook)
        for name in given:
            if name not in names and self.run.partial == "":
                raise pytest.UsageError(f"pytest_opschecks_remedies: no check {name!r}; {nearest(name, names)}")
        return given

    def _planned(self, change: Change) -> None:
        needs = "" if change.risk is Risk.SAFE else f" ({change.risk}: --allow {change.risk} is needed to make it)"
        case, said = self.cases[id(change)], "; ".join(change.differs) + needs
        self._keep(Fixed(change, ChangeResult.PLANNED, said), case.finding.resource, case.item.nodeid)

    def _refused(self, refusal: Refusal, resource: str, nodeid: str) -> None:
        result = ChangeResult.HANDED_OVER if refusal.hand_over else ChangeResult.REFUSED
        if PLAN in self.session.config.stash:
            self.run.plan_not_made.append(f"{refusal.change.remedy} on {refusal.change.name}: {refusal.why}")
        self._keep(Fixed(refusal.change, result, refusal.why), resource, nodeid)

    def _not_planned(self, remedy: str, finding: Finding, item: pytest.Item, why: str) -> None:
        self.run.fixes.append(
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
        self._say(f"{remedy} on {finding.name}: refused: {why}")

    def _keep(self, fixed: Fixed, resource: str, nodeid: str) -> None:
        report_change(self.run, self._say, fixed, resource, nodeid)


def _require_no_mark(item: pytest.Item) -> None:
    """Only a check that pytest is going to run may change anything."""
    for mark in item.iter_markers():
        if mark.name in ("skip", "skipif", "xfail"):
            raise pytest.UsageError(f"{item.nodeid}: marked {mark.name!r}; remove the mark before using --fix")


def _require_findable(kind: type[BaseRemedy], item: pytest.Item) -> None:
    """CannotFix where the remedy is in a check's file that commands do not import, so that nobody could undo it."""
    if kind.__module__ == getattr(getattr(item, "module", None), "__name__", None) and not declares(item.path):
        raise CannotFix(
            f"{kind.__name__}: define it in a conftest.py, not in {item.path.name}, so that it can be undone"
        )


def _same(change: Change) -> str:
    """Two changes are the same if these are equal."""
    return json.dumps(change.to_plain(), sort_keys=True, default=str)
