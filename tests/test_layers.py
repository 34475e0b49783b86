"""Imports point downward only; checks import public names; live runs never import the sandbox."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.scratch import ROOT, Project

PACKAGE = ROOT / "plugins" / "opschecks"
LAYERS = [
    {"hooks", "cli", "cli_fix", "cli_found", "cli_history", "cli_logs", "cli_report", "cli_shown", "cli_stacks"},
    {"report", "sandbox"},
    {"drill", "drills"},
    {
        "waivers",
        "history",
        "past",
        "summaries",
        "week",
        "episodes",
        "policy",
        "journal",
        "store",
        "lock",
        "guards",
        "mender",
        "plan",
    },
    {"remedies"},
    {"aws", "web"},
    {"answer", "observe", "remedy"},
    {"stack", "stacks", "tables"},
    {"bets", "model", "limits", "names", "redaction", "signals", "spans", "hookspecs", "written"},
]
LEVEL = {room: level for level, rooms in enumerate(LAYERS) for room in rooms}
MODULES = sorted(PACKAGE.rglob("*.py"))


def _imported(path: Path) -> Iterator[str]:
    """Every opschecks module that the file imports anywhere, also inside functions, as `a.b.c`."""
    root = PACKAGE.parent if PACKAGE in path.parents else ROOT
    inside = path.relative_to(root).with_suffix("").parts
    package = inside[:-1]  # for a package's __init__.py that is the package itself, too
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.startswith("opschecks"))
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                base = ".".join(package[: len(package) - node.level + 1])
                module = f"{base}.{node.module}" if node.module else base
            else:
                module = node.module or ""
            if module == "opschecks" or module.startswith("opschecks."):
                yield from (f"{module}.{alias.name}" for alias in node.names)


def _room(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_downward(path: Path) -> None:
    room = path.relative_to(PACKAGE).with_suffix("").parts[0]
    if room == "__init__":
        return
    for module in _imported(path):
        other = _room(module)
        if other in LEVEL:
            assert other == room or LEVEL[other] >= LEVEL[room], f"{room} imports {module}"
        else:
            assert other == "__version__", f"{path.name} imports {module}"


def test_every_module_is_in_a_room() -> None:
    rooms = {path.relative_to(PACKAGE).with_suffix("").parts[0] for path in MODULES} - {"__init__"}
    assert rooms <= set(LEVEL)


def test_only_the_sandbox_knows_moto_and_aiohttp() -> None:
    for path in MODULES:
        if "sandbox" not in path.parts:
            tree = ast.dump(ast.parse(path.read_text(encoding="utf-8")))
            assert not [library for library in ("moto", "aiohttp") if library in tree], path


@pytest.mark.parametrize("path", sorted((ROOT / "checks").rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_checks_import_public_names_and_typed_resources_only(path: Path) -> None:
    for module in _imported(path):
        assert _room(module) in ("aws", "web", "remedies", "drills") or module.count(".") == 1, module


def test_a_live_run_imports_neither_sandbox_nor_report_libraries_it_does_not_need(tmp_path: Path) -> None:
    project = Project.of_the_checks(
        tmp_path,
        'default = "live"\n[stacks.live]\nregion = "us-west-2"\nendpoint_url = "http://127.0.0.1:9"\n'
        'cluster = "c"\nservices = ["s"]\nlimits = { aws_attempts = 1 }\n',
    )
    project.write(
        "conftest.py",
        """\
        import sys
        pytest_plugins = ["opschecks"]
        def pytest_sessionfinish():
            open("modules", "w").write("\\n".join(sys.modules))
        """,
    )
    ended = project.run("checks/daily", AWS_ACCESS_KEY_ID="none", AWS_SECRET_ACCESS_KEY="none")
    assert ended.code == 10, ended.all
    loaded = (tmp_path / "modules").read_text().split()
    for heavy in (
        "aiohttp",
        "moto",
        "werkzeug",
        "flask",
        "opschecks.sandbox",
        "playwright",
        "markdown_it.main.nothing",
    ):
        assert heavy not in loaded


def test_the_plugin_costs_little_where_no_check_is_selected() -> None:
    """Counted in modules, not in milliseconds: none of the heavy ones may come with `pytest --help`."""
    code = "import sys, pytest; pytest.main(['--help']); print('\\n'.join(sys.modules), file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=Project(ROOT).environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(done.stderr.split())
    assert "opschecks.hooks.select" in loaded
    assert "--fail-on" in done.stdout
    for heavy in ("boto3", "botocore", "pydantic", "requests", "websockets", "aiohttp", "moto", "opschecks.stack"):
        assert heavy not in loaded, heavy
