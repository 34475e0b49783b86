"""The examples use what exists: suites, options, commands, remedies."""

from __future__ import annotations

import functools
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from opschecks.cli.main import main
from opschecks.core.shipped import shipped_path
from opschecks.remedies import all_remedies
from tests.scratch import ROOT

EXAMPLES = sorted((ROOT / "examples").glob("*.yml"))
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("[!u]*.md"))]
FEW_COMMANDS = {
    "access.md", "report-sections.md", "promises.md", "reliability.md", "stacks.md", "github-versions.yml"
}  # fmt: skip
"""Of keys, of code, of tests."""
COMMAND = re.compile(r"(?:^|! )((?:pytest|opschecks) [^\n;]+)", re.MULTILINE)


def _scripts(told: Any) -> list[str]:
    """Every shell script in a workflow or a buildspec."""
    if isinstance(told, dict):
        own = [told["run"]] if isinstance(told.get("run"), str) else []
        own += [one for one in told.get("commands", []) if isinstance(one, str)]
        return own + [script for value in told.values() for script in _scripts(value)]
    return [script for one in told for script in _scripts(one)] if isinstance(told, list) else []


def _commands(path: Path) -> list[list[str]]:
    text = path.read_text(encoding="utf-8")
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    scripts = blocks if path.suffix == ".md" else _scripts(yaml.safe_load(text))
    found = [one for script in scripts for one in COMMAND.findall(re.sub(r"\\\n\s*", "", script).replace("  ", ""))]
    return [shlex.split(re.sub(r"\$\{\{[^}]*\}\}", "x", one), comments=True) for one in found]


@functools.cache
def _options_of_pytest() -> str:
    asked = [sys.executable, "-m", "pytest", "--help"]
    return subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("path", EXAMPLES + PAGES, ids=lambda path: path.name)
def test_every_command_exists_with_its_options(path: Path) -> None:
    known, commands = _options_of_pytest(), _commands(path)
    assert len(commands) >= 3 or path.name in FEW_COMMANDS
    for program, first, *rest in commands:
        options = [word.partition("=")[0] for word in (first, *rest) if word.startswith("--")]
        if program == "pytest":
            assert shipped_path(rest[0]) if first == "--pyargs" else (ROOT / first).is_dir()
            assert all(option in known for option in options), options
            continue
        command: Any = main.get_command(click.Context(main), first)
        if first == "fix":
            assert rest[0] in all_remedies() or rest[0] == "reports/plan.json"
        elif hasattr(command, "commands"):
            command = command.commands[rest[0]]
        has = {name for parameter in command.params for name in parameter.opts}
        assert set(options) <= has, options


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_every_script_is_shell(path: Path) -> None:
    for script in _scripts(yaml.safe_load(path.read_text(encoding="utf-8"))):
        checked = subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True, check=False)
        assert checked.stderr == "", script
