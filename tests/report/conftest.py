"""Every kind of page, by name, of three families: a morning, a morning with a past, a week. And what opens them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from opschecks.core import clock
from opschecks.core.model import ObservationResult, SeenResource
from opschecks.core.run import Past, Run
from opschecks.history.week import nothing_of
from opschecks.report.placeholder import render_no_run, render_unfinished
from opschecks.report.runfile import from_json
from tests.exported import HOSTILE, LINKS, NOW, hostile, page_of
from tests.mornings import earlier
from tests.report.runs import file_mornings, hostile_past, hostile_weekly, several_pasts, several_weeks, with_everything
from tests.scratch import Project, check_of_each

FAULTS = (
    "cpu_is_saturated",
    "targets_answer_errors",
    "ssh_is_open_to_the_world",
    "stickiness_switched_off",
    "incident_is_forgotten",
    "log_group_is_gone",
)
OWN = """

from opschecks import ReportSection


def pytest_opschecks_report_sections(run):
    return [ReportSection(f"Of {run.suite}", f"{len(run.checks)} checks, *{run.past[0].runs}* runs before")]
"""
NESTED = """\
from opschecks import ReportSection


def pytest_opschecks_report_sections(run):
    return [ReportSection("Nested", "<b>plain</b>"), ReportSection("Second", "- a\\n- b")]


"""
WAIVER = """\
[[waivers]]
check = "test_things"
resource = "thing/d*"
until = {until}
owner = "ann | bob"
reason = "it is *known*"
"""


def _written(folder: Path, pages: dict[str, str]) -> dict[str, Path]:
    for name, page in pages.items():
        (folder / f"{name}.html").write_text(page, encoding="utf-8")
    return {name: folder / f"{name}.html" for name in pages}


@pytest.fixture(scope="session")
def daily(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Of a bad and of a good morning, hostile, unfinished, of no run."""
    project = Project.of_the_checks(tmp_path_factory.mktemp("checks"))
    assert project.run("checks/daily", *(part for name in FAULTS for part in ("--fault", name))).code == 1
    bad = project.page()
    assert project.run("checks/daily").code == 0
    run = hostile()
    pages = {
        "bad": bad,
        "good": project.page(),
        "hostile": page_of(run),
        "unfinished": render_unfinished(replace(run, state="unfinished", ended=None), LINKS),
        "none": render_no_run("daily", NOW, HOSTILE[:200]),
    }
    return _written(tmp_path_factory.mktemp("daily"), pages)


class Quiet(BaseHTTPRequestHandler):
    """What hostile strings would ask for; it notes every request."""

    asked: list[str] = []  # noqa: RUF012 - shared on purpose

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_error(404)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class calls it so
        pass


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """A web server on loopback that nothing may ask for anything."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as listening:  # a browser opens connections to spare
        thread = Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield f"http://127.0.0.1:{listening.server_port}"
        listening.shutdown()
        thread.join()


@pytest.fixture
def asked(server: str) -> list[str]:
    """What it has been asked for in this test."""
    Quiet.asked.clear()
    return Quiet.asked


@pytest.fixture(scope="session")
def own(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project of which two conftests add sections, and which has a waiver, after its second morning."""
    project = Project.make(tmp_path_factory.mktemp("own"))
    project.append(OWN)
    project.write("checks/daily/conftest.py", NESTED)
    project.write("checks/waivers.toml", WAIVER.format(until=clock.now().date() + timedelta(days=30)))
    project.checks(check_of_each("test_things", 'assert thing.name != "b", "it is b"'))
    for _ in range(2):
        assert project.run("checks/daily").code == 1
    return project


@pytest.fixture(scope="session")
def past(tmp_path_factory: pytest.TempPathFactory, server: str, own: Project) -> dict[str, Path]:
    """Of mornings compared with earlier ones, or not."""
    run = with_everything()
    yesterday = earlier(replace(run, observations=tuple(_halved(one) for one in run.observations)), 1)
    runs = {
        "past": run,
        "hostile": hostile_past(server),
        "unreadable": replace(run, past=(Past("production", error=f"cannot be read: {HOSTILE}"),)),
        "first": replace(run, past=(Past("production", strips={"": ()}),)),
        "several": several_pasts(),
    }
    pages = {name: page_of(one, earlier=yesterday) for name, one in runs.items()}
    return _written(tmp_path_factory.mktemp("past"), {**pages, "own": own.page()})


def _halved(seen: ObservationResult) -> ObservationResult:
    """The observation with other values: a line that lies on another is not seen."""

    def halved(one: SeenResource) -> SeenResource:
        lines = (replace(line, points=tuple((at, value / 2) for at, value in line.points)) for line in one.series)
        return replace(one, series=tuple(lines))

    return replace(seen, resources=tuple(map(halved, seen.resources)))


@pytest.fixture(scope="session")
def weeks_project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The checks, with eight weeks of filed mornings and a weekly run with a fault; `first.html` is without them."""
    made = Project.of_the_checks(tmp_path_factory.mktemp("checks"))
    reports = made.folder / "reports"
    assert made.run("checks/weekly").code == 0
    (reports / "first.html").write_bytes((reports / "weekly.html").read_bytes())
    assert made.run("checks/daily").code == 0
    file_mornings(from_json((reports / "daily.json").read_text()), reports / "history" / "sandbox")
    assert made.run("checks/weekly", "--fault", "access_key_is_old").code == 1
    return made


@pytest.fixture(scope="session")
def week(weeks_project: Project) -> Run:
    """The weekly run of it."""
    return from_json((weeks_project.folder / "reports" / "weekly.json").read_text())


@pytest.fixture(scope="session")
def weekly(weeks_project: Project, week: Run, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Of a week with a story, of a first one, hostile, unreadable, of two stacks."""
    unreadable = {**nothing_of(week.stacks[0].name, "disk full"), "deadlines": [], "words": {}, "restores": []}
    pages = {
        "story": weeks_project.page("weekly.html"),
        "first": weeks_project.page("first.html"),
        "hostile": page_of(hostile_weekly()),
        "unreadable": page_of(replace(week, weeks=(unreadable,))),
        "several": page_of(several_weeks(week)),
    }
    return _written(tmp_path_factory.mktemp("weekly"), pages)
