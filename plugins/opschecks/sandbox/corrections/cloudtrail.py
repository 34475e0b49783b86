"""Where moto's CloudTrail is not like AWS's: it keeps no event history."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from moto.backup import urls
from moto.backup.responses import BackupResponse
from moto.cloudtrail.responses import CloudTrailResponse
from moto.core.responses import ActionResult

from ..correction import Kind, replaces


@replaces(CloudTrailResponse, "lookup_events", Kind.MISSING, "awscloudtrail/latest/APIReference/")
def _lookup_events(self: CloudTrailResponse) -> ActionResult:
    """moto remembers no event; the sandbox keeps them in the backend's `history`. AWS pages, newest first."""
    asked = json.loads(self.body)
    known: list[dict[str, Any]] = getattr(self.cloudtrail_backend, "history", [])
    wanted = {one["AttributeKey"]: one["AttributeValue"] for one in asked.get("LookupAttributes", [])}
    begin, end = _moment(asked.get("StartTime", 0)), _moment(asked.get("EndTime", 2**32))
    found = [
        one
        for one in sorted(known, key=lambda one: one["EventTime"], reverse=True)
        if begin <= one["EventTime"] <= end and all(one.get(key) == value for key, value in wanted.items())
    ]
    start, most = int(asked.get("NextToken") or 0), int(asked.get("MaxResults") or 50)
    more = {"NextToken": str(start + most)} if start + most < len(found) else {}
    return ActionResult({"Events": found[start : start + most], **more})


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


@replaces(
    BackupResponse, "list_restore_jobs", Kind.MISSING, "aws-backup/latest/devguide/", path=(urls, "{0}/restore-jobs/?$")
)
def _list_restore_jobs(self: BackupResponse) -> ActionResult:
    """moto remembers no restore job; the sandbox keeps them in the backend's `restore_jobs`."""
    known: list[dict[str, Any]] = getattr(self.backup_backend, "restore_jobs", [])
    kind, state = (unquote(str(self.querystring.get(key, [""])[0])) for key in ("resourceType", "status"))
    return ActionResult(
        {"RestoreJobs": [one for one in known if kind in ("", one["ResourceType"]) and state in ("", one["Status"])]}
    )
