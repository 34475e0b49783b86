"""CSV: every finding in a row that programs and spreadsheets read, and nothing that they compute."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace

import pytest

from opschecks.core.run import Run
from opschecks.report.exports.csv_findings import COLUMNS, to_csv
from tests.exported import CONTROLS, KEY, RUNS, every_outcome, made, of, ran
from tests.report.situations import FAULTS, morning


def read(run: Run) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(to_csv(run)), strict=True))


def test_a_row_says_what_the_card_says() -> None:
    row = read(morning(FAULTS))[0]
    told = ("check", "severity", "outcome", "name", "observed", "expected", "state", "owner", "runbook", "run")
    assert [row[key] for key in told] == [
        "test_cpu_is_not_saturated", "critical", "failed", "backend", "CPU peaked at 98 % within the last half hour",
        "at most 90 %", "new", "the platform team", "high-cpu", "2026-11-24T07:00:00+00:00",
    ]  # fmt: skip


def test_every_outcome_has_a_row() -> None:
    rows = read(every_outcome())
    assert {row["outcome"] for row in rows} == {"passed", "failed", "blind", "not_run", "waived", "not_applicable"}
    assert [row["waived_until"] for row in rows if row["outcome"] == "waived"] == ["2026-12-01"]
    assert {row["page"] != "" for row in rows if row["outcome"] == "passed"} == {False}


@pytest.mark.parametrize("begin", ["=", "+", "-", "@"])
def test_no_cell_is_a_formula(begin: str) -> None:
    check = made("a", "failed")
    (row,) = read(ran(check, findings=(replace(of(check), name=f'{begin}HYPERLINK("x")'),)))
    assert row["name"] == f'\'{begin}HYPERLINK("x")'


@pytest.mark.parametrize("text", ["x;=1+1;y", "x; =1+1", 'x;"=1+1"', "x;;@a", ";+1", "a;-b", 'x;""=1+1', "x;y;z"])
def test_no_cell_is_a_formula_where_semicolons_separate(text: str) -> None:
    """Excel of many countries cuts at `;`, whatever is in quotes after a `,`."""
    check = made("a", "failed")
    told = to_csv(ran(check, findings=(replace(of(check), name=text, message=text),)))
    cells = [cell for row in csv.reader(io.StringIO(told), delimiter=";") for cell in row]
    assert len(cells) > 2
    assert not [cell for cell in cells if cell.strip(' "').startswith(("=", "+", "-", "@"))]


def test_every_cell_is_quoted_so_that_a_reader_need_not_guess() -> None:
    text = to_csv(morning(FAULTS))
    assert set(csv.reader(io.StringIO(text), strict=True).__next__()) == set(COLUMNS)
    assert all(line.startswith('"') and line.endswith('"') for line in text.splitlines())
    assert not re.search(r',(?!")', text.splitlines()[0])


@pytest.mark.parametrize("name", ["hostile", "injection", "nothing", "unfinished"])
def test_a_cell_is_one_line_without_secrets(name: str) -> None:
    text = to_csv(RUNS[name])
    assert KEY not in text
    assert not CONTROLS.search(text.replace("\r\n", ""))
    rows = list(csv.reader(io.StringIO(text), strict=True))
    assert {len(row) for row in rows} == {len(COLUMNS)}
    assert len(text.splitlines()) == len(rows)
