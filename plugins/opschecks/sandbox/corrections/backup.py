"""Where moto's AWS Backup is not like AWS's: it lists neither the recovery points of a resource nor restore jobs."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from moto.backup import urls
from moto.backup.responses import BackupResponse
from moto.core.responses import ActionResult

from ..correction import Kind, replaces

DOCS = "aws-backup/latest/devguide/"
POINTS, JOBS = "{0}/resources/(?P<resource_arn>.+)$", "{0}/restore-jobs/?$"


@replaces(BackupResponse, "list_recovery_points_by_resource", Kind.MISSING, DOCS, path=(urls, POINTS))
def _list_recovery_points(self: BackupResponse) -> ActionResult:
    """moto's resources have no recovery points; the sandbox keeps them in the backend's `recovery_points`, by ARN."""
    arn = unquote(self.path.removeprefix("/resources/").removesuffix("/").removesuffix("/recovery-points"))
    known = getattr(self.backup_backend, "recovery_points", {})
    return ActionResult({"RecoveryPoints": known.get(arn, [])})


@replaces(BackupResponse, "list_restore_jobs", Kind.MISSING, DOCS, path=(urls, JOBS))
def _list_restore_jobs(self: BackupResponse) -> ActionResult:
    """moto remembers no restore job; the sandbox keeps them in the backend's `restore_jobs`."""
    known: list[dict[str, Any]] = getattr(self.backup_backend, "restore_jobs", [])
    kind, state = (unquote(str(self.querystring.get(key, [""])[0])) for key in ("resourceType", "status"))
    return ActionResult(
        {"RestoreJobs": [one for one in known if kind in ("", one["ResourceType"]) and state in ("", one["Status"])]}
    )
