"""What was changed, written down before and after: one line a step, on disk before the next one begins."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ..core import clock
from ..core.change import Change
from ..core.observation import fan_out
from .lock import who
from .storage import Storage

BEGUN, SENT, REFUSED = "begun", "sent", "refused"
NOT_SENT, UNCLEAR = "not_sent", "unclear"
CURED, NOT_CURED, HANDED_OVER, ROLLED_BACK, ROLL_BACK_FAILED = (
    "cured", "not_cured", "handed_over", "rolled_back", "roll_back_failed",
)  # fmt: skip
_NAME = re.compile(r"journal/[\dT:.-]+-[0-9a-f]{8}-[a-z_]+\.json")
"""What a step is called; anything else that lies there is none of ours."""
REST = "the same again makes the rest"
"""How a step ends that tells of a change of several requests of which some were made."""
HAPPENED = frozenset([SENT, CURED, NOT_CURED, HANDED_OVER, ROLLED_BACK, ROLL_BACK_FAILED])
"""Steps that prove that the change reached AWS."""


class JournalError(Exception):
    """A step in the journal cannot be read; the message names it."""


@dataclass(frozen=True)
class Step:
    """One line: what happened to an entry, when, and in which words."""

    at: datetime
    event: str
    said: str


@dataclass(frozen=True)
class Entry:
    """One change, with its steps in order. `undoes` is the entry that it takes back."""

    id: str
    change: Change
    by: str
    undoes: str
    steps: tuple[Step, ...]

    @property
    def begun(self) -> datetime:
        """When it was begun."""
        return self.steps[0].at

    @property
    def state(self) -> str:
        """Its newest step; `begun` alone means that nobody knows yet whether it was sent."""
        return self.steps[-1].event

    @property
    def happened(self) -> bool:
        """Whether the change is known to have reached AWS."""
        return any(step.event in HAPPENED for step in self.steps)

    @property
    def left_in_part(self) -> bool:
        """Whether some of its requests were made and others not: the same again is no new attempt, but its end."""
        return any(step.said.endswith(REST) for step in self.steps)

    @property
    def is_open(self) -> bool:
        """Whether nobody has said how it ended: its fixer was killed, or could not read."""
        return self.state in (BEGUN, SENT, NOT_CURED, UNCLEAR)


@dataclass(frozen=True)
class Journal:
    """The journal of one stack; every step is a text of its own, so that nobody can overwrite another's."""

    store: Storage

    def begin(self, change: Change, *, undoes: str = "") -> Entry:
        """Write down what is about to be sent; it is on disk when this returns."""
        made = secrets.token_hex(4)
        told = {"change": change.to_plain(), "by": who(), "undoes": undoes}
        step = self._write(made, BEGUN, told)
        return Entry(made, change, who(), undoes, (step,))

    def add(self, entry: Entry, event: str, said: str = "") -> Entry:
        """Write down what became of it."""
        step = self._write(entry.id, event, {"said": said})
        return Entry(entry.id, entry.change, entry.by, entry.undoes, (*entry.steps, step))

    def entries(self, *, since: datetime | None = None) -> list[Entry]:
        """Every entry, the oldest first; with `since`, those begun at or after it, of which alone is read."""
        steps: dict[str, list[Step]] = {}
        heads: dict[str, Mapping[str, Any]] = {}
        first = f"journal/{since.astimezone(UTC):%Y-%m-%dT%H-%M-%S.%f}" if since else ""
        keys = [key for key in self.store.keys("journal") if key >= first]
        keys = [key for key in keys if _NAME.fullmatch(key)]
        for key, text in zip(keys, fan_out(self.store.read, keys), strict=True):
            try:
                told = json.loads(text or "{}")
                steps.setdefault(told["entry"], []).append(
                    Step(datetime.fromisoformat(told["at"]), told["event"], told.get("said", ""))
                )
                if told["event"] == BEGUN:
                    heads[told["entry"]] = {**told, "change": Change.from_plain(told["change"])}
            except (ValueError, KeyError, TypeError) as error:
                raise JournalError(
                    f"{self.store}/{key}: no step of a journal: {type(error).__name__}: {error}"
                ) from None
        return [
            Entry(made, told["change"], told["by"], told["undoes"], tuple(steps[made])) for made, told in heads.items()
        ]

    def _write(self, entry: str, event: str, told: Mapping[str, Any]) -> Step:
        for _ in range(100):
            at = clock.now()
            text = json.dumps({"entry": entry, "event": event, "at": at.isoformat(), **told}, default=str)
            if self.store.create(f"journal/{at:%Y-%m-%dT%H-%M-%S.%f}-{entry}-{event}.json", text + "\n"):
                return Step(at, event, str(told.get("said", "")))
        raise FileExistsError(f"journal of {self.store}: no free name for a step")


def since(entries: Iterable[Entry], moment: datetime) -> list[Entry]:
    """The entries begun at or after the moment."""
    return [entry for entry in entries if entry.begun >= moment]
