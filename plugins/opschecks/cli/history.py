"""opschecks history: lists earlier runs of a stack, and when a check failed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .options import FORMAT, REPORTS, STACK, STACKS
from .reach_stack import reached, stack_named

if TYPE_CHECKING:
    from ..history.summaries import Summaries, Summary

_SUITE = click.option(
    "--suite", default="daily", show_default=True, help="daily, weekly, deploy-before, deploy-after, drills"
)
SUITES = ("daily", "weekly", "deploy-before", "deploy-after", "drills")


@click.group()
def history() -> None:
    """Show earlier runs of a stack: verdicts, and when checks failed.

    \b
    opschecks history list --stack production             the newest runs with their verdicts
    opschecks history check test_no_alarm_is_ringing --stack production    when it failed, and for how long
    opschecks history rebuild --stack production          read every run file again
    """


@history.command()
@STACK
@STACKS
@REPORTS
def rebuild(name: str, stacks: Path, reports: Path) -> None:
    """Rebuild the summaries of the stack's runs from every run file."""
    summaries = _opened(name, stacks, reports)
    total = 0
    summaries.forget_all()
    for suite in SUITES:
        count = len(summaries.runs(suite, most=None))
        total += count
        if count:
            _say(f"  {suite}: {count} run files read")
    click.echo(f"{summaries.folder}: {total} runs of {name}")


@history.command("list")
@STACK
@_SUITE
@click.option("--most", type=click.IntRange(1), default=30, show_default=True, help="show at most N runs, newest first")
@FORMAT
@STACKS
@REPORTS
def list_(name: str, suite: str, most: int, form: str, stacks: Path, reports: Path) -> None:
    """Show the newest runs of a suite, each with its verdict."""
    rows = [
        {
            "began": run.started.isoformat(timespec="seconds"),
            "verdict": run.word,
            "exit_code": run.exit_code,
            "failed": sum(outcome == "failed" for outcome in run.outcomes.values()),
            "could_not_look": sum(outcome == "blind" for outcome in run.outcomes.values()),
            "checks": len(run.outcomes),
        }
        for run in _runs(name, suite, stacks, reports, most)
    ]
    if form == "json":
        click.echo(json.dumps(rows, indent=1))
        return
    if not rows:
        click.echo(f"no {suite} run of {name} yet")
    for row in rows:
        click.echo(
            f"{row['began']}  {row['verdict']}: {row['failed']} failed, "
            f"{row['could_not_look']} could not look, of {row['checks']}"
        )


@history.command()
@click.argument("check")
@STACK
@_SUITE
@STACKS
@REPORTS
def check(check: str, name: str, suite: str, stacks: Path, reports: Path) -> None:
    """Show when CHECK failed: each time from when to when, and on which resources."""
    from ..core.wording import nearest

    runs = _runs(name, suite, stacks, reports, None)[::-1]
    known = {one for run in runs for one in run.outcomes}
    if check not in known:
        raise click.ClickException(f"{check}: no such check in the {suite} runs of {name}; {nearest(check, known)}")
    outcomes = [(run, run.outcomes[check]) for run in runs if check in run.outcomes]
    failed = sum(outcome == "failed" for _, outcome in outcomes)
    click.echo(f"{check}: failed in {failed} of {len(outcomes)} runs")
    begun = None
    for run, outcome in outcomes:
        if outcome == "failed" and begun is None:
            begun = run
        elif outcome in ("passed", "waived") and begun is not None:
            names = ", ".join(sorted({one.name for one in begun.bad if one.check == check})[:3])
            click.echo(f"  {begun.started:%Y-%m-%d %H:%M} to {run.started:%Y-%m-%d %H:%M} UTC: {names}")
            begun = None
    if begun is not None:
        names = ", ".join(sorted({one.name for one in begun.bad if one.check == check})[:3])
        click.echo(f"  {begun.started:%Y-%m-%d %H:%M} UTC until now: {names}")


def _runs(name: str, suite: str, stacks: Path, reports: Path, most: int | None) -> list[Summary]:
    """The newest runs of the suite, the newest first."""
    from ..core.wording import nearest

    if suite not in SUITES:
        raise click.ClickException(f"--suite {suite}: no such suite; {nearest(suite, SUITES)}")
    return _opened(name, stacks, reports).runs(suite, most=most)


def _say(line: str) -> None:
    click.echo(line, err=True)


def _opened(name: str, stacks: Path, reports: Path) -> Summaries:
    from ..history.storage import storage_of
    from ..history.summaries import Summaries

    stack = stack_named(name, stacks)
    store = storage_of(stack, reports / "history", stacks.absolute().parent, lambda: reached(stack)[1].s3())
    return Summaries(store, reports / "history" / name / "summaries", _say)
