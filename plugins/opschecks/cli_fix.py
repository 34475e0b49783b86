"""opschecks fix | undo | journal: changes by plan or by name, taken back, and read about."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .cli_shown import show_entry, show_plan, show_result
from .cli_stacks import reached, stack_named

if TYPE_CHECKING:
    from .aws.session import Aws
    from .journal import Journal
    from .mender import Fixed, Mender
    from .remedy import Change, Remedy, Risk, Runs
    from .stack import Stack

_STACK = click.option("--stack", "name", required=True, metavar="NAME", help="the stack, of those in stacks.toml")
_STACKS = click.option(
    "--stacks", type=click.Path(path_type=Path), default=Path("stacks.toml"), help="another stacks.toml"
)
_REPORTS = click.option(
    "--reports", type=click.Path(path_type=Path), default=Path("reports"), help="another reports folder"
)
_YES = click.option("--yes", is_flag=True, help="do not ask; for scripts")
_ALLOW = click.option(
    "--allow", multiple=True, type=click.Choice(["disruptive", "destructive"]), help="permit changes of this risk too"
)


class _Command(click.Command):
    """A state that cannot be read or written, in a folder or in S3, is one clear line."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run it."""
        try:
            return super().invoke(ctx)
        except OSError as error:
            raise click.ClickException(str(error)) from None


@click.command(cls=_Command)
@click.argument("what")
@_STACK
@click.option("--set", "wishes", multiple=True, metavar="NAME=VALUE", help="what is wanted; `opschecks list remedies`")
@click.option("--target", "targets", multiple=True, help="ARN, or service/CLUSTER/NAME; default: all of the stack's")
@_ALLOW
@_YES
@_STACKS
@_REPORTS
def fix(
    what: str,
    name: str,
    wishes: tuple[str, ...],
    targets: tuple[str, ...],
    allow: tuple[str, ...],
    yes: bool,
    stacks: Path,
    reports: Path,
) -> None:
    """Make the changes of a reviewed plan, or run one remedy by name.

    \b
    opschecks fix reports/plan.json --stack production            exactly what was reviewed; refused where it is stale
    opschecks fix scale-service --set desired=5 --stack production
    opschecks fix set-scaling-limits --set min=2 --set max=20 --stack production
    opschecks fix silence-alarm --target incident-commander-cpu-high --allow disruptive --stack production
    opschecks list remedies
    """
    if what.endswith(".json") or Path(what).is_file():
        sys.exit(_from_plan(Path(what), name, allow, stacks, reports, yes=yes))
    with _opened(name, stacks, reports) as desk:
        remedy = desk.remedy(what)
        changes = _by_name(remedy, targets, _wishes(wishes))
        desk.make(changes, allow, yes=yes)


@click.command(cls=_Command)
@click.argument("entry")
@_STACK
@_ALLOW
@_YES
@_STACKS
@_REPORTS
def undo(entry: str, name: str, allow: tuple[str, ...], yes: bool, stacks: Path, reports: Path) -> None:
    """Take a change back: ENTRY is its id in `opschecks journal`. Refused where somebody has changed it since."""
    from .names import nearest
    from .observe import CouldNotLook
    from .plan import undoing
    from .remedy import CannotMend

    with _opened(name, stacks, reports) as desk:
        known = {one.id: one for one in desk.journal.entries()}
        if entry not in known:
            raise click.ClickException(f"{entry}: the journal of {name} has no such entry; {nearest(entry, known)}")
        made = known[entry]
        try:
            remedy = desk.remedy(made.change.remedy)
            changes = [undoing(made, remedy), *_following(remedy)]
        except (CannotMend, CouldNotLook) as error:
            raise click.ClickException(str(error)) from None
        desk.make(changes, allow, yes=yes, undoes=entry)


