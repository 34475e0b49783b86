"""What was changed: one line for each event, on disk before the next one begins."""

from __future__ import annotations

import hashlib
import itertools
import json
import re
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from ..core import clock
from ..core.change import Change
from ..core.dataclass import dataclass
from ..core.observation import fan_out
from .lock import who
from .storage import Storage, Unreadable

HEAD = "journal-head.json"
"""Names the newest line and its digest, outside the folder of the lines: what a listing leaves out is noticed."""
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
    """The journal is not whole; the message names the line that cannot be read, is missing or was added by hand."""


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
    """The journal of one stack; every line is a text of its own, so that nobody can overwrite another's.

    Each line holds the digest of the one before it, so that a line which was changed, removed or added by hand is
    noticed. `fence` is the number of the lock under which lines are written; a fixer that lost its lock has a lower one
    than the lines after it.
    """

    store: Storage
    fence: Callable[[], int] = field(default=lambda: 0, compare=False)

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
        """Every entry, the oldest first; with `since`, only those begun at or after it, and only they are read.

        JournalError where the journal is not whole: who changes something must know what was changed before.
        """
        lines: dict[str, list[Line]] = {}
        heads: dict[str, Mapping[str, Any]] = {}
        first = f"journal/{since.astimezone(UTC):%Y-%m-%dT%H-%M-%S.%f}" if since else ""
        keys = [key for key in self.store.keys("journal") if _NAME.fullmatch(key)]
        self._require_newest(keys)
        keys = [key for key in keys if key >= first]
        read = dict(zip(keys, fan_out(self._told, keys), strict=True))
        self._require_whole(read, from_the_start=since is None)
        for key, told in read.items():
            try:
                lines.setdefault(told["entry"], []).append(_line(told))
                if told["event"] == BEGUN:
                    heads[told["entry"]] = {**told, "change": Change.from_plain(told["change"])}
            except (ValueError, KeyError, TypeError) as error:
                why = f"not a line of a journal: {type(error).__name__}: {error}"
                raise JournalError(f"{self.store}/{key}: {why}") from None
        return [
            Entry(made, told["change"], told["by"], told["undoes"], tuple(lines[made])) for made, told in heads.items()
        ]

    def _told(self, key: str) -> Mapping[str, Any]:
        """The line as it was written; JournalError where it cannot be read, OSError where the store cannot."""
        try:
            told = json.loads(self.store.read(key) or "{}")
        except Unreadable as error:
            raise JournalError(str(error)) from None
        except ValueError as error:
            raise JournalError(f"{self.store}/{key}: not a line of a journal: {error}") from None
        return told if isinstance(told, dict) else {}

    def _head(self) -> Mapping[str, str]:
        """`line`, the key of the newest line, and its `digest`; empty before the first line."""
        try:
            told = json.loads(self.store.read(HEAD) or "{}")
            return {key: str(told[key]) for key in ("line", "digest")} if told else {}
        except (ValueError, KeyError, TypeError) as error:
            raise JournalError(f"{self.store}/{HEAD}: it is damaged: {type(error).__name__}: {error}") from None

    def _require_newest(self, keys: Sequence[str]) -> None:
        newest = self._head().get("line", "")
        if newest and newest not in keys:
            raise JournalError(
                f"{self.store}: its newest line, {newest}, is not in the listing of the journal: lines are missing. "
                f"If they were deleted on purpose, delete {HEAD} beside the folder as well"
            )

    def _require_whole(self, read: Mapping[str, Mapping[str, Any]], *, from_the_start: bool) -> None:
        """Each line follows from another one: only the oldest may follow from one that is no longer kept.

        Lines of the last release have no digest. Those come before all others, unless somebody wrote them by hand.
        """
        linked = {key: told for key, told in read.items() if "digest" in told}
        digests = {told["digest"] for told in linked.values()}
        first = next(iter(linked), "")
        # a fixer that was killed between its first line and the head leaves two lines that follow from nothing
        begins = set(itertools.takewhile(lambda key: not linked[key].get("previous"), linked))
        loose = [key for key, told in linked.items() if told.get("previous") not in digests and key not in begins]
        wrong = [key for key, told in linked.items() if told["digest"] != digest_of(told)]
        wrong += [key for key in read if key not in linked and key > first != ""]
        wrong += loose[0 if begins else 1 :] if from_the_start else []
        if wrong:
            raise JournalError(
                f"{self.store}/{min(wrong)}: its digest does not follow from the lines before it: it, or one before "
                "it, was changed, added or removed by hand, or written by an older version of opschecks"
            )

    def _write(self, entry: str, event: str, told: Mapping[str, Any], after: datetime | None = None) -> Line:
        """Its name sorts behind that of the line before, also where the machine's clock was set back in between."""
        tick = timedelta(microseconds=1)
        previous = self._head().get("digest", "")
        for _ in range(100):
            at = after = max(clock.now(), after + tick) if after else clock.now()
            line = {"entry": entry, "event": event, "at": at.isoformat(), "lock": self.fence(), "previous": previous}
            line = json.loads(json.dumps({**line, **told}, default=str))
            line["digest"] = digest_of(line)
            name = f"journal/{at:%Y-%m-%dT%H-%M-%S.%f}-{entry}-{event}.json"
            if self.store.create(name, json.dumps(line) + "\n"):
                self.store.replace(HEAD, json.dumps({"line": name, "digest": line["digest"]}))
                return _line(line)
        raise FileExistsError(f"journal of {self.store}: no free name for a line")


def digest_of(told: Mapping[str, Any]) -> str:
    """Of everything in a line or a plan but its own digest; in a line, the digest of the line before it included."""
    said = {key: value for key, value in told.items() if key != "digest"}
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:32]


def _line(told: Mapping[str, Any]) -> Line:
    """A line as it was written down; KeyError or ValueError where it is not one."""
    return Line(datetime.fromisoformat(told["at"]), told["event"], told.get("said", ""), int(told.get("step", 0)))


def since(entries: Iterable[Entry], moment: datetime) -> list[Entry]:
    """The entries begun at or after the moment."""
    return [entry for entry in entries if entry.begun >= moment]
