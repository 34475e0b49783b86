"""What a remedy is: it reads a state, wants another, and knows the one request that leads there – and back."""

from __future__ import annotations

import abc
import enum
import hashlib
import inspect
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from .answer import Answer
from .names import iam_action, nearest

if TYPE_CHECKING:
    from .stack import Stack

Runs = Callable[[], Iterable[Mapping[str, Any]]]
State = Mapping[str, Any]
"""What a remedy reads and writes of one resource, as plain JSON data; two equal states are the same state."""


class Risk(enum.StrEnum):
    """What a change can do to users; only SAFE ones are made without --allow."""

    SAFE = "safe"
    DISRUPTIVE = "disruptive"
    DESTRUCTIVE = "destructive"

    @property
    def rank(self) -> int:
        """0 for safe up to 2 for destructive."""
        return list(Risk).index(self)


class Proof(enum.StrEnum):
    """How it is known that a change helped."""

    STATE = "state"
    """The same check passes on fresh observations; if not, the change is rolled back."""
    SYMPTOM = "symptom"
    """The written state is there, and data newer than the change shows the cure; if not, a person takes over."""


class CannotMend(Exception):  # noqa: N818 - the remedy's answer, not an error of the program
    """The remedy does nothing here; the message says why, and what a person would look at next."""


class Refused(Exception):  # noqa: N818 - AWS's answer
    """AWS answered that it does not make the change: nothing was changed."""


class Partly(Exception):  # noqa: N818 - as above
    """Some of the change was made, and then AWS did not make the rest."""


class Unknown(Exception):  # noqa: N818 - as above
    """The change was sent, and no answer tells whether it was made: only reading can."""


@dataclass(frozen=True)
class Request:
    """One call of AWS that changes something."""

    service: str
    operation: str
    parameters: Mapping[str, Any]
    files: Mapping[str, Path] = field(default_factory=dict)
    """Parameters whose bytes a file has; what they are, another parameter must tell (ContentMD5)."""

    @property
    def call(self) -> str:
        """As the IAM action that allows it."""
        return iam_action(self.service, self.operation)


class Sends(Protocol):
    """What a remedy talks to: reads as observations do, and `send` for the one change."""

    def call(self, service: str, operation: str, /, **parameters: Any) -> Answer:
        """One read."""

    def pages(self, service: str, operation: str, /, **parameters: Any) -> Iterator[Answer]:
        """Every page of a list."""

    def items(self, service: str, operation: str, key: str, /, **parameters: Any) -> list[Any]:
        """Every item of a list."""

    def send(self, service: str, operation: str, /, **parameters: Any) -> Answer:
        """One change, sent at most once."""


@dataclass(frozen=True)
class Progress:
    """How far a resource is on its way to a state that was written."""

    settled: bool
    said: str = ""
    gone_wrong: bool = False


DRILLED = "drill"
"""In the place of a finding: what a drill changes answers to none, and no limit of a day counts it."""


@dataclass(frozen=True)
class Change:
    """One planned change of one resource: what, where, from, to, by which call, at which risk, how to take it back."""

    remedy: str
    stack: str
    target: str
    name: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    call: str
    parameters: Mapping[str, Any]
    risk: Risk
    one_way: bool
    expects: str
    beware: str = ""
    check: str = ""
    finding: str = ""
    wish: Mapping[str, str] = field(default_factory=dict)

    def to_plain(self) -> dict[str, Any]:
        """As JSON data."""
        return {**asdict(self), "risk": self.risk.value}

    @staticmethod
    def from_plain(told: Mapping[str, Any]) -> Change:
        """What `to_plain` told of; KeyError, TypeError or ValueError where it did not."""
        return Change(**{**told, "risk": Risk(told["risk"])})

    @property
    def differs(self) -> Iterator[str]:
        """`key: before -> after` of each thing that changes."""
        for key in sorted({*self.before, *self.after}):
            before, after = self.before.get(key), self.after.get(key)
            if before != after:
                yield f"{key}: {_words(before)} → {_words(after)}"


