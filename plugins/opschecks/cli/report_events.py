"""opschecks report asff, event: the findings of a run for Security Hub, its event for EventBridge."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..core.wording import plural
from .options import OF_HISTORY, REPORTS, STACKS, write
from .run_lookup import found_run

if TYPE_CHECKING:
    from ..core.run import Run

_OWN = re.compile(r"asff-\d{12}-[a-z0-9-]+-\d{3,}\.json")
"""How the files are called that --out makes."""
_RUN = click.argument("run", default="reports/daily.json")
_PAGE_URL = click.option("--page-url", default="", metavar="URL", help="address of the page, for links to its cards")


@click.command()
@_RUN
@OF_HISTORY
@_PAGE_URL
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), default=None,
    help="a folder: a file for each call of Security Hub, in place of earlier ones; default: the terminal",
)  # fmt: skip
@STACKS
@REPORTS
def asff(run: str, name: str | None, page_url: str, out: Path | None, stacks: Path, reports: Path) -> None:
    """Make findings of RUN for AWS Security Hub, in its finding format (ASFF).

    What failed or could not be looked at is active; what passes, is gone or is waived is archived. Nothing is sent:
    with --out, the commands that do are printed.
    """
    from ..report.exports.asff import BATCH, NoAccountError, batches, placeless, to_asff, to_text

    told = found_run(run, "daily", name, stacks, reports).run
    try:
        findings = to_asff(told, page_url=page_url)
    except NoAccountError as error:
        raise click.ClickException(str(error)) from None
    for line in placeless(told):
        click.echo(f"left out: {line}", err=True)
    if out is None:
        click.echo(to_text(findings), nl=False)
        if len(list(batches(findings))) > 1:
            many = f"{plural(len(findings), 'finding')}: Security Hub takes {BATCH} of one account and region at a time"
            click.echo(f"{many}; --out FOLDER makes a file for each call", err=True)
        return
    _forget(out)
    if not findings:
        click.echo("no findings: no check looked")
    for number, (account, region, own) in enumerate(batches(findings), start=1):
        path = out / f"asff-{account}-{region}-{number:03}.json"
        write(path, to_text(own))
        place = shlex.quote(f"file://{path}")
        click.echo(f"aws securityhub batch-import-findings --region {shlex.quote(region)} --findings {place}")


def _forget(folder: Path) -> None:
    """Delete the files of an earlier run there: who sends the folder would send what is no longer so."""
    for path in folder.glob("asff-*.json"):
        if _OWN.fullmatch(path.name):
            try:
                path.unlink()
            except OSError as error:
                raise click.ClickException(f"{path}: of an earlier run, cannot be deleted: {error.strerror}") from None


@click.command()
@_RUN
@OF_HISTORY
@_PAGE_URL
@click.option("--bus", default="", metavar="NAME", help="the event bus; default: the account's default bus")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), default=None, help="default: the terminal")
@STACKS
@REPORTS
def event(run: str, name: str | None, page_url: str, bus: str, out: Path | None, stacks: Path, reports: Path) -> None:
    """Make the event of RUN for Amazon EventBridge, of less than 256 KB: verdict, counts, and what is bad.

    Nothing is sent: aws events put-events --entries file://FILE does.
    """
    from ..report.exports.event import to_event, to_text

    told: Run = found_run(run, "daily", name, stacks, reports).run
    text = to_text(to_event(told, bus=bus, page_url=page_url))
    if out is None:
        click.echo(text, nl=False)
        return
    write(out, text)
    click.echo(f"aws events put-events --entries {shlex.quote(f'file://{out}')}")
