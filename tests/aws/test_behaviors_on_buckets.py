"""What each cache behavior on a bucket lets CloudFront do, by its policy; which behaviors those are, and what masks.

Sources: "Use managed cache policies" of the CloudFront Developer Guide, API_CacheBehavior, API_CachePolicyConfig,
API_CustomErrorResponse.
"""

from __future__ import annotations

from typing import Any

import pytest

from opschecks.aws.cdn_caching import (
    BucketBehavior,
    CachePolicy,
    ErrorPages,
    behaviors_on_buckets,
    bucket_behaviors,
    error_pages,
)
from opschecks.aws.cloudfront import Distribution
from opschecks.aws.unread import Unread
from opschecks.core.answer import Answer
from opschecks.core.observation import CouldNotLook, NotConfigured
from tests.aws.test_cdn_caching import API, ARN, BUCKET, BY_OUR_OWN, OLDER, behavior, config, own, told
from tests.canned import Answers, Aws, Raw, given, stack
from tests.cases import cases

CALL = "cloudfront:GetDistribution"
DENIED = CouldNotLook("cloudfront:GetCachePolicy", "AccessDenied: no")


def _distribution(configured: Raw, name: str = "E2EXAMPLE") -> Distribution:
    return Distribution(arn=f"{ARN}-{name}", name=name, evidence=Answer(told(configured), CALL))


def _behaviors(*found: Distribution, policy: Answers | None = None) -> list[BucketBehavior]:
    aws = Aws({("cloudfront", "GetCachePolicy"): policy} if policy else {})
    return bucket_behaviors(aws, list(found))


def _plain(**changes: Any) -> Raw:
    answer = own()
    answer["CachePolicy"]["CachePolicyConfig"] = given(answer["CachePolicy"]["CachePolicyConfig"], changes)
    return answer


OPTIMIZED = "658327ea-f89d-4fab-a63d-7e88639e58f6"
NEITHER = "enables neither gzip nor brotli"


@cases({
    "CachingOptimized": (behavior(), None, CachePolicy("CachingOptimized", True, True)),
    "CachingDisabled": (
        behavior(CachePolicyId="4135ea2d-6df8-44a3-9df3-4b5a84be39ad"), None,
        CachePolicy("CachingDisabled", False, False)),
    "CachingOptimizedForUncompressedObjects": (
        behavior(CachePolicyId="b2884449-e4de-46a7-ac36-70bc7f1ddd6d"), None,
        CachePolicy("CachingOptimizedForUncompressedObjects", True, False)),
    "UseOriginCacheControlHeaders": (
        behavior(CachePolicyId="83da9c7e-98b4-4e11-a168-04f0df8e2c65"), None,
        CachePolicy("UseOriginCacheControlHeaders", True, True)),
    "UseOriginCacheControlHeaders-QueryStrings": (
        behavior(CachePolicyId="4cc15a8a-d715-48a4-82b8-cc0b614638fe"), None,
        CachePolicy("UseOriginCacheControlHeaders-QueryStrings", True, True)),
    "our own": (behavior(**BY_OUR_OWN), own(), CachePolicy("ours", True, True)),
    "our own, gzip only": (behavior(**BY_OUR_OWN), own(brotli=False), CachePolicy("ours", True, True)),
    "our own, brotli only": (behavior(**BY_OUR_OWN), own(gzip=False), CachePolicy("ours", True, True)),
    "our own, neither": (behavior(**BY_OUR_OWN), own(gzip=False, brotli=False), CachePolicy("ours", True, False)),
    "our own, for a second": (behavior(**BY_OUR_OWN), own(MaxTTL=1), CachePolicy("ours", True, True)),
    "our own, for nothing": (behavior(**BY_OUR_OWN), own(MaxTTL=0), CachePolicy("ours", False, False)),
    "our own, for a year": (behavior(**BY_OUR_OWN), _plain(MaxTTL=None), CachePolicy("ours", True, True)),
    "our own, without a key": (
        behavior(**BY_OUR_OWN), _plain(ParametersInCacheKeyAndForwardedToOrigin=None),
        CachePolicy("ours", True, False)),
    "older settings, for a second": (
        behavior(**OLDER, MaxTTL=1), None, CachePolicy("its own MaxTTL 1", True, True)),
    "older settings, for nothing": (
        behavior(**OLDER, MaxTTL=0), None, CachePolicy("its own MaxTTL 0", False, False)),
})  # fmt: skip
def test_what_a_policy_lets_the_cdn_do(default: Raw, answer: Answers | None, policy: CachePolicy) -> None:
    [found] = _behaviors(_distribution(config(default)), policy=answer)
    assert found.policy == policy
    assert found.summary == f"cache policy {policy.name}"
    assert found.not_cached == ("" if policy.caches else f"cache policy {policy.name} caches nothing")
    assert found.not_compressed == ("" if policy.compresses else f"cache policy {policy.name} {NEITHER}")