class Made(Protocol):
    """An entry of the stack's journal, as far as a remedy may look at it."""

    @property
    def change(self) -> Change:
        """What was begun."""

    @property
    def begun(self) -> datetime:
        """When it was written down, right before its first request."""

    @property
    def state(self) -> str:
        """Its newest step, such as begun, sent, refused, rolled_back."""

    @property
    def happened(self) -> bool:
        """Whether it is known to have reached AWS."""

    @property
    def undoes(self) -> str:
        """The entry that it takes back, if it does."""


Entries = Callable[[], Iterable[Made]]


def _words(value: Any) -> str:
    return "nothing" if value in (None, "", [], {}) else value if isinstance(value, str) else json.dumps(value)


def fingerprint(stack: str, check: str, resource: str, message: str) -> str:
    """What a plan says it answers to: the finding, without the numbers that differ from minute to minute."""
    steady = re.sub(r"\d+(?:[.,:]\d+)*", "0", message)
    return hashlib.sha256("\0".join((stack, check, resource, steady)).encode()).hexdigest()[:16]


class Remedy(abc.ABC):
    """Base of all remedies: subclasses say how to read, what to want, and which request brings it about.

    Plan, apply, verify and roll back follow from those three. The class's docstring is what it does;
    `expects` is what users should see of it; `beware` is where else the setting must change. `wishes`
    are the names that `--set NAME=VALUE` takes, each with what it means.
    """

    risk: ClassVar[Risk] = Risk.SAFE
    allow: ClassVar[Sequence[str]] = ()
    proof: ClassVar[Proof] = Proof.STATE
    one_way: bool = False
    rolls_back: ClassVar[bool] = True
    """Whether it is taken back by itself where it did not help; not where that could take capacity away."""
    resumes: ClassVar[bool] = False
    """Whether it takes several requests, and can go on from a state between: planned again, only the rest is sent."""
    followed_by: ClassVar[Sequence[type[Remedy]]] = ()
    """Remedies that a change by name is not complete without."""
    settles_within: timedelta = timedelta(seconds=30)
    expects: ClassVar[str] = ""
    beware: ClassVar[str] = ""
    runbook: ClassVar[str] = ""
    wishes: ClassVar[Mapping[str, str]] = {}

    def __init__(self, stack: Stack, aws: Sends, runs: Runs = tuple, journal: Entries = tuple) -> None:
        """For what only the past can tell: `runs` gives the stack's filed run files as plain data, the newest first;
        `journal` its changes, the oldest first.
        """
        self.stack = stack
        self.aws = aws
        self.runs = runs
        self.journal = journal

    @classmethod
    def name(cls) -> str:
        """What the command line calls it: EnableStickiness is enable-stickiness."""
        return re.sub(r"(?<!^)(?=[A-Z])", "-", cls.__name__).lower()

    @classmethod
    def what(cls) -> str:
        """The first sentence of its docstring."""
        return (cls.__doc__ or "").strip().partition("\n")[0]

    def targets(self, resource: str, evidence: Mapping[str, Any]) -> list[str]:
        """What is to be mended where this resource failed: mostly the resource itself."""
        return [resource]

    def risk_of(self, before: State, after: State) -> Risk:
        """The risk of going from one state to the other: the way back may be the worse one."""
        return self.risk

    def normal(self, target: str) -> str:
        """The one form of a target that somebody named; CannotMend where it is none of the remedy's, or the stack's."""
        return target

    def all_targets(self) -> list[str]:
        """What it can be asked to change by name, without a finding; CannotMend where it must be told."""
        raise CannotMend("say what to change with --target")

    def shown(self, target: str) -> str:
        """The target as people call it."""
        return target.rsplit("/", 1)[-1] if target.startswith("arn:") else target

    @abc.abstractmethod
    def read(self, target: str) -> State:
        """The state as it is now."""

    def read_for_plan(self, target: str) -> State:
        """The state that a plan begins with; CannotMend where what surrounds it makes a change unwise just now."""
        return self.read(target)

    @abc.abstractmethod
    def want(self, now: State, wish: Mapping[str, str]) -> State:
        """The state that mends it; CannotMend where there is none, or where it is not this remedy's to decide."""

    @abc.abstractmethod
    def request(self, target: str, before: State, after: State) -> Request:
        """The call that leads from one state to the other, in either direction unless it is one-way."""

    def requests(self, target: str, before: State, after: State) -> Sequence[Request]:
        """All calls, in their order; for what one call cannot do."""
        return [self.request(target, before, after)]

    def turn(self, target: str, request: Request) -> Progress:
        """Whether it is the request's turn: what AWS does one at a time, or what must be there first, is waited for.

        Asked until it is, for as long as `settles_within`; CannotMend or CouldNotLook as with `ready`.
        """
        return Progress(settled=True)

    def ready(self, target: str, request: Request) -> Request:
        """What is sent in a request's place, with what an earlier answer told, which no journal may hold.

        Asked right before; CannotMend or CouldNotLook where what is there by now does not allow it.
        """
        return request

    def answered(self, target: str, request: Request, answer: Mapping[str, Any]) -> None:
        """AWS' answer to a request; Refused where it says that it did nothing of it, Partly where not all of it."""
        del target, request, answer

    def asks(self, target: str, before: State, after: State) -> tuple[str, Mapping[str, Any]]:
        """The calls' names and parameters, as plan and journal show them."""
        requests = self.requests(target, before, after)
        names = ", ".join(dict.fromkeys(one.call for one in requests))
        if len(requests) == 1:
            return names, requests[0].parameters
        return names, {"requests": [{"call": one.call, **one.parameters} for one in requests]}

    def progress(self, target: str, before: State, after: State) -> Progress:
        """How far it is; a setting is there as soon as it is read back."""
        now = self.read(target)
        return Progress(now == after, "" if now == after else f"reads {json.dumps(now, default=str)}")

    def change(self, target: str, before: State, after: State, **of: Any) -> Change:
        """The change, described; `of` are check, finding, wish."""
        call, parameters = self.asks(target, before, after)
        return Change(
            remedy=self.name(),
            stack=self.stack.name,
            target=target,
            name=self.shown(target),
            before=before,
            after=after,
            call=call,
            parameters=parameters,
            risk=self.risk_of(before, after),
            one_way=self.one_way,
            expects=self.expects,
            beware=self.beware,
            **of,
        )


def remedy_of(kind: type[Remedy], stack: Stack, aws: Sends, runs: Runs, journal: Entries) -> Remedy:
    """The remedy; also one of users' own, whose __init__ may know of no journal."""
    made = kind(stack, aws, runs)
    made.journal = journal
    return made


def known_remedies() -> dict[str, type[Remedy]]:
    """Every remedy that has been imported, by name."""
    found: dict[str, type[Remedy]] = {}
    todo = list(Remedy.__subclasses__())
    while todo:
        cls = todo.pop()
        todo += cls.__subclasses__()
        if not (cls.__name__.startswith("_") or inspect.isabstract(cls)):
            other = found.setdefault(cls.name(), cls)
            if other is not cls:
                raise TypeError(f"two remedies are called {cls.name()}: {other.__module__}'s and {cls.__module__}'s")
    return dict(sorted(found.items()))


def checked_wish(remedy: type[Remedy], given: Mapping[str, str]) -> Mapping[str, str]:
    """The wishes, if the remedy takes all of them; CannotMend with the nearest name."""
    for name in given:
        if name not in remedy.wishes:
            raise CannotMend(f"--set {name}: {remedy.name()} takes no such value; {nearest(name, remedy.wishes)}")
    return given
