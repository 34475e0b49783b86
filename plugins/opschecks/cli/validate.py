"""python -m opschecks.cli.validate FILE…: are stacks.toml and waivers.toml as a run needs them? For pre-commit and CI.

A file is one of waivers where its name says so, else one of stacks. Nothing is asked of AWS and nothing is run.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from ..config.load import StackError, load_stacks
from ..config.waivers import WaiverError, load_waivers
from ..core import clock
from .check_files import sources_of


@click.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
def validate(files: Sequence[Path]) -> None:
    """Say what is wrong in these files, a line each; exit code 0: nothing is, 1: something is.

    Without FILES: stacks.toml here, and waivers.toml or checks/waivers.toml where they are.
    """
    wrong = list(problems(files or _usual()))
    for line in wrong:
        click.echo(line, err=True)
    sys.exit(bool(wrong))


def problems(files: Sequence[Path]) -> Iterator[str]:
    """What is wrong with each file, in the words in which a run would refuse it."""
    for path in files:
        try:
            _read(path)
        except (StackError, WaiverError, click.ClickException) as error:
            yield str(error)


def _read(path: Path) -> None:
    if "waivers" not in path.name:
        load_stacks(path)
        return
    beside = path.with_name("stacks.toml")
    stacks = beside if beside.exists() else Path("stacks.toml")
    load_waivers(
        path,
        now=clock.now(),
        checks=lambda: [one.name for one in sources_of(project=stacks.parent)],
        zones={name: stack.zone for name, stack in load_stacks(stacks).stacks.items()},
    )


def _usual() -> list[Path]:
    waivers = (Path("waivers.toml"), Path("checks") / "waivers.toml")
    return [Path("stacks.toml"), *(path for path in waivers if path.exists())]


if __name__ == "__main__":
    validate()
