"""opschecks report fleet: one page of many stacks, made from the run files of each."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from ..aws.usual_chain import usual_s3
from ..config.load import every_stack, load_stacks
from ..core import clock
from ..core.durations import span_of
from ..core.model import Severity
from ..core.run import Run
from ..history.storage import FolderStorage, Storage, storage_at
from ..report.fleet.facts import Fleet
from ..report.fleet.reading import Wanted, read_fleet
from .check_files import runbook_here
from .history import require_suite
from .options import REPORTS, SUITE, write

FORMS = ("html", "json", "markdown", "slack", "email", "prom")
PAGES = "stacks"
"""The folder beside the page that has those of the stacks."""


@click.command()
@click.argument("place", required=False, metavar="[FOLDER|s3://BUCKET/PREFIX]")
@SUITE
@click.option("--fleet", "name", default="", metavar="ID", help="a fleet of the place; default: its newest one")
@click.option(
    "--expect",
    multiple=True,
    metavar="NAMES|FILE",
    help="the stacks that must be there: names with commas between, or a stacks.toml with all of its real stacks; "
    "repeatable. Default: those that the fleet was dealt",
)
@click.option(
    "--newer-than",
    default="",
    metavar="TIME",
    help="ignore runs, or a newest fleet, older than this, such as 26h or 2d",
)
@click.option(
    "--fail-on",
    type=click.Choice([severity.value for severity in Severity]),
    default=Severity.LOW.value,
    help="let failures below this severity pass",
)
@click.option("--format", "form", type=click.Choice(FORMS), default="html", show_default=True, help="output format")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="default: the terminal; html: fleet.html",
)
@click.option("--pages/--no-pages", default=True, show_default=True, help="html: write each stack's own page, too")
@click.option(
    "--link", default="", metavar="URL", help="html: link pages published elsewhere; {stack} and {suite} are filled in"
)
@click.option(
    "--to", "where", default="", metavar="DIR|s3://…", help="html: write the pages there, and fleet.json beside them"
)
@REPORTS
def fleet(
    place: str | None,
    suite: str,
    name: str,
    expect: tuple[str, ...],
    newer_than: str,
    fail_on: str,
    form: str,
    out: Path | None,
    pages: bool,
    link: str,
    where: str,
    reports: Path,
) -> None:
    """Show many stacks on one page: how each stands, what they share, what is missing.

    The place is where the stacks' states lie; default: reports/history. S3 is read with the usual AWS credentials.
    Exit code: 0 every expected stack has a run and is good, 1 something failed, 10 some stack or check was not seen.
    """
    require_suite(suite)
    if link and "{stack}" not in link:
        raise click.ClickException(f"--link {link}: expected an address with {{stack}} in it")
    target = out or reports / "fleet.html"
    if where and (out or form != "html"):
        raise click.ClickException("--to: takes the pages (--format html), without --out")
    to = storage_at(where, usual_s3) if where else FolderStorage(target.parent)
    page = _pages(to, suite) if form == "html" and pages and not link else None
    wanted = Wanted(
        suite=suite,
        now=clock.now(),
        fleet=name,
        expected=_expected(expect) if expect else None,
        oldest=_age(newer_than),
        fail_on=Severity(fail_on),
    )
    found = read_fleet(storage_at(place or str(reports / "history"), usual_s3), wanted, page)
    if form == "html":
        from ..report.fleet.page import render_fleet
        from ..report.publish import HTML

        name = "fleet.html" if where else target.name
        to.replace(name, render_fleet(_linked(found, link)), kind=HTML)
        if where:
            to.replace("fleet.json", _made(found, "json"), kind="application/json")
        click.echo(f"{found.word}: {found.sentence}")
        click.echo(f"report: {where.rstrip('/')}/{name}" if where else f"report: {target}")
    elif out:
        write(out, _made(found, form))
        click.echo(f"report: {out}")
    else:
        click.echo(_made(found, form), nl=False)
    raise SystemExit(found.exit_code)


def _made(found: Fleet, form: str) -> str:
    from ..report.exports import fleet as exports

    made: dict[str, Callable[[Fleet], str]] = {
        "json": exports.to_json,
        "markdown": exports.to_markdown,
        "slack": lambda one: json.dumps(exports.to_slack(one), indent=1, ensure_ascii=False) + "\n",
        "email": exports.to_email,
        "prom": exports.to_prometheus,
    }
    return made[form](found)


def _expected(given: tuple[str, ...]) -> list[str]:
    """Names as they stand there; of a file those of its stacks, without a sandbox beside real ones."""
    names: list[str] = []
    for one in given:
        if one.endswith(".toml") or Path(one).is_file():
            names += [stack.name for stack in every_stack(load_stacks(Path(one)))]
        else:
            names += [name.strip() for name in one.split(",") if name.strip()]
    if not names:
        raise click.ClickException(f"--expect {','.join(given)}: it names no stack")
    for name in names:
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", name):
            raise click.ClickException(f"--expect {name}: no name of a stack, and no such file")
    return names


def _age(text: str) -> timedelta | None:
    try:
        return span_of(text) if text else None
    except ValueError as error:
        raise click.ClickException(f"--newer-than {error}") from None


def _pages(to: Storage, suite: str) -> Callable[[Run], str]:
    """Writes the page of a stack's run into a folder beside the fleet's page, and returns its relative address."""
    from ..report.page import render
    from ..report.publish import HTML, file_name

    runbook = runbook_here()

    def page(run: Run) -> str:
        address = f"{PAGES}/{file_name(run.stacks[0].name)}-{file_name(suite)}.html"
        to.replace(address, render(run, runbook=runbook, links={}), kind=HTML)
        return address

    return page


def _linked(found: Fleet, link: str) -> Fleet:
    """With the addresses of pages that are published elsewhere, of each stack that has a run."""
    if not link:
        return found

    def of(row: Any) -> str:
        return link.replace("{stack}", row.stack).replace("{suite}", found.suite) if row.began else ""

    return replace(found, rows=tuple(replace(row, page=of(row)) for row in found.rows))
