"""What a user's own conftest can do: add a remedy, veto a change, receive findings and changes."""

from __future__ import annotations

import pytest

from tests.scratch import Project

CHECKS = '''
@promise("a", "the switch is off")
def test_switch_is_on(switches, examine):
    """Why."""
    for switch in switches:
        with examine(switch):
            assert switch.evidence["value"] == "on", "it is off"
'''
CONFTEST = '''\
import json, pathlib
from datetime import timedelta
from opschecks import Resource, observation
from opschecks import Remedy, Request

pytest_plugins = ["opschecks"]
WORLD = pathlib.Path("world.json")


@observation()
def switches() -> list[Resource]:
    """The switches."""
    told = json.loads(WORLD.read_text())
    return [Resource(arn=name, name=name, evidence={"value": value}) for name, value in told.items()]


class World:
    """What the remedy changes instead of AWS."""

    def send(self, service, operation, /, **parameters):
        told = json.loads(WORLD.read_text())
        told[parameters["target"]] = parameters["value"]
        WORLD.write_text(json.dumps(told))
        return {}


class SwitchOn(Remedy):
    """Switch it on."""

    settles_within = timedelta(seconds=0.5)

    def __init__(self, stack, aws, runs=tuple):
        super().__init__(stack, World(), runs)

    def read(self, target):
        return {"value": json.loads(WORLD.read_text())[target]}

    def want(self, now, wish):
        return {"value": "on"}

    def request(self, target, before, after):
        return Request("world", "Write", {"target": target, "value": after["value"]})


def pytest_opschecks_remedies():
    return {"test_switch_is_on": SwitchOn}


def pytest_opschecks_after_change(change, result, said):
    with open("told", "a") as stream:
        stream.write(f"{change.name} {result}\\n")


def pytest_opschecks_finding(finding):
    with open("told", "a") as stream:
        stream.write(f"{finding.name} {finding.outcome}\\n")
'''


@pytest.fixture
def own(project: Project) -> Project:
    project.write("conftest.py", CONFTEST)
    stack = 'region = "us-west-2"\naccount_id = "123456789012"\nstate = "state"\n'
    project.write("stacks.toml", f'default = "here"\n[stacks.here]\n{stack}')
    project.write("world.json", '{"a": "off", "b": "on"}')
    project.checks(CHECKS)
    return project


def test_a_users_own_remedy_fixes_by_the_same_loop(own: Project) -> None:
    assert own.run("checks/daily", "--stack", "here").code == 1
    ended = own.run("checks/daily", "--stack", "here", "--fix=apply").ends(0)
    assert "switch-on on a: fixed: the same check passes now" in ended.out
    assert own.outcomes() == {"test_switch_is_on": "passed"}
    assert (own.folder / "told").read_text() == "a failed\na fixed\n"


def test_it_is_rolled_back_where_it_does_not_help(own: Project) -> None:
    own.checks(CHECKS.replace('== "on", "it is off"', '== "bright", "it is dim"'))
    ended = own.run("checks/daily", "--stack", "here", "--fix=apply").ends(1)
    assert "not cured: it is dim; it was rolled back, and reads as before" in ended.out
    assert (own.folder / "world.json").read_text() == '{"a": "off", "b": "on"}'


def test_a_change_is_reported_also_where_the_hook_that_is_told_of_it_fails(own: Project) -> None:
    hook = "def pytest_opschecks_after_change(change, result, said):\n"
    own.write("conftest.py", CONFTEST.replace(hook, f"{hook}    raise LookupError('no page')\n"))
    ended = own.run("checks/daily", "--stack", "here", "--fix=apply")
    assert "pytest_opschecks_after_change failed: LookupError: no page" in ended.out
    assert [one["result"] for one in own.told()["changes"]] == ["fixed"]


def test_a_remedy_that_undo_could_not_find_is_not_used(own: Project) -> None:
    """Commands load conftests and plugins, not the files of checks."""
    declared, _, rest = CONFTEST.partition("class World:")
    remedy, _, hooks = rest.partition("def pytest_opschecks_remedies():")
    own.write("conftest.py", declared + hooks.partition("SwitchOn}")[2])
    head = "import json, pathlib\nfrom datetime import timedelta\nfrom opschecks import Remedy, Request\n"
    checks = CHECKS.replace('"the switch is off")', '"the switch is off", remedy=SwitchOn)')
    own.checks(f'{head}WORLD = pathlib.Path("world.json")\n\n\nclass World:{remedy}\n{checks}')
    ended = own.run("checks/daily", "--stack", "here", "--fix=apply")
    assert "SwitchOn: define it in a conftest.py, not in test_things.py, so that it can be undone" in ended.out
    assert (own.folder / "world.json").read_text() == '{"a": "off", "b": "on"}'


