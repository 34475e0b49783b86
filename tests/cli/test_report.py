"""`opschecks report` and `opschecks history`: mornings made into pages again, sent, published; and a job's summary."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from typing import Any, cast

import pytest
import responses
from click.testing import CliRunner, Result
from jsonschema import Draft202012Validator

from opschecks.cli.main import main
from opschecks.cli.report import FORMS, WEBHOOK
from opschecks.core.model import NOT_APPLICABLE, Outcome
from opschecks.core.run import Run
from opschecks.history.runs import began
from opschecks.history.storage import FolderStorage, Storage
from opschecks.history.summaries import COMPARED
from opschecks.hooks.github import SUMMARY_BYTES, pytest_terminal_summary
from opschecks.hooks.state import KEY
from opschecks.report.publish import file_name
from opschecks.report.runfile import from_json, to_json
from opschecks.report.verdict import verdict
from tests.bench import Bench, bench
from tests.history.test_comparison import F, P, mornings, ran
from tests.mornings import earlier, ending, file_all
from tests.scratch import Ended, Project

OF_SANDBOX = ("--stack", "sandbox")
HERE = ("--stack", "here")
LINKS = re.compile("<p>Same run:.*?</p>")
KINDS = {
    ".html": "text/html; charset=utf-8",
    ".pytest.html": "text/html; charset=utf-8",
    ".json": "application/json",
    ".ctrf.json": "application/json",
    ".md": "text/markdown; charset=utf-8",
    ".xml": "application/xml",
}
NO_FILE = (
    "no such file; --stacks FILE names another one, and `opschecks init --sandbox --write` makes one to begin with"
)


@dataclass(frozen=True)
class Morning:
    """A run of a sandbox with a fault: how it ended, and what it wrote."""

    on: Bench
    ended: Ended
    first: Ended
    summary: str
    page: str
    run: Run

    @property
    def folder(self) -> Path:
        return self.on.project.folder

    @property
    def state(self) -> Storage:
        return self.on.state

    @property
    def moment(self) -> str:
        return f"{self.run.started:%Y-%m-%dT%H-%M-%S}"

    @property
    def yesterday(self) -> str:
        return self.state.keys("daily")[1].removeprefix("daily/")[: len("2026-11-24")]

    def opschecks(self, *arguments: str, **environment: str) -> Result:
        return opschecks(*arguments, **self.on.environment, **environment)


def opschecks(*arguments: str, **environment: str) -> Result:
    """The command in this process; an exception that it lets through is one of the test."""
    return CliRunner().invoke(main, arguments, env=environment, catch_exceptions=False)


def refused(ended: Result) -> str:
    """The one line that says what is wrong."""
    assert ended.exit_code == 1
    assert ended.stdout == ""
    (line,) = ended.stderr.splitlines()
    return line.removeprefix("Error: ")


@pytest.fixture(scope="module")
def _made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Morning]:
    """Two runs of a job of GitHub's: between them two earlier mornings are filed, so that the second has a past."""
    folder = tmp_path_factory.mktemp("mornings")
    summary = folder / "summary.md"
    with bench(folder, "stickiness_switched_off", "cpu_is_saturated") as on:

        def run(path: Path) -> Ended:
            job = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(path)}
            return on.project.run("checks/daily", *OF_SANDBOX, **on.environment, **job)

        summary.write_text("# Another suite\n", encoding="utf-8")
        first = run(summary)
        told = from_json((folder / "reports" / "daily.json").read_text(encoding="utf-8"))
        bad = next(check.check for check in told.checks if check.outcome == Outcome.FAILED)
        good = next(check.check for check in told.checks if check.outcome == Outcome.PASSED)
        before = ending(told, {bad: Outcome.PASSED, good: Outcome.FAILED})
        file_all(on.state, [earlier(before, 2), earlier(before, 1)])
        on.state.delete(max(on.state.keys("daily")))  # of the first run, so that the one before is yesterday's
        second = run(folder)
        reports = folder / "reports"
        yield Morning(
            on,
            second,
            first,
            summary.read_text(encoding="utf-8"),
            (reports / "daily.html").read_text(encoding="utf-8"),
            from_json((reports / "daily.json").read_text(encoding="utf-8")),
        )


@pytest.fixture
def morning(_made: Morning, monkeypatch: pytest.MonkeyPatch) -> Morning:
    """Commands are typed in its folder."""
    monkeypatch.chdir(_made.folder)
    return _made


@pytest.fixture
def here(project: Project, monkeypatch: pytest.MonkeyPatch) -> FolderStorage:
    """The state of a stack without any AWS; commands are typed in its folder."""
    monkeypatch.chdir(project.folder)
    project.runbook("a")
    return FolderStorage(project.folder / "reports" / "history" / "here")


@pytest.fixture
def run_file(here: FolderStorage) -> Iterator[str]:
    """A run file, of which nothing is filed."""
    Path("run.json").write_text(to_json(mornings("F")[0]), encoding="utf-8")
    yield "run.json"
    assert here.keys("daily") == []


# opschecks report daily


def test_the_morning_of_these_tests_has_everything(morning: Morning) -> None:
    assert morning.ended.code == 1, morning.ended.all
    (past,) = morning.run.past
    assert {one.state for one in past.standings} == {"new", "still", "recovered"}
    assert past.runs == 2
    assert 'class="before"' in morning.page
    assert "What changed" in morning.page


