"""The first sentence of every report: what an engineer on call reads at 07:00."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..core.dataclass import dataclass
from ..core.model import NOT_APPLICABLE, CheckResult, Outcome
from ..core.run import Run
from .amounts import capital, first, named, plural
from .gate_words import gate_word
from .news import counts, kind, longest
from .owners import called_first
from .times import zone_of
from .unseen import unseen

if TYPE_CHECKING:
    from .week_words import WeekWords

NAMED = 2
"""How many failing checks the sentence spells out."""
ACTIONS = 3


@dataclass(frozen=True)
class Verdict:
    """`word` is the heading, `tone` good, warn, bad, unsure or none; `actions` are the next steps, best first.

    `brief` is the sentence for who lists below it what failed; `others` are the next steps that are of no check.
    """

    word: str
    tone: str
    sentence: str
    actions: tuple[str, ...] = ()
    brief: str = ""
    others: tuple[str, ...] = ()


def verdict(run: Run) -> Verdict:
    """Judge the run as a whole; good only where every check was seen to be good or is known not to be."""
    weeks = _weeks(run) if run.weeks else []
    word, tone = _word(run)
    if tone == "good" and (items := sum(week.open_items for _, week in weeks)):
        word, tone = f"Good, with {plural(items, 'open item')}", "warn"
    elif tone == "good" and (unseen := [week.unseen for _, week in weeks if week.unseen]):
        word, tone = ("Good now; the week was not seen" if "week" in unseen else "Good; not every day was seen"), "warn"
    word, tone = gate_word(run, tone, word)
    prefix = "SANDBOX (not production): " if run.sandbox else ""
    extras = list(_extras(run))
    rest = "".join(f" In the week{f' on {stack}' if len(weeks) > 1 else ''}: {week.sentence}." for stack, week in weeks)
    whole, brief = (f"{prefix}{'; '.join([_checks(run, titled), *extras])}.{rest}" for titled in (True, False))
    lost = [f"Look at {one['name']} by hand now ({one['remedy']}): {one['said']}" for one in run.lost_changes]
    afterwards = list(_afterwards(run, [week for _, week in weeks]))
    steps = first(dict.fromkeys([*lost, *_of_checks(run), *afterwards]), ACTIONS)[0]
    return Verdict(word, tone, whole, steps, capital(brief), tuple(dict.fromkeys([*lost, *afterwards])))


def _weeks(run: Run) -> list[tuple[str, WeekWords]]:
    from .week_words import week_words  # by a page that has a week only

    return [(week["stack"], week_words(run, week)) for week in run.weeks]


def worst_first(run: Run, outcome: Outcome) -> list[CheckResult]:
    """The checks that ended so, the severest first."""
    return sorted((check for check in run.checks if check.outcome == outcome), key=lambda check: -check.severity.rank)


def refused(run: Run) -> bool:
    """Whether the run failed for a change of a reviewed plan that was not made, even if every check passed."""
    return run.exit_code in (1, 3) and any(change["result"] == "refused" for change in run.changes)


def _word(run: Run) -> tuple[str, str]:
    if run.state == "unfinished":
        return "Unfinished", "none"
    if run.count(Outcome.FAILED) or run.lost_changes or run.open_changes or refused(run):
        return "Action needed", "bad"
    if not run.checks:
        return "No verdict", "none"
    if run.state != "finished":
        return "Stopped early", "unsure"
    if run.count(Outcome.BLIND) + run.count(NOT_APPLICABLE) == len(run.checks) and run.count(Outcome.BLIND):
        return "Nothing could be checked", "unsure"
    if run.count(Outcome.BLIND) or run.count(Outcome.NOT_RUN):
        return "Not everything could be checked", "unsure"
    return ("All good" if not run.partial else "Good (partial run)"), "good"


def _checks(run: Run, titled: bool = True) -> str:
    """How many checks passed or failed; `titled`: with what the first ones that failed are called."""
    where = run.where
    total, failed, blind = len(run.checks), run.count(Outcome.FAILED), run.count(Outcome.BLIND)
    if not total and run.weeks:
        return f"no weekly run of {where} this week; this page is built from its daily runs"
    if not total:
        return f"no check was collected for {where}"
    if failed:
        shown, left = first(worst_first(run, Outcome.FAILED), NAMED)
        more = [f"{left} more"] if left else []
        titles = f" ({'; '.join([*(_title(one, run) for one in shown), *more])})" if titled else ""
        return f"{failed} of {plural(total, 'check')} failed on {where}{titles}"
    if blind and blind == total - run.count(NOT_APPLICABLE):
        return f"{blind} of {plural(blind, 'check')} could not look on {where}"
    if blind:
        return f"no check is known to have failed on {where}, but {blind} of {total} could not be checked"
    if run.count(Outcome.NOT_RUN):
        were = "was" if total == 1 else "were"
        return f"{run.count(Outcome.NOT_RUN)} of {plural(total, 'check')} {were} not run on {where}"
    good = run.count(Outcome.PASSED)
    if run.state == "stopped":
        return f"incomplete run on {where}: {good} of {plural(total, 'collected check')} passed"
    applying = total - run.count(NOT_APPLICABLE)
    told = f"all {plural(applying, 'check')}" if good == applying > 1 else f"{good} of {plural(total, 'check')}"
    return f"{told} passed on {where}"


def _extras(run: Run) -> Iterator[str]:
    failed, blind, not_run = (run.count(outcome) for outcome in (Outcome.FAILED, Outcome.BLIND, Outcome.NOT_RUN))
    if failed and blind:
        yield f"{blind} could not be checked"
    if not_run and (failed or blind):
        yield f"{not_run} {'was' if not_run == 1 else 'were'} not run"
    if waived := run.count(Outcome.WAIVED):
        yield f"{waived} {'is' if waived == 1 else 'are'} waived"
    if others := run.count(NOT_APPLICABLE):
        yield f"{others} {'does' if others == 1 else 'do'} not apply"
    yield from counts(run)
    yield from _changes(run)
    if run.state == "unfinished":
        yield "the run has not ended"
    elif run.state != "finished":
        yield f"the run is incomplete: {run.stopped_by}"
    if run.partial:
        yield f"only a part of the suite was selected ({run.partial})"


def _changes(run: Run) -> Iterator[str]:
    results = [change["result"] for change in run.changes]
    if fixed := results.count("fixed"):
        yield f"{fixed} fixed by a remedy"
    if refused := results.count("refused"):
        yield f"{plural(refused, 'change')} refused"
    if handed := results.count("handed over"):
        yield f"{handed} handed over to a person"
    if lost := results.count("roll-back failed"):
        yield f"{plural(lost, 'change').upper()} COULD NOT BE ROLLED BACK"


def _title(check: CheckResult, run: Run) -> str:
    where = f" ({check.stack})" if len(run.stacks) > 1 else ""
    word = check.failing.partition(" ")[0]
    ordinary = word == "A" or word[1:].islower()  # not WebSocket, not CPU
    return f"{check.failing[:1].lower() if ordinary else check.failing[:1]}{check.failing[1:]}{where}"


def _since(run: Run, check: CheckResult) -> str:
    """For how long, where an earlier run shows it; that of the resource that has been bad for the longest."""
    oldest = longest(run, check)
    if oldest is None:
        return ""
    if kind(oldest) == "first seen":
        return f", new (or not visible since {oldest.since.astimezone(zone_of(run, check.stack)):%a %d %b})"
    return {"new": ", new", "flapping": ", flapping"}.get(oldest.state, f", day {oldest.day}")


def _of_checks(run: Run) -> Iterator[str]:
    """Next steps that the run itself proves: no causes, no guesses."""
    facts = {stack.name: stack for stack in run.stacks}
    for check in worst_first(run, Outcome.FAILED):
        bad = [one for one in run.findings_of(check) if one.outcome is Outcome.FAILED]
        names = [one.name for one in bad]
        who = called_first(facts[check.stack], check, bad) if check.stack in facts else ""
        person = f"{who}: " if who else ""
        yield (
            f"{check.failing} ({named(names, NAMED)}){_since(run, check)} – "
            f"{person}follow “{check.runbook}” in the runbook"
        )
    for group in unseen(run, Outcome.BLIND):
        blocked = plural(len(group.checks), "check")
        yield f"{f'Restore access ({blocked} blocked)' if group.denied else f'{blocked} could not look'}: {group.cause}"


def _afterwards(run: Run, weeks: list[WeekWords]) -> Iterator[str]:
    for week in weeks:
        yield from week.actions
    if run.state == "stopped":
        files = run.stopped_by.startswith("not collected: ")
        yield f"{'Correct these files, then run' if files else 'Run'} it again: this run is incomplete"
