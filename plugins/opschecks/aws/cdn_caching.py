"""CloudFront: whether content from a bucket is cached and compressed, and how a missing file is answered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ..core.answer import Answer
from ..core.dataclass import dataclass
from ..core.model import Resource
from ..core.observation import CouldNotLook, NotConfigured, fan_out, observation, seen
from .cloudfront import Distribution, items_of
from .session import Aws
from .unread import Unread, each_alone, or_why, readable, why_unread

if TYPE_CHECKING:
    from ..config.stack import Stack

_CALL = "cloudfront:GetDistribution"
CACHING_OPTIMIZED = "658327ea-f89d-4fab-a63d-7e88639e58f6"
CACHING_DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
DEFAULT = "*"
"""The name used here for the default behavior, which has no path pattern."""


@dataclass(frozen=True)
class CachePolicy:
    """What a cache policy, or the older settings of a behavior itself, lets CloudFront do."""

    name: str
    caches: bool
    compresses: bool


_Told = CachePolicy | CouldNotLook

MANAGED = {
    CACHING_OPTIMIZED: CachePolicy("CachingOptimized", True, True),
    CACHING_DISABLED: CachePolicy("CachingDisabled", False, False),
    "b2884449-e4de-46a7-ac36-70bc7f1ddd6d": CachePolicy("CachingOptimizedForUncompressedObjects", True, False),
    "83da9c7e-98b4-4e11-a168-04f0df8e2c65": CachePolicy("UseOriginCacheControlHeaders", True, True),
    "4cc15a8a-d715-48a4-82b8-cc0b614638fe": CachePolicy("UseOriginCacheControlHeaders-QueryStrings", True, True),
}
"""AWS's own policies, whose ids are the same in every account."""


@dataclass(frozen=True, kw_only=True)
class BucketBehavior(Resource):
    """A cache behavior with a bucket as its origin; `told`: its cache policy, or why that could not be read."""

    pattern: str
    told: _Told

    @property
    def policy(self) -> CachePolicy:
        """The cache policy."""
        return seen(self.told)

    @property
    def summary(self) -> str:
        """The policy by which it caches."""
        return f"cache policy {self.policy.name}"

    @property
    def not_cached(self) -> str:
        """Why its content is not cached; empty where it is."""
        return "" if self.policy.caches else f"cache policy {self.policy.name} caches nothing"

    @property
    def not_compressed(self) -> str:
        """Why its content is not compressed (which needs the behavior and its policy); empty where it is."""
        if not self.evidence["Compress"]:
            return "Compress is off"
        return "" if self.policy.compresses else f"cache policy {self.policy.name} enables neither gzip nor brotli"


@dataclass(frozen=True, kw_only=True)
class ErrorPages(Resource):
    """The pages that a distribution serves instead of errors of its origin.

    `one_page`: the page that it is meant to answer for any path, such as /index.html; empty where there is none.
    """

    one_page: str = ""

    @property
    def masked(self) -> list[str]:
        """Errors for a missing file (404; 403 of S3 without ListBucket) that are answered with a 2xx status."""
        return [
            f"{code} becomes {one['ResponseCode']} {one.get('ResponsePagePath', '')}".rstrip()
            for one in items_of(self.evidence["CustomErrorResponses"])
            if (code := int(one["ErrorCode"])) in (403, 404) and str(one.get("ResponseCode")).startswith("2")
            if not self.one_page or one.get("ResponsePagePath") != self.one_page
        ]


