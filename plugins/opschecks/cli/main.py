"""opschecks list | sandbox: what is available, and a sandbox to practise on."""

from __future__ import annotations

import importlib
import json
import shlex
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from ..core.observation import REGISTRY
from ..report.columns import width_of
from .fitting import ListRow, fit, table_of
from .options import FORMAT, STACKS, THE_STACK, OneLineErrors, require_known

_OF_A_STACK = ("limits", "coverage", "actions")
_COMMANDS = {
    "backtest": ("recording", "On which recorded days a check would have failed."),
    "doctor": ("doctor", "Are credentials and permissions as a run needs them?"),
    "export-logs": ("export_logs", "Write recent logs to a file."),
    "fix": ("fix", "Make the changes of a reviewed plan, or run one remedy."),
    "history": ("history", "Earlier runs of a stack, and when checks failed."),
    "init": ("init", "Propose a first stacks.toml from what an account has."),
    "journal": ("fix", "What was changed on a stack, by whom, with what result."),
    "new": ("new", "Lay out a check, an observation or a remedy."),
    "organization": ("organization", "A stack for each account of AWS Organizations."),
    "policy": ("policy", "The least-privilege IAM policy of suites and remedies."),
    "recording": ("recording", "Show, compare and scrub recordings of runs."),
    "report": ("report", "Make reports of a run again, send them, publish them."),
    "test": ("own_test", "Do your own faults fail the checks that they name?"),
    "undo": ("fix", "Undo a change: ENTRY is its id in opschecks journal."),
}
"""The module of each, and what it is for, which help and completion of names say without importing it."""


class _Commands(OneLineErrors):
    """Imports the module of a command when it is asked for: no command waits for what another one needs."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Their names, in order."""
        return sorted({*super().list_commands(ctx), *_COMMANDS})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, whose help fits; None where there is none."""
        if cmd_name in _COMMANDS and cmd_name not in self.commands:
            module = importlib.import_module(f".{_COMMANDS[cmd_name][0]}", __package__)
            self.add_command(getattr(module, cmd_name.replace("-", "_")))
            fit(self.commands[cmd_name])
        return super().get_command(ctx, cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """All of them, a line each."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self._told().items()))

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Names that begin so, and this group's options."""
        found = [CompletionItem(name, help=what) for name, what in self._told().items() if name.startswith(incomplete)]
        return [*found, *click.Command.shell_complete(self, ctx, incomplete)]

    def _told(self) -> dict[str, str]:
        here = {name: command.get_short_help_str(60) for name, command in self.commands.items()}
        return dict(sorted({**here, **{name: what for name, (_, what) in _COMMANDS.items()}}.items()))


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="opschecks")
def main() -> None:
    """An operational runbook that runs itself.

    \b
    pytest checks/daily                    check the default stack of stacks.toml
    pytest checks/daily --stack NAME       check another one; repeatable
    pytest checks/daily --fault NAME       see what a broken sandbox looks like
    pytest --pyargs opschecks.checks.daily  the same from any folder with a stacks.toml, by the installed checks
    opschecks init                         propose a first stacks.toml from what an account has; --write writes it
    opschecks init --sandbox --write       write that of a sandbox
    opschecks organization --role-name …   a stack for each account of AWS Organizations
    opschecks doctor --stack NAME          are credentials, permissions, endpoints and state as a run needs them?
    opschecks policy daily --stack NAME    the least-privilege IAM policy of suites and remedies
    opschecks list faults                  the faults that a sandbox can have
    opschecks sandbox                      keep a sandbox running for pytest and the AWS CLI
    pytest checks/daily --stack NAME --fix=plan    what remedies would change: reports/plan.json
    opschecks fix reports/plan.json --stack NAME   make exactly those changes
    opschecks fix REMEDY --stack NAME      run one remedy by name; opschecks list remedies
    opschecks journal --stack NAME         what was changed; opschecks undo ENTRY --stack NAME undoes it
    opschecks history list --stack NAME    earlier runs; when a check failed, and for how long
    opschecks report daily 2026-11-24 --stack NAME   the page of any day; also as summary or message, or published
    opschecks report fleet                 one page of many stacks, after pytest checks/daily --stack all
    opschecks new check NAME --observation OBSERVATION   lay out a check with its fault and tests
    opschecks test                         does each fault of your own fail the checks that it names, and no other?
    opschecks recording show FILE          recorded runs: shown, compared, scrubbed, made tests of
    opschecks backtest CHECK --recordings DIR      when a check would have failed
    opschecks export-logs --since 2h --stack NAME   write recent logs to a file
    """


