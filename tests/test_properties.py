"""Whatever valid answers AWS gives: a verdict or "could not look"; the same told otherwise changes nothing."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from opschecks.aws import session
from opschecks.core.observation import REGISTRY
from tests.properties.base import base
from tests.properties.healthier import HEALTHIER, RANK, added, turned
from tests.properties.metamorphic import Paged, in_another_order, in_another_zone, moved
from tests.properties.rules import Changed, changes, passed_over, problems, shown, unlike
from tests.properties.worse import WORSE, Worse
from tests.recordings.making import SUITES
from tests.recordings.morning import replayed

MORNINGS = [f"{world}.{suite}" for world in ("moto", "moto-broken", "moto-production") for suite in SUITES]
EXAMPLES = 25
"""Of each morning, always the same; `python -m tests.properties --examples N` tries more."""
SOME = settings(
    max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)


BROKEN = [f"{world}.{suite}" for world in ("moto-broken", "moto-broken-otherwise") for suite in ("daily", "weekly")]
ASIDE = {
    ("DescribeAlarmHistory", "AlarmHistoryItems[].HistoryItemType"): "other types tell other news of an alarm",
    ("DescribeRules", "Rules[].Actions[].Type"): "of the types of actions only forward sends requests to targets",
    ("DescribeScalableTargets", "ScalableTargets[].ScalableDimension"): "of ECS there is one, the count of tasks",
    ("DescribeScalingActivities", "ScalingActivities[].ScalableDimension"): "of ECS there is one, the count of tasks",
}
"""Enumerations that say what something is about: what is of another kind is left aside rightly."""


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The machine is in another time zone."""
    monkeypatch.setenv("TZ", "Asia/Kathmandu")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize("name", MORNINGS)
def test_any_valid_answer_gives_a_verdict_or_is_blind(name: str) -> None:
    of = base(name)

    @SOME
    @given(changes(name))
    def hold(changed: Changed) -> None:
        assert problems(of, changed) == [], shown(of, changed)

    hold()


@pytest.mark.parametrize("name", ["moto.daily", "moto-broken.weekly"])
def test_whatever_is_concluded_can_be_written_read_and_shown(name: str) -> None:
    of = base(name)

    @settings(SOME, max_examples=8)
    @given(changes(name))
    def hold(changed: Changed) -> None:
        assert problems(of, changed, reports=True) == [], shown(of, changed)

    hold()


@pytest.mark.parametrize("name", MORNINGS)
def test_the_order_of_lists_never_matters(name: str) -> None:
    of = base(name)
    for seed in (1, 2):
        _, told = of.again(in_another_order(of, seed))
        assert unlike(of.concluded, told) == [], f"seed {seed}"


@pytest.mark.parametrize("name", MORNINGS)
@pytest.mark.parametrize("first_is_empty", [False, True], ids=["halves", "an empty page first"])
def test_paging_never_matters(name: str, first_is_empty: bool) -> None:
    of = base(name)
    tape = Paged(of.index, first_is_empty=first_is_empty)
    assert unlike(of.concluded, replayed(of.recording, tape)) == []
    assert tape.split > 1


@pytest.mark.usefixtures("elsewhere")
@pytest.mark.parametrize("name", MORNINGS)
def test_the_time_zone_of_moments_and_of_the_machine_never_matters(name: str) -> None:
    of = base(name)
    _, told = of.again(in_another_zone(of))
    assert unlike(of.concluded, told) == []


@pytest.mark.parametrize("name", MORNINGS)
def test_one_more_healthy_resource_never_turns_a_verdict(name: str) -> None:
    of, tried = base(name), 0
    for what in HEALTHIER:
        for last in (False, True):
            if changed := added(of, what, last=last):
                tried += 1
                assert turned(of, changed, cures=what.cures) == [], what
    assert tried > 3


def test_each_kind_of_healthy_resource_is_in_some_morning() -> None:
    asked = {one.question.get("operation") for name in MORNINGS for one in base(name).recording.exchanges}
    assert [one.operation for one in HEALTHIER if one.operation not in asked] == []


@pytest.mark.parametrize("one", WORSE, ids=lambda one: f"{one.suite} {one.check} {one.what}")
def test_a_worse_value_never_gets_a_better_outcome(one: Worse) -> None:
    of = base(f"moto.{one.suite}")
    told = []
    for change in one.changes:
        changed = change(of)
        assert changed, "nothing was changed"
        told.append(of.again(changed)[1][one.check].outcome)
    ranks = [RANK[outcome] > 0 for outcome in told]
    assert ranks == sorted(ranks), told
    assert (ranks[0], ranks[-1]) == (False, True), told


@pytest.mark.parametrize("name", BROKEN)
def test_an_unknown_value_lets_nothing_pass(name: str) -> None:
    """AWS adds values to its enumerations: what is judged by one is blind then, or fails and names it."""
    wrong = [f"{call} {path}: {why}" for call, path, why in passed_over(base(name)) if (call, path) not in ASIDE]
    assert wrong == []


def test_the_rules_bite(monkeypatch: pytest.MonkeyPatch) -> None:
    """What reads only the first of each list, or only the first page, is found by other orders, pages and additions."""
    whole = session.Aws.items
    monkeypatch.setattr(session.Aws, "items", lambda *asked, **more: whole(*asked, **more)[:1])
    of = base.__wrapped__("moto-broken.daily")
    assert any(unlike(of.concluded, of.again(in_another_order(of, seed))[1]) for seed in range(5))
    assert any(turned(of, more, cures=False) for one in HEALTHIER if (more := added(of, one, last=False)))
    monkeypatch.setattr(session.Aws, "items", whole)
    monkeypatch.setattr(session.Aws, "pages", lambda aws, *asked, **more: iter([aws.call(*asked, **more)]))
    of = base.__wrapped__("moto-broken.daily")
    assert unlike(of.concluded, replayed(of.recording, Paged(of.index)))


def test_an_exception_that_is_no_verdict_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    of = base("moto.daily")
    whole = REGISTRY["alarms"]

    def careless(**given: Any) -> Any:
        return [{"OK": one}[one.state] for one in whole.function(**given)]

    monkeypatch.setitem(REGISTRY, "alarms", replace(whole, function=careless))
    changed = moved(of, "DescribeAlarms", "MetricAlarms[].StateValue", lambda _: "ALARM")
    assert any("KeyError left alarms" in one for one in problems(of, changed))
