"""opschecks export-logs: writes a window of a stack's logs to a file, before retention deletes them."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from ..aws.session import Aws, identify
from ..config.identifiers import own
from ..core import clock
from ..core.durations import span_of
from ..core.observation import CouldNotLook, WrongAccount
from ..core.redaction import redact_text
from ..core.wording import plural
from .options import STACKS, THE_STACK, write
from .reach_stack import reached, stack_named

PROGRESS_S = 5.0


@click.command("export-logs")
@THE_STACK
@click.option(
    "--since", default="1h", show_default=True, metavar="WHEN", help="90m, 2h or 1d (ago), or 2026-11-24T07:00:00Z"
)
@click.option("--until", default="0m", metavar="WHEN", help="the same; default: now")
@click.option("--group", "groups", multiple=True, help="a log group or its ARN; repeatable; default: the stack's")
@click.option(
    "--filter", "pattern", default="", metavar="PATTERN", help="a filter pattern of CloudWatch Logs, such as ERROR"
)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), default=Path("logs.jsonl"), show_default=True)
@STACKS
def export_logs(
    name: str | None, since: str, until: str, groups: tuple[str, ...], pattern: str, out: Path, stacks: Path
) -> None:
    """Write a window of logs to a file: one JSON object per line, ordered by time within each group.

    \b
    opschecks export-logs --stack production --since 2h --out incident-1043.jsonl
    opschecks export-logs --stack production --since 2026-11-24T03:00:00Z --until 2026-11-24T05:00:00Z --filter ERROR

    Secrets are masked. If the search fails or is cut short, no file is written.
    """
    now = clock.now()
    begin, end = _moment("--since", since, now), _moment("--until", until, now)
    if begin >= end:
        raise click.ClickException(f"--since {since}: it is not before --until {until}")
    stack, aws = reached(stack_named(name, stacks))
    try:
        named = [own("log_group", group, stack.region, stack.account_id).name for group in groups]
    except ValueError as error:
        raise click.ClickException(f"--group {error}") from None
    wanted = named or stack.log_groups
    if not wanted:
        raise click.ClickException(f"stack {stack.name} has no log_groups in stacks.toml: name one with --group")
    try:
        identify(aws)
        lines = [
            json.dumps(event, ensure_ascii=False)
            for group in wanted
            for event in _events(aws, group, pattern, begin, end)
        ]
    except (CouldNotLook, WrongAccount) as error:
        raise click.ClickException(f"{error}; nothing was written") from None
    write(out, "".join(f"{line}\n" for line in lines))
    told = plural(len(lines), "event")
    click.echo(f"{out}: {told} of {', '.join(wanted)}, {begin:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC")


def _events(aws: Aws, group: str, pattern: str, begin: datetime, end: datetime) -> Iterator[dict[str, Any]]:
    shown, count = time.monotonic(), 0
    selection = {"filterPattern": pattern} if pattern else {}
    window: dict[str, Any] = {"startTime": int(begin.timestamp() * 1000), "endTime": int(end.timestamp() * 1000)}
    for page in aws.pages("logs", "FilterLogEvents", logGroupName=group, **window, **selection):
        for event in page["events"]:
            at = datetime.fromtimestamp(event["timestamp"] / 1000, UTC)
            count += 1
            yield {
                "at": at.isoformat(timespec="milliseconds"),
                "group": group,
                "stream": event.get("logStreamName", ""),
                "message": redact_text(str(event["message"])),
            }
        if time.monotonic() - shown > PROGRESS_S:
            shown = time.monotonic()
            click.echo(f"  {group}: {plural(count, 'event')} so far", err=True)


def _moment(option: str, text: str, now: datetime) -> datetime:
    with contextlib.suppress(ValueError, OverflowError):
        return now - span_of(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise click.ClickException(
            f"{option} {text}: 90m, 2h or 1d ago, or a time with its offset: 2026-11-24T07:00:00Z"
        )
    return moment.astimezone(UTC)
