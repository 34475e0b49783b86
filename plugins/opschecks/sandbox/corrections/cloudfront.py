"""Where moto's CloudFront is not like AWS's: invalidations and updates take time, and have an effect on the CDN."""

from __future__ import annotations

import uuid
from typing import Any

from moto.cloudfront.models import CloudFrontBackend, Invalidation
from moto.core.exceptions import ServiceException

from ..correction import Before, Kind, Ties, extends, follows, replaces
from ..moto_private import settle_as
from ..moto_server import backend

DOCS = "cloudfront/latest/APIReference/"

LOOKS_TO_FINISH = 1
"""After how many reads an invalidation is finished."""
LOOKS_TO_DEPLOY = 1
"""After how many reads an update is deployed to all edges: on AWS it takes minutes."""
CACHING_DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"


@follows(CloudFrontBackend, "create_invalidation", Kind.BUG, DOCS + "API_InvalidationBatch.html")
def _create(before: Before, ties: Ties, self: Any, dist_id: str, paths: list[str], caller_ref: str) -> Any:
    """moto makes a second invalidation for the same caller reference; its status is COMPLETED, unknown to AWS."""
    for one in self.invalidations.get(dist_id, []):
        if one.caller_ref == caller_ref and one.paths == paths:
            return one
    made = before(self, dist_id, paths, caller_ref)
    made.status, made.looks = "InProgress", LOOKS_TO_FINISH
    ties.forget(paths)
    return made


@replaces(CloudFrontBackend, "list_invalidations", Kind.BUG, DOCS)
def _newest_first(
    self: Any, dist_id: str, marker: str | None = None, max_items: int | None = None
) -> tuple[list[Invalidation], str | None]:
    """moto lists the oldest invalidation first, and does not page."""
    found = list(reversed(self.invalidations.get(dist_id) or []))
    start = next((index + 1 for index, one in enumerate(found) if one.id == marker), 0)
    page = found[start : start + (max_items or 100)]
    return page, page[-1].id if page and start + len(page) < len(found) else None


@extends(CloudFrontBackend, "get_invalidation", Kind.SIMPLER, DOCS + "API_Invalidation.html")
def _getting_on(before: Before, self: Any, dist_id: str, id: str) -> Any:  # noqa: A002 - moto's own name
    """moto completes an invalidation as soon as it is made; here it takes LOOKS_TO_FINISH looks."""
    found = before(self, dist_id, id)
    looks = getattr(found, "looks", 0)
    if found.status == "InProgress" and not getattr(found, "stuck", False):
        found.status, found.looks = ("InProgress", looks - 1) if looks else ("Completed", 0)
    return found


class PreconditionFailed(ServiceException):
    """It was updated in between."""

    code = "PreconditionFailed"
    message = "The request failed because it didn't meet the preconditions in one or more request-header fields."
    status = 412


@extends(CloudFrontBackend, "update_distribution", Kind.BUG, DOCS)
def _update(before: Before, self: Any, dist_config: dict[str, Any], _id: str, if_match: str) -> Any:
    """moto accepts any If-Match, and an update leaves the ETag as it was."""
    known = self.distributions.get(_id)
    if known is not None and if_match and if_match != known.etag:
        raise PreconditionFailed
    made, location, _ = before(self, dist_config, _id, if_match)
    made.etag, made.looks = uuid.uuid4().hex[:14].upper(), LOOKS_TO_DEPLOY
    return made, location, made.etag


@extends(CloudFrontBackend, "get_distribution", Kind.SIMPLER, DOCS)
def _deploying(before: Before, self: Any, distribution_id: str) -> Any:
    """moto deploys an updated distribution when it is next read; here it takes LOOKS_TO_DEPLOY looks."""
    found, etag = before(self, distribution_id)
    looks = vars(found).get("looks", 0)
    found.looks = max(0, looks - 1)
    settle_as(found, "InProgress", "InProgress" if looks else "Deployed")
    return found, etag


def caches() -> bool:
    """Whether the CDN keeps anything: not where the policy disables caching."""
    behavior = _default_behavior()
    return behavior is None or behavior.cache_policy_id != CACHING_DISABLED


def compresses() -> bool:
    """Whether the CDN compresses anything: not where Compress is off."""
    behavior = _default_behavior()
    return behavior is None or behavior.compress in (True, "true", "True")


def _default_behavior() -> Any:
    """That of the account's only distribution, which is the CDN's; None if there is no distribution."""
    distributions = backend("cloudfront", "aws").distributions.values()
    return next((one.distribution_config.DefaultCacheBehavior for one in distributions), None)
