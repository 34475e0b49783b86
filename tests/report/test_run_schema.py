"""The schema of the run file that is made from the types, held against what is written."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from jsonschema import Draft202012Validator, ValidationError

from opschecks.core.model import Outcome
from opschecks.core.run import FleetPart, Run, StackFacts
from opschecks.report.runfile import FORMAT, RunFileError, from_json, to_json
from opschecks.report.schema import schema
from tests.exported import NOW, hostile
from tests.report.runs import SECTION, hostile_weekly, with_everything

SCHEMA = schema()
VALIDATOR = Draft202012Validator(SCHEMA, format_checker=Draft202012Validator.FORMAT_CHECKER)


def whole(run: Run) -> Run:
    """The hostile run, its changes with the resource that they answer to."""
    return replace(run, changes=tuple({"resource": change["name"], **change} for change in run.changes))


def several_stacks() -> Run:
    run = whole(hostile())
    other = StackFacts("sandbox", True, "", "")
    checks = tuple(replace(check, stack=other.name, outcome="not_applicable") for check in run.checks)
    return replace(run, stacks=(*run.stacks, other), checks=(*run.checks, *checks))


def stopped() -> Run:
    run = hostile()
    checks = tuple(replace(check, outcome=Outcome.NOT_RUN.value) for check in run.checks)
    return replace(
        run, state="stopped", stopped_by="Ctrl-C", partial="-k alarms", checks=checks, findings=(), changes=(),
        exit_code=2,
    )  # fmt: skip


def waived(run: Run) -> Run:
    waiver = {"owner": "ann", "reason": "known", "until": "2026-12-01"}
    return replace(run, findings=tuple(replace(finding, waiver=waiver) for finding in run.findings))


RUNS: dict[str, Callable[[], Run]] = {
    "empty": lambda: Run("daily", NOW, ()),
    "unfinished": lambda: replace(hostile(), state="unfinished", ended=None, exit_code=None, changes=()),
    "hostile": lambda: whole(hostile()),
    "waived": lambda: waived(whole(hostile())),
    "several stacks": several_stacks,
    "stopped": stopped,
    "of a fleet": lambda: replace(Run("daily", NOW, ()), part=FleetPart("job-1", 2, 10)),
}


def told(run: Run) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(to_json(run))
    return read


def wrong(document: Any) -> list[str]:
    return [f"{place}: {error.message[:300]}" for place, error in _errors(document)]


def _errors(document: Any) -> Iterator[tuple[str, ValidationError]]:
    """Where each error is; of alternatives that none fits, the error that lies deepest."""
    for error in VALIDATOR.iter_errors(document):
        found = error.context or [error]
        deepest = max(len(one.absolute_path) for one in found)
        yield from ((_place(one.absolute_path), one) for one in found if len(one.absolute_path) == deepest)


def _place(keys: Iterable[Any]) -> str:
    return "$" + "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in keys)


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$id"] == f"urn:opschecks:run:{FORMAT}"
    assert SCHEMA["properties"]["format"] == {**SCHEMA["properties"]["format"], "const": FORMAT}


@pytest.mark.parametrize("run", RUNS.values(), ids=RUNS)
def test_what_is_written_is_what_the_schema_says(run: Callable[[], Run]) -> None:
    assert wrong(told(run())) == []


def test_a_run_file_may_have_less_of_the_past() -> None:
    document = _example()
    document["past"].append({**document["past"][0], "previous": None, "cost": {}})
    assert wrong(document) == []
    del document["past"]
    assert wrong(document) == []


LATER = {
    "past": {"cost", "touched", "journal_days"},
    "findings": {"facts"},
    "stacks": {"portal", "portal_role", "owners"},
}
"""What files of an earlier day lack."""


def _objects(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where an object stands whose keys are ours: one of each kind."""
    free = ("contacts", "owners", "tokens", "evidence", "versions", "strips", "numbers", "outcomes", "words", "told")
    found = []
    if isinstance(value, dict):
        found.append(path)
        for key, item in value.items():
            if key not in free:
                found += _objects(item, (*path, key))
    elif isinstance(value, list) and value:
        found += _objects(value[0], (*path, 0))
    return found


