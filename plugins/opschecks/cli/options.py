"""Options that several commands take, and errors as one clear line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

STACK = click.option("--stack", "name", required=True, metavar="NAME", help="a stack of stacks.toml")
STACKS = click.option(
    "--stacks", type=click.Path(path_type=Path), default=Path("stacks.toml"), help="another stacks.toml"
)
REPORTS = click.option(
    "--reports", type=click.Path(path_type=Path), default=Path("reports"), help="another reports folder"
)
FORMAT = click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="text or json")
DRY_RUN = click.option("--dry-run", is_flag=True, help="show what would be written, and write nothing")


class OneLineErrors(click.Group):
    """Commands that print an error of a file, or one that opschecks itself declares, as one line; others are bugs."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise
        except Exception as error:
            if isinstance(error, OSError) or type(error).__module__.startswith("opschecks."):
                raise click.ClickException(str(error)) from None
            raise


def write(path: Path, text: str | bytes) -> None:
    """Write the file whole; one clear line where it cannot be written."""
    from ..history.storage import write_whole

    try:
        write_whole(path, text)
    except OSError as error:
        raise click.ClickException(f"{path}: cannot be written: {error.strerror}") from None
