"""The CDN's settings by behavior and policy, and assets as they are really answered."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from opschecks.aws.cdn_caching import CACHING_DISABLED, CACHING_OPTIMIZED, bucket_behaviors, error_pages
from opschecks.aws.cloudfront import Distribution
from opschecks.core.answer import Answer
from opschecks.core.observation import CouldNotLook
from opschecks.web.caching import StaticAsset, static_assets
from opschecks.web.http import Response
from tests.canned import NOW, Aws, Raw, concludes, given, judges, stack, verdicts, weekly
from tests.cases import cases

checks = weekly("cdn")
ARN = "arn:aws:cloudfront::123456789012:distribution/E2EXAMPLE"
UNCOMPRESSED = "b2884449-e4de-46a7-ac36-70bc7f1ddd6d"
OWN_POLICY = "11111111-2222-3333-4444-555555555555"
BUCKET = {"Id": "site", "DomainName": "site.s3.us-west-2.amazonaws.com"}
API = {"Id": "api", "DomainName": "api.example.com", "CustomHeaders": {"Quantity": 1, "Items": [
    {"HeaderName": "X-Origin-Verify", "HeaderValue": "hunter22-hunter22"}]}}  # fmt: skip


def behavior(**changes: Any) -> Raw:
    """A cache behavior; a change to None takes a key away."""
    raw = {
        "TargetOriginId": "site",
        "ViewerProtocolPolicy": "redirect-to-https",
        "Compress": True,
        "CachePolicyId": CACHING_OPTIMIZED,
    }
    return given(raw, changes)


def config(default: Raw | None = None, *others: Raw, **changes: Any) -> Raw:
    return {
        "CallerReference": "1",
        "Comment": "",
        "Enabled": True,
        "Origins": {"Quantity": 2, "Items": [BUCKET, API]},
        "DefaultCacheBehavior": default or behavior(),
        "CacheBehaviors": {"Quantity": len(others), **({"Items": list(others)} if others else {})},
        "CustomErrorResponses": {"Quantity": 0},
        **changes,
    }


def told(configured: Raw, status: str = "Deployed") -> Raw:
    return {
        "Id": "E2EXAMPLE",
        "ARN": ARN,
        "Status": status,
        "LastModifiedTime": NOW,
        "InProgressInvalidationBatches": 0,
        "DomainName": "d1.cloudfront.net",
        "DistributionConfig": configured,
    }


def seen(configured: Raw) -> Distribution:
    return Distribution(arn=ARN, name="E2EXAMPLE", evidence=Answer(told(configured), "cloudfront:GetDistribution"))


def own(**changes: Any) -> Raw:
    keyed_by = {
        "EnableAcceptEncodingGzip": changes.pop("gzip", True),
        "EnableAcceptEncodingBrotli": changes.pop("brotli", True),
        "HeadersConfig": {"HeaderBehavior": "none"},
        "CookiesConfig": {"CookieBehavior": "none"},
        "QueryStringsConfig": {"QueryStringBehavior": "none"},
    }
    raw = {"Name": "ours", "MinTTL": 0, "MaxTTL": 600, "ParametersInCacheKeyAndForwardedToOrigin": keyed_by, **changes}
    return {"CachePolicy": {"Id": OWN_POLICY, "LastModifiedTime": NOW, "CachePolicyConfig": raw}}


OLDER = {"CachePolicyId": None, "ForwardedValues": {"QueryString": False, "Cookies": {"Forward": "none"}}}
BY_OUR_OWN = {"CachePolicyId": OWN_POLICY}


@cases({
    "as it should be": (behavior(), None, "passed", "cache policy CachingOptimized"),
    "not compressed": (behavior(Compress=False), None, "failed", "Compress is off"),
    "not cached": (behavior(CachePolicyId=CACHING_DISABLED), None, "failed", "CachingDisabled caches nothing"),
    "a policy without encodings": (
        behavior(CachePolicyId=UNCOMPRESSED),
        None,
        "failed",
        "UncompressedObjects enables neither gzip",
    ),
    "our own": (behavior(**BY_OUR_OWN), own(), "passed", "cache policy ours"),
    "our own, brotli only": (behavior(**BY_OUR_OWN), own(gzip=False), "passed", ""),
    "our own without": (behavior(**BY_OUR_OWN), own(gzip=False, brotli=False), "failed", "ours enables neither gzip"),
    "our own that keeps nothing": (behavior(**BY_OUR_OWN), own(MaxTTL=0), "failed", "ours caches nothing"),
    "older settings": (behavior(**OLDER, MaxTTL=86400), None, "passed", "its own MaxTTL 86400"),
    "older settings that keep nothing": (behavior(**OLDER, MaxTTL=0), None, "failed", "MaxTTL 0 caches nothing"),
    "an empty policy": (behavior(**{**OLDER, "CachePolicyId": ""}, MaxTTL=60), None, "passed", "its own MaxTTL 60"),
    "nothing said of compression": (behavior(Compress=None), None, "blind", "the answer has no 'Compress'"),
})  # fmt: skip
def test_cdn_is_set_to_cache_and_compress(default: Raw, policy: Raw | None, outcome: str, message: str) -> None:
    aws = Aws({("cloudfront", "GetCachePolicy"): policy or {}})
    found = bucket_behaviors(aws, [seen(config(default))])
    concludes(checks.test_cdn_is_set_to_cache_and_compress, outcome, message, bucket_behaviors=found)
    assert aws.calls == (["cloudfront:GetCachePolicy"] if policy else [])  # AWS's own policies are known


def test_each_behavior_of_a_bucket_is_judged_and_no_other() -> None:
    group = {
        "Id": "both",
        "FailoverCriteria": {"StatusCodes": {"Quantity": 1, "Items": [500]}},
        "Members": {"Quantity": 2, "Items": [{"OriginId": "site"}, {"OriginId": "api"}]},
    }
    configured = config(
        behavior(),
        behavior(PathPattern="/api/*", TargetOriginId="api", CachePolicyId=CACHING_DISABLED, Compress=False),
        behavior(PathPattern="/assets/*", Compress=False),
        behavior(PathPattern="/media/*", TargetOriginId="both", **BY_OUR_OWN),
        behavior(PathPattern="/more/*", **BY_OUR_OWN),
        OriginGroups={"Quantity": 1, "Items": [group]},
    )
    aws = Aws({("cloudfront", "GetCachePolicy"): [own()]})  # asked once for two behaviors
    found = bucket_behaviors(aws, [seen(configured)])
    said = verdicts(checks.test_cdn_is_set_to_cache_and_compress, bucket_behaviors=found)
    passed = dict.fromkeys(("default behavior", "behavior /media/*", "behavior /more/*"), "passed")
    assert said == {**passed, "behavior /assets/*": "failed"}
    assert len({one.arn for one in found}) == 4
    assert "hunter22" not in json.dumps([one.evidence for one in found])


@cases({
    "no bucket": (config(behavior(TargetOriginId="api")), "no cache behavior of E2EXAMPLE serves from a bucket"),
    "an empty policy": (config(behavior(**BY_OUR_OWN)), "the answer has no 'CachePolicy'"),
    "neither policy nor older settings": (config(behavior(CachePolicyId=None)), "the answer has no 'ForwardedValues'"),
    "older settings cut short": (config(behavior(**OLDER)), "the answer has no 'MaxTTL'"),
    "behaviors are counted and not told": (config(CacheBehaviors={"Quantity": 2}), "the answer has no 'Items'"),
})  # fmt: skip
def test_what_was_not_told_is_not_seen(configured: Raw, message: str) -> None:
    with pytest.raises(CouldNotLook, match=message):
        bucket_behaviors(Aws({("cloudfront", "GetCachePolicy"): {}}), [seen(configured)])


def responses(*items: Raw) -> Raw:
    return {"CustomErrorResponses": {"Quantity": len(items), **({"Items": list(items)} if items else {})}}


INDEX = {"ResponsePagePath": "/index.html", "ResponseCode": "200", "ErrorCachingMinTTL": 10}
DRESSED: dict[str, tuple[Raw, str, str]] = {
    "none": (responses(), "passed", ""),
    "404 as 200": (responses({"ErrorCode": 404, **INDEX}), "failed", "404 becomes 200 /index.html"),
    "403 too": (
        responses({"ErrorCode": 403, **INDEX}, {"ErrorCode": 404, **INDEX}),
        "failed",
        "/index.html; 404 becomes 200",
    ),
    "404 with a page of its own": (responses({"ErrorCode": 404, **INDEX, "ResponseCode": "404"}), "passed", ""),
    "404 that is only cached": (responses({"ErrorCode": 404, "ErrorCachingMinTTL": 10}), "passed", ""),
    "503 as 200 is no missing file": (responses({"ErrorCode": 503, **INDEX}), "passed", ""),
    "not told": ({"CustomErrorResponses": {}}, "blind", "the answer has no 'Quantity'"),
    "counted and not told": ({"CustomErrorResponses": {"Quantity": 1}}, "blind", "the answer has no 'Items'"),
}
test_missing_files_are_not_dressed_up = judges(
    checks.test_missing_files_are_not_dressed_up,
    DRESSED,
    error_pages=lambda changes: error_pages(stack(), seen(config(**changes))),
)


def answer(status: int | None = 200, failure: str = "", **headers: str) -> Response:
    named = {key.replace("_", "-"): value for key, value in headers.items()}
    return Response("https://site.test/app.js", status, 12.0, named.get("content-type", ""), named, b"x", failure)


MISS = answer(x_cache="Miss from cloudfront", content_encoding="gzip")
HIT = answer(x_cache="Hit from cloudfront", age="3", content_encoding="br")


def hit(cache_control: str) -> Response:
    return answer(x_cache="Hit from cloudfront", cache_control=cache_control, content_encoding="gzip")


class Web:
    """Gives answers in turn, the last one again and again."""

    def __init__(self, *answers: Response) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    def get(self, url: str, timeout_s: float) -> Response:
        self.asked.append(url)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def page_of(*objects: tuple[str, int]) -> Raw:
    listed = [{"Key": key, "Size": size, "ETag": '"1f"'} for key, size in objects]
    return {"KeyCount": len(listed), **({"Contents": listed} if listed else {})}


def assets(*answers: Response, objects: Sequence[tuple[str, int]] = (("app.js", 5000),)) -> list[StaticAsset]:
    checked = stack(dashboard_url="https://site.test")
    aws = Aws({("s3", "ListObjectsV2"): page_of(*objects)}, checked)
    web: Any = Web(*answers)
    return static_assets(checked, aws, web, seen(config()))


ASSETS: dict[str, tuple[list[Response], str, str]] = {
    "the second is a hit": ([MISS, HIT], "passed", "asked 2 times; br"),
    "the first is one already": ([HIT], "passed", "asked 2 times; br"),
    "another edge's cache first": ([MISS, MISS, HIT], "passed", "asked 3 times"),
    "never a hit": ([MISS], "failed", "asked 4 times; gzip; no answer came from the cache"),
    "refreshed is a hit": ([MISS, answer(x_cache="RefreshHit from cloudfront", content_encoding="gzip")], "passed", ""),
    "an age is one too": ([answer(), answer(age="0", content_encoding="gzip")], "passed", ""),
    "an error of the CDN": (
        [MISS, answer(x_cache="Error from cloudfront", age="4")],
        "failed",
        "no answer came from the cache",
    ),
    "not compressed": (
        [MISS, answer(x_cache="Hit from cloudfront", content_type="text/css")],
        "failed",
        "compressed, as text/css",
    ),
    "without a type": ([answer(x_cache="Hit from cloudfront")], "failed", "as a file without a type"),
    "identity": ([answer(x_cache="Hit from cloudfront", content_encoding="identity")], "failed", "is not compressed"),
    "no-store": ([hit("No-Store")], "failed", "its own Cache-Control is No-Store"),
    "for the browser only": ([hit("private, max-age=60")], "failed", "its own Cache-Control is private, max-age=60"),
    "not even for a second": ([hit("max-age=0")], "failed", "its own Cache-Control is max-age=0"),
    "for the edges only": ([hit("max-age=0, s-maxage=600")], "passed", ""),
    "for ten seconds": ([hit("public, max-age=10")], "passed", ""),
    "not found": ([answer(404)], "failed", "answered 404, expected 200"),
    "no answer": ([answer(None, "gave no answer within 2 s")], "failed", "gave no answer within 2 s, expected 200"),
    "nothing says from where": (
        [answer(content_encoding="gzip")],
        "blind",
        "no answer has X-Cache, Cache-Status or Age",
    ),
}


test_assets_come_compressed_from_the_cache = judges(
    checks.test_assets_come_compressed_from_the_cache, ASSETS, static_assets=lambda answers: assets(*answers)
)


def test_the_largest_assets_are_asked_for_that_are_worth_compressing() -> None:
    sizes = {"index.html": 9_000, "a/tiny.js": 999, "a/small.css": 1_000, "a/app.js": 50_000, "a/logo.svg": 4_000}
    objects = [*sizes.items(), ("a/more.js", 4_001), ("a/photo.png", 80_000), ("a/huge.js", 1_000_000), ("a/", 0)]
    assert [one.name for one in assets(HIT, objects=objects)] == ["a/app.js", "a/more.js", "a/logo.svg"]
    assert assets(HIT, objects=[("a b/ü.js", 2000)])[0].arn == "https://site.test/a%20b/%C3%BC.js"


@cases({"none": [], "pages": [("index.html", 9000)], "small": [("app.js", 10)]})
def test_without_an_asset_nothing_was_tried(objects: list[tuple[str, int]]) -> None:
    with pytest.raises(CouldNotLook, match="site holds no script or style sheet of 1 kB or more"):
        assets(HIT, objects=objects)


def test_a_key_below_the_origins_path_is_served_without_it() -> None:
    checked = stack(dashboard_url="https://site.test")
    aws = Aws({("s3", "ListObjectsV2"): page_of(("v2/app.js", 5000))}, checked)
    web: Any = Web(HIT)
    origin = {**BUCKET, "OriginPath": "/v2"}
    configured = config(Origins={"Quantity": 1, "Items": [origin]})
    assert static_assets(checked, aws, web, seen(configured))[0].arn == "https://site.test/app.js"
    assert aws.parameters_of("ListObjectsV2") == [{"Bucket": "site", "Prefix": "v2/"}]
