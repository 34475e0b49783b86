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
    moto="5.2.5",
    wrong="a version is dated to the second",
    aws="https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_SecretVersionsListEntry.html",
)
def _dated(before: Callable[..., None]) -> Callable[..., None]:
    def reset_default_version(self: Any, secret_version: dict[str, Any], version_id: str) -> None:
        """What happens within one second has an order."""
        before(self, {**secret_version, "createdate": round(clock.now().timestamp(), 3)}, version_id)

    return reset_default_version
