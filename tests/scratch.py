"""Scratch projects: a folder with checks of its own, in which pytest is run as users run it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests import forks

ROOT = Path(__file__).parent.parent
QUICK = (ROOT / "tests" / "quick_stacks.toml").read_text(encoding="utf-8")
"""A sandbox that waits for nothing."""

PYPROJECT = f"""\
[tool.pytest]
strict = true
addopts = {json.dumps([part for name in forks.UNWANTED for part in ("-p", f"no:{name}")])}
"""
"""Without the plugins that change order or output of every run; hooks/test_other_plugins.py has them all."""

STACKS = """\
default = "here"

[stacks.here]
region = "us-west-2"
"""

CONFTEST = '''\
from opschecks import CouldNotLook, Resource, observation

pytest_plugins = ["opschecks"]


@observation()
def things() -> list[Resource]:
    """Three things."""
    return [Resource(arn=f"thing/{name}", name=name, evidence={"name": name}) for name in ("a", "b", "c")]


@observation()
def nothing() -> list[Resource]:
    """None."""
    return []


@observation()
def denied() -> list[Resource]:
    """Something that may not be read."""
    raise CouldNotLook("ecs:DescribeServices", "AccessDenied: no", action="ecs:DescribeServices")
'''

HEAD = """\
import pytest
from opschecks import Answer, CouldNotLook, Severity, check


def promise(name, failing="it is broken", severity=Severity.HIGH, **more):
    return check(severity, runbook=name, failing=failing, **more)
"""


def check_of_each(
    name: str, body: str = "pass", of: str = "things", promise: str = '"a"', takes: str = "examine"
) -> str:
    """The source of a check that examines every resource of an observation, each of which is `thing` in the body."""
    return f'''
@promise({promise})
def {name}({of}, {takes}):
    """Why."""
    for thing in {of}:
        with examine(thing) as note:
            {body}
'''


@dataclass(frozen=True)
class Ended:
    """The result of a program."""

    code: int
    out: str
    err: str

    @property
    def all(self) -> str:
        return self.out + self.err

    def ends(self, code: int) -> Ended:
        """Itself, if that is its code; else what it printed is shown."""
        assert self.code == code, self.all
        return self


@dataclass(frozen=True)
class Project:
    """The folder, and how pytest is run in it."""

    folder: Path

    @staticmethod
    def make(folder: Path) -> Project:
        project = Project(folder)
        project.write("conftest.py", CONFTEST)
        project.write("stacks.toml", STACKS)
        project.write("pyproject.toml", PYPROJECT)
        project.runbook("a", "without-this")
        return project

    @staticmethod
    def of_the_checks(folder: Path, stacks: str = "") -> Project:
        """With the checks of this repository."""
        project = Project.make(folder)
        shutil.rmtree(folder / "checks")
        shutil.copytree(ROOT / "checks", folder / "checks", ignore=shutil.ignore_patterns("__pycache__"))
        project.write("conftest.py", 'pytest_plugins = ["opschecks"]\n')
        project.write("stacks.toml", stacks or QUICK)
        return project

    def write(self, path: str, text: str) -> None:
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(textwrap.dedent(text), encoding="utf-8")

    def append(self, text: str, path: str = "conftest.py") -> None:
        """Write it behind what is there."""
        self.write(path, (self.folder / path).read_text(encoding="utf-8") + text)

    def checks(self, text: str, name: str = "daily/test_things.py") -> None:
        """Write a file of checks; `promise(slug, failing)` declares one."""
        self.write(f"checks/{name}", HEAD + "\n\n" + textwrap.dedent(text))

    def runbook(self, *slugs: str) -> None:
        sections = [
            f"## {slug}\n\n**It is broken**\n\n### Symptom\n\nIt is.\n\n### Look\n\n1. Look.\n\n### Act\n\n1. Act.\n"
            for slug in slugs
        ]
        self.write("checks/RUNBOOK.md", "# Runbook\n\n" + "\n".join(sections))

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "pytest", *arguments]

    def environment(self, **more: str) -> dict[str, str]:
        kept = {key: os.environ[key] for key in ("PATH", "HOME", "TMPDIR", "LANG") if key in os.environ}
        return {
            **kept,
            "PYTHONPATH": str(ROOT / "plugins"),
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": str(self.folder / "aws-config"),
            "AWS_SHARED_CREDENTIALS_FILE": str(self.folder / "aws-credentials"),
            "COLUMNS": "120",
            **more,
        }

    def run(self, *arguments: str, **environment: str) -> Ended:
        done = forks.run("pytest", arguments, self.folder, self.environment(**environment))
        return Ended(done.returncode, done.stdout, done.stderr)

    def python(self, *arguments: str, **environment: str) -> Ended:
        """`python …`: a new interpreter, which has imported nothing yet."""
        done = subprocess.run(
            [sys.executable, *arguments], cwd=self.folder, env=self.environment(**environment), capture_output=True,
            text=True, timeout=forks.TIMEOUT_S, check=False,
        )  # fmt: skip
        return Ended(done.returncode, done.stdout, done.stderr)

    def run_fresh(self, *arguments: str, **environment: str) -> Ended:
        """pytest in a new interpreter."""
        return self.python("-m", "pytest", *arguments, **environment)

    def begin(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        """pytest in a new interpreter, which goes on while its output is read."""
        return subprocess.Popen(
            self.command(*arguments), cwd=self.folder, env=self.environment(**environment), text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def imports(self, *arguments: str, **environment: str) -> tuple[Ended, set[str]]:
        """A run in a new interpreter, and every module that it has imported at its end."""
        self.write(
            "conftest.py",
            """\
            import sys
            pytest_plugins = ["opschecks"]
            def pytest_sessionfinish():
                open("modules", "w").write("\\n".join(sys.modules))
            """,
        )
        ended = self.run_fresh(*arguments, **environment)
        return ended, set((self.folder / "modules").read_text().split())

    def opschecks(self, *arguments: str, first: str = "", **environment: str) -> Ended:
        """`opschecks …`; `first` is Python that runs before it, in its process."""
        done = forks.run("opschecks.cli", arguments, self.folder, self.environment(**environment), first)
        return Ended(done.returncode, done.stdout, done.stderr)

    def told(self, name: str = "daily.json") -> dict[str, Any]:
        """A run file."""
        told: dict[str, Any] = json.loads((self.folder / "reports" / name).read_text(encoding="utf-8"))
        return told

    def outcomes(self, name: str = "daily.json") -> dict[str, str]:
        """The outcome of each check (with its stack where there are several)."""
        told = self.told(name)
        several = len(told["stacks"]) > 1
        return {
            f"{one['check']}[{one['stack']}]" if several else one["check"]: one["outcome"] for one in told["checks"]
        }

    def findings(self, *outcomes: str, name: str = "daily.json") -> list[dict[str, Any]]:
        """Those of a run file that have one of these outcomes."""
        return [one for one in self.told(name)["findings"] if one["outcome"] in outcomes]

    def page(self, name: str = "daily.html") -> str:
        return (self.folder / "reports" / name).read_text(encoding="utf-8")
