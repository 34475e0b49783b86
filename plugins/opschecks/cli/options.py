"""Options that several commands take, and errors as one clear line."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

STACK = click.option("--stack", "name", required=True, metavar="NAME", help="a stack of stacks.toml")
THE_STACK = click.option(
    "--stack",
    "name",
    default=lambda: from_ini("stack"),
    envvar="OPSCHECKS_STACK",
    show_envvar=True,
    metavar="NAME",
    help="a stack of stacks.toml; default: its default",
)
"""Of commands that only look. What is changed is changed on a stack that is named."""
STACKS = click.option(
    "--stacks",
    type=click.Path(path_type=Path),
    default=lambda: from_ini("stacks") or "stacks.toml",
    envvar="OPSCHECKS_STACKS",
    show_envvar=True,
    help="another stacks.toml",
)
REPORTS = click.option(
    "--reports",
    type=click.Path(path_type=Path),
    default=lambda: from_ini("reports") or "reports",
    envvar="OPSCHECKS_REPORTS",
    show_envvar=True,
    help="another reports folder",
)
FORMAT = click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="text or json")
DRY_RUN = click.option("--dry-run", is_flag=True, help="show what would be written, and write nothing")
OF_HISTORY = click.option(
    "--stack",
    "name",
    default=None,
    metavar="NAME",
    help="the stack whose history has RUN; default: the default stack, if RUN is no file",
)


def default_stack() -> str | None:
    """What the environment or the ini file names, where no option does."""
    return os.environ.get("OPSCHECKS_STACK") or from_ini("stack")


def from_ini(option: str) -> str | None:
    """What pytest's ini file in this folder says of `opschecks_…`; of several stacks, the first."""
    for name, section in _INI_FILES.items():
        if (path := Path(name)).is_file():
            told = _section(path, section).get(f"opschecks_{option}")
            values = told if isinstance(told, list) else str(told or "").replace(",", " ").split()
            if values:
                return str(values[0])
    return None


_INI_FILES = {
    "pytest.toml": "pytest",
    ".pytest.toml": "pytest",
    "pytest.ini": "pytest",
    ".pytest.ini": "pytest",
    "pyproject.toml": "tool.pytest",
    "tox.ini": "pytest",
    "setup.cfg": "tool:pytest",
}
"""With the section that is pytest's: https://docs.pytest.org/en/stable/reference/customize.html."""


def _section(path: Path, section: str) -> Mapping[str, Any]:
    import configparser
    import tomllib

    try:
        if path.suffix != ".toml":
            ini = configparser.ConfigParser(interpolation=None)
            ini.read(path, encoding="utf-8")
            return dict(ini[section]) if section in ini else {}
        told: Any = tomllib.loads(path.read_text(encoding="utf-8"))
        for part in section.split("."):
            told = told.get(part, {})
        return {**told.get("ini_options", {}), **told}
    except (ValueError, OSError, AttributeError, configparser.Error):  # a run of pytest says what is wrong with it
        return {}


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
