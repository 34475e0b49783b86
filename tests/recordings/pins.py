"""The file of verdicts: what each check concludes of each recording, one line a check."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from pathlib import Path

from opschecks.recording.file import Recording, read_recording
from tests.recordings.by_hand import EDITS, edited
from tests.recordings.making import MADE
from tests.recordings.morning import Concluded, replayed, words

VERDICTS = Path(__file__).with_name("verdicts.toml")
_HEAD = """\
# What each check concludes of each recording: its outcome, how many resources it examined, those that are not good.
# `python -m tests.recordings pin` writes this file; a change of it is a change of what users are told.
"""


def names() -> list[str]:
    """Every recording, such as `moto-broken.daily`; those that are written by hand come last."""
    return [*sorted(one.stem for one in MADE.glob("*.rec")), *EDITS]


@functools.cache
def recording(name: str) -> Recording:
    """The recording of that name."""
    return edited(name) if name in EDITS else read_recording(MADE / f"{name}.rec")


def told(concluded: Mapping[str, Concluded]) -> dict[str, str]:
    """The lines of a recording."""
    return {one: words(concluded[one]) for one in sorted(concluded)}


def pinned() -> dict[str, dict[str, str]]:
    """What the file says."""
    found: dict[str, dict[str, str]] = tomllib.loads(VERDICTS.read_text(encoding="utf-8"))
    return found


def pin() -> None:
    """Write the file again."""
    parts = [_HEAD]
    for name in names():
        lines = told(replayed(recording(name)))
        parts += [f'["{name}"]', *(f"{check} = {_quoted(verdict)}" for check, verdict in lines.items()), ""]
    VERDICTS.write_text("\n".join(parts), encoding="utf-8")


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
