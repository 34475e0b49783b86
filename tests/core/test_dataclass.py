"""Our `dataclass` makes what Python's makes: whatever the class, instances compare, hash and print alike."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from opschecks.core import dataclass as ours
from opschecks.core.model import SeenResource
from tests.cases import cases

Decorate = Callable[..., Any]


def made_by(decorate: Decorate) -> dict[str, Any]:
    """A class of each kind."""

    @decorate(frozen=True)
    class Empty:
        pass

    @decorate(frozen=True)
    class One:
        value: Any

    @decorate(frozen=True)
    class Several:
        name: str
        size: int = 0
        hidden: str = dataclasses.field(default="", repr=False)
        beside: Any = dataclasses.field(default=None, compare=False)

    @decorate
    class Changing:
        name: str
        others: list[Any] = dataclasses.field(default_factory=list)

    @decorate(frozen=True, kw_only=True)
    class Named:
        name: str

    @decorate(frozen=True, kw_only=True)
    class Further(Named):
        size: int = 3

    @decorate(eq=False)
    class Itself:
        name: str

    @decorate(frozen=True, eq=False)
    class FrozenItself:
        name: str

    @decorate(frozen=True)
    class OwnText:
        name: str

        def __repr__(self) -> str:
            return f"<{self.name}>"

    @decorate(frozen=True)
    class OwnHash:
        name: str

        def __hash__(self) -> int:
            return 7

    @decorate(frozen=True)
    class PartlyHashed:
        name: str
        others: list[Any] = dataclasses.field(default_factory=list, hash=False)
        beside: Any = dataclasses.field(default=None, compare=False, hash=True)

    @decorate(frozen=True)
    class NotHashed:
        name: str
        __hash__ = None  # type: ignore[assignment]  # so is a class written that must not be hashed

    @decorate
    class Unfrozen:
        name: str

        def __hash__(self) -> int:
            return 7

    @decorate(frozen=True)
    class OwnComparison:
        name: str

        def __eq__(self, other: object) -> bool:
            return isinstance(other, OwnComparison) and other.name.lower() == self.name.lower()

    return {kind.__name__: kind for kind in vars().values() if isinstance(kind, type)}


def instances(of: dict[str, Any]) -> dict[str, list[Any]]:
    """Some of each class, of which a few are equal."""
    named, further = of["Named"], of["Further"]
    told: dict[str, list[tuple[Any, ...]]] = {
        "Empty": [(), ()],
        "One": [(1,), (1,), (2,), ((1,),), ("é",), ([],)],
        "Several": [("a",), ("a", 0, "", 1), ("a", 1), ("b", 0, "x"), ("b",)],
        "Changing": [("a",), ("a",), ("a", [1])],
        "Itself": [("a",), ("a",)],
        "FrozenItself": [("a",), ("a",)],
        "OwnText": [("a",), ("a",)],
        "OwnHash": [("a",), ("b",), ("a",)],
        "PartlyHashed": [("a",), ("a", [1]), ("a", [], 1)],
        "NotHashed": [("a",), ("a",)],
        "Unfrozen": [("a",), ("b",)],
        "OwnComparison": [("a",), ("A",), ("b",)],
    }
    made = {name: [of[name](*values) for values in all_values] for name, all_values in told.items()}
    made["Named"] = [named(name="a"), named(name="a"), further(name="a"), named(name="b")]
    made["Further"] = [further(name="a"), further(name="a", size=4), named(name="a"), further(name="a")]
    return made


SEEN = SeenResource("arn", "name")
OURS, PYTHONS = made_by(ours.dataclass), made_by(dataclasses.dataclass)


def hashed(one: Any) -> Any:
    try:
        return hash(one)
    except TypeError as error:
        return str(error)


@cases({name: name for name in PYTHONS})
def test_instances_behave_as_pythons(name: str) -> None:
    few, its_few = instances(OURS)[name], instances(PYTHONS)[name]
    assert [repr(one) for one in few] == [repr(one) for one in its_few]
    assert [[one == other for other in few] for one in few] == [[one == other for other in its_few] for one in its_few]
    assert [few[0] == other for other in ("a", None, its_few[0])] == [False, False, False]
    by_identity = OURS[name].__hash__ is object.__hash__
    assert by_identity == (PYTHONS[name].__hash__ is object.__hash__)
    assert by_identity or [hashed(one) for one in few] == [hashed(one) for one in its_few]


def test_an_instance_that_has_itself_is_printed() -> None:
    for kinds in (OURS, PYTHONS):
        one = kinds["Changing"]("a")
        one.others.append(one)
        assert repr(one) == "made_by.<locals>.Changing(name='a', others=[...])"


def test_a_frozen_one_cannot_be_changed_and_is_copied_and_kept_whole() -> None:
    one = OURS["Several"]("a")
    with pytest.raises(dataclasses.FrozenInstanceError):
        one.name = "b"
    assert dataclasses.replace(one, name="b") == OURS["Several"]("b")
    assert copy.deepcopy(one) == one
    assert pickle.loads(pickle.dumps(SEEN)) == SEEN


def test_a_class_of_a_user_by_pythons_own_may_derive_from_ours() -> None:
    named = OURS["Named"]

    @dataclasses.dataclass(frozen=True, kw_only=True)
    class Users(named):  # type: ignore[misc, valid-type]  # a class made above
        size: int

    assert Users(name="a", size=1) == Users(name="a", size=1) != Users(name="a", size=2)
    assert hash(Users(name="a", size=1)) == hash(Users(name="a", size=1))
    assert repr(Users(name="a", size=1)).endswith("Users(name='a', size=1)")
    assert named(name="a") != Users(name="a", size=1)

    @dataclasses.dataclass(frozen=True, kw_only=True, eq=False, repr=False)
    class Bare(named):  # type: ignore[misc, valid-type]  # as above
        size: int

    class Undecorated(named):  # type: ignore[misc, valid-type]  # as above
        pass

    assert Bare(name="a", size=1) == Bare(name="a", size=1) != Bare(name="a", size=2)
    assert repr(Bare(name="a", size=1)).endswith("Bare(name='a', size=1)")
    assert Undecorated(name="a") == Undecorated(name="a") != named(name="a")
    assert hash(Undecorated(name="a")) == hash(Undecorated(name="a"))
