"""Reads stacks.toml, explains mistakes in it, and chooses the stacks of a run."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ConfigDict, ValidationError

from ..core.declared import beside, limits_in
from ..core.wording import nearest
from .including import Gathered, gather
from .including import StackError as StackError
from .including import read_toml as read_toml
from .limits import Limits, ResourceLimits
from .messages import in_words
from .neighbours import beside_each_other
from .own_keys import apart, wrong_kind
from .stack import NO_KEYS, Stack

ALL = "all"
"""What --stack takes for every stack, where no stack is called so."""
_BARE = re.compile(r"[\w-]+")
"""A key that TOML takes without quotes."""


class Stacks(BaseModel):
    """The whole of stacks.toml."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    default: str | None = None
    stacks: dict[str, Stack]


def load_stacks(path: Path) -> Stacks:
    """Read stacks.toml; StackError with file and key when anything in it is not understood."""
    raw = read_toml(path, StackError)
    if raw is None:
        raise StackError(
            f"{path}: no such file; --stacks FILE names another one, and `opschecks init --sandbox --write` makes one "
            "to begin with, `opschecks init` one of what an account has"
        )
    return stacks_of(raw, path)


def stacks_of(raw: dict[str, Any], path: Path) -> Stacks:
    """What a stacks.toml of this content says; StackError, naming the file, when anything in it is not understood.

    `path`: where it stands, beside which the files lie that it includes.
    """
    gathered = gather(raw, path)
    if not gathered.stacks:
        raise StackError(f"{path}: no stacks in it; add a [stacks.NAME] table")
    for name, table in gathered.stacks.items():
        file = gathered.layers[name][0].file
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", name):
            raise StackError(f"{file}: stacks.{name!r}: a name may only have letters, digits, '-', '_' and '.'")
        if "name" in table:
            raise StackError(f"{file}: stacks.{name}.name: unknown key; the table's name is the name of the stack")
        if odd := next((key for key in NO_KEYS if key in table), ""):
            valid = nearest(odd, _siblings(["stacks", name]))
            raise StackError(f"{file}: stacks.{name}.{odd}: unknown key; {valid}")
        table["name"] = name
    apart(gathered.stacks, path)
    try:
        read = Stacks.model_validate({"default": gathered.default, "stacks": gathered.stacks})
    except ValidationError as error:
        raise StackError("\n".join(_explain(path, gathered, problem) for problem in error.errors()[:5])) from None
    if problem := wrong_kind(gathered.stacks, path):
        raise StackError(f"{path}: {problem}")
    if read.default is not None and read.default not in read.stacks:
        raise StackError(f"{path}: default: no stack {read.default!r}; {nearest(read.default, read.stacks)}")
    return read.model_copy(update={"stacks": beside_each_other(read.stacks)})


def choose_stacks(
    stacks: Stacks,
    wanted: Sequence[str],
    path: Path,
    *,
    must_name: bool = False,
    may_be_all: bool = False,
    by: str = "--stack",
) -> list[Stack]:
    """The stacks of a run: those wanted `by` an option or a variable, or of ALL if that `may_be`, else the default.

    Once a real stack is listed, a default that is unset or the sandbox is a StackError: a green sandbox could be
    taken for production.
    """
    if may_be_all and ALL in wanted and ALL not in stacks.stacks:
        if list(wanted) != [ALL]:
            raise StackError(f"{by} {ALL}: it takes every stack; remove the other {by}")
        return every_stack(stacks)
    for name in wanted:
        if name not in stacks.stacks:
            raise StackError(f"{by} {name}: {path} has no such stack; {nearest(name, stacks.stacks)}")
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


def _explain(path: Path, gathered: Gathered, problem: Mapping[str, Any]) -> str:
    location = [str(part) for part in problem["loc"]]
    where = _where(path, gathered, location)
    of_resource = location[2:3] == ["limits"] and len(location) == 5
    if of_resource and problem["type"] == "extra_forbidden" and location[-1] in Limits.model_fields:
        return f"{where}: it holds for the whole stack and no single resource; `opschecks list keys` has those"
    not_a_table = location[2:3] == ["limits"] and problem["type"] == "model_type"  # an unknown limit, not a resource
    if problem["type"] == "extra_forbidden" or not_a_table:
        if len(location) == 3 and location[-1] in Limits.model_fields:
            return f"{where}: unknown key; it is a limit: limits.{location[-1]}"
        valid = [*(ResourceLimits.model_fields if of_resource else _siblings(location[:-1]))]
        valid += limits_in(*beside(path)) if location[2:3] == ["limits"] else []
        return f"{where}: unknown key; {nearest(location[-1], valid)}"
    if problem["type"] == "missing":
        return f"{where}: missing"
    return f"{where}: {in_words(problem)}"


def _where(path: Path, gathered: Gathered, location: Sequence[str]) -> str:
    """The file and the key that say it: a stack's own, or one that it inherits."""
    place, within = ".".join(location[:1]), location[1:]
    if location[:1] == ["stacks"] and len(location) > 1:
        place, within = f"stacks.{location[1]}", location[2:]
        # a key that is missing, or the number of an entry, is not in any table: what is around it is
        for end in range(len(within), 0, -1):
            if found := gathered.place(location[1], within[:end]):
                path, place = found
                break
        else:
            path = gathered.layers[location[1]][0].file
    if list(within[:1]) == ["limits"]:  # where limits that checks declare are kept, which no file says
        within = [part for part in within if part != "own"]
    return f"{path}: " + ".".join([place, *(part if _BARE.fullmatch(part) else f'"{part}"' for part in within)])


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
    return [key for key in Stack.model_fields if key not in NO_KEYS]


def shown_path(path: Path) -> Path:
    """The path as a person would type it from here."""
    relative = os.path.relpath(path)
    return path if relative.startswith("..") else Path(relative)
