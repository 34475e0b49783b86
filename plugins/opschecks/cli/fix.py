"""opschecks fix | undo | journal: make changes by plan or by name, undo them, list them."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from ..aws.session import identify
from ..core.change import AsWanted, CannotFix, Change, Risk
from ..core.shipped import SHIPPED
from ..fixing.guards import careless
from ..fixing.outcome import Fixed, Interrupted, not_begun
from ..fixing.plan import planned, read_plan, undoing
from ..fixing.remedy import BaseRemedy, checked_wish
from ..fixing.session import FixingSession, fixing, require_remedy
from ..history.journal import Journal
from ..history.lock import Locked
from ..remedies import every_remedy
from .options import FORMAT, STACK, THE_STACK, pairs, places, require_known
from .output import show_entry, show_plan, show_result
from .reach_stack import reached, stack_named, state_of

_YES = click.option("--yes", is_flag=True, help="do not ask for confirmation; for scripts")
_ALLOW = click.option(
    "--allow", multiple=True, type=click.Choice(["disruptive", "destructive"]), help="also make changes of this risk"
)


@click.command()
@click.argument("what")
@STACK
@click.option("--set", "wishes", multiple=True, metavar="NAME=VALUE", help="see `opschecks list remedies`")
@click.option("--target", "targets", multiple=True, help="ARN, or service/CLUSTER/NAME; default: all of the stack's")
@click.option(
    "--only", multiple=True, metavar="WHAT", help="of a plan: only the changes by this remedy or of this resource"
)
@_ALLOW
@_YES
@places
def fix(
    what: str,
    name: str,
    wishes: tuple[str, ...],
    targets: tuple[str, ...],
    only: tuple[str, ...],
    allow: tuple[str, ...],
    yes: bool,
    stacks: Path,
    reports: Path,
) -> None:
    """Make the changes of a reviewed plan, or run one remedy by name.

    \b
    opschecks fix reports/plan.json --stack production            exactly what was reviewed; refused if out of date
    opschecks fix reports/plan.json --only enable-stickiness --stack production
    opschecks fix scale-service --set desired=5 --stack production
    opschecks fix set-scaling-limits --set min=2 --set max=20 --stack production
    opschecks fix silence-alarm --target incident-commander-cpu-high --allow disruptive --stack production
    opschecks list remedies
    """
    if what.endswith(".json") or Path(what).is_file():
        sys.exit(_from_plan(Path(what), name, only, allow, stacks, reports, yes=yes))
    if only:
        raise click.ClickException("--only: chooses among the changes of a plan; one remedy is run with --target")
    wish = pairs("--set", wishes, "NAME=VALUE, for example desired=5", empty=False)

    def by_name(changing: FixingSession) -> int:
        try:
            changes = [*_by_name(changing.remedy(what), targets, wish), *changing.following(what)]
        except AsWanted as error:
            changes = changing.not_followed(what)
            if not changes:
                raise
            click.echo(f"{error}; what follows it was not made:")
        return _make(changing, changes, allow, yes=yes)

    sys.exit(_fixing(name, stacks, reports, by_name, remedy=what))


@click.command()
@click.argument("entry")
@STACK
@_ALLOW
@_YES
@places
def undo(entry: str, name: str, allow: tuple[str, ...], yes: bool, stacks: Path, reports: Path) -> None:
    """Undo a change: ENTRY is its id in `opschecks journal`. Refused if the resource was changed since."""

    def back(changing: FixingSession) -> int:
        known = {one.id: one for one in changing.journal.entries()}
        require_known(f"{entry}: no such entry in the journal of {name}", entry, known)
        kind = known[entry].change.remedy
        changes = [undoing(known[entry], changing.remedy(kind)), *changing.following(kind)]
        return _make(changing, changes, allow, yes=yes, undoes=entry)

    sys.exit(_fixing(name, stacks, reports, back))


@click.command()
@THE_STACK
@FORMAT
@places
def journal(name: str | None, form: str, stacks: Path, reports: Path) -> None:
    """Show what was changed on a stack, by whom and with what result; `opschecks undo` takes an entry's id."""
    stack = stack_named(name, stacks)
    entries = Journal(state_of(stack, stacks, reports)).entries()
    if form == "json":
        told = [
            {"entry": one.id, "by": one.by, "undoes": one.undoes, "change": one.change.to_plain(),
             "steps": [{"at": line.at.isoformat(), "event": line.event, "said": line.said} for line in one.lines]}
            for one in entries
        ]  # fmt: skip
        click.echo(json.dumps(told, indent=1, ensure_ascii=False))
        return
    if not entries:
        click.echo(f"no changes on {stack.name}")
    undone = {one.undoes for one in entries if one.happened}
    for one in entries:
        show_entry(one, stack.name, undone)


