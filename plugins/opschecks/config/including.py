"""stacks.toml with the files that it includes, and `[defaults]` that its stacks inherit."""

from __future__ import annotations

import copy
import os
import stat
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..core.dataclass import dataclass
from ..core.wording import nearest

TOP = ("default", "include", "defaults", "stacks")
"""The keys of stacks.toml outside its tables."""
OF_AN_ACCOUNT = (
    "profile", "role_arn", "external_id", "role_session_name", "duration", "mfa_serial",
    "session_policy", "account_id", "endpoint_url", "cloudformation_stack",
)  # fmt: skip
"""What a sandbox does not inherit: it has its own account."""


class StackError(Exception):
    """stacks.toml or a request for a stack is wrong; the message names file and key and the next step."""


def read_toml(path: Path, wrong: type[Exception]) -> dict[str, Any] | None:
    """What the file holds, None where there is no file; `wrong` with a message where it cannot be read."""
    try:
        if not stat.S_ISREG(mode := path.stat().st_mode) and not stat.S_ISDIR(mode):
            raise wrong(f"{path}: a pipe or a device, which may never end; expected a file")
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))  # editors of Windows begin with a byte order mark
    except FileNotFoundError:
        return None
    except OSError as error:
        raise wrong(f"{path}: cannot be read: {error}") from None
    except UnicodeDecodeError as error:
        raise wrong(f"{path}: not UTF-8 text ({error.reason} at byte {error.start + 1}): save it as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise wrong(f"{path}: not valid TOML: {error}") from None


@dataclass(frozen=True)
class Layer:
    """A table and where it stands: `place` is "defaults", or "stacks.NAME"."""

    file: Path
    place: str
    table: Mapping[str, Any]


@dataclass(frozen=True)
class Gathered:
    """All stacks with what they inherit; by stack, the tables that it is made of, its own first."""

    default: Any
    stacks: Mapping[str, Any]
    layers: Mapping[str, Sequence[Layer]]

    def place(self, stack: str, within: Sequence[str]) -> tuple[Path, str] | None:
        """The file, and the table in it, that say this key of a stack; None where none does."""
        layers = self.layers.get(stack, ())
        return next(((one.file, one.place) for one in layers if _has(one.table, within)), None)


def _has(table: Any, within: Sequence[str]) -> bool:
    if not within:
        return True
    return isinstance(table, Mapping) and within[0] in table and _has(table[within[0]], within[1:])


def gather(raw: Mapping[str, Any], path: Path) -> Gathered:
    """The stacks of a file with this content and of those that it includes; StackError where that is not understood."""
    found: dict[str, Layer] = {}
    defaults: dict[str, list[Layer]] = {}
    seen = {os.path.realpath(path): path}
    _collect(raw, path, [path], [], found, defaults, seen)
    stacks: dict[str, Any] = {}
    layers: dict[str, list[Layer]] = {}
    for name, own in found.items():
        if not isinstance(own.table, Mapping):
            raise StackError(f"{own.file}: stacks.{name}: expected a table: [stacks.{name}]")
        table: dict[str, Any] = {}
        for layer in reversed(defaults[name]):
            table = merged(_but_what_is_set(table, layer.table), layer.table)
        if own.table.get("sandbox"):
            table = {key: value for key, value in table.items() if key not in OF_AN_ACCOUNT}
        # each its own: limits that checks declare are put apart in it
        stacks[name] = copy.deepcopy(merged(_but_what_is_set(table, own.table), own.table))
        layers[name] = [own, *defaults[name]]
    return Gathered(raw.get("default"), stacks, layers)


def _but_what_is_set(inherited: dict[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """What is inherited, with `without` less the keys that the stack itself sets."""
    lacking = inherited.get("without")
    if isinstance(lacking, Mapping):
        return {**inherited, "without": {key: why for key, why in lacking.items() if key not in own}}
    if isinstance(lacking, list):
        return {**inherited, "without": [one for one in lacking if one not in own]}
    return inherited


def merged(inherited: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Both: what is `own` wins, tables key by key; a list replaces the inherited one."""
    both = dict(inherited)
    for key, value in own.items():
        before = both.get(key)
        tables = isinstance(before, Mapping) and isinstance(value, Mapping)
        both[key] = merged(before, value) if tables else value  # type: ignore[arg-type]
    return both


def _collect(
    raw: Mapping[str, Any],
    file: Path,
    chain: Sequence[Path],
    outer: Sequence[Layer],
    found: dict[str, Layer],
    defaults: dict[str, list[Layer]],
    seen: dict[str, Path],
) -> None:
    """Put the stacks of a file, and of those that it includes, into `found`; `outer` are the defaults around it."""
    valid = TOP if len(chain) == 1 else TOP[1:]
    for key in raw:
        if key == "default" and len(chain) > 1:
            raise StackError(f"{file}: default: only {chain[0]}, which includes it, says which stack is the default")
        if key not in TOP:
            raise StackError(f"{file}: {key}: unknown key; {nearest(key, valid)}")
    around = outer
    if "defaults" in raw:
        if not isinstance(raw["defaults"], Mapping):
            raise StackError(f"{file}: defaults: expected a table, [defaults]: keys that stacks inherit")
        if "name" in raw["defaults"]:
            raise StackError(f"{file}: defaults.name: unknown key; each stack's table has its name")
        around = [Layer(file, "defaults", raw["defaults"]), *outer]
    listed = raw.get("stacks", {})
    if not isinstance(listed, Mapping):
        raise StackError(f"{file}: stacks: expected tables: [stacks.NAME]")
    for name, table in listed.items():
        if name in found:
            raise StackError(f"{file}: stacks.{name}: {found[name].file} has a stack of that name too; rename one")
        found[name] = Layer(file, f"stacks.{name}", table)
        defaults[name] = [*around]
    for pattern, path in _included(raw.get("include", []), file):
        if (known := seen.get(os.path.realpath(path))) is not None:
            way = " includes ".join(map(str, [*chain, path]))
            circle = any(os.path.realpath(path) == os.path.realpath(one) for one in chain)
            why = f"a circle: {way}" if circle else f"{known} is included already"
            raise StackError(f'{file}: include: "{pattern}": {why}; leave it out')
        seen[os.path.realpath(path)] = path
        _collect(read_toml(path, StackError) or {}, path, [*chain, path], around, found, defaults, seen)


def _included(listed: Any, file: Path) -> Iterator[tuple[str, Path]]:
    """Each pattern of `include`, with the files that it finds, in order; StackError where it finds none."""
    if not isinstance(listed, list) or not all(isinstance(one, str) and one for one in listed):
        raise StackError(f'{file}: include: expected a list of files, such as ["more.toml", "stacks.d/*.toml"]')
    for pattern in listed:
        folder = file.parent
        if any(letter in pattern for letter in "*?["):
            anchor = Path(pattern).anchor
            try:
                paths = sorted((Path(anchor) if anchor else folder).glob(pattern.removeprefix(anchor)))
            except ValueError as error:
                raise StackError(f'{file}: include: "{pattern}": {error}') from None
            if not paths:
                raise StackError(f'{file}: include: "{pattern}": no file fits it')
        elif not (folder / pattern).exists():
            beside = (folder / pattern).parent
            known = [one.name for one in beside.glob("*.toml") if one != file]
            near = nearest(Path(pattern).name, known) if known else f"{beside} has no file of TOML"
            raise StackError(f'{file}: include: "{pattern}": no such file; {near}')
        else:
            paths = [folder / pattern]
        yield from ((pattern, path) for path in paths)
