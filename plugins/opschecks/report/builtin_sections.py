"""Sections of our own in Markdown: hooks/report_sections gives them to the page, by the hook that users have."""

from __future__ import annotations

from ..core.run import ReportSection, Run
from .text import markdown

_STATES = {"active": "accepts a failure", "unused": "accepts nothing: delete it", "not_looked": "not checked"}


def builtin_sections(run: Run) -> list[ReportSection]:
    """One function for each section, in the order of the page; nothing of one that has nothing to show."""
    return [section for make in (waivers,) if (section := make(run))]


def waivers(run: Run) -> ReportSection | None:
    """Each accepted failure, with its reason, its owner and its last day."""
    rows = [
        (one.check, one.resource, one.reason, one.owner, f"{one.until} ({one.days_left} days)", _STATES[one.state])
        for one in run.waivers
    ]
    heads = ("Check", "Resource", "Reason", "Owner", "Last day", "State")
    lines = ["|" + "|".join(map(markdown, row)) + "|" for row in (heads, *rows)]
    return ReportSection("Waivers", "\n".join([lines[0], "|---" * len(heads) + "|", *lines[1:]])) if rows else None