def test_the_schema_that_is_printed_fits_what_a_run_writes(morning: Morning) -> None:
    printed = opschecks("report", "schema")
    validator = Draft202012Validator(json.loads(printed.stdout), format_checker=Draft202012Validator.FORMAT_CHECKER)
    document = json.loads(Path("reports/daily.json").read_text(encoding="utf-8"))
    assert [error.message for error in validator.iter_errors(document)] == []
    assert not validator.is_valid({**document, "more": 1})


@pytest.mark.parametrize("precision", ["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H-%M-%S.%fZ"])
def test_a_morning_made_again_is_the_page_that_it_wrote(morning: Morning, tmp_path: Path, precision: str) -> None:
    out = tmp_path / "again.html"
    ended = morning.opschecks("report", "daily", f"{morning.run.started:{precision}}", *OF_SANDBOX, "--out", str(out))
    assert (ended.exit_code, ended.output) == (0, f"report: {out}\n")
    again, wrote = out.read_text(encoding="utf-8"), morning.page
    assert LINKS.search(wrote)
    assert LINKS.sub("", again) == LINKS.sub("", wrote), "nothing lies beside what the history has"


def test_a_run_file_made_again_beside_its_page_is_that_page_to_the_byte(morning: Morning) -> None:
    ended = morning.opschecks("report", "daily", "reports/daily.json", *OF_SANDBOX, "--out", "reports/again.html")
    assert ended.exit_code == 0, ended.output
    assert Path("reports/again.html").read_bytes() == morning.page.encode()
    for form, suffix in (("markdown", ".md"), ("ctrf", ".ctrf.json")):
        morning.opschecks("report", "daily", morning.moment, *OF_SANDBOX, "--format", form, "--out", "again")
        assert Path("again").read_bytes() == Path(f"reports/daily{suffix}").read_bytes()


def test_the_newest_run_file_is_made_again_by_default(morning: Morning) -> None:
    ended = morning.opschecks("report", "daily")
    path = f"reports/daily-{morning.moment}Z.html"
    assert (ended.exit_code, ended.output) == (0, f"report: {path}\n")
    page = Path(path).read_text(encoding="utf-8")
    assert verdict(morning.run).word in page
    assert 'class="before"' not in page, "without a stack nobody knows of yesterday"


def test_an_earlier_day_is_that_days_morning(morning: Morning) -> None:
    ended = morning.opschecks("report", "daily", morning.yesterday, *OF_SANDBOX)
    assert ended.exit_code == 0, ended.output
    page = Path(ended.output.removeprefix("report: ").strip()).read_text(encoding="utf-8")
    assert f'<time datetime="{morning.yesterday}T' in page
    assert page.count(f'<time datetime="{morning.yesterday}T') == 1


def test_of_two_runs_of_a_day_the_newest_is_made(here: FolderStorage) -> None:
    file_all(here, [earlier(ran({"test_a": {"A": P}}), days) for days in (1, 1.1, 1.2, 0)])
    ended = opschecks("report", "daily", "2026-11-23", *HERE)
    assert ended.output == "report: reports/daily-2026-11-23T07-00-00Z.html\n"


@pytest.mark.parametrize(
    ("moment", "nearest"),
    [
        ("2026-11-25", "did you mean '2026-11-24'?"),
        ("yesterday", "known: 2026-11-23, 2026-11-24"),
        ("../../etc/passwd", "known: 2026-11-23, 2026-11-24"),
    ],
)
def test_a_day_without_a_run_names_those_that_have_one(here: FolderStorage, moment: str, nearest: str) -> None:
    file_all(here, mornings("PF"))
    line = refused(opschecks("report", "daily", moment, *HERE))
    assert line == f"{moment}: reports/history/here has no such daily run; days are those of UTC; {nearest}"


def _zoned(zone: str) -> None:
    Path("stacks.toml").write_text(f'[stacks.here]\nregion = "us-west-2"\ntime_zone = "{zone}"\n', encoding="utf-8")


def test_a_day_is_one_of_the_stack(here: FolderStorage) -> None:
    """07:00 UTC of the 24th is 23:00 of the 23rd in Los Angeles, and 20:00 of the 24th in Auckland."""
    file_all(here, [ran({"test_a": {"A": P}}), earlier(ran({"test_a": {"A": P}}), 0.5)])
    newest, older = "2026-11-24T07-00-00Z", "2026-11-23T19-00-00Z"
    wanted: dict[str, dict[str, str | None]] = {
        "UTC": {"2026-11-24": newest, "2026-11-23": older},
        "America/Los_Angeles": {"2026-11-23": newest, "2026-11-24": None},
        "Pacific/Auckland": {"2026-11-24": newest, "2026-11-23": None},
    }
    for zone, days in wanted.items():
        _zoned(zone)
        for day, moment in days.items():
            ended = opschecks("report", "daily", day, *HERE)
            if moment:
                assert ended.output == f"report: reports/daily-{moment}.html\n", zone
            else:
                assert f"has no such daily run; days are those of {zone}; " in refused(ended)
        ended = opschecks("report", "daily", "2026-11-24T07:00", *HERE)
        assert ended.output == f"report: reports/daily-{newest}.html\n", "a moment is that of the file"


