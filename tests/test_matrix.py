"""A seeded sample of the fault matrix; `python -m tests.matrix` tries all of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from opschecks.core.iam import iam_action
from opschecks.core.observation import REGISTRY, CouldNotLook
from tests.matrix.bodies import PROTOCOLS, protocol_of
from tests.matrix.judging import Combination, Judge, combinations
from tests.matrix.reasons import NEEDED_WHERE_BROKEN
from tests.matrix.table import drawn
from tests.matrix.world import World

SAMPLE, SEED = 200, 13
READING = ("BatchGet", "Describe", "Filter", "Get", "List", "Lookup", "Query", "Scan", "Search")
STARTING = {
    "iam:GenerateCredentialReport": "AWS keeps a report of the account for four hours; making one changes nothing else",
    "logs:StartQuery": "a search, whose result is read",
    "events:TestEventPattern": "a question to AWS about two texts",
}


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with World("broken").open() as opened:
        yield opened


def test_a_sample_of_the_matrix(world: World) -> None:
    judge = Judge(world)
    wrong = {
        one.id: verdict.problems
        for one in drawn(list(combinations(world)), SAMPLE, SEED)
        if (verdict := judge.verdict(one)).problems
    }
    assert not wrong


def test_what_was_asked_was_declared_and_only_reads(world: World) -> None:
    for name, calls in world.calls.items():
        asked = {iam_action(one.service, one.operation) for one in calls if one.kind == "aws"}
        assert asked <= set(REGISTRY[name].allow), name
        for one in calls:
            if one.kind == "aws" and not one.operation.startswith(READING):
                assert iam_action(one.service, one.operation) in STARTING


def test_every_observation_was_looked_at_and_every_protocol_is_known(world: World) -> None:
    assert {name for name, one in REGISTRY.items() if one.function.__module__.startswith("opschecks.")} == set(
        world.calls
    )
    services = {one.service for calls in world.calls.values() for one in calls if one.kind == "aws"}
    assert {protocol_of(service) for service in services} == set(PROTOCOLS)


@pytest.mark.parametrize(("name", "action"), NEEDED_WHERE_BROKEN)
def test_what_is_not_needed_every_day_is_needed_where_much_is_broken(world: World, name: str, action: str) -> None:
    [call] = {of.name for of in world.calls[name] if iam_action(of.service, of.operation) == action}
    told = Judge(world).verdict(Combination("broken", name, call, "access denied"))
    assert not told.problems
    assert told.is_blind
    assert not told.unmoved


def test_a_refusal_that_is_swallowed_is_found(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The matrix itself bites."""
    whole = REGISTRY["alarms"]

    def swallowing(**given: Any) -> Any:
        try:
            return whole.function(**given)
        except CouldNotLook:
            return []

    monkeypatch.setitem(REGISTRY, "alarms", replace(whole, function=swallowing))
    told = Judge(world).verdict(Combination("broken", "alarms", "cloudwatch:DescribeAlarms", "access denied"))
    assert any("passed over" in one or "false pass" in one for one in told.problems)
