"""opschecks report: make pages, summaries, messages and events of a run again; send and publish them."""

from __future__ import annotations

import json
import os
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from ..aws.usual_chain import usual_s3
from ..core.run import Run
from ..core.wording import plural
from ..history.storage import storage_at
from ..report.exports.asff import BATCH, batches, placeless, to_asff
from ..report.exports.asff import to_text as asff_text
from ..report.exports.event import to_event
from ..report.exports.event import to_text as event_text
from ..report.exports.slack import post, to_slack
from ..report.files import SUFFIXES
from ..report.pdf import to_pdf
from ..report.runfile import to_json
from ..report.schema import schema
from .check_files import runbook_here
from .options import OF_HISTORY, places, write
from .reach_stack import reached, stack_named
from .report_fleet import fleet
from .run_lookup import FoundRun, found_run, run_of_file

WEBHOOK = "OPSCHECKS_SLACK_WEBHOOK"
_ASFF = re.compile(r"asff-\d{12}-[a-z0-9-]+-\d{3,}\.json")
"""How the files are called that `report asff --out` makes."""
_RUN = click.argument("run", default="reports/daily.json")
_PAGE_URL = click.option("--page-url", default="", metavar="URL", help="address of the page, for links to its cards")
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


report.add_command(fleet)


@report.command()
@_RUN
@OF_HISTORY
@_FORM
@_OUT
@places
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
@places
def weekly(run: str, week: str, name: str | None, form: str, out: Path | None, stacks: Path, reports: Path) -> None:
    """Make the report of a weekly run again: RUN is a run file; --week takes the newest weekly run of that week.

    If the week has no weekly run, the page is built from its daily runs.
    """
    _put(found_run(run, "weekly", name, stacks, reports, week=week), form, out, reports)


def _put(found: FoundRun, form: str, out: Path | None, reports: Path) -> None:
    from ..report.publish import file_name

    if form in ("html", "pdf"):
        out = out or reports / f"{file_name(found.run.suite)}-{found.run.started:%Y-%m-%dT%H-%M-%SZ}.{form}"
        page = _page(found, _beside(found, out) if form == "html" else {})
        write(out, to_pdf(page) if form == "pdf" else page)
    else:
        text = _made(found, form)
        if out is None:
            click.echo(text, nl=not text.endswith("\n"))
            return
        write(out, text)
    click.echo(f"report: {out}")


def _beside(found: FoundRun, page: Path) -> dict[str, str]:
    """The run's other files that lie beside its page, by their kind."""
    if not found.path or found.path.parent.resolve() != page.parent.resolve():
        return {}
    names = {kind: found.path.name.removesuffix(".json") + suffix for kind, suffix in SUFFIXES.items()}
    return {kind: name for kind, name in names.items() if (page.parent / name).exists()}


@report.command()
@_RUN
@click.option("--page-url", default="", metavar="URL", help="address of the page, for a link in the message")
def slack(run: str, page_url: str) -> None:
    """Post the run to Slack. The webhook's address is read from OPSCHECKS_SLACK_WEBHOOK, since it is a secret."""
    webhook = os.environ.get(WEBHOOK, "")
    if not webhook:
        raise click.ClickException(f"{WEBHOOK}: not set; set it to the webhook's address")
    post(webhook, to_slack(run_of_file(Path(run)), page_url=page_url))
    click.echo("posted to Slack")


@report.command()
@_RUN
@OF_HISTORY
@click.option("--to", "where", required=True, metavar="DIR|s3://…", help="a folder, or a prefix in S3")
@places
def publish(run: str, name: str | None, where: str, stacks: Path, reports: Path) -> None:
    """Write page, run file, summary and badge to a shared place, with the newest page and an index of all.

    With --stack, S3 is written with that stack's credentials, else with those of the usual AWS chain.
    """
    from ..report.publish import name_of
    from ..report.publish import publish as put

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


@report.command()
@_RUN
@OF_HISTORY
@_PAGE_URL
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), default=None,
    help="a folder: a file for each call of Security Hub, in place of earlier ones; default: the terminal",
)  # fmt: skip
@places
def asff(run: str, name: str | None, page_url: str, out: Path | None, stacks: Path, reports: Path) -> None:
    """Make findings of RUN for AWS Security Hub, in its finding format (ASFF).

    What failed or could not be looked at is active; what passes, is gone or is waived is archived. Nothing is sent:
    with --out, the commands that do are printed.
    """
    told = found_run(run, "daily", name, stacks, reports).run
    findings = to_asff(told, page_url=page_url)
    for line in placeless(told):
        click.echo(f"left out: {line}", err=True)
    if out is None:
        click.echo(asff_text(findings), nl=False)
        if len(list(batches(findings))) > 1:
            many = f"{plural(len(findings), 'finding')}: Security Hub takes {BATCH} of one account and region at a time"
            click.echo(f"{many}; --out FOLDER makes a file for each call", err=True)
        return
    _forget(out)
    if not findings:
        click.echo("no findings: no check looked")
    for number, (account, region, own) in enumerate(batches(findings), start=1):
        path = out / f"asff-{account}-{region}-{number:03}.json"
        write(path, asff_text(own))
        place = shlex.quote(f"file://{path}")
        click.echo(f"aws securityhub batch-import-findings --region {shlex.quote(region)} --findings {place}")


def _forget(folder: Path) -> None:
    """Delete the files of an earlier run there: who sends the folder would send what is no longer so."""
    for path in folder.glob("asff-*.json"):
        if _ASFF.fullmatch(path.name):
            try:
                path.unlink()
            except OSError as error:
                raise click.ClickException(f"{path}: of an earlier run, cannot be deleted: {error.strerror}") from None


@report.command()
@_RUN
@OF_HISTORY
@_PAGE_URL
@click.option("--bus", default="", metavar="NAME", help="the event bus; default: the account's default bus")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), default=None, help="default: the terminal")
@places
def event(run: str, name: str | None, page_url: str, bus: str, out: Path | None, stacks: Path, reports: Path) -> None:
    """Make the event of RUN for Amazon EventBridge, of less than 256 KB: verdict, counts, and what is bad.

    Nothing is sent: aws events put-events --entries file://FILE does.
    """
    told = found_run(run, "daily", name, stacks, reports).run
    text = event_text(to_event(told, bus=bus, page_url=page_url))
    if out is None:
        click.echo(text, nl=False)
        return
    write(out, text)
    click.echo(f"aws events put-events --entries {shlex.quote(f'file://{out}')}")


@report.command(name="schema")
def print_schema() -> None:
    """Print the JSON Schema (draft 2020-12) of run files: what every field means, and which values it can have."""
    click.echo(json.dumps(schema(), indent=2, ensure_ascii=False))


def _s3(name: str | None, stacks: Path) -> Any:
    if name:
        return reached(stack_named(name, stacks))[1].s3()
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
    from ..report.page import render

    return render(found.run, runbook=runbook_here(), links=links, earlier=found.earlier)
