"""Gathering: each observation once, when what it needs is there; whatever goes wrong is told as not seen."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from opschecks.core.gathering import Gathering
from opschecks.core.observation import CouldNotLook, Observation


def seen(name: str, function: Any, *needs: str, soft: tuple[str, ...] = ()) -> Observation:
    return Observation(name, function, (), needs, needs, frozenset(soft))


def gathered(*observations: Observation) -> Gathering:
    made = Gathering(observations, lambda calls: {}, now=datetime(2026, 11, 24, tzinfo=UTC), timeout_s=60)
    made.start()
    return made


def broken() -> list[int]:
    raise LookupError("no such thing")


def refused() -> list[int]:
    raise CouldNotLook("ecs:ListTasks", "AccessDenied: no", action="ecs:ListTasks")


def test_what_needs_another_is_made_after_it() -> None:
    assert gathered(seen("twice", lambda one: one * 2, "one"), seen("one", lambda: 2)).value("twice") == 4


@pytest.mark.parametrize("name", ["broken", "after"])
def test_any_error_of_an_observation_is_something_that_was_not_seen(name: str) -> None:
    """Read as a value, None would fail or pass the check: nothing was seen."""
    made = gathered(seen("broken", broken), seen("after", lambda broken: broken, "broken"))
    with pytest.raises(CouldNotLook, match="LookupError: no such thing"):
        made.value(name)


def test_a_refusal_is_raised_afresh_and_names_what_needed_it() -> None:
    made = gathered(seen("refused", refused), seen("after", lambda refused: refused, "refused"))
    with pytest.raises(CouldNotLook, match="allow ecs:ListTasks") as first:
        made.value("after")
    with pytest.raises(CouldNotLook) as second:
        made.value("after")
    assert first.value is not second.value
    assert first.value.chain == ("after",)


def test_a_soft_need_is_given_as_the_reason() -> None:
    made = gathered(seen("refused", refused), seen("after", lambda refused: refused, "refused", soft=("refused",)))
    assert isinstance(made.value("after"), CouldNotLook)


def test_a_list_is_copied_for_each_reader() -> None:
    made = gathered(seen("numbers", lambda: [1, 2]))
    made.value("numbers").clear()
    assert made.value("numbers") == [1, 2]


def test_the_longest_chain_is_begun_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """What others wait for is asked before what nobody waits for: the run is as long as its longest chain."""
    begun: list[str] = []

    class AtOnce:
        def __init__(self, target: Callable[..., None], args: tuple[Any, ...], name: str, daemon: bool) -> None:
            self.target, self.args, self.name = target, args, name

        def start(self) -> None:
            begun.append(self.name)
            self.target(*self.args)

    monkeypatch.setattr(threading, "Thread", AtOnce)
    gathered(
        seen("alone", list),
        seen("short", list),
        seen("long", list),
        seen("after_short", lambda short: [], "short"),
        seen("by_the_way", lambda long: [], "long"),
        seen("after_long", lambda long: [], "long"),
        seen("last", lambda after_long: [], "after_long"),
    )
    assert begun == ["long", "after_long", "last", "by_the_way", "short", "after_short", "alone"]
