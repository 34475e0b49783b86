"""Observations: functions that read from AWS or the web, and what they need."""

from __future__ import annotations

import importlib
import inspect
import queue
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, MutableMapping, Sequence
from typing import Any, Self, TypeAlias, TypeVar

from .dataclass import dataclass

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")
R = TypeVar("R")

GIVEN = ("stack", "aws", "http", "now", "since", "expected", "filed", "earlier", "tape")
"""What an observation may ask for besides other observations: the stack, its AWS, the web, the time of the look;
`since`: a moment before which it must not look, when a change is verified by newer data;
`expected`: what was deployed (--expect-revision and similar options); `filed(suite)`: the stack's filed run files of a
suite as plain data, newest first; `earlier`: what the same observation saw in an earlier round of a bake that goes on,
else None. `tape`: what every question to the world passes that is neither AWS's nor HTTP (core/tape.py)."""


class Registry(MutableMapping[str, "Observation"]):
    """Observations by name. `modules` says where further ones are declared: each is imported when it is asked for."""

    def __init__(self) -> None:
        self.modules: dict[str, str] = {}
        self.imported: dict[str, Observation] = {}

    def __getitem__(self, name: str) -> Observation:
        if name not in self.imported:
            importlib.import_module(self.modules[name])
        return self.imported[name]

    def __setitem__(self, name: str, declared: Observation) -> None:
        self.imported[name] = declared

    def __delitem__(self, name: str) -> None:
        del self.imported[name]

    def __contains__(self, name: object) -> bool:
        return name in self.imported or name in self.modules

    def __iter__(self) -> Iterator[str]:
        return iter({**self.modules, **self.imported})

    def __len__(self) -> int:
        return len({**self.modules, **self.imported})


REGISTRY = Registry()

WITHOUT = "; if this does not apply, set without = "
"""Stands between why a check could not look and what to list in stacks.toml: a key, or checks."""


class CouldNotLook(Exception):  # noqa: N818 - the design's word for it; not an error of the program
    """The world did not answer in a way that allows a verdict.

    `call` is what was asked (`ecs:DescribeServices`, `GET https://…`), `reason` what came back,
    `action` the IAM action to add where access was denied.
    """

    def __init__(self, call: str, reason: str, *, action: str = "", chain: tuple[str, ...] = ()) -> None:
        super().__init__(call, reason)
        self.call = call
        self.reason = reason
        self.action = action
        self.chain = chain

    def __str__(self) -> str:
        return self.cause + self._needed_for

    @property
    def _needed_for(self) -> str:
        return f" (needed for {', '.join(self.chain)})" if self.chain else ""

    @property
    def is_final(self) -> bool:
        """Whether no later look can answer otherwise, unless somebody acts: then nobody needs to wait for one."""
        return bool(self.action)

    @property
    def cause(self) -> str:
        """What went wrong and what to do about it, whoever needed the answer."""
        advice = f" – allow {self.action}" if self.action else ""
        return f"{self.call}: {self.reason}{advice}" if self.call else f"{self.reason}{advice}"

    def again(self, needed_for: str = "") -> Self:
        """A fresh exception of the same content, for another reader; `needed_for` names the observation that is."""
        chain = (*self.chain, needed_for) if needed_for else self.chain
        return type(self)(self.call, self.reason, action=self.action, chain=chain)


class NotThere(CouldNotLook):
    """The world answered that the thing asked for does not exist."""


class Unanswerable(CouldNotLook):
    """What an answer needs was not given, and does not come by waiting: an option, or an earlier run."""

    is_final = True


class NotConfigured(Unanswerable):
    """The stack names no such thing, and may have none: then `without` of stacks.toml is to list one of its `keys`.

    `keys` are those of stacks.toml that would name it; without any, the check itself is to be listed.
    """

    keys: tuple[str, ...] = ()

    def for_check(self, check: str) -> str:
        """The text for a check of that name, with what to write where it does not apply."""
        return f'{self.cause}{WITHOUT}["{next(iter(self.keys), check)}"]{self._needed_for}'

    def again(self, needed_for: str = "") -> Self:
        """A fresh exception of the same content, with its keys."""
        made = super().again(needed_for)
        made.keys = self.keys
        return made


def names_no(stack: str, what: str, keys: str) -> NotConfigured:
    """Of a stack that names no such thing; `keys` of stacks.toml are what would name it, such as "a.b or c"."""
    error = NotConfigured("", f"stack {stack} names no {what}: set {keys} in stacks.toml")
    error.keys = tuple(one.partition(".")[0] for one in keys.split() if one not in ("or", "and"))
    return error


class NotApplicable(Unanswerable):
    """The world answered that this account or stack has no such thing: checks of it are not applicable, not blind."""


class NeverComes(AssertionError):  # noqa: N818 - what a check concludes, not an error of the program
    """A check may raise it in place of an assert: it failed, and no later look can find it good.

    A bake ends when some looks in a row say so, with the text of this error.
    """

    is_final = True


Later: TypeAlias = "Callable[[], T | CouldNotLook]"
"""What an observation gets for a need in its `later`: called, it waits for the value, or for why there is none."""


class WrongAccount(Exception):  # noqa: N818 - a misuse, decided by the first answer of AWS
    """The credentials belong to another account than the stack's: nothing may be read with them."""


