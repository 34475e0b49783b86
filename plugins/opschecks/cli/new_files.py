"""Files that `opschecks new` lays out: a new one, or code appended to one that is there; nothing is overwritten."""

from __future__ import annotations

import ast
import difflib
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import click

from ..core.dataclass import dataclass
from .options import write

WIDTH = 120
_OURS = ("opschecks", "tests", "benchmarks")


@dataclass(frozen=True)
class Laid:
    """A file as it was ("" where there was none) and as it will be; `what` says what was added."""

    path: Path
    before: str
    after: str
    what: str


def in_this_repository() -> bool:
    """Whether the folder is a checkout of opschecks itself, not a project that uses it."""
    return Path("plugins/opschecks/aws").is_dir()


def appended(path: Path, code: str, what: str, imports: Mapping[str, Iterable[str]], head: str) -> Laid:
    """The file with the code at its end and its imports merged; `head` is what a new file begins with."""
    before = read(path)
    body_of(path, before)
    whole = with_imports(before or head, imports)
    return Laid(path, before, f"{whole.rstrip()}\n\n\n{code.strip()}\n", what)


def read(path: Path) -> str:
    """What the file holds, "" where there is none; one clear line where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8") if path.exists() else ""
    except (OSError, UnicodeDecodeError) as error:
        raise click.ClickException(f"{path}: cannot be read: {error}") from None


def body_of(path: Path, text: str) -> list[ast.stmt]:
    """The statements of a Python file; one clear line where it is not Python."""
    try:
        return ast.parse(text).body
    except SyntaxError as error:
        raise click.ClickException(f"{path}:{error.lineno}: {error.msg}") from None


def refuse_defined(path: Path, names: Iterable[str]) -> None:
    """Refuse names that the file defines already, with the line."""
    for node in body_of(path, read(path)):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name in names:
            raise click.ClickException(f"{node.name} exists already: {path}:{node.lineno}")


def with_imports(text: str, imports: Mapping[str, Iterable[str]]) -> str:
    """The source with `from module import names` of each module, merged and sorted as ruff sorts them."""
    for module, names in imports.items():
        lines, body = text.splitlines(), ast.parse(text).body
        found = list(_imports(body))
        same = [
            node
            for key, node in found
            if isinstance(node, ast.ImportFrom)
            and key == _key(module)
            and "#" not in "".join(lines[node.lineno - 1 : node.end_lineno])  # nobody's comment is lost
        ]
        if same:
            have = {ast.unparse(alias) for alias in same[0].names}
            if not set(names) <= have:
                lines[same[0].lineno - 1 : same[0].end_lineno] = [_statement(module, {*names, *have})]
        else:
            own = _key(module)
            before = [(key[0], node.end_lineno or 0) for key, node in found if key < own]
            after = [node.lineno for key, node in found if key > own and key[0] == own[0]]
            first = body[0] if body and isinstance(body[0], ast.Expr) else None
            section, at = before[-1] if before else (-1, first.end_lineno or 0 if first else 0)
            if after and section != own[0]:
                lines.insert(after[0] - 1, _statement(module, names))
            else:
                lines[at:at] = [*([""] if at and section != own[0] else []), _statement(module, names)]
        text = "\n".join(lines) + "\n"
    return text


def _imports(body: list[ast.stmt]) -> Iterator[tuple[tuple[int, int, int, str], ast.Import | ast.ImportFrom]]:
    for node in body:
        if isinstance(node, ast.Import):
            yield (_key(node.names[0].name)[0], 0, 0, node.names[0].name), node
        elif isinstance(node, ast.ImportFrom):
            yield _key("." * node.level + (node.module or "")), node


def _key(module: str) -> tuple[int, int, int, str]:
    """Where a `from` import stands: the future, the standard library, others, ours, relative ones (farthest first)."""
    name, root = module.lstrip("."), module.partition(".")[0]
    if not root:
        return (4, 1, len(name) - len(module), name)
    first_party = 3 if root in _OURS and in_this_repository() else 2
    section = 0 if root == "__future__" else 1 if root in sys.stdlib_module_names else first_party
    return (section, 1, 0, module)


def _statement(module: str, names: Iterable[str]) -> str:
    ordered = sorted(names, key=lambda name: (not name.isupper(), not name[0].isupper(), name))
    return fitted(f"from {module} import ", ordered, "", brackets=False)


def fitted(head: str, parts: Iterable[str], tail: str, *, brackets: bool = True) -> str:
    """`head(parts)tail` on one line, or wrapped as ruff wraps it; without brackets where it fits, for imports."""
    listed = list(parts)
    inner = ", ".join(listed)
    line = f"{head}({inner}){tail}" if brackets else f"{head}{inner}{tail}"
    if len(line) <= WIDTH:
        return line
    indent = " " * (len(head) - len(head.lstrip()))
    if brackets and len(indent) + len(inner) + 4 <= WIDTH:
        return f"{head}(\n{indent}    {inner}\n{indent}){tail}"
    return f"{head}(\n" + "".join(f"{indent}    {part},\n" for part in listed) + f"{indent}){tail}"


def lay_out(files: Iterable[Laid], *, dry_run: bool) -> None:
    """Write the files, or show what would be written."""
    for file in files:
        if dry_run:
            old, new = file.before.splitlines(), file.after.splitlines()
            lines = difflib.unified_diff(old, new, str(file.path) if old else "/dev/null", str(file.path), lineterm="")
            click.echo("\n".join(lines))
            continue
        write(file.path, file.after)
        click.echo(f"{file.path}: {file.what}")
    if dry_run:
        click.echo("nothing was written (--dry-run)")
