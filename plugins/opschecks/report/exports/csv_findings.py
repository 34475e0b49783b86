"""Run to CSV: a row for each finding, for a spreadsheet or another program. RFC 4180."""

from __future__ import annotations

import csv
import functools
import re
from collections.abc import Iterator, Sequence
from datetime import UTC
from types import SimpleNamespace

from ...core.model import CheckResult, Finding
from ...core.run import Past, Run, StackFacts
from ..notes import brief, place_of
from ..observed import observed
from ..owners import called_first
from ..standing import anchor, finding_anchor

COLUMNS = (
    "id", "page", "suite", "run", "stack", "account", "region", "check", "area", "severity", "outcome", "resource",
    "name", "message", "observed", "expected", "state", "since", "day", "owner", "runbook", "waived_until",
    "waiver_owner",
)  # fmt: skip
"""Additions come at the end: programs may count columns."""
LONGEST = 2000
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How a cell begins that a spreadsheet would compute: https://owasp.org/www-community/attacks/CSV_Injection."""
_LATER_FORMULA = re.compile(r""";(?=[\s"]*[=+@-])""")
"""Excel of many countries separates by `;`, and cuts a cell there, in quotes or not, as it follows a `,`."""


def to_csv(run: Run) -> str:
    """Every finding, and each check that has none; times in UTC as ISO text, secrets masked, one line a cell."""
    return "".join(csv_parts(run))


def csv_parts(run: Run) -> Iterator[str]:
    """The same in parts, a line each: of a thousand stacks it is 20 MB."""
    lines: list[str] = []
    rows = csv.writer(SimpleNamespace(write=lines.append), quoting=csv.QUOTE_ALL)
    rows.writerow(COLUMNS)
    for row in _rows(run):
        rows.writerow([_cell(value) for value in row])
        yield from lines
        lines.clear()
    yield from lines


def _rows(run: Run) -> Iterator[tuple[str, ...]]:
    stacks = {stack.name: stack for stack in run.stacks}
    pasts = {past.stack: past for past in run.past}
    for check in run.checks:
        stack = stacks.get(check.stack, StackFacts(check.stack, False, "", ""))
        past = pasts.get(check.stack, Past(check.stack))
        findings: Sequence[Finding | None] = run.findings_of(check) or [None]
        for finding in findings:
            yield _row(run, stack, check, finding, past)


def _row(run: Run, stack: StackFacts, check: CheckResult, finding: Finding | None, past: Past) -> tuple[str, ...]:
    own = finding_anchor(finding) if finding else anchor(check.stack, check.check)
    seen = observed(finding, check) if finding else None
    one = past.standing(check.check, finding.resource) if finding else None
    waiver = (finding.waiver if finding else None) or {}
    return (
        own, place_of(run, check, finding), run.suite, run.started.astimezone(UTC).isoformat(), check.stack,
        stack.account_id,
        stack.region, check.check, check.area, check.severity.value,
        finding.outcome.value if finding else check.outcome,
        finding.resource if finding else "", finding.name if finding else "",
        finding.message if finding else check.message, seen.observed if seen else "", seen.expected if seen else "",
        one.state if one else "", one.since.astimezone(UTC).isoformat() if one else "", str(one.day) if one else "",
        called_first(stack, check, [finding] if finding else []), check.runbook,
        str(waiver.get("until", "")), str(waiver.get("owner", "")),
    )  # fmt: skip


@functools.lru_cache(maxsize=2_000)
def _cell(value: str) -> str:
    """Most of a row is that of the row before."""
    told = _LATER_FORMULA.sub(";'", brief(value, LONGEST))
    return f"'{told}" if told.startswith(_FORMULA) else told
