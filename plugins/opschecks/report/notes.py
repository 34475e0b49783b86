"""Run to notes: what is bad, the worst first, in few words; for everything that is shorter than the page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from ..core.model import CheckResult, Finding, Outcome
from ..core.redaction import redact_text
from ..core.run import Run, Standing
from .text import printable
from .verdict import verdict

NAMED = 3
LONGEST_NAME = 100
WEB_ADDRESS = re.compile(r"https?://[^\s\x00-\x20\x7f<>|\"']{1,2000}")
"""An address that may become a link: without a character that would end one in HTML or Slack."""


@dataclass(frozen=True)
class BadCheck:
    """A check that failed or could not look.

    `findings` are its bad resources, failed ones first; none where the check itself could not look. `standings` says
    of each how long it has been bad, None where no earlier run tells; `zone` is the stack's, in which days are told.
    """

    check: CheckResult
    findings: tuple[Finding, ...]
    standings: tuple[Standing | None, ...]
    zone: tzinfo

    @property
    def title(self) -> str:
        """The sentence that is true: what is broken, or what nobody could look at."""
        return self.check.failing if self.check.outcome == Outcome.FAILED else f"could not look: {self.check.check}"

    @property
    def longest(self) -> str:
        """How long the resource has been bad that has been so for the longest time."""
        known = [one for one in self.standings if one]
        oldest = min(known, key=lambda one: (one.state == "new", one.since), default=None)
        return how_long(oldest, self.zone)

    @property
    def said(self) -> str:
        """The first resources by name, and what was said of the first one; to be printed through `brief`."""
        own = [one for one in self.findings if one.outcome == self.check.outcome]
        if not own:
            return self.check.message
        names = ", ".join(brief(one.name, LONGEST_NAME) for one in own[:NAMED])
        more = f" and {len(own) - NAMED} more" if len(own) > NAMED else ""
        return f"{names}{more}: {own[0].message}"


def bad_checks(run: Run) -> list[BadCheck]:
    """Every check that failed or could not look: failed ones first, and of those the severest."""
    known = {(past.stack, one.check, one.resource): one for past in run.past for one in past.standings}
    zones = {stack.name: ZoneInfo(stack.time_zone) for stack in run.stacks}
    bad = [check for check in run.checks if check.outcome in (Outcome.FAILED, Outcome.BLIND)]
    bad.sort(key=lambda check: (-Outcome(check.outcome).rank, -check.severity.rank))
    return [_bad(run, check, known, zones.get(check.stack, UTC)) for check in bad]


def _bad(run: Run, check: CheckResult, known: Mapping[tuple[str, str, str], Standing], zone: tzinfo) -> BadCheck:
    findings = [one for one in run.findings_of(check) if one.outcome in (Outcome.FAILED, Outcome.BLIND)]
    findings.sort(key=lambda one: -one.outcome.rank)
    standings = (known.get((check.stack, check.check, one.resource)) for one in findings)
    return BadCheck(check, tuple(findings), tuple(standings), zone)


def how_long(standing: Standing | None, zone: tzinfo) -> str:
    """In words; the day is one of the stack's own time zone."""
    if standing is None:
        return ""
    since = f"since {standing.since.astimezone(zone):%Y-%m-%d}"
    return {
        "new": f"new, or hidden {since}" if standing.at_least else "new",
        "flapping": f"on and off, {since}",
        "unseen": since,
        "hidden": f"was failing, {since}",
        "recovered": f"was bad {since}",
        "gone": f"was bad {since}",
    }.get(standing.state, f"day {standing.day}, {since}")


def made_changes(run: Run) -> list[Mapping[str, Any]]:
    """The changes that were sent, those first that did not help and could not be taken back."""
    return sorted((one for one in run.changes if one["entry"]), key=lambda one: one["result"] != "roll-back failed")


def brief(text: str, longest: int) -> str:
    """The text as one line of at most so many characters, secrets masked, control characters spelled out."""
    line = " ".join(redact_text(text).split())
    line = printable(line[: longest + 1])
    return line if len(line) <= longest else line[: longest - 1] + "…"


def headline(run: Run) -> str:
    """Sandbox or not, the verdict's word, suite and stacks: a subject for mails and messages."""
    sandbox = "SANDBOX – " if run.sandbox else ""
    return f"{sandbox}{verdict(run).word} – {run.suite} checks of {', '.join(stack.name for stack in run.stacks)}"


def counted(run: Run) -> str:
    """The line at the end of every report, which shows that no check was lost."""
    not_run = run.count(Outcome.NOT_RUN)
    reported = f"{len(run.checks)} checks collected = {len(run.checks) - not_run} reported"
    return reported + (f" + {not_run} not run" if not_run else "")
