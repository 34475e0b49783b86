"""Why checks could not look or were not run: one card for each reason, however many checks and stacks it hides."""

from __future__ import annotations

import re

from ...core.dataclass import dataclass
from ...core.model import CheckResult, Outcome, Severity
from ...core.observation import WITHOUT
from ..amounts import capital, plural
from ..news import UNSEEN
from ..source import PageSource
from ..standing import anchor, promise, since
from ..unseen import Unseen, unseen

LISTED = 5
"""A list of at most that many checks is open."""
_ALLOW = re.compile(r"^(?P<why>.*) – allow (?P<action>[\w-]+:\w+)(?P<rest>.*)$", re.DOTALL)

STEP = " – "
"""What stands before the next step in the reasons that `aws.clients` and `aws.refusals` give."""
_LOG_IN = re.compile(r"aws (sso )?login --profile [\w.@+=-]+")
_TO_DO = re.compile(r"(check|log in|run it again|set|remove|ask|begin again)\b")


@dataclass(frozen=True)
class HiddenCheck:
    """A check that is not known: its severity, what is not known, since when; `anchor` is its id on the page."""

    severity: str
    what: str
    anchor: str
    since: str


@dataclass(frozen=True)
class Hidden:
    """One reason. `observed` is what came back, `next` what to do about it, in words.

    `action` is the IAM action that these are about, `command` what they say to type; at most one of both.
    """

    anchor: str
    badge: str
    heading: str
    where: str
    observed: str
    next: str
    action: str
    command: str
    checks: tuple[HiddenCheck, ...]
    is_open: bool
    kinds: str


def hidden(source: PageSource) -> list[Hidden]:
    """The reasons, that of most checks first."""
    found = []
    for outcome in (Outcome.BLIND, Outcome.NOT_RUN):
        groups: dict[str, list[Unseen]] = {}
        for one in unseen(source.run, outcome):
            groups.setdefault(one.cause, []).append(one)
        told = [_hidden(source, outcome, cause, of) for cause, of in groups.items()]
        found += sorted(told, key=lambda one: -len(one.checks))
    return found


def _hidden(source: PageSource, outcome: Outcome, cause: str, of: list[Unseen]) -> Hidden:
    checks = [check for group in of for check in group.checks]
    stacks = list(dict.fromkeys(group.stack for group in of))
    order = list(dict.fromkeys(stack.name for stack in source.run.stacks))
    observed, step, action, command = _next(cause)
    one = capital(promise(checks[0].check)) if len({check.check for check in checks}) == 1 else ""
    worst = max((check.severity for check in checks), key=lambda severity: severity.rank, default=Severity.LOW)
    return Hidden(
        anchor=f"cause-{anchor(checks[0].stack, checks[0].check)}",
        badge=outcome.words,
        heading=one or plural(len(checks), "check"),
        where=", ".join(stacks) if source.several else "",
        observed=observed,
        next=step,
        action=action,
        command=command,
        checks=tuple(_check(source, check) for check in checks),
        is_open=len(checks) <= LISTED,
        kinds=" ".join(["unseen", worst.value, *(f"of-{order.index(stack)}" for stack in stacks if stack in order)]),
    )


def _check(source: PageSource, check: CheckResult) -> HiddenCheck:
    past = source.run.past_of(check.stack)
    standings = (one for one in past.standings if one.check == check.check and one.state in UNSEEN)
    where = f" on {check.stack}" if source.several else ""
    return HiddenCheck(
        check.severity.value,
        f"{promise(check.check)}{where}",
        anchor(check.stack, check.check),
        since(next(standings, None), source.zone, source.time),
    )


def _next(cause: str) -> tuple[str, str, str, str]:
    """What came back, what to do, and the IAM action that this is about, or the command that it is."""
    if found := _ALLOW.match(cause):
        return found["why"] + found["rest"], "allow", found["action"], ""
    why, without, slugs = cause.partition(WITHOUT)
    if without:
        return why, f"if this does not apply, set without = {slugs}", "", ""
    why, dash, step = cause.rpartition(STEP)
    if dash and _LOG_IN.fullmatch(step):
        return why, "log in:", "", step
    return (why, step, "", "") if dash and _TO_DO.match(step) else (cause, "", "", "")
