"""Remedies of a CloudFront distribution's configuration: caching and compression of what lies in a bucket."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from ...aws.cdn_caching import CACHING_DISABLED, CACHING_OPTIMIZED, DEFAULT, MANAGED, behaviors_on_buckets
from ...core.answer import Answer
from ...core.change import CannotFix, Progress, Request, Risk, State
from ...core.observation import CouldNotLook
from ...fixing.remedy import IN_CODE_TOO, Setting

_GET = "cloudfront:GetDistribution"
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class TuneCdn(Setting):
    """Let the CDN compress what it serves from a bucket, and cache it where caching was disabled."""

    kind = "distributions"
    runbook = "cdn-caching"
    settles_within = timedelta(minutes=20)
    allow = ("cloudfront:UpdateDistribution", _GET)
    expects = "files are kept at the edges and come compressed; copies that an edge has already stay as they are"
    beware = (
        f"{IN_CODE_TOO}; "
        "once cached, a page without a Cache-Control of its own stays for a day unless it is invalidated"
    )
    wishes = {"policy": "id of the cache policy in place of CachingDisabled; default: CachingOptimized"}  # noqa: RUF012

    def targets(self, resource: str, evidence: Mapping[str, Any]) -> list[str]:
        """The distribution of the finding."""
        own = self.all_targets()
        name = resource.partition("#")[0].rsplit("/", 1)[-1]
        return [name] if name in own else own

    def _told(self, target: str) -> Answer:
        return self.aws.call("cloudfront", "GetDistribution", Id=target)

    def read(self, target: str) -> State:
        """Compression and cache policy of each behavior that serves from a bucket; an empty policy is an older way."""
        return _state(self._told(target))

    def want(self, now: State, wish: Mapping[str, str]) -> State:
        """Compression on, and the policy wished for in place of CachingDisabled. No other policy is touched."""
        policy = wish.get("policy", CACHING_OPTIMIZED)
        if not _ID.fullmatch(policy) or policy == CACHING_DISABLED:
            raise CannotFix(f"--set policy={policy}: expected the id of a cache policy that caches")
        after = {
            pattern: {
                "Compress": True,
                "CachePolicyId": policy if one["CachePolicyId"] == CACHING_DISABLED else one["CachePolicyId"],
            }
            for pattern, one in now.items()
        }
        if after == now:
            raise CannotFix(
                "compression is on and no behavior has CachingDisabled: what is wrong lies in a cache policy "
                "of another name or in MaxTTL, which a person changes where the distribution is defined"
            )
        return after

    def risk_of(self, before: State, after: State) -> Risk:
        """Caching that begins may show old pages until they are invalidated; users do not notice the rest."""
        begins = any(
            before.get(pattern, {}).get("CachePolicyId") == CACHING_DISABLED
            and one["CachePolicyId"] != CACHING_DISABLED
            for pattern, one in after.items()
        )
        return Risk.DISRUPTIVE if begins else Risk.SAFE

    def request(self, target: str, before: State, after: State) -> Request:
        """The whole configuration as it is now, with what changes; AWS refuses it where another came in between.

        Plan and journal show only what changes: the configuration may hold secrets, in headers for its origins.
        """
        told = self._told(target)
        if _state(told) != before:
            raise CannotFix("its configuration has changed since it was planned")
        config = copy.deepcopy(told["Distribution"]["DistributionConfig"])
        for pattern, one in behaviors_on_buckets(config):
            one["Compress"] = after[pattern]["Compress"]
            if after[pattern]["CachePolicyId"] != before[pattern]["CachePolicyId"]:
                one["CachePolicyId"] = after[pattern]["CachePolicyId"]
        changed = {pattern: one for pattern, one in after.items() if before.get(pattern) != one}
        where = {"Id": target, "IfMatch": told["ETag"]}
        shown = {**where, "changes": changed, "else": "as it is"}
        return Request("cloudfront", "UpdateDistribution", {**where, "DistributionConfig": config}, shown=shown)

    def progress(self, target: str, before: State, after: State) -> Progress:
        told = self._told(target)
        status = str(told["Distribution"]["Status"])
        now = _state(told)
        if now != after:
            return Progress(False, f"it reads {_words(now)}")
        return Progress(status == "Deployed", f"the distribution is {status}")


def _state(told: Mapping[str, Any]) -> dict[str, Any]:
    found = {
        pattern: {"Compress": bool(one.get("Compress", False)), "CachePolicyId": str(one.get("CachePolicyId") or "")}
        for pattern, one in behaviors_on_buckets(told["Distribution"]["DistributionConfig"])
    }
    if not found:
        raise CouldNotLook(_GET, "no cache behavior of the distribution serves from a bucket")
    return found


def _words(state: State) -> str:
    told = []
    for pattern, one in state.items():
        where, identity = "default" if pattern == DEFAULT else pattern, one["CachePolicyId"]
        policy = MANAGED[identity].name if identity in MANAGED else identity or "no policy"
        told.append(f"{where}: Compress {str(one['Compress']).lower()}, {policy}")
    return "; ".join(told)
