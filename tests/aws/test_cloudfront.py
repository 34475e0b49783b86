"""The bucket behind the distribution, and its invalidations, as CloudFront returns them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from opschecks.aws.cloudfront import INVALIDATIONS_KEPT, bucket_of, distribution, invalidations
from opschecks.core.answer import Answer
from opschecks.core.observation import CouldNotLook
from tests.canned import NOW, Aws, Raw, after, examined, names
from tests.canned_site import API, CUSTOM, config, invalidation, listing, told_of
from tests.cases import cases


@cases({
    "of a region": ("site.s3.us-west-2.amazonaws.com", "", ("site", "")),
    "of no region": ("site.s3.amazonaws.com", "", ("site", "")),
    "of a region, as it was once written": ("site.s3-eu-west-1.amazonaws.com", "", ("site", "")),
    "website": ("site.s3-website-us-west-2.amazonaws.com", "", ("site", "")),
    "website of a newer region": ("site.s3-website.eu-central-1.amazonaws.com", "", ("site", "")),
    "china": ("site.s3.cn-north-1.amazonaws.com.cn", "", ("site", "")),
    "with dots": ("www.example.com.s3.us-west-2.amazonaws.com", "", ("www.example.com", "")),
    "with dots, of no region": ("www.example.com.s3.amazonaws.com", "", ("www.example.com", "")),
    "with s3 in its name": ("my.s3.files.s3.us-west-2.amazonaws.com", "", ("my.s3.files", "")),
    "in a folder": ("site.s3.us-west-2.amazonaws.com", "/dashboard", ("site", "dashboard/")),
    "in a folder of a folder": ("site.s3.us-west-2.amazonaws.com", "/web/out/", ("site", "web/out/")),
    "a load balancer": ("web-1.us-west-2.elb.amazonaws.com", "", CUSTOM),
    "an API": ("abc123.execute-api.us-west-2.amazonaws.com", "/prod", CUSTOM),
    "a server": ("origin.example.com", "", CUSTOM),
    "S3 itself": ("s3.us-west-2.amazonaws.com", "/site", CUSTOM),
    "only looks like it": ("site.s3.us-west-2.amazonaws.com.example.com", "", CUSTOM),
})  # fmt: skip
def test_the_bucket_behind_the_distribution(domain: str, path: str, origin: tuple[str, str] | str) -> None:
    aws = Aws({("cloudfront", "GetDistribution"): {"Distribution": told_of(domain, path, API), "ETag": "E2"}})
    found = distribution(aws, names(distributions=("E1SITE",)))
    assert (found.name, found.status) == ("E1SITE", "Deployed")
    assert aws.parameters_of("GetDistribution") == [{"Id": "E1SITE"}]
    if isinstance(origin, str):
        with pytest.raises(CouldNotLook, match=f"the distribution serves {domain}, {origin}"):
            _ = found.origin
    else:
        assert found.origin == origin


SITE = config("site.s3.us-west-2.amazonaws.com")


@cases({
    "nothing": ({}, "the answer has no 'DefaultCacheBehavior'"),
    "no default behavior": ({**SITE, "DefaultCacheBehavior": None}, "the answer has no 'DefaultCacheBehavior'"),
    "no target": ({**SITE, "DefaultCacheBehavior": {}}, "the answer has no 'TargetOriginId'"),
    "no origins": ({**SITE, "Origins": None}, "the answer has no 'Origins'"),
    "an empty list of origins": ({**SITE, "Origins": {"Quantity": 0}}, "the distribution has no origin site"),
    "another origin": ({**SITE, "Origins": {"Quantity": 1, "Items": [API]}}, "the distribution has no origin site"),
    "no domain": ({**SITE, "Origins": {"Quantity": 1, "Items": [{"Id": "site"}]}}, "the answer has no 'DomainName'"),
})  # fmt: skip
def test_a_distribution_of_which_half_is_said_has_no_bucket(told: Raw, message: str) -> None:
    with pytest.raises(CouldNotLook, match=message):
        bucket_of(Answer(told))


HOUR_AGO = f"{NOW - timedelta(hours=1):%Y-%m-%d %H:%M} UTC"


@cases({
    "none": (listing(), {}),
    "none, in an empty list": ({"InvalidationList": {**listing()["InvalidationList"], "Items": []}}, {}),
    "finished": (listing(invalidation(2), invalidation(1)), {"I2": ("passed", ""), "I1": ("passed", "")}),
    "one under way": (
        listing(invalidation(2, "InProgress", hours=1), invalidation(1)),
        {"I2": ("failed", f"under way since {HOUR_AGO}"), "I1": ("passed", "")},
    ),
})  # fmt: skip
def test_invalidations_are_finished(answer: Raw, outcomes: dict[str, tuple[str, str]]) -> None:
    aws = Aws({("cloudfront", "ListInvalidations"): answer})
    seen = invalidations(aws, names(distributions=("E1SITE",)))
    found = examined(after("dashboard").test_invalidations_are_finished, invalidations=seen)
    assert {one.name: (one.outcome.value, one.message) for one in found} == outcomes
    assert aws.parameters_of("ListInvalidations") == [{"DistributionId": "E1SITE", "MaxItems": str(INVALIDATIONS_KEPT)}]


@cases({
    "empty": ({}, "InvalidationList"),
    "items left out": (listing(Quantity=3), "Items"),
})  # fmt: skip
def test_invalidations_of_which_nothing_is_said_are_not_seen(answer: Raw, key: str) -> None:
    with pytest.raises(CouldNotLook, match=f"cloudfront:ListInvalidations: the answer has no '{key}'"):
        invalidations(Aws({("cloudfront", "ListInvalidations"): answer}), names(distributions=("E1SITE",)))
