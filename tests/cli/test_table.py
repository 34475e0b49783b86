"""`opschecks list`: a table on a terminal of 80 columns, and plain whole lines in a pipe."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from opschecks.cli.fitting import ListRow, table_of
from opschecks.cli.main import _LISTS

SHORT: list[ListRow] = [
    {"stack": "a", "where": "here", "why": "it is"},
    {"stack": "other", "where": "there", "why": ""},
]
LONG: list[ListRow] = [{"check": "test_" + "x" * 40, "file": "a.py", "why": "w " * 60}] * 2


def _plain(rows: list[ListRow], width: int | None) -> list[str]:
    return [click.unstyle(line) for line in table_of(rows, width)]


def test_a_terminal_has_headings_over_columns() -> None:
    assert _plain(SHORT, 40) == ["stack  where, why", "─" * 40, "a      here", "       it is", "other  there"]
    styled = next(iter(table_of(SHORT, 40)))
    assert styled == click.style("stack  where, why", bold=True)


def test_long_names_stand_above_what_is_told_of_them_with_a_line_between() -> None:
    shown = _plain(LONG, 80)
    assert shown[:4] == ["check: file, why", "─" * 80, LONG[0]["check"], "    a.py"]
    assert shown.count("") == 1


def test_a_pipe_has_whole_lines_and_nothing_else() -> None:
    assert _plain(SHORT, None) == ["a      here", "       it is", "other  there"]
    assert all(any(row["why"] in line for line in _plain(LONG, None)) for row in LONG)


@pytest.mark.parametrize("kind", ["checks", "observations", "remedies", "keys"])
def test_what_there_is_fits_into_80_columns_and_no_word_is_divided(kind: str) -> None:
    rows = list(_LISTS[kind](Path("stacks.toml")))
    shown = _plain(rows, 80)
    assert max(map(len, shown)) <= 80
    words = {word for row in rows for text in row.values() for word in re.findall(r"(?<!\S)\w{1,40}(?!\S)", text)}
    assert words <= set(re.findall(r"\w+", "\n".join(shown)))
