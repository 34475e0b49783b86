"""Where moto's Application Auto Scaling is not like AWS's: it keeps no activities."""

from __future__ import annotations

import json
from typing import Any

from moto.applicationautoscaling.responses import ApplicationAutoScalingResponse

from ..correction import Kind, replaces

ACTIVITIES_A_PAGE = 50


@replaces(
    ApplicationAutoScalingResponse, "describe_scaling_activities", Kind.MISSING, "autoscaling/application/APIReference/"
)
def _describe_scaling_activities(self: ApplicationAutoScalingResponse) -> str:
    """moto remembers no activity; the sandbox keeps them in the backend's `activities`.

    AWS pages, and lists attempts that did not lead to scaling only if asked for.
    """
    told: list[dict[str, Any]] = getattr(self.applicationautoscaling_backend, "activities", [])
    names = ("ServiceNamespace", "ResourceId", "ScalableDimension")
    wanted = {name: self._get_param(name) for name in names}
    found = [
        one
        for one in sorted(told, key=lambda one: one["StartTime"], reverse=True)
        if all(value in (None, one[name]) for name, value in wanted.items())
        and (self._get_bool_param("IncludeNotScaledActivities") or not one.get("NotScaledReasons"))
    ]
    start = int(self._get_param("NextToken") or 0)
    end = start + (self._get_int_param("MaxResults") or ACTIVITIES_A_PAGE)
    following = {"NextToken": str(end)} if end < len(found) else {}
    return json.dumps({"ScalingActivities": found[start:end], **following})
