"""Why some mutants of the recorded sample are left: of each, one reason."""

from __future__ import annotations

from dataclasses import dataclass

AWS = "plugins/opschecks/aws/"


@dataclass(frozen=True)
class Reason:
    """Of the mutants of one function: those with this change, or all of it where none is named.

    `same`: they are the same program, by whatever a test could see. Of the others a test is still to be written, or
    what they change is not judged.
    """

    file: str
    within: str
    why: str
    change: str = ""
    same: bool = False

    def covers(self, file: str, within: str, change: str) -> bool:
        """Whether it is about this mutant."""
        return (self.file, self.within) == (file, within) and self.change in ("", change)


SPEED = "Only how long it takes changes."
SINCE = "A test that was written after the sample kills it."
UNSEEN = "It tells another version of botocore apart, and no test has one of that form."

REASONS: tuple[Reason, ...] = (
    Reason(AWS + "botocore_private.py", "_hooks", UNSEEN, "`and` → `or`"),
    Reason(AWS + "shared_classes.py", "moment", SPEED, "`type(value) in _ONE_MOMENT` → `False`"),
)
