"""opschecks doctor: whether everything that a run needs is there, before it is needed."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .options import FORMAT, REPORTS, STACKS, THE_STACK, named_by
from .policy import named_suites

if TYPE_CHECKING:
    from .check_files import CheckSource
    from .examination import Row

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
@STACKS
@REPORTS
def doctor(name: str | None, suites: tuple[str, ...], form: str, stacks: Path, reports: Path) -> None:
    """Look whether credentials, permissions, endpoints, state and addresses of a stack are as a run needs them.

    \b
    opschecks doctor --stack production
    opschecks doctor --stack production --suite daily --format json

    Every IAM action is tried by the calls of a run, of each list one page. Nothing is changed, but for a key that is
    written to the state and deleted again. Exit code 0: nothing is wrong; 1: something is, and beside it stands the
    next step.
    """
    from .examination import State
    from .project import load_project

    load_project()
    rows = []
    for row in _rows(name, suites, stacks, reports):
        rows.append(row)
        if form == "text":
            _show(row)
    count = sum(row.state is State.WRONG for row in rows)
    if form == "json":
        click.echo(json.dumps([asdict(row) for row in rows], indent=1, ensure_ascii=False))
    else:
        click.echo(f"\n{count} of {len(rows)} wrong" if count else f"\nall is well: nothing of {len(rows)} is wrong")
    sys.exit(1 if count else 0)


def _show(row: Row) -> None:
    from ..report.text import printable

    advice = f" -> {row.next}" if row.next else ""
    click.echo(printable(f"{_MARKS[row.state]} {row.what}: {' '.join(row.said.split())}{advice}"))


def _rows(name: str | None, suites: tuple[str, ...], stacks: Path, reports: Path) -> Iterator[Row]:
    from ..aws.session import UnusableProfile
    from ..aws.trial import Trial
    from ..config.load import choose_stacks, load_stacks
    from ..core.observation import CouldNotLook
    from ..hooks.fixtures import import_observations
    from . import examination as look
    from .reach_stack import reached_as, state_of
    from .trial_look import looked, needed, unnamed

    (stack,) = choose_stacks(load_stacks(stacks), [name] if name else [], stacks, by=named_by())
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
    checks = [one for one in _checks(suites) if not stack.lacks(one.slug, one.name)]
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


def _checks(suites: tuple[str, ...]) -> Iterator[CheckSource]:
    from .check_files import sources_of

    for suite in suites:
        yield from sources_of(suite)
