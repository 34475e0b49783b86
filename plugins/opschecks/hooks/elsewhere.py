"""Options that the environment or pytest's ini file may say too: the command line comes first, then the environment."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest

from ..core.model import Severity
from ..core.wording import nearest


@dataclass(frozen=True)
class Elsewhere:
    """An option, and how it is called elsewhere: `opschecks_stack` in the ini file, OPSCHECKS_STACK as a variable."""

    option: str
    what: str

    @property
    def ini(self) -> str:
        """Its name in pytest's ini file."""
        return f"opschecks_{self.option}"

    @property
    def variable(self) -> str:
        """Its name in the environment."""
        return self.ini.upper()


STACK = Elsewhere(
    "stack",
    "check these stacks, not the default of stacks.toml, in suites that only look; several: with commas or spaces",
)
STACKS = Elsewhere("stacks", "as --stacks; a path in the ini file is relative to it")
REPORTS = Elsewhere("reports", "as --reports; a path in the ini file is relative to it")
FAIL_ON = Elsewhere("fail_on", "as --fail-on")
TYPED = "--stack"
"""What names the stacks where the command line does."""
ALL = (STACK, STACKS, REPORTS, FAIL_ON)


def add_ini(parser: pytest.Parser) -> None:
    """Make their names in the ini file known."""
    for one in ALL:
        said = f"{one.what}. The variable {one.variable} comes first, the command line before both"
        kind: Literal["args", "string"] = "args" if one is STACK else "string"
        parser.addini(one.ini, said, type=kind)


def told(config: pytest.Config, one: Elsewhere) -> tuple[list[str], str]:
    """What the environment or the ini file says, and which of them; nothing where neither does."""
    if given := os.environ.get(one.variable, "").strip():
        return _several(given) if one is STACK else [given], one.variable
    written: Any = config.getini(one.ini)
    values = [part for value in written for part in _several(value)] if isinstance(written, list) else [written]
    return [value for value in values if value], one.ini


def _several(text: str) -> list[str]:
    return [part for part in re.split(r"[\s,]+", text) if part]


def fill_in_places(config: pytest.Config, root: Path) -> None:
    """Set the files and folders of a checks run that the command line leaves out."""
    option: Any = config.option
    for one in (STACKS, REPORTS):
        values, by = told(config, one)
        if values and not getattr(option, one.option):
            from_ini = by == one.ini and config.inipath
            setattr(option, one.option, (config.inipath.parent if from_ini and config.inipath else root) / values[0])


def fill_in(config: pytest.Config, *, may_be_stack: bool) -> str:
    """Set the other options that the command line leaves out; returns what named its stacks.

    `may_be_stack`: whether the stack may be said elsewhere; what gates a deploy or changes something wants --stack.
    UsageError for a severity that is none.
    """
    option: Any = config.option
    values, by = told(config, FAIL_ON)
    if values and option.fail_on is None:
        known = [severity.value for severity in Severity]
        if values[0] not in known:
            raise pytest.UsageError(f"{by}={values[0]}: no such severity; {nearest(values[0], known)}")
        option.fail_on = values[0]
    option.fail_on = option.fail_on or Severity.LOW.value
    values, by = told(config, STACK)
    if option.stack or not values or not may_be_stack:
        return TYPED
    option.stack = list(dict.fromkeys(values))
    return by
