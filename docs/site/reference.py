"""Makes the reference pages of the docs site from the code: what `opschecks list` prints, options, hooks, exit codes.

python -m docs.site.reference DIR
"""

from __future__ import annotations

import inspect
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from opschecks import hookspecs
from opschecks.cli.main import main as opschecks
from opschecks.hooks import options

FOLDER = Path("docs") / "reference"
"""Where the site expects them, from the root of the repository; git ignores it."""
LISTED = {
    "checks": "What each check holds, and the heading of the runbook that says what to do.",
    "observations": "What checks look at, and the IAM actions that it takes.",
    "remedies": "What can be fixed, by which change, and how it is proven.",
    "drills": "What is made and removed on purpose, where it is asked for by name.",
    "faults": "The ways in which the sandbox can be broken, and the checks that must catch each.",
    "keys": "Every key of stacks.toml; limits are the keys that begin with `limits.`.",
}
"""Kinds of `opschecks list` that do not depend on a project, each with what its page says first."""
TITLES = {"keys": "Keys of stacks.toml"}
EXIT_CODES = {
    0: "everything is known and good; waived and not applicable count as good",
    1: "something failed",
    2: "interrupted, as by Ctrl-C",
    3: "an internal error, or the files of the run could not be written",
    4: "a usage error: options, stacks.toml, waivers.toml, or an account that is not the stack's",
    5: "no check was collected",
    6: "pytest counted more warnings than its options allow",
    10: "nothing failed, but something could not be checked or was not run",
}
"""2 to 6 are pytest's own. A deploy gate passes with 0 alone."""

Row = Mapping[str, str]


def pages() -> Iterator[tuple[str, str]]:
    """Each page's name and its Markdown."""
    for kind, first in LISTED.items():
        yield f"{kind}.md", _listing(kind, first)
    yield "commands.md", "\n".join(["# Commands", "", *_commands(opschecks, "opschecks", 2)])
    yield "pytest-options.md", _pytest_options()
    yield "hooks.md", _hooks()
    yield "exit-codes.md", _exit_codes()


def write(folder: Path) -> None:
    """Write every page that is not there as it should be; the others keep their time, and are not built again."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages():
        path = folder / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def listed(kind: str) -> list[Row]:
    """What `opschecks list KIND --format json` prints."""
    from click.testing import CliRunner

    told = CliRunner().invoke(opschecks, ["list", kind, "--format", "json"], catch_exceptions=False)
    rows: list[Row] = json.loads(told.stdout)
    return rows


def _listing(kind: str, first: str) -> str:
    lines = [f"# {TITLES.get(kind, kind.capitalize())}", "", first, ""]
    for group, rows in _grouped(kind, listed(kind)).items():
        lines += [f"## {group}", ""] if group else []
        for row in rows:
            name, *rest = ((key, value) for key, value in row.items() if key != "file" and value)
            rest.sort(key=lambda one: one[0] == "runbook")  # what is to be done comes last
            lines += [f"### `{name[1]}`", "", *(f"- {_shown(*one)}" for one in rest), ""]
    return "\n".join(lines)


def _shown(key: str, value: str) -> str:
    if key != "runbook":
        return escaped(value)
    return "what to do: " + ", ".join(f"[{slug}](../../checks/RUNBOOK.md#{slug})" for slug in value.split(", "))


def _grouped(kind: str, rows: list[Row]) -> dict[str, list[Row]]:
    """Checks by suite, keys by table; others as they are."""
    by: dict[str, Callable[[Row], str]] = {
        "checks": lambda row: Path(row["file"]).parent.as_posix().rpartition("checks/")[2],
        "keys": lambda row: (
            f"[stacks.NAME{'.' * ('.' in row['key'])}{row['key'].partition('.')[0]}]"
            if "." in row["key"]
            else "[stacks.NAME]"
        ),
    }
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(by[kind](row) if kind in by else "", []).append(row)
    return found


def escaped(text: str) -> str:
    """The text as Markdown shows it: code spans stay, and nothing else is markup."""
    spans = text.split("`")
    if len(spans) % 2 == 0:  # one of them does not make code
        spans = [text]
    plain = str.maketrans({sign: f"\\{sign}" for sign in "\\*_<>[]{}#|~$`"})
    return "`".join(one if place % 2 else one.translate(plain) for place, one in enumerate(spans))


def _commands(command: click.Command, name: str, depth: int) -> Iterator[str]:
    with click.Context(command, info_name=name, max_content_width=100, terminal_width=100) as context:
        yield from (f"{'#' * depth} `{name}`", "", "```text", command.get_help(context), "```", "")
        if isinstance(command, click.Group):
            for each in command.list_commands(context):
                inner = command.get_command(context, each)
                assert inner
                yield from _commands(inner, f"{name} {each}", depth + 1)


class _Options:
    """In place of pytest's parser: keeps what opschecks' options say of themselves."""

    def __init__(self) -> None:
        self.found: list[tuple[str, dict[str, Any]]] = []

    def getgroup(self, *_: Any, **__: Any) -> _Options:
        return self

    def addoption(self, *names: str, **told: Any) -> None:
        self.found.append((", ".join(names), told))

    def addini(self, name: str, help: str, **told: Any) -> None:  # noqa: A002 - pytest's name
        self.found.append((f"ini: {name}", {"help": help, **told}))


def pytest_options() -> list[tuple[str, dict[str, Any]]]:
    """The options that a run adds to pytest's, by their names, each with what it is declared with."""
    parser: Any = _Options()
    options.pytest_addoption(parser)
    return list(parser.found)


def _pytest_options() -> str:
    lines = [
        "# Options of pytest",
        "",
        "A run is `pytest checks/<suite>` or `pytest --pyargs opschecks.checks.<suite>`.",
        "",
    ]
    for names, told in pytest_options():
        shown = f"{names} {told.get('metavar', '')}".strip()
        lines += [f"## `{shown}`", "", escaped(" ".join(str(told.get("help", "")).split())), ""]
    return "\n".join(lines)


def _hooks() -> str:
    lines = ["# Hooks", "", "Functions of these names in a `conftest.py` of your own are called.", ""]
    for name, function in inspect.getmembers(hookspecs, inspect.isfunction):
        if name.startswith("pytest_opschecks_"):
            takes = ", ".join(inspect.signature(function).parameters)
            lines += [f"## `{name}({takes})`", "", inspect.getdoc(function) or "", ""]
    return "\n".join(lines)


def _exit_codes() -> str:
    rows = [f"| {code} | {escaped(what)} |" for code, what in EXIT_CODES.items()]
    return "\n".join(["# Exit codes", "", "| code | of a run |", "| --- | --- |", *rows, ""])


if __name__ == "__main__":
    write(Path(sys.argv[1]) if sys.argv[1:] else FOLDER)
