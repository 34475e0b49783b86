"""`opschecks new`: what it lays out runs at once, in this repository and in a user's own; nothing is overwritten."""

from __future__ import annotations

import os
import re
import shlex
import shutil
from pathlib import Path

import pytest

from tests.scratch import ROOT, Project

DOCS = ROOT / "docs" / "writing-checks.md"
STICKY = ("new", "check", "groups_are_sticky", "--observation", "target_groups", "--property", "sticky")
FILES = {
    "checks/RUNBOOK.md",
    "checks/daily/test_elbv2.py",
    "plugins/opschecks/sandbox/faults/elbv2.py",
    "tests/aws/test_elbv2.py",
    "tests/checks/test_ministack.py",
}


@pytest.fixture
def checkout(tmp_path: Path) -> Project:
    """A copy of this repository."""
    for name in ("checks", "plugins", "tests"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("conftest.py", "pyproject.toml"):
        shutil.copy2(ROOT / name, tmp_path / name)
    shutil.copy2(ROOT / "tests" / "quick_stacks.toml", tmp_path / "stacks.toml")
    return Project(tmp_path)


def _new(project: Project, *arguments: str) -> str:
    ended = project.opschecks(*arguments)
    assert (ended.code, ended.err) == (0, ""), ended.all
    return ended.out


def _refused(project: Project, *arguments: str) -> str:
    before = _texts(project)
    ended = project.opschecks("new", *arguments)
    assert (ended.code, ended.out) == (1, ""), ended.all
    assert _texts(project) == before
    (line,) = ended.err.splitlines()
    return line


def _texts(project: Project) -> dict[str, str]:
    found = (path for suffix in ("*.py", "*.md") for path in project.folder.rglob(suffix))
    return {str(path.relative_to(project.folder)): path.read_text(encoding="utf-8") for path in found}


def _tool(project: Project, *command: str, code: int = 0) -> str:
    """Runs in a process of its own, since the copy is what it imports."""
    told = project.python("-m", *command, PYTHONPATH=f"{project.folder / 'plugins'}{os.pathsep}{project.folder}")
    assert told.code == code, told.all
    return told.all


def test_the_example_of_the_docs_is_what_it_lays_out(checkout: Project) -> None:
    text = DOCS.read_text(encoding="utf-8").partition("## Your own, in one file")[0]
    commands = [
        shlex.split(line) for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL) for line in block.splitlines()
    ]
    new, run, with_fault, *others = commands
    check, fault = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    out = _new(checkout, *new[1:])
    assert f"now run: {shlex.join(run)}" in out
    assert f"and run: {shlex.join(with_fault)}" in out
    assert check in _texts(checkout)["checks/daily/test_log_groups.py"]
    _tool(checkout, *run)
    assert checkout.outcomes("daily-partial.json") == {"test_log_groups_exist": "passed"}
    faults = checkout.folder / "plugins/opschecks/sandbox/faults/log_groups.py"
    assert "not written yet: break it here" in _tool(checkout, *with_fault, code=4)
    head, _, _ = faults.read_text(encoding="utf-8").partition("@fault(")
    faults.write_text(head + fault, encoding="utf-8")
    _tool(checkout, *with_fault, code=1)
    assert checkout.outcomes("daily-partial.json") == {"test_log_groups_exist": "failed"}
    for command in others:
        assert "nothing was written" in _new(checkout, *command[1:], "--dry-run")


def test_every_file_is_there_and_clean(checkout: Project) -> None:
    before = _texts(checkout)
    out = _new(checkout, *STICKY)
    _new(checkout, "new", "check", "images_are_scanned", "--observation", "image_scans", "--suite", "deploy-after")
    _new(checkout, "new", "observation", "auto_scaling_groups", "--service", "autoscaling")
    _new(checkout, "new", "remedy", "set-queue-attributes", "--service", "sqs", "--operation", "SetQueueAttributes")
    after = _texts(checkout)
    changed = {path for path in after if after[path] != before.get(path)}
    assert {line.partition(": ")[0] for line in out.splitlines()} >= FILES
    assert changed >= FILES
    for path in changed & before.keys():
        lines = iter(after[path].splitlines())  # in the old order, each once
        assert all(line in lines for line in before[path].splitlines() if not line.startswith("from ")), path
    written = sorted(path for path in changed if path.endswith(".py"))
    _tool(checkout, "ruff", "check", *written)
    _tool(checkout, "ruff", "format", "--check", *written)
    _tool(checkout, "mypy", "--cache-dir", str(ROOT / ".mypy_cache"), *written)
    tests = [path for path in written if path.startswith("tests/aws")]
    assert len(tests) == 3
    assert "3 passed" in _tool(checkout, "pytest", "-q", "-k", "is_judged or all_that_is_listed", *tests)
    remedy = after["plugins/opschecks/remedies/settings/set_queue_attributes.py"]
    assert len(remedy.splitlines()) <= 40


