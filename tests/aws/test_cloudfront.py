"""Distributions as CloudFront returns them: the bucket behind one, the length of its lists, its invalidations."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from opschecks.aws.cloudfront import (
    INVALIDATIONS_KEPT,
    Distribution,
    Invalidation,
    bucket_of,
    distribution,
    distributions,
    invalidations,
    items_of,
)
from opschecks.aws.unread import Unread
from opschecks.core.answer import Answer
from opschecks.core.observation import CouldNotLook
from tests.canned import NOW, Aws, Canned, Raw, after, examined, names
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


DENIED = CouldNotLook("cloudfront:GetDistribution", "AccessDenied: no")
THREE = names(distributions=("E2", "E1SITE", "E3"), of_dashboards="E1SITE")


@cases([({"Quantity": 0}, []), ({"Quantity": 0, "Items": []}, []), ({"Quantity": 2, "Items": ["a", "b"]}, ["a", "b"])])
def test_items_of_a_list(told: Raw, items: list[str]) -> None:
    assert items_of(Answer(told)) == items


CUT = "the Quantity of a list is {}, and it has {}"


@cases({
    "no quantity": ({"Items": [1]}, "the answer has no 'Quantity'"),
    "no items": ({"Quantity": 1}, "the answer has no 'Items'"),
    "one of two": ({"Quantity": 2, "Items": [1]}, CUT.format(2, 1)),
    "three of two": ({"Quantity": 2, "Items": [1, 2, 3]}, CUT.format(2, 3)),
    "none of one": ({"Quantity": 1, "Items": []}, CUT.format(1, 0)),
    "nothing": ({}, "the answer has no 'Quantity'"),
})  # fmt: skip
def test_a_list_has_as_many_items_as_it_says(told: Raw, message: str) -> None:
    with pytest.raises(CouldNotLook, match=f"^cloudfront:X: {message}"):
        items_of(Answer(told, "cloudfront:X"), "cloudfront:X")
    with pytest.raises(CouldNotLook, match=f"^cloudfront:GetDistribution: {message}"):
        items_of(Answer(told, "cloudfront:GetDistribution"))


def _group(name: str) -> Raw:
    group: dict[str, Any] = {"Id": name, "Members": {"Quantity": 0}}
    return {"OriginGroups": {"Quantity": 1, "Items": [group]}}


TARGETED = {"DefaultCacheBehavior": {"TargetOriginId": "both"}}


@cases({
    "a group": ({**SITE, **TARGETED, **_group("both")}, "default origin both is an origin group, not a single bucket"),
    "another group": ({**SITE, **TARGETED, **_group("x")}, "GetDistribution: the distribution has no origin both"),
    "no group": ({**SITE, **TARGETED, "OriginGroups": {"Quantity": 0}}, "the distribution has no origin both"),
    "none is told": ({**SITE, **TARGETED}, "the distribution has no origin both"),
})  # fmt: skip
def test_a_default_behavior_without_a_bucket(told: Raw, said: str) -> None:
    with pytest.raises(CouldNotLook, match=said):
        bucket_of(Answer(told))


def _told(denied: str = "") -> Aws:
    def answer(Id: str) -> Canned:  # noqa: N803 - AWS's name
        raw = {
            **told_of("site.s3.us-west-2.amazonaws.com"),
            "Id": Id,
            "ARN": f"arn:aws:cloudfront::1:distribution/{Id}",
        }
        return DENIED if Id == denied else {"Distribution": raw, "ETag": "E"}

    return Aws({("cloudfront", "GetDistribution"): answer})


FIRST = Distribution(arn="first", name="E1SITE", evidence=Answer({}))


def test_that_of_the_dashboards_comes_first_and_is_not_asked_for_again() -> None:
    aws = _told()
    found = distributions(aws, THREE, FIRST)
    assert [(one.name, one.arn) for one in found] == [
        ("E1SITE", "first"),
        ("E2", "arn:aws:cloudfront::1:distribution/E2"),
        ("E3", "arn:aws:cloudfront::1:distribution/E3"),
    ]
    assert sorted(one["Id"] for one in aws.parameters_of("GetDistribution")) == ["E2", "E3"]


def test_each_that_cannot_be_read_is_blind_alone() -> None:
    first, second, third = distributions(_told("E3"), THREE, DENIED)
    assert (first.arn, first.name, second.status) == ("E1SITE", "E1SITE", "Deployed")
    for one in (first, third):
        assert isinstance(one.evidence, Unread)
        with pytest.raises(CouldNotLook, match="AccessDenied"):
            assert one.status


def _invalidations(*answers: Canned) -> tuple[Aws, list[Invalidation]]:
    aws = Aws({("cloudfront", "ListInvalidations"): list(answers)})
    return aws, invalidations(aws, names(distributions=("E1",)))


def _page(first: int, last: int, more: bool) -> Raw:
    marker = {"IsTruncated": True, "NextMarker": f"{last}"} if more else {}
    return listing(*(invalidation(n) for n in range(first, last + 1)), **marker)


def test_an_invalidation_is_told_whole() -> None:
    _, found = _invalidations(listing(invalidation(2, "InProgress"), invalidation(3)))
    assert found == [
        Invalidation(arn="E1/invalidation/I2", name="I2", evidence=invalidation(2, "InProgress")),
        Invalidation(arn="E1/invalidation/I3", name="I3", evidence=invalidation(3)),
    ]
    assert [(one.is_finished, one.begun) for one in found] == [
        (False, NOW - timedelta(days=2)),
        (True, NOW - timedelta(days=3)),
    ]
    assert [one.name for one in _invalidations(listing(invalidation(1)))[1]] == ["I1"]


@cases([
    ([_page(1, 20, True)], 1, 20),
    ([_page(1, 19, True), _page(20, 25, True)], 2, 25),
    ([_page(1, 19, True), _page(20, 20, False)], 2, 20),
    ([_page(1, 21, True)], 1, 21),
])  # fmt: skip
def test_older_invalidations_than_the_newest_twenty_are_not_asked_for(pages: list[Raw], asked: int, kept: int) -> None:
    aws, found = _invalidations(*pages)
    assert (len(aws.asked), len(found)) == (asked, kept)


def test_invalidations_of_a_distribution_that_cannot_be_read_are_one_entry_that_says_so() -> None:
    def answer(DistributionId: str, **_: Any) -> Canned:  # noqa: N803 - AWS's name
        return DENIED if DistributionId == "E2" else listing(invalidation(int(DistributionId[1])))

    three = names(distributions=("E2", "E1", "E3"), of_dashboards="E1")
    found = invalidations(Aws({("cloudfront", "ListInvalidations"): answer}), three)
    assert [(one.arn, one.name) for one in found] == [
        ("E1/invalidation/I1", "I1"), ("E2", "invalidations of E2"), ("E3/invalidation/I3", "I3"),
    ]  # fmt: skip
    with pytest.raises(CouldNotLook, match="AccessDenied"):
        assert found[1].is_finished