@pytest.mark.parametrize("week", ["W99", "2026-W99", "2026-W00", "2026-47", "2026-W5", "last", "2025-W53"])
def test_what_is_no_week_is_refused_as_such(here: FolderStorage, week: str) -> None:
    line = refused(opschecks("report", "weekly", "--week", week, *HERE))
    assert line == f"--week {week}: expected YYYY-Www, a week such as 2026-W47"


def test_a_week_is_one_of_the_stack(here: FolderStorage) -> None:
    sunday = replace(ran({"test_a": {"A": P}}), suite="weekly", started=datetime(2026, 11, 22, 18, 0, tzinfo=UTC))
    file_all(here, [sunday])
    for zone, week, other in (("UTC", "2026-W47", "2026-W48"), ("Pacific/Auckland", "2026-W48", "2026-W47")):
        _zoned(zone)
        assert opschecks("report", "weekly", "--week", week, *HERE).exit_code == 0
        line = refused(opschecks("report", "weekly", "--week", other, *HERE))
        assert line.startswith(f"--week {other}: here has no run in it; weeks are those of {zone}; ")


@pytest.mark.parametrize("text", [b"{}", b"\xff\xfe", b"", b"[" * 9999])
def test_a_broken_run_file_of_the_day_before_costs_its_lines_and_is_named(here: FolderStorage, text: bytes) -> None:
    file_all(here, mornings("F"))
    path = here.root / "daily" / "2026-11-23T07-00-00.000000Z.json"
    path.write_bytes(text)
    for run in ("2026-11-24", "run.json"):
        Path("run.json").write_text(to_json(mornings("F")[0]), encoding="utf-8")
        ended = opschecks("report", "daily", run, *HERE)
        assert (ended.exit_code, ended.stdout) == (0, "report: reports/daily-2026-11-24T07-00-00Z.html\n")
        (line,) = ended.stderr.splitlines()
        assert line.startswith("reports/history/here/daily/2026-11-23T07-00-00.000000Z.json: ")
        assert line.endswith("; the charts lack the lines of that day; move the file away")


def test_a_folder_in_the_place_of_a_filed_run_is_one_line(here: FolderStorage) -> None:
    (here.root / "daily" / "2026-11-24T07-00-00.000000Z.json").mkdir(parents=True)
    assert "Is a directory" in refused(opschecks("report", "daily", "2026-11-24", *HERE))


@pytest.mark.parametrize("text", [b"\xff\xfe", b"[" * 99999])
def test_a_filed_run_of_strange_bytes_is_named(here: FolderStorage, text: bytes) -> None:
    here.create("daily/2026-11-24T07-00-00.000000Z.json", "")
    (here.root / "daily" / "2026-11-24T07-00-00.000000Z.json").write_bytes(text)
    line = refused(opschecks("report", "daily", "2026-11-24", *HERE))
    assert line.startswith("reports/history/here/daily/2026-11-24T07-00-00.000000Z.json: ")


def test_a_stack_without_a_history_says_so(here: FolderStorage) -> None:
    line = refused(opschecks("report", "daily", "2026-11-24", *HERE))
    assert line == "2026-11-24: reports/history/here has no such daily run; days are those of UTC; there is none"
    assert refused(opschecks("report", "daily", "2026-11-24", "--stack", "her")).endswith("did you mean 'here'?")
    assert here.keys("daily") == []


NO_RUN: dict[str, tuple[bytes | None, str]] = {
    "missing.json": (None, "no such run file; for a day of the history, add --stack NAME"),
    "text.json": (b"hello", "not a run file: JSONDecodeError"),
    "empty.json": (b"", "not a run file: JSONDecodeError"),
    "list.json": (b"[]", "not a run file: TypeError"),
    "object.json": (b"{}", "not a run file: KeyError: 'format'"),
    "newer.json": (b'{"format": 99}', "its format is 99, and this version reads 1"),
    "short.json": (b'{"format": 1, "suite": "daily"}', "not a run file: KeyError"),
    "binary.json": (b"\xff\xfe", "cannot be read: 'utf-8' codec"),
    "junit.xml": (b"<testsuites/>", "not a run file: JSONDecodeError"),
}


@pytest.mark.parametrize("command", [("daily",), ("publish", "--to", "out")], ids=["daily", "publish"])
@pytest.mark.parametrize("name", NO_RUN)
def test_what_is_no_run_file_is_one_line(here: FolderStorage, name: str, command: tuple[str, ...]) -> None:
    text, message = NO_RUN[name]
    if text is not None:
        Path(name).write_bytes(text)
    line = refused(opschecks("report", command[0], name, *command[1:]))
    assert line.startswith(f"{name}: ")
    assert message in line
    assert not Path("out").exists()
    assert not here.root.exists()


def test_a_folder_is_no_run_file(here: FolderStorage) -> None:
    here.root.mkdir(parents=True)
    assert refused(opschecks("report", "daily", "reports")).startswith("reports: cannot be read: ")


def test_a_filed_run_that_cannot_be_read_is_named(here: FolderStorage) -> None:
    here.create("daily/2026-11-24T07-00-00.000000Z.json", "{}")
    line = refused(opschecks("report", "daily", "2026-11-24", *HERE))
    assert line.startswith("reports/history/here/daily/2026-11-24T07-00-00.000000Z.json: not a run file")


