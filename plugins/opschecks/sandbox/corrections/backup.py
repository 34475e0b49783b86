"""Where moto's AWS Backup is not like AWS's: it does not list the recovery points of a resource."""

from __future__ import annotations

from urllib.parse import unquote

from moto.backup import urls
from moto.backup.responses import BackupResponse
from moto.core.responses import ActionResult

from ..correction import Kind, replaces


@replaces(
    BackupResponse,
    "list_recovery_points_by_resource",
    Kind.MISSING,
    "aws-backup/latest/devguide/API_ListRecoveryPointsByResource.html",
    path=(urls, "{0}/resources/(?P<resource_arn>.+)$"),
)
def _list_recovery_points(self: BackupResponse) -> ActionResult:
    """moto's resources have no recovery points; the sandbox keeps them in the backend's `recovery_points`, by ARN."""
    arn = unquote(self.path.removeprefix("/resources/").removesuffix("/").removesuffix("/recovery-points"))
    known = getattr(self.backup_backend, "recovery_points", {})
    return ActionResult({"RecoveryPoints": known.get(arn, [])})
