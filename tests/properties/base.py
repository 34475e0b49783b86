"""Recorded mornings whose answers can be changed: what each observation asked, and what was concluded of it."""

from __future__ import annotations

import copy
import functools
import io
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from opschecks.core.gathering import Gathering
from opschecks.core.observation import CouldNotLook, closure
from opschecks.recording.coding import decoded, encoded
from opschecks.recording.file import Exchange, Recording, error_of, key_of
from opschecks.recording.metrics import Metrics, is_of_metrics
from tests.matrix.bodies import service_model
from tests.recordings.morning import Concluded, Morning, at_its_moment
from tests.recordings.pins import recording

T = TypeVar("T")
Question = Mapping[str, Any]


def shape_of(question: Question) -> Any:
    """What botocore's model says of the answers to the question."""
    return service_model(question["service"]).operation_model(question["operation"]).output_shape


@dataclass(frozen=True)
class Index:
    """A recording, and the places of its answers by their question."""

    recording: Recording
    places: Mapping[str, Sequence[int]]
    metrics: Metrics

    @classmethod
    def of(cls, recording: Recording) -> Index:
        """Read it once."""
        found: dict[str, list[int]] = {}
        for place, one in enumerate(recording.exchanges):
            found.setdefault(key_of(one.kind, one.question), []).append(place)
        return cls(recording, found, Metrics(recording.exchanges))


class Answers:
    """A tape that gives recorded answers, some of them changed: `changed` by their place in the recording.

    A question that was not recorded gets the answer to another one of its operation, if there is any: so changed names
    are looked up, too.
    """

    replays = True

    def __init__(self, of: Index, changed: Mapping[int, Any] | None = None) -> None:
        self.changed = changed or {}
        self.asked: list[int] = []
        self._exchanges = of.recording.exchanges
        self._metrics = of.metrics
        self._left = {key: list(places) for key, places in of.places.items()}

    def ask(self, kind: str, call: str, question: Question, make: Callable[[], T]) -> T:
        """As every tape."""
        told = encoded(question)
        left = self._left.get(key_of(kind, told), [])
        place = (left.pop(0) if len(left) > 1 else left[0]) if left else None
        if place is None and is_of_metrics(kind, told):
            return decoded(self._metrics.answer(told))  # type: ignore[no-any-return] # it is what `make` would give
        if place is None:
            place = self._like(kind, told)
        if place is None:
            raise CouldNotLook("", f"not in the recording: {call}")
        self.asked.append(place)
        one = self._exchanges[place]
        if place in self.changed:
            return _copied(self.changed[place])  # type: ignore[no-any-return] # it is what `make` could give
        if one.error:
            raise error_of(one.error)
        return decoded(one.answer)  # type: ignore[no-any-return] # it is what `make` gave

    def _like(self, kind: str, told: Question) -> int | None:
        named = (kind, told.get("service"), told.get("operation"), told.get("region"))
        if kind != "aws":
            return None
        for place, one in enumerate(self._exchanges):
            of = one.question
            if (one.kind, of.get("service"), of.get("operation"), of.get("region")) == named and not one.error:
                return place
        return None


def _copied(answer: Any) -> Any:
    """A copy whose streams can be read from their beginning."""
    if isinstance(answer, io.BytesIO):
        return io.BytesIO(answer.getvalue())
    if isinstance(answer, dict):
        return {key: _copied(one) for key, one in answer.items()}
    return [_copied(one) for one in answer] if isinstance(answer, list) else copy.copy(answer)


@dataclass(frozen=True)
class Base:
    """A recorded morning as it was: its AWS answers, who asked for them, and what was concluded."""

    name: str
    index: Index
    asked: Mapping[str, frozenset[int]]
    """By observation: the places of the answers that it got."""
    concluded: Mapping[str, Concluded]
    results: Mapping[str, Any] = field(repr=False, default_factory=dict)

    @property
    def recording(self) -> Recording:
        """What it was made of."""
        return self.index.recording

    @functools.cached_property
    def answered(self) -> list[int]:
        """The places of the answers of AWS that some observation read."""
        read = set().union(*self.asked.values())
        return [place for place in sorted(read) if self._is_answer(self.recording.exchanges[place])]

    @staticmethod
    def _is_answer(one: Exchange) -> bool:
        return one.kind == "aws" and not one.error and bool(one.answer)

    def answer(self, place: int) -> Any:
        """A fresh copy of the answer."""
        return decoded(self.recording.exchanges[place].answer)

    def readers(self, places: Collection[int]) -> set[str]:
        """The observations that read any of these answers, and those that need them."""
        own = {name for name, asked in self.asked.items() if asked & set(places)}
        return {name for name in self.results if own & {one.name for one in closure([name])}}

    def again(self, changed: Mapping[int, Any]) -> tuple[Gathering, dict[str, Concluded]]:
        """What is observed and concluded where these answers are others."""
        with at_its_moment(self.recording):
            morning = Morning(self.recording, Answers(self.index, changed))
            affected = self.readers(changed)
            kept = {name: one for name, one in self.results.items() if name not in affected}
            store = morning.observed(set(self.results), kept)
            return store, morning.concluded(store, affected)


@functools.cache
def base(name: str) -> Base:
    """The recorded morning of that name; observed one by one, so that it is known which answer is whose."""
    of = recording(name)
    with at_its_moment(of):
        index = Index.of(of)
        tape = Answers(index)
        morning = Morning(of, tape)
        asked: dict[str, frozenset[int]] = {}
        results: dict[str, Any] = {}
        for one in closure(morning.names()):
            before = len(tape.asked)
            store = morning.observed({one.name}, results)
            results[one.name] = store.results[one.name]
            identity = {"sts:GetCallerIdentity", "the clock"}
            asked[one.name] = frozenset(
                place for place in tape.asked[before:] if of.exchanges[place].call not in identity
            )
        concluded = morning.concluded(morning.observed(set(results), results))
    return Base(name, index, asked, concluded, results)
