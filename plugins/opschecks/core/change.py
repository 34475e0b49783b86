"""A change as data: its risk, its request, its states, and the possible answers of AWS."""

from __future__ import annotations

import enum
import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, field
from pathlib import Path
from typing import Any, Protocol

from .answer import Answer
from .dataclass import dataclass
from .iam import iam_action
from .model import Ranked

State = Mapping[str, Any]
"""The setting of one resource that a remedy reads and writes, as plain JSON data, compared by equality."""


class Risk(Ranked):
    """The effect of a change on users; only SAFE changes are made without --allow."""

    SAFE = "safe"
    DISRUPTIVE = "disruptive"
    DESTRUCTIVE = "destructive"


class Proof(enum.StrEnum):
    """How a change is shown to have helped."""

    STATE = "state"
    """The same check passes on fresh observations; if not, the change is rolled back."""
    SYMPTOM = "symptom"
    """The written state is there, and data newer than the change shows that it helped; if not, it needs a person."""


class CannotFix(Exception):  # noqa: N818 - the remedy's answer, not a program error
    """The remedy does not apply; the message says why, and what to look at next."""


class AsWanted(CannotFix):
    """The resource is as the remedy would make it."""


class Refused(Exception):  # noqa: N818 - AWS's answer
    """AWS refused the change: nothing was changed."""


class Partly(Exception):  # noqa: N818 - as above
    """AWS made some of the change and refused the rest."""


class Unknown(Exception):  # noqa: N818 - as above
    """The change was sent, and there was no answer: whether it was made can only be read."""


@dataclass(frozen=True)
class Request:
    """One AWS call that changes something.

    `files` are parameters whose value is the content of a file; another parameter must hold its digest (ContentMD5).
    `shown` is what plan and journal show in place of parameters that are long or may hold secrets.
    """

    service: str
    operation: str
    parameters: Mapping[str, Any]
    files: Mapping[str, Path] = field(default_factory=dict)
    shown: Mapping[str, Any] | None = None

    @property
    def call(self) -> str:
        """As the IAM action that allows it."""
        return iam_action(self.service, self.operation)

    @property
    def told(self) -> Mapping[str, Any]:
        """The parameters, as plan and journal show them."""
        return self.parameters if self.shown is None else self.shown


class Sends(Protocol):
    """How a remedy calls AWS: reads as in observations, and `send` for the change."""

    def call(self, service: str, operation: str, /, **parameters: Any) -> Answer:
        """One read."""

    def pages(self, service: str, operation: str, /, **parameters: Any) -> Iterator[Answer]:
        """Every page of a list."""

    def items(self, service: str, operation: str, key: str, /, **parameters: Any) -> list[Any]:
        """Every item of a list."""

    def send(self, service: str, operation: str, /, **parameters: Any) -> Answer:
        """One change, sent at most once."""


@dataclass(frozen=True)
class Progress:
    """Whether a resource has reached the state that was written."""

    settled: bool
    said: str = ""
    gone_wrong: bool = False


@dataclass(frozen=True)
class Step:
    """One request of a change, and what it needs before and after it is sent. `about` names its object in the journal.

    `wait` is asked until it is settled, for at most the remedy's `settles_within`: for what AWS does one at a time.
    `prepare` gives the request as it is sent, with what earlier answers said and no journal may hold; asked right
    before, it raises CannotFix or CouldNotLook where the request is no longer allowed. `judge` gets the request and
    AWS' answer: it raises Refused where nothing was done, Partly where not all was, Unknown where that is not said.
    """

    request: Request
    about: str = ""
    wait: Callable[[], Progress] | None = None
    prepare: Callable[[Request], Request] | None = None
    judge: Callable[[Request, Mapping[str, Any]], None] | None = None


SHOWN_STEPS = 50
"""Of a change of more steps, a plan shows their number by call, and one digest of all."""


def asked(steps: Sequence[Step]) -> tuple[str, Mapping[str, Any]]:
    """The calls' names and parameters, as plan and journal show them."""
    requests = [step.request for step in steps]
    names = ", ".join(dict.fromkeys(one.call for one in requests))
    if len(requests) == 1:
        return names, requests[0].told
    listed = [{"call": one.call, **one.told} for one in requests]
    if len(requests) <= SHOWN_STEPS:
        return names, {"requests": listed}
    digest = hashlib.sha256(json.dumps(listed, sort_keys=True, default=str).encode()).hexdigest()[:16]
    return names, {**Counter(one.call for one in requests), "digest": digest}


DRILLED = "drill"
"""Stands for the finding in changes of drills, which have none; daily limits do not count them."""


@dataclass(frozen=True)
class Change:
    """One planned change of one resource: what, where, from, to, by which call, at which risk."""

    remedy: str
    stack: str
    target: str
    name: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    call: str
    parameters: Mapping[str, Any]
    risk: Risk
    one_way: bool
    expects: str
    beware: str = ""
    check: str = ""
    finding: str = ""
    wish: Mapping[str, str] = field(default_factory=dict)

    def to_plain(self) -> dict[str, Any]:
        """As JSON data."""
        return {**asdict(self), "risk": self.risk.value}

    @staticmethod
    def from_plain(told: Mapping[str, Any]) -> Change:
        """The change from `to_plain`'s data; KeyError, TypeError or ValueError for other data."""
        return Change(**{**told, "risk": Risk(told["risk"])})

    @property
    def differs(self) -> Iterator[str]:
        """`key: before → after` for each key that changes."""
        for key in sorted({*self.before, *self.after}):
            before, after = self.before.get(key), self.after.get(key)
            if before != after:
                yield f"{key}: {_words(before)} → {_words(after)}"


def _words(value: Any) -> str:
    return "nothing" if value in (None, "", [], {}) else value if isinstance(value, str) else json.dumps(value)


_DURATION = re.compile(r"\b\d+ (?:days?|h|min|s)(?: \d+ (?:h|min|s))?\b")
"""As `durations.in_words` writes one, whose units change as it grows."""


def fingerprint(stack: str, check: str, resource: str, message: str) -> str:
    """Identifies the finding of a planned change, without numbers and durations, which differ from minute to minute."""
    steady = re.sub(r"\d+(?:[.,:]\d+)*", "0", _DURATION.sub("0 days", message))
    return hashlib.sha256("\0".join((stack, check, resource, steady)).encode()).hexdigest()[:16]