def test_without_a_runbook_there_is_no_page(here: FolderStorage) -> None:
    file_all(here, mornings("F"))
    Path("checks/RUNBOOK.md").unlink()
    line = refused(opschecks("report", "daily", "2026-11-24", *HERE))
    assert "checks/RUNBOOK.md: cannot be read" in line
    assert "run it in the folder that has checks/" in line


def _looks(form: str, text: str) -> bool:
    looks: dict[str, Callable[[], bool]] = {
        "html": lambda: text.startswith("<!DOCTYPE html>") and "</html>" in text,
        "markdown": lambda: text.startswith("<h2>SANDBOX"),
        "ctrf": lambda: json.loads(text)["results"]["summary"]["failed"] >= 1,
        "slack": lambda: json.loads(text)["blocks"][0]["type"] == "header",
        "email": lambda: text.startswith("<!DOCTYPE html>") and "<h1 style=" in text,
        "annotations": lambda: text.startswith("::error "),
    }
    return looks[form]()


@pytest.mark.parametrize("form", FORMS)
def test_every_format_is_printed_or_written_and_says_the_same(morning: Morning, tmp_path: Path, form: str) -> None:
    out = tmp_path / "out"
    command = ("report", "daily", "reports/daily.json", "--format", form)
    assert morning.opschecks(*command, "--out", str(out)).output == f"report: {out}\n"
    written = out.read_text(encoding="utf-8")
    assert _looks(form, written), written[:200]
    if form != "html":
        printed = morning.opschecks(*command)
        assert (printed.exit_code, printed.stderr) == (0, "")
        assert printed.stdout.rstrip("\n") == written.rstrip("\n")
    filed = tmp_path / "filed"
    morning.opschecks("report", "daily", morning.moment, *OF_SANDBOX, "--format", form, "--out", str(filed))
    if form != "html":
        assert filed.read_text(encoding="utf-8") == written


def test_a_format_that_does_not_exist_names_those_that_do(here: FolderStorage) -> None:
    ended = opschecks("report", "daily", "--format", "pdf")
    assert ended.exit_code == 2
    assert all(form in ended.stderr for form in FORMS)
    assert not here.root.exists()


def test_a_page_that_cannot_be_written_is_one_line(here: FolderStorage) -> None:
    file_all(here, mornings("F"))
    line = refused(opschecks("report", "daily", "2026-11-24", *HERE, "--out", "stacks.toml/page.html"))
    assert line.startswith("stacks.toml/page.html: cannot be written: ")


# opschecks report publish


class Listed:
    """The rows of an index: file and verdict; and every tag that it has."""

    def __init__(self, text: str) -> None:
        self.files = re.findall(r'<a [^>]*href="([^"]*)"', text)
        self.words = re.findall(r"<td[^>]*>([^<]+)<", text)
        self.tags = set(re.findall(r"<([a-z]+)", text))


def _publish(run: Run, to: Path) -> list[str]:
    """The files that were published; nothing is filed."""
    Path("run.json").write_text(to_json(run), encoding="utf-8")
    ended = opschecks("report", "publish", "run.json", "--to", str(to))
    assert (ended.exit_code, ended.stderr) == (0, "")
    assert not Path("reports/history").exists()
    return [line.removeprefix(f"{to}/") for line in ended.stdout.splitlines()]


def _stem(run: Run, word: str) -> str:
    return f"{run.started:%Y-%m-%dT%H-%M-%S.%f}Z_{word}"


def test_an_index_lists_every_published_page_the_newest_first(here: FolderStorage, tmp_path: Path) -> None:
    to, runs = tmp_path / "pages", mornings("PFBN")
    words = ["all-good", "action-needed", "not-everything-could-be-checked", "not-everything-could-be-checked"]
    stems = [_stem(run, word) for run, word in zip(runs, words, strict=True)]
    for place in (1, 0, 3, 2):  # in whatever order they are published
        written = _publish(runs[place], to)
        latest = ["here/daily/latest.html"] if place in (1, 3) else []
        assert written == [
            *(f"here/daily/{stems[place]}{suffix}" for suffix in (".json", ".md", ".ctrf.json", ".html")),
            *latest,
            "here/daily/index.html",
        ]
    listed = Listed((to / "here" / "daily" / "index.html").read_text(encoding="utf-8"))
    assert listed.files == [f"{stem}.html" for stem in stems[::-1]]
    assert listed.words == [word.replace("-", " ").capitalize() for word in words[::-1]]
    assert all((to / "here" / "daily" / file).is_file() for file in listed.files)


def test_a_replay_of_an_old_morning_does_not_pass_for_the_newest(here: FolderStorage, tmp_path: Path) -> None:
    old, new = mornings("PF")
    folder = tmp_path / "pages" / "here" / "daily"
    _publish(new, tmp_path / "pages")
    newest = (folder / "latest.html").read_bytes()
    assert newest == (folder / f"{_stem(new, 'action-needed')}.html").read_bytes()
    _publish(old, tmp_path / "pages")
    assert (folder / "latest.html").read_bytes() == newest
    _publish(replace(new, versions={"opschecks": "later"}), tmp_path / "pages")
    assert (folder / "latest.html").read_bytes() != newest, "the newest one made again is still the newest"
    assert len(Listed((folder / "index.html").read_text(encoding="utf-8")).files) == 2


