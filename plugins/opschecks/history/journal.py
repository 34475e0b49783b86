"""What was changed: one line for each event, on disk before the next one begins."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from ..core import clock
from ..core.change import Change
from ..core.observation import fan_out
from .lock import who
from .storage import Storage

BEGUN, STEP, SENT, REFUSED = "begun", "step", "sent", "refused"
NOT_SENT, UNCLEAR = "not_sent", "unclear"
CURED, NOT_CURED, HANDED_OVER, ROLLED_BACK, ROLL_BACK_FAILED = (
    "cured", "not_cured", "handed_over", "rolled_back", "roll_back_failed",
)  # fmt: skip
_NAME = re.compile(r"journal/[\dT:.-]+-[0-9a-f]{8}-[a-z_]+\.json")
"""The name of a line; other files in that folder are not the journal's."""
STEP_LINES = 50
"""The most lines that the steps of one change take: of more steps, a line stands for a batch of them."""
REST = "run the same command again to finish"
_RESTS = (REST, "the same again makes the rest")
"""How a line ends after which some requests of a change are still to be made; the second is the last release's."""
HAPPENED = frozenset([SENT, CURED, NOT_CURED, HANDED_OVER, ROLLED_BACK, ROLL_BACK_FAILED])
"""Events that prove that the change reached AWS."""


class JournalError(Exception):
    """A line of the journal cannot be read; the message names it."""


@dataclass(frozen=True)
class Line:
    """What happened to an entry, when, and in words. `step` is the number of the step that was about to be sent."""

    at: datetime
    event: str
    said: str
    step: int = 0


@dataclass(frozen=True)
class Entry:
    """One change, with its lines in order. `undoes` is the entry that it undoes or rolls back."""

    id: str
    change: Change
    by: str
    undoes: str
    lines: tuple[Line, ...]

    @property
    def begun(self) -> datetime:
        """When it was begun."""
        return self.lines[0].at

    @property
    def state(self) -> str:
        """Its newest event, but for steps; `begun` alone means that it is not known how much of it was sent."""
        return [line.event for line in self.lines if line.event != STEP][-1]

    @property
    def happened(self) -> bool:
        """Whether the change is known to have reached AWS, and that much of its state is not unclear."""
        made_in_part = self.reached > 1 and self.state != UNCLEAR
        return made_in_part or any(line.event in HAPPENED for line in self.lines)

    @property
    def reached(self) -> int:
        """The number of the last step that was written down, or of the first of its batch: those before were made."""
        return max(line.step for line in self.lines)

    @property
    def left_in_part(self) -> bool:
        """Whether some of its requests were made and others not: the same command again is not a new attempt."""
        return any(line.said.endswith(_RESTS) for line in self.lines)

    @property
    def is_open(self) -> bool:
        """Whether it is not known how it ended: its fixer was killed, or could not read."""
        return self.state in (BEGUN, SENT, NOT_CURED, UNCLEAR)


@dataclass(frozen=True)
class Journal:
    """The journal of one stack; every line is a text of its own, so that nobody can overwrite another's."""

    store: Storage

    def begin(self, change: Change, *, undoes: str = "") -> Entry:
        """Write down what is about to be sent; it is on disk when this returns."""
        made = secrets.token_hex(4)
        told = {"change": change.to_plain(), "by": who(), "undoes": undoes}
        return Entry(made, change, who(), undoes, (self._write(made, BEGUN, told),))

    def add(self, entry: Entry, event: str, said: str = "", *, step: int = 0) -> Entry:
        """Write down what became of it, or which step is about to be sent."""
        told = {"said": said, **({"step": step} if step else {})}
        line = self._write(entry.id, event, told, after=entry.lines[-1].at)
        return replace(entry, lines=(*entry.lines, line))

    def entries(self, *, since: datetime | None = None) -> list[Entry]:
        """Every entry, the oldest first; with `since`, only those begun at or after it, and only they are read."""
        lines: dict[str, list[Line]] = {}
        heads: dict[str, Mapping[str, Any]] = {}
        first = f"journal/{since.astimezone(UTC):%Y-%m-%dT%H-%M-%S.%f}" if since else ""
        keys = [key for key in self.store.keys("journal") if key >= first]
        keys = [key for key in keys if _NAME.fullmatch(key)]
        for key, text in zip(keys, fan_out(self.store.read, keys), strict=True):
            try:
                told = json.loads(text or "{}")
                lines.setdefault(told["entry"], []).append(_line(told))
                if told["event"] == BEGUN:
                    heads[told["entry"]] = {**told, "change": Change.from_plain(told["change"])}
            except (ValueError, KeyError, TypeError) as error:
                why = f"not a line of a journal: {type(error).__name__}: {error}"
                raise JournalError(f"{self.store}/{key}: {why}") from None
        return [
            Entry(made, told["change"], told["by"], told["undoes"], tuple(lines[made])) for made, told in heads.items()
        ]

    def _write(self, entry: str, event: str, told: Mapping[str, Any], after: datetime | None = None) -> Line:
        """Its name sorts behind that of the line before, also where the machine's clock was set back in between."""
        tick = timedelta(microseconds=1)
        for _ in range(100):
            at = after = max(clock.now(), after + tick) if after else clock.now()
            line = {"entry": entry, "event": event, "at": at.isoformat(), **told}
            name = f"journal/{at:%Y-%m-%dT%H-%M-%S.%f}-{entry}-{event}.json"
            if self.store.create(name, json.dumps(line, default=str) + "\n"):
                return _line(line)
        raise FileExistsError(f"journal of {self.store}: no free name for a line")


def _line(told: Mapping[str, Any]) -> Line:
    """A line as it was written down; KeyError or ValueError where it is not one."""
    return Line(datetime.fromisoformat(told["at"]), told["event"], told.get("said", ""), int(told.get("step", 0)))


def since(entries: Iterable[Entry], moment: datetime) -> list[Entry]:
    """The entries begun at or after the moment."""
    return [entry for entry in entries if entry.begun >= moment]
