"""opschecks report: make pages, summaries and messages of a run again; send and publish them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .options import OF_HISTORY, REPORTS, STACKS, write
from .reach_stack import reached, stack_named
from .report_events import asff, event
from .report_fleet import fleet
from .run_lookup import FoundRun, found_run, run_of_file

if TYPE_CHECKING:
    from ..core.run import Run

WEBHOOK = "OPSCHECKS_SLACK_WEBHOOK"
_RUN = click.argument("run", default="reports/daily.json")
FORMS = ("html", "pdf", "markdown", "email", "slack", "annotations", "ctrf", "csv", "metrics", "badge")
_FORM = click.option(
    "--format", "form", type=click.Choice(FORMS), default="html", show_default=True, help="output format"
)
_OUT = click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), default=None,
    help="default: the terminal; html and pdf: a file named after the run",
)  # fmt: skip


@click.group()
def report() -> None:
    """Make reports of a run again, send them, publish them.

    \b
    opschecks report daily                                     the page of the newest daily run
    opschecks report daily 2026-11-24 --stack production       the page of any day in the history
    opschecks report daily reports/daily.json --format ctrf    or markdown, email, csv, metrics, badge, pdf, …
    opschecks report weekly --week 2026-W47 --stack production  the page of any past week
    opschecks report weekly --format pdf                       the week on paper; needs opschecks[pdf]
    opschecks report slack reports/daily.json                  post it to the webhook in OPSCHECKS_SLACK_WEBHOOK
    opschecks report publish reports/daily.json --to s3://BUCKET/PREFIX    or to a folder
    opschecks report asff, opschecks report event              findings for Security Hub, an event for EventBridge
    opschecks report fleet s3://BUCKET/PREFIX                  one page of many stacks; also as message or metrics
    opschecks report schema                                    the JSON Schema of run files
    """


for command in (asff, event, fleet):
    report.add_command(command)


@report.command()
@_RUN
@OF_HISTORY
@_FORM
@_OUT
@STACKS
@REPORTS
def daily(run: str, name: str | None, form: str, out: Path | None, stacks: Path, reports: Path) -> None:
    """Make the report of RUN: a run file, or a day of the history.

    Days are those of the stack's time zone; the newest run of the day is taken. A full time is UTC, as in file names.
    """
    _put(found_run(run, "daily", name, stacks, reports), form, out, reports)


@report.command()
@click.argument("run", default="reports/weekly.json")
@click.option("--week", default="", metavar="YYYY-Www", help="a week of the history, such as 2026-W47")
@OF_HISTORY
@_FORM
@_OUT
@STACKS
@REPORTS
def weekly(run: str, week: str, name: str | None, form: str, out: Path | None, stacks: Path, reports: Path) -> None:
    """Make the report of a weekly run again: RUN is a run file; --week takes the newest weekly run of that week.

    If the week has no weekly run, the page is built from its daily runs.
    """
    _put(found_run(run, "weekly", name, stacks, reports, week=week), form, out, reports)


def _put(found: FoundRun, form: str, out: Path | None, reports: Path) -> None:
    """Write the report in that form, or print it."""
    if form == "html":
        _page_to(found, out or _named(found, reports, "html"))
        return
    if form == "pdf":
        from ..report.pdf import NoPdfError, to_pdf

        path = out or _named(found, reports, "pdf")
        try:
            write(path, to_pdf(_page(found, {})))
        except NoPdfError as error:
            raise click.ClickException(str(error)) from None
        click.echo(f"report: {path}")
        return
    text = _made(found, form)
    if out is None:
        click.echo(text, nl=not text.endswith("\n"))
        return
    write(out, text)
    click.echo(f"report: {out}")


def _named(found: FoundRun, reports: Path, suffix: str) -> Path:
    from ..report.publish import file_name

    return reports / f"{file_name(found.run.suite)}-{found.run.started:%Y-%m-%dT%H-%M-%SZ}.{suffix}"


def _page_to(found: FoundRun, path: Path) -> None:
    from ..report.files import SUFFIXES

    links = {}
    if found.path and found.path.parent.resolve() == path.parent.resolve():
        stem = found.path.name.removesuffix(".json")
        links = {kind: stem + suffix for kind, suffix in SUFFIXES.items() if (path.parent / (stem + suffix)).exists()}
    write(path, _page(found, links))
    click.echo(f"report: {path}")


@report.command()
@_RUN
@click.option("--page-url", default="", metavar="URL", help="address of the page, for a link in the message")
def slack(run: str, page_url: str) -> None:
    """Post the run to Slack. The webhook's address is read from OPSCHECKS_SLACK_WEBHOOK, since it is a secret."""
    from ..report.exports.slack import post, to_slack

    webhook = os.environ.get(WEBHOOK, "")
    if not webhook:
        raise click.ClickException(f"{WEBHOOK}: not set; set it to the webhook's address")
    post(webhook, to_slack(run_of_file(Path(run)), page_url=page_url))
    click.echo("posted to Slack")


