"""Every combination of a world, and the verdict of each: blind, right, or wrong and why."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from opschecks.aws import session
from opschecks.core import clock
from opschecks.core.gathering import Gathering, Observed
from opschecks.core.iam import iam_action
from opschecks.core.model import Finding, Outcome
from opschecks.core.observation import CouldNotLook
from opschecks.sandbox.environment import CREDENTIALS
from tests.matrix import bodies
from tests.matrix.kinds import KINDS, SURVIVED, TELLS, Hit, Kind, matches
from tests.matrix.reasons import Reason, reason_for
from tests.matrix.wire import Call
from tests.matrix.world import LIMITS, Judged, World

WRONG, BLIND, RIGHT = "wrong", "blind", "right"
PASSED, FAILED = Outcome.PASSED, Outcome.FAILED
HOUR = timedelta(hours=1)
CLOCKS: Mapping[str, timedelta] = {"clock an hour ahead": HOUR, "clock an hour behind": -HOUR}
ZONES = ("Asia/Kolkata", "America/St_Johns", "Pacific/Kiritimati")
OF_MACHINES = (*CLOCKS, *(f"TZ {zone}" for zone in ZONES))
UNNOTICED = "nobody has noticed that it could not be read"
ONE_OF_SEVERAL = "one of several"
CLOCK = "the clock of this machine"
MORE_ATTEMPTS = 20


@dataclass(frozen=True)
class Combination:
    """A fault of one call of one observation of one world. `call` is empty where it is one of the whole machine."""

    world: str
    observation: str
    call: str
    kind: str
    detail: str = ""

    @property
    def id(self) -> str:
        """What `--only` takes."""
        return "/".join(part for part in (self.world, self.observation, self.call, self.kind, self.detail) if part)

    @property
    def order(self) -> str:
        """By what samples are drawn: even, and the same on every machine."""
        return hashlib.sha256(self.id.encode()).hexdigest()


@dataclass
class Verdict:
    """What a combination led to. `problems`: why it is wrong. `unmoved`: nobody noticed what cannot be survived."""

    of: Combination
    problems: list[str] = field(default_factory=list)
    is_blind: bool = False
    unmoved: bool = False
    reason: Reason | None = None
    """What excuses it."""

    @property
    def word(self) -> str:
        return WRONG if self.problems else BLIND if self.is_blind else RIGHT


def combinations(world: World) -> Iterator[Combination]:
    """All of them, from what the observations of the world asked for."""
    for name, calls in world.calls.items():
        for call in dict.fromkeys(one.name for one in calls):
            asked = [one for one in calls if one.name == call]
            for kind in KINDS:
                if kind.of == asked[0].kind:
                    yield from _of_kind(world, name, call, kind, asked)
    for name, calls in world.calls.items():
        if calls:
            yield from (Combination(world.name, name, "", kind) for kind in OF_MACHINES)


def _of_kind(world: World, name: str, call: str, kind: Kind, asked: list[Call]) -> Iterator[Combination]:
    one = Combination(world.name, name, call, kind.name)
    if kind.name.startswith(ONE_OF_SEVERAL) and len({of.key for of in asked}) < 2:
        return
    if "page" in kind.name and not any(_has_pages(world, of) for of in asked):
        return
    if not kind.detail:
        yield one
        return
    paths: dict[str, None] = {}
    for of in asked:
        told = world.wire.first_answer(of)
        if told and told.status == 200:
            for path in bodies.lists_in(of.service, of.operation, told.body):
                if path not in paths and _possible(of, told.body, path, kind):
                    paths[path] = None
    yield from (Combination(world.name, name, call, kind.name, path) for path in paths)


def _has_pages(world: World, of: Call) -> bool:
    told = world.wire.first_answer(of)
    return bool(told and told.status == 200 and of.key == of.first_page().key) and bool(
        bodies.pages_of(of.service, of.operation)
    )


def _possible(of: Call, body: bytes, path: str, kind: Kind) -> bool:
    try:
        bodies.edited(of.service, of.operation, body, path, kind.name.removeprefix("list "))
    except bodies.NotPossible:
        return False
    return True


class Judge:
    """Tries combinations on one world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._kinds = {kind.name: kind for kind in KINDS}
        self._of_machine: dict[str, tuple[Gathering, dict[str, Judged]]] = {}

    def verdict(self, one: Combination) -> Verdict:
        """Try it."""
        self._world.time.begin_again()
        if not one.call:
            return self._with_another_machine(one)
        kind = self._kinds[one.kind]
        told = Verdict(one)
        wire, keys = self._world.wire, [of.key for of in self._world.calls[one.observation] if of.name == one.call]
        hit = Hit(kind, one.call, one.detail, min(keys))
        attempts = wire.attempts
        wire.fault = hit
        try:
            self._try(told, kind)
        finally:
            wire.fault = None
        affected = self._world.dependents(one.observation)
        most = (
            (sum(self._world.attempts[name] for name in affected) + MORE_ATTEMPTS)
            * LIMITS["aws_attempts"]
            * LIMITS["pages"]
        )
        if wire.attempts - attempts > most:
            told.problems.append(f"{wire.attempts - attempts} requests were sent, {most} at most are due")
        single = kind.name.startswith(ONE_OF_SEVERAL)  # that one may not be judged
        if told.unmoved and not one.detail and not single:
            told.problems.append(UNNOTICED)
        if told.problems:
            reason = reason_for(one.observation, one.call, one.kind, one.detail)
            if reason and (reason.kinds or told.problems == [UNNOTICED]):
                told.problems, told.reason = [], reason
        return told

    def _try(self, told: Verdict, kind: Kind) -> None:
        world, name = self._world, told.of.observation
        before = world.results[name]
        kept = {other: one for other, one in world.results.items() if other != name}
        own = world.gathered({name}, kept).results[name]
        told.problems += _left(name, own)
        if _same(before, own):
            told.unmoved = kind.effect not in (SURVIVED, TELLS)
            return
        if kind.effect == SURVIVED and own.error is not None:
            told.is_blind = True
            told.problems.append(f"not survived: {own.error}")
            return
        affected = world.dependents(name)
        kept = {other: one for other, one in world.results.items() if other not in affected} | {name: own}
        store = world.gathered(set(world.results), kept)
        for other in affected - {name}:
            told.problems += _left(other, store.results[other])
        told.is_blind = isinstance(own.error, CouldNotLook)
        moved = False
        for check in world.checks:
            if check.observations & affected:
                moved = self._compare(told, kind, world.judged[check.name], world.judge(check, store)) or moved
        told.unmoved = not moved and not told.is_blind and kind.effect not in (SURVIVED, TELLS)

    def _compare(self, told: Verdict, kind: Kind, before: Judged, now: Judged) -> bool:
        """Whether the check's verdict is another; what is wrong with it goes to the problems."""
        check = now.findings[0].check
        told.problems += [f"{check}: {one}" for one in now.strange if one not in before.strange]
        if kind.effect == SURVIVED:
            if _outcomes(before) != _outcomes(now):
                told.problems.append(f"{check}: {_difference(before, now)}, and the fault can be survived")
            return False
        if kind.effect != TELLS:
            told.problems += [f"{check}: {one}" for one in _false(before, now)]
        known = {one.message for one in before.findings}
        for one in now.findings:
            if one.outcome is Outcome.BLIND and one.message not in known:
                told.is_blind = True
                if kind.effect != TELLS:
                    told.problems += [f"{check}: {why}" for why in _unclear(told.of, kind, one)]
        return _outcomes(before) != _outcomes(now)

    def _with_another_machine(self, one: Combination) -> Verdict:
        """A clock that is off, or another time zone: one run shows it for all observations."""
        if one.kind not in self._of_machine:
            store = self._ahead(CLOCKS[one.kind]) if one.kind in CLOCKS else self._elsewhere(one.kind[3:])
            self._of_machine[one.kind] = store, self._world.judge_all(store)
        store, judged = self._of_machine[one.kind]
        told, own = Verdict(one), store.results[one.observation]
        told.problems += _left(one.observation, own)
        told.is_blind = own.error is not None and self._world.results[one.observation].error is None
        asks_aws = any(of.kind == "aws" for of in self._world.calls[one.observation])
        if own.error is not None and one.kind in CLOCKS and asks_aws and CLOCK not in str(own.error):
            told.problems.append(f"the clock is not said to be wrong: {own.error}")
        for check in self._world.checks:
            if one.observation not in check.observations:
                continue
            before, now = self._world.judged[check.name], judged[check.name]
            if one.kind in CLOCKS:
                told.problems += [f"{check.name}: {why}" for why in _false(before, now)]
                blind = [of.message for of in now.findings if of.outcome is Outcome.BLIND]
                told.is_blind = told.is_blind or bool(blind)
                if asks_aws and not any(CLOCK in message for message in blind):
                    told.problems.append(f"{check.name}: it does not say that the clock is wrong")
            elif _outcomes(before) != _outcomes(now):
                told.problems.append(f"{check.name}: {_difference(before, now)}")
        return told

    def _ahead(self, shift: timedelta) -> Gathering:
        world = self._world
        clock.stand_at(world.now + shift)
        aws = session.Aws(world.stack, CREDENTIALS, tape=world.wire)
        try:
            session.identify(aws)
        except CouldNotLook as error:
            aws.refuse(error)
        store = world.gathered(set(world.results), {}, world.at(shift, aws))
        world.time.begin_again()
        return store

    def _elsewhere(self, zone: str) -> Gathering:
        before = os.environ.get("TZ")
        os.environ["TZ"] = zone
        time.tzset()
        try:
            return self._world.gathered(set(self._world.results), {})
        finally:
            if before is None:
                del os.environ["TZ"]
            else:
                os.environ["TZ"] = before
            time.tzset()