def test_compression_needs_the_behavior_too() -> None:
    [found] = _behaviors(_distribution(config(behavior(Compress=False))))
    assert (found.not_cached, found.not_compressed) == ("", "Compress is off")


def test_behaviors_are_told_whole_and_named_after_their_distribution_where_there_are_several() -> None:
    assets = behavior(PathPattern="/assets/*")
    [one, two] = _behaviors(_distribution(config(behavior(), assets)))
    optimized = CachePolicy("CachingOptimized", True, True)
    assert [one, two] == [
        BucketBehavior(
            arn=f"{ARN}-E2EXAMPLE#*", name="default behavior", pattern="*", told=optimized, evidence=behavior()
        ),
        BucketBehavior(
            arn=f"{ARN}-E2EXAMPLE#/assets/*", name="behavior /assets/*", pattern="/assets/*", told=optimized,
            evidence=assets,
        ),
    ]  # fmt: skip
    several = _behaviors(_distribution(config(), "E1"), _distribution(config(behavior(), assets), "E2"))
    assert [one.name for one in several] == [
        "default behavior of E1", "default behavior of E2", "behavior /assets/* of E2",
    ]  # fmt: skip


def test_a_policy_that_may_not_be_read_blinds_what_is_cached_by_it() -> None:
    found = _behaviors(_distribution(config(behavior(), behavior(PathPattern="/a/*", **BY_OUR_OWN))), policy=DENIED)
    assert [one.name for one in found if one.told is DENIED or isinstance(one.told, CouldNotLook)] == ["behavior /a/*"]
    assert found[0].summary == "cache policy CachingOptimized"
    with pytest.raises(CouldNotLook, match="AccessDenied"):
        assert found[1].not_cached


def test_of_a_distribution_that_could_not_be_read_every_behavior_is_unknown() -> None:
    why = CouldNotLook(CALL, "AccessDenied: no")
    unread = Distribution(arn="E9", name="E9", evidence=Unread(why))
    [alone] = _behaviors(unread)
    assert (alone.arn, alone.name, alone.pattern, alone.told) == ("E9#", "every behavior", "", why)
    known, unknown = _behaviors(_distribution(config(), "E1"), unread)
    assert (known.name, unknown.name) == ("default behavior of E1", "every behavior of E9")
    with pytest.raises(CouldNotLook, match="AccessDenied"):
        assert unknown.evidence["Compress"]


def test_without_a_behavior_on_a_bucket_nothing_is_judged() -> None:
    none = config(behavior(TargetOriginId="api"))
    with pytest.raises(NotConfigured, match="no cache behavior of E1, E2 serves from a bucket"):
        _behaviors(_distribution(none, "E1"), _distribution(none, "E2"))


def _origin(domain: str) -> Raw:
    return config(Origins={"Quantity": 1, "Items": [{**BUCKET, "DomainName": domain}]})


def _group(*members: str) -> Raw:
    items = [{"OriginId": one} for one in members]
    failover = {"StatusCodes": {"Quantity": 1, "Items": [500]}}
    group = {"Id": "both", "FailoverCriteria": failover, "Members": {"Quantity": len(items), "Items": items}}
    origins = {"Quantity": 3, "Items": [BUCKET, API, {"Id": "other", "DomainName": "o.example.com"}]}
    return config(behavior(TargetOriginId="both"), Origins=origins, OriginGroups={"Quantity": 1, "Items": [group]})


