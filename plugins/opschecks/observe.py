"""What an observation is, and how many of them are gathered at once."""

from __future__ import annotations

import inspect
import queue
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")
R = TypeVar("R")

GIVEN = ("stack", "aws", "http", "now", "since", "expected", "filed")
"""What an observation may ask for besides other observations: the stack, its AWS, the web, the time of the look;
`since`: a moment before which it must not look back, where a change is to be judged by what came after it;
`expected`: what a deployment was to bring (--expect-revision and its like); `filed(suite)`: the stack's filed run
files of a suite as plain data, the newest first."""

REGISTRY: dict[str, Observation] = {}


class CouldNotLook(Exception):  # noqa: N818 - the design's word for it; it is no error of the program
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
        return self.cause + (f" (needed for {', '.join(self.chain)})" if self.chain else "")

    @property
    def cause(self) -> str:
        """What went wrong and what to do about it, whoever needed the answer."""
        advice = f" – allow {self.action}" if self.action else ""
        return f"{self.call}: {self.reason}{advice}" if self.call else f"{self.reason}{advice}"

    def again(self, needed_for: str = "") -> CouldNotLook:
        """A fresh exception of the same content, for another reader; `needed_for` names the observation that is."""
        chain = (*self.chain, needed_for) if needed_for else self.chain
        return type(self)(self.call, self.reason, action=self.action, chain=chain)


class NotThere(CouldNotLook):
    """The world answered that the thing asked for does not exist."""


class WrongAccount(Exception):  # noqa: N818 - a misuse, decided by the first answer of AWS
    """The credentials belong to another account than the stack's: nothing may be read with them."""


@dataclass(frozen=True)
class Observation:
    """A function that looks, and what it needs: other observations (`needs`), IAM actions (`allow`).

    Those in `soft` are passed as a CouldNotLook instead of their value when they failed, so that
    one denied call does not blind what does not depend on it.
    """

    name: str
    function: Callable[..., Any]
    allow: tuple[str, ...]
    parameters: tuple[str, ...]
    needs: tuple[str, ...]
    soft: frozenset[str]

    @property
    def what(self) -> str:
        """The first sentence of its docstring."""
        return (self.function.__doc__ or "").strip().partition("\n")[0]


def observation(*, allow: Sequence[str] = (), soft: Sequence[str] = ()) -> Callable[[F], F]:
    """Declare a function an observation: checks take its value as a fixture of the same name.

    `allow` lists the IAM actions it uses. Its parameters are `stack`, `aws`, `http`, `now` and other
    observations by name.
    """

    def declare(function: F) -> F:
        name = function.__name__
        if inspect.isgeneratorfunction(function) or inspect.iscoroutinefunction(function):
            raise TypeError(f"observation {name}: a plain function that returns what it saw is wanted")
        parameters = tuple(inspect.signature(function).parameters)
        needs = tuple(parameter for parameter in parameters if parameter not in GIVEN)
        if unknown := set(soft) - set(needs):
            raise TypeError(f"observation {name}: soft names {sorted(unknown)}, which is no parameter")
        before = REGISTRY.get(name)
        if before and before.function.__module__ != function.__module__:
            raise TypeError(f"observation {name} is declared twice: in {before.function.__module__} too")
        REGISTRY[name] = Observation(name, function, tuple(allow), parameters, needs, frozenset(soft))
        return function

    return declare


def closure(names: Iterable[str]) -> list[Observation]:
    """The named observations and all that they need; KeyError for an unknown one, CouldNotLook never."""
    found: dict[str, Observation] = {}

    def add(name: str, path: tuple[str, ...]) -> None:
        if name in path:
            raise TypeError("observations need each other: " + " needs ".join((*path, name)))
        if name not in found:
            wanted = REGISTRY[name]
            for need in wanted.needs:
                add(need, (*path, name))
            found[name] = wanted

    for name in sorted(names):
        add(name, ())
    return list(found.values())


@dataclass
class Result:
    """What one observation came to. `done` is set when value or error is there."""

    observation: Observation
    done: threading.Event = field(default_factory=threading.Event)
    value: Any = None
    error: BaseException | None = None
    calls: list[str] = field(default_factory=list)
    started: float = 0.0
    duration_s: float = 0.0


