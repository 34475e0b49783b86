"""Where moto's Secrets Manager is not like AWS's: a version is dated to the millisecond, not to the second."""

from __future__ import annotations

import time
from typing import Any

from moto.secretsmanager.models import FakeSecret

from ..correction import Before, Kind, extends


@extends(
    FakeSecret, "reset_default_version", Kind.BUG, "secretsmanager/latest/apireference/API_SecretVersionsListEntry.html"
)
def _dated(before: Before, self: Any, secret_version: dict[str, Any], version_id: str) -> None:
    """moto dates a version to the second; AWS to the millisecond, so that versions of one second have an order."""
    # moto's own clock, which its other dates are read from
    before(self, {**secret_version, "createdate": round(time.time(), 3)}, version_id)  # noqa: TID251 - as above
