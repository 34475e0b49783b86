"""The observations of one stack in one run: each is made once, all that are ready at the same time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from .observation import GIVEN, CouldNotLook, Observation


@dataclass
class Observed:
    """What one observation came to. `done` is set when value or error is there."""

    observation: Observation
    done: threading.Event = field(default_factory=threading.Event)
    value: Any = None
    error: BaseException | None = None
    calls: list[str] = field(default_factory=list)
    started: float = 0.0
    duration_s: float = 0.0


class Gathering:
    """The observations of one stack in one run: each is made once, all that are ready at the same time.

    `given(calls)` makes what an observation may ask for, with the list into which its AWS calls go. `now` is the moment
    (aware UTC) of all of them, and of the checks that judge what they saw.
    """

    def __init__(
        self,
        observations: Sequence[Observation],
        given: Callable[[list[str]], Mapping[str, Any]],
        *,
        now: datetime,
        timeout_s: float,
    ) -> None:
        self.now = now
        self.results = {wanted.name: Observed(wanted) for wanted in observations}
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

    def _run(self, result: Observed) -> None:
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

    def _arguments(self, result: Observed) -> dict[str, Any]:
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
