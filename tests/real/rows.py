"""One row of the table: what AWS answers, which check reads it, and what the check must conclude."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from opschecks.core.model import Finding
from tests.canned import examined
from tests.real import said

HEALTHY = ("passed", "not_run")


@dataclass(frozen=True)
class Row:
    """A situation on an ordinary account."""

    check: Callable[..., None]
    """The check function, such as `daily("alarms").test_alarms_can_see`."""
    seen: Callable[[], Mapping[str, Any]]
    """Reads the check's observations from canned answers, by the observation's own function."""
    outcome: str | Mapping[str, str]
    """The outcome of the one resource, or of each resource by name; "nothing" where none is examined."""
    source: str
    """The page of AWS's documentation, or the public report, that says the answer has this shape."""
    says: str = ""
    """A part of the message (of one of the messages, where several resources are examined)."""
    situation: str = ""
    """The row's key in ROWS: what a person would see there, such as "a 5xx alarm at night, without a request"."""

    @property
    def healthy(self) -> bool:
        """Whether the situation is unusual but nobody's fault."""
        outcomes = [self.outcome] if isinstance(self.outcome, str) else list(self.outcome.values())
        return all(one in (*HEALTHY, "nothing") for one in outcomes)

    @property
    def title(self) -> str:
        """The situation and the check, on one line."""
        return said.titled(self.situation, self.check.__name__)

    def hold(self) -> list[Finding]:
        """What the check finds; fails where it concludes anything else than it must."""
        found = examined(self.check, **self.seen())
        outcomes = {one.name: one.outcome.value for one in found}
        if isinstance(self.outcome, str):
            expected = [] if self.outcome == "nothing" else [self.outcome]
            assert list(outcomes.values()) == expected, [(one.name, one.outcome.value, one.message) for one in found]
        else:
            assert outcomes == self.outcome, [(one.name, one.outcome.value, one.message) for one in found]
        assert not self.says or any(self.says in one.message for one in found), [one.message for one in found]
        return found


def rows_by(seen: Callable[..., Any], name: str = "") -> Callable[..., Row]:
    """Makes rows of what `seen` reads: of the check, the outcome, the source, what `seen` takes, and perhaps `says`.

    `seen` gives the observations by name, or the one that has this name.
    """

    def row(
        check: Callable[..., None],
        outcome: str | Mapping[str, str],
        source: str,
        /,
        *told: Any,
        says: str = "",
        **more: Any,
    ) -> Row:
        def look() -> Mapping[str, Any]:
            found: Any = seen(*told, **more)
            return {name: found} if name else found

        return Row(check, look, outcome, source, says)

    return row
