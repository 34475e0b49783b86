"""RUNBOOK.md: its sections by slug, filled in with a stack's own names, as safe HTML."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping
from functools import partial
from html import escape
from pathlib import Path

from ..core.dataclass import dataclass
from ..core.redaction import redact_text
from ..core.shipped import shipped_checks
from ..core.wording import plural
from .text import printable

_PLACEHOLDER = re.compile(r"<([a-z][a-z0-9-]*)>")
_PLACEHOLDER_HTML = re.compile(r"&lt;([a-z][a-z0-9-]*)&gt;")
_SHELL = re.compile(r"(```\w+\n.*?```|`[^`\s]+[ \n][^`]*`)", re.DOTALL)
_SHELL_HTML = re.compile(r"(<pre><code.*?</code></pre>|<code>[^<\s]+\s[^<]*</code>)", re.DOTALL)
"""Blocks, and code within a sentence that is more than one word: somebody will copy it."""
_PLAIN = re.compile(r"[\w@%+=:,./-]+")
_STEP = re.compile(r"^\d+\. ", re.MULTILINE)
RUNBOOK = "RUNBOOK.md"
PARTS = ("symptom", "look", "act")
LONGEST_NAME = 2048
"""No name or ARN of AWS is longer; anything longer is not put into a command."""


class RunbookError(Exception):
    """RUNBOOK.md lacks something; the message names the file, the heading and its line."""


@dataclass(frozen=True)
class Section:
    """What the runbook says of one slug: a title in plain words, and three parts in Markdown."""

    slug: str
    title: str
    symptom: str
    look: str
    act: str


def read_runbook(path: Path) -> dict[str, Section]:
    """Every section by its slug; RunbookError for one that is given twice or lacks a part."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise RunbookError(f"{path}: cannot be read: {error}") from None
    found: dict[str, Section] = {}
    for number, slug, below in _headed(lines, "## ")[1:]:
        section = _section(slug, below, f"{path}:{number}")
        if slug in found:
            raise RunbookError(f"{path}:{number}: {slug}: this slug has a heading already")
        found[slug] = section
    return found


def runbook_of(checks: Path) -> dict[str, Section]:
    """What RUNBOOK.md of a folder of checks says, and ours of the other slugs; RunbookError as `read_runbook`."""
    own, ours = checks / RUNBOOK, shipped_checks() / RUNBOOK
    if own.resolve() == ours.resolve():
        return read_runbook(own)
    return {**read_runbook(ours), **(read_runbook(own) if own.exists() else {})}


def _headed(lines: list[str], mark: str) -> list[tuple[int, str, list[str]]]:
    """The headings that begin so, outside of code: line, words, the lines below; the first one is what stands above."""
    found: list[tuple[int, str, list[str]]] = [(0, "", [])]
    fenced = False
    for number, line in enumerate(lines, start=1):
        fenced ^= line.lstrip().startswith("```")
        if line.startswith(mark) and not fenced:
            found.append((number, line.removeprefix(mark).strip(), []))
        else:
            found[-1][2].append(line)
    return found


def _section(slug: str, lines: list[str], where: str) -> Section:
    (_, _, above), *parts = _headed(lines, "### ")
    title = "\n".join(above).strip()
    text = {name.lower(): "\n".join(below).strip() for _, name, below in parts}
    if not title:
        raise RunbookError(f"{where}: {slug}: a title is missing below the heading")
    for name in PARTS:
        if not text.get(name):
            raise RunbookError(f"{where}: {slug}: ### {name.capitalize()} is missing or empty")
    return Section(slug, title.strip("*"), text["symptom"], text["look"], text["act"])


def steps_in(section: Section) -> str:
    """How many steps the section has, in words."""
    look, act = (len(_STEP.findall(text)) for text in (section.look, section.act))
    return f"{plural(look, 'step')} to look, {act} to act"


def fill(markdown: str, tokens: Mapping[str, str]) -> str:
    """Put the stack's names in place of `<token>`; what is not known stays.

    In commands, names are quoted; one that a command would take for an option is not put in.
    """
    return _filled(_SHELL.split(markdown), _PLACEHOLDER, tokens, str)


def to_html(markdown: str, tokens: Mapping[str, str]) -> str:
    """The Markdown as HTML, filled in. Names go in after it is HTML, escaped, so that no name becomes markup."""
    from markdown_it import MarkdownIt

    html = str(MarkdownIt("commonmark", {"html": False}).enable("table").render(markdown))
    return _filled(_SHELL_HTML.split(html), _PLACEHOLDER_HTML, tokens, escape)


def _filled(
    pieces: list[str], placeholder: re.Pattern[str], tokens: Mapping[str, str], shown: Callable[[str], str]
) -> str:
    """The pieces, every second of which is a command, with names in place of their placeholders."""

    def named(match: re.Match[str], shell: bool) -> str:
        value = tokens.get(match[1])
        if value is None or len(value) > LONGEST_NAME or (shell and value.strip().startswith("-")):
            return shown(f"<{match[1]}>")
        value = printable(" ".join(redact_text(value).split()))
        return shown(value if not shell or _PLAIN.fullmatch(value) else shlex.quote(value))

    return "".join(placeholder.sub(partial(named, shell=index % 2 == 1), piece) for index, piece in enumerate(pieces))
