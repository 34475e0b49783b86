"""`opschecks report publish`: what lies where, what its index lists, and what never leads elsewhere."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from opschecks.core.run import Run
from opschecks.history.storage import FolderStorage
from opschecks.report.publish import file_name
from opschecks.report.runfile import to_json
from tests.cli.typed import HERE, opschecks, refused
from tests.history.filed import F, P, mornings, ran
from tests.mornings import file_all


class Listed:
    """The rows of an index: file and verdict; and every tag that it has."""

    def __init__(self, text: str) -> None:
        self.files = re.findall(r'<a [^>]*href="([^"]*)"', text)
        self.words = re.findall(r"<td[^>]*>([^<]+)<", text)
        self.tags = set(re.findall(r"<([a-z]+)", text))


def stem_of(run: Run, word: str) -> str:
    return f"{run.started:%Y-%m-%dT%H-%M-%S.%f}Z_{word}"


SUFFIXES = (".json", ".md", ".ctrf.json", ".csv", ".svg", ".html")


def _publish(run: Run, to: Path) -> list[str]:
    """The files that were published; nothing is filed."""
    Path("run.json").write_text(to_json(run), encoding="utf-8")
    ended = opschecks("report", "publish", "run.json", "--to", str(to))
    assert (ended.exit_code, ended.stderr) == (0, "")
    assert not Path("reports/history").exists()
    return [line.removeprefix(f"{to}/") for line in ended.stdout.splitlines()]


def test_an_index_lists_every_published_page_the_newest_first(here: FolderStorage, tmp_path: Path) -> None:
    to, runs = tmp_path / "pages", mornings("PFBN")
    words = ["all-good", "action-needed", "not-everything-could-be-checked", "not-everything-could-be-checked"]
    stems = [stem_of(run, word) for run, word in zip(runs, words, strict=True)]
    for place in (1, 0, 3, 2):  # in whatever order they are published
        written = _publish(runs[place], to)
        latest = ["here/daily/latest.html", "here/daily/latest.svg"] if place in (1, 3) else []
        assert written == [
            *(f"here/daily/{stems[place]}{suffix}" for suffix in SUFFIXES),
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
    assert newest == (folder / f"{stem_of(new, 'action-needed')}.html").read_bytes()
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
    assert listed.files == [f"{stem_of(one, 'action-needed')}.html" for one in (runs[1], runs[0], runs[2])]
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
    assert listed.files == [f"{stem_of(new, 'action-needed')}.html", name]


HOSTILE_NAMES = ["<img src=x onerror=alert(1)>", "<script>alert(1)", "\"'><b>", "{{ 7 * 7 }}", "a&lt;b", "é 🚀", "..."]


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_an_index_obeys_no_name_of_a_stack_or_file(here: FolderStorage, tmp_path: Path, name: str) -> None:
    run = ran({"test_a": {"A": F}}, stack=name)
    folder = tmp_path / "pages" / file_name(name) / "daily"
    folder.mkdir(parents=True)
    for file in (
        "notes.html",
        f"{stem_of(run, '<b>')}.html",
        f"{stem_of(run, 'all-good')}.html.bak",
        "x_all-good.html",
    ):
        (folder / file).write_text("mine")
    _publish(run, tmp_path / "pages")
    listed = Listed((folder / "index.html").read_text(encoding="utf-8"))
    assert listed.files == [f"{stem_of(run, 'action-needed')}.html"]
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


@pytest.mark.parametrize("name", ["../../escaped", "/etc", ".hidden", "a/b", "", "n" * 300])
def test_no_name_in_a_run_file_leads_out_of_the_folder(here: FolderStorage, tmp_path: Path, name: str) -> None:
    run = replace(ran({"test_a": {"A": P}}, stack=name), suite=name)
    _publish(run, tmp_path / "pages")
    written = list(tmp_path.rglob("*.html"))
    assert written
    assert all(path.is_relative_to(tmp_path / "pages") for path in written)
    assert not [path for path in written if path.name.startswith(".")]
