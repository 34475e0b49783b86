"""Remedies of CloudFront: let the edges forget what they have cached."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

from ..aws.inventory import inventory
from ..observe import CouldNotLook
from ..remedy import CannotMend, Progress, Remedy, Request, Risk, State

if TYPE_CHECKING:
    from ..aws.session import Aws

_LIST = "cloudfront:ListInvalidations"
_GET = "cloudfront:GetInvalidation"


def distribution_of(remedy: Remedy) -> str:
    """The id of the distribution of the remedy's stack; CannotMend where the stack has none, or several."""
    try:
        return inventory(remedy.stack, cast("Aws", remedy.aws)).the_distribution
    except CouldNotLook as error:
        raise CannotMend(str(error)) from None


class DistributionRemedy(Remedy):
    """What changes the stack's distribution, whichever of its pages or behaviors was found wrong."""

    def targets(self, resource: str, evidence: Mapping[str, Any]) -> list[str]:
        """The stack's distribution."""
        return self.all_targets()

    def all_targets(self) -> list[str]:
        """The distribution, where the stack has one."""
        return [distribution_of(self)]

    def normal(self, target: str) -> str:
        """The id of the stack's distribution, of its ARN too."""
        short, own = target.rsplit("/", 1)[-1], self.all_targets()
        if short not in own:
            raise CannotMend(f"{short} is not the distribution of {self.stack.name}, which is {own[0]}")
        return short


class InvalidateCdn(DistributionRemedy):
    """Let the CDN forget everything that it has cached of the dashboard site, so that it fetches it anew."""

    risk = Risk.SAFE
    one_way = True
    runbook = "dashboards"
    settles_within = timedelta(minutes=10)
    allow = ("cloudfront:CreateInvalidation", _LIST, _GET)
    expects = "edges fetch each page from the bucket again; the next requests are slower for a moment"

    def read(self, target: str) -> State:
        """The reference of the newest invalidation."""
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
        """Another one: its reference follows from the one before, so that sending it twice would still be one."""
        mark = hashlib.sha256(f"{self.stack.name} after {now['newest']}".encode()).hexdigest()[:16]
        return {"newest": f"opschecks-{mark}"}

    def request(self, target: str, before: State, after: State) -> Request:
        """Everything: one path with a wildcard counts, and costs, as one."""
        batch = {"Paths": {"Quantity": 1, "Items": ["/*"]}, "CallerReference": after["newest"]}
        return Request("cloudfront", "CreateInvalidation", {"DistributionId": target, "InvalidationBatch": batch})

    def progress(self, target: str, before: State, after: State) -> Progress:
        """Settled when every edge has forgotten."""
        newest = self._newest(target)
        status = str(newest.get("Status", "unknown"))
        own = newest.get("InvalidationBatch", {}).get("CallerReference") == after["newest"]
        return Progress(own and status == "Completed", f"the invalidation is {status if own else 'not listed yet'}")
