"""Run to notes: the facts of everything that is shorter than the page, what is bad first."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..core.dataclass import dataclass
from ..core.model import CheckResult, Finding, Outcome
from ..core.redaction import redact_text
from ..core.run import Run
from ..core.wording import plural
from .amounts import capital, named
from .news import longest
from .observed import observed
from .standing import anchor, finding_anchor, promise, since
from .text import printable
from .times import Times, zone_of
from .unseen import unseen
from .verdict import Verdict, verdict, worst_first

NAMED = 3
LONGEST_NAME = 100
WEB_ADDRESS = re.compile(r"https?://[^\s\x00-\x20\x7f<>|\"']{1,2000}")
"""An address that may become a link: without a character that would end one in HTML or Slack."""


@dataclass(frozen=True)
class BadCheck:
    """A check that failed or could not look.

    `title` is the sentence that is true; `where` names the stack, if there are several. `findings` are its bad
    resources, failed ones first; none where the check itself could not look. `since` says of each since when it has
    been bad ("" where no earlier run shows it), `longest` that of the oldest. `place` is where the page tells of it,
    `places` where of each resource.
    """

    check: CheckResult
    title: str
    where: str
    findings: tuple[Finding, ...]
    since: tuple[str, ...]
    longest: str
    place: str
    places: tuple[str, ...]

    @property
    def said(self) -> str:
        """The first resources by name, and what was said of the first one; to be printed through `brief`."""
        own = [one for one in self.findings if one.outcome == self.check.outcome]
        if not own:
            return self.check.message
        return f"{named([brief(one.name, LONGEST_NAME) for one in own], NAMED)}: {own[0].message}"


@dataclass(frozen=True)
class Notes:
    """`headline` is a subject for mails and messages; `counted` the line that shows that no check was lost.

    `bad` are the checks that failed, then those that could not look, each the severest first; `causes` the same with
    one entry for each reason for which checks could not look. `changes` are those that were sent, first those that did
    not help and could not be rolled back.
    """

    verdict: Verdict
    headline: str
    counted: str
    bad: tuple[BadCheck, ...]
    causes: tuple[BadCheck, ...]
    changes: tuple[Mapping[str, Any], ...]


def notes(run: Run) -> Notes:
    """The facts of a run in short."""
    said, times = verdict(run), Times.of(run)
    bad = [*worst_first(run, Outcome.FAILED), *worst_first(run, Outcome.BLIND)]
    told = tuple(_bad(run, check, replace(times, zone=zone_of(run, check.stack))) for check in bad)
    made = ({**one, "said": times.text(one["said"])} for one in run.changes if one["entry"])
    return Notes(
        verdict=replace(
            said, sentence=capital(times.text(said.sentence)), actions=tuple(map(times.text, said.actions))
        ),
        headline=headline(run, said),
        counted=counted(run),
        bad=told,
        causes=(*(one for one in told if one.check.outcome == Outcome.FAILED), *_causes(run, told, times)),
        changes=tuple(sorted(made, key=lambda one: one["result"] != "roll-back failed")),
    )


def _causes(run: Run, told: Sequence[BadCheck], times: Times) -> Iterator[BadCheck]:
    """An entry for each reason, as the worst of its checks, with the others that it hides."""
    own = {(one.check.stack, one.check.check): one for one in told}
    for group in unseen(run, Outcome.BLIND):
        first = own[group.checks[0].stack, group.checks[0].check]
        cause, names = times.text(group.cause), [promise(check.check) for check in group.checks]
        hides = f" (not known: {named(names, NAMED)})" if len(names) > 1 else ""
        yield replace(
            first,
            check=replace(first.check, message=f"{cause}{hides}"),
            title=f"could not look: {plural(len(names), 'check')}" if len(names) > 1 else first.title,
            findings=(),
            since=(),
            places=(),
        )


def _bad(run: Run, check: CheckResult, times: Times) -> BadCheck:
    findings = [replace(one, message=times.text(observed(one, check).sentence)) for one in bad_findings(run, check)]
    past = run.past_of(check.stack)
    return BadCheck(
        check=replace(check, message=times.text(check.message)),
        title=check.failing if check.outcome == Outcome.FAILED else f"could not look: {promise(check.check)}",
        where=f" ({check.stack})" if len(run.stacks) > 1 else "",
        findings=tuple(findings),
        since=tuple(since(past.standing(check.check, one.resource), times.zone) for one in findings),
        longest=since(longest(run, check), times.zone),
        place=place_of(run, check),
        places=tuple(place_of(run, check, one) for one in findings),
    )


def bad_findings(run: Run, check: CheckResult) -> Sequence[Finding]:
    """What the check found that failed, and what it could not look at."""
    findings = [one for one in run.findings_of(check) if one.outcome in (Outcome.FAILED, Outcome.BLIND)]
    return sorted(findings, key=lambda one: -one.outcome.rank)


def whole_finding(check: CheckResult) -> Finding:
    """What stands for the stack where a check that is bad has no finding of its own."""
    resource = f"stack/{check.stack}"
    return Finding(
        check.stack, check.check, resource, check.stack, Outcome(check.outcome), check.severity, check.message
    )  # fmt: skip


def headline(run: Run, said: Verdict) -> str:
    """Sandbox or not, the verdict's word, suite and stacks."""
    sandbox = "SANDBOX – " if run.sandbox else ""
    return f"{sandbox}{said.word} – {run.suite} checks of {run.where}"


REPLAYED = "Replayed from a recording; nothing was asked of AWS."


def counted(run: Run) -> str:
    """The line at the end of every report, which shows that no check was lost."""
    not_run = run.count(Outcome.NOT_RUN)
    reported = f"{plural(len(run.checks), 'check')} collected = {len(run.checks) - not_run} reported"
    return reported + (f" + {not_run} not run" if not_run else "")


def place_of(run: Run, check: CheckResult, finding: Finding | None = None) -> str:
    """Where the page of the run tells of a check that is bad, or of what it found of one resource; else empty.

    Such as daily.html#production-no_alarm_is_ringing, whose end is the same in every run.
    """
    if check.outcome not in (Outcome.FAILED, Outcome.BLIND):
        return ""
    card = anchor(check.stack, check.check)
    own = card if finding is None or check.outcome == Outcome.BLIND else finding_anchor(finding)
    is_bad = finding is None or finding.outcome in (Outcome.FAILED, Outcome.BLIND)
    return f"{run.suite}{'-partial' if run.partial else ''}.html#{own}" if is_bad else ""


def undo(change: Mapping[str, Any]) -> str:
    """The command that undoes a change of this run, or why there is none."""
    if change["result"] in ("rolled back", "refused", "not sent", "planned"):
        return "nothing to undo"
    return "it cannot be undone" if change["undo"] == "one-way" else str(change["undo"]) or "needs a person"


@functools.lru_cache(maxsize=2048)  # of a fleet's files nearly every text stands in many cells
def brief(text: str, longest: int) -> str:
    """The text as one line of at most `longest` characters, secrets masked, control characters spelled out."""
    line = " ".join(redact_text(text).split())
    line = printable(line[: longest + 1])
    return line if len(line) <= longest else line[: longest - 1] + "…"