@click.command(cls=_Command)
@_STACK
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="text or json")
@_STACKS
@_REPORTS
def journal(name: str, form: str, stacks: Path, reports: Path) -> None:
    """Show what was changed on a stack, by whom, what became of it, and how to take it back."""
    stack = stack_named(name, stacks)
    entries = _journal(stack, stacks, reports, lambda: reached(stack)[1]).entries()
    if form == "json":
        told = [
            {"entry": one.id, "by": one.by, "undoes": one.undoes, "change": one.change.to_plain(),
             "steps": [{"at": step.at.isoformat(), "event": step.event, "said": step.said} for step in one.steps]}
            for one in entries
        ]  # fmt: skip
        click.echo(json.dumps(told, indent=1, ensure_ascii=False))
        return
    if not entries:
        click.echo(f"nothing was changed on {name}")
    for one in entries:
        show_entry(one)


def _from_plan(path: Path, name: str, allow: tuple[str, ...], stacks: Path, reports: Path, *, yes: bool) -> int:
    import pytest

    from .plan import PlanError, read_plan

    try:
        plan = read_plan(path)
    except PlanError as error:
        raise click.ClickException(str(error)) from None
    if name not in plan.stacks:
        listed = ", ".join(plan.stacks) or "no stack"
        click.echo(f"{path}: it has no change of {name} (it changes {listed}); nothing was done")
        return 0 if not plan.changes else 4
    for change in plan.changes:
        if change.stack == name:
            show_plan(change)
    if not (yes or click.confirm("make these changes?", default=False)):
        raise click.ClickException("nothing was changed")
    own = [node for node in plan.nodes if node.endswith(f"[{name}]")]
    options = [f"--stack={name}", "--fix=apply", f"--plan={path}", f"--stacks={stacks}", f"--reports={reports}"]
    return int(pytest.main([*own, *options, *(f"--allow={risk}" for risk in allow)]))


@dataclass
class _Desk:
    """What a change by name needs, with the lock held."""

    stack: Stack
    aws: Aws
    journal: Journal
    mender: Mender
    runs: Runs

    def remedy(self, name: str) -> Remedy:
        from .names import nearest
        from .remedies import all_remedies
        from .remedy import remedy_of

        known = all_remedies()
        if name not in known:
            raise click.ClickException(f"{name}: there is no such remedy, nor such a file; {nearest(name, known)}")
        return remedy_of(known[name], self.stack, self.aws, self.runs, self.journal.entries)

    def make(self, changes: list[Change], allow: tuple[str, ...], *, yes: bool, undoes: str = "") -> None:
        """Show the plan, ask, and make it under the same guards as any other."""
        from .guards import TooWide, judged, require_narrow
        from .mender import Interrupted
        from .remedy import Risk

        allowed: set[Risk] = {Risk(risk) for risk in allow}
        now, entries = datetime.now(UTC), self.journal.entries()
        for change in changes:
            show_plan(change)
        may, refused = judged(changes, stack=self.stack, entries=entries, allow=allowed, now=now, undoing=bool(undoes))
        try:
            require_narrow(may, of=changes, stack=self.stack, entries=entries, examined={}, now=now)
        except TooWide as error:
            raise click.ClickException(str(error)) from None
        for refusal in refused:
            click.echo(f"refused: {refusal.change.name}: {refusal.why}", err=True)
        if refused:
            raise click.ClickException("nothing was changed")
        if not (yes or click.confirm("make these changes?", default=False)):
            raise click.ClickException("nothing was changed")
        results: list[Fixed] = []
        try:
            for change in may:
                results.append(self.mender.make(change, None, undoes=undoes if change is changes[0] else ""))
                if not results[-1].result.is_good:
                    break
        except Interrupted as error:
            for fixed in [*results, *error.fixed]:
                show_result(fixed)
            sys.exit(130)
        for fixed in results:
            show_result(fixed)
        for change in may[len(results) :]:
            click.echo(f"{change.remedy} on {change.name}: not begun, after what became of the one before", err=True)
        if not all(fixed.result.is_good for fixed in results):
            sys.exit(1)


def _by_name(remedy: Remedy, targets: tuple[str, ...], wish: Mapping[str, str]) -> list[Change]:
    from .observe import CouldNotLook
    from .plan import planned
    from .remedy import CannotMend, checked_wish

    try:
        checked_wish(type(remedy), wish)
        named = [remedy.normal(_here(remedy, target)) for target in targets]
        changes = [planned(remedy, target, wish=dict(wish)) for target in named or remedy.all_targets()]
        return [*changes, *_following(remedy)]
    except (CannotMend, CouldNotLook) as error:
        raise click.ClickException(str(error)) from None


