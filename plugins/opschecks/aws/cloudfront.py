"""CloudFront: the distribution that serves the dashboards, its bucket and its invalidations."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..core.dataclass import dataclass
from ..core.model import Resource
from ..core.observation import CouldNotLook, observation, seen
from .evidence import Read, equals, utc
from .inventory import Inventory
from .session import Aws
from .unread import Unread, each_alone

_BUCKET = re.compile(
    r"(?P<bucket>.+)\.s3(?:-website)?(?:[.-](?:dualstack\.)?[a-z0-9-]+)?\.amazonaws\.(?:com(?:\.cn)?|eu)"
)
INVALIDATIONS_KEPT = 20


def items_of(told: Mapping[str, Any], call: str = "cloudfront:GetDistribution") -> list[Any]:
    """The Items of a list in a configuration, which AWS leaves out where there are none; Quantity is always there.

    Source: Quantity of API_Origins, API_CacheBehaviors, API_OriginGroups, API_CustomErrorResponses: required, the
    number of items.
    """
    quantity = int(told["Quantity"])
    items: list[Any] = told["Items"] if quantity else []
    if len(items) != quantity:
        raise CouldNotLook(call, f"the Quantity of a list is {quantity}, and it has {len(items)}")
    return items


def bucket_of(config: dict[str, Any]) -> tuple[str, str]:
    """Bucket and key prefix ("" or ending with /) of a DistributionConfig's default origin."""
    wanted = config["DefaultCacheBehavior"]["TargetOriginId"]
    for origin in items_of(config["Origins"]):
        if origin.get("Id") == wanted:
            domain = str(origin["DomainName"])
            if not (match := _BUCKET.fullmatch(domain)):
                raise CouldNotLook("", f"the distribution serves {domain}, which is not an S3 bucket")
            path = str(origin.get("OriginPath", "")).strip("/")
            return match["bucket"], f"{path}/" if path else ""
    groups = items_of(config["OriginGroups"]) if config.get("OriginGroups") else []
    if any(one.get("Id") == wanted for one in groups):
        raise CouldNotLook("", f"the distribution's default origin {wanted} is an origin group, not a single bucket")
    raise CouldNotLook("cloudfront:GetDistribution", f"the distribution has no origin {wanted}")


@dataclass(frozen=True, kw_only=True)
class Distribution(Resource):
    """A CloudFront distribution, as GetDistribution returns it."""

    status = Read(str, "Status")
    """Deployed, or InProgress while edges take a new configuration."""
    origin = Read(bucket_of, "DistributionConfig")
    """Bucket and key prefix behind the default cache behavior; CouldNotLook where the origin is not a bucket."""


@observation(allow=["cloudfront:GetDistribution"])
def distribution(aws: Aws, inventory: Inventory) -> Distribution:
    """The stack's CloudFront distribution."""
    return _read(aws, inventory.the_distribution)


def _read(aws: Aws, name: str) -> Distribution:
    told = aws.call("cloudfront", "GetDistribution", Id=name)["Distribution"]
    return Distribution(arn=str(told["ARN"]), name=name, evidence=told)


@observation(allow=["cloudfront:GetDistribution"], soft=["distribution"])
def distributions(aws: Aws, inventory: Inventory, distribution: Distribution | CouldNotLook) -> list[Distribution]:
    """The stack's CloudFront distributions, that of the dashboards first; one that cannot be read is blind alone."""
    first = inventory.the_distribution
    return each_alone(
        lambda name: seen(distribution) if name == first else _read(aws, name),
        [first, *(name for name in inventory.distributions if name != first)],
        lambda name, why: Distribution(arn=name, name=name, evidence=Unread(why)),
    )


@dataclass(frozen=True, kw_only=True)
class Invalidation(Resource):
    """One invalidation of cached files."""

    is_finished = Read(equals("Completed"), "Status")
    """Whether every edge location has completed it."""
    begun = Read(utc, "CreateTime")
    """When it was created, in UTC."""


@observation(allow=["cloudfront:ListInvalidations"])
def invalidations(aws: Aws, inventory: Inventory) -> list[Invalidation]:
    """The newest invalidations of each distribution, newest first; AWS omits Items where there are none."""
    first = inventory.the_distribution
    told = each_alone(
        lambda name: _invalidations(aws, name),
        [first, *(name for name in inventory.distributions if name != first)],
        lambda of, why: [Invalidation(arn=of, name=f"invalidations of {of}", evidence=Unread(why))],
    )
    return [one for some in told for one in some]


def _invalidations(aws: Aws, of: str) -> list[Invalidation]:
    found: list[Any] = []
    for page in aws.pages("cloudfront", "ListInvalidations", DistributionId=of, MaxItems=str(INVALIDATIONS_KEPT)):
        listed = page["InvalidationList"]
        found += listed["Items"] if int(listed["Quantity"]) > 0 else []
        if len(found) >= INVALIDATIONS_KEPT:
            break
    return [Invalidation(arn=f"{of}/invalidation/{one['Id']}", name=str(one["Id"]), evidence=one) for one in found]
