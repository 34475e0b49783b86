"""Options that several commands take, and errors as one clear line."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from ..core.wording import nearest
from ..history.storage import write_whole

F = TypeVar("F", bound=Callable[..., Any])
VARIABLE = "OPSCHECKS_STACK"
STACK = click.option("--stack", "name", required=True, metavar="NAME", help="a stack of stacks.toml")
THE_STACK = click.option(
    "--stack",
    "name",
    default=lambda: from_ini("stack"),
    callback=lambda ctx, parameter, given: given if _is_typed(ctx) else _first(given) or from_ini("stack"),
    envvar=VARIABLE,
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


def places(command: F) -> F:
    """The options of where stacks.toml and the reports are."""
    return STACKS(REPORTS(command))


FORMAT = click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="text or json")
DRY_RUN = click.option("--dry-run", is_flag=True, help="show what would be written, and write nothing")
SUITE = click.option("--suite", default="daily", show_default=True, help="daily, weekly, …, or one of your own")
OF_HISTORY = click.option(
    "--stack",
    "name",
    default=None,
    metavar="NAME",
    help="the stack whose history has RUN; default: the default stack, if RUN is no file",
)


def default_stack() -> str | None:
    """What the environment or the ini file names, where no option does."""
    return _first(os.environ.get(VARIABLE)) or from_ini("stack")


def named_by() -> str:
    """What named the stack of the command that runs: its option, the variable or the key of the ini file."""
    context = click.get_current_context(silent=True)
    if not context or _is_typed(context):
        return "--stack"
    return VARIABLE if _first(os.environ.get(VARIABLE)) else "opschecks_stack"


def _is_typed(context: click.Context) -> bool:
    return context.get_parameter_source("name") is ParameterSource.COMMANDLINE


def _first(given: str | None) -> str | None:
    """The first of several stacks, which a command that takes one takes."""
    return next((part for part in re.split(r"[\s,]+", given or "") if part), None)


def from_ini(option: str) -> str | None:
    """What pytest's ini file in this folder says of `opschecks_…`; of several stacks, the first."""
    for name, section in _INI_FILES.items():
        if (path := Path(name)).is_file() and (says := _section(path, section)) is not None:
            told = says.get(f"opschecks_{option}")
            value = str(told[0] if isinstance(told, list) and told else told or "").strip()
            return (_first(value) if option == "stack" else value) or None
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


def _section(path: Path, section: str) -> Mapping[str, Any] | None:
    """What is in the section; None where the file is not pytest's, which looks at the next one then."""
    import configparser
    import tomllib

    nothing: Mapping[str, Any] | None = {} if path.stem.endswith("pytest") else None
    try:
        if path.suffix != ".toml":
            ini = configparser.ConfigParser(interpolation=None)
            ini.read(path, encoding="utf-8")
            return dict(ini[section]) if section in ini else nothing
        told: Any = tomllib.loads(path.read_text(encoding="utf-8"))
        for part in section.split("."):
            told = told.get(part, {})
        if not told:
            return nothing
        return {**told.get("ini_options", {}), **told}
    except (ValueError, OSError, AttributeError, configparser.Error):  # a run of pytest says what is wrong with it
        return nothing


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
    try:
        write_whole(path, text)
    except OSError as error:
        raise click.ClickException(f"{path}: cannot be written: {error.strerror}") from None


def require_known(said: str, given: str, known: Collection[str]) -> None:
    """ClickException unless it is one of those that are known: `said` is the complaint, the nearest name follows."""
    if given not in known:
        raise click.ClickException(f"{said}; {nearest(given, known)}")


def pairs(option: str, given: Iterable[str], expected: str = "KEY=VALUE", *, empty: bool = True) -> dict[str, str]:
    """What a repeatable option says; ClickException where that is not as expected. `empty`: a value may be."""
    found = {}
    for one in given:
        key, equals, value = one.partition("=")
        if not (key and equals) or not (value or empty):
            raise click.ClickException(f"{option} {one}: expected {expected}")
        found[key] = value
    return found
