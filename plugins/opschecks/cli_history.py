"""opschecks history: what the run files of a stack say together."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .cli_stacks import reached, stack_named

if TYPE_CHECKING:
    from .index import Index, Indexed
    from .store import Store

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
EVERY = 10**6


@click.group()
def history() -> None:
    """What earlier runs of a stack say: which, how often, since when.

    \b
    opschecks history list --stack production             the newest runs with their verdicts
    opschecks history check test_no_alarm_is_ringing --stack production    when it was bad, how often, how long
    opschecks history rebuild --stack production          make the index anew from every run file
    """


@history.command()
@_STACK
@_STACKS
@_REPORTS
def rebuild(name: str, stacks: Path, reports: Path) -> None:
    """Make the index anew from every run file of the stack; they are the truth, the index is a copy."""
    store, index = _opened(name, stacks, reports)
    with _told_in_a_line():
        index.empty()
        total = sum(index.follow(store, suite, most=EVERY, say=lambda line: _say(f"  {line}")) for suite in SUITES)
    click.echo(f"{index.path}: {total} runs of {name}")


@history.command("list")
@_STACK
@_SUITE
@click.option("--most", default=30, show_default=True, help="so many of the newest")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="text or json")
@_STACKS
@_REPORTS
def list_(name: str, suite: str, most: int, form: str, stacks: Path, reports: Path) -> None:
    """Show the newest runs of a suite, each with its verdict."""
    runs, unread = _runs(name, suite, stacks, reports, most)
    rows = [
        {
            "began": run.started.isoformat(timespec="seconds"),
            "verdict": run.word,
            "exit_code": run.exit_code,
            "failed": sum(outcome == "failed" for outcome in run.outcomes.values()),
            "could_not_look": sum(outcome == "blind" for outcome in run.outcomes.values()),
            "checks": len(run.outcomes),
        }
        for run in runs
    ]
    if unread and len(rows) < most:
        _say(_not_read(unread, name))
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
    from .names import nearest

    runs, unread = _runs(name, suite, stacks, reports, EVERY)
    runs.reverse()
    more = f"; {_not_read(unread, name)}" if unread else ""
    known = {one for run in runs for one in run.outcomes}
    if check not in known:
        raise click.ClickException(f"{check}: no {suite} run of {name} has such a check; {nearest(check, known)}{more}")
    outcomes = [(run, run.outcomes[check]) for run in runs if check in run.outcomes]
    failed = sum(outcome == "failed" for _, outcome in outcomes)
    click.echo(f"{check}: failed in {failed} of {len(outcomes)} runs{more}")
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


def _runs(name: str, suite: str, stacks: Path, reports: Path, most: int) -> tuple[list[Indexed], int]:
    """The newest runs of the suite, the newest first; and how many older run files were not read."""
    from .names import nearest

    if suite not in SUITES:
        raise click.ClickException(f"--suite {suite}: there is no such suite; {nearest(suite, SUITES)}")
    store, index = _opened(name, stacks, reports)
    with _told_in_a_line():
        index.follow(store, suite)
        return index.runs(suite, most=most), index.unread(suite)


def _not_read(unread: int, name: str) -> str:
    files = "run file is" if unread == 1 else "run files are"
    return f"{unread} older {files} not read: opschecks history rebuild --stack {name} reads every one"


def _say(line: str) -> None:
    click.echo(line, err=True)


@contextmanager
def _told_in_a_line() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise click.ClickException(str(error)) from None


def _opened(name: str, stacks: Path, reports: Path) -> tuple[Store, Index]:
    from .index import Index
    from .store import store_of

    stack = stack_named(name, stacks)
    store = store_of(stack, reports / "history", stacks.absolute().parent, lambda: reached(stack)[1].s3())
    return store, Index(reports / "history" / name / "index.sqlite", _say)
