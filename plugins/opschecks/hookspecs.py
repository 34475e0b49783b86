"""The hooks that a user's own conftest can fill in."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.hookspec
def pytest_opschecks_before_change(change: Any) -> str | None:
    """Veto a change of a remedy: return the reason, or None to let it be made.

    `change` is an opschecks.remedy.Change: `remedy`, `stack`, `target`, `name`, `before`, `after`, `risk`, …
    Called after its precondition was read, right before it is written into the journal and sent.
    """