@cases({
    "a bucket": (_origin("site.s3.us-west-2.amazonaws.com"), ["*"]),
    "a bucket of no region": (_origin("site.s3.amazonaws.com"), ["*"]),
    "a website": (_origin("site.s3-website-us-west-2.amazonaws.com"), ["*"]),
    "an API": (_origin("abc123.execute-api.us-west-2.amazonaws.com"), []),
    "what only looks like one": (_origin("x.s3.example.com"), []),
    "what only looks like a website": (_origin("x.s3-website.example.com"), []),
    "a group with a bucket": (_group("api", "site"), ["*"]),
    "a group without one": (_group("api", "other"), []),
    "another's bucket": (config(behavior(TargetOriginId="api")), []),
    "no others": (given(config(), {"CacheBehaviors": None}), ["*"]),
    "groups, and none of them": (config(OriginGroups={"Quantity": 0}), ["*"]),
    "some of several": (
        config(
            behavior(TargetOriginId="api"), behavior(PathPattern="/a/*"),
            behavior(PathPattern="/b/*", TargetOriginId="api"), behavior(PathPattern="/c/*"),
        ),
        ["/a/*", "/c/*"],
    ),
})  # fmt: skip
def test_which_behaviors_serve_from_a_bucket(configured: Raw, patterns: list[str]) -> None:
    assert [pattern for pattern, _ in behaviors_on_buckets(configured)] == patterns


def _error(code: int, becomes: str | None = "200", page: str | None = "/index.html") -> Raw:
    return given({"ErrorCode": code, "ResponseCode": becomes, "ResponsePagePath": page}, {})


def _pages(*items: Raw, app: bool = False, **changes: Any) -> ErrorPages:
    listed = {"Quantity": len(items), **({"Items": list(items)} if items else {})}
    return error_pages(
        stack(single_page_application=app), _distribution(config(CustomErrorResponses=listed, **changes))
    )


HOME = _error(404, page="/home.html")


@cases({
    "nothing": (_pages(), []),
    "404": (_pages(_error(404)), ["404 becomes 200 /index.html"]),
    "403": (_pages(_error(403)), ["403 becomes 200 /index.html"]),
    "others": (_pages(_error(402), _error(405), _error(500)), []),
    "without a page": (_pages(_error(404, page=None)), ["404 becomes 200"]),
    "with an empty page": (_pages(_error(404, page="")), ["404 becomes 200"]),
    "as it is": (_pages(_error(404, "404")), []),
    "as an error of the server": (_pages(_error(404, "502")), []),
    "only cached": (_pages(_error(404, None, None)), []),
    "an application": (_pages(_error(404), _error(403), app=True), []),
    "an application, and another page": (_pages(HOME, app=True), ["404 becomes 200 /home.html"]),
    "an application with its own root": (_pages(HOME, app=True, DefaultRootObject="home.html"), []),
    "an application with a root that begins with /": (_pages(HOME, app=True, DefaultRootObject="/home.html"), []),
    "an application with an empty root": (_pages(_error(404), app=True, DefaultRootObject=""), []),
    "an application without a page": (_pages(_error(404, page=None), app=True), ["404 becomes 200"]),
})  # fmt: skip
def test_which_missing_files_are_masked(pages: ErrorPages, masked: list[str]) -> None:
    assert pages.masked == masked


def test_error_pages_are_told_whole() -> None:
    told_of = {"CustomErrorResponses": {"Quantity": 1, "Items": [HOME]}}
    expected = ErrorPages(arn=f"{ARN}-E2EXAMPLE", name="E2EXAMPLE", evidence=told_of, one_page="/index.html")
    assert _pages(HOME, app=True) == expected
    assert _pages(HOME).one_page == ""
    cut = error_pages(stack(), _distribution(given(config(), {"CustomErrorResponses": None})))
    with pytest.raises(CouldNotLook, match="cloudfront:GetDistribution: the answer has no 'CustomErrorResponses'"):
        assert cut.masked