def test_two_runs_of_one_second_have_a_place_each(here: FolderStorage, tmp_path: Path) -> None:
    (run,) = mornings("F")
    runs = [replace(run, started=run.started.replace(microsecond=moment)) for moment in (1, 2, 0)]
    for each in (*runs, runs[0]):
        _publish(each, tmp_path / "pages")
    folder = tmp_path / "pages" / "here" / "daily"
    listed = Listed((folder / "index.html").read_text(encoding="utf-8"))
    assert listed.files == [f"{_stem(one, 'action-needed')}.html" for one in (runs[1], runs[0], runs[2])]
    assert [json.loads((folder / file).with_suffix(".json").read_text())["started"] for file in listed.files] == [
        one.started.isoformat() for one in (runs[1], runs[0], runs[2])
    ]
    assert (folder / "latest.html").read_bytes() == (folder / listed.files[0]).read_bytes()


def test_pages_that_earlier_versions_published_are_listed(here: FolderStorage, tmp_path: Path) -> None:
    old, new = mornings("PF")
    folder = tmp_path / "pages" / "here" / "daily"
    folder.mkdir(parents=True)
    name = f"{old.started:%Y-%m-%dT%H-%M-%SZ}_all-good.html"
    for file in (name, "2026-99-99T00-00-00Z_all-good.html", "2026-11-24T07-00-00.1Z_all-good.html"):
        (folder / file).write_text("mine")
    _publish(new, tmp_path / "pages")
    listed = Listed((folder / "index.html").read_text(encoding="utf-8"))
    assert listed.files == [f"{_stem(new, 'action-needed')}.html", name]


def test_a_published_page_links_what_lies_beside_it(morning: Morning, tmp_path: Path) -> None:
    for arguments, beside in (
        (("reports/daily.json",), {".json", ".md", ".ctrf.json", ".pytest.html", ".xml"}),
        ((morning.moment, *OF_SANDBOX), {".json", ".md", ".ctrf.json"}),
    ):
        to = tmp_path / str(len(beside))
        ended = morning.opschecks("report", "publish", *arguments, "--to", f"{to}/")
        assert ended.exit_code == 0, ended.output
        folder = to / "sandbox" / "daily"
        assert {line.partition("/sandbox/")[0] for line in ended.stdout.splitlines()} == {str(to)}
        stem = _stem(morning.run, "action-needed")
        page = (folder / f"{stem}.html").read_text(encoding="utf-8")
        (links,) = LINKS.findall(page)
        assert set(re.findall('href="(.*?)"', links)) == {stem + suffix for suffix in beside}
        assert all((folder / (stem + suffix)).stat().st_size for suffix in beside)
        assert LINKS.sub("", (folder / "latest.html").read_text(encoding="utf-8")) == LINKS.sub("", page)
        assert json.loads((folder / f"{stem}.json").read_text(encoding="utf-8"))["suite"] == "daily"
        assert "(SANDBOX)" in (folder / "index.html").read_text(encoding="utf-8")


HOSTILE_NAMES = ["<img src=x onerror=alert(1)>", "<script>alert(1)", "\"'><b>", "{{ 7 * 7 }}", "a&lt;b", "é 🚀", "..."]


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_an_index_obeys_no_name_of_a_stack_or_file(here: FolderStorage, tmp_path: Path, name: str) -> None:
    run = ran({"test_a": {"A": F}}, stack=name)
    folder = tmp_path / "pages" / file_name(name) / "daily"
    folder.mkdir(parents=True)
    for file in ("notes.html", f"{_stem(run, '<b>')}.html", f"{_stem(run, 'all-good')}.html.bak", "x_all-good.html"):
        (folder / file).write_text("mine")
    _publish(run, tmp_path / "pages")
    listed = Listed((folder / "index.html").read_text(encoding="utf-8"))
    assert listed.files == [f"{_stem(run, 'action-needed')}.html"]
    assert listed.words == ["Action needed"]
    assert not listed.tags & {"img", "script", "b", "iframe"}
    assert "49" not in (folder / "index.html").read_text(encoding="utf-8").partition("</style>")[2]


def test_several_stacks_are_published_as_the_one_page_that_they_are(here: FolderStorage, tmp_path: Path) -> None:
    one, other = ran({"test_a": {"A": P}}, stack="one"), ran({"test_a": {"A": P}}, stack="other")
    both = replace(
        one, stacks=one.stacks + other.stacks, checks=one.checks + other.checks, findings=one.findings + other.findings
    )
    assert {key.split("/")[0] for key in _publish(both, tmp_path / "pages")} == {"one+other"}


@pytest.mark.parametrize("to", ["stacks.toml", "stacks.toml/pages"])
def test_a_place_that_cannot_be_written_is_one_line(here: FolderStorage, to: str) -> None:
    file_all(here, mornings("F"))
    assert "Not a directory" in refused(opschecks("report", "publish", "2026-11-24", *HERE, "--to", to))