def test_a_veto(own: Project) -> None:
    veto = "return 'not today' if change.remedy == 'switch-on' else None"
    own.append(f"\n\ndef pytest_opschecks_before_change(change):\n    {veto}\n")
    ended = own.run("checks/daily", "--stack", "here", "--fix=apply").ends(1)
    assert "refused: vetoed: not today" in ended.out
    assert (own.folder / "world.json").read_text() == '{"a": "off", "b": "on"}'
    assert not list((own.folder / "state").rglob("*begun.json")), "nothing is written down of what is not made"


def test_a_remedy_for_no_check_is_refused_with_the_nearest_name(own: Project) -> None:
    own.write("conftest.py", CONFTEST.replace('{"test_switch_is_on": SwitchOn}', '{"test_switch_is_onn": SwitchOn}'))
    ended = own.run("checks/daily", "--stack", "here", "--fix=plan").ends(4)
    assert "no check 'test_switch_is_onn'; did you mean 'test_switch_is_on'?" in ended.err


def test_a_roll_back_that_fails_cannot_be_overlooked(own: Project) -> None:
    from opschecks.fixing.outcome import ChangeResult

    refusing = CONFTEST.replace(
        "        told = json.loads(WORLD.read_text())\n        told[parameters",
        "        from opschecks import Refused\n"
        "        if parameters['value'] == 'off':\n            raise Refused('world:Write: AccessDenied')\n"
        "        told = json.loads(WORLD.read_text())\n        told[parameters",
    )
    assert refusing != CONFTEST
    own.write("conftest.py", refusing)
    own.checks(CHECKS.replace('== "on", "it is off"', '== "bright", "it is dim"'))
    ended = own.run("checks/daily", "--stack", "here", "--fix=apply", "--fail-on", "critical").ends(1)
    assert "COULD NOT BE ROLLED BACK: switch-on on a: not cured: it is dim; AND THE ROLL-BACK FAILED" in ended.out
    assert "1 CHANGE COULD NOT BE ROLLED BACK" in ended.out
    assert "Look at a by hand now (switch-on)" in own.page()
    assert ChangeResult.ROLL_BACK_FAILED.value in own.page()
    results = {change["name"]: change["result"] for change in own.told()["changes"]}
    assert results == {"a": "roll-back failed", "b": "refused"}


SECTION = """

from opschecks import ReportSection


def pytest_opschecks_report_sections(run):
    return {}
"""


def test_a_section_of_the_page(own: Project) -> None:
    own.write(
        "conftest.py", CONFTEST + SECTION.format('[ReportSection("Releases", f"**{len(run.checks)}** <b>check</b>")]')
    )
    own.run("checks/daily")
    assert "<h2>Releases</h2>" in own.page()
    assert "<strong>1</strong> &lt;b&gt;check&lt;/b&gt;" in own.page()
    assert own.told()["sections"][0]["title"] == "Releases"


def test_a_users_section_that_trips_hides_no_other_users(own: Project) -> None:
    own.write("conftest.py", CONFTEST + SECTION.format('[ReportSection("Releases", "all")]'))
    own.write("checks/conftest.py", SECTION.format("1 / 0"))
    own.write("checks/daily/conftest.py", SECTION.format('[ReportSection("Costs", "none")]'))
    assert own.run("checks/daily").code == 1
    told = {one["title"]: one["markdown"] for one in own.told()["sections"]}
    assert list(told) == ["Costs", "A custom report section failed", "Releases"]
    where = own.folder / "checks" / "conftest.py"
    assert told["A custom report section failed"] == f"`{where}`: `ZeroDivisionError: division by zero`"


def test_a_hook_may_lie_in_a_file_of_checks_and_counts_for_its_suite(own: Project) -> None:
    own.write("checks/everywhere.py", SECTION.format('[ReportSection("Releases", "all")]'))
    own.write("checks/weekly/costs.py", SECTION.format('[ReportSection("Costs", "none")]'))
    trips = "def pytest_opschecks_report_sections(run):\n    1 / 0\n"
    own.checks(f"{CHECKS}\n\n{trips}def pytest_opschecks_before_change(change):\n    return 'not today'\n")
    assert "refused: vetoed: not today" in own.run("checks/daily", "--stack", "here", "--fix=apply").out
    told = {one["title"]: one["markdown"] for one in own.told()["sections"]}
    where = own.folder / "checks" / "daily" / "test_things.py"
    assert told == {
        "Releases": "all",
        "A custom report section failed": f"`{where}`: `ZeroDivisionError: division by zero`",
    }


@pytest.mark.parametrize(
    ("given", "said"), [("1 / 0", "ZeroDivisionError: division by zero"), ("['x']", "is not an opschecks")]
)
def test_a_section_that_trips_costs_only_itself(own: Project, given: str, said: str) -> None:
    own.write("conftest.py", CONFTEST + SECTION.format(given))
    assert own.run("checks/daily").code == 1
    assert own.outcomes() == {"test_switch_is_on": "failed"}
    assert "A custom report section failed" in own.page()
    assert said in own.page()
