"""What AWS says that the account does not have: its checks are not applicable, which is neither a pass nor blind."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from tests.scratch import Project, check_of_each

WITHOUT_PLAN = '''\
from opschecks import Resource, observation
from opschecks.core.observation import NotApplicable

pytest_plugins = ["opschecks"]

@observation()
def things() -> list[Resource]:
    """Nobody has them here."""
    raise NotApplicable("health:DescribeEvents", "the support plan does not include it")

@observation()
def others() -> list[Resource]:
    """Three."""
    return [Resource(arn=f"thing/{n}", name=n) for n in "abc"]

@observation()
def made_of_things(things: list[Resource]) -> list[Resource]:
    """Made of them."""
    return things
'''


def test_what_the_account_does_not_have_is_not_applicable_with_its_reason(project: Project) -> None:
    project.write("conftest.py", WITHOUT_PLAN)
    checks = {"test_plan": "things", "test_made": "made_of_things", "test_others": "others"}
    project.checks("".join(check_of_each(name, of=of) for name, of in checks.items()))
    ended = project.run("checks/daily")
    assert ended.code == 0, ended.all
    expected = {"test_plan": "not_applicable", "test_made": "not_applicable", "test_others": "passed"}
    assert project.outcomes() == expected
    told = {one["check"]: one["message"] for one in project.told()["checks"]}
    assert told["test_plan"] == "health:DescribeEvents: the support plan does not include it"
    suite = ET.parse(project.folder / "reports" / "daily.xml").getroot()[0]
    assert (suite.attrib["skipped"], suite.attrib["errors"], suite.attrib["failures"]) == ("2", "0", "0")


LACKING = '''\
from opschecks import Resource, observation
from opschecks.core.observation import names_no

pytest_plugins = ["opschecks"]

@observation()
def incidents_there() -> list[Resource]:
    """None are kept."""
    raise names_no("here", "incidents table", "incidents_table")

@observation()
def others() -> list[Resource]:
    """Three."""
    return [Resource(arn=f"thing/{n}", name=n) for n in "abc"]
'''


def test_without_takes_a_key_or_a_check_and_leaves_the_others_of_the_slug(project: Project) -> None:
    project.write("conftest.py", LACKING)
    checks = {"test_old": "incidents_there", "test_others": "others", "test_named": "others"}
    project.checks("".join(check_of_each(name, of=of) for name, of in checks.items()))
    told = 'without = { incidents_table = "kept in another system", test_named = "not ours" }'
    project.write("stacks.toml", f'default = "here"\n[stacks.here]\nregion = "us-west-2"\n{told}\n')
    ended = project.run("checks/daily")
    assert ended.code == 0, ended.all
    assert project.outcomes() == {"test_old": "not_applicable", "test_named": "not_applicable", "test_others": "passed"}
    assert [one["name"] for one in project.told()["observations"]] == ["caller_identity", "others"]
    said = {one["check"]: one["message"] for one in project.told()["checks"]}
    assert said["test_old"] == "stack here is without incidents_table: kept in another system"
    assert said["test_named"] == "stack here is without test_named: not ours"
