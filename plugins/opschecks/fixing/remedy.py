"""What a remedy is: it reads a state, wants another, and knows the request that leads there and back."""

from __future__ import annotations

import abc
import inspect
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from ..core.change import CannotFix, Change, Entries, Progress, Proof, Request, Risk, Sends, State
from ..core.wording import nearest

if TYPE_CHECKING:
    from ..config.stack import Stack

Runs = Callable[[], Iterable[Mapping[str, Any]]]


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
        """The one form of a target that somebody named; CannotFix where it is none of the remedy's, or the stack's."""
        return target

    def all_targets(self) -> list[str]:
        """What it can be asked to change by name, without a finding; CannotFix where it must be told."""
        raise CannotFix("say what to change with --target")

    def shown(self, target: str) -> str:
        """The target as people call it."""
        return target.rsplit("/", 1)[-1] if target.startswith("arn:") else target

    @abc.abstractmethod
    def read(self, target: str) -> State:
        """The state as it is now."""

    def read_for_plan(self, target: str) -> State:
        """The state that a plan begins with; CannotFix where what surrounds it makes a change unwise just now."""
        return self.read(target)

    @abc.abstractmethod
    def want(self, now: State, wish: Mapping[str, str]) -> State:
        """The state that mends it; CannotFix where there is none, or where it is not this remedy's to decide."""

    @abc.abstractmethod
    def request(self, target: str, before: State, after: State) -> Request:
        """The call that leads from one state to the other, in either direction unless it is one-way."""

    def requests(self, target: str, before: State, after: State) -> Sequence[Request]:
        """All calls, in their order; for what one call cannot do."""
        return [self.request(target, before, after)]

    def turn(self, target: str, request: Request) -> Progress:
        """Whether it is the request's turn: what AWS does one at a time, or what must be there first, is waited for.

        Asked until it is, for as long as `settles_within`; CannotFix or CouldNotLook as with `ready`.
        """
        return Progress(settled=True)

    def ready(self, target: str, request: Request) -> Request:
        """What is sent in a request's place, with what an earlier answer told, which no journal may hold.

        Asked right before; CannotFix or CouldNotLook where what is there by now does not allow it.
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
    """The wishes, if the remedy takes all of them; CannotFix with the nearest name."""
    for name in given:
        if name not in remedy.wishes:
            raise CannotFix(f"--set {name}: {remedy.name()} takes no such value; {nearest(name, remedy.wishes)}")
    return given
