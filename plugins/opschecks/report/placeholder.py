"""The page where there is no result: the run has not ended, or there was none. Without Jinja2, for speed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from html import escape

from ..core.run import Run
from ..core.wording import plural
from .text import printable
from .times import Times, written

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 45rem; margin: 2rem auto; padding: 0 1rem;
  background: Canvas; color: CanvasText; overflow-wrap: anywhere; }}
main {{ border: 2px dashed currentColor; border-radius: 8px; padding: 1rem 1.5rem; }}
</style>
</head>
<body>
<main>
<h1>{heading}</h1>
{body}
</main>
</body>
</html>
"""


def render_unfinished(run: Run, links: Mapping[str, str]) -> str:
    """The page from the end of collection until the run has ended; if it stays, the run was killed."""
    stacks = ", ".join(stack.name for stack in run.stacks)
    sandbox = "SANDBOX – " if run.sandbox else ""
    begun = f"The {run.suite} run of {stacks} began at {Times.of(run).moment(run.started)} and has not ended."
    known = f"{plural(len(run.checks), 'check')} collected, and no result is known yet."
    body = (
        f"<p>{escape(begun)} {known}</p>\n<p>If this page stays, the run was killed: run it again.</p>\n"
        f'<p><a href="{escape(links["run"])}">The run file, with every check not run</a></p>'
    )
    heading = f"{sandbox}Unfinished: {run.suite} checks"
    return _PAGE.format(
        title=escape(f"{sandbox}Unfinished – {run.suite} checks of {stacks}"), heading=escape(heading), body=body
    )


def render_no_run(suite: str, begun: datetime, why: str) -> str:
    """The page where a run could not even begin."""
    reason = escape(printable(why))
    body = f"<p>It should have begun at {escape(written(begun))}, and could not:</p>\n<p><strong>{reason}</strong></p>"
    heading = f"No run today: {suite} checks"
    return _PAGE.format(title=escape(heading), heading=escape(heading), body=body)
