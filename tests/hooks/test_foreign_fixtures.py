"""Fixtures, hooks and mocks of a repository's other tests: refused, or what they raise is not a check's failure."""

from __future__ import annotations

import pytest

from tests.scratch import CONFTEST, QUICK, ROOT, Project, check_of_each

MOTO = """

import pytest
from moto import mock_aws


@pytest.fixture(autouse=True)
def aws(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    with mock_aws():
        yield
"""
TWO = check_of_each("test_good") + check_of_each("test_bad", 'assert thing.name != "a", "it is a"')
MOTO_IS_ACTIVE = "moto is active: mock_aws answers in the place of AWS"


@pytest.fixture
def two(project: Project) -> Project:
    project.checks(TWO)
    return project


def _said(project: Project, outcome: str = "blind") -> dict[str, str]:
    return {one["check"]: one["message"] for one in project.findings(outcome)}


@pytest.mark.parametrize("real", [True, False], ids=["real stack", "sandbox"])
def test_a_fixture_of_other_tests_is_refused(two: Project, real: bool) -> None:
    if not real:
        two.write("stacks.toml", QUICK)
    two.write("conftest.py", CONFTEST + MOTO)
    ended = two.run("checks/daily").ends(4)
    said = (
        "checks/daily/test_things.py:11: test_good: autouse fixtures of other tests run around the check, and may "
        "stand in for AWS: aws (conftest.py, which uses moto); move them beside those tests, or give "
        "checks/conftest.py a fixture aws that does nothing"
    )
    assert ended.err.strip() == f"ERROR: {said}"
    assert two.told()["stopped_by"] == said
    assert "autouse fixtures of other tests" in two.page()


@pytest.mark.parametrize("how", ["usefixtures", "needed by one"])
def test_however_it_comes_to_run_around_the_check(two: Project, how: str) -> None:
    if how == "usefixtures":
        two.write("pyproject.toml", '[tool.pytest]\nusefixtures = ["clock"]\n')
        two.write("conftest.py", f"{CONFTEST}\n\nimport pytest\n\n\n@pytest.fixture\ndef clock():\n    pass\n")
    else:
        two.write("shared.py", "import pytest\n\n\n@pytest.fixture(autouse=True)\ndef clock():\n    pass\n")
        two.write("conftest.py", CONFTEST.replace('["opschecks"]', '["opschecks", "shared"]'))
    ended = two.run("checks/daily", PYTHONPATH=f"{ROOT / 'plugins'}:{two.folder}").ends(4)
    if how == "usefixtures":
        assert "clock (conftest.py);" in ended.err


def test_checks_may_replace_it_and_have_fixtures_of_their_own(two: Project) -> None:
    two.write("conftest.py", CONFTEST + MOTO)
    own = "\n\n@pytest.fixture(autouse=True)\ndef own():\n    yield\n\n\n@pytest.fixture\ndef aws():\n    'As told.'\n"
    two.write("checks/conftest.py", f"import pytest{own}")
    ended = two.run("checks/daily")
    assert two.outcomes() == {"test_good": "passed", "test_bad": "failed"}, ended.all


def test_moto_that_is_active_before_the_run_is_refused(two: Project) -> None:
    two.write("conftest.py", f"{CONFTEST}\nfrom moto import mock_aws\n\nmock_aws().start()\n")
    ended = two.run("checks/daily").ends(4)
    assert ended.err.strip() == f"ERROR: {MOTO_IS_ACTIVE}; start it in the tests that need it, not for checks"
    assert MOTO_IS_ACTIVE in two.page()


def test_moto_that_becomes_active_makes_no_check_green(two: Project) -> None:
    two.write("checks/conftest.py", MOTO)
    two.run("checks/daily").ends(10)
    said = f"{MOTO_IS_ACTIVE}; what was seen may not be the stack"
    assert _said(two) == {"test_good": said, "test_bad": said}


def test_so_is_what_answers_http(two: Project) -> None:
    active = "import responses\n\n\ndef pytest_runtest_setup():\n    responses.start()\n"
    two.write("checks/conftest.py", active)
    two.run("checks/daily").ends(10)
    assert set(_said(two).values()) == {
        "responses is active: it answers HTTP requests in the place of the network; what was seen may not be the stack"
    }


FIXTURE, HOOK = "fixture(autouse=True)\ndef own():\n", "hookimpl(wrapper=True)\ndef pytest_runtest_call():\n"
LEAKS = "    assert 1 == 2, 'leaked'\n"
AROUND = {
    "before": (FIXTURE + LEAKS, "before the check"),
    "after": (f"{FIXTURE}    yield\n{LEAKS}", "after the check"),
    "a hook": (f"{HOOK}    yield\n{LEAKS}", "around the check"),
    "pytest.fail": (f"{FIXTURE}    pytest.fail('leaked')\n", "before the check"),
}


@pytest.mark.parametrize(("source", "said"), AROUND.values(), ids=AROUND)
def test_what_fails_around_a_check_is_not_its_failure(project: Project, source: str, said: str) -> None:
    project.checks(check_of_each("test_good"))
    project.write("checks/conftest.py", f"import pytest\n\n\n@pytest.{source}")
    project.run("checks/daily").ends(10)
    assert _said(project) == {"test_good": f"what runs {said} failed: leaked"}


def test_what_a_check_calls_or_is_decorated_with_is_its_own(project: Project) -> None:
    helper = "import pytest\n\n\ndef require(true):\n    if not true:\n        pytest.fail('required')\n"
    project.write("helper.py", helper)
    project.checks(
        '''
        import functools
        from helper import require


        def guarded(function):
            @functools.wraps(function)
            def run(**given):
                function(**given)
                assert given["things"] == [], "guarded"
            return run


        @promise("a")
        def test_helped(things, examine):
            """Why."""
            with examine(things[0]):
                require(False)


        @promise("a")
        @guarded
        def test_guarded(things, examine):
            """Why."""


        @promise("a")
        def test_raises(things, examine):
            """Why."""
            with pytest.raises(ValueError):
                pass
        '''
    )
    ended = project.run("checks/daily", PYTHONPATH=f"{ROOT / 'plugins'}:{project.folder}")
    assert _said(project, "failed") == {
        "test_helped": "required", "test_guarded": "guarded", "test_raises": "DID NOT RAISE ValueError",
    }, ended.all  # fmt: skip


def test_a_report_that_comes_twice_counts_once(two: Project) -> None:
    two.write(
        "checks/conftest.py",
        """\
        def pytest_runtest_logreport(report):
            if report.when == "teardown" and not getattr(report, "again", False):
                report.again = True
                CONFIG.hook.pytest_runtest_logreport(report=report)


        def pytest_configure(config):
            global CONFIG
            CONFIG = config
        """,
    )
    ended = two.run("checks/daily")
    assert [one["name"] for one in two.findings("failed")] == ["a"], ended.all
