"""A fixer at work on a world of switches, which does as it is told."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest

from opschecks.config.stack import Stack
from opschecks.core.answer import Answer
from opschecks.core.change import CannotFix, Change, Partly, Progress, Proof, Request, Risk, State, Step
from opschecks.core.observation import CouldNotLook
from opschecks.fixing.loop import Fixer
from opschecks.fixing.outcome import ChangeResult, Fixed, Look
from opschecks.fixing.plan import planned
from opschecks.fixing.remedy import BaseRemedy, Operation, Setting
from opschecks.history.journal import Journal
from opschecks.history.lock import Lock
from opschecks.history.storage import FolderStorage, Storage

STACK = Stack.model_validate({"name": "here", "region": "us-west-2"})


@dataclass
class World:
    """A setting by target, and what becomes of what is sent to it."""

    values: dict[str, str] = field(default_factory=lambda: {"a": "off", "b": "off"})
    sent: list[str] = field(default_factory=list)
    answer: Callable[[str], None] = lambda wanted: None
    unreadable: bool = False
    kept: str = ""
    """What it stays at, whatever is sent."""
    told: Mapping[str, Any] = field(default_factory=dict)

    def call(self, service: str, operation: str, /, **parameters: Any) -> Answer:
        if self.unreadable:
            raise CouldNotLook("world:Read", "it does not answer")
        return Answer({"value": self.values[parameters["target"]]}, "world:Read")

    def pages(self, *_: object, **__: object) -> Iterator[Answer]:
        raise AssertionError("nothing here has pages")

    def items(self, service: str, operation: str, key: str, /, **parameters: Any) -> list[Any]:
        raise NotImplementedError

    def send(self, service: str, operation: str, /, **parameters: Any) -> Answer:
        self.sent.append(parameters["value"])
        self.answer(parameters["value"])
        self.values[parameters["target"]] = self.kept or parameters["value"]
        return Answer(self.told, "world:Write")


class _Switch(Setting):
    """Switch it on."""

    risk = Risk.SAFE
    settles_within = timedelta(0)
    proof: ClassVar[Proof] = Proof.STATE

    def read(self, target: str) -> State:
        return {"value": self.aws.call("world", "Read", target=target)["value"]}

    def want(self, now: State, wish: Mapping[str, str]) -> State:
        return {"value": wish.get("to", "on")}

    def request(self, target: str, before: State, after: State) -> Request:
        return Request("world", "Write", {"target": target, "value": after["value"]})


class _Slow(_Switch):
    """Switch it on, and wait for the symptom."""

    proof = Proof.SYMPTOM


class _OneWay(_Switch):
    """Switch it on for good."""

    one_way = True


REMEDIES: dict[str, type[BaseRemedy]] = {one.name(): one for one in (_Switch, _Slow, _OneWay)}
CURED, SICK = Look(cured=True), Look(cured=False, said="still off")


@dataclass
class Desk:
    world: World
    fixer: Fixer
    said: list[str]

    @property
    def journal(self) -> Journal:
        return self.fixer.journal

    def plan(self, kind: type[BaseRemedy] = _Switch, target: str = "a", **of: Any) -> Change:
        return planned(kind(STACK, self.world), target, **of)

    def three(self) -> list[Change]:
        """The plans for a, b and c."""
        self.world.values["c"] = "off"
        return [self.plan(target=target) for target in "abc"]

    def make(self, look: Callable[[], Look] | None, kind: type[BaseRemedy] = _Switch) -> Fixed:
        return self.fixer.make(self.plan(kind), look)

    def refused(self, change: Change | None = None) -> str:
        """Why it is not made; nothing is sent."""
        fixed = self.fixer.make(change or self.plan(), lambda: CURED)
        assert (fixed.result, self.world.sent) == (ChangeResult.REFUSED, [])
        return fixed.said

    def uses(self, kind: type[BaseRemedy], **variant: Any) -> None:
        """Every remedy is of this kind, in this variant."""
        made = type(f"_{kind.__name__}", (kind,), variant)
        self.fixer.__dict__["remedy"] = lambda name: made(STACK, self.world)

    def events(self) -> list[list[str]]:
        return [[line.event for line in entry.lines] for entry in self.journal.entries()]


def fixer_of(
    store: Storage, lock: Lock, remedy: Callable[[str], BaseRemedy], say: Callable[[str], None] = lambda line: None
) -> Fixer:
    """A fixer that waits for nothing, and that nobody vetoes."""
    return Fixer(
        journal=Journal(store),
        lock=lock,
        remedy=remedy,
        veto=lambda change: "",
        say=say,
        poll_s=0,
        symptom_within=timedelta(0),
    )


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    world, said, store = World(), [], FolderStorage(tmp_path)  # type: ignore[var-annotated]
    lock = Lock(store)
    with lock:
        kinds: dict[str, type[BaseRemedy]] = {**REMEDIES, _InTwo.name(): _InTwo}
        yield Desk(world, fixer_of(store, lock, lambda name: kinds[name](STACK, world), said.append), said)


class _InTwo(Operation):
    """Switch it on by way of half, and only where half is there by then."""

    resumes = True
    settles_within = timedelta(0)
    values: ClassVar[Sequence[str]] = ("half", "on")

    def read(self, target: str) -> State:
        return {"value": self.aws.call("world", "Read", target=target)["value"]}

    def want(self, now: State, wish: Mapping[str, str]) -> State:
        return {"value": "on"}

    def steps(self, target: str, before: State, after: State) -> Sequence[Step]:
        values = self.values if after["value"] == "on" else ("off",)
        requests = [Request("world", "Write", {"target": target, "value": value}) for value in values]
        return [Step(one, target, self.turn, self._ready, self._judged) for one in requests]

    def turn(self) -> Progress:
        return Progress(settled=True)

    def _ready(self, request: Request) -> Request:
        if request.parameters["value"] == "on" and self.read(request.parameters["target"]) != {"value": "half"}:
            raise CannotFix("half is not there")
        return request

    def _judged(self, request: Request, answer: Mapping[str, Any]) -> None:
        if answer.get("no"):
            raise Partly("only half of half")


def _expire(folder: Path) -> None:
    for path in (folder / "lock").iterdir():
        told = json.loads(path.read_text())
        path.write_text(json.dumps({**told, "until": "2020-01-01T00:00:00+00:00"}))
