"""opschecks test: whether each fault of one's own fails just the checks that it names, and no fault fails none."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import click

from ..config.load import load_stacks
from ..core.check_names import find_checks
from ..core.dataclass import dataclass
from ..core.declared import declaring
from ..core.faults import FAULTS, Fault
from ..core.observation import fan_out
from ..core.shipped import checks_of, shipped_checks
from ..core.suites import suites_in
from .options import STACKS, require_known

AT_ONCE = 2
"""Sandboxes that run at the same time."""
_GOOD = ("passed", "waived", "not_applicable")


@dataclass(frozen=True)
class SuiteRun:
    """Outcome and message of each check of a suite; what was printed where there is no run file."""

    outcomes: Mapping[str, tuple[str, str]]
    printed: str = ""


@click.command("test")
@click.argument("names", nargs=-1, metavar="[FAULT]…")
@click.option("--stack", "stack", default="", metavar="NAME", help="a sandbox stack; default: the first of stacks.toml")
@STACKS
def test(names: tuple[str, ...], stack: str, stacks: Path) -> None:
    """Try your own faults on the sandbox: each must fail the checks that it names, and no other.

    \b
    opschecks test                          every fault that is declared below checks/
    opschecks test queue_is_stuck           one of them

    Without any fault, no check may fail or be unable to look, and each check of yours must be failed by a fault. The
    suites that have such checks are run. Exit code 0: all is so; 1: it is not.
    """
    from .project import load_project

    load_project()
    own, checks = own_faults(), own_checks()
    tried = _chosen(names, own)
    if not own:
        raise click.ClickException("no file below checks/ declares a fault: see docs/writing-checks.md")
    named = {check for fault in tried for check in (*fault.caught_by, *fault.blinds)}
    suites = sorted({suite for check, suite in checks.items() if check in named})
    if missing := sorted(named - set(checks)):
        raise click.ClickException(f"no such check: {', '.join(missing)}, which a fault names")
    name = _sandbox(stack, stacks)
    todo: list[tuple[Fault | None, str]] = [(fault, suite) for fault in (None, *tried) for suite in suites]
    ended = fan_out(lambda one: _run(one[1], one[0].name if one[0] else "", name, stacks), todo, at_once=AT_ONCE)
    healthy = {suite: told for (fault, suite), told in zip(todo, ended, strict=True) if fault is None}
    wrong = 0
    for fault in (None, *tried):
        told = [(suite, run) for (of, suite), run in zip(todo, ended, strict=True) if of is fault]
        lines = [line for suite, run in told for line in judged(fault, run, healthy[suite])]
        click.echo(f"{'WRONG' if lines else 'ok   '} {fault.name if fault else 'the healthy sandbox'}")
        for line in lines:
            click.echo(f"      {line}")
        wrong += bool(lines)
    bitten = {check for fault in own for check in fault.caught_by}
    unbitten = [check for check, _ in _declared_here() if check not in bitten] if not names else []
    for check in unbitten:
        click.echo(f"WRONG {check}: no fault fails it, so nobody has seen that it can")
    sys.exit(1 if wrong or unbitten else 0)


def judged(fault: Fault | None, run: SuiteRun, healthy: SuiteRun) -> Iterator[str]:
    """What is not as the fault says, a line each; without a fault, what is not well."""
    if not run.outcomes:
        yield f"the run did not come to an end: {run.printed}"
    for check, (outcome, message) in run.outcomes.items():
        if fault is None:
            if outcome not in _GOOD:
                yield f"{check} is {outcome}: {message}"
            continue
        expected = "failed" if check in fault.caught_by else "blind" if check in fault.blinds else ""
        expected = expected or healthy.outcomes.get(check, ("passed", ""))[0]
        if outcome != expected:
            yield f"{check} is {outcome}, not {expected}{': ' if message else ''}{message}"


def own_faults() -> list[Fault]:
    """The faults that files of this folder declare."""
    here = Path.cwd().resolve()
    ours = Path(__file__).resolve().parent.parent
    files = {name: Path(fault.file).resolve() for name, fault in FAULTS.items()}
    return [
        FAULTS[name] for name, file in sorted(files.items()) if file.is_relative_to(here) and ours not in file.parents
    ]


def own_checks() -> dict[str, str]:
    """The suite of every check of this project, as the path below checks/."""
    root = checks_of(Path())
    folders = [folder for suite, folder in suites_in(root).items() if suite != "drills"]
    return {name: folder.as_posix() for folder in folders for name, _ in find_checks(root / folder)}


def _declared_here() -> Iterator[tuple[str, Path]]:
    """The checks of one's own: of files that are not copies of ours, or that declare what they look at themselves."""
    root = checks_of(Path()).resolve()
    ours, declared = shipped_checks(), set(declaring(root))
    return (
        (name, path)
        for name, path in find_checks(root)
        if path in declared or not (ours / path.relative_to(root)).exists()
    )


def _chosen(names: Sequence[str], own: Sequence[Fault]) -> list[Fault]:
    by_name = {fault.name: fault for fault in own}
    for name in names:
        require_known(f"{name}: no such fault of this project", name, by_name)
    return [by_name[name] for name in names] or list(own)


def _sandbox(name: str, path: Path) -> str:
    known = [key for key, stack in load_stacks(path).stacks.items() if stack.sandbox]
    if name and name not in known:
        raise click.ClickException(f"--stack {name}: {path} has no sandbox of that name")
    if not known:
        raise click.ClickException(f"{path}: no stack has sandbox = true, and faults are only given to a sandbox")
    return name or known[0]


def _run(suite: str, fault: str, stack: str, stacks: Path) -> SuiteRun:
    """A run of the suite in a process of its own; it leaves the project's reports alone."""
    with tempfile.TemporaryDirectory() as folder:
        arguments = [str(checks_of(Path()) / suite), "--stack", stack, "--stacks", str(stacks), "--reports", folder]
        faults = ["--fault", fault] if fault else []
        options = ["-q", "-p", "no:cacheprovider", "-p", "no:html"]
        environment = {key: value for key, value in os.environ.items() if key != "OPSCHECKS_SANDBOX"}
        done = subprocess.run(  # noqa: S603 - the same Python, with arguments of ours
            [sys.executable, "-m", "pytest", *arguments, *faults, *options],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        file = Path(folder, f"{suite.replace('/', '-')}.json")
        told = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        if told.get("state") != "finished":
            return SuiteRun({}, (done.stderr.strip() or done.stdout.strip())[-600:])
        return SuiteRun({one["check"]: (one["outcome"], one["message"]) for one in told["checks"]})
