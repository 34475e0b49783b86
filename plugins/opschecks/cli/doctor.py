"""opschecks doctor: whether everything that a run needs is there, before it is needed."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import click

from ..aws.session import UnusableProfile
from ..aws.trial import Trial
from ..core.observation import CouldNotLook
from ..report.text import printable
from . import examination as look
from .check_files import sources_of
from .options import FORMAT, THE_STACK, places
from .policy import named_suites
from .reach_stack import reached_as, stack_named, state_of
from .trial_look import looked, needed, unnamed

_MARKS = {"ok": "ok     ", "wrong": "WRONG  ", "unknown": "unknown"}


@click.command()
@THE_STACK
@click.option(
    "--suite",
    "suites",
    multiple=True,
    callback=lambda ctx, parameter, given: named_suites(given),
    metavar="SUITE",
    help="a suite to be ready for; repeatable; default: all but drills",
)
@FORMAT
@places
def doctor(name: str | None, suites: tuple[str, ...], form: str, stacks: Path, reports: Path) -> None:
    """Look whether credentials, permissions, endpoints, state and addresses of a stack are as a run needs them.

    \b
    opschecks doctor --stack production
    opschecks doctor --stack production --suite daily --format json

    Every IAM action is tried by the calls of a run, of each list one page. Nothing is changed, but for a key that is
    written to the state and deleted again. Exit code 0: nothing is wrong; 1: something is, and beside it stands the
    next step.
    """
    from .project import load_project

    load_project()
    rows = []
    for row in _rows(name, suites, stacks, reports):
        rows.append(row)
        if form == "text":
            advice = f" -> {row.next}" if row.next else ""
            click.echo(printable(f"{_MARKS[row.state]} {row.what}: {' '.join(row.said.split())}{advice}"))
    count = sum(row.state is look.State.WRONG for row in rows)
    if form == "json":
        click.echo(json.dumps([asdict(row) for row in rows], indent=1, ensure_ascii=False))
    else:
        click.echo(f"\n{count} of {len(rows)} wrong" if count else f"\nall is well: nothing of {len(rows)} is wrong")
    sys.exit(1 if count else 0)


def _rows(name: str | None, suites: tuple[str, ...], stacks: Path, reports: Path) -> Iterator[look.Row]:
    from ..hooks.fixtures import import_observations

    stack = stack_named(name, stacks)
    yield look.versions()
    try:
        stack, aws = reached_as(stack, Trial)
    except (UnusableProfile, CouldNotLook, click.ClickException) as error:
        yield look.wrong("AWS configuration", getattr(error, "message", str(error)))
        if not stack.state_in_s3:
            yield look.state(lambda: state_of(stack, stacks, reports))
        if not stack.sandbox:
            yield from look.probes(stack)
        return
    whose = list(look.identity(stack, aws))
    yield from whose
    import_observations()
    checks = [one for suite in suites for one in sources_of(suite) if not stack.lacks(one.slug, one.name)]
    wanted = needed(checks)
    if any(row.what == "credentials" and row.state is look.State.WRONG for row in whose):
        yield from look.endpoints(aws)
        yield look.untried(wanted)
    else:
        store = looked(stack, aws, list(wanted))
        yield from look.endpoints(aws)
        yield from look.actions(aws, store, wanted, simulator=not stack.sandbox)  # a sandbox has no policies
        yield from look.missing(unnamed(stack, aws, store, checks))
    yield look.state(lambda: state_of(stack, stacks, reports, aws))
    yield from look.probes(stack)
