"""The names of checks in files, read without importing them."""

from __future__ import annotations

import ast
import contextlib
import re
from collections.abc import Collection, Iterator
from pathlib import Path

_DEFINED = re.compile(rb"\bdef\s+(\w+)")


def check_names(checks: Path) -> list[str]:
    """The names of all checks of all suites, in the order of their files."""
    return [name for name, _ in find_checks(checks)]


def find_checks(folder: Path, but: Collection[str] = ()) -> Iterator[tuple[str, Path]]:
    """Name and file of every check under the folder but these, read without importing it."""
    for path in sorted(folder.rglob("*.py")):
        yield from checks_in(path, but)


def checks_in(path: Path, but: Collection[str] = ()) -> Iterator[tuple[str, Path]]:
    """The same of one file."""
    with contextlib.suppress(SyntaxError, ValueError, OSError):  # collection reports it, and better
        source = path.read_bytes()
        if but and {name.decode() for name in _DEFINED.findall(source)} <= {*but}:
            return  # it need not be parsed
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name not in but and _is_a_check(node):
                yield node.name, path


def _is_a_check(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    called = [one.func if isinstance(one, ast.Call) else one for one in node.decorator_list]
    return node.name.startswith("test_") or any(
        getattr(one, "id", getattr(one, "attr", "")) == "check" for one in called
    )
