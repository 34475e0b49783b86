"""The first sentence of every report: what an engineer on call reads at 07:00."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from ..core.model import NOT_APPLICABLE, CheckResult, Outcome
from ..core.run import Run
from .unseen import unseen
from .weekly.sentence import actions as week_actions
from .weekly.sentence import missed, still_open
from .weekly.sentence import sentence as week_sentence

NAMED = 2
"""How many failing checks the sentence spells out."""
ACTIONS = 3
_BAD = ("new", "still", "flapping")


@dataclass(frozen=True)
class Verdict:
    """`word` is the heading, `tone` good, warn, bad, unsure or none; `actions` are the next steps, best first."""

    word: str
    tone: str
    sentence: str
    actions: tuple[str, ...] = ()


def verdict(run: Run) -> Verdict:
    """Judge the run as a whole; good only where every check was seen to be good or is known not to be."""
    word, tone = _word(run)
    if tone == "good" and (points := _open_points(run)):
        word, tone = f"Held, with {points} open point{'s' if points > 1 else ''}", "warn"
    prefix = "SANDBOX, no production: " if run.sandbox else ""
    parts = [_counted(run), *_extras(run)]
    sentence = prefix + parts[0] + "".join(f"; {part}" for part in parts[1:]) + "."
    for week in run.weeks:
        where = f" on {week['stack']}" if len(run.weeks) > 1 else ""
        sentence += f" In the week{where}: {week_sentence(run, week)}."
    return Verdict(word, tone, sentence, tuple(_actions(run)))


def _word(run: Run) -> tuple[str, str]:
    if run.state == "unfinished":
        return "Unfinished", "none"
    if run.count(Outcome.FAILED) or run.lost_changes or run.exit_code == 1:
        return "Action needed", "bad"
    if not run.checks:
        return "No verdict", "none"
    if run.state != "finished":
        return "Stopped early", "unsure"
    if run.count(Outcome.BLIND) or run.count(Outcome.NOT_RUN):
        return "Not everything was seen", "unsure"
    return ("All good" if not run.partial else "Good as far as it looked"), "good"


def _open_points(run: Run) -> int:
    """Of a week whose checks are good: targets that were missed, and failures of the days that are still open."""
    return sum(len(missed(run, week)) + len(still_open(week)) for week in run.weeks)


def _counted(run: Run) -> str:
    where = ", ".join(stack.name for stack in run.stacks)
    total, failed, blind = len(run.checks), run.count(Outcome.FAILED), run.count(Outcome.BLIND)
    if not total and run.weeks:
        return f"no weekly checks of {where} were run in this week; what its daily runs say of it is on record"
    if not total:
        return f"no check was collected for {where}"
    if failed:
        named = _by_severity(run, Outcome.FAILED)
        shown = "; ".join(_title(check, run) for check in named[:NAMED])
        more = f" and {len(named) - NAMED} more" if len(named) > NAMED else ""
        return f"{failed} of {total} checks failed on {where}: {shown}{more}"
    if blind:
        return f"nothing is known to have failed on {where}, but {blind} of {total} checks could not look"
    if run.count(Outcome.NOT_RUN):
        return f"{run.count(Outcome.NOT_RUN)} of {total} checks of {where} were not run"
    good = run.count(Outcome.PASSED)
    if run.state == "stopped":
        return f"not every check of {where} is known: {good} of {total} that were collected passed"
    return (
        f"all {total} checks of {where} are good" if good == total else f"{good} of {total} checks of {where} are good"
    )


def _extras(run: Run) -> list[str]:
    told = []
    failed, blind, not_run = (run.count(outcome) for outcome in (Outcome.FAILED, Outcome.BLIND, Outcome.NOT_RUN))
    if failed and blind:
        told.append(f"{blind} could not look")
    if not_run and (failed or blind):
        told.append(f"{not_run} were not run")
    if run.count(Outcome.WAIVED):
        told.append(f"{run.count(Outcome.WAIVED)} {_are(run.count(Outcome.WAIVED))} waived")
    if run.count(NOT_APPLICABLE):
        told.append(
            f"{run.count(NOT_APPLICABLE)} do not apply" if run.count(NOT_APPLICABLE) > 1 else "1 does not apply"
        )
    told += _compared(run)
    told += _changes(run)
    if run.state == "unfinished":
        told.append("the run has not ended")
    elif run.state != "finished":
        told.append(f"the run is not whole: {run.stopped_by}")
    if run.partial:
        told.append(f"only a part of the suite was selected ({run.partial})")
    return told


def _compared(run: Run) -> list[str]:
    """How many of the failed checks are news, where there was a run to compare with."""
    if not any(past.previous for past in run.past):
        return []
    failed = [check for check in run.checks if check.outcome == Outcome.FAILED]
    lasting = hidden = 0
    for check in failed:
        own = [one for one in run.past_of(check.stack).standings if one.check == check.check and one.state in _BAD]
        if any(one.state == "still" for one in own):
            lasting += 1
        elif own and all(one.state == "new" and one.at_least for one in own):
            hidden += 1
    new = len(failed) - lasting - hidden
    recovered = len(
        {(past.stack, one.check) for past in run.past for one in past.standings if one.state == "recovered"}
    )
    told = [f"{new} new"] if new else []
    told += [f"{hidden} new, or hidden before"] if hidden else []
    told += [f"{lasting} not for the first time"] if lasting else []
    return told + ([f"{recovered} good again"] if recovered else [])


def _changes(run: Run) -> list[str]:
    results = [change["result"] for change in run.changes]
    told = []
    if fixed := results.count("fixed"):
        told.append(f"{fixed} fixed by a remedy")
    if refused := results.count("refused"):
        told.append(f"{refused} change{'s' if refused > 1 else ''} refused")
    if handed := results.count("handed over"):
        told.append(f"{handed} handed over to a person")
    if lost := results.count("roll-back failed"):
        told.append(f"{lost} CHANGED AND NOT TAKEN BACK")
    return told


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def _title(check: CheckResult, run: Run) -> str:
    where = f" ({check.stack})" if len(run.stacks) > 1 else ""
    first = check.failing.partition(" ")[0]
    ordinary = first == "A" or first[1:].islower()  # not WebSocket, not CPU
    return f"{check.failing[:1].lower() if ordinary else check.failing[:1]}{check.failing[1:]}{where}"


def _where(run: Run, check: CheckResult) -> str:
    names = [one.name for one in run.findings_of(check) if one.outcome is Outcome.FAILED]
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


def _since(run: Run, check: CheckResult) -> str:
    """For how long, where an earlier run tells; that of the resource that has been bad for the longest."""
    known = [one for one in run.past_of(check.stack).standings if one.check == check.check and one.state in _BAD]
    if not known:
        return ""
    oldest = max(known, key=lambda one: (one.state != "new", one.day))
    if oldest.state == "new" and oldest.at_least:
        zone = next(ZoneInfo(stack.time_zone) for stack in run.stacks if stack.name == check.stack)
        return f", new, or hidden since {oldest.since.astimezone(zone):%a %d %b}"
    return {"new": ", new", "flapping": ", on and off"}.get(oldest.state, f", day {oldest.day}")


def _by_severity(run: Run, outcome: Outcome) -> Sequence[CheckResult]:
    return sorted((check for check in run.checks if check.outcome == outcome), key=lambda check: -check.severity.rank)


def _actions(run: Run) -> list[str]:
    """Next steps that the run itself proves: no causes, no guesses."""
    failed = _by_severity(run, Outcome.FAILED)
    told = [f"Look at {one['name']} by hand now ({one['remedy']}): {one['said']}" for one in run.lost_changes]
    who = {stack.name: stack.contacts.get("on_call", "") for stack in run.stacks}
    told += [
        f"{check.failing} ({_where(run, check)}){_since(run, check)} – "
        + (f"{who[check.stack]}: " if who.get(check.stack) else "")
        + f"follow “{check.runbook}” in the runbook"
        for check in failed
    ]
    told += [
        f"Make it visible again ({len(group.checks)} {'check' if len(group.checks) == 1 else 'checks'}): {group.cause}"
        for group in unseen(run, Outcome.BLIND)
    ]
    told += [action for week in run.weeks for action in week_actions(week)]
    if run.state == "stopped":
        told.append("Run it again: this run is not whole")
    return list(dict.fromkeys(told))[:ACTIONS]
