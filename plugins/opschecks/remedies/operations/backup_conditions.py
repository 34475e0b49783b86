"""Whether everything of a stack can be backed up now: asked before the first piece is made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from ...aws.backup_sets import BackupLocation
from ...aws.log_groups import describe_log_groups
from ...aws.session import Aws
from ...core.change import CannotFix
from ...core.observation import NotThere
from ...fixing.remedy import BaseRemedy
from .archive_objects import require_private
from .backup_pieces import Scope
from .restore_points import describe_table

MOST_BYTES = 5 * 2**30
"""What S3 copies in one request."""
_NOT_COPIED = ("GLACIER", "DEEP_ARCHIVE")


def require_possible(remedy: BaseRemedy, place: BackupLocation, scope: Scope) -> None:
    """CannotFix where the bucket is not fit, or where a table or a log group is not there."""
    _require_fit(remedy, place, scope)
    for table in scope.tables:
        found = describe_table(remedy.aws, table)
        if found is None or found.status not in ("ACTIVE", "UPDATING"):
            raise CannotFix(f"the table {table} {f'is {found.status}' if found else 'does not exist'}")
    missing = [one.name for one in describe_log_groups(remedy.aws, scope.groups) if not one.exists]
    if missing:
        raise CannotFix(f"there is no log group {', '.join(missing)}")


def _require_fit(remedy: BaseRemedy, place: BackupLocation, scope: Scope) -> None:
    """The bucket is there, cannot become public, and logs can be exported to it; what it lets in, AWS alone can say."""
    bucket = place.bucket
    if scope.site and bucket == scope.site[0]:
        raise CannotFix(f"{bucket} is the dashboards' own bucket: a backup there would be lost with it; name another")
    try:
        where = remedy.aws.call("s3", "GetBucketLocation", Bucket=bucket).get("LocationConstraint") or "us-east-1"
    except NotThere:
        raise CannotFix(f"there is no bucket {bucket} (backups in stacks.toml)") from None
    require_private(remedy, bucket, "backups")
    here = cast("Aws", remedy.aws).region
    if scope.groups and where not in (here, {"eu-west-1": "EU"}.get(here)):
        raise CannotFix(f"{bucket} is in {where}: logs of {here} can only be exported within it")


def require_copyable(scope: Scope, source: Sequence[Mapping[str, Any]]) -> None:
    """CannotFix where S3 would not copy an object of the site, or where there is none."""
    if scope.site and not source:
        raise CannotFix(f"{scope.dashboard} is empty: there is nothing to back up")
    for one in source:
        key = str(one["Key"])
        if int(one["Size"]) > MOST_BYTES:
            raise CannotFix(f"{key} is larger than 5 GB, which S3 does not copy in one request: copy it by hand")
        if one.get("StorageClass") in _NOT_COPIED:
            raise CannotFix(f"{key} is in {one['StorageClass']}, and must be restored before it can be copied")