def _following(remedy: Remedy) -> list[Change]:
    """What the change is not complete without; planned now as well, so that all of it is shown before the first."""
    from .plan import planned
    from .remedy import remedy_of

    after = [remedy_of(kind, remedy.stack, remedy.aws, remedy.runs, remedy.journal) for kind in remedy.followed_by]
    return [planned(one, target) for one in after for target in one.all_targets()]


def _here(remedy: Remedy, target: str) -> str:
    """The target, unless its ARN is of another region or account than the stack."""
    from .remedy import CannotMend

    if target.startswith("arn:"):
        _, _, _, region, account, *_ = [*target.split(":"), "", "", ""]
        stack = remedy.stack
        if region and stack.region and region != stack.region:
            raise CannotMend(f"{target} is in {region}, and {stack.name} is in {stack.region}")
        if account and stack.account_id and account != stack.account_id:
            raise CannotMend(f"{target} is of account {account}, and {stack.name} is of {stack.account_id}")
    return target


def _vetoed(change: Change) -> str:
    """What the conftest of the project, or of its checks, says; the same hook as in a run of checks."""
    for path in (Path("conftest.py"), Path("checks/conftest.py")):
        if path.exists() and "pytest_opschecks_before_change" in path.read_text(encoding="utf-8"):
            hook = getattr(_module(path), "pytest_opschecks_before_change", None)
            if hook and (why := hook(change=change)):
                return f"vetoed: {why}"
    return ""


def _module(path: Path) -> Any:
    import importlib.util

    spec = importlib.util.spec_from_file_location(f"opschecks_user_{path.parent.name}_conftest", path)
    if spec is None or spec.loader is None:
        raise click.ClickException(f"{path}: cannot be imported, and may veto changes")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _wishes(given: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for one in given:
        key, equals, value = one.partition("=")
        if not equals or not key or not value:
            raise click.ClickException(f"--set {one}: NAME=VALUE is wanted, such as desired=5")
        found[key] = value
    return found


@contextmanager
def _opened(name: str, stacks: Path, reports: Path) -> Iterator[_Desk]:
    """The stack's AWS, its journal and its lock; what an earlier fixer left open is settled first."""
    from .aws.session import identify
    from .guards import careless, frozen
    from .history import filed_runs
    from .lock import Lock, Locked
    from .mender import Mender
    from .observe import CouldNotLook, WrongAccount
    from .remedies import all_remedies
    from .remedy import remedy_of
    from .signals import end_as_ctrl_c_does

    stack = stack_named(name, stacks)
    if why := careless(stack):
        raise click.ClickException(why)
    stack, aws = reached(stack)
    end_as_ctrl_c_does()
    try:
        identify(aws)
    except (CouldNotLook, WrongAccount) as error:
        raise click.ClickException(str(error)) from None
    written = _journal(stack, stacks, reports, lambda: aws)
    lock, remedies = Lock(written.store), all_remedies()
    runs = partial(filed_runs, written.store, ("daily", "deploy-after"))
    try:
        lock.acquire()
    except Locked as error:
        raise click.ClickException(f"{name}: {error}") from None
    try:
        mender = Mender(
            journal=written,
            lock=lock,
            remedy=lambda one: remedy_of(remedies[one], stack, aws, runs, written.entries),
            veto=lambda change: frozen(stack, datetime.now(UTC)) or _vetoed(change),
            say=lambda line: click.echo(f"  {line}"),
            poll_s=stack.fix.poll_s,
            symptom_within=timedelta(minutes=stack.fix.symptom_minutes),
        )
        for entry in mender.settle():
            click.echo(f"settled {entry.id}, {entry.change.remedy} on {entry.change.name}: {entry.steps[-1].said}")
        yield _Desk(stack, aws, written, mender, runs)
    finally:
        lock.release()


def _journal(stack: Stack, stacks: Path, reports: Path, aws: Callable[[], Aws]) -> Journal:
    from .journal import Journal
    from .store import store_of

    return Journal(store_of(stack, reports / "history", stacks.absolute().parent, lambda: aws().s3()))
