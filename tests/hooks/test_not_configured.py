"""A stack that lacks something: each check reports what to set, or the narrowest word for `without`, or why not."""

from __future__ import annotations

import inspect
import json
import xml.etree.ElementTree as ET
from typing import Any

import pytest

from opschecks.config.lacking import LACKABLE
from opschecks.core.gathering import Gathering
from opschecks.core.model import CHECK_ATTRIBUTE, Check, Outcome
from opschecks.core.observation import GIVEN, REGISTRY, WITHOUT, CouldNotLook, NotConfigured, closure, names_no
from opschecks.hooks.applicable import does_not_apply
from opschecks.hooks.examine import Examine
from opschecks.hooks.fixtures import import_observations
from opschecks.hooks.gather import told_of
from opschecks.hooks.judge import settle
from opschecks.report.unseen import unseen
from tests.canned import NOW, Aws, checks_of, stack
from tests.exported import made, of, ran
from tests.scratch import ROOT, Project, check_of_each

SUITES = ("daily", "weekly", "deploy/before", "deploy/after")
CHECKS = {
    name: function
    for suite in SUITES
    for path in sorted((ROOT / "checks" / suite).glob("test_*.py"))
    for name, function in vars(checks_of(suite, path.stem.removeprefix("test_"))).items()
    if hasattr(function, CHECK_ATTRIBUTE)
}


class Denied(dict[tuple[str, str], Any]):
    def __missing__(self, key: tuple[str, str]) -> CouldNotLook:
        return CouldNotLook(":".join(key), "AccessDenied: no")


@pytest.fixture(scope="module")
def bare() -> Gathering:
    """What every observation makes of a stack of which nothing is set."""
    import_observations()
    given = {**dict.fromkeys(GIVEN), "stack": stack(), "aws": Aws(Denied()), "now": NOW, "filed": lambda _: iter(())}
    store = Gathering(closure(REGISTRY), lambda _: given, now=NOW, timeout_s=60)
    store.start()
    return store


def error_of(bare: Gathering, check: Any) -> CouldNotLook | None:
    """Why the first observation that the check takes is not there."""
    for name in inspect.signature(check).parameters:
        if name in REGISTRY:
            try:
                bare.value(name)
            except CouldNotLook as error:
                return error
    return None


@pytest.mark.parametrize("name", CHECKS)
def test_a_check_of_what_the_stack_lacks_names_the_narrowest_word_for_without(bare: Gathering, name: str) -> None:
    declared: Check = getattr(CHECKS[name], CHECK_ATTRIBUTE)
    error = error_of(bare, CHECKS[name])
    examine = Examine(declared, "here")
    settle(examine, error, [])
    message = examine.findings[0].message
    assert "[slug]" not in message
    assert (WITHOUT in message) == isinstance(error, NotConfigured)
    if isinstance(error, NotConfigured):
        assert set(error.keys) <= set(LACKABLE)
        assert f'{WITHOUT}["{next(iter(error.keys), declared.name)}"]' in message
        assert does_not_apply(error.again("others"), stack(without=[*error.keys])) if error.keys else True
        assert not does_not_apply(error, stack(without=["others"]))


def test_most_checks_of_a_bare_stack_say_what_to_set(bare: Gathering) -> None:
    assert sum(isinstance(error_of(bare, check), NotConfigured) for check in CHECKS.values()) > len(CHECKS) / 2


def test_an_observation_by_itself_knows_no_slug(bare: Gathering) -> None:
    told = [told_of("here", name, result).error for name, result in bare.results.items()]
    assert [error for error in told if "without" in error] == []
    assert "stack here names no backend: set backend_url in stacks.toml" in told


def test_checks_without_the_same_key_are_one_group_that_names_it_once() -> None:
    checks = [made("a", "blind", runbook="high-cpu"), made("b", "blind", runbook="scale-backend")]
    messages = [names_no("here", "services", "services").again("tasks").for_check(check.check) for check in checks]
    run = ran(*checks, findings=tuple(of(check, message=said) for check, said in zip(checks, messages, strict=True)))
    [group] = unseen(run, Outcome.BLIND)
    assert group.cause == f'stack here names no services: set services in stacks.toml{WITHOUT}["services"]'
    assert len(group.checks) == 2


def test_checks_without_the_same_thing_are_one_group_with_all_of_their_names() -> None:
    checks = [made(name, "blind", runbook="high-cpu") for name in "abc"]
    reason = "stack here names no services"
    needed_for_tasks = NotConfigured("", reason, chain=("tasks",))
    by_slug = NotConfigured("", reason).for_check("high-cpu")  # as runs of an earlier version have it
    one, other, _ = [check.check for check in checks]
    messages = [NotConfigured("", reason).for_check(one), needed_for_tasks.for_check(other), by_slug]
    run = ran(*checks, findings=tuple(of(check, message=said) for check, said in zip(checks, messages, strict=True)))
    [group] = unseen(run, Outcome.BLIND)
    assert group.cause == f"stack here names no services{WITHOUT}{json.dumps([check.check for check in checks])}"
    assert len(group.checks) == 3


NOT_THERE = '''

from opschecks.core.observation import NotApplicable, names_no

@observation()
def events() -> list[Resource]:
    """Nobody has them here."""
    raise NotApplicable("health:DescribeEvents", "the support plan does not include it")

@observation()
def made_of_events(events: list[Resource]) -> list[Resource]:
    """Made of them."""
    return events

@observation()
def incidents_there() -> list[Resource]:
    """None are kept."""
    raise names_no("here", "incidents table", "incidents_table")
'''


def test_what_the_account_does_not_have_is_not_applicable_with_its_reason(project: Project) -> None:
    project.append(NOT_THERE)
    checks = {"test_plan": "events", "test_made": "made_of_events", "test_others": "things"}
    project.checks("".join(check_of_each(name, of=of) for name, of in checks.items()))
    project.run("checks/daily").ends(0)
    expected = {"test_plan": "not_applicable", "test_made": "not_applicable", "test_others": "passed"}
    assert project.outcomes() == expected
    told = {one["check"]: one["message"] for one in project.told()["checks"]}
    assert told["test_plan"] == "health:DescribeEvents: the support plan does not include it"
    suite = ET.parse(project.folder / "reports" / "daily.xml").getroot()[0]
    assert (suite.attrib["skipped"], suite.attrib["errors"], suite.attrib["failures"]) == ("2", "0", "0")


def test_without_takes_a_key_or_a_check_and_leaves_the_others_of_the_slug(project: Project) -> None:
    project.append(NOT_THERE)
    checks = {"test_old": "incidents_there", "test_others": "things", "test_named": "things"}
    project.checks("".join(check_of_each(name, of=of) for name, of in checks.items()))
    told = 'without = { incidents_table = "kept in another system", test_named = "not ours" }'
    project.write("stacks.toml", f'default = "here"\n[stacks.here]\nregion = "us-west-2"\n{told}\n')
    project.run("checks/daily").ends(0)
    assert project.outcomes() == {"test_old": "not_applicable", "test_named": "not_applicable", "test_others": "passed"}
    assert [one["name"] for one in project.told()["observations"]] == ["caller_identity", "things"]
    said = {one["check"]: one["message"] for one in project.told()["checks"]}
    assert said["test_old"] == "stack here is without incidents_table: kept in another system"
    assert said["test_named"] == "stack here is without test_named: not ours"
