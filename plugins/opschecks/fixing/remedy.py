"""What a remedy is: it reads a state, wants another, and has the requests that lead from one to the other."""

from __future__ import annotations

import abc
import inspect
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from ..config.limits import Limits
from ..config.stack import Stack
from ..core.change import CannotFix, Change, Progress, Proof, Request, Risk, Sends, State, Step
from ..core.wording import nearest
from .targets import KINDS, named, owned

if TYPE_CHECKING:
    from ..history.journal import Entry


Runs = Callable[[], Iterable[Mapping[str, Any]]]
Entries = Callable[[], Iterable["Entry"]]

LARGEST = 2**31 - 1
"""What AWS takes for a number, where it does not say less."""
IN_CODE_TOO = "what CDK or CloudFormation defines must be changed there too, or the next deployment undoes it"
"""What to beware of with any setting that infrastructure code may own."""


class BaseRemedy(abc.ABC):
    """What settings and operations have in common; write a remedy as one of those.

    The class's docstring is what it does; `expects` is what users should see of it; `beware` is where else it must
    change. `wishes` are the names that `--set NAME=VALUE` takes, each with what it means.
    """

    kind: ClassVar[str] = ""
    """Such as "tables", one of KINDS; nothing where it names its targets itself."""
    say_which: ClassVar[str] = "say what to change with --target"
    """What is said where a target must be named."""
    risk: ClassVar[Risk] = Risk.SAFE
    allow: ClassVar[Sequence[str]] = ()
    proof: ClassVar[Proof] = Proof.STATE
    one_way: bool = False
    rolls_back: ClassVar[bool] = True
    """Whether it is rolled back automatically where it did not help; not where that could remove capacity."""
    resumes: ClassVar[bool] = False
    """Whether it can go on from a state in between: planned again, only the rest is sent."""
    settles_within: timedelta = timedelta(seconds=30)
    """Asked for each time: it may depend on what was sent."""
    expects: ClassVar[str] = ""
    beware: ClassVar[str] = ""
    runbook: ClassVar[str] = ""
    wishes: ClassVar[Mapping[str, str]] = {}

    def __init__(self, stack: Stack, aws: Sends, runs: Runs = tuple, journal: Entries = tuple) -> None:
        """For what only the past shows: `runs` gives the stack's filed run files as plain data, newest first;
        `journal` its changes, oldest first.
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

    @classmethod
    def all_allow(cls) -> tuple[str, ...]:
        """Its IAM actions, with those that find out which resources of its kind are the stack's."""
        own = KINDS[cls.kind].allow if cls.kind else ()
        return tuple(dict.fromkeys((*cls.allow, *own)))

    def targets(self, resource: str, evidence: Mapping[str, Any]) -> list[str]:
        """What is to be changed where this resource failed: mostly the resource itself, by its name."""
        if self.kind == "distributions":
            return self.all_targets()
        return [KINDS[self.kind].short(resource) if self.kind else resource]

    def normal(self, target: str) -> str:
        """The one form of a target that somebody named; CannotFix where it is not one of the stack's."""
        return named(self.kind, target, self.stack, self.aws) if self.kind else target

    def all_targets(self) -> list[str]:
        """What it can be asked to change by name, without a finding; CannotFix where one must be named."""
        if not self.kind or KINDS[self.kind].owned is None:
            raise CannotFix(self.say_which)
        return owned(self.kind, self.stack, self.aws)

    def shown(self, target: str) -> str:
        """The target as people call it; a target group's ARN has the name in the middle."""
        if ":targetgroup/" in target:
            return target.split("/")[-2]
        return target.rsplit("/", 1)[-1] if target.startswith("arn:") or self.kind == "services" else target

    @abc.abstractmethod
    def read(self, target: str) -> State:
        """The state as it is now."""

    def read_for_plan(self, target: str) -> State:
        """The state that a plan begins with; CannotFix where what surrounds it makes a change unwise now."""
        return self.read(target)

    @abc.abstractmethod
    def want(self, now: State, wish: Mapping[str, str]) -> State:
        """The state that fixes it; CannotFix where there is none, or where it is not this remedy's to decide."""

    def limits_of(self, target: str) -> Limits:
        """The stack's limits, as they hold for the target: `want` then finds them in `self.stack.limits`."""
        return self.stack.limits.named(target, target.removeprefix("service/"), self.shown(target))

    def risk_of(self, before: State, after: State) -> Risk:
        """The risk of going from one state to the other: undoing may be the riskier direction."""
        return self.risk

    def described(self, change: Change) -> Change:
        """The change as the plan shows it, where its risk or its warnings depend on its target and its states."""
        return change

    @abc.abstractmethod
    def steps(self, target: str, before: State, after: State) -> Sequence[Step]:
        """The requests that lead from one state to the other, in their order, in either direction unless one-way."""

    def progress(self, target: str, before: State, after: State) -> Progress:
        """How far it is; a setting is there as soon as it is read back."""
        now = self.read(target)
        return Progress(now == after, "" if now == after else f"reads {json.dumps(now, default=str)}")


