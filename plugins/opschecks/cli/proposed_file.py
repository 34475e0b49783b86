"""The text of a proposed stacks.toml: each key with why, and what checks will not find with why."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from ..core.dataclass import dataclass

WIDTH = 120
LONG = 200
"""A line that is longer is written as several, where it is a list."""


@dataclass(frozen=True)
class Line:
    """A key with its value, and why; a line that is only said where `value` is None."""

    key: str
    value: Any
    why: str

    def __str__(self) -> str:
        if self.value is None:
            return f"# {self.why}"
        why = f"  # {self.why}" if self.why else ""
        line = f"{self.key} = {_toml(self.value)}{why}"
        if len(line) <= LONG or not isinstance(self.value, list):
            return line
        inner = textwrap.fill(
            ", ".join(map(_toml, self.value)) + ",", WIDTH, initial_indent="    ", subsequent_indent="    ",
            break_long_words=False, break_on_hyphens=False,
        )  # fmt: skip
        return f"{self.key} = [{why}\n{inner}\n]"


def _toml(value: Any) -> str:
    """A value on one line."""
    if isinstance(value, Mapping):
        return f"{{ {', '.join(f'{_quoted(key)} = {_toml(one)}' for key, one in value.items())} }}"
    return json.dumps(value, ensure_ascii=False)


@dataclass(frozen=True)
class Proposal:
    """A stack's table: its lines, in order. `without`: what it does not have, each with why."""

    name: str
    lines: Sequence[Line]
    shared: Sequence[Line] = ()
    """What it has in common with the other stacks: how their account is reached."""
    without: Mapping[str, str] | None = None
    limits: Sequence[Line] = ()
    """Limits as its resources are now, where that is not the default."""

    @property
    def table(self) -> dict[str, Any]:
        """As stacks.toml would be read, but for `without` and `limits`."""
        told: dict[str, Any] = {}
        for line in (*self.shared, *self.lines):
            if line.value is not None:
                key, _, inner = line.key.partition(".")
                told[key] = {**told.get(key, {}), inner: line.value} if inner else line.value
        return told


def text_of(proposals: Sequence[Proposal], said: Sequence[str]) -> str:
    """The file; what several stacks have in common is in `[defaults]`. `said` is told as comments at its end."""
    first, several = proposals[0], len(proposals) > 1
    lines = [f"default = {json.dumps(first.name)}"]
    shared = _common(proposals) if several else {}
    if several:
        lines += ["", "[defaults]", *map(str, first.shared), *_lacking("defaults", shared)]
    for one in proposals:
        place = f"stacks.{_quoted(one.name)}"
        lines += ["", f"[{place}]", *map(str, one.lines if several else (*one.shared, *one.lines))]
        lines += ["", f"[{place}.limits]", *map(str, one.limits)] if one.limits else []
        lines += _lacking(place, {key: why for key, why in (one.without or {}).items() if key not in shared})
    return "\n".join([*lines, *(f"# {' '.join(one.split())}" for one in said)]) + "\n"


def _common(proposals: Sequence[Proposal]) -> dict[str, str]:
    """What none of the stacks has, for the same reason."""
    first, *others = [one.without or {} for one in proposals]
    return {key: why for key, why in first.items() if all(other.get(key) == why for other in others)}


def _lacking(place: str, without: Mapping[str, str]) -> list[str]:
    told = [f"{key} = {json.dumps(why, ensure_ascii=False)}" for key, why in without.items()]
    return ["", f"[{place}.without]", *told] if told else []


def _quoted(name: str) -> str:
    return name if re.fullmatch(r"[\w-]+", name) else json.dumps(name)
