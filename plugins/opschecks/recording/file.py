"""The file of a recording: gzip with JSON lines inside – what run it was, each exchange, how the checks ended."""

from __future__ import annotations

import gzip
import json
import os
import re
import secrets
import zlib
from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from pathlib import Path
from typing import Any

from ..core.dataclass import dataclass
from ..core.observation import CouldNotLook, NotThere
from .coding import canonical

FORMAT = 1
"""Readers refuse a newer one, and read every older one."""
_MAGIC = "opschecks recording"
_NEEDED = frozenset(["suite", "started", "partial", "versions", "stacks", "waivers", "expected", "scrubbed"])
_NONCE = re.compile(r"opschecks-[0-9a-f]{8,16}(?![0-9a-f])")
"""What probes make up so that no cache knows it: a path that cannot exist, the name of a client."""
_ERRORS: Mapping[str, type[CouldNotLook]] = {"CouldNotLook": CouldNotLook, "NotThere": NotThere}


class RecordingError(Exception):
    """A file is no recording, or none that this version reads; the message names it and the next step."""


@dataclass(frozen=True)
class Exchange:
    """One question and its answer, as JSON data (coding.py); of an error `kind`, `call`, `reason` and `action`."""

    kind: str
    call: str
    question: Any
    answer: Any = None
    error: Mapping[str, str] | None = None


def key_of(kind: str, question: Any) -> str:
    """What a question is found by: equal for the same one."""
    return f"{kind} {_NONCE.sub('opschecks-*', canonical(question))}"


@dataclass(frozen=True)
class Recording:
    """A recorded run. `about`: suite, started, versions, stacks, waivers, expected, as JSON data.

    `outcomes` are of each check, as {check, stack, outcome}.
    """

    about: Mapping[str, Any]
    exchanges: tuple[Exchange, ...]
    outcomes: tuple[Mapping[str, str], ...] = ()
    scrubbed: bool = False
    path: Path = field(default_factory=Path)

    @property
    def suite(self) -> str:
        """Such as daily."""
        return str(self.about["suite"])

    @property
    def folder(self) -> str:
        """The folder of the suite's checks."""
        return f"checks/{self.suite.replace('-', '/')}"

    @property
    def started(self) -> datetime:
        """When the run began, by its clock."""
        return datetime.fromisoformat(self.about["started"])


def error_as(error: CouldNotLook) -> dict[str, str]:
    """The error as JSON data."""
    kind = "NotThere" if isinstance(error, NotThere) else "CouldNotLook"
    return {"kind": kind, "call": error.call, "reason": error.reason, "action": error.action}


def error_of(told: Mapping[str, str]) -> CouldNotLook:
    """A fresh error, as the recorded run had it."""
    return _ERRORS.get(told["kind"], CouldNotLook)(told["call"], told["reason"], action=told["action"])


def write_recording(path: Path, recording: Recording) -> None:
    """Write the file whole, readable by its owner only; OSError where it cannot be written."""
    head = {_MAGIC: FORMAT, "scrubbed": recording.scrubbed, **recording.about}
    lines = [head, *(_line(one) for one in recording.exchanges), {"ended": list(recording.outcomes)}]
    text = "".join(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n" for line in lines)
    packed = gzip.compress(text.encode("utf-8", "surrogatepass"), compresslevel=6, mtime=0)
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            stream.write(packed)
        fresh.replace(path)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise


def _line(one: Exchange) -> Mapping[str, Any]:
    told = {"kind": one.kind, "call": one.call, "question": one.question}
    return {**told, "error": one.error} if one.error else {**told, "answer": one.answer}


def read_recording(path: Path) -> Recording:
    """Read the file; RecordingError where it is none, was cut, or is of a newer version."""
    try:
        with gzip.open(path, "rt", encoding="utf-8", errors="surrogatepass") as stream:
            head = json.loads(stream.readline())
            version = head.pop(_MAGIC)
            if version > FORMAT:
                raise RecordingError(f"{path}: a recording of a newer opschecks (format {version}); update opschecks")
            lines = [json.loads(line) for line in stream]
        if missing := _NEEDED - head.keys():
            raise RecordingError(f"{path}: a damaged recording: it does not say its {', '.join(sorted(missing))}")
        outcomes = lines.pop()["ended"]
        scrubbed = bool(head.pop("scrubbed"))
        return Recording(head, tuple(Exchange(**line) for line in lines), tuple(outcomes), scrubbed, path)
    except FileNotFoundError:
        raise RecordingError(f"{path}: no such file; pytest checks/daily --record {path} makes one") from None
    except gzip.BadGzipFile:
        raise RecordingError(f"{path}: not a recording; pytest checks/daily --record FILE makes one") from None
    except EOFError:
        raise RecordingError(f"{path}: the recording was cut; copy it again") from None
    except OSError as error:
        raise RecordingError(f"{path}: cannot be read: {error.strerror or error}") from None
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, zlib.error) as error:
        raise RecordingError(f"{path}: not a recording, or a damaged one ({type(error).__name__}: {error})") from None
