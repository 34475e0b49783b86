"""What the run before saw and this one does not: told, and blind until it is accepted; end to end on the sandbox."""

from __future__ import annotations

import html
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from opschecks.aws.cloudwatch_alarms import alarms as alarms
from opschecks.aws.flow_logs import vpcs as vpcs
from opschecks.core.model import ObservationResult, SeenResource
from opschecks.core.observation import CouldNotLook, Observation
from opschecks.history.summaries import Saw, Summary
from opschecks.hooks.memory import _require, notes
from tests.canned import stack
from tests.history.filed import GOOD
from tests.scratch import QUICK, Project

CONFTEST = """\
from pathlib import Path

from opschecks.sandbox.environment import Sandbox

pytest_plugins = ["opschecks"]
_start = Sandbox.start


def start(self):
    _start(self)
    if Path("without-alarms").exists():
        alarms = self.client("cloudwatch")
        alarms.delete_alarms(AlarmNames=[one["AlarmName"] for one in alarms.describe_alarms()["MetricAlarms"]])
        alarms.delete_alarms(AlarmNames=[
            one["AlarmName"] for one in alarms.describe_alarms(AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
        ])


Sandbox.start = start
"""
OF_ALARMS = ("test_no_alarm_is_ringing", "test_alarms_can_see", "test_alarms_can_act")


@pytest.fixture
def bare(tmp_path: Path) -> Project:
    """A project with the checks of alarms alone, whose last run saw some; now all are deleted."""
    project = Project.of_the_checks(tmp_path)
    for path in (tmp_path / "checks").glob("**/test_*.py"):
        if path.name != "test_alarms.py" or path.parent.name != "daily":
            path.unlink()
    project.write("conftest.py", CONFTEST)
    assert project.run("checks/daily").code == 0
    project.write("without-alarms", "")
    return project


@pytest.mark.parametrize("workers", [(), ("-n1",)], ids=["one process", "workers"])
def test_alarms_that_are_gone_are_told_and_never_passed_over(bare: Project, workers: tuple[str, ...]) -> None:
    for _ in range(2):  # what was not believed today is no memory of tomorrow
        ended = bare.run("checks/daily", *workers).ends(10)
        assert {name: bare.outcomes()[name] for name in OF_ALARMS} == dict.fromkeys(OF_ALARMS, "blind")
        [note] = bare.told()["notes"]
        assert note["stack"] == "sandbox"
        assert note["text"].startswith("alarms: there is none, and the run of ")
        assert note["text"].endswith(
            'restore what was deleted, or accept it by gone = ["alarms"] for this stack in stacks.toml for one run'
        )
        assert note["text"].partition(" UTC ")[2] in ended.out  # the terminal has the moment in the stack's time zone
        assert note["text"].partition(" UTC ")[2] in html.unescape(bare.page())
    shutil.rmtree(bare.folder / "reports" / "history" / "sandbox" / "summaries")
    assert bare.run("checks/daily").code == 10


def test_what_is_accepted_is_told_once_and_then_forgotten(bare: Project) -> None:
    bare.write("stacks.toml", QUICK.replace("[stacks.sandbox]", '[stacks.sandbox]\ngone = ["alarms"]'))
    ended = bare.run("checks/daily")
    assert '(accepted by gone = ["alarms"])' in ended.out
    assert "restore what was deleted" not in ended.out
    assert 'gone = ["alarms"] in stacks.toml has nothing to accept any more: remove it' in bare.run("checks/daily").out
    bare.write("stacks.toml", QUICK)
    bare.run("checks/daily")
    assert bare.told()["notes"] == []


def test_a_part_of_a_suite_compares_nothing(bare: Project) -> None:
    bare.run("checks/daily", "-k", "ringing")
    assert bare.told("daily-partial.json")["notes"] == []


RUN = Summary("k", GOOD.started, 0, "", {}, {}, (), {}, {"alarms": Saw(12, ("a",)), "vpcs": Saw(12, ("v",))})


def seen(stack: str, name: str, count: int, error: str = "") -> ObservationResult:
    return ObservationResult(stack, name, 0.1, (), error, (SeenResource("arn", "name"),) * count)


def test_each_stack_is_told_its_own() -> None:
    observed = [seen("here", "vpcs", 4), seen("there", "alarms", 0), seen("there", "vpcs", 0, "ec2: AccessDenied")]
    assert [(one.stack, one.text.partition(" where")[0]) for one in notes(stack(), observed, [RUN])] == [
        ("here", "4 vpcs")
    ]
    there = stack().model_copy(update={"name": "there", "gone": ("alarms",)})
    [note] = notes(there, observed, [RUN])  # what could not be read is not gone
    assert note.stack == "there"
    assert note.text.endswith('(accepted by gone = ["alarms"])')


def test_a_name_that_accepts_nothing_is_told() -> None:
    [note] = notes(stack(gone=("alarmz",)), [], [RUN])
    assert note.text == "gone = [\"alarmz\"] in stacks.toml accepts nothing; did you mean 'alarms'?"


def of(name: str, *, lasting: bool) -> Observation:
    return Observation(name, list, (), (), (), frozenset(), lasting)


@pytest.mark.parametrize(
    ("partial", "lasting", "value", "gone"),
    [("-k", True, [], ()), ("", False, [], ()), ("", True, [1], ()), ("", True, None, ()), ("", True, [], ("alarms",))],
    ids=["a part", "what comes and goes", "some", "no list", "accepted"],
)
def test_what_is_believed(partial: str, lasting: bool, value: object, gone: tuple[str, ...]) -> None:
    run = cast("Any", SimpleNamespace(partial=partial))
    _require(run, stack(gone=gone), lambda: [RUN], of("alarms", lasting=lasting), value)
    with pytest.raises(CouldNotLook, match="saw 12 alarms"):
        _require(cast("Any", SimpleNamespace(partial="")), stack(), lambda: [RUN], of("alarms", lasting=True), [])