class Store:
    """The observations of one stack in one run: each is made once, all that are ready at the same time.

    `given(calls)` makes what an observation may ask for, with the list into which its AWS calls go.
    """

    def __init__(
        self,
        observations: Sequence[Observation],
        given: Callable[[list[str]], Mapping[str, Any]],
        *,
        timeout_s: float,
    ) -> None:
        self.results = {wanted.name: Result(wanted) for wanted in observations}
        self._given = given
        self._deadline = time.monotonic() + timeout_s
        self._timeout_s = timeout_s
        self._lock = threading.Lock()
        self._waiting = {wanted.name: set(wanted.needs) for wanted in observations}

    def start(self) -> None:
        """Begin: every observation runs in a daemon thread as soon as what it needs is there."""
        self._launch([name for name, needs in self._waiting.items() if not needs])

    def value(self, name: str) -> Any:
        """The observation's value, waiting for it; raises a fresh CouldNotLook where there is none.

        A list is a copy: what one check takes out of it, the next one still sees.
        """
        result = self.results[name]
        if not result.done.wait(max(0.0, self._deadline - time.monotonic())):
            under_way = result.calls[-1] if result.calls else name
            raise CouldNotLook(under_way, f"no answer within {self._timeout_s:g} s (limit gather_timeout_s)")
        if isinstance(result.error, CouldNotLook):
            raise result.error.again()
        if result.error is not None:
            # whatever went wrong while looking, nothing was seen: it must not read as a check's own failure
            raise CouldNotLook(name, f"{type(result.error).__name__}: {result.error}") from result.error
        return list(result.value) if isinstance(result.value, list) else result.value

    def wait(self, name: str, seconds: float) -> bool:
        """Wait for the observation; False when it is still under way after that time, and more is left for it."""
        if self.results[name].done.wait(min(seconds, max(0.0, self._deadline - time.monotonic()))):
            return True
        return time.monotonic() >= self._deadline

    def pending(self) -> list[str]:
        """The observations without an answer yet, with the last call of each that has begun."""
        return [
            f"{name} ({result.calls[-1]})" if result.calls else name
            for name, result in self.results.items()
            if not result.done.is_set()
        ]

    def _launch(self, names: Sequence[str]) -> None:
        for name in names:
            threading.Thread(target=self._run, args=(self.results[name],), name=name, daemon=True).start()

    def _run(self, result: Result) -> None:
        result.started = time.monotonic()
        try:
            result.value = result.observation.function(**self._arguments(result))
        except BaseException as error:  # noqa: BLE001 - kept, and raised again in every check that asks for it
            result.error = error
        result.duration_s = time.monotonic() - result.started
        result.done.set()
        with self._lock:
            ready = []
            for name, needs in self._waiting.items():
                if result.observation.name in needs:
                    needs.discard(result.observation.name)
                    if not needs:
                        ready.append(name)
        self._launch(ready)

    def _arguments(self, result: Result) -> dict[str, Any]:
        given = self._given(result.calls)
        arguments: dict[str, Any] = {}
        for parameter in result.observation.parameters:
            if parameter in GIVEN:
                arguments[parameter] = given[parameter]
                continue
            needed = self.results[parameter]
            if needed.error is None:
                arguments[parameter] = needed.value
            elif parameter in result.observation.soft and isinstance(needed.error, CouldNotLook):
                arguments[parameter] = needed.error
            elif isinstance(needed.error, CouldNotLook):
                raise needed.error.again(result.observation.name)
            else:
                raise CouldNotLook(parameter, f"{type(needed.error).__name__}: {needed.error}")
        return arguments


def fan_out(function: Callable[[T], R], items: Iterable[T], *, at_once: int = 16) -> list[R]:
    """`[function(item) for item in items]`, at most `at_once` of them at the same time.

    For what AWS answers only per resource. The first exception is raised when all have ended: a list
    that lacks an element would be a false answer. Daemon threads, so that Ctrl-C never waits for a call.
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
    """A soft observation's value; raises its CouldNotLook where it has none."""
    if isinstance(value, CouldNotLook):
        raise value.again()
    return value
