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


SINCE = "A test that was written after the sample kills it."
SPEED = "Only how long a start takes changes."
RUNS = "Only tests that start processes, or send changes, reach it; they were not run."
UNSEEN = "It tells another version of botocore apart, and no test has one of that form."

REASONS: tuple[Reason, ...] = (
    Reason(AWS + "botocore_private.py", "_hooks", UNSEEN, "`and` → `or`"),
    Reason(AWS + "bounds.py", "Bounds.__init__", SINCE, "`*` → `/`"),
    Reason(AWS + "occasional.py", "", RUNS, "`True` → `False`"),
    Reason(
        AWS + "service_models.py",
        "share_models",
        SPEED,
        "without `session.lazy_register_component('data_loader', loader)`",
    ),
    Reason(AWS + "shared_classes.py", "_handlers", SPEED, "without `make_classes_once()`"),
    Reason(AWS + "shared_classes.py", "_parsers.Lists._handle_list", SINCE, "`one is None` → `False`"),
    Reason(
        AWS + "shared_classes.py",
        "_parsers.Parsers.create_parser",
        SINCE,
        "`isinstance(parser, BaseJSONParser)` → `True`",
    ),
)
