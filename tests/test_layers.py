"""Imports point downward only; checks import public names; live runs never import the sandbox."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.scratch import ROOT, Ended, Project

PACKAGE = ROOT / "plugins" / "opschecks"
ROOMS = (
    "cli",
    "hooks",
    "report",
    "sandbox",
    "drills",
    "remedies",
    "fixing",
    "recording",  # knows a run's stacks and waivers (config); aws and web know only the tape of core
    "history",
    "web",
    "aws",
    "config",
    "core",
)
"""Every room of the package: each may import those after it, none of those before it."""
REPORT = ("page files", "daily weekly exports", "")
"""The levels of report/: page assembly; the rooms, none of which imports another; everything that they share."""
RECOGNISES_MOTO = PACKAGE / "hooks" / "other_plugins.py"
"""Says that somebody else has started it, by a look at what is imported already."""
FILES_AT_THE_ROOT = 4
"""Public names, hooks for users, `python -m opschecks`, and py.typed."""
LINES_OF_A_FILE = 350
MODULES = {
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(PACKAGE.rglob("*.py"))
}


def _imported(path: Path) -> Iterator[str]:
    """What the file imports of opschecks, also inside functions and for types only, as `opschecks.a.b.c`."""
    root = PACKAGE.parent if PACKAGE in path.parents else ROOT
    package = path.relative_to(root).parts[:-1]  # for a package's __init__.py that is the package itself, too
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.partition(".")[0] == "opschecks")
        elif isinstance(node, ast.ImportFrom):
            parts = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join((*parts, *([node.module] if node.module else [])))
            if module.partition(".")[0] == "opschecks":
                yield from (f"{module}.{alias.name}" for alias in node.names)


def _room(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


@functools.cache
def _arrows() -> dict[str, set[str]]:
    """The modules that each module imports; the package itself is above all of them and no part of it."""
    return {
        module: {name if name in MODULES else name.rpartition(".")[0] for name in _imported(path)} - {module}
        for module, path in MODULES.items()
        if module != "opschecks"
    }


@pytest.mark.parametrize("module", [module for module in MODULES if _room(module) in ROOMS])
def test_imports_point_downward(module: str) -> None:
    level = ROOMS.index(_room(module))
    for other in sorted(_arrows()[module]):
        assert other in MODULES, f"{module} imports {other}, which is not a module"
        assert other != "opschecks.hookspecs" or _room(module) == "hooks", f"{module} imports {other}"
        if other != "opschecks.hookspecs":
            assert _room(other), f"{module} imports the package itself"
            assert ROOMS.index(_room(other)) >= level, f"{module} imports {other}, which is above it"


def _place_in_report(module: str) -> tuple[int, str]:
    """The level of a module of report/, and its room or name."""
    name = module.split(".")[2]
    return next((level, name) for level, names in enumerate(REPORT) if name in names.split() or not names)


@pytest.mark.parametrize("module", [module for module in MODULES if module.startswith("opschecks.report.")])
def test_a_page_is_put_together_at_the_top_of_rooms_that_share_what_is_below(module: str) -> None:
    level, room = _place_in_report(module)
    for other in sorted(one for one in _arrows()[module] if one.startswith("opschecks.report.")):
        its_level, its_room = _place_in_report(other)
        shared = level == its_level and (level != 1 or room == its_room)
        assert its_level > level or shared, f"{module} imports {other}"


def test_no_module_imports_itself_through_others() -> None:
    """Neither when it runs nor for its types: of modules in a circle none can be read, or changed, alone."""
    done: set[str] = set()

    def follow(module: str, path: tuple[str, ...]) -> None:
        assert module not in path, "a circle: " + " -> ".join((*path[path.index(module) :], module))
        if module not in done:
            for other in sorted(_arrows().get(module, ())):
                follow(other, (*path, module))
            done.add(module)

    for module in MODULES:
        follow(module, ())


def test_the_rooms_are_those_of_the_list() -> None:
    assert {path.name for path in PACKAGE.iterdir() if path.is_dir() and path.name != "__pycache__"} == set(ROOMS)


def test_the_root_has_few_files() -> None:
    assert len([path for path in PACKAGE.iterdir() if path.is_file()]) <= FILES_AT_THE_ROOT


@pytest.mark.parametrize("path", MODULES.values(), ids=MODULES)
def test_a_file_can_be_read_in_one_go(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LINES_OF_A_FILE


OURS = "in the package, `dataclass` is that of core/dataclass.py"


def test_dataclasses_are_made_by_ours() -> None:
    """Python's compiles three methods for each class, in every run."""
    for module in MODULES.keys() - {"opschecks.core.dataclass"}:
        for node in ast.walk(ast.parse(MODULES[module].read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module == "dataclasses":
                assert "dataclass" not in [alias.name for alias in node.names], f"{module}: {OURS}"
            is_pythons = isinstance(node, ast.Attribute) and ast.unparse(node) == "dataclasses.dataclass"
            assert not is_pythons, f"{module}: {OURS}"


def test_only_the_sandbox_knows_moto() -> None:
    for path in MODULES.values():
        if "sandbox" not in path.relative_to(PACKAGE).parts and path != RECOGNISES_MOTO:
            assert "moto" not in ast.dump(ast.parse(path.read_text(encoding="utf-8"))), path


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
    ended, loaded = project.imports("checks/daily", AWS_ACCESS_KEY_ID="none", AWS_SECRET_ACCESS_KEY="none")
    assert ended.code == 10, ended.all
    assert "opschecks.hooks.select" in loaded
    weekly = ("opschecks.report.week_words", "opschecks.report.week_tables", "opschecks.report.weekly")
    for heavy in ("moto", "werkzeug", "flask", "aiohttp", "opschecks.sandbox", "playwright", *weekly):
        assert heavy not in loaded


def test_the_plugin_costs_little_where_no_check_is_selected(tmp_path: Path) -> None:
    """Counted in modules, not in milliseconds: none of the heavy ones may come with `pytest --help`."""
    (tmp_path / "conftest.py").write_text('pytest_plugins = ["opschecks"]\n', encoding="utf-8")
    code = "import sys, pytest; pytest.main(['--help']); print('\\n'.join(sys.modules), file=sys.stderr)"
    done = Project(tmp_path).python("-c", code)
    loaded = set(done.err.split())
    assert "opschecks.hooks.select" in loaded
    assert "--fail-on" in done.out
    for heavy in (
        "boto3",
        "botocore",
        "pydantic",
        "pydantic_core",
        "requests",
        "websockets",
        "moto",
        "opschecks.config.stack",
    ):
        assert heavy not in loaded, heavy


def test_public_names_are_there_and_cost_nothing_until_somebody_asks() -> None:
    """What a user's own conftest imports: every name of the package, each from where it lives."""
    code = (
        "import sys, opschecks\n"
        "assert not {'boto3', 'pydantic', 'opschecks.fixing.remedy', 'opschecks.config.stack'} & set(sys.modules)\n"
        "from opschecks import *\n"
        "print(*(name for name in opschecks.__all__ if name not in globals()))"
    )
    assert Project(ROOT).python("-c", code) == Ended(0, "\n", "")
