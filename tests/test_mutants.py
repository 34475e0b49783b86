"""The mutator makes mutants, a known one is killed, and what is recorded is about lines that are still there."""

from __future__ import annotations

import ast
import types
from dataclasses import replace
from pathlib import Path

import pytest

from tests.canned import daily
from tests.mutants.making import ROOT, Mutant, mutants
from tests.mutants.record import Survivor, read, without_what_is_gone
from tests.mutants.running import TESTS, Held
from tests.real.rows import Row

SOURCE = '''\
"""A module."""

LIMIT = timedelta(hours=2)


class Thing:
    def late(self, now: "datetime < 3") -> bool:
        """Prose with 3 < 4."""
        if not self.at or (now - self.at > LIMIT and self.state == "OPEN"):
            raise Late(f"{now} > {LIMIT}")
        return any(one.late for one in self.parts if one)


def broken(sandbox: Sandbox) -> None:
    sandbox.put(3)
'''


def _made(kind: str) -> list[str]:
    return [one.change for one in mutants("a.py", SOURCE) if one.kind == kind]


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("comparison", ["`>` → `<=`", "`>` → `>=`", "`==` → `!=`"]),
        ("and/or", ["`or` → `and`", "`and` → `or`"]),
        ("not", ["without `not`"]),
        ("arithmetic", ["`-` → `+`"]),
        ("unit", ["`hours` → `minutes`"]),
        ("constant", ["`2` → `3`"]),
        ("word", ["`'OPEN'` → another"]),
        ("statement", ["nothing is raised"]),
        ("return", ["`not (any((one.late for one in self.parts if one)))` is returned"]),
        ("call", ["`any` → `all`"]),
    ],
)
def test_each_slip_is_made_and_prose_is_left_alone(kind: str, changes: list[str]) -> None:
    assert _made(kind) == changes


@pytest.mark.parametrize(
    ("declared", "value", "other"),
    [
        ("str", "''", "'~'"),
        ("str", "self.name", "''"),
        ("bool", "False", "not (False)"),
        ("int", "len(self.parts)", "(len(self.parts)) + 1"),
        ("list[str]", "found", "[]"),
        ("Mapping[str, int]", "found", "{}"),
        ("tuple[str, ...]", "()", None),
        ("list[str] | None", "found", "None"),
        ("Thing", "found", "None"),
        ("None", "None", None),
    ],
)
def test_what_is_returned_instead_is_of_the_declared_type(declared: str, value: str, other: str | None) -> None:
    source = f"def look(found) -> {declared}:\n    return {value}\n"
    made = [one.written for one in mutants("a.py", source) if one.kind == "return"]
    assert made == ([f"return {other}"] if other else [])


def test_a_mutant_differs_in_one_place_and_is_a_program() -> None:
    for one in mutants("a.py", SOURCE):
        made = one.source(SOURCE)
        ast.parse(made)
        assert made != SOURCE
        assert len(made.splitlines()) == len(SOURCE.splitlines())


def _mutant(change: str) -> tuple[types.FunctionType, Mutant]:
    check = daily("websocket").test_websocket_sessions_are_sticky
    file = Path(check.__code__.co_filename).relative_to(ROOT)
    found = mutants(str(file), (ROOT / file).read_text(encoding="utf-8"))
    return check, next(one for one in found if one.function == check.__name__ and one.change == change)


def _holds(row: Row) -> bool:
    try:
        row.hold()
    except AssertionError:
        return False
    return True


def test_a_known_mutant_is_put_in_place_and_killed() -> None:
    from tests.real.stickiness import ROWS

    check, mutant = _mutant("`group.keeps_clients` → `True`")
    rows = [one for one in ROWS.values() if one.check is check]
    assert all(_holds(row) for row in rows)
    whole = check.__code__
    try:
        assert Held({str(ROOT / mutant.file): {check.__name__: [check]}}, ()).put_in_place(mutant)
        assert check.__code__ is not whole
        assert not all(_holds(row) for row in rows)
    finally:
        check.__code__ = whole


@pytest.mark.parametrize("survivor", read().survivors, ids=lambda one: f"{one.place} {one.change}")
def test_a_recorded_survivor_has_a_reason_and_its_line_is_still_there(survivor: Survivor) -> None:
    assert survivor.reason
    assert survivor.is_there(), "python -m tests.mutants --forget leaves it out, a new sample counts it again"


def test_enough_was_tried_and_nine_of_ten_are_killed() -> None:
    told = read()
    assert told.tried >= 300
    assert told.killed + len(told.survivors) == told.tried
    assert told.score >= 0.9


def test_a_survivor_whose_line_is_gone_is_counted_no_more() -> None:
    told = read()
    gone = replace(told.survivors[0], text="a line that is nowhere")
    left = without_what_is_gone(replace(told, survivors=(gone, *told.survivors[1:])))
    assert (left.tried, left.killed, len(left.survivors)) == (told.tried - 1, told.killed, len(told.survivors) - 1)
    assert left.kinds[gone.kind] == (told.kinds[gone.kind][0] - 1, told.kinds[gone.kind][1])


@pytest.mark.parametrize("path", TESTS)
def test_the_tests_that_are_to_kill_them_are_there(path: str) -> None:
    assert (ROOT / path).exists()