def test_s3_is_given_each_file_with_its_media_type(morning: Morning) -> None:
    s3 = morning.on.sandbox.client("s3")
    s3.create_bucket(Bucket="pages", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    to = "s3://pages/ops/site"
    ended = morning.opschecks("report", "publish", "reports/daily.json", "--to", to, *OF_SANDBOX)
    assert (ended.exit_code, ended.stderr) == (0, "")
    stem = f"ops/site/sandbox/daily/{_stem(morning.run, 'action-needed')}"
    keys = [item["Key"] for item in s3.list_objects_v2(Bucket="pages")["Contents"]]
    assert set(keys) == {
        *(stem + suffix for suffix in KINDS),
        "ops/site/sandbox/daily/index.html",
        "ops/site/sandbox/daily/latest.html",
    }
    assert {line.removeprefix("s3://pages/") for line in ended.stdout.splitlines()} == set(keys)
    for key in keys:
        suffix = key.removeprefix(stem) if key.startswith(stem) else ".html"
        assert s3.head_object(Bucket="pages", Key=key)["ContentType"] == KINDS[suffix], key

    def latest() -> bytes:
        body: bytes = s3.get_object(Bucket="pages", Key="ops/site/sandbox/daily/latest.html")["Body"].read()
        return body

    newest = latest()
    again = morning.opschecks("report", "publish", morning.yesterday, "--to", to, *OF_SANDBOX)
    assert again.exit_code == 0, again.output
    assert latest() == newest
    index = s3.get_object(Bucket="pages", Key="ops/site/sandbox/daily/index.html")["Body"].read().decode()
    assert [file[:10] for file in Listed(index).files] == [morning.moment[:10], morning.yesterday]


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"AWS_PROFILE": "nobody"}, "The config profile (nobody) could not be found"),
        ({"AWS_ENDPOINT_URL_S3": "no address"}, "Invalid endpoint: no address"),
    ],
)
def test_credentials_that_cannot_be_used_are_one_line(run_file: str, environment: dict[str, str], said: str) -> None:
    ended = opschecks("report", "publish", run_file, "--to", "s3://pages/x", **environment)
    line = refused(ended)
    assert line.startswith(said)
    assert line.endswith("set AWS_PROFILE and similar variables as for the AWS CLI, or name a stack with --stack")


def test_a_bucket_that_is_not_there_is_one_line(morning: Morning) -> None:
    ended = morning.opschecks("report", "publish", morning.moment, "--to", "s3://nowhere/x", *OF_SANDBOX)
    assert refused(ended).startswith("s3://nowhere/x: s3:PutObject: NoSuchBucket: ")


# opschecks report slack


@contextmanager
def _listening() -> Iterator[tuple[str, list[str]]]:
    """A web server on loopback, and what it was asked for."""
    asked: list[str] = []

    class Answers(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"ok")

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/services/T0SECRET/xSECRETx", asked
        finally:
            server.shutdown()
            thread.join()


def test_slack_wants_a_webhook(run_file: str) -> None:
    assert refused(opschecks("report", "slack", run_file)).startswith(f"{WEBHOOK}: not set")
    assert refused(opschecks("report", "slack", run_file, **{WEBHOOK: ""})).startswith(f"{WEBHOOK}: not set")


def test_a_webhook_that_is_not_encrypted_is_sent_nothing_and_not_named(run_file: str) -> None:
    with _listening() as (webhook, asked):
        line = refused(opschecks("report", "slack", run_file, **{WEBHOOK: webhook}))
    assert line == "the webhook is not an https:// address"
    assert asked == []


@pytest.mark.parametrize("host", ["127.0.0.1:1", "127.0.0.1:99999", "[", "user:T0SECRET@127.0.0.1:1"])
def test_a_webhook_that_cannot_be_reached_is_not_named(run_file: str, host: str) -> None:
    ended = opschecks("report", "slack", run_file, **{WEBHOOK: f"https://{host}/services/T0SECRET/xSECRETx"})
    assert refused(ended).startswith("Slack could not be reached: ")
    assert "SECRET" not in ended.output
    assert "127.0.0.1" not in ended.output


@responses.activate
@pytest.mark.parametrize(
    ("status", "body", "code", "said"),
    [
        (200, "ok", 0, "posted to Slack"),
        (404, "no_service", 1, "Slack did not take the message, and answered 404: no_service"),
        (302, "", 1, "Slack did not take the message, and answered 302"),
    ],
)
def test_a_run_is_posted_once_with_its_page(here: FolderStorage, status: int, body: str, code: int, said: str) -> None:
    webhook = "https://hooks.slack.com/services/T0SECRET/xSECRETx"
    responses.post(webhook, status=status, body=body, headers={"Location": "https://elsewhere.example/"})
    Path("run.json").write_text(to_json(mornings("F")[0]), encoding="utf-8")
    url = "https://pages.example/latest.html"
    ended = opschecks("report", "slack", "run.json", "--page-url", url, **{WEBHOOK: webhook})
    assert ended.exit_code == code
    assert ended.output.strip().removeprefix("Error: ") == said
    (call,) = responses.calls
    sent = json.loads(call.request.body or "{}")
    assert any(f"<{url}|" in str(block.get("text", {}).get("text", "")) for block in sent["blocks"])
    assert "Action needed" in sent["text"]
    assert here.keys("daily") == []


# opschecks history


