"""Remedies of CloudFront: invalidate what the edges have cached."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from ...core.change import Progress, Request, State
from ...fixing.remedy import Setting


class InvalidateCdn(Setting):
    """Invalidate everything that the CDN has cached of the dashboard site."""

    kind = "distributions"
    one_way = True
    runbook = "dashboards"
    settles_within = timedelta(minutes=10)
    allow = ("cloudfront:CreateInvalidation", "cloudfront:ListInvalidations", "cloudfront:GetInvalidation")
    expects = "edges fetch each page from the bucket again; the next requests are slower for a moment"

    def all_targets(self) -> list[str]:
        """The distribution of the dashboards."""
        return super().all_targets()[:1]

    def read(self, target: str) -> State:
        newest = self._newest(target)
        return {"newest": str(newest["InvalidationBatch"]["CallerReference"])} if newest else {"newest": ""}

    def _newest(self, target: str) -> Mapping[str, Any]:
        answer = self.aws.call("cloudfront", "ListInvalidations", DistributionId=target, MaxItems="1")
        items = answer["InvalidationList"].get("Items") or []
        if not items:
            return {}
        told = self.aws.call("cloudfront", "GetInvalidation", DistributionId=target, Id=items[0]["Id"])
        found: Mapping[str, Any] = told["Invalidation"]
        return found

    def want(self, now: State, wish: Mapping[str, str]) -> State:
        """Another invalidation. Its reference is derived from the last one's: sent twice, it is still one."""
        mark = hashlib.sha256(f"{self.stack.name} after {now['newest']}".encode()).hexdigest()[:16]
        return {"newest": f"opschecks-{mark}"}

    def request(self, target: str, before: State, after: State) -> Request:
        """Everything: a path with a wildcard counts and costs as one path."""
        batch = {"Paths": {"Quantity": 1, "Items": ["/*"]}, "CallerReference": after["newest"]}
        return Request("cloudfront", "CreateInvalidation", {"DistributionId": target, "InvalidationBatch": batch})

    def progress(self, target: str, before: State, after: State) -> Progress:
        newest = self._newest(target)
        status = str(newest.get("Status", "unknown"))
        own = newest.get("InvalidationBatch", {}).get("CallerReference") == after["newest"]
        return Progress(own and status == "Completed", f"the invalidation is {status if own else 'not listed yet'}")