@report.command()
@_RUN
@OF_HISTORY
@click.option("--to", "where", required=True, metavar="DIR|s3://…", help="a folder, or a prefix in S3")
@STACKS
@REPORTS
def publish(run: str, name: str | None, where: str, stacks: Path, reports: Path) -> None:
    """Write page, run file, summary and badge to a shared place, with the newest page and an index of all.

    With --stack, S3 is written with that stack's credentials, else with those of the usual AWS chain.
    """
    from ..history.storage import storage_at
    from ..report.files import SUFFIXES
    from ..report.publish import name_of
    from ..report.publish import publish as put
    from ..report.runfile import to_json

    found = found_run(run, "daily", name, stacks, reports)
    stem = name_of(found.run)
    forms = {".md": "markdown", ".ctrf.json": "ctrf", ".csv": "csv", ".svg": "badge"}
    beside = {".json": to_json(found.run), **{suffix: _made(found, form) for suffix, form in forms.items()}}
    for suffix in (SUFFIXES["pytest"], SUFFIXES["junit"]):
        path = found.path.with_name(found.path.name.removesuffix(".json") + suffix) if found.path else None
        if path and path.exists():
            beside[suffix] = path.read_text(encoding="utf-8", errors="replace")
    links = {kind: stem + suffix for kind, suffix in SUFFIXES.items() if suffix in beside}
    for key in put(found.run, _page(found, links), beside, storage_at(where, lambda: _s3(name, stacks))):
        click.echo(f"{where.rstrip('/')}/{key}")


@report.command(name="schema")
def print_schema() -> None:
    """Print the JSON Schema (draft 2020-12) of run files: what every field means, and which values it can have."""
    from ..report.schema import schema

    click.echo(json.dumps(schema(), indent=2, ensure_ascii=False))


def _s3(name: str | None, stacks: Path) -> Any:
    if name:
        return reached(stack_named(name, stacks))[1].s3()
    from ..aws.usual_chain import usual_s3

    try:
        return usual_s3()
    except OSError as error:
        raise click.ClickException(f"{error}, or name a stack with --stack") from None


def _made(found: FoundRun, form: str) -> str:
    from ..report.exports.annotations import to_annotations
    from ..report.exports.badge import to_badge
    from ..report.exports.csv_findings import to_csv
    from ..report.exports.ctrf import to_ctrf
    from ..report.exports.email_body import to_email
    from ..report.exports.markdown import to_markdown
    from ..report.exports.metrics import to_metrics
    from ..report.exports.slack import to_slack

    made: dict[str, Callable[[Run], str]] = {
        "markdown": to_markdown,
        "ctrf": to_ctrf,
        "slack": lambda run: json.dumps(to_slack(run), indent=1, ensure_ascii=False),
        "email": to_email,
        "annotations": lambda run: "\n".join(to_annotations(run)),
        "csv": to_csv,
        "metrics": to_metrics,
        "badge": to_badge,
    }
    if form == "metrics" and found.run.partial:
        why = f"they would pass for those of all checks ({found.run.partial})"
        raise click.ClickException(f"a partial run has no metrics: {why}")
    return made[form](found.run)


def _page(found: FoundRun, links: dict[str, str]) -> str:
    from ..core.shipped import checks_of
    from ..report.page import render
    from ..report.runbook import RunbookError, runbook_of

    try:
        runbook = runbook_of(checks_of(Path()))
    except RunbookError as error:
        raise click.ClickException(f"{error}: run it in the folder that has checks/") from None
    return render(found.run, runbook=runbook, links=links, earlier=found.earlier)
