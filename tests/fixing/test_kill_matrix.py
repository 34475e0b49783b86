"""A fixer that is killed at any moment: before and after each request and each line of its journal.

Every kind of change is made to its end once, which tells how many moments there are; then it is killed at each of
them, and the next fixer settles what that left, by reading. A few kills with real signals are in test_fix.py.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import pytest

from opschecks.core.answer import Answer
from opschecks.core.change import Unknown
from opschecks.fixing.loop import Fixer
from opschecks.fixing.outcome import ChangeResult, Look
from opschecks.fixing.plan import planned
from opschecks.fixing.remedy import BaseRemedy
from opschecks.history.journal import HEAD, Entry
from opschecks.history.lock import Lock
from tests.clock import NOW
from tests.fixing.desk import CURED, SICK, STACK, World, _InTwo, _OneWay, _Slow, _Switch, fixer_of

KINDS: dict[str, type[BaseRemedy]] = {one.name(): one for one in (_Switch, _Slow, _OneWay, _InTwo)}


class Killed(BaseException):
    """What a kill looks like from within: nothing more is sent, or written."""


@dataclass
class Life:
    """Counts the moments of a fixer, and ends it at one of them."""

    ends_at: int = 0
    moments: int = 0
    kinds: list[str] = field(default_factory=list)

    def moment(self, what: str) -> None:
        self.moments += 1
        self.kinds.append(what)
        # it stays dead: what a handler would do after the kill is not done either
        if self.ends_at and self.moments >= self.ends_at:
            raise Killed(what)


@dataclass
class Dying:
    """A state store in memory, whose writer may die before or after each new line."""

    texts: dict[str, str] = field(default_factory=dict)
    life: Life = field(default_factory=Life)

    def create(self, key: str, text: str) -> bool:
        self.life.moment(f"before {key[:7]}")
        made = self.texts.setdefault(key, text) is text
        self.life.moment(f"after {key[:7]}")
        return made

    def replace(self, key: str, text: str, *, kind: str = "") -> None:
        if key == HEAD:
            self.life.moment("before head")
        self.texts[key] = text

    def read(self, key: str) -> str | None:
        return self.texts.get(key)

    def keys(self, folder: str) -> list[str]:
        return sorted(key for key in self.texts if key.startswith(f"{folder}/"))

    def written(self, folder: str) -> dict[str, datetime]:
        return dict.fromkeys(self.keys(folder), NOW)

    def now(self) -> datetime:
        return NOW

    def delete(self, key: str) -> None:
        self.texts.pop(key, None)

    def free_the_lock(self) -> None:
        """What time does: the dead holder's lease runs out."""
        for key in self.keys("lock"):
            self.texts[key] = json.dumps({**json.loads(self.texts[key]), "until": "2020-01-01T00:00:00+00:00"})


@dataclass
class Case:
    """A world, its state store, and fixers that come one after another."""

    world: World
    kind: type[BaseRemedy]
    look: Look
    store: Dying = field(default_factory=Dying)

    def fixer(self, life: Life) -> Fixer:
        """The next one, who dies when that life ends."""
        store, send = self.store, World.send
        store.life = Life()
        store.free_the_lock()

        def dying(service: str, operation: str, /, **parameters: object) -> Answer:
            life.moment("before a request")
            answer = send(self.world, service, operation, **parameters)
            life.moment("after a request")
            return answer

        self.world.send = dying  # type: ignore[method-assign]
        lock = Lock(store)
        lock.acquire()
        store.life = life
        return fixer_of(store, lock, lambda name: KINDS[name](STACK, self.world))

    def live(self, life: Life, targets: Sequence[str] = ("a",)) -> ChangeResult | None:
        """Fix the targets, as one finding; how it ended, unless it was killed."""
        fixer = self.fixer(life)
        changes = [planned(self.kind(STACK, self.world), target) for target in targets]
        try:
            *_, last = fixer.make_all(changes, lambda: self.look)
        except Killed:
            return None
        return last.result

    def settled(self) -> list[Entry]:
        """What the next fixer makes of it, which sends nothing and leaves nothing open."""
        sent = list(self.world.sent)
        fixer = self.fixer(Life())
        fixer.settle()
        assert fixer.settle() == []
        assert self.world.sent == sent
        assert not any(entry.is_open for entry in fixer.journal.entries())
        return fixer.journal.entries()


def _moments(kind: type[BaseRemedy], look: Look, targets: Sequence[str]) -> Life:
    life = Life()
    Case(World(), kind, look).live(life, targets)
    assert life.moments >= 8 * len(targets)
    assert {"before a request", "before journal"} <= set(life.kinds)
    return life


@pytest.mark.parametrize("targets", [("a",), ("a", "b")], ids=["one", "two"])
@pytest.mark.parametrize("look", [CURED, SICK], ids=["cured", "not cured"])
@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_killed_anywhere(
    kind: type[BaseRemedy], look: Look, targets: Sequence[str], record_property: Callable[[str, object], None]
) -> None:
    whole = _moments(kind, look, targets)
    record_property("kills", whole.moments)  # docs/reliability.md counts them
    for ends_at in range(1, whole.moments + 1):
        case = Case(World(), kind, look)
        assert case.live(Life(ends_at), targets) is None
        where = f"{ends_at} of {whole.moments}: {whole.kinds[ends_at - 1]}"
        sent = list(case.world.sent)
        entries = case.settled()
        # each request that reached the world was written down before, and the next fixer knows that it was made
        for after, first in (("on", "half" if kind is _InTwo else "on"), ("off", "off")):
            made = [entry for entry in entries if entry.change.after == {"value": after}]
            if first in sent:
                assert sum(entry.happened for entry in made) == sent.count(first), where
        assert not [entry for entry in entries if entry.happened and not sent], where
        if kind is _InTwo and sent:  # the journal has how far it came, or one step more that was about to be sent
            ahead = entries[0].reached - len([value for value in sent[:2] if value != "off"])
            assert ahead in (0, 1), where
        assert len(sent) <= 2 * len(targets) * (2 if kind is _InTwo else 1), where

        case.look = CURED
        for target in targets:
            if case.world.values[target] != "on":
                assert case.live(Life(), [target]) in (ChangeResult.FIXED, ChangeResult.DONE), where
            assert case.world.values[target] == "on", where


@pytest.mark.parametrize("arrives", [True, False], ids=["it arrives", "it does not"])
def test_killed_while_it_reads_what_became_of_a_lost_answer(
    arrives: bool, record_property: Callable[[str, object], None]
) -> None:
    def world() -> World:
        made = World()

        def lose(wanted: str) -> None:
            if arrives:
                made.values["a"] = wanted
            raise Unknown("world:Write: the connection broke")

        return replace(made, answer=lose)

    whole = Life()
    Case(world(), _Switch, CURED).live(whole)
    record_property("kills", whole.moments)
    for ends_at in range(1, whole.moments + 1):
        case = Case(world(), _Switch, CURED)
        assert case.live(Life(ends_at)) is None
        entries = case.settled()
        assert [entry.happened for entry in entries] == [case.world.values["a"] == "on"] * len(entries)
        assert len(case.world.sent) <= 1