@observation(allow=["cloudfront:GetCachePolicy"])
def bucket_behaviors(aws: Aws, distributions: list[Distribution]) -> list[BucketBehavior]:
    """The cache behaviors that serve from a bucket. Only policies that are not managed by AWS are read."""
    read = readable(distributions)
    of_each = [(of, behaviors_on_buckets(of.evidence["DistributionConfig"])) for of in read]
    found = [(of, pattern, one) for of, behaviors in of_each for pattern, one in behaviors]
    unread = [(one, why) for one in distributions if (why := why_unread(one))]
    if not found and not unread:
        raise NotConfigured("", f"no cache behavior of {', '.join(one.name for one in read)} serves from a bucket")
    own = sorted({policy for *_, one in found if (policy := one.get("CachePolicyId")) and policy not in MANAGED})
    policies: dict[str, _Told] = {**MANAGED}
    policies.update(zip(own, fan_out(lambda policy: _own(aws, policy), own), strict=True))

    def policy_of(one: Mapping[str, Any]) -> CachePolicy:
        return seen(policies[one["CachePolicyId"]]) if one.get("CachePolicyId") else _older(one)

    def behavior(distribution: Distribution, pattern: str, one: dict[str, Any], told: _Told) -> BucketBehavior:
        name = "default behavior" if pattern == DEFAULT else f"behavior {pattern}" if pattern else "every behavior"
        if len(distributions) > 1:
            name = f"{name} of {distribution.name}"
        return BucketBehavior(arn=f"{distribution.arn}#{pattern}", name=name, pattern=pattern, told=told, evidence=one)

    told = each_alone(lambda of: behavior(*of, policy_of(of[2])), found, lambda of, why: behavior(*of, why))
    return [*told, *(behavior(one, "", Unread(why), why) for one, why in unread)]


@observation()
def error_pages(stack: Stack, distribution: Distribution) -> ErrorPages:
    """The distribution's custom error responses.

    A single-page application answers any path with its root object: "403 and 404 become /index.html with 200" is how
    AWS has it set up. Source: "Generate custom error responses" in the CloudFront Developer Guide.
    """
    config = distribution.evidence["DistributionConfig"]
    evidence = Answer({key: config[key] for key in ("CustomErrorResponses",) if key in config}, _CALL)
    root = f"/{str(config.get('DefaultRootObject') or 'index.html').lstrip('/')}"
    one_page = root if stack.single_page_application else ""
    return ErrorPages(arn=distribution.arn, name=distribution.name, evidence=evidence, one_page=one_page)


def behaviors_on_buckets(config: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Path pattern and settings of each behavior of a configuration that serves from a bucket, the default first."""
    others = items_of(config["CacheBehaviors"]) if config.get("CacheBehaviors") else []
    default = config["DefaultCacheBehavior"]
    for pattern, one in [(DEFAULT, default), *((str(one["PathPattern"]), one) for one in others)]:
        if any(map(_is_bucket, _domains(config, str(one["TargetOriginId"])))):
            yield pattern, one


def _domains(config: Mapping[str, Any], target: str) -> list[str]:
    """The domain names behind an origin, or behind each member of a group of them."""
    groups = items_of(config["OriginGroups"]) if config.get("OriginGroups") else []
    members = {str(one["Id"]): [str(member["OriginId"]) for member in items_of(one["Members"])] for one in groups}
    wanted = members.get(target, [target])
    return [str(one["DomainName"]) for one in items_of(config["Origins"]) if one["Id"] in wanted]


def _is_bucket(domain: str) -> bool:
    return ".amazonaws." in domain and (".s3." in domain or ".s3-" in domain)


@or_why
def _own(aws: Aws, policy: str) -> CachePolicy:
    """A cache policy of the account, or why it could not be read, which concerns only what is cached by it."""
    config = aws.call("cloudfront", "GetCachePolicy", Id=policy)["CachePolicy"]["CachePolicyConfig"]
    keyed_by = config.get("ParametersInCacheKeyAndForwardedToOrigin", {})
    encodings = any(keyed_by.get(key) for key in ("EnableAcceptEncodingGzip", "EnableAcceptEncodingBrotli"))
    keeps = config.get("MaxTTL") != 0  # left out, it is a year
    return CachePolicy(str(config["Name"]), keeps, keeps and encodings)


def _older(behavior: Mapping[str, Any]) -> CachePolicy:
    """Legacy cache settings of a behavior: MaxTTL 0 caches nothing; gzip is always part of the cache key."""
    behavior["ForwardedValues"]  # without them it is not a legacy behavior either
    keeps = behavior["MaxTTL"] > 0
    return CachePolicy(f"its own MaxTTL {behavior['MaxTTL']}", keeps, keeps)