def test_history_lists_the_newest_runs_with_their_verdicts(here: FolderStorage) -> None:
    assert opschecks("history", "list", *HERE).output == "no daily run of here yet\n"
    file_all(here, mornings("PF_BN"))
    shown = opschecks("history", "list", *HERE)
    assert (shown.exit_code, shown.stderr) == (0, "")
    assert shown.stdout.splitlines() == [
        "2026-11-24T07:00:00+00:00  Not everything could be checked: 0 failed, 0 could not look, of 2",
        "2026-11-23T07:00:00+00:00  Not everything could be checked: 0 failed, 1 could not look, of 2",
        "2026-11-21T07:00:00+00:00  Action needed: 1 failed, 0 could not look, of 2",
        "2026-11-20T07:00:00+00:00  All good: 0 failed, 0 could not look, of 2",
    ]
    rows = json.loads(opschecks("history", "list", *HERE, "--format", "json").stdout)
    assert [row["verdict"] for row in rows] == [line.split("  ")[1].split(":")[0] for line in shown.stdout.splitlines()]
    assert [(row["failed"], row["could_not_look"], row["checks"]) for row in rows] == [
        (0, 0, 2), (0, 1, 2), (1, 0, 2), (0, 0, 2),
    ]  # fmt: skip
    assert len(json.loads(opschecks("history", "list", *HERE, "--most", "1", "--format", "json").stdout)) == 1
    assert opschecks("history", "list", *HERE, "--suite", "weekly").output == "no weekly run of here yet\n"


def test_history_tells_when_a_check_was_bad(here: FolderStorage) -> None:
    file_all(here, mornings("PFFPBFNF"))
    ended = opschecks("history", "check", "test_a", *HERE)
    assert ended.output.splitlines() == [
        "test_a: failed in 4 of 8 runs",
        "  2026-11-18 07:00 to 2026-11-20 07:00 UTC: the A",
        "  2026-11-22 07:00 UTC until now: the A",
    ]
    assert opschecks("history", "check", "test_z", *HERE).output == "test_z: failed in 0 of 8 runs\n"


def test_history_tells_of_every_run_and_of_a_file_that_is_none(here: FolderStorage) -> None:
    file_all(here, [earlier(ran({"test_old": {"A": P}}), 90), *mornings("P" * (COMPARED + 1))])
    here.replace("daily/notes.txt", "mine")
    assert opschecks("history", "check", "test_old", *HERE).output == "test_old: failed in 0 of 1 run\n"
    assert opschecks("history", "check", "test_a", *HERE).output == f"test_a: failed in 0 of {COMPARED + 1} runs\n"
    stray = "daily/2026-10-01T08-00-00.000000Z.json"
    here.replace(stray, "mine")
    for command in (("check", "test_a"), ("list", "--most", "100"), ("list", "--most", "100", "--format", "json")):
        ended = opschecks("history", *command, *HERE)
        (line,) = ended.stderr.splitlines()
        assert line.startswith(f"reports/history/here/{stray}: not a run file")
        assert line not in ended.stdout
    assert opschecks("history", "list", *HERE).stderr == "", "it is older than what is listed"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("check", "test_aa", *HERE), "test_aa: no such check in the daily runs of here; did you mean 'test_a'?"),
        (
            ("check", "test_a", *HERE, "--suite", "weekly"),
            "test_a: no such check in the weekly runs of here; there is none",
        ),
        (("list", *HERE, "--suite", "dayly"), "--suite dayly: no such suite; did you mean 'daily'?"),
        (("list", "--stack", "her"), "--stack her: stacks.toml has no such stack; did you mean 'here'?"),
        (("rebuild", "--stack", "her"), "--stack her: stacks.toml has no such stack; did you mean 'here'?"),
        (
            ("list", *HERE, "--stacks", "no.toml"),
            f"no.toml: {NO_FILE}",
        ),
    ],
)
def test_what_history_does_not_know_names_what_it_knows(
    here: FolderStorage, arguments: tuple[str, ...], message: str
) -> None:
    file_all(here, mornings("PF"))
    assert refused(opschecks("history", *arguments)) == message


def test_a_rebuilt_history_has_every_run(here: FolderStorage) -> None:
    runs = mornings("F" * (COMPARED + 5))
    keys = file_all(here, [*runs, *(replace(run, suite="weekly") for run in runs[:3])])
    opschecks("history", "list", *HERE)
    summary = here.root / "summaries" / keys[COMPARED]
    summary.write_text(summary.read_text().replace("failed", "passed"))
    (summary.parent / "2020-01-01T00-00-00.000000Z.json").write_text("left behind")
    assert f"of {COMPARED + 5} runs" in opschecks("history", "check", "test_a", *HERE).output
    ended = opschecks("history", "rebuild", *HERE)
    assert (ended.exit_code, ended.stdout) == (0, f"reports/history/here/summaries: {COMPARED + 8} runs of here\n")
    assert ended.stderr == f"  daily: {COMPARED + 5} run files read\n  weekly: 3 run files read\n"
    assert {f"daily/{path.name}" for path in summary.parent.iterdir()} == set(keys[:-3])
    rows = json.loads(opschecks("history", "list", *HERE, "--most", "1000", "--format", "json").stdout)
    assert [row["began"] for row in rows] == [run.started.isoformat(timespec="seconds") for run in runs[::-1]]
    assert opschecks("history", "check", "test_a", *HERE).output.startswith(
        f"test_a: failed in {COMPARED + 5} of {COMPARED + 5} runs\n"
    )
    assert len(here.keys("daily")) == COMPARED + 5


def test_summaries_that_cannot_be_deleted_are_one_line(here: FolderStorage) -> None:
    file_all(here, mornings("PF"))
    (here.root / "summaries").write_text("mine")
    line = refused(opschecks("history", "rebuild", *HERE))
    assert line == "reports/history/here/summaries cannot be deleted: Not a directory"
    assert len(opschecks("history", "list", *HERE).stdout.splitlines()) == 2


