"""opschecks history: lists earlier runs of a stack, and when a check failed."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import click

from ..config.stack import Stack
from ..core.shipped import checks_of
from ..core.suites import suites_in
from ..core.wording import plural
from ..history.episodes import Episode, episodes
from ..history.summaries import Summary
from .options import FORMAT, SUITE, THE_STACK, places, require_known
from .reach_stack import stack_named, state_of, summaries_of


@click.group()
def history() -> None:
    """Show earlier runs of a stack: verdicts, and when checks failed.

    \b
    opschecks history list --stack production             the newest runs with their verdicts
    opschecks history check test_no_alarm_is_ringing --stack production    when it failed, and for how long
    opschecks history rebuild --stack production          read every run file again
    """


@history.command()
@THE_STACK
@places
def rebuild(name: str | None, stacks: Path, reports: Path) -> None:
    """Rebuild the summaries of the stack's runs from every run file."""
    stack = stack_named(name, stacks)
    summaries = summaries_of(stack, state_of(stack, stacks, reports), reports)
    total = 0
    summaries.forget_all()
    for suite in known_suites():
        count = len(summaries.runs(suite, most=None))
        total += count
        if count:
            click.echo(f"  {suite}: {plural(count, 'run file')} read", err=True)
    click.echo(f"{summaries.folder}: {plural(total, 'run')} of {stack.name}")


@history.command("list")
@THE_STACK
@SUITE
@click.option("--most", type=click.IntRange(1), default=30, show_default=True, help="show at most N runs, newest first")
@FORMAT
@places
def list_(name: str | None, suite: str, most: int, form: str, stacks: Path, reports: Path) -> None:
    """Show the newest runs of a suite, each with its verdict."""
    stack = stack_named(name, stacks)
    rows = [
        {
            "began": run.started.isoformat(timespec="seconds"),
            "verdict": run.word,
            "exit_code": run.exit_code,
            "failed": sum(outcome == "failed" for outcome in run.outcomes.values()),
            "could_not_look": sum(outcome == "blind" for outcome in run.outcomes.values()),
            "checks": len(run.outcomes),
        }
        for run in _runs(stack, suite, stacks, reports, most)
    ]
    if form == "json":
        click.echo(json.dumps(rows, indent=1))
        return
    if not rows:
        click.echo(f"no {suite} run of {stack.name} yet")
    for row in rows:
        click.echo(
            f"{row['began']}  {row['verdict']}: {row['failed']} failed, "
            f"{row['could_not_look']} could not look, of {row['checks']}"
        )


@history.command()
@click.argument("check")
@THE_STACK
@SUITE
@FORMAT
@places
def check(check: str, name: str | None, suite: str, form: str, stacks: Path, reports: Path) -> None:
    """Show when CHECK failed: each time from when to when, and on which resources."""
    stack = stack_named(name, stacks)
    runs = _runs(stack, suite, stacks, reports, None)[::-1]
    known = {one for run in runs for one in run.outcomes}
    require_known(f"{check}: no such check in the {suite} runs of {stack.name}", check, known)
    outcomes = [(run, run.outcomes[check]) for run in runs if check in run.outcomes]
    failed = sum(outcome == "failed" for _, outcome in outcomes)
    times = [(one, _names(runs, check, one)) for one in episodes(runs) if one.check == check]
    if form == "json":
        told = [
            {
                "since": one.since.isoformat(timespec="seconds"),
                "until": one.until.isoformat(timespec="seconds") if one.until else None,
                "resources": names,
            }
            for one, names in times
        ]
        click.echo(json.dumps(told, indent=1, ensure_ascii=False))
        return
    click.echo(f"{check}: failed in {failed} of {plural(len(outcomes), 'run')}")
    for one, names in times:
        until = f"to {one.until:%Y-%m-%d %H:%M} UTC" if one.until else "UTC until now"
        click.echo(f"  {one.since:%Y-%m-%d %H:%M} {until}: {', '.join(names[:3])}")


def _names(runs: Iterable[Summary], check: str, episode: Episode) -> list[str]:
    bad = (bad for run in runs for bad in run.bad if bad.check == check and bad.resource in episode.resources)
    return sorted({one.name for one in bad})


def _runs(stack: Stack, suite: str, stacks: Path, reports: Path, most: int | None) -> list[Summary]:
    """The newest runs of the suite, the newest first."""
    require_suite(suite)
    return summaries_of(stack, state_of(stack, stacks, reports), reports).runs(suite, most=most)


def require_suite(suite: str) -> None:
    """ClickException unless there is such a suite."""
    require_known(f"--suite {suite}: no such suite", suite, known_suites())


def known_suites() -> list[str]:
    """The names of our suites and of the project's own."""
    return list(suites_in(checks_of(Path())))