def _of_a_stack(kind: str, name: str | None, stacks: Path) -> Iterator[ListRow]:
    from .about_stack import actions_of, checks_here, coverage_of, limits_of
    from .reach_stack import stack_named

    stack = stack_named(name, stacks)
    if kind == "limits":
        return limits_of(stack)
    return (actions_of if kind == "actions" else coverage_of)(stack, checks_here())


def _checks(_: Path) -> Iterator[ListRow]:
    from .check_files import sources_of

    for one in sources_of():
        yield {"check": one.name, "file": str(one.path), "runbook": one.slug, "why": one.why}


def _observations(_: Path) -> Iterator[ListRow]:
    from ..hooks.fixtures import import_observations

    import_observations()
    for name, observation in sorted(REGISTRY.items()):
        allow = ", ".join(observation.allow)
        yield {"observation": name, "what": observation.what, "allow": f"IAM: {allow}" if allow else ""}


def _remedies(_: Path) -> Iterator[ListRow]:
    from ..remedies import all_remedies

    for name, remedy in all_remedies().items():
        wishes = ", ".join(f"--set {key}=… ({meaning})" for key, meaning in remedy.wishes.items())
        way = "one-way" if remedy.one_way else "can be undone"
        yield {
            "remedy": name,
            "what": remedy.what(),
            "runbook": remedy.runbook,
            "risk": f"{remedy.risk}, {way}, proven by {remedy.proof}",
            "takes": wishes,
            "allow": f"IAM: {', '.join(remedy.all_allow())}",
        }


def _drills(_: Path) -> Iterator[ListRow]:
    from ..drills import all_drills

    for name, drill in sorted(all_drills().items()):
        allow = ", ".join(drill.allow)
        own = f"IAM: {allow}, and those of the remedies" if allow else "IAM: those of its observations and remedies"
        yield {"drill": name, "what": drill.what, "allow": own}


def _faults(_: Path) -> Iterator[ListRow]:
    from ..sandbox.faults import known_faults

    slugs = {row["check"]: row["runbook"] for row in _checks(Path())}
    for name, fault in known_faults().items():
        of = dict.fromkeys(slugs[check] for check in (*fault.caught_by, *fault.blinds) if check in slugs)
        caught = f"fails {', '.join(fault.caught_by)}" if fault.caught_by else ""
        blinds = f"blinds {', '.join(fault.blinds)}" if fault.blinds else ""
        yield {"fault": name, "what": fault.what, "runbook": ", ".join(of), "caught by": caught, "blinds": blinds}


def _stacks(path: Path) -> Iterator[ListRow]:
    from ..config.load import load_stacks

    listed = load_stacks(path)
    for name, stack in listed.stacks.items():
        default = "the default" if name == listed.default else ""
        where = "SANDBOX" if stack.sandbox else f"{stack.account_id or 'any account'}, {stack.region or 'any region'}"
        yield {"stack": name, "where": where, "default": default}


def _keys(path: Path) -> Iterator[ListRow]:
    from ..config.limits import OF_ONE, Limits, ResourceLimits
    from ..config.load import TOML_TABLES
    from ..config.stack import NO_KEYS, Stack
    from ..core.declared import beside, limits_in

    tables: dict[str, Any] = {"": Stack, **{f"{path}.": table for path, table in TOML_TABLES.items()}}
    for prefix, table in tables.items():
        for key, field in table.model_fields.items():
            internal = (table is Stack and key in NO_KEYS) or (prefix, key) == ("limits.", "own")
            if internal or f"{prefix}{key}." in tables:
                continue
            more = "; also per resource" if table is Limits and key in ResourceLimits.model_fields else ""
            yield {"key": f"{prefix}{key}", "what": f"{field.description or ''}{more}", "default": _default(field)}
        if table is Limits:
            for one in limits_in(*beside(path)).values():
                more = f"; also per resource; of checks/{one.path.parent.name}/{one.path.name}"
                yield {"key": f"{prefix}{one.name}", "what": one.what + more, "default": f"default: {one.default:g}"}
            yield {"key": f'{prefix}"RESOURCE"', "what": OF_ONE, "default": ""}


def _default(field: Any) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    if isinstance(value, tuple) and value and not isinstance(value[0], str):
        return f"default: {len(value)} entries"
    return f"default: {json.dumps(value, default=str)}" if value not in (None, "", (), {}) else ""


