"""opschecks recording: shows, compares and scrubs recordings of runs, and makes tests of them; opschecks backtest."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import click

from ..core.check_names import find_checks
from ..core.suites import suites_in
from ..core.wording import plural
from ..recording.cases import replayed_alone, write_case
from ..recording.comparing import differences
from ..recording.file import Recording, RecordingError, read_recording, write_recording
from ..recording.scrubbing import scrubbed
from ..report.text import printable
from .options import FORMAT, require_known

_FILE = click.argument("file", type=click.Path(path_type=Path))
SHOWN = 160


@click.group()
def recording() -> None:
    """Show, compare and scrub recordings of runs, and make tests of them.

    \b
    pytest checks/daily --stack production --record monday.rec    keep every answer of a run, scrubbed
    pytest checks/daily --replay monday.rec                       run the checks on it, offline, at its moment
    opschecks recording show monday.rec              what it is of, its calls and errors
    opschecks recording diff monday.rec tuesday.rec  which answers differ
    opschecks recording scrub raw.rec                a copy without names, addresses, logs and secrets
    opschecks recording test monday.rec              a pytest case that pins how its checks end
    opschecks backtest CHECK --recordings DIR        on which days a check would have failed
    """


@recording.command()
@_FILE
@FORMAT
def show(file: Path, form: str) -> None:
    """Show what FILE is a recording of: suite, moment, stacks, versions, calls and their errors."""
    told = read_recording(file)
    facts = _facts(told)
    if form == "json":
        click.echo(json.dumps(facts, indent=1, ensure_ascii=False))
        return
    kind = "scrubbed" if told.scrubbed else "RAW: it has names, addresses, logs and secrets"
    part = " (a part)" if told.about["partial"] else ""
    lines = [
        f"{file}: {told.suite} checks{part}, recorded {told.started:%Y-%m-%d %H:%M:%S} UTC; {kind}",
        f"stacks    {', '.join(facts['stacks'])}",
        f"versions  {', '.join(f'{name} {version}' for name, version in facts['versions'].items())}",
        f"outcomes  {', '.join(f'{count} {outcome}' for outcome, count in facts['outcomes'].items()) or 'none'}",
        f"answers   {len(told.exchanges)}, {plural(sum(one.error is not None for one in told.exchanges), 'error')}",
        *(f"{one['count']:6}  {one['call']}" for one in facts["calls"]),
        *(["errors"] if facts["errors"] else []),
        *(f"        {error}" for error in facts["errors"]),
    ]
    for line in lines:
        click.echo(printable(line)[:SHOWN])


def _facts(told: Recording) -> dict[str, Any]:
    calls = Counter(one.call for one in told.exchanges)
    errors = [f"{one.error['call'] or one.call}: {one.error['reason']}" for one in told.exchanges if one.error]
    return {
        "suite": told.suite,
        "started": told.started.isoformat(),
        "scrubbed": told.scrubbed,
        "partial": told.about["partial"],
        "stacks": [f"{one['name']} ({one.get('region', '')})" for one in told.about["stacks"]],
        "versions": dict(told.about["versions"]),
        "outcomes": dict(Counter(str(one["outcome"]) for one in told.outcomes)),
        "calls": [{"call": call, "count": count} for call, count in sorted(calls.items())],
        "errors": list(dict.fromkeys(errors)),
    }


@recording.command()
@click.argument("before", type=click.Path(path_type=Path))
@click.argument("after", type=click.Path(path_type=Path))
def diff(before: Path, after: Path) -> None:
    """Compare two recordings by call: what only one has, and where answers differ; moments are not compared.

    Each scrubbed recording has stand-ins of its own: of two runs, names compare only in raw recordings.
    """
    for line in list(differences(read_recording(before), read_recording(after))) or ["no difference but moments"]:
        click.echo(printable(line)[:SHOWN])


@recording.command()
@_FILE
@click.argument("to", type=click.Path(path_type=Path), required=False)
def scrub(file: Path, to: Path | None) -> None:
    """Write a scrubbed copy of the raw recording FILE to TO (default: NAME.scrubbed.rec)."""
    target = to or file.with_name(f"{file.stem}.scrubbed{file.suffix}")
    if target.exists():
        raise click.ClickException(f"{target}: the file exists; name another one, or delete it")
    told = read_recording(file)
    if told.scrubbed:
        raise click.ClickException(f"{file}: it is scrubbed already")
    write_recording(target, scrubbed(told))
    click.echo(f"{target}: {plural(len(told.exchanges), 'answer')}, scrubbed; {file} still has everything")


@recording.command("test")
@_FILE
@click.option(
    "--into",
    type=click.Path(path_type=Path),
    default=Path("tests/recordings"),
    show_default=True,
    help="the folder of the test",
)
def test_(file: Path, into: Path) -> None:
    """Make a pytest case of FILE: a copy of it, and a test that replays it and pins how each check ends.

    The pinned outcomes are those of the recorded run. Commit both; a raw recording is refused.
    """
    told = read_recording(file)
    if not told.scrubbed:
        raise click.ClickException(f"{file}: it is raw and may have secrets; opschecks recording scrub {file}")
    if not told.outcomes:
        raise click.ClickException(f"{file}: no check ended in it")
    case = write_case(told, into, Path.cwd())
    click.echo(f"{case}: pins {plural(len(told.outcomes), 'outcome')}; run it with pytest {case}")


@click.command()
@click.argument("check")
@click.option(
    "--recordings",
    "folder",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    required=True,
    metavar="DIR",
    help="the folder of recordings; those of other suites than the check's are left out",
)
def backtest(check: str, folder: Path) -> None:
    """Replay every recording of DIR with CHECK alone: on which days would it have failed?

    \b
    opschecks backtest test_targets_are_healthy --recordings recordings/

    Exit code: 0 where every day can be judged, 10 where one could not (a call that its recording lacks, for example).
    """
    known = dict(find_checks(Path("checks")))
    require_known(f"{check}: checks/ has no such check", check, known)
    suites = [name for name, of in suites_in(Path("checks")).items() if Path("checks") / of in known[check].parents]
    tried: Counter[str] = Counter()
    found: list[Recording] = []
    for path in sorted(one for one in folder.iterdir() if one.is_file()):
        try:
            found.append(read_recording(path))
        except RecordingError as error:
            click.echo(f"left out: {error}", err=True)
    for told in sorted((one for one in found if one.suite in suites), key=lambda one: one.started):
        outcome, message = replayed_alone(told, known[check], check)
        tried[outcome] += 1
        click.echo(printable(f"{told.started:%Y-%m-%d %H:%M} UTC  {outcome:8}  {message}")[:SHOWN])
    counted = ", ".join(f"{count} {outcome}" for outcome, count in sorted(tried.items()))
    click.echo(f"{check}: {plural(tried.total(), 'recording')}: {counted or f'none of {suites[0]} checks'}")
    if set(tried) - {"passed", "failed", "waived"} or not tried:
        raise SystemExit(10)
