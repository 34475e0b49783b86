"""What looks wrong in the table and is right: each with its reason."""

from __future__ import annotations

from collections.abc import Mapping

SAID_OTHERWISE: Mapping[tuple[str, str], str] = {}
"""By observation and call: a text that a blind finding has in place of the call's name."""


def is_said_otherwise(observation: str, call: str, told: str) -> bool:
    """Whether the finding says what could not be read in other words than the name of the call."""
    text = SAID_OTHERWISE.get((observation, call))
    return text is not None and text in told
