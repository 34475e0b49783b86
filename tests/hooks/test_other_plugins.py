"""Plugins that repositories have installed: what they do to a test is not what a check concludes."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from types import SimpleNamespace
from typing import Any, cast

import pytest

from opschecks.hooks.other_plugins import WAITS_UNTIL, pytest_timeout_set_timer
from opschecks.hooks.state import KEY
from tests.scratch import Project, check_of_each

PLUGINS = ("timeout", "rerunfailures", "randomly", "cov", "sugar", "socket", "asyncio")
ALL_LOADED = """\
[tool.pytest]
strict = true
asyncio_default_fixture_loop_scope = "function"
"""
NEVER = '''

@observation()
def never() -> list[Resource]:
    """What never answers."""
    import threading
    threading.Event().wait(900)
    return []
'''
TWO = check_of_each("test_good") + check_of_each("test_bad", 'assert thing.name != "a", "it is a"')


@pytest.fixture
def loaded(project: Project) -> Project:
    """A scratch project in which every plugin is loaded."""
    project.write("pyproject.toml", ALL_LOADED)
    return project


def _messages(project: Project) -> dict[str, list[str]]:
    told: dict[str, list[str]] = {}
    for one in project.findings("failed", "blind"):
        told.setdefault(one["check"], []).append(one["message"])
    return told


def test_real_checks_conclude_the_same_with_all_of_them(tmp_path: Any) -> None:
    project = Project.of_the_checks(tmp_path)
    project.run("checks/daily", "--fault", "stickiness_switched_off")
    without = project.outcomes()
    project.write("pyproject.toml", ALL_LOADED)
    ended = project.run("checks/daily", "--fault", "stickiness_switched_off", "--reruns", "1", "--cov=opschecks")
    header = next(line for line in ended.out.splitlines() if line.startswith("plugins:"))
    assert [name for name in PLUGINS if f" {name}-" not in header] == []
    assert ended.code == 1, ended.all
    assert project.outcomes() == without
    assert len(without) > 20
    assert "INTERNALERROR" not in ended.all


@pytest.mark.parametrize("workers", [[], ["-n2"]], ids=["one process", "workers"])
def test_a_rerun_is_told_once(loaded: Project, workers: list[str]) -> None:
    loaded.checks(TWO)
    ended = loaded.run("checks/daily", "--reruns", "2", *workers, GITHUB_ACTIONS="true", GITHUB_STEP_SUMMARY="summary")
    assert ended.code == 1, ended.all
    assert _messages(loaded) == {"test_bad": ["it is a"]}
    assert len(loaded.told()["checks"]) == 2
    assert (loaded.folder / "summary").read_text(encoding="utf-8").count("it is a") == 1
    cases = ET.parse(loaded.folder / "reports" / "daily.xml").getroot()[0]
    assert {key: cases.attrib[key] for key in ("tests", "failures", "errors")} == {
        "tests": "2", "failures": "1", "errors": "0",
    }  # fmt: skip
    page = loaded.page()
    loaded.run("checks/daily", *workers)
    assert page.count("it is a") == loaded.page().count("it is a")


@pytest.mark.parametrize("method", ["signal", "thread"])
def test_a_check_that_waits_too_long_is_blind(loaded: Project, method: str) -> None:
    loaded.append(NEVER)
    loaded.checks(check_of_each("test_slow", of="never") + check_of_each("test_good"))
    loaded.run("checks/daily", "--timeout", "0.3", "--timeout-method", method).ends(10)
    assert loaded.outcomes() == {"test_slow": "blind", "test_good": "passed"}
    assert _messages(loaded) == {"test_slow": ["never: no answer within 0.3 s (pytest-timeout)"]}


@pytest.mark.parametrize("func_only", ["true", "false"])
@pytest.mark.parametrize("where", ["inside examine", "outside"])
def test_a_check_that_hangs_is_blind(loaded: Project, where: str, func_only: str) -> None:
    hang = "__import__('threading').Event().wait(900)"
    inside, outside = (hang, "") if where == "inside examine" else ("pass", f"\n    {hang}\n")
    loaded.checks(check_of_each("test_hangs", inside).rstrip() + outside + "\n" + check_of_each("test_good"))
    loaded.run("checks/daily", "--timeout", "0.3", "-o", f"timeout_func_only={func_only}").ends(10)
    assert loaded.outcomes() == {"test_hangs": "blind", "test_good": "passed"}
    said = "pytest-timeout ended the check: Timeout (>0.3s) from pytest-timeout."
    assert set(_messages(loaded)["test_hangs"]) == {said}


def test_what_precedes_the_first_check_has_no_limit_of_checks(loaded: Project) -> None:
    loaded.append("""\

def pytest_collection_finish(session):
    import threading
    from opschecks.hooks import gather
    identify = gather.identify_stack
    gather.identify_stack = lambda *given: (threading.Event().wait(1.5), identify(*given))
""")
    loaded.checks(TWO)
    loaded.run("checks/daily", "--timeout", "0.7").ends(1)
    assert loaded.outcomes() == {"test_good": "passed", "test_bad": "failed"}


def test_the_time_limit_of_a_session_leaves_checks_not_run(loaded: Project) -> None:
    loaded.checks(TWO)
    loaded.run("checks/daily", "--session-timeout", "0.000001", "-p", "no:randomly").ends(10)
    assert loaded.outcomes() == {"test_good": "passed", "test_bad": "not_run"}
    assert "session-timeout" in loaded.told()["stopped_by"]


@pytest.mark.parametrize(("suite", "expected"), [("drills", True), ("daily", True), ("", None)])
def test_no_timer_strikes_a_drill(suite: str, expected: bool | None) -> None:
    """A drill has limits of its own; one that is cut short would leave what it made."""
    config = SimpleNamespace(stash=pytest.Stash())
    if suite:
        config.stash[KEY] = cast("Any", SimpleNamespace(suite=suite))
    item: Any = SimpleNamespace(config=config, stash=pytest.Stash())
    settings = SimpleNamespace(timeout=3.0, method="signal", func_only=False)
    assert pytest_timeout_set_timer(item, settings) is expected
    assert (WAITS_UNTIL in item.stash) is (suite == "daily")


@pytest.mark.parametrize("option", ["--disable-socket", "--allow-hosts=127.0.0.1"])
def test_a_closed_network_is_refused(loaded: Project, option: str) -> None:
    loaded.checks(TWO)
    ended = loaded.run("checks/daily", option).ends(4)
    name = option.partition("=")[0]
    assert ended.err.strip() == f"ERROR: {name}: checks look over the network; for checks, add --force-enable-socket"
    assert loaded.run("checks/daily", option, "--force-enable-socket").code == 1


def test_a_network_that_a_conftest_closes_is_said(loaded: Project) -> None:
    closing = "\n\ndef pytest_runtest_setup():\n    import pytest_socket\n    pytest_socket.disable_socket()\n"
    loaded.write("checks/conftest.py", closing)
    loaded.checks(TWO)
    loaded.run("checks/daily").ends(10)
    said = "pytest-socket has closed the network; what was seen may not be the stack"
    assert _messages(loaded) == {"test_good": [said], "test_bad": [said]}
