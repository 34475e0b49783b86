"""The wheel and the source archive: what they carry, and what a newcomer does with the wheel in an empty folder."""

from __future__ import annotations

import importlib.metadata
import io
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from opschecks.core import clock
from opschecks.core.check_names import find_checks
from opschecks.core.suites import SUITES
from opschecks.fixing.plan import read_plan
from tests.forks import TIMEOUT_S
from tests.scratch import ROOT, Ended

GOOD = ("passed", "not_applicable")
DAILY = ("--pyargs", "opschecks.checks.daily")
BUILT_FROM = ("pyproject.toml", "README.md", "LICENSE", ".gitignore", "stacks.toml", "plugins", "checks", "docs")


def _python(arguments: Sequence[str], folder: Path, python: Path | str = sys.executable, **more: str) -> Ended:
    """With nothing of this checkout in reach but what is installed."""
    kept = {key: os.environ[key] for key in ("PATH", "HOME", "TMPDIR", "LANG") if key in os.environ}
    done = subprocess.run(
        [python, *arguments],
        cwd=folder,
        env={**kept, "AWS_EC2_METADATA_DISABLED": "true", "COLUMNS": "120", **more},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


@dataclass(frozen=True)
class Installed:
    """The wheel in a virtual environment of its own, where nothing else of opschecks can be imported."""

    dist: Path
    python: Path

    @property
    def wheel(self) -> Path:
        (wheel,) = self.dist.glob("*.whl")
        return wheel

    def run(self, *arguments: str, folder: Path, **environment: str) -> Ended:
        return _python(["-m", *arguments], folder, self.python, **environment)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Built from a copy of what is built from, by the backend itself: without the network."""
    folder = tmp_path_factory.mktemp("wheel")
    tree = folder / "tree"
    for name in BUILT_FROM:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            tree.mkdir(exist_ok=True)
            shutil.copy(ROOT / name, tree / name)
    building = dict(os.environ)
    for arguments, python, environment in (
        (["-m", "hatchling", "build", "-d", str(folder / "dist")], sys.executable, building),
        (["-m", "venv", "--without-pip", str(folder / "venv")], sys.executable, {}),
    ):
        _python(arguments, tree, python, **environment).ends(0)
    one = Installed(folder / "dist", folder / "venv" / "bin" / "python")
    pip = ["-m", "pip", "--python", str(one.python), "install", "-q", "--no-deps", "--no-index", str(one.wheel)]
    _python(pip, folder).ends(0)
    # what it depends on is that of this environment, whose .pth files (an editable install's) are not read from here
    (site,) = (folder / "venv" / "lib").glob("python*/site-packages")
    (site / "others.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return one


def _names(folder: str) -> set[str]:
    """What lies in a folder of the repository, by paths below it."""
    found = (path for path in (ROOT / folder).rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {str(path.relative_to(ROOT / folder)) for path in found}


def test_the_wheel_carries_the_checks_and_what_they_need(installed: Installed) -> None:
    with zipfile.ZipFile(installed.wheel) as wheel:
        names = set(wheel.namelist())
        assert wheel.read("opschecks/checks/RUNBOOK.md") == (ROOT / "checks" / "RUNBOOK.md").read_bytes()
    checks = {f"opschecks/checks/{name}" for name in _names("checks") - {"waivers.toml"}}
    package = {f"opschecks/{name}" for name in _names("plugins/opschecks")}
    told = {name for name in names if ".dist-info/" in name}
    assert {"opschecks/py.typed", "opschecks/checks/daily/test_alarms.py"} <= names
    assert names - told == checks | package | {"opschecks/sandbox/stacks.toml"}


def test_the_source_archive_carries_all_that_the_wheel_is_built_from(installed: Installed) -> None:
    (archive,) = installed.dist.glob("*.tar.gz")
    with tarfile.open(archive) as source:
        names = {name.partition("/")[2] for name in source.getnames()}
    for folder in ("checks", "plugins"):
        assert {f"{folder}/{name}" for name in _names(folder)} <= names
    assert {"README.md", "pyproject.toml", "stacks.toml"} <= names


def test_the_licence_is_in_all_that_is_passed_on(installed: Installed, tmp_path: Path) -> None:
    """In both archives whole, and by its name in the metadata and in the bill of materials."""
    text, project = (
        (ROOT / "LICENSE").read_bytes(),
        tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"],
    )
    assert project["license-files"] == ["LICENSE"]
    with zipfile.ZipFile(installed.wheel) as wheel:
        (place,) = (name for name in wheel.namelist() if name.endswith(".dist-info/licenses/LICENSE"))
        assert wheel.read(place) == text
    (archive,) = installed.dist.glob("*.tar.gz")
    with tarfile.open(archive) as source:
        (place,) = (name for name in source.getnames() if name.partition("/")[2] == "LICENSE")
        assert (source.extractfile(place) or io.BytesIO()).read() == text
    bill = json.loads(installed.run("opschecks.cli.sbom", folder=tmp_path).out)
    assert bill["metadata"]["component"]["licenses"] == [{"expression": project["license"]}]


def test_the_same_commit_makes_the_same_wheel(installed: Installed, tmp_path: Path) -> None:
    """Byte for byte, from files of other times and rights, in another time zone."""
    tree = installed.dist.parent / "tree"
    for path in tree.rglob("*"):
        os.utime(path, (1e9, 1e9))
        path.chmod(path.stat().st_mode | 0o020)
    environment = {"TZ": "Asia/Kathmandu", "PYTHONHASHSEED": "7"}
    _python(["-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)], tree, **environment).ends(0)
    (again,) = tmp_path.glob("*.whl")
    assert again.name == installed.wheel.name
    assert again.read_bytes() == installed.wheel.read_bytes()


def _told(folder: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((folder / "reports" / "daily.json").read_text(encoding="utf-8"))
    return told


def test_from_an_empty_folder_to_a_first_verdict(installed: Installed, tmp_path: Path) -> None:
    """By the pytest11 entry point alone: no conftest, no ini file, no checks here."""
    lost = installed.run("pytest", *DAILY, folder=tmp_path).ends(4)
    assert "stacks.toml: no such file; --stacks FILE names another one, and `opschecks init --sandbox" in lost.err

    shown = installed.run("opschecks", "init", "--sandbox", folder=tmp_path)
    assert tomllib.loads(shown.out)["default"] == "sandbox"
    assert not (tmp_path / "stacks.toml").exists()
    assert installed.run("opschecks", "init", "--sandbox", "--write", folder=tmp_path).code == 0
    again = installed.run("opschecks", "init", "--sandbox", "--write", folder=tmp_path)
    assert (again.code, again.err.strip()) == (
        1,
        "Error: stacks.toml: it is there already, and is left as it is; remove --write",
    )

    ended = installed.run("pytest", *DAILY, folder=tmp_path).ends(0)
    assert "checks passed on sandbox; 7 do not apply." in ended.out  # it has no queues and no functions
    assert {check["outcome"] for check in _told(tmp_path)["checks"]} == {"passed", "not_applicable"}
    assert (tmp_path / "reports" / "daily.html").exists()
    assert installed.run("opschecks", "report", "daily", "--out", "again.html", folder=tmp_path).code == 0


def test_a_fault_a_waiver_and_a_plan_need_no_clone(installed: Installed, tmp_path: Path) -> None:
    """Beside stacks.toml lie the waivers; the plan names checks so that pytest finds them where they are installed."""
    stacks = (ROOT / "tests" / "quick_stacks.toml").read_text(encoding="utf-8")
    (tmp_path / "stacks.toml").write_text(stacks, encoding="utf-8")
    (tmp_path / "waivers.toml").write_text("[[waivers]]\ncheck = 'test_nothing'\n", encoding="utf-8")
    refused = installed.run("pytest", *DAILY, folder=tmp_path).ends(4)
    assert "waivers.toml: waiver 1 (test_nothing on no resource): resource: missing" in refused.err
    assert str(tmp_path) not in refused.err

    until = (clock.now() + timedelta(days=30)).date()
    (tmp_path / "waivers.toml").write_text(
        "[[waivers]]\ncheck = 'test_no_alarm_is_ringing'\nresource = 'incident-commander-latency-high'\n"
        f"until = {until}\nowner = 'us'\nreason = 'known'\n",
        encoding="utf-8",
    )
    faults = ("--fault", "alarm_is_ringing", "--fault", "stickiness_is_short")
    installed.run("pytest", *DAILY, *faults, "--stack", "sandbox", "--fix=plan", folder=tmp_path).ends(1)
    bad = {one["check"]: one["outcome"] for one in _told(tmp_path)["checks"] if one["outcome"] not in GOOD}
    assert bad == {"test_no_alarm_is_ringing": "waived", "test_websocket_sessions_are_sticky": "failed"}

    nodes = read_plan(tmp_path / "reports" / "plan.json").nodes
    assert nodes == ("opschecks.checks.daily.test_websocket::test_websocket_sessions_are_sticky[sandbox]",)
    named = installed.run("pytest", "--pyargs", *nodes, "--collect-only", "-q", "--stack", "sandbox", folder=tmp_path)
    assert named.code == 0, named.all
    assert next(line for line in named.out.splitlines() if "::" in line).endswith("sessions_are_sticky[sandbox]")


@pytest.mark.parametrize("suite", SUITES.values(), ids=str)
def test_every_suite_is_found_from_any_folder(installed: Installed, tmp_path: Path, suite: Path) -> None:
    """The virtual environment lies in the folder, as most people have it; stacks.toml lies elsewhere."""
    (tmp_path / "elsewhere").mkdir()
    stacks = tmp_path / "elsewhere" / "stacks.toml"
    shutil.copy(ROOT / "tests" / "quick_stacks.toml", stacks)
    for folder in (installed.dist.parent, tmp_path):
        named = f"opschecks.checks.{'.'.join(suite.parts)}"
        options = ("--stacks", str(stacks), "--stack", "sandbox", "--collect-only", "-q", "-p", "no:sugar")
        ended = installed.run("pytest", "--pyargs", named, *options, folder=folder).ends(0)
        found = {line.partition("::")[2].partition("[")[0] for line in ended.out.splitlines() if "::" in line}
        assert found == {name for name, _ in find_checks(ROOT / "checks" / suite)}


def test_workers_find_the_installed_checks_too(installed: Installed, tmp_path: Path) -> None:
    shutil.copy(ROOT / "tests" / "quick_stacks.toml", tmp_path / "stacks.toml")
    installed.run("pytest", *DAILY, "-n", "1", "-p", "no:sugar", folder=tmp_path).ends(0)
    assert len(_told(tmp_path)["checks"]) == len(list(find_checks(ROOT / "checks" / "daily")))


WRONG = {
    "opschecks.checks.dayly": "module or package not found: opschecks.checks.dayly",
    "opschecks.checks": "not a suite; name one: checks/daily",
}


@pytest.mark.parametrize("named", WRONG)
def test_what_is_no_suite_is_said(installed: Installed, tmp_path: Path, named: str) -> None:
    shutil.copy(ROOT / "tests" / "quick_stacks.toml", tmp_path / "stacks.toml")
    ended = installed.run("pytest", "--pyargs", named, folder=tmp_path).ends(4)
    assert WRONG[named] in ended.err


def test_the_command_line_is_the_installed_one(installed: Installed, tmp_path: Path) -> None:
    script = installed.python.parent / "opschecks"
    version = importlib.metadata.version("opschecks")
    for command in (
        [str(script)],
        [str(installed.python), "-m", "opschecks"],
        [str(installed.python), "-m", "opschecks.cli"],
    ):
        ended = _python([*command[1:], "--version"], tmp_path, command[0])
        assert (ended.code, ended.err) == (0, "")
        assert ended.out.endswith(f"version {version}\n")
    schema = json.loads(_python(["report", "schema"], tmp_path, script).out)
    assert schema["$schema"].startswith("https://json-schema.org/")
    listed = json.loads(_python(["list", "checks", "--format", "json"], tmp_path, script).out)
    assert {row["check"] for row in listed} == {name for name, _ in find_checks(ROOT / "checks")}
    assert all(Path(row["file"]).is_relative_to(installed.dist.parent / "venv") for row in listed)


COMPLETED = {
    ("opschecks list", "opschecks l"): ["list"],
    ("opschecks list keys", "opschecks list k"): ["keys"],
    ("opschecks journal --format json", "opschecks journal --format j"): ["json"],
}


@pytest.mark.parametrize("typed", COMPLETED.values(), ids=[line for line, _ in COMPLETED])
def test_the_shell_completes_commands_and_choices(installed: Installed, tmp_path: Path, typed: list[str]) -> None:
    script = installed.python.parent / "opschecks"
    (line,) = (line for (_, line), words in COMPLETED.items() if words == typed)
    asked = {"COMP_WORDS": line, "COMP_CWORD": str(len(line.split()) - 1)}
    ended = _python([], tmp_path, script, _OPSCHECKS_COMPLETE="bash_complete", **asked)
    assert [one.partition(",")[2] for one in ended.out.split()] == typed
    for shell in ("bash", "zsh", "fish"):
        source = _python([], tmp_path, script, _OPSCHECKS_COMPLETE=f"{shell}_source")
        assert f"_OPSCHECKS_COMPLETE={shell}_complete" in source.out


def test_the_image_s_command_works_from_a_folder_that_it_may_not_write(installed: Installed, tmp_path: Path) -> None:
    """The CMD and the environment of the Dockerfile, with a mounted stacks.toml and no credentials: all is blind, the
    page is written, and nothing lies beside stacks.toml.
    """
    image = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    (command,) = re.findall(r"^CMD (\[.*\])$", image, re.MULTILINE)
    (addopts,) = re.findall(r'PYTEST_ADDOPTS="([^"]*)"', image)
    work, reports = tmp_path / "work", tmp_path / "reports"
    work.mkdir()
    (work / "stacks.toml").write_text('[stacks.shop]\nregion = "us-west-2"\n', encoding="utf-8")
    program, *words = (word.replace("/tmp/reports", str(reports)) for word in json.loads(command))
    more = {"PYTEST_ADDOPTS": addopts, "PYTHONDONTWRITEBYTECODE": "1", "HOME": str(tmp_path)}
    installed.run(program, *words, "--stack", "shop", "-p", "no:sugar", folder=work, **more).ends(10)
    assert (reports / "daily.html").exists()
    assert [path.name for path in work.rglob("*")] == ["stacks.toml"]
