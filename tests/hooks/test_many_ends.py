"""However a fleet ends, and whatever fails for one of its stacks: what was judged is filed, and the page is today's."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from opschecks.core import clock
from opschecks.core.model import Severity
from opschecks.hooks import many
from opschecks.hooks.pytest_private import only_count
from opschecks.hooks.state import ChecksRun
from tests.hooks.test_shards import of_three, shard
from tests.scratch import Project, check_of_each

FAILS_WHERE_TOLD = check_of_each(
    "test_first",
    'assert stack.name not in os.environ.get("FAILS", "") or thing.name != "b", "it is b"',
    takes="stack, examine",
)
TWO_CHECKS = f'''
import os
{FAILS_WHERE_TOLD}
@promise("a")
def test_second(things, stack, examine):
    """Why."""
    if "INTERRUPTED" in os.environ:
        raise KeyboardInterrupt
    with examine(things[0]):
        pass
'''
CONFTEST_HOOK = """

def pytest_opschecks_finding(finding):
    open("told", "a").write(f"{finding.stack} {finding.name}\\n")
    if finding.stack == "b":
        raise LookupError("no page is open")
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return of_three(tmp_path, TWO_CHECKS)


def by_check(told: dict[str, Any]) -> dict[str, str]:
    return {one["check"]: one["outcome"] for one in told["checks"]}


ENDS = {
    "-x": (("-x",), {"FAILS": "abc"}, "failed", "stopping after 1 failures", 1),
    "Ctrl-C": ((), {"INTERRUPTED": "yes"}, "passed", "stopped by Ctrl-C", 2),
}


@pytest.mark.parametrize("case", ENDS)
def test_the_stack_in_hand_is_filed_when_a_fleet_ends_early(project: Project, case: str) -> None:
    arguments, environment, first, why, code = ENDS[case]
    project.run("checks/daily", "--stack", "all", "--fleet", "f", *arguments, **environment).ends(code)
    [stack] = [name for name in "abc" if (project.folder / "reports" / "fleet" / f"{name}-daily.json").exists()]
    told = project.told(f"fleet/{stack}-daily.json")
    assert by_check(told) == {"test_first": first, "test_second": "not_run"}
    assert (told["state"], told["stopped_by"], told["part"]["fleet"]) == ("stopped", why, "f")
    assert len(list((project.folder / "reports" / "history" / stack / "daily").iterdir())) == 1
    page = project.page()
    assert f'href="fleet/{stack}-daily.html"' in page
    assert page.count("No run") >= 2  # the two others
    assert why in page


def test_a_users_hook_that_raises_hurts_its_own_stack_only(project: Project) -> None:
    project.append(CONFTEST_HOOK)
    conftest = (project.folder / "conftest.py").read_text(encoding="utf-8")
    ended = project.run("checks/daily", "--stack", "all", FAILS="abc").ends(3)
    line = conftest[: conftest.index("raise LookupError")].count("\n") + 1
    said = f"pytest_opschecks_finding failed for test_first of b: conftest.py:{line}: LookupError: no page is open"
    assert ended.out.splitlines().count(said) == 1
    assert "Traceback" not in ended.all
    second = [by_check(project.told(f"fleet/{stack}-daily.json"))["test_second"] for stack in "abc"]
    assert second == ["passed"] * 3
    told = (project.folder / "told").read_text(encoding="utf-8").splitlines()
    assert sorted({one.split()[0] for one in told}) == ["a", "b", "c"]
    metrics = (project.folder / "reports" / "daily.prom").read_text(encoding="utf-8")
    assert re.findall(r"\nopschecks_run_exit_code\{.*\} (\d+)", metrics) == ["3"] * 3


def test_a_hook_that_raises_is_one_line_of_an_ordinary_run_too(project: Project) -> None:
    project.append(CONFTEST_HOOK)
    ended = project.run("checks/daily", "--stack", "b", FAILS="b").ends(3)
    assert 'opschecks_run_exit_code{suite="daily",stack="b"} 3\n' in (
        (project.folder / "reports" / "daily.prom").read_text(encoding="utf-8")
    )
    assert project.told()["exit_code"] == 3
    assert "LookupError: no page is open" in ended.out
    assert "Traceback" not in ended.all


