"""Ways to a false pass: none of them leads to one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.scratch import HEAD, QUICK, Ended, Project, check_of_each

GOOD = check_of_each("test_good")
BAD = check_of_each("test_bad", 'assert not thing, "bad"')
WITH_DENIED = check_of_each("test_denied", of="denied", promise='"a", may_be_empty=True')


OLD = ("daily.html", "daily.xml", "daily.pytest.html")


@pytest.fixture
def good(project: Project) -> Project:
    project.checks(GOOD)
    project.write("reports/daily.json", "{}")
    for name in OLD:
        project.write(f"reports/{name}", "yesterday's page")
    return project


def _no_good(ended: Ended, project: Project, *, said: str = "") -> None:
    assert ended.code not in (0, 1), ended.all
    assert said in ended.all
    assert "checks passed on" not in ended.out
    for name in OLD:
        path = project.folder / "reports" / name
        assert not path.exists() or "yesterday" not in path.read_text()


VANISHED = {
    "a file that cannot be imported": ("test_more.py", f"import nothing_like_it\n{HEAD}{BAD}"),
    "a module that skips itself": ("test_more.py", f"{HEAD}\npytest.skip('later', allow_module_level=True)\n{BAD}"),
    "an import that is not there": ("test_more.py", f"{HEAD}\npytest.importorskip('nothing_like_it')\n{BAD}"),
    "collect_ignore": ("conftest.py", "collect_ignore = ['test_more.py']\n"),
    "items that are left out": (
        "conftest.py",
        "def pytest_collection_modifyitems(items):\n    items[:] = [one for one in items if 'bad' not in one.name]\n",
    ),
    "a file that pytest does not read": ("more.py", HEAD + BAD),
}


@pytest.mark.parametrize("arguments", [[], ["-n", "2"]], ids=["alone", "xdist"])
@pytest.mark.parametrize(("name", "text"), VANISHED.values(), ids=VANISHED)
def test_a_check_that_is_not_collected_is_reported(good: Project, name: str, text: str, arguments: list[str]) -> None:
    if name == "conftest.py":
        good.checks(BAD, "daily/test_more.py")
    good.write(f"checks/daily/{name}", text)
    ended = good.run("checks/daily", *arguments)
    _no_good(ended, good)
    assert "ot collected" in ended.out or "Interrupted" in ended.out


@pytest.mark.parametrize("option", ["python_files=test_things.py", "python_functions=test_g*"])
def test_an_option_that_hides_checks_is_reported(good: Project, option: str) -> None:
    good.checks(BAD, "daily/test_more.py")
    _no_good(good.run("checks/daily", "-o", option), good, said="not collected")


def test_a_check_of_another_name_is_refused(good: Project) -> None:
    good.checks(BAD.replace("test_bad", "verify"), "daily/test_more.py")
    _no_good(good.run("checks/daily"), good, said="a check's name begins with test_")


STAND_INS = {
    "a fixture": (
        WITH_DENIED,
        "import pytest\n\n@pytest.fixture\ndef denied():\n    return []\n",
        "denied: a fixture of",
    ),
    "a parameter": (
        "@pytest.mark.parametrize('denied', [[]])" + WITH_DENIED,
        "",
        "denied: a check is parametrized by its stacks only",
    ),
    "a keyword": (WITH_DENIED.replace("examine", "examine, *, request", 1), "", "request: a check takes observations"),
}


@pytest.mark.parametrize(("text", "conftest", "message"), STAND_INS.values(), ids=STAND_INS)
def test_nothing_replaces_an_observation(good: Project, text: str, conftest: str, message: str) -> None:
    good.checks(text)
    good.write("checks/daily/conftest.py", conftest)
    good.checks(GOOD, "daily/test_more.py")
    _no_good(good.run("checks/daily"), good, said=message)
    assert good.outcomes() == {"test_good": "passed"}


def test_one_check_takes_nothing_away_from_the_next(good: Project) -> None:
    good.checks(GOOD.replace("for thing in things", "while things").replace("(thing)", "(things.pop())") + BAD)
    assert good.run("checks/daily").code == 1
    assert len(good.findings("failed")) == 3


@pytest.mark.parametrize("raised", ["SystemExit(0)", "KeyboardInterrupt()", "AssertionError('x')", "KeyError('k')"])
def test_whatever_an_observation_raises_is_blind(good: Project, raised: str) -> None:
    good.append(f'\n\n@observation()\ndef broken():\n    """It breaks."""\n    raise {raised}\n')
    good.checks(WITH_DENIED.replace("denied", "broken") + BAD)
    assert good.run("checks/daily").code == 1
    assert good.outcomes() == {"test_broken": "blind", "test_bad": "failed"}


def test_exiting_in_a_check_is_blind_and_the_others_are_judged(good: Project) -> None:
    good.checks(GOOD.replace("pass", "raise SystemExit(0)") + BAD)
    assert good.run("checks/daily").code == 1
    assert good.outcomes() == {"test_good": "blind", "test_bad": "failed"}


def test_an_observation_gives_a_value_not_a_generator(good: Project) -> None:
    good.append('\n\n@observation()\ndef lazy():\n    """It is lazy."""\n    yield 1\n')
    ended = good.run("checks/daily")
    assert ended.code not in (0, 1, 10)
    assert "expected a plain function that returns what it saw" in ended.all


def test_names_are_unique_in_a_suite(good: Project) -> None:
    good.checks(GOOD, "daily/test_more.py")
    said = "test_things.py:11: test_good: names of checks are unique; see checks/daily/test_more.py:11: test_good"
    _no_good(good.run("checks/daily"), good, said=said)


def test_a_narrowed_gate_does_not_open(project: Project) -> None:
    project.checks(GOOD + BAD, "deploy/before/test_things.py")
    assert project.run("checks/deploy/before", "--stack", "here").code == 1
    assert project.run("checks/deploy/before", "--stack", "here", "-k", "good").code == 10


@pytest.mark.parametrize("variable", ["OPSCHECKS_SANDBOX", "AWS_ENDPOINT_URL"])
def test_a_sandbox_does_not_pass_for_production(good: Project, variable: str) -> None:
    ended = good.run("checks/daily", **{variable: "http://127.0.0.1:9"}).ends(4)
    assert ended.err.strip().startswith(f"ERROR: stacks.here: {variable} is set and would divert calls from AWS")


@pytest.mark.parametrize("option", ["--fixtures", "--cache-show", "--markers", "--collect-only"])
def test_what_only_lists_leaves_the_result_alone(good: Project, option: str) -> None:
    good.run("checks/daily", option)
    assert good.page() == "yesterday's page"
    assert (good.folder / "reports" / "daily.json").read_text() == "{}"


@pytest.mark.parametrize("option", ["--setup-only", "--setup-plan"])
def test_what_runs_no_check_is_refused(good: Project, option: str) -> None:
    ended = good.run("checks/daily", option).ends(4)
    assert "runs no checks" in ended.err


def test_a_run_without_stacks_removes_all_old_files(good: Project) -> None:
    good.write("stacks.toml", "default = 1 2\n")
    _no_good(good.run("checks/daily"), good, said="not valid TOML")
    assert not (good.folder / "reports" / "daily.json").exists()


def test_the_wrong_account_removes_them_under_xdist_too(tmp_path: Path) -> None:
    project = Project.of_the_checks(tmp_path, QUICK.replace("123456789012", "210987654321"))
    project.write("reports/daily.html", "yesterday's page")
    _no_good(project.run("checks/daily", "-n", "2"), project, said="the credentials belong to 123456789012")


ODD = {
    "half a character": ("'down \\ud83d'", "{}"),
    "a time before all calendars": ("'x'", "{'opened': '0001-01-01T00:00:00Z'}"),
    "no number": ("'x'", "{'n': float('nan'), 'i': float('inf')}"),
    "an object": ("'x'", "{'o': object(), ('a', 'b'): {1, 2}, 'b': b'\\xff\\x00'}"),
}


@pytest.mark.parametrize("arguments", [[], ["-n", "2"]], ids=["alone", "xdist"])
@pytest.mark.parametrize(("name", "evidence"), ODD.values(), ids=ODD)
def test_odd_values_reach_the_report(good: Project, name: str, evidence: str, arguments: list[str]) -> None:
    one = f"Resource(arn='odd', name={name}, evidence={evidence})"
    good.append(f'\n\n@observation()\ndef odd():\n    """Odd."""\n    return [{one}]\n')
    good.checks(WITH_DENIED.replace("denied", "odd").replace("pass", "assert not thing.name"))
    good.run("checks/daily", *arguments).ends(1)
    assert good.outcomes() == {"test_odd": "failed"}
    assert "yesterday" not in good.page()
    assert "Needs action" in good.page()


def test_limits_are_numbers(good: Project) -> None:
    good.write("stacks.toml", 'default = "here"\n[stacks.here]\nregion = "us-west-2"\nlimits = { cpu_percent = nan }\n')
    _no_good(good.run("checks/daily"), good, said="stacks.toml: stacks.here.limits.cpu_percent")


def test_a_report_that_trips_does_not_end_as_good(good: Project) -> None:
    good.append(
        "\nimport opschecks.report.page\n\ndef trip(*args, **more):\n    raise RuntimeError('tripped')\n\n"
        "opschecks.report.page.render = trip\n"
    )
    ended = good.run("checks/daily").ends(3)
    assert "the files of this run could not be written: RuntimeError: tripped" in ended.out
    assert "tripped" in good.page()
    assert json.loads((good.folder / "reports" / "daily.json").read_text())["counts"]["passed"] == 1