@dataclass(frozen=True)
class Observation:
    """An observation: its function, the observations it needs (`needs`), its IAM actions (`allow`).

    If an observation in `soft` failed, its CouldNotLook is passed in place of its value, so that one denied call does
    not blind what does not depend on it. One in `later` is passed as a function (`Later`): it is made when that is
    called, unless a check of the run takes it anyway, and is soft, too. `lasting`: what it sees does not go away by
    itself, as alarms do not; where the run before saw some, seeing none is not believed.
    """

    name: str
    function: Callable[..., Any]
    allow: tuple[str, ...]
    parameters: tuple[str, ...]
    needs: tuple[str, ...]
    soft: frozenset[str]
    lasting: bool = False
    later: frozenset[str] = frozenset()

    @property
    def what(self) -> str:
        """The first sentence of its docstring."""
        return (self.function.__doc__ or "").strip().partition("\n")[0]


def observation(
    *, allow: Sequence[str] = (), soft: Sequence[str] = (), later: Sequence[str] = (), lasting: bool = False
) -> Callable[[F], F]:
    """Declare a function an observation: checks take its value as a fixture of the same name.

    `allow` lists the IAM actions it uses. Its parameters are `stack`, `aws`, `http`, `now` and other
    observations by name. `later` is for what a healthy stack does not need, such as the causes of a failure. Where a
    verdict depends on it, it must be unknown without it: what is asked for so late may have no time left.
    `lasting` is for a list of resources that stay until somebody deletes them.
    """

    def declare(function: F) -> F:
        name = function.__name__
        if inspect.isgeneratorfunction(function) or inspect.iscoroutinefunction(function):
            raise TypeError(f"observation {name}: expected a plain function that returns what it saw")
        parameters = tuple(inspect.signature(function).parameters)
        needs = tuple(parameter for parameter in parameters if parameter not in GIVEN)
        for word, given in {"soft": soft, "later": later}.items():
            if unknown := set(given) - set(needs):
                raise TypeError(f"observation {name}: {word} has {sorted(unknown)}, which is not a parameter")
        before, shipped = REGISTRY.imported.get(name), REGISTRY.modules.get(name, function.__module__)
        if shipped != function.__module__:
            raise TypeError(f"observation {name} is declared twice: in {shipped} too")
        if before and before.function.__code__.co_filename != function.__code__.co_filename:
            raise TypeError(f"observation {name} is declared twice: in {before.function.__module__} too")
        weak = frozenset([*soft, *later])
        REGISTRY[name] = Observation(name, function, tuple(allow), parameters, needs, weak, lasting, frozenset(later))
        return function

    return declare


def closure(names: Iterable[str], *, later: bool = True) -> list[Observation]:
    """The named observations and all that they need, in order; KeyError for an unknown one.

    Without `later`, what is only asked for when it is called for is left out.
    """
    found: dict[str, Observation] = {}

    def add(name: str, path: tuple[str, ...]) -> None:
        if name in path:
            raise TypeError("observations need each other: " + " needs ".join((*path, name)))
        if name not in found:
            wanted = REGISTRY[name]
            for need in wanted.needs:
                if later or need not in wanted.later:
                    add(need, (*path, name))
            found[name] = wanted

    for name in sorted(names):
        add(name, ())
    return list(found.values())


def required(names: Iterable[str], but: Collection[str] = ()) -> set[str]:
    """The observations without which these fail, without `but`; not those that they take as far as they are known."""
    found: set[str] = set()
    left = list(names)
    while left:
        if (name := left.pop()) in REGISTRY and name not in found and name not in but:
            found.add(name)
            left += [need for need in REGISTRY[name].needs if need not in REGISTRY[name].soft]
    return found


def batches(items: Sequence[T], size: int) -> list[list[T]]:
    """The items in their order, `size` in each list but the last."""
    return [list(items[start : start + size]) for start in range(0, len(items), size)]


def fan_out(function: Callable[[T], R], items: Iterable[T], *, at_once: int = 16) -> list[R]:
    """`[function(item) for item in items]`, at most `at_once` of them at the same time.

    For calls that AWS only offers per resource. The first exception is raised when all have ended: a list that lacks
    an element would be wrong. Daemon threads, so that Ctrl-C does not wait for a call.
    """
    todo: queue.SimpleQueue[tuple[int, T]] = queue.SimpleQueue()
    for numbered in enumerate(items):
        todo.put(numbered)
    total = todo.qsize()
    answers: dict[int, R] = {}
    errors: dict[int, BaseException] = {}

    def work() -> None:
        while True:
            try:
                index, item = todo.get_nowait()
            except queue.Empty:
                return
            try:
                answers[index] = function(item)
            except BaseException as error:  # noqa: BLE001 - raised below, in the caller's thread
                errors[index] = error

    threads = [threading.Thread(target=work, daemon=True) for _ in range(min(at_once, total) - 1)]
    for thread in threads:
        thread.start()
    work()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[min(errors)]
    return [answers[index] for index in range(total)]


def seen(value: T | CouldNotLook) -> T:
    """The value of a soft observation; raises its CouldNotLook if it failed."""
    if isinstance(value, CouldNotLook):
        raise value.again()
    return value
