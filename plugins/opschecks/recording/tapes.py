"""The two tapes: one keeps every answer of a run, the other gives them again, offline."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from ..core.observation import CouldNotLook
from .coding import decoded, encoded
from .file import Exchange, Recording, error_as, error_of, key_of
from .metrics import Metrics, is_of_metrics

T = TypeVar("T")
SHOWN = 300
"""How much of a question is shown that the recording lacks."""


class Recorder:
    """Asks the world and keeps question and answer, in the order of the answers. Safe to use from many threads."""

    replays = False

    def __init__(self) -> None:
        self._kept: list[tuple[str, str, Any, Any, dict[str, str] | None]] = []

    def ask(self, kind: str, call: str, question: Mapping[str, Any], make: Callable[[], T]) -> T:
        """As the world answers; a stream is read, so that it can be kept and still be read."""
        try:
            answer: Any = make()
        except CouldNotLook as error:
            self._kept.append((kind, call, question, None, error_as(error)))
            raise
        for key, value in answer.items() if isinstance(answer, dict) else ():
            if hasattr(value, "read"):
                answer[key] = io.BytesIO(value.read())
        kept = dict(answer) if isinstance(answer, dict) else answer
        self._kept.append((kind, call, question, kept, None))
        return answer  # type: ignore[no-any-return] # it is what `make` gave

    def exchanges(self) -> tuple[Exchange, ...]:
        """What was kept so far; encoded now, so that the run itself does not wait for it."""
        return tuple(
            Exchange(kind, call, encoded(question), encoded(answer), error)
            for kind, call, question, answer, error in list(self._kept)
        )


class Replayer:
    """Gives recorded answers: those to the same question in their order, and the last one from then on."""

    replays = True

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self._lock = threading.Lock()
        self._metrics = Metrics(recording.exchanges)
        self._answers: dict[str, list[Exchange]] = {}
        for one in recording.exchanges:
            self._answers.setdefault(key_of(one.kind, one.question), []).append(one)

    def ask(self, kind: str, call: str, question: Mapping[str, Any], make: Callable[[], T]) -> T:
        """As the world answered then; CouldNotLook, naming the question, where it was not asked."""
        told = encoded(question)
        with self._lock:
            left = self._answers.get(key_of(kind, told), [])
            found = (left.pop(0) if len(left) > 1 else left[0]) if left else None
        if found is None and is_of_metrics(kind, told):
            return decoded(self._metrics.answer(told))  # type: ignore[no-any-return] # it is what `make` would give
        if found is None:
            shown = json.dumps(told.get("parameters", {}), ensure_ascii=False) if kind == "aws" else ""
            more = f" {shown[:SHOWN]}" if shown not in ("", "{}") else ""
            raise CouldNotLook("", f"not in the recording: {call}{more}")
        if found.error:
            raise error_of(found.error)
        return decoded(found.answer)  # type: ignore[no-any-return] # it is what `make` gave when it was recorded
