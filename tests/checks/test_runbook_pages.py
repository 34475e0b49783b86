"""Sections of a runbook as they are read, filled with a stack's names, and shown."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest

from opschecks.report.runbook import RunbookError, Section, fill, read_runbook, to_html
from tests.scratch import Project, check_of_each


def test_names_do_not_become_markup() -> None:
    page = to_html("Tell <on-call>, <name>.", {"on-call": "<script>x</script>", "name": "**bold** [x](http://x.test)"})
    assert page == "<p>Tell &lt;script&gt;x&lt;/script&gt;, **bold** [x](http://x.test).</p>\n"


FILLED = {
    "quoted in commands, if necessary": (
        "Ask <name>.\n\n```sh\naws x --a <name> --b <other>\n```\n\nAsk <name>.\n",
        {"name": "it's me", "other": "service/a-b_c:1"},
        "Ask it's me.\n\n```sh\naws x --a 'it'\"'\"'s me' --b service/a-b_c:1\n```\n\nAsk it's me.\n",
    ),
    "unknown": ("Ask <name> of <stack>.", {"stack": "here"}, "Ask <name> of here."),
    "filled once only": ("<name>", {"name": "<stack>", "stack": "here"}, "<stack>"),
    "quoted in a command within a sentence": (
        "Run `opschecks fix x --target <name>` for `<name>`.",
        {"name": "a; rm -rf b"},
        "Run `opschecks fix x --target 'a; rm -rf b'` for `a; rm -rf b`.",
    ),
    "not put in where it would be an option": (
        "<name>: `aws x --a <name>`\n```sh\naws x --a <name>\n```",
        {"name": "--profile=mine"},
        "--profile=mine: `aws x --a <name>`\n```sh\naws x --a <name>\n```",
    ),
    "several lines": ("```sh\naws <name>\n```", {"name": "a\nrm -rf b"}, "```sh\naws 'a rm -rf b'\n```"),
}


@pytest.mark.parametrize(("text", "tokens", "filled"), FILLED.values(), ids=FILLED)
def test_placeholders_are_filled(text: str, tokens: dict[str, str], filled: str) -> None:
    assert fill(text, tokens) == filled


@pytest.mark.parametrize(("text", "tokens", "filled"), FILLED.values(), ids=FILLED)
def test_the_page_fills_code_as_the_text_does(text: str, tokens: dict[str, str], filled: str) -> None:
    page = html.unescape(re.sub(r"</?(?:p|pre|code)[^>]*>", "", to_html(text, tokens)))
    assert page.split() == re.sub("`+(?:sh\n)?", "", filled).split()


def test_a_placeholder_that_is_not_known_stays_on_the_page() -> None:
    assert to_html("Ask <name>.", {}) == "<p>Ask &lt;name&gt;.</p>\n"


def test_a_secret_in_a_name_is_masked() -> None:
    assert "hunter22" not in fill("GET <backend-url>", {"backend-url": "https://me:hunter22@host.test"})


SECTION = "## a\n\n**It is broken**\n\n### Symptom\n\nIt is.\n\n### Look\n\n1. Look.\n\n### Act\n\n1. Act.\n"


def _read(folder: Path, text: str) -> dict[str, Section]:
    path = folder / "RUNBOOK.md"
    path.write_text(text, encoding="utf-8")
    return read_runbook(path)


def test_a_section_is_read_with_title_and_parts(tmp_path: Path) -> None:
    told = _read(tmp_path, f"# Runbook\n\nWords.\n\n{SECTION}\n{SECTION.replace('## a', '## b')}")
    assert told["a"] == Section("a", "It is broken", "It is.", "1. Look.", "1. Act.")
    assert list(told) == ["a", "b"]


@pytest.mark.parametrize("comment", ["### Act", "## b"])
def test_comments_in_commands_are_not_headings(tmp_path: Path, comment: str) -> None:
    told = _read(tmp_path, SECTION.replace("1. Look.", f"```sh\n{comment}\n```"))
    assert list(told) == ["a"]
    assert (told["a"].look, told["a"].act) == (f"```sh\n{comment}\n```", "1. Act.")


BAD = {
    "a slug twice": (f"{SECTION}\n{SECTION}", "RUNBOOK.md:17: a: this slug has a heading already"),
    "no title": (SECTION.replace("**It is broken**", ""), "RUNBOOK.md:1: a: a title is missing below the heading"),
    "no symptom": (SECTION.replace("### Symptom", ""), "RUNBOOK.md:1: a: ### Symptom is missing or empty"),
    "no look": (SECTION.replace("### Look", "### Looks"), "RUNBOOK.md:1: a: ### Look is missing or empty"),
    "nothing to do": (SECTION.replace("1. Act.", ""), "RUNBOOK.md:1: a: ### Act is missing or empty"),
    "nothing below the heading": ("## a\n", "RUNBOOK.md:1: a: a title is missing below the heading"),
}


@pytest.mark.parametrize(("text", "message"), BAD.values(), ids=BAD)
def test_a_bad_section_is_named_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(RunbookError) as told:
        _read(tmp_path, text)
    assert str(told.value) == f"{tmp_path}/{message}"


def test_a_runbook_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(RunbookError, match=r"RUNBOOK\.md: cannot be read: .*No such file"):
        read_runbook(tmp_path / "RUNBOOK.md")
    (tmp_path / "RUNBOOK.md").write_bytes(b"## \xff\n")
    with pytest.raises(RunbookError, match=r"RUNBOOK\.md: cannot be read: "):
        read_runbook(tmp_path / "RUNBOOK.md")


def test_an_empty_runbook_has_no_section(tmp_path: Path) -> None:
    assert _read(tmp_path, "") == {}
    assert _read(tmp_path, "# Runbook\n\nNothing yet.\n") == {}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "runbook='a': RUNBOOK.md has no such heading; known: alarms, "),
        ("", "runbook='a': RUNBOOK.md has no such heading; known: alarms, "),
        (SECTION.replace("## a", "## ab"), "runbook='a': RUNBOOK.md has no such heading; did you mean 'ab'?"),
        (BAD["no look"][0], "checks/RUNBOOK.md:1: a: ### Look is missing or empty"),
    ],
    ids=["missing", "empty", "another heading", "a part missing"],
)
def test_a_run_without_a_good_runbook_is_refused(project: Project, text: str | None, message: str) -> None:
    project.checks(check_of_each("test_things_are_fine"))
    if text is None:
        (project.folder / "checks" / "RUNBOOK.md").unlink()
    else:
        project.write("checks/RUNBOOK.md", text)
    ended = project.run("checks/daily").ends(4)
    assert message in ended.err
    assert "Traceback" not in ended.all
