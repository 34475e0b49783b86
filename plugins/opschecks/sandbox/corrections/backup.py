"""Where moto's AWS Backup is not like AWS's: it does not tell which recovery points a resource has."""

from __future__ import annotations

from urllib.parse import unquote

from moto.backup import urls
from moto.backup.responses import BackupResponse
from moto.core.responses import ActionResult

from . import Patch

_PATH = "{0}/resources/(?P<resource_arn>.+)$"


def patches(patch: Patch) -> None:
    """Put AWS Backup right."""
    patch(urls, "url_paths", {**urls.url_paths, _PATH: urls.response.dispatch})
    patch(BackupResponse, "list_recovery_points_by_resource", _list_recovery_points)


def _list_recovery_points(self: BackupResponse) -> ActionResult:
    """What was put on the backend, by the resource's ARN; none of a resource that nobody protects."""
    arn = unquote(self.path.removeprefix("/resources/").removesuffix("/").removesuffix("/recovery-points"))
    known = getattr(self.backup_backend, "recovery_points", {})
    return ActionResult({"RecoveryPoints": known.get(arn, [])})
