"""What files of checks declare besides checks, read without importing them: which files do, and which names."""

from __future__ import annotations

import ast
import contextlib
import functools
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from .dataclass import dataclass
from .shipped import shipped_checks

HOOKS = "pytest_opschecks_"
"""How the names of our hooks begin."""
_SIGNS = ("@observation", "@fault", "@seed", "@drill", "(Setting)", "(Operation)", "limit(", f"def {HOOKS}")
_OBSERVATION = re.compile(r"@(?:\w+\.)*observation\b[^@]*?\bdef\s+(\w+)", re.DOTALL)


@dataclass(frozen=True)
class DeclaredLimit:
    """A `limit(…)` of a file."""

    name: str
    default: float
    what: str
    path: Path


def declaring(folder: Path) -> list[Path]:
    """The files below the folder that declare observations, remedies, faults, limits or hooks; not conftests."""
    return [path for path in sorted(folder.rglob("*.py")) if declares(path)]


def declares(path: Path) -> bool:
    """Whether runs and commands import the file for what it declares, whichever checks are chosen."""
    return path.name != "conftest.py" and any(sign in _text(path) for sign in _SIGNS)


def names_in(path: Path) -> list[str]:
    """The functions of the file that @observation declares, also where it cannot be read as Python."""
    return _OBSERVATION.findall(_text(path))


def limits_in(*folders: Path) -> dict[str, DeclaredLimit]:
    """Every limit that files below the folders declare, by name."""
    return {one.name: one for folder in folders for path in _files(folder) for one in _limits(path)}


def kinds_in(*folders: Path) -> dict[str, tuple[str, str]]:
    """The keys of `resources` in stacks.toml that files below the folders look at, by `inventory.others(key, …)`.

    Each with the type of CloudFormation, and how ARNs go on after the account; empty where that is no literal.
    """
    return {key: of for folder in folders for path in _files(folder) for key, of in _kinds(path)}


def beside(stacks: Path) -> tuple[Path, ...]:
    """The folders whose checks may read a stacks.toml: those beside it, and ours."""
    return (stacks.absolute().parent / "checks", Path("checks").absolute(), shipped_checks())


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*.py")) if any(one in _text(path) for one in ("limit(", ".others(")))


def _text(path: Path) -> str:
    with contextlib.suppress(OSError, UnicodeDecodeError):  # collecting it reports why
        return path.read_text(encoding="utf-8")
    return ""


@functools.cache
def _calls(path: Path, changed_ns: int) -> tuple[ast.Call, ...]:
    with contextlib.suppress(SyntaxError, ValueError):  # collecting it reports where
        return tuple(node for node in ast.walk(ast.parse(_text(path))) if isinstance(node, ast.Call))
    return ()


def _named(path: Path, name: str) -> Iterator[Mapping[str | int, object]]:
    """The literal arguments of calls of that name, by position and by keyword."""
    for call in _calls(path, path.stat().st_mtime_ns):
        if name in (getattr(call.func, "id", ""), getattr(call.func, "attr", "")):
            given: dict[str | int, object] = {}
            keys: list[tuple[str | int, ast.expr]] = [*enumerate(call.args)]
            keys += [(one.arg or "", one.value) for one in call.keywords]
            for key, value in keys:
                with contextlib.suppress(ValueError):  # not a literal
                    given[key] = ast.literal_eval(value)
            yield given


def _limits(path: Path) -> Iterator[DeclaredLimit]:
    for given in _named(path, "limit"):
        name, default, what = (given.get(at, given.get(key)) for at, key in enumerate(("name", "default", "what")))
        if isinstance(name, str) and isinstance(default, int | float):
            yield DeclaredLimit(name, default, str(what or ""), path)


def _kinds(path: Path) -> Iterator[tuple[str, tuple[str, str]]]:
    for given in _named(path, "others"):
        if isinstance(key := given.get(0), str):
            yield key, (str(given.get(1, given.get("type_", ""))), str(given.get(2, given.get("arn", ""))))
