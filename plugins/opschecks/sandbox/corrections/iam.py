"""Where moto's IAM is not like AWS's: the credential report has root in it, and dates of today."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from typing import Any

from moto.core.responses import ActionResult
from moto.iam.models import AccessKey, User
from moto.iam.responses import IamResponse

from . import Patch

COLUMNS = (
    "user", "arn", "user_creation_time", "password_enabled", "password_last_used", "password_last_changed",
    "password_next_rotation", "mfa_active",
    *(f"access_key_{slot}_{of}" for slot in (1, 2)
      for of in ("active", "last_rotated", "last_used_date", "last_used_region", "last_used_service")),
    "cert_1_active", "cert_1_last_rotated", "cert_2_active", "cert_2_last_rotated",
)  # fmt: skip
BEGUN = datetime(2024, 3, 1, tzinfo=UTC)
"""When the account was opened."""


def patches(patch: Patch) -> None:
    """Put IAM right."""
    patch(IamResponse, "get_credential_report", _get_credential_report)


def _get_credential_report(self: IamResponse) -> ActionResult:
    """Root first, then a row for each user; text that is no value as AWS puts it."""
    self.backend.get_credential_report()  # refuses where none was asked for
    written = io.StringIO()
    table = csv.DictWriter(written, COLUMNS, lineterminator="\n")
    table.writeheader()
    changed: dict[str, str] = getattr(self.backend, "root", {})
    table.writerow({**_root(self.current_account), **changed})
    table.writerows(_row(user) for user in self.backend.users.values())
    return ActionResult(
        {"Content": written.getvalue().rstrip("\n"), "ReportFormat": "text/csv", "GeneratedTime": datetime.now(UTC)}
    )


def _root(account: str) -> dict[str, str]:
    return {
        **_common("<root_account>", f"arn:aws:iam::{account}:root", BEGUN),
        "password_enabled": "not_supported",
        "password_last_used": "no_information",
        "password_last_changed": "not_supported",
        "password_next_rotation": "not_supported",
        "mfa_active": "true",
    }


def _common(name: str, arn: str, made: datetime) -> dict[str, str]:
    none = {
        f"access_key_{slot}_{of}": "false" if of == "active" else "N/A"
        for slot in (1, 2)
        for of in ("active", "last_rotated", "last_used_date", "last_used_region", "last_used_service")
    }
    certificates = {f"cert_{slot}_active": "false" for slot in (1, 2)}
    return {
        "user": name,
        "arn": arn,
        "user_creation_time": _time(made),
        **none,
        **certificates,
        **{f"cert_{slot}_last_rotated": "N/A" for slot in (1, 2)},
    }


def _row(user: User) -> dict[str, str]:
    used: Any = user.password_last_used
    row = {
        **_common(user.name, user.arn, user.create_date),
        "password_enabled": "true" if user.password else "false",
        "password_last_used": (_time(used) if used else "no_information") if user.password else "N/A",
        "password_last_changed": _time(user.create_date) if user.password else "N/A",
        "password_next_rotation": "N/A",
        "mfa_active": "true" if user.mfa_devices else "false",
    }
    for slot, key in enumerate(user.access_keys, 1):
        row |= {f"access_key_{slot}_{of}": value for of, value in _key(key).items()}
    return row


def _key(key: AccessKey) -> dict[str, str]:
    if key.status != "Active":
        return {"active": "false"}
    used: Any = key.last_used
    return {
        "active": "true",
        "last_rotated": _time(key.create_date),
        "last_used_date": _time(used.timestamp) if used else "N/A",
        "last_used_region": used.region if used else "N/A",
        "last_used_service": used.service if used else "N/A",
    }


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}+00:00"