_FORMER = ("answered", "asks", "change", "followed_by", "ready", "requests", "turn")
"""What remedies of the last release could have, and only an Operation and its steps have now."""


class Setting(BaseRemedy):
    """A setting that one request changes. Twelve names make one: `read`, `want` and `request` are methods to write.

    Plan, apply, verify and roll back follow from those three. `kind` names the resources it is for, such as "tables":
    then names and ARNs are understood, and only the stack's own are changed. Beyond that, a setting declares what is
    true of it: risk, allow, proof, expects, beware, runbook, wishes, settles_within. Everything else has a default.
    """

    def __init_subclass__(cls, **more: Any) -> None:
        """TypeError where the class has what only an Operation's steps have now, and nothing would call any more."""
        super().__init_subclass__(**more)
        for former in _FORMER:
            if hasattr(cls, former):
                raise TypeError(f"{cls.__name__}.{former}: a Setting is one request; write an opschecks.Operation")

    @abc.abstractmethod
    def request(self, target: str, before: State, after: State) -> Request:
        """The call that leads from one state to the other, in either direction unless it is one-way."""

    def steps(self, target: str, before: State, after: State) -> Sequence[Step]:
        """The one request."""
        return [Step(self.request(target, before, after))]


Remedy = Setting
"""What settings were called when there were no operations."""


class Operation(BaseRemedy):
    """Work of several steps: write `read`, `want` and `steps`. Each step has a line in the journal before it is sent.

    Of more than STEP_LINES steps (history/journal.py), a line stands for a batch of them.
    """

    followed_by: ClassVar[Sequence[type[BaseRemedy]]] = ()
    """Remedies that a change by name is not complete without."""

    def aimed(self, target: str, wish: Mapping[str, str]) -> str:
        """The target, where a wish says more about it; CannotFix where it says too little or something else."""
        return target


def known_remedies() -> dict[str, type[BaseRemedy]]:
    """Every remedy that has been imported, by name."""
    found: dict[str, type[BaseRemedy]] = {}
    todo = list(BaseRemedy.__subclasses__())
    while todo:
        cls = todo.pop()
        todo += cls.__subclasses__()
        if not (cls.__name__.startswith("_") or inspect.isabstract(cls)):
            other = found.setdefault(cls.name(), cls)
            if (other.__module__, other.__qualname__) != (cls.__module__, cls.__qualname__):
                raise TypeError(f"two remedies are called {cls.name()}: {other.__module__}'s and {cls.__module__}'s")
            found[cls.name()] = cls  # a class that a hook makes again at each call is the same one
    return dict(sorted(found.items()))


def checked_wish(remedy: type[BaseRemedy], given: Mapping[str, str]) -> Mapping[str, str]:
    """The wishes, if the remedy takes all of them; CannotFix with the nearest name."""
    for name in given:
        if name not in remedy.wishes:
            raise CannotFix(f"--set {name}: {remedy.name()} takes no such value; {nearest(name, remedy.wishes)}")
    return given


def wished_number(wish: Mapping[str, str], name: str, *, least: int = 0, most: int = LARGEST) -> int:
    """The number of a wish that was given; CannotFix where it is not one, or out of range."""
    # int() takes the digits of every script, and refuses thousands of them with an error of its own
    digits = wish[name] if re.fullmatch("[0-9]{1,18}", wish[name]) else ""
    if not digits or not least <= int(digits) <= most:
        span = f"of at least {least}" if most == LARGEST else f"from {least} to {most:,}"
        raise CannotFix(f"--set {name}={wish[name][:40]}: expected a whole number {span}")
    return int(digits)
