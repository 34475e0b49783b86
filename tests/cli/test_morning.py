"""A real morning, made again, published and listed; and the job of GitHub's in which it ran."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import Result
from jsonschema import Draft202012Validator

from opschecks.cli.report import FORMS
from opschecks.core.model import Outcome
from opschecks.core.run import Run
from opschecks.history.runs import began
from opschecks.history.storage import Storage
from opschecks.report.runfile import from_json
from opschecks.report.verdict import verdict
from tests.bench import Bench, bench
from tests.cli.test_publish import Listed, stem_of
from tests.cli.typed import OF_SANDBOX, opschecks, refused
from tests.mornings import earlier, ending, file_all
from tests.scratch import Ended

LINKS = re.compile("<p>Same run:.*?</p>\n")
BEGAN = re.compile(r'(?m)^<time datetime="(.{10})T')
"""The line of a page's head: shortly after midnight, times below it are of the day before, too."""
KINDS = {
    ".html": "text/html; charset=utf-8",
    ".pytest.html": "text/html; charset=utf-8",
    ".json": "application/json",
    ".ctrf.json": "application/json",
    ".md": "text/markdown; charset=utf-8",
    ".xml": "application/xml",
    ".csv": "text/csv; charset=utf-8",
    ".svg": "image/svg+xml",
}


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
    assert 'class="before"' not in page, "without a stack nothing is known of yesterday"


def test_an_earlier_day_is_that_days_morning(morning: Morning) -> None:
    ended = morning.opschecks("report", "daily", morning.yesterday, *OF_SANDBOX)
    assert ended.exit_code == 0, ended.output
    page = Path(ended.output.removeprefix("report: ").strip()).read_text(encoding="utf-8")
    (began,) = BEGAN.findall(page)
    assert began == morning.yesterday


def _looks(form: str, text: str) -> bool:
    looks: dict[str, Callable[[], bool]] = {
        "html": lambda: text.startswith("<!DOCTYPE html>") and "</html>" in text,
        "markdown": lambda: text.startswith("<h2>SANDBOX"),
        "ctrf": lambda: json.loads(text)["results"]["summary"]["failed"] >= 1,
        "slack": lambda: json.loads(text)["blocks"][0]["type"] == "header",
        "email": lambda: text.startswith("<!DOCTYPE html>") and "<h1 style=" in text,
        "annotations": lambda: text.startswith("::error "),
        "csv": lambda: text.startswith('"id","page","suite",'),
        "metrics": lambda: text.startswith("# HELP ") and text.endswith("# EOF\n"),
        "badge": lambda: text.startswith("<svg "),
    }
    return looks[form]()


@pytest.mark.parametrize("form", [form for form in FORMS if form != "pdf"])
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


def test_a_published_page_links_what_lies_beside_it(morning: Morning, tmp_path: Path) -> None:
    for arguments, beside in (
        (("reports/daily.json",), {".json", ".md", ".ctrf.json", ".csv", ".svg", ".pytest.html", ".xml"}),
        ((morning.moment, *OF_SANDBOX), {".json", ".md", ".ctrf.json", ".csv", ".svg"}),
    ):
        to = tmp_path / str(len(beside))
        ended = morning.opschecks("report", "publish", *arguments, "--to", f"{to}/")
        assert ended.exit_code == 0, ended.output
        folder = to / "sandbox" / "daily"
        assert {line.partition("/sandbox/")[0] for line in ended.stdout.splitlines()} == {str(to)}
        stem = stem_of(morning.run, "action-needed")
        page = (folder / f"{stem}.html").read_text(encoding="utf-8")
        (links,) = LINKS.findall(page)
        assert set(re.findall('href="(.*?)"', links)) == {stem + suffix for suffix in beside - {".svg"}}
        assert all((folder / (stem + suffix)).stat().st_size for suffix in beside)
        assert LINKS.sub("", (folder / "latest.html").read_text(encoding="utf-8")) == LINKS.sub("", page)
        assert json.loads((folder / f"{stem}.json").read_text(encoding="utf-8"))["suite"] == "daily"
        assert "(SANDBOX)" in (folder / "index.html").read_text(encoding="utf-8")


def test_s3_is_given_each_file_with_its_media_type(morning: Morning) -> None:
    s3 = morning.on.sandbox.client("s3")
    s3.create_bucket(Bucket="pages", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    to = "s3://pages/ops/site"
    ended = morning.opschecks("report", "publish", "reports/daily.json", "--to", to, *OF_SANDBOX)
    assert (ended.exit_code, ended.stderr) == (0, "")
    stem = f"ops/site/sandbox/daily/{stem_of(morning.run, 'action-needed')}"
    keys = [item["Key"] for item in s3.list_objects_v2(Bucket="pages")["Contents"]]
    assert set(keys) == {
        *(stem + suffix for suffix in KINDS),
        "ops/site/sandbox/daily/index.html",
        "ops/site/sandbox/daily/latest.html",
        "ops/site/sandbox/daily/latest.svg",
    }
    assert {line.removeprefix("s3://pages/") for line in ended.stdout.splitlines()} == set(keys)
    for key in keys:
        suffix = key.removeprefix(stem) if key.startswith(stem) else key[key.rindex(".") :]
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


def test_a_bucket_that_is_not_there_is_one_line(morning: Morning) -> None:
    ended = morning.opschecks("report", "publish", morning.moment, "--to", "s3://nowhere/x", *OF_SANDBOX)
    assert refused(ended).startswith("s3://nowhere/x: s3:PutObject: NoSuchBucket: ")


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
