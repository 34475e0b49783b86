"""Runs the observations of one stack: each once, concurrently, as soon as what it needs is there."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import field
from datetime import datetime
from functools import partial
from typing import Any

from .dataclass import dataclass
from .observation import GIVEN, CouldNotLook, Observation


@dataclass
class Observed:
    """The result of one observation. `done` is set when value or error is set."""

    observation: Observation
    done: threading.Event = field(default_factory=threading.Event)
    value: Any = None
    error: BaseException | None = None
    calls: list[str] = field(default_factory=list)
    started: float = 0.0
    duration_s: float = 0.0

    def taken(self, needed_for: str = "") -> Any:
        """The value, once `done`; a fresh CouldNotLook if there is none. `needed_for`: the observation that asks."""
        if isinstance(self.error, CouldNotLook):
            raise self.error.again(needed_for)
        if self.error is not None:
            # nothing was seen, whatever went wrong: it must not count as a failure of the check
            raise CouldNotLook(self.observation.name, f"{type(self.error).__name__}: {self.error}") from self.error
        return self.value


@dataclass(frozen=True)
class Earlier:
    """What one round of looks takes over from the round before it.

    `kept`: results that need not be asked for again, by name; `values`: what an observation that is asked again saw
    then, for one that takes `earlier`.
    """

    kept: Mapping[str, Observed] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)


NOTHING_EARLIER = Earlier()


class Gathering:
    """The observations of one stack in one run: each is made once, all that are ready at the same time.

    `results` has those that are made: `wanted` and what they need at once, and what one of them asked for later
    (core/observation.py); all, without `wanted`. `given(calls)` makes the arguments other than observations; the names
    of AWS calls are appended to `calls`. `now` is the moment (aware UTC) of the run, for observations and checks.
    `earlier` is what an earlier round saw. `require` is called with each observation's value, and raises CouldNotLook
    for one that is not to be believed.
    """

    def __init__(
        self,
        observations: Sequence[Observation],
        given: Callable[[list[str]], Mapping[str, Any]],
        *,
        now: datetime,
        timeout_s: float,
        wanted: Collection[str] | None = None,
        earlier: Earlier = NOTHING_EARLIER,
        require: Callable[[Observation, Any], None] = lambda observation, value: None,
    ) -> None:
        self.now = now
        self._require = require
        self._known = {one.name: one for one in observations}
        self._chains = _chains(observations)
        self._kept = earlier.kept
        self._earlier = earlier.values
        self._given = given
        self._deadline = time.monotonic() + timeout_s
        self._timeout_s = timeout_s
        self._lock = threading.Lock()
        self._waiting: dict[str, set[str]] = {}
        self.results: dict[str, Observed] = {}
        self._ready = self._add(self._known if wanted is None else wanted)

    def start(self) -> None:
        """Start; each observation runs in a daemon thread as soon as what it needs is there."""
        self._launch(self._ready)

    def _add(self, names: Collection[str]) -> list[str]:
        """Take the named observations and all that they need at once into `results`; those that may start."""
        new = [one for one in self._needed(names) if one.name not in self.results]
        # not changed in place: other threads may be going through it
        self.results = {**self.results, **{one.name: self._kept.get(one.name) or Observed(one) for one in new}}
        ready = []
        for one in new:
            if one.name not in self._kept:
                needs = {need for need in _at_once(one) if not self.results[need].done.is_set()}
                if needs:
                    self._waiting[one.name] = needs
                else:
                    ready.append(one.name)
        return ready

    def _needed(self, names: Collection[str]) -> list[Observation]:
        """These observations and what they need at once, in the order in which they were given."""
        found, left = set(), list(names)
        while left:
            if (name := left.pop()) not in found:
                found.add(name)
                left += _at_once(self._known[name])
        return [one for name, one in self._known.items() if name in found]

    def prolong(self) -> None:
        """Count the time limit from now: a call had to wait for its turn, and was not slow to be answered."""
        self._deadline = max(self._deadline, time.monotonic() + self._timeout_s)

    def value(self, name: str) -> Any:
        """Wait for the observation and return its value; raises a fresh CouldNotLook if it failed.

        A list is copied, so that no check changes what another one sees.
        """
        result = self.results[name]
        while not result.done.wait(max(0.0, self._deadline - time.monotonic())):
            if time.monotonic() < self._deadline:
                continue  # it was prolonged meanwhile
            raise CouldNotLook(self.under_way(name), f"no answer within {self._timeout_s:g} s (limit gather_timeout_s)")
        value = result.taken()
        return list(value) if isinstance(value, list) else value

    def wait(self, name: str, seconds: float) -> bool:
        """Wait that long for the observation; False if it has not ended and its time limit is not reached."""
        if self.results[name].done.wait(min(seconds, max(0.0, self._deadline - time.monotonic()))):
            return True
        return time.monotonic() >= self._deadline

    def under_way(self, name: str) -> str:
        """The last AWS call of the observation; its name where it has made none."""
        calls = self.results[name].calls
        return calls[-1] if calls else name

    def pending(self) -> list[str]:
        """The observations that have not ended, each with its last call."""
        return [
            f"{name} ({result.calls[-1]})" if result.calls else name
            for name, result in self.results.items()
            if not result.done.is_set()
        ]

    def _launch(self, names: Sequence[str]) -> None:
        for name in sorted(names, key=self._chains.__getitem__, reverse=True):
            threading.Thread(target=self._run, args=(self.results[name],), name=name, daemon=True).start()

    def _run(self, result: Observed) -> None:
        result.started = time.monotonic()
        try:
            result.value = result.observation.function(**self._arguments(result))
            self._require(result.observation, result.value)
        except BaseException as error:  # noqa: BLE001 - kept, and raised again in every check that asks for it
            result.error = _bare(error) if isinstance(error, CouldNotLook) else error
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

    def _arguments(self, result: Observed) -> dict[str, Any]:
        name, soft = result.observation.name, result.observation.soft
        given = {**self._given(result.calls), "earlier": self._earlier.get(name)}
        arguments: dict[str, Any] = {}
        for parameter in result.observation.parameters:
            if parameter in GIVEN:
                arguments[parameter] = given[parameter]
            elif parameter in result.observation.later:
                arguments[parameter] = partial(self._asked_later, parameter)
            else:
                needed = self.results[parameter]
                is_blind = parameter in soft and isinstance(needed.error, CouldNotLook)
                arguments[parameter] = needed.error if is_blind else needed.taken(name)
        return arguments

    def _asked_later(self, name: str) -> Any:
        """Make the observation unless it is made already; its value, or its CouldNotLook.

        It may take half of the time that is left: what asks has something to say without it. Any other error is raised
        as CouldNotLook: whoever asks is blind, too.
        """
        with self._lock:
            ready = [] if name in self.results else self._add([name])
        self._launch(ready)
        result, began = self.results[name], time.monotonic()
        while not result.done.wait(max(0.0, (began + self._deadline) / 2 - time.monotonic())):
            if time.monotonic() >= (began + self._deadline) / 2:
                return CouldNotLook(self.under_way(name), "no answer in time")
        return result.error.again() if isinstance(result.error, CouldNotLook) else result.taken()


def _chains(observations: Sequence[Observation]) -> dict[str, int]:
    """Of each, how many others wait for it one after another, at most: the longest chain is begun first."""
    found = {one.name: 0 for one in observations}
    for one in reversed(observations):  # each comes after what it needs
        for need in _at_once(one):
            found[need] = max(found[need], found[one.name] + 1)
    return found


def _at_once(one: Observation) -> list[str]:
    return [need for need in one.needs if need not in one.later]


def _bare(error: CouldNotLook) -> CouldNotLook:
    """The error without the frames it came through, which hold all that was read: readers get a fresh one each."""
    error.__context__ = error.__cause__ = None
    return error.with_traceback(None)