def _left(name: str, result: Observed) -> list[str]:
    """What is wrong with how the observation ended."""
    if not result.done.is_set():
        return [f"{name} has not ended"]
    if result.error is None or isinstance(result.error, CouldNotLook):
        return []
    return [f"{type(result.error).__name__} left {name}: {result.error}"]


def _same(before: Observed, now: Observed) -> bool:
    if before.error is not None or now.error is not None:
        return str(before.error) == str(now.error)
    try:
        return bool(before.value == now.value)
    except CouldNotLook:  # what could not be read is compared by reading it
        return False


def _outcomes(judged: Judged) -> Mapping[str, Outcome]:
    return {resource: one.outcome for resource, one in judged.of().items()}


def _difference(before: Judged, now: Judged) -> str:
    was, found = before.of(), now.of()
    for resource in {**was, **found}:
        one, other = was.get(resource), found.get(resource)
        if (one and one.outcome) != (other and other.outcome):
            return f"{resource} was {_word(one)}, and is {_word(other)}"
    return "the same"


def _word(finding: Finding | None) -> str:
    return f"{finding.outcome.value} ({finding.message[:150]})" if finding else "not examined"


def _false(before: Judged, now: Judged) -> Iterator[str]:
    """False passes and false failures: nothing may turn from one to the other, and no failure may be passed over."""
    was, found = before.of(), now.of()
    known = {one.name: one for one in was.values()}
    is_blind = any(one.outcome is Outcome.BLIND for one in found.values())
    for resource, one in found.items():
        of = was.get(resource) or known.get(one.name)
        if one.outcome is PASSED and of and of.outcome is FAILED:
            yield f"false pass: {resource} was {_word(of)}, and is {_word(one)}"
        elif one.outcome is PASSED and of and of.outcome is Outcome.BLIND:
            yield f"passes what was blind: {resource} was {_word(of)}, and is {_word(one)}"
        elif one.outcome is FAILED and (of is None or of.outcome is not FAILED):
            yield f"false failure: {resource} was {_word(of)}, and is {_word(one)}"
    names = {one.name for one in found.values()}  # what could not be described has no ARN
    lost = [of for resource, of in was.items() if resource not in found and of.name not in names]
    gone = [of for of in lost if of.outcome is FAILED]
    if gone and not is_blind:
        yield f"passed over: {gone[0].resource} was {_word(gone[0])}, and the check is {now.outcome.value}"
    elif lost and now.outcome is PASSED:
        yield f"passes without {lost[0].resource}, which it examined before"


def _unclear(of: Combination, kind: Kind, finding: Finding) -> Iterator[str]:
    """What the message of a blind finding lacks."""
    told = finding.message
    if kind.of == "aws":
        service, _, operation = of.call.partition("@")[0].partition(":")
        action = iam_action(service, operation)
        if action not in told:
            yield f"does not name {action}: {told[:200]}"
    else:
        action = ""
    if not matches(kind.says, told, action):
        yield f"does not name the error ({kind.says}): {told[:200]}"
    elif not matches(kind.advises, told, action):
        yield f"does not tell the next step ({kind.advises}): {told[:200]}"
