"""What looks wrong in the table and is right: each with its reason."""

from __future__ import annotations

from collections.abc import Mapping

SAID_OTHERWISE: Mapping[tuple[str, str], str] = {}
"""By observation and call: a text that a blind finding has in place of the call's name."""


def is_said_otherwise(observation: str, call: str, told: str) -> bool:
    """Whether the finding says what could not be read in other words than the name of the call."""
    text = SAID_OTHERWISE.get((observation, call))
    return text is not None and text in told


NOT_SURVIVED: Mapping[tuple[str, str, str], str] = {
    ("full_backups", "s3:GetObject", "reset after headers once"): (
        "a streamed body is read after botocore's retries: the object is not read, and blind"
    ),
}
"""By observation, call and kind: what a single failure of an attempt blinds, although the next would succeed."""
