"""What an observation asks for later: made only when it asks, once, and never waited for in vain."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from opschecks.core.gathering import Earlier, Gathering, Observed
from opschecks.core.observation import REGISTRY, CouldNotLook, Later, Observation, closure, observation
from tests.clock import NOW


def seen(name: str, function: Any, *needs: str, later: tuple[str, ...] = ()) -> Observation:
    return Observation(name, function, (), needs, needs, frozenset(later), later=frozenset(later))


def refused() -> int:
    raise CouldNotLook("logs:FilterLogEvents", "AccessDenied: no")


class World:
    """`load` asks for `errors`, which need `groups`, where it is hot; what is made is counted."""

    def __init__(self, *, hot: bool, errors: Callable[..., Any] = lambda groups: groups + 1) -> None:
        self.made: list[str] = []
        self.observations = [
            seen("groups", self._counted("groups", lambda: 41)),
            seen("errors", self._counted("errors", errors), "groups"),
            seen("load", lambda errors: errors() if hot else "cool", "errors", later=("errors",)),
            seen("other", lambda errors: errors(), "errors", later=("errors",)),
        ]

    def _counted(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def made(**needs: Any) -> Any:
            self.made.append(name)
            return function(**needs)

        return made

    def gathering(self, *wanted: str, earlier: Earlier | None = None, timeout_s: float = 60) -> Gathering:
        of, taken = self.observations, earlier or Earlier()
        store = Gathering(of, lambda _: {}, now=NOW, timeout_s=timeout_s, wanted=wanted, earlier=taken)
        store.start()
        return store


def test_what_nobody_asks_for_is_not_made_and_not_told() -> None:
    world = World(hot=False)
    store = world.gathering("load")
    assert store.value("load") == "cool"
    assert (world.made, list(store.results)) == ([], ["load"])
    assert store.pending() == []


def test_what_is_asked_for_is_made_with_all_that_it_needs() -> None:
    world = World(hot=True)
    store = world.gathering("load")
    assert store.value("load") == 42
    assert (world.made, list(store.results)) == (["groups", "errors"], ["load", "groups", "errors"])


def test_what_two_ask_for_is_made_once() -> None:
    world = World(hot=True)
    store = world.gathering("load", "other")
    assert (store.value("load"), store.value("other")) == (42, 42)
    assert sorted(world.made) == ["errors", "groups"]


@pytest.mark.parametrize("wanted", [("load", "errors"), ("errors", "load")])
def test_what_a_check_takes_is_made_without_being_asked_for(wanted: tuple[str, ...]) -> None:
    world = World(hot=False)
    store = world.gathering(*wanted)
    assert (store.value("load"), store.value("errors")) == ("cool", 42)
    assert sorted(world.made) == ["errors", "groups"]


def test_why_there_is_none_is_a_value_that_is_given() -> None:
    told = World(hot=True, errors=lambda groups: refused()).gathering("load").value("load")
    assert isinstance(told, CouldNotLook)
    assert "AccessDenied: no" in str(told)


def test_an_error_of_the_program_blinds_who_asked() -> None:
    with pytest.raises(CouldNotLook, match="ZeroDivisionError: division by zero"):
        World(hot=True, errors=lambda groups: 1 / 0).gathering("load").value("load")


def test_what_takes_too_long_is_a_reason_too_and_leaves_time_to_say_so() -> None:
    answered = threading.Event()
    store = World(hot=True, errors=lambda groups: answered.wait()).gathering("load", timeout_s=1)
    told = store.value("load")
    answered.set()
    assert isinstance(told, CouldNotLook)
    assert "no answer in time" in str(told)


def test_what_an_earlier_round_saw_is_taken_over() -> None:
    world = World(hot=True)
    kept = Observed(world.observations[1], value="of then")
    kept.done.set()
    store = world.gathering("load", earlier=Earlier({"errors": kept}))
    assert store.value("load") == "of then"
    assert "errors" not in world.made


def test_it_counts_as_a_need_that_may_fail() -> None:
    def asks_later(asked_later: Later[int]) -> str:
        return ""

    def asked_later() -> int:
        return 1

    try:
        observation(later=["asked_later"])(asks_later)
        observation(allow=["logs:FilterLogEvents"])(asked_later)
        assert REGISTRY["asks_later"].soft == {"asked_later"}
        assert [one.name for one in closure(["asks_later"])] == ["asked_later", "asks_later"]
        assert [one.name for one in closure(["asks_later"], later=False)] == ["asks_later"]
    finally:
        for name in ("asks_later", "asked_later"):
            REGISTRY.pop(name, None)


def test_a_need_in_later_is_a_parameter() -> None:
    with pytest.raises(TypeError, match=r"later has \['logs'\], which is not a parameter"):
        observation(later=["logs"])(lambda: None)
