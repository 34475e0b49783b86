"""The docs: links lead somewhere, the reference is made from the code, the site's index has every page.

The site itself is built by `.ci/run` (CONTRIBUTING.md). Its generator is not needed by the tests: what it would
complain about is held here in a second.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from docs.site import reference
from opschecks.hooks.account import ALL_GOOD, SOMETHING_FAILED, SOMETHING_UNSEEN
from tests.scratch import ROOT

INDEX = ROOT / "docs" / "site" / "index.md"
FOLDERS = (".", "docs", "docs/site", "examples", "examples/aws", "reports", "benchmarks", "checks")
PAGES = sorted(
    path
    for folder in FOLDERS
    for path in (ROOT / folder).glob("*.md")
    if folder != "reports" or path.name == "README.md"  # the others are of runs
)

LAID_OUT = ("plugins/opschecks/sandbox/faults/log_groups.py",)
"""What `opschecks new` would make."""


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reference")
    reference.write(folder)
    return folder


def _links(path: Path) -> Iterator[str]:
    for block in MarkdownIt("commonmark").enable("table").parse(path.read_text(encoding="utf-8")):
        for token in block.children or ():
            if token.type in ("link_open", "image"):
                yield str(token.attrs.get("href") or token.attrs.get("src"))


def _anchors(path: Path) -> set[str]:
    """The headings of a page as GitHub, and MyST after it, makes anchors of them."""
    text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in headings}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_to_a_file_and_its_heading(path: Path) -> None:
    for link in _links(path):
        if re.match(r"[a-z]+:", link):
            continue
        file, _, anchor = link.partition("#")
        target = (path.parent / file).resolve() if file else path
        assert target.is_file(), link  # the site's generator takes no folders
        assert not anchor or anchor in _anchors(target), link


def test_the_index_has_every_page(generated: Path) -> None:
    """Guides that nobody has placed come after the others, by a pattern."""
    told = re.findall(r"^(?:[\w ]+ <)?(\.\./[\w./*-]+)>?$", INDEX.read_text(encoding="utf-8"), re.MULTILINE)
    assert "../*" in told
    listed = {str((INDEX.parent / one).resolve().relative_to(ROOT)) + ".md" for one in told if "*" not in one}
    guides = {str(path.relative_to(ROOT)) for path in (ROOT / "docs").glob("*.md")}
    pages = {str(path.relative_to(ROOT)) for path in PAGES} - {"docs/site/index.md"}
    assert listed | guides == pages | {f"docs/reference/{path.name}" for path in generated.iterdir()}


def test_the_reference_is_made_from_the_code(generated: Path) -> None:
    told = {path.stem: path.read_text(encoding="utf-8") for path in generated.iterdir()}
    for page, names in {
        "checks": ["test_no_alarm_is_ringing", "test_websocket_sessions_are_sticky"],
        "observations": ["target_groups"],
        "remedies": ["enable-stickiness"],
        "faults": ["stickiness_switched_off"],
        "keys": ["state", "limits.cpu_percent", "websocket.heartbeat_s"],
    }.items():
        for name in names:
            assert f"### `{name}`" in told[page], name
    assert "- what to do: [alarms](../../checks/RUNBOOK.md#alarms)" in told["checks"]
    assert "## `--fail-on SEVERITY`" in told["pytest-options"]
    assert "## `pytest_opschecks_before_change(change)`" in told["hooks"]
    assert "### `opschecks doctor`" in told["commands"]
    assert all(f"| {code} |" in told["exit-codes"] for code in (ALL_GOOD, SOMETHING_FAILED, SOMETHING_UNSEEN))


def test_a_page_that_is_there_is_left_alone(generated: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in generated.iterdir()}
    reference.write(generated)
    assert {path: path.stat().st_mtime_ns for path in generated.iterdir()} == before


def test_nothing_of_the_code_becomes_markup() -> None:
    assert reference.escaped("a * b `c*d` <e> [f]") == r"a \* b `c*d` \<e\> \[f\]"
    assert reference.escaped("an odd ` one") == r"an odd \` one"


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_that_are_named_are_there(path: Path) -> None:
    """Of this repository, by their path from its root."""
    named = re.findall(r"`((?:tests|plugins|examples|docs|benchmarks)/[\w./-]+)`", path.read_text(encoding="utf-8"))
    assert [one for one in named if one not in LAID_OUT and not (ROOT / one).exists()] == []