def test_a_row_links_no_page_of_yesterday_where_todays_could_not_be_written(project: Project) -> None:
    fleet = project.folder / "reports" / "fleet"
    for name in ("a-daily.html", "a-daily.json", "c-daily.html"):
        project.write(f"reports/fleet/{name}", "yesterday's")
    broken = (
        "from opschecks.history import storage\nwhole = storage.write_whole\n"
        "def write_whole(path, text):\n"
        "    if path.name in ('a-daily.json', 'c-daily.html'):\n"
        "        raise OSError(28, 'No space left on device, password=hunter2-9x')\n"
        "    whole(path, text)\n"
        "storage.write_whole = write_whole\n"
    )
    project.append(broken)
    ended = project.run("checks/daily", "--stack", "all").ends(3)
    assert 'href="fleet/b-daily.html"' in project.page()
    assert 'href="fleet/a-daily.html"' not in project.page()
    assert 'href="fleet/c-daily.html"' not in project.page()
    assert "could not be written" in project.page()
    assert "hunter2" not in f"{ended.all}{project.page()}{json.dumps(project.told())}"
    left = {path.name: path.read_text(encoding="utf-8") for path in fleet.iterdir()}
    assert not any("yesterday's" in text for text in left.values())
    assert project.told("fleet/c-daily.json")["stacks"][0]["name"] == "c"  # its run file was written today


@pytest.mark.parametrize("broken", ["no deal", "no total", "typed"])
def test_yesterdays_page_is_replaced_where_a_shard_cannot_know_its_stacks(project: Project, broken: str) -> None:
    """A typing error on the command line leaves it: somebody is there, and will try again."""
    project.write("reports/daily.html", "yesterday's page")
    project.write("reports/history/_fleets/daily/deals/batch-0c3f.json", "{cut")
    environment = {"no total": {"JOB_COMPLETION_INDEX": "0"}, "no deal": shard(0)}.get(broken, {})
    typed = ("--shard", "3/2") if broken == "typed" else ()
    project.run("checks/daily", "--stack", "all", *typed, **environment).ends(4)
    assert (project.page() == "yesterday's page") == (broken == "typed")
    if broken == "no deal":
        assert "not a record of a fleet" in project.page()


BROKEN = "import nothing_like_it\n"
LEFT_OUT = {
    "daily --fix=plan": ("--fix=plan: nothing was planned, because the suite is not whole", ("--fix=plan",)),
    "deploy/after --bake": ("--bake: nothing was watched, because the suite is not whole", ("--bake", "1m")),
    "drills": ("no drill took place, because the suite is not whole", ()),
}


@pytest.mark.parametrize("case", LEFT_OUT)
def test_what_is_left_out_for_a_broken_file_is_said_in_the_terminal_and_in_the_run_file(
    project: Project, case: str
) -> None:
    said, arguments = LEFT_OUT[case]
    suite = case.split()[0]
    project.checks(TWO_CHECKS, f"{suite}/test_things.py")
    project.write(f"checks/{suite}/test_broken.py", BROKEN)
    ended = project.run(f"checks/{suite}", "--stack", "a", *arguments)
    line = f"{said}: not collected: checks/{suite}/test_broken.py"
    assert line in ended.out, ended.all
    told = project.told(f"{suite.replace('/', '-')}.json")
    assert any(note["stack"] == "a" and note["text"].startswith(line) for note in told["notes"]), told["notes"]


def test_what_is_said_of_a_stack_that_cannot_be_reported_has_no_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def build(*_: object) -> None:
        raise ValueError("https://user:hunter2-9x@proxy does not answer")

    monkeypatch.setattr(many, "build", build)
    folder: Any = tmp_path
    run = ChecksRun(
        "daily", folder, folder, folder, [], [], {}, folder, "", clock.now(), Severity.LOW, worker=False
    )  # fmt: skip
    session: Any = None
    one: Any = SimpleNamespace(name="here")
    many._finish(session, run, dataclasses.replace(run, stacks=[one]), "")
    assert run.write_error.startswith("here could not be reported whole: ")
    assert "hunter2" not in run.write_error
    assert run.cannot_write("later: password=hunter2-9x") == "later: password=(redacted)"
    assert run.write_error.startswith("here")


@pytest.mark.parametrize(("letters", "kept"), [("", {"": 1, "passed": 1, "skipped": 1}), ("pPs", {"": 1})])
def test_what_minus_r_lists_is_kept(letters: str, kept: dict[str, int]) -> None:
    told = {name: ["first", "second", "third"] for name in ("", "passed", "skipped")}
    reporter = SimpleNamespace(stats=told, hasopt=lambda letter: letter in letters)
    config: Any = SimpleNamespace(pluginmanager=SimpleNamespace(get_plugin=lambda _: reporter))
    only_count(config, "", "passed", "skipped")
    assert {name: len(set(of)) for name, of in told.items()} == {**dict.fromkeys(told, 3), **kept}
    assert all(len(of) == 3 for of in told.values())
