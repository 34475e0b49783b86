"""Sections in Markdown that came in by the hook `pytest_opschecks_report_sections`: ours, then those of users."""

from __future__ import annotations

from dataclasses import dataclass

from ...core.redaction import redact_text
from ..builtin_sections import builtin_sections
from ..runbook import to_html
from ..source import PageSource
from ..text import printable_lines


@dataclass(frozen=True)
class CustomSection:
    """A title, and safe HTML."""

    title: str
    html: str


def facts(source: PageSource) -> list[CustomSection]:
    """Those that the run has. Ours are made from it where its file is of a version that did not keep them."""
    kept = source.run.sections
    titles = {one.title for one in kept}
    older = [one for one in builtin_sections(source.run) if one.title not in titles]
    return [
        CustomSection(one.heading, to_html(printable_lines(redact_text(one.markdown)), {})) for one in (*older, *kept)
    ]
