"""Machines that lack something: an editor that marks its files, no time zone database, no SIGHUP."""

from __future__ import annotations

import codecs
import tomllib
from pathlib import Path

import pytest

from opschecks.config.load import StackError, load_stacks
from opschecks.config.waivers import WaiverError, load_waivers
from opschecks.core.zones import zone_named
from tests.clock import NOW
from tests.scratch import ROOT, STACKS, Project, check_of_each

MARK = codecs.BOM_UTF8
NO_TZDATA = "import sys\nsys.modules['tzdata'] = None\n"
NO_SIGHUP = "import signal\ndel signal.SIGHUP\n"


@pytest.fixture
def fine(project: Project) -> Project:
    project.runbook("a")
    project.checks(check_of_each("test_things_are_fine"))
    return project


def _marked(project: Project, *paths: str) -> None:
    for path in paths:
        file = project.folder / path
        file.write_bytes(MARK + file.read_bytes())


def test_files_with_a_byte_order_mark_are_read_as_without(fine: Project) -> None:
    fine.write(
        "checks/waivers.toml",
        '[[waivers]]\ncheck = "test_things_are_fine"\nresource = "x"\nuntil = 2099-01-01\nowner = "me"\nreason = "x"\n',
    )
    without = fine.run("checks/daily")
    _marked(fine, "stacks.toml", "checks/waivers.toml", "checks/RUNBOOK.md", "checks/daily/test_things.py")
    marked = fine.run("checks/daily")
    assert "until: 2099-01-01 is more than 90 days ahead" in without.err  # the waiver's check was found
    assert (marked.code, marked.err) == (without.code, without.err)


def test_a_run_with_marked_files_is_a_whole_run(fine: Project) -> None:
    _marked(fine, "stacks.toml", "checks/RUNBOOK.md", "checks/daily/test_things.py")
    fine.run("checks/daily").ends(0)
    assert fine.outcomes() == {"test_things_are_fine": "passed"}


def test_commands_read_marked_files_too(fine: Project) -> None:
    assert fine.run("checks/daily").code == 0
    _marked(fine, "stacks.toml", "checks/daily/test_things.py", "reports/daily.json")
    assert "test_things_are_fine" in fine.opschecks("list", "checks").out
    fine.opschecks("report", "daily", "reports/daily.json").ends(0)


@pytest.mark.parametrize("encoding", ["utf-16", "cp1252"])
def test_another_encoding_is_said_with_the_next_step(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "stacks.toml"
    path.write_text(f"{STACKS}contacts = {{ on_call = 'Zoë' }}\n", encoding=encoding)
    with pytest.raises(StackError, match=r"stacks\.toml: not UTF-8 text \(.* at byte \d+\): save it as UTF-8"):
        load_stacks(path)
    with pytest.raises(WaiverError, match="save it as UTF-8"):
        load_waivers(path, now=NOW, checks=list, zones={})


def test_utc_needs_no_time_zone_database(fine: Project) -> None:
    fine.write("sitecustomize.py", NO_TZDATA)
    fine.run_fresh("checks/daily", PYTHONTZPATH="", PYTHONPATH=f"{ROOT / 'plugins'}:{fine.folder}").ends(0)
    assert "UTC" in fine.page()


def test_another_zone_says_what_to_install(fine: Project) -> None:
    fine.write("sitecustomize.py", NO_TZDATA)
    fine.write("stacks.toml", f'{STACKS}time_zone = "America/Los_Angeles"\n')
    ended = fine.run_fresh("checks/daily", PYTHONTZPATH="", PYTHONPATH=f"{ROOT / 'plugins'}:{fine.folder}").ends(4)
    assert ended.err.strip() == (
        "ERROR: stacks.toml: stacks.here.time_zone: only UTC is known on a machine without a time zone "
        "database (pip install tzdata brings one), not 'America/Los_Angeles'"
    )


def test_an_install_brings_the_time_zone_database() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert any(one.startswith("tzdata") for one in project["dependencies"])


@pytest.mark.parametrize("name", ["Mars", "Europe", "../UTC", "", "europe/berlin\n"])
def test_what_is_no_zone_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="not a time zone; names look like Europe/Berlin"):
        zone_named(name)


def test_checks_run_where_there_is_no_sighup(fine: Project) -> None:
    fine.write("sitecustomize.py", NO_SIGHUP)
    fine.run_fresh("checks/daily", PYTHONPATH=f"{ROOT / 'plugins'}:{fine.folder}").ends(0)


def test_commands_run_where_there_is_no_sighup(fine: Project) -> None:
    fine.write("sitecustomize.py", NO_SIGHUP)
    undo = ("-m", "opschecks.cli", "undo", "nosuch", "--stack", "here")
    ended = fine.python(*undo, PYTHONPATH=f"{ROOT / 'plugins'}:{fine.folder}")
    assert ended.err.startswith("Error: "), ended.err
