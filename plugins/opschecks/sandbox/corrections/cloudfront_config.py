"""Where moto's distributions are not like AWS's: versions, deployments that take time, and an effect on the CDN."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from moto.cloudfront.models import CloudFrontBackend, cloudfront_backends
from moto.core.exceptions import ServiceException

from ..correction import Kind, extends
from ..moto_private import settle_as

DOCS = "cloudfront/latest/APIReference/"

LOOKS_TO_DEPLOY = 1
"""After how many reads an update is deployed to all edges: on AWS it takes minutes."""
CACHING_DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"


class PreconditionFailed(ServiceException):
    """It was updated in between."""

    code = "PreconditionFailed"
    message = "The request failed because it didn't meet the preconditions in one or more request-header fields."
    status = 412


@extends(CloudFrontBackend, "update_distribution", Kind.BUG, DOCS)
def _update(before: Callable[..., Any], self: Any, dist_config: dict[str, Any], _id: str, if_match: str) -> Any:
    """moto accepts any If-Match, and an update leaves the ETag as it was."""
    known = self.distributions.get(_id)
    if known is not None and if_match and if_match != known.etag:
        raise PreconditionFailed
    made, location, _ = before(self, dist_config, _id, if_match)
    made.etag, made.looks = uuid.uuid4().hex[:14].upper(), LOOKS_TO_DEPLOY
    return made, location, made.etag


@extends(CloudFrontBackend, "get_distribution", Kind.SIMPLER, DOCS)
def _getting_on(before: Callable[..., Any], self: Any, distribution_id: str) -> Any:
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
    for account in cloudfront_backends.values():
        for backend in account.values():
            for distribution in backend.distributions.values():
                config: Any = distribution.distribution_config
                return config.DefaultCacheBehavior
    return None
