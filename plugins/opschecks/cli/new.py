"""opschecks new check | observation | remedy: lays out the files of one, ready to run and to fill in."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import click

from ..config.load import shown_path
from ..core.model import Resource, Severity
from ..core.observation import GIVEN, REGISTRY, Observation
from ..core.suites import suites_in
from ..remedies import all_remedies
from ..report.runbook import runbook_of
from .new_aws import observation_files, remedy_files
from .new_check import NewCheck, chosen, files_of, left_out, refuse_existing, resource_type
from .new_files import lay_out
from .options import DRY_RUN, require_known

_SERVICE = click.option("--service", required=True, help="the AWS service, as the AWS CLI names it: sqs, elbv2")


@click.group()
def new() -> None:
    """Lay out a check, an observation or a remedy. Existing code is never changed: new code goes at the end.

    \b
    opschecks new check target_groups_are_sticky --observation target_groups --property sticky
    opschecks new observation queues --service sqs
    opschecks new remedy set-queue-attributes --service sqs --operation SetQueueAttributes
    opschecks list observations                            what checks can look at
    """


@new.command()
@click.argument("name")
@click.option("--observation", required=True, help="what it looks at; see: opschecks list observations")
@click.option("--suite", default="daily", show_default=True, help="daily, weekly, deploy-before or deploy-after")
@click.option("--area", default="", help="the AREA of test_AREA.py; default: the observation's module")
@click.option("--runbook", "slug", default="", metavar="SLUG", help="a heading of RUNBOOK.md; default: a new one")
@click.option("--severity", default="high", show_default=True, help="low, medium, high or critical")
@click.option("--property", "judged", default="", metavar="[not] NAME", help="the bool property that must hold")
@click.option("--failing", default="", metavar="TEXT", help="the sentence that is true when it fails")
@click.option("--why", default="", metavar="TEXT", help="why a failure hurts")
@DRY_RUN
def check(
    name: str,
    observation: str,
    suite: str,
    area: str,
    slug: str,
    severity: str,
    judged: str,
    failing: str,
    why: str,
    dry_run: bool,
) -> None:
    """Lay out the check NAME: its function, its runbook heading, its fault, its tests.

    \b
    opschecks new check target_groups_are_sticky --observation target_groups --property sticky
    opschecks new check images_are_scanned --observation image_scans --suite weekly --severity medium

    In a project of your own there is no place for the fault and the tests: only the check and its heading are written.
    Without a bool --property the check reports "could not look" until you write what must hold.
    """
    name = f"test_{_identifier(name).removeprefix('test_')}"
    folders = {key: str(folder) for key, folder in suites_in(Path("checks")).items() if key != "drills"}
    require_known(f"--suite {suite}: no such suite", suite, folders)
    require_known(f"--severity {severity}: no such severity", severity, [one.value for one in Severity])
    if slug:
        require_known(f"--runbook {slug}: no such heading in checks/RUNBOOK.md", slug, runbook_of(Path("checks")))
    observed, kind, listed = _observed(observation)
    prop, expected = chosen(kind, judged)
    words, module = name.removeprefix("test_").replace("_", " "), observed.function.__module__.rpartition(".")[2]
    laid = NewCheck(
        name=name,
        folder=folders[suite],
        area=_identifier(area) if area else observation if module == "conftest" else module,
        slug=slug or words.replace(" ", "-"),
        severity=severity,
        failing=_text(failing) or f"Not so: {words}",
        why=_text(why) or "TODO: say what a failure costs users.",
        observed=observed,
        kind=kind,
        listed=listed,
        judged=prop,
        expected=expected,
    )
    refuse_existing(laid)
    run = f"pytest {Path('checks', laid.folder)} -k {name}"
    with_fault = f"then write what is marked TODO and the fault, and run: {run} --fault {laid.fault}"
    others = [f"not laid out: {one}" for one in left_out(laid)]
    then = with_fault if laid.ours else "then write what is marked TODO"
    _finish(list(files_of(laid)), dry_run, [*others, f"now run: {run}", then])


@new.command("observation")
@click.argument("name")
@_SERVICE
@click.option("--operation", default="", help="the call that lists them; default: the one whose name is nearest")
@DRY_RUN
def new_observation(name: str, service: str, operation: str, dry_run: bool) -> None:
    """Lay out the observation NAME: one AWS call, read to its end, and the type of resource that it gives.

    \b
    opschecks new observation queues --service sqs
    opschecks new observation functions --service lambda --operation ListFunctions
    """
    name = _identifier(name)
    known = _registry()
    if name in known:
        code = known[name].function.__code__
        raise click.ClickException(f"{name} exists already: {shown_path(Path(code.co_filename))}:{code.co_firstlineno}")
    if name in GIVEN:
        raise click.ClickException(f"{name}: checks and observations are given something of that name already")
    files = list(observation_files(name, service, operation))
    _finish(files, dry_run, [f"now run: opschecks new check NAME --observation {name}"])


@new.command()
@click.argument("name")
@_SERVICE
@click.option("--operation", required=True, help="the call that changes the setting, such as SetQueueAttributes")
@DRY_RUN
def remedy(name: str, service: str, operation: str, dry_run: bool) -> None:
    """Lay out the remedy NAME: how to read a setting, what it should be, and the request that changes it.

    \b
    opschecks new remedy set-queue-attributes --service sqs --operation SetQueueAttributes

    Until `read` and `want` are written it refuses to plan any change.
    """
    name = _identifier(name).replace("_", "-")
    _registry()
    if kind := all_remedies().get(name):
        where = f"{shown_path(Path(inspect.getfile(kind)))}:{inspect.getsourcelines(kind)[1]}"
        raise click.ClickException(f"{name} exists already: {where}")
    files = list(remedy_files(name, service, operation))
    use = f"then write read and want, name the class in a check's remedy=, and run: opschecks fix {name} --target ARN"
    _finish(files, dry_run, ["now run: opschecks list remedies", use])


def _registry() -> Mapping[str, Observation]:
    """Every observation of the package and of the project in this folder."""
    from ..hooks.fixtures import import_observations
    from .project import load_project

    if not (Path("checks").is_dir() or Path("stacks.toml").exists()):
        raise click.ClickException("neither checks/ nor stacks.toml is here: run it in the folder of your project")
    load_project()
    import_observations()
    return REGISTRY


def _observed(name: str) -> tuple[Observation, type[Resource], bool]:
    """The observation, the type of its resources, and whether it gives a list of them."""
    known = {key: (one, *told) for key, one in _registry().items() if (told := resource_type(one))}
    if name in _registry() and name not in known:
        raise click.ClickException(f"--observation {name}: it gives no resources that a check could examine")
    require_known(f"--observation {name}: no such observation", name, known)
    return known[name]


def _finish(files: Iterable[Any], dry_run: bool, next_steps: Iterable[str]) -> None:
    lay_out(files, dry_run=dry_run)
    if not dry_run:
        click.echo("\n".join(next_steps))


def _text(given: str) -> str:
    """As the text of a Python string and of Markdown: one line, without double quotes and backslashes."""
    return " ".join(given.replace('"', "'").replace("\\", "/").split())


def _identifier(name: str) -> str:
    found = name.replace("-", "_")
    if not re.fullmatch(r"[a-z][a-z0-9_]*", found):
        raise click.ClickException(f"{name}: expected small letters, digits and _, for example queues_are_empty")
    return found
