"""What became of remedies for a failed check, told once for all resources with the same result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...core.dataclass import dataclass
from ...core.model import CheckResult
from ...core.run import Run
from ..amounts import named
from ..commands import plan_command, suite_command
from ..notes import LONGEST_NAME, brief

NAMED = 3
SHOWN = 6
"""Results that a card tells one by one; the others are counted."""
_TONES = {"fixed": "good", "done": "good", "planned": "warn", "roll-back failed": "bad"}


Fix = tuple[str, str, str, tuple[str, ...]]
"""One result of one remedy: its word and tone, what is said of it, and the commands that undo it, for those named."""


@dataclass(frozen=True)
class Fixes:
    """What was tried; `left` says how many results are not told. `command` comes next, `words` say what it does."""

    told: tuple[Fix, ...]
    left: str
    words: str
    command: str


def fixes_of(run: Run, check: CheckResult) -> Fixes:
    """What the run tried for the check, and the command that comes next."""
    made = [one for one in run.changes if (one["stack"], one["check"]) == (check.stack, check.check)]
    groups: dict[tuple[str, str, str, str], list[Mapping[str, Any]]] = {}
    for one in made:
        differs = "; ".join(map(str, one["differs"])) if one["result"] == "planned" else ""
        told_already = differs in str(one["said"])
        key = (one["result"], one["remedy"], str(one["said"]), "" if told_already else differs)
        groups.setdefault(key, []).append(one)
    told = tuple(_fix(key, of) for key, of in groups.items())
    words, command = "", ""
    if any(one["result"] == "planned" for one in made):
        words, command = "Make exactly these changes:", plan_command(run, check.stack)
    elif not made and check.remedy:
        words = f"{check.remedy} can fix this. Preview (changes nothing):"
        command = f"{suite_command(run)} --stack {check.stack} --fix=plan"
    left = len(told) - SHOWN
    return Fixes(told[:SHOWN], f"{left} more results are in the run file." if left > 0 else "", words, command)


def _fix(key: tuple[str, str, str, str], of: Sequence[Mapping[str, Any]]) -> Fix:
    result, remedy, said, differs = key
    every = [str(one["name"]) for one in of]
    names = named([*(brief(name, LONGEST_NAME) for name in every[:NAMED]), *every[NAMED:]], NAMED)
    details = ": ".join(filter(None, (f"{remedy} on {names}", said, differs)))
    undo = [one["undo"] for one in of[:NAMED] if one["undo"] and one["undo"] != "one-way"]
    return result, _TONES.get(result, "warn"), details, tuple(undo)
