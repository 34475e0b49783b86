"""Where moto's CloudTrail is not like AWS's: it keeps no event history."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from moto.cloudtrail.responses import CloudTrailResponse
from moto.core.responses import ActionResult

from ..correction import Kind, replaces


@replaces(CloudTrailResponse, "lookup_events", Kind.MISSING, "awscloudtrail/latest/APIReference/")
def _lookup_events(self: CloudTrailResponse) -> ActionResult:
    """moto remembers no event; the sandbox keeps them in the backend's `history`. AWS pages, newest first."""
    asked = json.loads(self.body)
    known: list[dict[str, Any]] = getattr(self.cloudtrail_backend, "history", [])
    wanted = {one["AttributeKey"]: one["AttributeValue"] for one in asked.get("LookupAttributes", [])}
    begin = datetime.fromtimestamp(asked.get("StartTime", 0), UTC)
    end = datetime.fromtimestamp(asked.get("EndTime", 2**32), UTC)
    found = [
        one
        for one in sorted(known, key=lambda one: one["EventTime"], reverse=True)
        if begin <= one["EventTime"] <= end and all(one.get(key) == value for key, value in wanted.items())
    ]
    start, most = int(asked.get("NextToken") or 0), int(asked.get("MaxResults") or 50)
    more = {"NextToken": str(start + most)} if start + most < len(found) else {}
    return ActionResult({"Events": found[start : start + most], **more})
