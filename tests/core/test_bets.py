"""Names inside other packages that we rely on: each is still there, nobody else uses one, and a lost one is said."""

from __future__ import annotations

import ast
import importlib.metadata
import operator
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from packaging.version import Version

from opschecks.aws import botocore_private
from opschecks.aws.configuration import isolated_session
from opschecks.aws.tls import share_connections
from opschecks.core.bets import Bet, LostBet
from opschecks.hooks import pytest_private
from opschecks.sandbox import moto_private
from tests.scratch import ROOT, Project

PACKAGE = ROOT / "plugins" / "opschecks"
LISTS = ("hooks/pytest_private.py", "hooks/pytest_fleets.py", "aws/botocore_private.py", "sandbox/moto_private.py")
OTHERS = ("_pytest", "xdist", "pytest_html")
"""Packages that are imported by their list only. moto's are the sandbox's, botocore's public ones the way to AWS's."""


@pytest.mark.parametrize("stack", ["a parameter"])
@pytest.mark.parametrize("bet", pytest_private.BETS, ids=lambda bet: bet.name)
def test_pytest_and_xdist_still_have(bet: Bet, stack: str, request: pytest.FixtureRequest) -> None:
    assert bet.take(request.node)


@pytest.mark.parametrize(("option", "plugin"), pytest_private.OPTIONS.items())
def test_the_option_is_of_that_plugin(option: str, plugin: str, request: pytest.FixtureRequest) -> None:
    manager: Any = request.config.pluginmanager
    assert manager.has_plugin(plugin) or manager.is_blocked(plugin), f"{option}: no plugin is called {plugin}"


@pytest.mark.parametrize("bet", botocore_private.BETS, ids=lambda bet: bet.name)
def test_botocore_still_has(bet: Bet) -> None:
    assert bet.take(_client())


@pytest.mark.parametrize("bet", moto_private.BETS, ids=lambda bet: bet.name)
def test_moto_still_has(bet: Bet) -> None:
    assert bet.take()


def _client() -> Any:
    return boto3.client("sts", "us-west-2", aws_access_key_id="a", aws_secret_access_key="b")


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_nobody_else_uses_a_private_name(path: Path) -> None:
    """A name of another object that begins with an underscore, unless it is of a class in the same file."""
    if str(path.relative_to(PACKAGE)) in LISTS:
        return
    tree = ast.parse(path.read_text(encoding="utf-8"))
    own = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute) and _is_own(node.value)}
    own |= {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and _is_private(node.attr):
            assert node.attr in own, f"line {node.lineno}: .{node.attr}"
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("getattr", "setattr", "hasattr"):
            name = node.args[1]
            private = isinstance(name, ast.Constant) and _is_private(str(name.value))
            assert not private, f"line {node.lineno}: {ast.unparse(node)}"
        elif isinstance(node, ast.ImportFrom) and not node.level:
            assert (node.module or "").partition(".")[0] not in OTHERS, f"line {node.lineno}: {node.module}"


def _is_own(value: ast.expr) -> bool:
    return isinstance(value, ast.Name) and value.id in ("self", "cls")


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.endswith("__")


def test_names_are_told_apart() -> None:
    names = [bet.name for module in (pytest_private, botocore_private, moto_private) for bet in module.BETS]
    names += [bet.name for bet in (*botocore_private.OF_CHAINS, *botocore_private.OF_CREDENTIALS)]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    "told", [pytest_private.PYTEST, pytest_private.XDIST, botocore_private.BOTOCORE, moto_private.MOTO]
)
def test_versions_are_of_packages_that_are_installed(told: str) -> None:
    package, version = told.split()
    assert importlib.metadata.version(package).split(".")[0] == version.split(".")[0]


@pytest.mark.parametrize("package", ["pytest", "pytest-xdist", "pytest-html", "moto[server]", "ministack"])
def test_the_next_major_version_is_kept_out(package: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *(one for more in project["optional-dependencies"].values() for one in more)]
    [found] = [one for one in wanted if one.startswith(f"{package}>")]
    installed = Version(importlib.metadata.version(package.partition("[")[0]))
    assert f",<{installed.major + 1}" in found


@pytest.mark.parametrize(
    "look",
    [
        lambda: vars(pytest)["no_such_name"],
        lambda: operator.attrgetter("no_such_name")(pytest),
        lambda: None,
        lambda: importlib.metadata.version("no-such"),
    ],
    ids=["key", "attribute", "nothing", "package"],
)
def test_what_is_lost_is_said_by_name(look: Any) -> None:
    bet = Bet("pytest.no_such_name", "pytest 9", "hooks/x.py", "it keeps a promise", look)
    with pytest.raises(LostBet, match=r"pytest\.no_such_name .*pytest 9.* is gone.* hooks/x\.py: it keeps a promise"):
        bet.take()


def test_a_check_without_its_fixtures_ends_the_run(tmp_path: Path) -> None:
    """A rename in pytest would otherwise let a conftest replace an observation."""
    project = Project.of_the_checks(tmp_path)
    project.write(
        "conftest.py",
        """\
        import pytest
        pytest_plugins = ["opschecks"]
        @pytest.hookimpl(tryfirst=True)
        def pytest_itemcollected(item):
            item._renamed = item.__dict__.pop("_fixtureinfo")
        """,
    )
    ended = project.run("checks/daily", "--collect-only").ends(pytest.ExitCode.INTERNAL_ERROR)
    assert "Function._fixtureinfo.name2fixturedefs (found in pytest 9.2.0) is gone" in ended.all


def test_an_option_that_moved_ends_the_run(tmp_path: Path) -> None:
    """A run of some checks would otherwise be taken for a run of all."""
    project = Project.of_the_checks(tmp_path)
    project.write(
        "conftest.py",
        """\
        pytest_plugins = ["opschecks"]
        def pytest_cmdline_main(config):
            del config.option.keyword
        """,
    )
    ended = project.run("checks/daily", "--collect-only")
    assert ended.code != 0
    assert "the options' places in config.option (found in pytest 9.2.0" in ended.all


@pytest.mark.parametrize("bet", botocore_private.OF_CHAINS, ids=lambda bet: bet.name)
def test_botocores_chain_of_credentials_still_has(bet: Bet) -> None:
    assert bet.take(isolated_session().get_component("credential_provider"))


@pytest.mark.parametrize("bet", botocore_private.OF_CREDENTIALS, ids=lambda bet: bet.name)
def test_botocores_credentials_still_have(bet: Bet) -> None:
    from botocore.credentials import RefreshableCredentials

    end = datetime(2026, 11, 29, 12, tzinfo=UTC)
    credentials = RefreshableCredentials("a", "b", "c", end, dict, "test")
    assert bet.take(credentials)
    assert botocore_private.ends_at(credentials) == end


def test_a_chain_that_would_ask_in_another_way_is_said() -> None:
    chain = isolated_session().get_component("credential_provider")
    chain.remove("assume-role")
    with pytest.raises(LostBet, match=r"aws/credentials\.py"):
        botocore_private.ask_with(chain, lambda _: "123456")


def test_a_client_of_another_shape_keeps_its_own_connections() -> None:
    share_connections(object())


def test_clients_share_one_tls_context() -> None:
    contexts = []
    for _ in range(2):
        client = _client()
        share_connections(client)
        found = botocore_private.verified_directly(client)
        assert found is not None
        contexts.append(found[1]["ssl_context"])
    assert contexts[0] is contexts[1]
