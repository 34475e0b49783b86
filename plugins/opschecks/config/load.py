"""reads stacks.toml, explains mistakes in it, and chooses the stacks of a run."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, get_args

from pydantic import BaseModel, ConfigDict, ValidationError

from ..core.wording import nearest
from .limits import Limits, ResourceLimits
from .stack import Stack

ALL = "all"
"""What --stack takes for every stack, where no stack is called so."""
_BARE = re.compile(r"[\w-]+")
"""A key that TOML takes without quotes."""


class StackError(Exception):
    """stacks.toml or a request for a stack is wrong; the message names file and key and the next step."""


class Stacks(BaseModel):
    """The whole of stacks.toml."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    default: str | None = None
    stacks: dict[str, Stack]


def read_toml(path: Path, wrong: type[Exception]) -> dict[str, Any] | None:
    """What the file holds, None where there is no file; `wrong` with a message where it cannot be read."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))  # editors of Windows begin with a byte order mark
    except FileNotFoundError:
        return None
    except OSError as error:
        raise wrong(f"{path}: cannot be read: {error}") from None
    except UnicodeDecodeError as error:
        raise wrong(f"{path}: not UTF-8 text ({error.reason} at byte {error.start + 1}): save it as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise wrong(f"{path}: not valid TOML: {error}") from None


def load_stacks(path: Path) -> Stacks:
    """Read stacks.toml; StackError with file and key when anything in it is not understood."""
    raw = read_toml(path, StackError)
    if raw is None:
        raise StackError(
            f"{path}: no such file; --stacks FILE names another one, and `opschecks init --sandbox --write` makes one "
            "to begin with"
        )
    return stacks_of(raw, path, _included(raw.pop("include"), path) if "include" in raw else {})


def _included(patterns: Any, path: Path) -> dict[str, Stack]:
    """The stacks of the files that `include` names, each a table of stacks only.

    A pattern that no file fits is a StackError: its stacks would be forgotten.
    """
    if not isinstance(patterns, list) or not all(isinstance(one, str) and one for one in patterns):
        raise StackError(f'{path}: include: a list of files or patterns, such as ["teams/*.toml"]')
    found: dict[str, Stack] = {}
    whence: dict[str, Path] = {}
    for pattern in patterns:
        files = sorted(path.parent.glob(pattern)) if not Path(pattern).is_absolute() else [Path(pattern)]
        if not files:
            raise StackError(f"{path}: include: no file fits {pattern!r}, from the folder of this file")
        for file in files:
            raw = read_toml(file, StackError)
            if raw is None:
                raise StackError(f"{path}: include: {file}: no such file")
            if others := set(raw) - {"stacks"}:
                raise StackError(f"{file}: {min(others)}: a file that is included has stacks only")
            for name, stack in stacks_of(raw, file).stacks.items():
                if name in found and whence[name] != file:
                    raise StackError(f"{file}: stacks.{name}: {whence[name]} has a stack of that name, too")
                found[name], whence[name] = stack, file
    return found


def stacks_of(raw: dict[str, Any], path: Path, included: Mapping[str, Stack] = MappingProxyType({})) -> Stacks:
    """What a stacks.toml of this content says, with the stacks that it includes.

    StackError, naming the path, when anything in it is not understood.
    """
    listed = raw.setdefault("stacks", {}) if included else raw.get("stacks")
    if not isinstance(listed, dict) or not (listed or included):
        raise StackError(f"{path}: no stacks in it; add a [stacks.NAME] table")
    for name, table in listed.items():
        if isinstance(table, dict):
            if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", name):
                raise StackError(f"{path}: stacks.{name!r}: a name may only have letters, digits, '-', '_' and '.'")
            if "name" in table:
                raise StackError(f"{path}: stacks.{name}.name: unknown key; the table's name is the name of the stack")
            table["name"] = name
    try:
        read = Stacks.model_validate(raw)
    except ValidationError as error:
        raise StackError("\n".join(_explain(path, problem) for problem in error.errors()[:5])) from None
    if twice := set(read.stacks) & set(included):
        raise StackError(f"{path}: stacks.{min(twice)}: a file that is included has a stack of that name, too")
    read = read.model_copy(update={"stacks": {**read.stacks, **included}})
    if read.default is not None and read.default not in read.stacks:
        raise StackError(f"{path}: default: no stack {read.default!r}; {nearest(read.default, read.stacks)}")
    return read


def choose_stacks(
    stacks: Stacks, wanted: Sequence[str], path: Path, *, must_name: bool = False, may_be_all: bool = False
) -> list[Stack]:
    """The stacks of a run: those of --stack, or of ALL if that `may_be`, else the default.

    Once a real stack is listed, a default that is unset or the sandbox is a StackError: a green sandbox could be
    taken for production.
    """
    if may_be_all and ALL in wanted and ALL not in stacks.stacks:
        if list(wanted) != [ALL]:
            raise StackError(f"--stack {ALL}: it takes every stack; remove the other --stack")
        return every_stack(stacks)
    for name in wanted:
        if name not in stacks.stacks:
            raise StackError(f"--stack {name}: {path} has no such stack; {nearest(name, stacks.stacks)}")
    if wanted:
        return [stacks.stacks[name] for name in dict.fromkeys(wanted)]
    if must_name:
        raise StackError(f"name the stack with --stack; {nearest('', stacks.stacks)}")
    real = [name for name, stack in stacks.stacks.items() if not stack.sandbox]
    default = stacks.default or (None if real else next(iter(stacks.stacks)))
    if default is None:
        raise StackError(f"{path}: default: not set; set it to one of its stacks, or name one with --stack {real[0]}")
    if real and stacks.stacks[default].sandbox:
        raise StackError(
            f"{path}: default: it is the sandbox, although {real[0]!r} is listed; set it to a real stack, "
            f"or name one with --stack {real[0]} (or --stack {default})"
        )
    return [stacks.stacks[default]]


def every_stack(stacks: Stacks) -> list[Stack]:
    """Every real stack; the sandboxes where there are no others."""
    listed = list(stacks.stacks.values())
    return [stack for stack in listed if not stack.sandbox] or listed


def _explain(path: Path, problem: Mapping[str, Any]) -> str:
    location = [str(part) for part in problem["loc"]]
    key = ".".join(part if _BARE.fullmatch(part) else f'"{part}"' for part in location)
    of_resource = location[2:3] == ["limits"] and len(location) == 5
    if of_resource and problem["type"] == "extra_forbidden" and location[-1] in Limits.model_fields:
        return f"{path}: {key}: it holds for the whole stack and no single resource; `opschecks list keys` has those"
    not_a_table = location[2:3] == ["limits"] and problem["type"] == "model_type"  # an unknown limit, not a resource
    if problem["type"] == "extra_forbidden" or not_a_table:
        valid = ResourceLimits.model_fields if of_resource else _siblings(location[:-1])
        return f"{path}: {key}: unknown key; {nearest(location[-1], valid)}"
    if problem["type"] == "missing":
        return f"{path}: {key}: missing"
    message = problem["msg"].removeprefix("Value error, ")
    given = problem.get("input")
    shown = f", not {given!r}" if isinstance(given, str | int | float | bool) else ""
    return f"{path}: {key}: {message}{shown}"


def _tables(table: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, type[BaseModel]]]:
    for key, field in table.model_fields.items():
        for one in (field.annotation, *get_args(field.annotation)):
            if isinstance(one, type) and issubclass(one, BaseModel):
                yield f"{prefix}{key}", one
                yield from _tables(one, f"{prefix}{key}.")


TOML_TABLES = dict(_tables(Stack))
"""The tables within a stack, by their keys."""


def _siblings(location: Sequence[str]) -> list[str]:
    """The valid keys of the table at this place of stacks.toml."""
    if not location:
        return list(Stacks.model_fields)
    tables = {path.rpartition(".")[2]: table for path, table in TOML_TABLES.items()}
    for part in reversed(location[2:]):
        if part in tables:
            return list(tables[part].model_fields)
    return [key for key in Stack.model_fields if key != "name"]


def shown_path(path: Path) -> Path:
    """The path as a person would type it from here."""
    relative = os.path.relpath(path)
    return path if relative.startswith("..") else Path(relative)