def test_the_history_of_real_runs_is_listed(morning: Morning) -> None:
    rows = json.loads(morning.opschecks("history", "list", *OF_SANDBOX, "--format", "json").stdout)
    moments = [began(key) for key in morning.state.keys("daily")]
    assert [datetime.fromisoformat(row["began"]) for row in rows] == [
        moment.replace(microsecond=0) for moment in moments[::-1] if moment
    ]
    assert rows[0]["exit_code"] == morning.ended.code
    bad = next(one for one in morning.run.past[0].standings if one.state == "still")
    told = morning.opschecks("history", "check", bad.check, *OF_SANDBOX).output
    assert "failed in 3 of 3 runs" in told
    assert f"{bad.since:%Y-%m-%d %H:%M} UTC until now" in told


# under GitHub Actions


def test_a_job_gets_a_summary_and_annotations(morning: Morning) -> None:
    assert morning.first.code == 1, morning.first.all
    assert morning.summary.startswith("# Another suite\n<h2>SANDBOX – Action needed")
    errors = [line for line in morning.first.out.splitlines() if line.startswith("::error ")]
    assert len(errors) >= 2
    assert all(re.match(r"::error file=checks/daily/test_\w+\.py,title=SANDBOX%3A ", line) for line in errors)
    assert "summary could not be written" not in morning.first.all


def test_a_summary_that_cannot_be_written_is_said_and_changes_nothing(morning: Morning) -> None:
    assert morning.ended.code == morning.first.code == morning.run.exit_code
    (line,) = [line for line in morning.ended.out.splitlines() if "summary" in line and line.startswith("the job")]
    assert line.startswith("the job summary could not be written: [Errno 21] Is a directory")
    assert "::error " in morning.ended.out
    assert "Traceback" not in morning.ended.all


BAD = ran({"test_a": {f"arn:{n}": F for n in range(500)}})


def _told(run: Run | None, monkeypatch: pytest.MonkeyPatch, summary: str | None, actions: str = "true") -> list[str]:
    """What is printed at the end of such a run."""
    monkeypatch.setenv("GITHUB_ACTIONS", actions)
    if summary is None:
        monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    else:
        monkeypatch.setenv("GITHUB_STEP_SUMMARY", summary)
    lines: list[str] = []
    reporter = SimpleNamespace(write_line=lambda line, **_: lines.append(line))
    stash = pytest.Stash()
    stash[KEY] = cast("Any", SimpleNamespace(told=run))
    pytest_terminal_summary(reporter, cast("Any", SimpleNamespace(stash=stash)))
    return lines


@pytest.mark.parametrize(
    ("used", "whole"), [(None, True), (0, True), (SUMMARY_BYTES // 2, True), (SUMMARY_BYTES - 4000, False)]
)
def test_a_summary_leaves_room_for_what_others_wrote(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, used: int | None, whole: bool
) -> None:
    path = tmp_path / "summary.md"
    if used is not None:
        path.write_bytes(b"x" * used)
    lines = _told(BAD, monkeypatch, str(path))
    assert [line[:8] for line in lines] == ["::error "]
    written = path.read_bytes()
    assert written.startswith(b"x" * (used or 0))
    assert len(written) <= SUMMARY_BYTES
    told = written[used or 0 :].decode()
    assert "Action needed" in told
    rows = told.count("<code>the arn:")
    assert rows == 500 if whole else 0 < rows < 500
    assert ("left out here" in told) is not whole


@pytest.mark.parametrize("used", [SUMMARY_BYTES - 100, SUMMARY_BYTES, SUMMARY_BYTES + 5])
def test_a_summary_that_is_full_is_left_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, used: int) -> None:
    path = tmp_path / "summary.md"
    path.write_bytes(b"x" * used)
    said, annotation = _told(BAD, monkeypatch, str(path))
    assert said.startswith("the job summary could not be written: ")
    assert annotation.startswith("::error ")
    assert path.stat().st_size == used


def test_elsewhere_there_is_neither_summary_nor_annotation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "summary.md"
    for actions in ("", "false", "1"):
        assert _told(BAD, monkeypatch, str(path), actions=actions) == []
    assert _told(None, monkeypatch, str(path)) == []
    assert not path.exists()
    assert len(_told(BAD, monkeypatch, None)) == 1
    for bad in ("", str(tmp_path / "no" / "folder.md"), "\0"):
        assert _told(BAD, monkeypatch, None if "\0" in bad else bad)[-1].startswith("::error ")


def test_a_good_run_has_a_summary_and_no_annotation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "summary.md"
    assert _told(ran({"test_a": {"A": P}, "test_b": {}}), monkeypatch, str(path)) == []
    assert "All good" in path.read_text(encoding="utf-8")
    assert NOT_APPLICABLE not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["../../escaped", "/etc", ".hidden", "a/b", "", "n" * 300])
def test_no_name_in_a_run_file_leads_out_of_the_folder(here: FolderStorage, tmp_path: Path, name: str) -> None:
    run = replace(ran({"test_a": {"A": P}}, stack=name), suite=name)
    _publish(run, tmp_path / "pages")
    written = list(tmp_path.rglob("*.html"))
    assert written
    assert all(path.is_relative_to(tmp_path / "pages") for path in written)
    assert not [path for path in written if path.name.startswith(".")]
