"""A clock that stands: what the product asks for the time where its answers are canned."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from opschecks.core import clock

NOW = datetime(2026, 11, 24, 7, 0, tzinfo=UTC)


def stop(patch: pytest.MonkeyPatch) -> None:
    """It is NOW, until the patch is undone."""
    patch.setattr(clock, "_read", lambda: NOW)
