"""Run to annotations of GitHub Actions: workflow commands that a job prints."""

from __future__ import annotations

from collections.abc import Sequence

from ...core.model import Outcome
from ...core.run import Run
from ..notes import brief, notes

LIMIT = 10
"""GitHub shows at most that many errors, and that many warnings, of one step; it drops the others silently."""
LONGEST_TITLE = 200
LONGEST_MESSAGE = 1000


def to_annotations(run: Run) -> list[str]:
    """Workflow commands, one a line: errors for what failed, warnings for what could not be looked at.

    One for each failed check, not for each resource, so that a thousand of one do not hide the next; and one for each
    reason for which checks could not look. First come changes that
    could not be rolled back, and that the run is incomplete.
    """
    told = notes(run)
    sandbox = "SANDBOX: " if run.sandbox else ""
    errors = [
        _command("error", f"{sandbox}could not be rolled back: {one['remedy']}", f"{one['name']}: {one['said']}")
        for one in run.lost_changes
    ]
    warnings = []
    if run.state != "finished" or run.count(Outcome.NOT_RUN) or not run.checks:
        warnings.append(_command("warning", sandbox + told.verdict.word, told.verdict.sentence))
    for bad in told.causes:
        kind, of = ("error", errors) if bad.check.outcome == Outcome.FAILED else ("warning", warnings)
        title = f"{sandbox}{bad.check.severity.value}: {bad.title}{bad.where}"
        said = f"{brief(bad.said, LONGEST_MESSAGE - LONGEST_TITLE)} ({brief(bad.place, LONGEST_TITLE - 10)})"
        of.append(_command(kind, title, said, bad.check.nodeid.partition("::")[0]))
    return [*_limited("error", errors, sandbox), *_limited("warning", warnings, sandbox)]


def _limited(kind: str, commands: Sequence[str], sandbox: str) -> Sequence[str]:
    if len(commands) <= LIMIT:
        return commands
    left = len(commands) - LIMIT + 1
    return [*commands[: LIMIT - 1], _command(kind, f"{sandbox}and {left} more", "the run file names every one")]


def _command(kind: str, title: str, message: str, file: str = "") -> str:
    properties = {"file": file, "title": brief(title, LONGEST_TITLE)}
    told = ",".join(
        f"{key}={_escaped(value).replace(':', '%3A').replace(',', '%2C')}" for key, value in properties.items() if value
    )
    return f"::{kind} {told}::{_escaped(brief(message, LONGEST_MESSAGE))}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