_LISTS: dict[str, Callable[[Path], Iterator[ListRow]]] = {
    "checks": _checks,
    "observations": _observations,
    "remedies": _remedies,
    "drills": _drills,
    "faults": _faults,
    "stacks": _stacks,
    "keys": _keys,
}
_DECLARED = ("observations", "remedies", "drills", "faults", "actions", "coverage")
"""Kinds that a user's conftests and plugins can declare too."""


@main.command("list", short_help="What there is: checks, remedies, faults, stacks, limits …")
@click.argument("kind", type=click.Choice([*_LISTS, *_OF_A_STACK]))
@THE_STACK
@FORMAT
@STACKS
def list_(kind: str, name: str | None, form: str, stacks: Path) -> None:
    """List checks, observations, remedies, drills, faults, stacks, the keys of stacks.toml, or what holds for a stack.

    \b
    opschecks list limits --stack NAME     which limit holds for what, and why; reads stacks.toml only
    opschecks list coverage --stack NAME   what of a stack is looked at, what is not, and why; looks as doctor does
    opschecks list actions --stack NAME    which IAM action which checks need; reads stacks.toml only
    """
    if kind in _DECLARED:
        from .project import load_project

        load_project()
    rows = list(_of_a_stack(kind, name, stacks) if kind in _OF_A_STACK else _LISTS[kind](stacks))
    if form == "json":
        click.echo(json.dumps(rows, indent=1, ensure_ascii=False))
        return
    if not rows:
        click.echo(f"no {kind} here; see README.md")
        return
    for line in table_of(rows, width_of(sys.stdout)):
        click.echo(line)


@main.command(short_help="Keep a sandbox running, to practise on.")
@click.option("--fault", "faults", multiple=True, metavar="NAME", help="a fault to give it; repeatable")
@click.option("--stack", "name", default=None, metavar="NAME", help="which sandbox stack of stacks.toml")
@STACKS
@click.option("--format", "form", type=click.Choice(["shell", "json"]), default="shell", help="shell exports or json")
def sandbox(faults: tuple[str, ...], name: str | None, stacks: Path, form: str) -> None:
    """Keep a sandbox running, and print the environment that points pytest and the AWS CLI at it.

    \b
    opschecks sandbox --fault alarm_is_ringing      in one terminal; copy what it prints
    aws cloudwatch describe-alarms                  in another terminal, after pasting it
    pytest checks/daily
    """
    from ..config.load import load_stacks

    listed = load_stacks(stacks).stacks
    candidates = [key for key, stack in listed.items() if stack.sandbox]
    if name is not None:
        require_known(f"--stack {name}: {stacks} has no sandbox of that name", name, candidates)
    if not candidates:
        raise click.ClickException(f"{stacks}: no stack has sandbox = true")
    from ..sandbox.faults import known_faults

    if faults:
        from .project import load_project

        load_project()
    for fault in faults:
        require_known(f"--fault {fault}: no such fault", fault, known_faults())
    try:
        from ..sandbox.environment import Sandbox
        from ..sandbox.faults import give_fault
        from ..sandbox.seeds import sow_all
    except ModuleNotFoundError as error:
        raise click.ClickException(f"it needs {error.name}: pip install 'opschecks[sandbox]'") from None
    running = Sandbox(listed[name or candidates[0]])
    running.start()
    sow_all(running)
    try:
        for fault in faults:
            give_fault(running, fault)
        ended = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: ended.set())
        click.echo(_environment(running.facts, form))
        click.echo("the sandbox is running; Ctrl-C stops it", err=True)
        sys.stdout.flush()
        ended.wait()
    finally:
        running.stop()


def _environment(facts: Mapping[str, Any], form: str) -> str:
    variables = {
        "OPSCHECKS_SANDBOX": json.dumps(facts, separators=(",", ":")),
        "AWS_ENDPOINT_URL": facts["endpoint_url"],
        "AWS_DEFAULT_REGION": facts["region"],
        **{key.upper(): value for key, value in facts["credentials"].items()},
        "BACKEND_URL": facts["backend_url"],
        "DASHBOARD_URL": facts["dashboard_url"],
    }
    if form == "json":
        return json.dumps(variables, indent=1)
    return "\n".join(f"export {key}={shlex.quote(value)}" for key, value in variables.items())


fit(main)
