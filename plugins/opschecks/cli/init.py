"""opschecks init: a first stacks.toml."""

from __future__ import annotations

from pathlib import Path

import click

from .options import STACKS


@click.command()
@click.option("--sandbox", is_flag=True, help="of an embedded sandbox, to practise on; needs opschecks[sandbox]")
@click.option("--write", "wanted", is_flag=True, help="write the file; never over one that is there")
@STACKS
def init(sandbox: bool, wanted: bool, stacks: Path) -> None:
    """Show a first stacks.toml; with --write, write it.

    \b
    opschecks init --sandbox --write       then: pytest --pyargs opschecks.checks.daily
    """
    if not sandbox:
        raise click.ClickException("name what to begin with: --sandbox")
    text = _of_the_sandbox()
    if not wanted:
        click.echo(text, nl=False)
        return
    write_new(stacks, text)
    click.echo(f"{stacks}: written; next: pytest --pyargs opschecks.checks.daily")


def _of_the_sandbox() -> str:
    """The stacks.toml of our repository; a wheel carries it beside the sandbox's code."""
    package = Path(__file__).parent.parent
    installed = package / "sandbox" / "stacks.toml"
    path = installed if installed.exists() else package.parent.parent / "stacks.toml"
    return path.read_text(encoding="utf-8")


def write_new(path: Path, text: str) -> None:
    """Write the file, which must not be there yet."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError:
        raise click.ClickException(f"{path}: it is there already, and is left as it is; remove --write") from None
    except OSError as error:
        raise click.ClickException(f"{path}: cannot be written: {error.strerror}") from None
