"""What files of checks say, read without importing them."""

from __future__ import annotations

import ast
import tokenize
from collections.abc import Iterator
from pathlib import Path

import click

from ..core.dataclass import dataclass
from ..core.shipped import checks_of, roots_of
from ..report.runbook import RunbookError, Section, runbook_of


@dataclass(frozen=True)
class CheckSource:
    """A check as its file declares it: `slug` is that of its runbook heading, `needs` its parameters."""

    name: str
    path: Path
    slug: str
    why: str
    needs: tuple[str, ...]


def runbook_here() -> dict[str, Section]:
    """The runbook of this folder's checks; one clear line where there is none, or where it cannot be read."""
    try:
        return runbook_of(checks_of(Path()))
    except RunbookError as error:
        raise click.ClickException(f"{error}: run it in the folder that has checks/") from None


def sources_of(suite: Path | str = "", project: Path = Path()) -> Iterator[CheckSource]:
    """Every check that a run may have, the project's first; of one suite, by its folder below checks/.

    `checks/SUITE` has the project's alone.
    """
    folder, only_own = Path(suite), Path(suite).parts[:1] == ("checks",)
    roots = roots_of(project)[:1] if only_own else roots_of(project)
    for root in roots:
        yield from check_sources(root / (folder.relative_to("checks") if only_own else folder))


def check_sources(folder: Path) -> Iterator[CheckSource]:
    """Every check below the folder, by file; ClickException for a file that cannot be read."""
    for path in sorted(folder.rglob("test_*.py")):
        try:
            with tokenize.open(path) as stream:  # unlike ast.parse, it refuses what is no text in comments, too
                body = ast.parse(stream.read()).body
        except SyntaxError as error:
            raise click.ClickException(f"{path}:{error.lineno}: {error.msg}") from None
        except (ValueError, OSError) as error:
            raise click.ClickException(f"{path}: {error}") from None
        for node in body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                why = " ".join((ast.get_docstring(node) or "").split())
                needs = tuple(one.arg for one in (*node.args.args, *node.args.kwonlyargs))
                yield CheckSource(node.name, path, _slug(node, body), why, needs)


def _slug(node: ast.FunctionDef, body: list[ast.stmt]) -> str:
    """The `runbook=` of the check's decorator: a text, or a constant of its module."""
    constants = {ast.unparse(one.targets[0]): one.value for one in body if isinstance(one, ast.Assign)}
    given = [one for call in node.decorator_list if isinstance(call, ast.Call) for one in call.keywords]
    for value in (one.value for one in given if one.arg == "runbook"):
        value = constants.get(ast.unparse(value), value)
        return str(value.value) if isinstance(value, ast.Constant) else ""
    return ""
