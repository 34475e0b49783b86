"""Run to a job summary of GitHub Actions: what is wrong, in Markdown that no string of the world can change.

All of it is HTML blocks, each begun with a tag at the start of a line and ended by an empty one: Markdown reads nothing
inside of them, so that escaping for HTML is enough. What GitHub still looks for in the text of HTML – mentions, numbers
of issues – it leaves alone inside of `<code>`, where names and messages stand.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from ...core.dataclass import dataclass
from ...core.model import Finding, Outcome
from ...core.run import Run
from ..amounts import plural
from ..notes import BadCheck, Notes, brief, notes, undo
from ..standing import promise, since
from ..times import zone_of
from ..unseen import unseen

if TYPE_CHECKING:
    from ..week_tables import WeekTable

LONGEST_NAME = 200
LONGEST_MESSAGE = 300
LONGEST_SENTENCE = 1000
ENDING_DAYS = 7
SHARE = 8
"""Each part but the table of findings may fill this part of the limit; the table gets all that is left."""

_LINKED = re.compile("[@#]")


@dataclass(frozen=True)
class SummaryPart:
    """A heading, and as many of `total` rows as there is room for; rows are made as they are needed."""

    heading: str
    total: int
    rows: Iterable[str]
    opened: str = "<ul>"
    closed: str = "</ul>"
    others: str = "are left out here; the run file has every one"

    def fitted(self, room: int) -> str:
        """The part in at most `room` bytes, saying how many rows are left out; nothing where there are none."""
        if not self.total:
            return ""
        used = _size(self._around([], self.total))
        kept: list[str] = []
        for row in self.rows:
            used += _size(row) + 1
            if used > room:
                break
            kept.append(row)
        return self._around(kept, self.total - len(kept))

    def _around(self, rows: list[str], left: int) -> str:
        more = f"\n\n<p>{left} more {self.others}.</p>" if left else ""
        return "\n".join([f"<h3>{self.heading}</h3>\n\n{self.opened}", *rows, f"{self.closed}{more}\n\n"])


def table_part(
    heading: str, heads: Iterable[str], total: int, rows: Iterable[Iterable[str]], others: str = SummaryPart.others
) -> SummaryPart:
    """A table as a part; its cells are fit to print."""
    opened = f"<table>\n{_table_row('th', heads)}"
    return SummaryPart(heading, total, (_table_row("td", cells) for cells in rows), opened, "</table>", others)


def _table_row(tag: str, cells: Iterable[str]) -> str:
    return "<tr>" + "".join(f"<{tag}>{cell}</{tag}>" for cell in cells) + "</tr>"


def top_of(headline: str, sentence: str, actions: Sequence[str]) -> str:
    """What every summary begins with."""
    steps = "".join(f"<li>{_prose(action)}</li>\n" for action in actions)
    listed = f"<ol>\n{steps}</ol>\n\n" if steps else ""
    return f"<h2>{_prose(headline)}</h2>\n\n<p>{_prose(sentence)}</p>\n\n{listed}"


def to_markdown(run: Run, *, limit_bytes: int = 1_000_000) -> str:
    """The summary, in less than `limit_bytes` of UTF-8: GitHub refuses a step's summary beyond 1 MiB as a whole.

    Rows are left out where they do not fit, the least bad ones first; ValueError where not even the verdict does.
    """
    facts = notes(run)
    top = top_of(facts.headline, facts.verdict.sentence, facts.verdict.actions)
    bottom = f"<p>{_prose(facts.counted)}</p>\n"
    tables = _week_tables(run) if run.weeks else []
    top += "".join(_week_part(one).fitted(limit_bytes // SHARE // len(tables)) for one in tables)
    parts = (_changes(facts), _recovered(run), _ending(run), _not_run(run))
    others = "".join(part.fitted(limit_bytes // SHARE) for part in parts)
    table = _table(facts, len(run.stacks) > 1).fitted(limit_bytes - 1 - _size(top + others + bottom))
    told = top + table + others + bottom
    if _size(told) >= limit_bytes:
        raise ValueError(f"limit_bytes: {limit_bytes} is too little: the verdict alone takes {_size(told)}")
    return told


def _week_tables(run: Run) -> list[WeekTable]:
    from ..week_tables import week_tables  # by a summary that has a week only

    return week_tables(run)


def _week_part(table: WeekTable) -> SummaryPart:
    """A table of a week; names of the world stand in its sentences, and no mention comes of them."""
    return table_part(
        _prose(table.heading), table.heads, len(table.rows), (map(_prose, row) for row in table.rows), "on the page"
    )


def _table(facts: Notes, several: bool) -> SummaryPart:
    stack = ["Stack"] if several else []
    heads = ["Severity", "Outcome", *stack, "What", "Resource", "Message", "Since", "On the page"]
    total = sum(max(len(one.findings), 1) for one in facts.causes)
    return table_part(f"What failed or could not look ({total})", heads, total, _table_rows(facts, several))


def _table_rows(facts: Notes, several: bool) -> Iterator[Sequence[str]]:
    """The failed ones before those that could not be checked, each by severity."""
    rows: list[tuple[Outcome, BadCheck, Finding | None, str, str]] = [
        (finding.outcome, one, finding, began, place)
        for one in facts.causes
        for finding, began, place in zip(one.findings, one.since, one.places, strict=True)
    ]
    rows += [
        (Outcome(one.check.outcome), one, None, one.longest, one.place) for one in facts.causes if not one.findings
    ]
    rows.sort(key=lambda row: (-row[0].rank, -row[1].check.severity.rank))
    for outcome, bad, finding, began, place in rows:
        check, title = bad.check, bad.title.removeprefix("could not look: ")
        yield [
            check.severity.value,
            outcome.words,
            *([_prose(check.stack)] if several else []),
            _prose(title if outcome.value == check.outcome else promise(check.check)),
            _code(finding.name if finding else "", LONGEST_NAME),
            _code(finding.message if finding else check.message, LONGEST_MESSAGE),
            began,
            _code(place, LONGEST_NAME),
        ]


def _changes(facts: Notes) -> SummaryPart:
    return SummaryPart(f"Changes made ({len(facts.changes)})", len(facts.changes), map(_change, facts.changes))


def _change(change: Mapping[str, Any]) -> str:
    back = undo(change)
    back = f"undo: {_code(back, LONGEST_NAME)}" if back == change["undo"] else back
    what = f"<b>{_prose(change['result'])}</b>: {_prose(change['remedy'])} on {_code(change['name'], LONGEST_NAME)}"
    differs = _code("; ".join(change.get("differs", ())), LONGEST_MESSAGE)
    parts = (what, differs, _code(change["said"], LONGEST_MESSAGE), back)
    return f"<li>{' – '.join(part for part in parts if part)}</li>"


def _recovered(run: Run) -> SummaryPart:
    good = [(past, one) for past in run.past for one in past.standings if one.state == "recovered"]
    sentences = {(check.stack, check.check): check.failing for check in run.checks}
    rows = (
        f"<li>{_prose(sentences.get((past.stack, one.check), one.check))}: {_code(one.name, LONGEST_NAME)}"
        f" {since(one, zone_of(run, past.stack))}</li>"
        for past, one in good
    )
    return SummaryPart(f"Recovered ({len(good)})", len(good), rows)


def _ending(run: Run) -> SummaryPart:
    soon = sorted((one for one in run.waivers if one.days_left <= ENDING_DAYS), key=lambda one: one.days_left)
    rows = (
        f"<li>{_prose(one.check)} on {_code(one.resource, LONGEST_NAME)}: until {_prose(one.until)}"
        f" ({plural(one.days_left, 'day')} left) – {_code(one.owner, LONGEST_NAME)}: "
        f"{_code(one.reason, LONGEST_MESSAGE)}</li>"
        for one in soon
    )
    return SummaryPart(f"Waivers that end within {ENDING_DAYS} days ({len(soon)})", len(soon), rows)


def _not_run(run: Run) -> SummaryPart:
    groups = unseen(run, Outcome.NOT_RUN)
    rows = (
        f"<li>{plural(len(group.checks), 'check')}: {_code(group.cause or 'no reason is known', LONGEST_MESSAGE)}</li>"
        for group in groups
    )
    return SummaryPart(f"Not run ({run.count(Outcome.NOT_RUN)})", len(groups), rows)


def _code(text: str, longest: int) -> str:
    """What comes from the world, where GitHub makes no link of anything."""
    return f"<code>{escape(told)}</code>" if (told := brief(text, longest)) else ""


def _prose(text: str) -> str:
    """A sentence of ours, into which names of the world may be woven: no mention and no issue comes of them."""
    return _LINKED.sub(r"<code>\g<0></code>", escape(brief(text, LONGEST_SENTENCE), quote=False))


def _size(text: str) -> int:
    return len(text.encode())