def _at(document: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        document = document[key]
    return document


@functools.cache
def _written() -> str:
    """A run file with one of everything, its strings and lists short, as it is read many times."""
    (past,) = with_everything().past
    told = {"7 days": 312.5, "until": "2026-11-21"}
    cost = {"seen": NOW.isoformat(), "told": told, "days": [["2026-11-21", 44.5]], "limit": None}
    past = replace(past, cost=cost, touched=past.changes, journal_days=30)
    run = waived(whole(hostile_weekly()))
    read = json.loads(to_json(replace(run, past=(past,), sections=(SECTION,))).replace("n" * 10_000, "n"))
    read["observations"], read["findings"] = read["observations"][:1], read["findings"][:1]
    for one in read["observations"][0]["resources"][0]["series"]:
        assert one["values"]
        one["at_s"], one["values"] = one["at_s"][:2], one["values"][:2]
    return json.dumps(read)


def _example() -> dict[str, Any]:
    read: dict[str, Any] = json.loads(_written())
    return read


PLACES = _objects(_example())


def test_every_kind_of_object_is_tried() -> None:
    kinds = {".".join(str(key) for key in place if key != 0) for place in PLACES}
    assert kinds == {
        "", "verdict", "counts", "stacks", "checks", "findings", "findings.figures", "findings.waiver", "observations",
        "observations.resources", "observations.resources.figures", "observations.resources.series", "waivers",
        "changes", "past", "past.standings", "past.changes", "past.touched", "past.cost", "sections", "weeks",
        "weeks.days", "weeks.recurring",
        "weeks.failures", "weeks.failures.tried", "weeks.recurring.tried", "weeks.measures", "weeks.deadlines",
        "weeks.restores", "weeks.areas", "weeks.copies", "weeks.drills", "weeks.not_made",
        "observations.resources.deadlines",
    }  # fmt: skip


@pytest.mark.parametrize("place", PLACES, ids=lambda place: ".".join(map(str, place)) or "root")
def test_a_missing_or_misspelled_key_is_found(place: tuple[Any, ...]) -> None:
    free = {
        ("changes", 0): {"beware"},
        (): {"past", "numbers", "notes", "sections", "weeks", "part", "replayed", "plan"},
    }.get(place, set())
    free |= {"deadlines"} if place[:1] == ("observations",) else LATER["past"] if place == ("past", 0) else set()
    free |= LATER[str(place[0])] if place in (("findings", 0), ("stacks", 0)) else set()
    free |= {"areas", "copies", "drills", "not_made"} if place == ("weeks", 0) else set()
    for key in set(_at(_example(), place)) - free:
        document = _example()
        there = _at(document, place)
        value = there.pop(key)
        assert any(f"'{key}' is a required property" in error for error in wrong(document)), key
        there[f"{key}s"] = value
        if place != ("changes", 0):
            there[key] = value
            assert wrong(document), key


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("format",), 2),
        (("format",), "1"),
        (("state",), "done"),
        (("started",), "yesterday"),
        (("started",), "2026-11-24 07:00"),
        (("ended",), ""),
        (("exit_code",), "1"),
        (("collected",), -1),
        (("counts", "failed"), 1.5),
        (("checks", 0, "severity"), "urgent"),
        (("checks", 0, "outcome"), "skipped"),
        (("checks", 0, "duration_s"), -0.1),
        (("checks", 0, "check"), ""),
        (("findings", 0, "outcome"), "not_applicable"),
        (("findings", 0, "evidence"), "text"),
        (("findings", 0, "waiver", "until"), "soon"),
        (("findings", 0, "figures", 0, "value"), None),
        (("observations", 0, "resources", 0, "series", 0, "values", 0), "1"),
        (("waivers", 0, "until"), "2026-13-01"),
        (("waivers", 0, "state"), "stale"),
        (("changes", 0, "differs"), "v"),
        (("past", 0, "missed", 0), "monday"),
        (("past", 0, "cost", "days", 0, 0), "monday"),
        (("past", 0, "strips", "ecs", 0), "skipped"),
        (("weeks", 0, "days", 0, "day"), "monday"),
        (("weeks", 0, "stack"), ""),
        (("past", 0, "previous"), "2026-11-23"),
        (("past", 0, "standings", 0, "state"), "old"),
        (("past", 0, "standings", 0, "day"), 0),
        (("past", 0, "numbers", "passed", 0), ["2026-11-23T07:00:00+00:00"]),
        (("past", 0, "numbers", "passed", 0), ["2026-11-23T07:00:00+00:00", 1, 2]),
    ],
)
def test_a_value_of_another_kind_is_found(place: tuple[Any, ...], value: Any) -> None:
    document = _example()
    _at(document, place[:-1])[place[-1]] = value
    assert {found for found, _ in _errors(document)} == {_place(place)}


def test_times_are_written_with_their_zone() -> None:
    run = Run("daily", NOW - timedelta(microseconds=1), ())
    assert wrong(told(run)) == []
    assert wrong(told(replace(run, started=NOW.replace(tzinfo=None)))) != []


@pytest.mark.parametrize("key", ["started", "checks", "stacks", "findings", "observations", "suite"])
def test_null_is_not_read_where_there_must_be_a_value(key: str) -> None:
    told = json.loads(to_json(with_everything()))
    assert from_json(json.dumps(told)) == with_everything()
    with pytest.raises(RunFileError):
        from_json(json.dumps({**told, key: None}))