def _from_plan(
    path: Path, name: str, only: tuple[str, ...], allow: tuple[str, ...], stacks: Path, reports: Path, *, yes: bool
) -> int:
    import pytest

    plan = read_plan(path).only(only)
    if name not in plan.stacks:
        listed = ", ".join(plan.stacks) or "no stack"
        click.echo(f"{path}: no change for {name} in it (only for {listed}); nothing was done")
        return 0 if not plan.changes else 4
    for change in plan.changes:
        if change.stack == name:
            show_plan(change)
    own = plan.nodes_of(name)
    if not own:
        raise click.ClickException(f"{path}: it names no check of {name}, which would be run to prove the changes")
    click.echo(f"proven by: {', '.join(own)}")
    if not (yes or click.confirm("make these changes?", default=False)):
        raise click.ClickException("nothing was changed")
    options = [f"--stack={name}", "--fix=apply", f"--plan={path}", f"--stacks={stacks}", f"--reports={reports}"]
    options += ["--pyargs"] if any(node.startswith(f"{SHIPPED}.") for node in own) else []
    more = [*(f"--only={one}" for one in only), *(f"--allow={risk}" for risk in allow)]
    return int(pytest.main([*own, *options, *more]))


def _make(
    changing: FixingSession, changes: list[Change], allow: tuple[str, ...], *, yes: bool, undoes: str = ""
) -> int:
    """Show the plan, ask, and make it, with the guards of every fixing session; returns the exit code."""
    for change in changes:
        show_plan(change)
    may, refused = changing.guarded(changes, {Risk(risk) for risk in allow}, undoing=bool(undoes))
    for why in dict.fromkeys(f"{refusal.change.name}: {refusal.why}" for refusal in refused):
        click.echo(f"refused: {why}", err=True)
    if refused or not (yes or click.confirm("make these changes?", default=False)):
        raise click.ClickException("nothing was changed")
    results: list[Fixed] = []
    try:
        for change in may:
            results.append(changing.make(change, undoes=undoes if change is changes[0] else ""))
            if not results[-1].result.is_good:
                break
    except KeyboardInterrupt as error:
        results += error.fixed if isinstance(error, Interrupted) else []
        results += not_begun(may[len(results) :])
        return 130
    finally:
        for fixed in results:
            show_result(fixed)
    for change in may[len(results) :]:
        click.echo(f"{change.remedy} on {change.name}: skipped, because the change before it failed", err=True)
    return 0 if all(fixed.result.is_good for fixed in results) else 1


def _by_name(remedy: BaseRemedy, targets: tuple[str, ...], wish: Mapping[str, str]) -> list[Change]:
    checked_wish(type(remedy), wish)
    named = [remedy.normal(_here(remedy, target)) for target in targets]
    return [planned(remedy, target, wish=wish) for target in named or remedy.all_targets()]


def _here(remedy: BaseRemedy, target: str) -> str:
    """The target; CannotFix if its ARN has another region or account than the stack."""
    if target.startswith("arn:"):
        _, _, _, region, account, *_ = [*target.split(":"), "", "", ""]
        stack = remedy.stack
        if region and stack.region and region != stack.region:
            raise CannotFix(f"{target} is in {region}, and {stack.name} is in {stack.region}")
        if account and stack.account_id and account != stack.account_id:
            raise CannotFix(f"{target} is in account {account}, and {stack.name} is in {stack.account_id}")
    return target


def _fixing(name: str, stacks: Path, reports: Path, work: Callable[[FixingSession], int], *, remedy: str = "") -> int:
    """Do the work in a fixing session of the stack, with the project's conftests and plugins; returns the exit code.

    A `remedy` that nobody has is refused before the stack is reached.
    """
    from ..core.signals import end_as_ctrl_c_does
    from .project import in_project

    stack = stack_named(name, stacks)
    if why := careless(stack):  # said before anything is looked at
        raise click.ClickException(why)
    end_as_ctrl_c_does()

    def with_hooks(hooks: Any) -> int:
        remedies = every_remedy(hooks)
        if remedy:
            require_remedy(remedy, remedies)
        there, aws = reached(stack)
        identify(aws)
        changing = FixingSession(
            stack=there,
            aws=aws,
            storage=state_of(there, stacks, reports, aws),
            hooks=hooks,
            remedies=remedies,
            say=lambda line: click.echo(f"  {line}"),
            poll_s=there.fix.poll_s,
        )
        with fixing(changing) as settled:
            for fixed in settled:
                click.echo(f"settled {fixed.entry}, {fixed.change.remedy} on {fixed.change.name}: {fixed.said}")
            return work(changing)

    try:
        return in_project(with_hooks)
    except Locked as error:
        raise click.ClickException(f"{name}: {error}") from None
