"""Where moto's Secrets Manager is not like AWS's: a version is dated to the millisecond, not to the second."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.secretsmanager.models import FakeSecret

from ...core import clock
from ..correction import Kind, extends


@extends(
    FakeSecret,
    "reset_default_version",
    Kind.BUG,
    "5.2.5",
    "secretsmanager/latest/apireference/API_SecretVersionsListEntry.html",
)
def _dated(before: Callable[..., None], self: Any, secret_version: dict[str, Any], version_id: str) -> None:
    """moto dates a version to the second; AWS to the millisecond, so that versions of one second have an order."""
    before(self, {**secret_version, "createdate": round(clock.now().timestamp(), 3)}, version_id)
