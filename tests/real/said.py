"""What a person is told of each row: outcome, message, observed and expected, figures, as kept in tests/real/said/.

Numbers, units, names and words of a finding are all that its reader has. A change in them shows here as a change in
lines; `python -m tests.real` writes them again. Rows that no file has yet are not held to anything.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from pathlib import Path

from opschecks.core.model import Finding

FOLDER = Path(__file__).parent / "said"
INDENT = "    "


def told(findings: Sequence[Finding]) -> list[str]:
    """The lines of what a check has found."""
    return [INDENT + line for one in findings for line in _lines(one)]


def _lines(finding: Finding) -> Iterator[str]:
    yield f"{finding.outcome.value} {_plain(finding.name)}: {_plain(finding.message)}".rstrip(": ")
    for fact in finding.facts:
        expected = f" – expected: {_plain(fact.expected)}" if fact.expected else ""
        yield f"  {'failed' if fact.failed else 'noted'}: {_plain(fact.observed)}{expected}"
    for figure in finding.figures:
        yield f"  {_plain(figure.label)} = {_plain(str(figure.value))} {figure.unit}".rstrip()


def _plain(text: str) -> str:
    """On one line, with what a file cannot show as escapes."""
    return "".join(one if one.isprintable() else ascii(one)[1:-1] for one in text)


@functools.cache
def kept(area: str) -> dict[str, list[str]]:
    """The lines of each row of an area, by its title."""
    path = FOLDER / f"{area}.txt"
    found: dict[str, list[str]] = {}
    title = ""
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else []:
        if line.startswith(INDENT):
            found[title].append(line)
        else:
            title = line
            found[title] = []
    return found


def titled(situation: str, check: str) -> str:
    """The line before those of a row."""
    return f"{_plain(situation)} ({check})"


def write(area: str, rows: Sequence[tuple[str, Sequence[str]]]) -> None:
    """Keep the lines of an area's rows, each with its title."""
    FOLDER.mkdir(exist_ok=True)
    lines = [line for title, told in rows for line in (title, *told)]
    (FOLDER / f"{area}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
