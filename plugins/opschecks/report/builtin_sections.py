"""Sections of our own in Markdown: hooks/report_sections gives them to the page, by the hook that users have."""

from __future__ import annotations

from datetime import date

from ..core.run import ReportSection, Run
from ..core.wording import plural
from .text import markdown

_STATES = {"active": "accepts a failure", "unused": "accepts nothing: delete it", "not_looked": "not checked"}


def builtin_sections(run: Run) -> list[ReportSection]:
    """One function for each section, in the order of the page; nothing of one that has nothing to show."""
    return [section for make in (waivers,) if (section := make(run))]


def waivers(run: Run) -> ReportSection | None:
    """Each accepted failure, with its reason, its owner and its last day."""
    if not run.waivers:
        return None
    from .week_words import failing, not_so

    words = {(week["stack"], check): failing(check, week) for week in run.weeks for check in week["words"]}
    words |= {(check.stack, check.check): check.failing for check in run.checks}
    rows = ["|What is accepted|Resource|Reason|Owner|Last day|State|", "|---|---|---|---|---|---|"]
    for one in run.waivers:
        resource, reason, owner = map(markdown, (one.resource, one.reason, one.owner))
        last_day = f"{date.fromisoformat(one.until):%a %d %b %Y} ({plural(one.days_left, 'day')})"
        what = markdown(words.get((one.stack, one.check), not_so(one.check)))
        rows.append(f"|**{what}** {markdown(one.check)}|{resource}|{reason}|{owner}|{last_day}|{_STATES[one.state]}|")
    return ReportSection("Waivers", "\n".join(rows))
