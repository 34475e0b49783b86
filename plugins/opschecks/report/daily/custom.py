"""Sections in Markdown that came in by the hook `pytest_opschecks_report_sections`: ours, then those of users."""

from __future__ import annotations

from ...core.redaction import redact_text
from ..builtin_sections import builtin_sections
from ..runbook import to_html
from ..source import PageSource
from ..text import printable_lines


def facts(source: PageSource) -> list[tuple[str, str]]:
    """The titles of those that the run has, with safe HTML.

    Ours are made from the run where its file is of a version that did not keep them.
    """
    kept = source.run.sections
    titles = {one.title for one in kept}
    older = [one for one in builtin_sections(source.run) if one.title not in titles]
    return [(one.heading, to_html(printable_lines(redact_text(one.markdown)), {})) for one in (*older, *kept)]
