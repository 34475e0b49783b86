"""Where moto's IAM is not like AWS's: the credential report contains root, and tasks use their keys."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from typing import Any

from moto.core.responses import ActionResult
from moto.ecs.models import ecs_backends
from moto.iam.models import AccessKey, AccessKeyLastUsed, IAMBackend, User
from moto.iam.responses import IamResponse

from ...core import clock
from ..correction import Before, Kind, extends, replaces

COLUMNS = (
    "user", "arn", "user_creation_time", "password_enabled", "password_last_used", "password_last_changed",
    "password_next_rotation", "mfa_active",
    *(f"access_key_{slot}_{of}" for slot in (1, 2)
      for of in ("active", "last_rotated", "last_used_date", "last_used_region", "last_used_service")),
    "cert_1_active", "cert_1_last_rotated", "cert_2_active", "cert_2_last_rotated",
)  # fmt: skip
NOTHING = {column: "false" if column.endswith("_active") else "N/A" for column in COLUMNS}
"""A row without password, second factor, keys and certificates."""
BEGUN = datetime(2024, 3, 1, tzinfo=UTC)
"""When the account was opened."""


@extends(IAMBackend, "get_access_key_last_used", Kind.STATE)
def _used_by_tasks(before: Before, self: Any, access_key_id: str) -> Any:
    """moto runs no tasks that would use a key; here tasks use the key in the secret that they read when they start."""
    told = before(self, access_key_id)
    key = self.access_keys.get(access_key_id)
    started = _read_by_tasks(self.account_id, access_key_id) if key and key.status == "Active" else None
    if started and (key.last_used is None or key.last_used.timestamp < started):
        key.last_used = AccessKeyLastUsed(started, "dynamodb", "us-west-2")
        told = {**told, "last_used": key.last_used}
    return told


def _read_by_tasks(account: str, key_id: str) -> datetime | None:
    """When the newest tasks that read this key from a secret were started; None if there are none."""
    from moto.secretsmanager.models import secretsmanager_backends  # only the weekly sandbox has secrets

    found = []
    for region, secrets in secretsmanager_backends[account].items():
        for secret in secrets.secrets.values():
            version: Any = secret.versions.get(secret.default_version_id or "") or {}
            if key_id not in (version.get("secret_string") or ""):
                continue
            stored = datetime.fromtimestamp(version["createdate"], UTC)
            for service in ecs_backends[account][region].services.values():
                newest: Any = service.deployments[0] if service.deployments else {}
                if newest.get("rolloutState") == "COMPLETED" and newest["createdAt"] > stored:
                    found.append(newest["updatedAt"].astimezone(UTC).replace(tzinfo=None))
    return max(found, default=None)


@replaces(IamResponse, "get_credential_report", Kind.BUG, "IAM/latest/UserGuide/id_credentials_getting-report.html")
def _get_credential_report(self: IamResponse) -> ActionResult:
    """moto's report has no row for root, and lacks region and service of the last use of keys."""
    self.backend.get_credential_report()  # refuses if no report was generated
    written = io.StringIO()
    table = csv.DictWriter(written, COLUMNS, lineterminator="\n")
    table.writeheader()
    changed: dict[str, str] = getattr(self.backend, "root", {})
    table.writerow({**_root(self.partition, self.current_account), **changed})
    table.writerows(_row(user) for user in self.backend.users.values())
    return ActionResult(
        {"Content": written.getvalue().rstrip("\n"), "ReportFormat": "text/csv", "GeneratedTime": clock.now()}
    )


def _root(partition: str, account: str) -> dict[str, str]:
    return {
        **NOTHING,
        "user": "<root_account>",
        "arn": f"arn:{partition}:iam::{account}:root",
        "user_creation_time": _time(BEGUN),
        "password_enabled": "not_supported",
        "password_last_used": "no_information",
        "password_last_changed": "not_supported",
        "password_next_rotation": "not_supported",
        "mfa_active": "true",
    }


def _row(user: User) -> dict[str, str]:
    used: Any = user.password_last_used
    row = {
        **NOTHING,
        "user": user.name,
        "arn": user.arn,
        "user_creation_time": _time(user.create_date),
        "password_enabled": "true" if user.password else "false",
        "password_last_used": (_time(used) if used else "no_information") if user.password else "N/A",
        "password_last_changed": _time(user.create_date) if user.password else "N/A",
        "mfa_active": "true" if user.mfa_devices else "false",
    }
    for slot, key in enumerate(user.access_keys, 1):
        if key.status == "Active":
            row |= {f"access_key_{slot}_{of}": value for of, value in _active(key).items()}
    return row


def _active(key: AccessKey) -> dict[str, str]:
    told, used = {"active": "true", "last_rotated": _time(key.create_date)}, key.last_used
    if used:
        told |= {"last_used_date": _time(used.timestamp), "last_used_region": used.region}
        told["last_used_service"] = used.service
    return told


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}+00:00"
