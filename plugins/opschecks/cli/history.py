"""opschecks history: what the run files of a stack say together."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .reach_stack import reached, stack_named

if TYPE_CHECKING:
    from ..history.summaries import Summaries, Summary

_STACK = click.option("--stack", "name", required=True, metavar="NAME", help="the stack, of those in stacks.toml")
_STACKS = click.option(
    "--stacks", type=click.Path(path_type=Path), default=Path("stacks.toml"), help="another stacks.toml"
)
_REPORTS = click.option(
    "--reports", type=click.Path(path_type=Path), default=Path("reports"), help="another reports folder"
)
_SUITE = click.option(
    "--suite", default="daily", show_default=True, help="daily, weekly, deploy-before, deploy-after, drills"
)
SUITES = ("daily", "weekly", "deploy-before", "deploy-after", "drills")


@click.group()
def history() -> None:
    """What earlier runs of a stack say: which, how often, since when.

    \b
    opschecks history list --stack production             the newest runs with their verdicts
    opschecks history check test_no_alarm_is_ringing --stack production    when it was bad, how often, how long
    opschecks history rebuild --stack production          read every run file again
    """


@history.command()
@_STACK
@_STACKS
@_REPORTS
def rebuild(name: str, stacks: Path, reports: Path) -> None:
    """Delete the summaries of the stack's runs, and make them again from every run file."""
    summaries = _opened(name, stacks, reports)
    total = 0
    with _told_in_a_line():
        summaries.forget_all()
        for suite in SUITES:
            count = len(summaries.runs(suite, most=None))
            total += count
            if count:
                _say(f"  {suite}: {count} run files read")
    click.echo(f"{summaries.folder}: {total} runs of {name}")


@history.command("list")
@_STACK
@_SUITE
@click.option("--most", type=click.IntRange(1), default=30, show_default=True, help="so many of the newest")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="text or json")
@_STACKS
@_REPORTS
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
        click.echo(f"there is no {suite} run of {name} yet")
    for row in rows:
        click.echo(
            f"{row['began']}  {row['verdict']}: {row['failed']} failed, "
            f"{row['could_not_look']} could not look, of {row['checks']}"
        )


@history.command()
@click.argument("check")
@_STACK
@_SUITE
@_STACKS
@_REPORTS
def check(check: str, name: str, suite: str, stacks: Path, reports: Path) -> None:
    """Show when CHECK was bad: each time it began, how long it lasted, on what."""
    from ..core.wording import nearest

    runs = _runs(name, suite, stacks, reports, None)[::-1]
    known = {one for run in runs for one in run.outcomes}
    if check not in known:
        raise click.ClickException(f"{check}: no {suite} run of {name} has such a check; {nearest(check, known)}")
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
        raise click.ClickException(f"--suite {suite}: there is no such suite; {nearest(suite, SUITES)}")
    with _told_in_a_line():
        return _opened(name, stacks, reports).runs(suite, most=most)


def _say(line: str) -> None:
    click.echo(line, err=True)


@contextmanager
def _told_in_a_line() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise click.ClickException(str(error)) from None


def _opened(name: str, stacks: Path, reports: Path) -> Summaries:
    from ..history.storage import storage_of
    from ..history.summaries import Summaries

    stack = stack_named(name, stacks)
    store = storage_of(stack, reports / "history", stacks.absolute().parent, lambda: reached(stack)[1].s3())
    return Summaries(store, reports / "history" / name / "summaries", _say)
