"""One fixing session: by name, by plan and in drills, the same conftests, vetoes, guards and remedies as in a run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from opschecks.history.journal import CURED, Journal
from tests.bench import FIX, Bench, bench
from tests.changes import change
from tests.hooks.test_users_hooks import CONFTEST

STICKY = "test_websocket_sessions_are_sticky"
VETO = "def pytest_opschecks_before_change(change):\n    return f'not before the release: {change.remedy}'\n"
TOLD = """\
def pytest_opschecks_after_change(change, result, said):
    with open("told", "a") as stream:
        stream.write(f"{change.remedy} {result}\\n")
"""
WHERE = {
    "a module of pytest_plugins": {"freezer.py": VETO, "conftest.py": 'pytest_plugins = ["opschecks", "freezer"]\n'},
    "a conftest of one suite": {"checks/weekly/conftest.py": VETO},
    "a plugin that is registered when pytest is configured": {
        "freezer.py": VETO,
        "conftest.py": 'import freezer\npytest_plugins = ["opschecks"]\n\n\n'
        "def pytest_configure(config):\n    config.pluginmanager.register(freezer)\n",
    },
}
OWN = CONFTEST.replace("test_switch_is_on", STICKY)


@pytest.fixture(scope="module")
def living(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with bench(tmp_path_factory.mktemp("session"), "stickiness_switched_off", fix=FIX + "cooldown_minutes = 0\n") as on:
        yield on


@pytest.fixture
def on(living: Bench) -> Bench:
    """The bench, with a project as it was made."""
    for path in living.project.folder.rglob("conftest.py"):
        path.unlink()
    for name in ("freezer.py", "told", "world.json"):
        (living.project.folder / name).unlink(missing_ok=True)
    living.project.write("conftest.py", 'pytest_plugins = ["opschecks"]\n')
    return living


@pytest.mark.parametrize("files", WHERE.values(), ids=WHERE)
def test_a_veto_holds_by_name_wherever_a_run_would_find_it(on: Bench, files: dict[str, str]) -> None:
    for path, text in files.items():
        on.project.write(path, text)
    made = len(on.journal())
    ended = on.command("fix", "scale-service", "--set", "desired=3", "--yes").ends(1)
    assert "vetoed: not before the release: scale-service" in ended.err
    assert len(on.journal()) == made


def test_a_users_own_remedy_is_listed_made_by_name_and_undone(on: Bench) -> None:
    on.project.write("conftest.py", OWN)
    world = on.project.folder / "world.json"
    world.write_text('{"a": "off"}')
    assert "switch-onn: no such remedy; did you mean 'switch-on'?" in on.command("fix", "switch-onn", "--yes").err
    made = on.command("fix", "switch-on", "--target", "a", "--yes").ends(0)
    assert world.read_text() == '{"a": "on"}'
    entry = on.journal()[-1]
    assert entry["change"]["remedy"] == "switch-on"
    assert f"opschecks undo {entry['entry']} --stack sandbox" in made.out
    on.command("undo", entry["entry"], "--yes").ends(0)
    assert world.read_text() == '{"a": "off"}'
    assert (on.project.folder / "told").read_text() == "a done\na done\n"


DECLARED = '''\
import opschecks
from opschecks.sandbox.faults import fault

pytest_plugins = ["opschecks"]


@opschecks.observation()
def moons() -> list:
    """The moons."""
    return []


@fault(caught_by=["test_alarms_can_act"])
def moon_is_missing(sandbox):
    """A moon is missing."""
'''


@pytest.mark.parametrize(
    ("kind", "shown"), [("observations", "moons"), ("faults", "moon_is_missing"), ("remedies", "switch-on")]
)
def test_what_a_project_declares_is_listed(on: Bench, kind: str, shown: str) -> None:
    on.project.write("conftest.py", OWN + DECLARED)
    done = on.project.python("-m", "opschecks.cli", "list", kind, "--format", "json")
    assert shown in {next(iter(row.values())) for row in json.loads(done.out)}


def test_a_conftest_that_cannot_be_imported_ends_the_command(on: Bench) -> None:
    on.project.write("checks/conftest.py", "import nothing_of_that_name\n")
    made = len(on.journal())
    ended = on.command("fix", "scale-service", "--set", "desired=3", "--yes").ends(4)
    assert "No module named 'nothing_of_that_name'" in ended.err
    assert len(on.journal()) == made


def test_a_veto_holds_in_a_drill(on: Bench) -> None:
    on.project.write("conftest.py", 'pytest_plugins = ["opschecks"]\n\n\n' + VETO + TOLD)
    made = len(on.journal())
    ended = on.check("stopped", suite="drills")
    assert "vetoed: not before the release: stop-task" in ended.out
    assert (on.project.folder / "told").read_text() == "stop-task refused\n"
    assert len(on.journal()) == made


def test_a_drill_passes_the_guards_of_any_change(on: Bench) -> None:
    """Each task was stopped twice today, as far as the journal says: a third time needs a person."""
    journal = Journal(on.state)
    for task in on.sandbox.web.tasks:
        for _ in range(2):
            target = f"task/{on.sandbox.stack.cluster}/{task.task_id}"
            journal.add(journal.begin(replace(change(1), remedy="stop-task", target=target)), CURED)
    made = len(on.journal())
    ended = on.check("stopped", suite="drills")
    assert "refused: already tried 2 times today (fix.attempts_per_day)" in ended.out
    assert len(on.journal()) == made


def test_a_plan_of_which_nothing_was_made_is_not_good(tmp_path: Path) -> None:
    """The finding is gone when the plan is made, so every check passes: what was asked for still was not done.

    The last test of this file: a sandbox of its own ends the one that the others share.
    """
    with bench(tmp_path, "stickiness_switched_off") as on:
        on.check(STICKY, "--fix=plan")
        plan = (tmp_path / "reports" / "plan.json").rename(tmp_path / "reviewed.json")
        assert on.check(STICKY, "--fix=apply").code == 0
        ended = on.command("fix", str(plan), "--yes").ends(1)
        assert on.project.outcomes("daily-partial.json")[STICKY] == "passed"
        assert "not made: enable-stickiness on " in ended.out
        assert "1 change refused" in ended.out
        assert "All good" not in on.project.page("daily-partial.html")
