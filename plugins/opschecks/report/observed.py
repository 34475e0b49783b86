"""What was observed and what was expected of a resource, from what its finding says."""

from __future__ import annotations

import re
from dataclasses import replace

from ..core.dataclass import dataclass
from ..core.model import CheckResult, Finding, Outcome
from .standing import promise

_EXPECTED = re.compile(r"(?:^|, )(?:(limit (?!of ).*)|expected (.*))$")
"""How the sentences of checks say what was expected: "limit 90 %", "expected 200", also at the end of a sentence."""


@dataclass(frozen=True)
class Observed:
    """What was judged, what was expected of it, and what else was seen beside it.

    `limit` is the end of a sentence about it: ", limit 90 %", or empty where nothing but the check's promise is known.
    """

    observed: str
    expected: str
    beside: str = ""
    limit: str = ""

    @property
    def sentence(self) -> str:
        """What was judged with its limit, then what was seen beside it: for who has one line for it."""
        return "; ".join(filter(None, (f"{self.observed}{self.limit}", self.beside)))


def observed(finding: Finding, check: CheckResult) -> Observed:
    """The facts of the finding; where its check named none, its message, divided where it says what was expected.

    What is always expected is what the check is called.
    """
    if finding.outcome is not Outcome.FAILED:
        return Observed(finding.message, "")
    failed = next((fact for fact in finding.facts if fact.failed), None)
    if failed and failed.expected:
        word = "" if failed.expected.startswith("limit ") else "expected "
        return Observed(failed.observed, failed.expected, _beside(finding), f", {word}{failed.expected}")
    told = _divided(failed.observed if failed else finding.message)
    told = replace(told, beside="; ".join(filter(None, (_beside(finding), told.beside))))
    return told if told.expected else replace(told, expected=promise(check.check))


def _beside(finding: Finding) -> str:
    """What was noted besides what the check failed for."""
    return "; ".join(
        f"{fact.observed} (expected: {fact.expected})" if fact.expected else fact.observed
        for fact in finding.facts
        if not fact.failed
    )


def _divided(message: str) -> Observed:
    """The message, where it says what was expected: then without that, and without what it says besides."""
    pieces = message.split("; ")
    for place, piece in enumerate(pieces):
        if found := _EXPECTED.search(piece):
            own, before = piece[: found.start()], pieces[:place]
            if own or before:
                others = [*(before if own else before[:-1]), *pieces[place + 1 :]]
                end = f", {found[0].removeprefix(', ')}"
                return Observed(own or before[-1], found[1] or found[2], "; ".join(others), end)
    return Observed(message, "")