def test_what_would_be_written_is_shown(checkout: Project) -> None:
    before = _texts(checkout)
    out = _new(checkout, *STICKY, "--dry-run")
    assert _texts(checkout) == before
    assert {line.removeprefix("+++ ") for line in out.splitlines() if line.startswith("+++ ")} == FILES
    assert '+            assert target_group.sticky, "sticky is false"' in out


def test_a_project_of_ones_own(tmp_path: Path) -> None:
    project = Project(tmp_path)
    shutil.copy2(ROOT / "tests" / "quick_stacks.toml", tmp_path / "stacks.toml")
    _new(project, "new", "observation", "functions", "--service", "lambda")
    _new(project, "new", "remedy", "set-queue-attributes", "--service", "sqs", "--operation", "SetQueueAttributes")
    out = _new(project, "new", "check", "functions_are_small", "--observation", "functions", "--property", "runtime")
    assert "not laid out: a fault: no plugins/ here" in out
    assert "not laid out: a test with canned answers: no tests/ here" in out
    _new(project, *STICKY, "--area", "functions")
    assert set(_texts(project)) == {
        "checks/RUNBOOK.md",
        "checks/conftest.py",
        "checks/daily/test_functions.py",
        "checks/functions.py",
        "checks/set_queue_attributes.py",
    }
    assert "set-queue-attributes" in _new(project, "list", "remedies")
    _tool(project, "ruff", "check", ".")
    _tool(project, "ruff", "format", "--check", "--line-length", "120", ".")
    project.run("checks/daily", "-p", "opschecks").ends(10)
    assert project.outcomes() == {"test_functions_are_small": "blind", "test_groups_are_sticky": "passed"}


def test_a_check_of_what_has_no_property_is_blind_until_it_is_written(project: Project) -> None:
    _new(project, "new", "check", "things_are_well", "--observation", "things", "--runbook", "a")
    assert project.run("checks/daily").code == 10
    assert project.told()["findings"][0]["message"].endswith(
        "say here what must hold of thing.evidence (checks/daily/test_things.py:12)"
    )
    line = _refused(project, "check", "things_are_well", "--observation", "things")
    assert line == "Error: test_things_are_well exists already: checks/daily/test_things.py:7"


ALARMS = ("check", "x", "--observation", "alarms")
SQS = ("--service", "sqs")
REFUSED: dict[str, tuple[tuple[str, ...], str]] = {
    "observation": (("check", "x", "--observation", "alarmz"), "alarmz: no such observation; did you mean 'alarms'?"),
    "no resources": (("check", "x", "--observation", "bill"), "it gives no resources that a check could examine"),
    "suite": ((*ALARMS, "--suite", "dayly"), "--suite dayly: no such suite; did you mean 'daily'?"),
    "severity": ((*ALARMS, "--severity", "hihg"), "--severity hihg: no such severity; did you mean 'high'?"),
    "slug": ((*ALARMS, "--runbook", "without-that"), "no such heading in checks/RUNBOOK.md; did you mean"),
    "property": ((*ALARMS, "--property", "suppresed_by"), "Alarm has no suppresed_by; did you mean 'suppressed_by'?"),
    "not of no bool": ((*ALARMS, "--property", "not state"), "state is not a bool; leave the 'not' out"),
    "name": (("check", "Ä", "--observation", "alarms"), "Ä: expected small letters, digits and _"),
    "service": (("observation", "x", "--service", "sqqs"), "sqqs: AWS has no such client; did you mean 'sqs'?"),
    "operation": (("observation", "zebras", *SQS), "choose one with --operation: ListQueues"),
    "no list": (("observation", "x", *SQS, "--operation", "CreateQueue"), "CreateQueue: its answer holds no list"),
    "an observation": (("observation", "alarms", *SQS), "alarms exists already: "),
    "a given": (("observation", "stack", *SQS), "stack: checks and observations are given something of that name"),
    "a module": (("observation", "queue", *SQS), "checks/queue.py would hide Python's module of that name"),
    "a remedy": (("remedy", "scale-service", *SQS, "--operation", "CreateQueue"), "scale-service exists already: "),
    "a call": (("remedy", "x", *SQS, "--operation", "CreatQueue"), "no such operation; did you mean 'CreateQueue'?"),
}  # fmt: skip


@pytest.mark.parametrize(("arguments", "said"), REFUSED.values(), ids=REFUSED)
def test_bad_input_is_one_line(project: Project, arguments: tuple[str, ...], said: str) -> None:
    assert said in _refused(project, *arguments)


def test_a_file_that_is_not_python_is_one_line(project: Project) -> None:
    project.write("checks/daily/test_things.py", "def test_things(:\n")
    line = _refused(project, "check", "x", "--observation", "things", "--area", "things")
    assert line == "Error: checks/daily/test_things.py:1: invalid syntax"


def test_a_folder_without_a_project_is_refused(tmp_path: Path) -> None:
    assert "run it in the folder of your project" in _refused(Project(tmp_path), *ALARMS)


@pytest.mark.parametrize("what", ["", "check", "observation", "remedy"])
def test_help_teaches_by_examples(project: Project, what: str) -> None:
    assert f"opschecks new {what}" in _new(project, "new", *([what] if what else []), "--help")
