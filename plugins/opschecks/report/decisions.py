"""What a week leaves to be decided by a person: each decision with its reason, its owner and its day, if it has one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from ..core.dataclass import dataclass
from ..core.run import Run, StackFacts, WaiverState
from .amounts import named, number, plural, usd
from .budget import SPENT, Budget, budgets, target_of
from .measures import measures
from .owners import owner_in_week, owner_of
from .seen import figure, resources
from .week_words import failing

SOON_DAYS = 14
"""A waiver that ends within so many days has to be decided on in this week or the next one."""
NAMED = 3
FEW_TIMES = 2
"""Times that a check has to have failed within 28 days before a lasting fix is asked for."""


@dataclass(frozen=True)
class Decision:
    """One decision. `owner` is who is called first for it, `by` the day, as ISO text; both may be empty."""

    what: str
    why: str
    owner: str = ""
    by: str = ""

    @property
    def by_words(self) -> str:
        """The day in words."""
        return f"{date.fromisoformat(self.by):%a %d %b}" if self.by else ""

    @property
    def line(self) -> str:
        """All of it in one line."""
        about = ", ".join(filter(None, (self.owner, f"by {self.by_words}" if self.by else "")))
        return f"{self.what} – {self.why}{f' ({about})' if about else ''}"


def decisions(run: Run, week: Mapping[str, Any]) -> list[Decision]:
    """Those of the week's stack; the ones that have a day first."""
    stack = next((one for one in run.stacks if one.name == week["stack"]), StackFacts(week["stack"], False, "", ""))
    found = [
        *_changes(run, week, stack),
        *_waivers(run, week),
        *_recurring(week, stack),
        *_budget(run, week),
        *_targets(run, week, stack),
        *_money(run, week, stack),
    ]
    return sorted(found, key=lambda one: one.by or "9")


def _changes(run: Run, week: Mapping[str, Any], stack: StackFacts) -> Iterator[Decision]:
    """Changes that neither this run nor a daily one of the week made by itself."""
    own = [change for change in run.changes if change["stack"] == stack.name]
    tried = {(one["remedy"], one["check"], one["name"]) for one in own if one["result"] != "planned"}
    earlier = (one for one in week.get("not_made", ()) if (one["remedy"], one["check"], one["name"]) not in tried)
    for change in (*own, *earlier):
        if change["result"] in ("refused", "handed over"):
            what = f"Make this change by hand, or leave it: {change['remedy']} on {change['name']}"
            yield Decision(what, f"{change['result']}: {change['said']}", owner_in_week(stack, change["check"], week))
    if planned := [change for change in own if change["result"] == "planned"]:
        names = named(list(dict.fromkeys(change["name"] for change in planned)), NAMED)
        remedies = ", ".join(dict.fromkeys(change["remedy"] for change in planned))
        owner = owner_in_week(stack, planned[0]["check"], week)
        yield Decision(f"Make {plural(len(planned), 'planned change')}, or not", f"{remedies} on {names}", owner)


def _waivers(run: Run, week: Mapping[str, Any]) -> Iterator[Decision]:
    for waiver in run.waivers:
        if waiver.stack != week["stack"]:
            continue
        what = f"the waiver of “{waived(run, week, waiver)}” for {waiver.resource}"
        if waiver.state == "unused":
            yield Decision(f"Delete {what}", f"it accepted nothing: {waiver.reason}", waiver.owner)
        elif waiver.days_left <= SOON_DAYS:
            yield Decision(f"Extend {what}, or fix what it accepts", waiver.reason, waiver.owner, waiver.until)


def waived(run: Run, week: Mapping[str, Any], waiver: WaiverState) -> str:
    """What a waiver accepts, in the words of its check."""
    own = (check.failing for check in run.checks if (check.stack, check.check) == (waiver.stack, waiver.check))
    return next(own, "") or failing(waiver.check, week)


def _recurring(week: Mapping[str, Any], stack: StackFacts) -> Iterator[Decision]:
    for one in week["recurring"]:
        if one["times"] >= FEW_TIMES:
            tried = ", ".join(f"{each['remedy']} × {each['times']}" for each in one["tried"])
            what_was = f"tried: {tried}" if tried else "no remedy was tried"
            why = f"it failed {plural(one['times'], 'time')} within 28 days; {what_was}"
            owner = owner_in_week(stack, one["check"], week)
            yield Decision(f"Find a lasting fix: {failing(one['check'], week)}", why, owner)


def _budget(run: Run, week: Mapping[str, Any]) -> Iterator[Decision]:
    spent = [row for row in budgets(run, week)[1:] if row.reading == SPENT]
    failed, unseen = ([row for row in spent if bool(row.month.failed) is seen] for seen in (True, False))
    for what, rows in (
        ("Put repairs before new work, or change the target", failed),
        ("Restore access, so that every daily check can look", unseen),
    ):
        if rows:
            owners = ", ".join(dict.fromkeys(row.owner for row in rows if row.owner))
            yield Decision(what, _spent(rows, number(target_of(week) or 0)), owners)


def _spent(rows: Sequence[Budget], target: str) -> str:
    """Whose budget is spent, since that of all may not be."""
    if len(rows) == 1:
        return f"the error budget of {rows[0].name} (target {target} %) is spent: {rows[0].told}"
    told = named([f"{row.name} ({row.told})" for row in rows], NAMED)
    return f"the error budgets of {len(rows)} services (target {target} %) are spent: {told}"


def _targets(run: Run, week: Mapping[str, Any], stack: StackFacts) -> Iterator[Decision]:
    for row in measures(run, week):
        if row.twice:
            why = f"{row.now} this week, {row.before} last week, target {row.target}"
            yield Decision(f"Meet the target, or change it: {row.label}", why, owner_of(stack))


def _money(run: Run, week: Mapping[str, Any], stack: StackFacts) -> Iterator[Decision]:
    for one in resources(run, "total_cost", stack.name):
        month, budget = figure(one, "month"), figure(one, "budget")
        if month is not None and budget and month > budget:
            why = f"at this rate the month comes to {usd(month)} of {usd(budget)}"
            yield Decision("Cut costs, or raise the budget", why, owner_of(stack, "costs"))
