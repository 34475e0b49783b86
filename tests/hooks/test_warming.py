"""Clients that are made in advance: whatever goes wrong there says nothing; the client's first call will."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from opschecks.hooks.identity import FIRST_CALLS, _warm


@pytest.mark.parametrize("error", [RuntimeError("no"), KeyError("region"), ValueError("Invalid endpoint"), OSError(24)])
def test_no_stray_traceback(error: Exception) -> None:
    warmed: list[object] = []

    def broken(services: object) -> None:
        raise error

    stacks = {"broken": SimpleNamespace(warm=broken), "sound": SimpleNamespace(warm=warmed.append)}
    _warm(cast("Any", SimpleNamespace(aws=stacks)), ["broken", "gone", "sound"], FIRST_CALLS)
    assert warmed == [FIRST_CALLS]
