"""Lifecycle rules and what buckets make of them, word for word, at the limits and in both forms of a filter."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from opschecks.aws.s3_lifecycle import (
    OBJECTS,
    UPLOADS,
    VERSIONS,
    Bucket,
    Rule,
    buckets,
    find_site,
    kept_for,
    lacking,
    names_of,
    read_bucket,
    site_bucket,
    site_of,
)
from opschecks.aws.unread import why_unread
from opschecks.core.answer import Answer
from opschecks.core.observation import CouldNotLook, NotConfigured, NotThere
from tests.aws.test_retention import ON, TAG, front
from tests.canned import ELSEWHERE, Aws, Raw, given, names, stack
from tests.cases import cases

NEW_YEAR = datetime(2027, 1, 1, 3, tzinfo=UTC).astimezone(ELSEWHERE)
ALL = {"Filter": {"Prefix": ""}}
GONE = {"AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 3}}


def _raw(**changes: Any) -> Raw:
    return given({"ID": "r", "Status": "Enabled", **ALL}, changes)


def _rule(**changes: Any) -> Rule:
    return Rule(Answer(_raw(**changes), "s3:GetLifecycleConfiguration"))


def _old(days: int, **more: Any) -> Raw:
    return {"NoncurrentVersionExpiration": {"NoncurrentDays": days, **more}}


@cases({
    "an empty prefix": (ALL, "", False, True),
    "an empty filter": ({"Filter": {}}, "", False, True),
    "a prefix": ({"Filter": {"Prefix": "x/"}}, "x/", False, False),
    "a tag": ({"Filter": {"Tag": TAG}}, "", True, False),
    "a size": ({"Filter": {"ObjectSizeLessThan": 1}}, "", True, False),
    "prefix and tags": ({"Filter": {"And": {"Prefix": "x/", "Tags": [TAG]}}}, "x/", True, False),
    "tags and sizes": ({"Filter": {"And": {"Tags": [TAG], "ObjectSizeLessThan": 9}}}, "", True, False),
    "the older form": ({"Filter": None, "Prefix": "x/"}, "x/", False, False),
    "the older form, all": ({"Filter": None, "Prefix": ""}, "", False, True),
})  # fmt: skip
def test_the_scope_of_a_rule(changes: Raw, prefix: str, narrowed: bool, whole: bool) -> None:
    rule = _rule(**changes)
    assert (rule.prefix, rule.narrowed, rule.is_whole) == (prefix, narrowed, whole)


def test_an_empty_filter_that_is_parsed_as_nothing_is_the_whole_bucket() -> None:
    assert Rule({"Filter": None}).is_whole


def test_a_rule_is_told_by_its_name_and_scope() -> None:
    assert str(_rule()) == "rule r"
    assert str(_rule(ID=None)) == "rule without a name"
    assert str(_rule(ID="")) == "rule without a name"
    assert str(_rule(Filter={"Prefix": "x/"})) == "rule r under x/"
    assert str(_rule(Filter={"Tag": TAG})) == "rule r with certain tags or sizes"
    narrow = {"And": {"Prefix": "x/", "Tags": [TAG]}}
    assert str(_rule(Filter=narrow)) == "rule r under x/ with certain tags or sizes"


def test_a_rule_is_on_where_its_status_is_enabled() -> None:
    assert _rule().is_on
    assert not _rule(Status="Disabled").is_on
    with pytest.raises(CouldNotLook, match="Status is 'Paused'"):
        assert _rule(Status="Paused").is_on


def test_after_how_many_days_a_rule_lets_go() -> None:
    assert [_rule().days(what) for what in (UPLOADS, VERSIONS, OBJECTS)] == [None, None, None]
    rule = _rule(**GONE, **_old(30), Expiration={"Days": 90})
    assert [rule.days(what) for what in (UPLOADS, VERSIONS, OBJECTS)] == [3, 30, 90]
    assert _rule(Expiration={"Date": NEW_YEAR}).days(OBJECTS) is None
    assert _rule(Expiration={"ExpiredObjectDeleteMarker": True}).days(OBJECTS) is None
    for block, key, what in (
        ("AbortIncompleteMultipartUpload", "DaysAfterInitiation", UPLOADS),
        ("NoncurrentVersionExpiration", "NoncurrentDays", VERSIONS),
    ):
        with pytest.raises(CouldNotLook, match=f"rule r has a {block} without {key}") as told:
            _rule(**{block: {}}).days(what)
        assert told.value.call == "s3:GetLifecycleConfiguration"


def test_how_many_newer_versions_a_rule_keeps() -> None:
    assert _rule().newer_versions_kept == 0
    assert _rule(**_old(3)).newer_versions_kept == 0
    assert _rule(**_old(3, NewerNoncurrentVersions=2)).newer_versions_kept == 2


@cases({
    "nothing": (GONE, []),
    "deletes after days": ({"Expiration": {"Days": 1}}, ["deletes after 1 day"]),
    "deletes from a day on": ({"Expiration": {"Date": NEW_YEAR}}, ["deletes from 2027-01-01 on"]),
    "delete markers": ({"Expiration": {"ExpiredObjectDeleteMarker": True}}, []),
    "to an archive": ({"Transitions": [{"Days": 30, "StorageClass": "GLACIER"}]}, ["moves to GLACIER after 30 days"]),
    "to a deep archive on a day": (
        {"Transitions": [{"Date": NEW_YEAR, "StorageClass": "DEEP_ARCHIVE"}]},
        ["moves to DEEP_ARCHIVE from 2027-01-01 on"],
    ),
    "to what can be served": (
        {"Transitions": [{"Days": 1, "StorageClass": one} for one in ("GLACIER_IR", "STANDARD_IA")]},
        [],
    ),
    "several": (
        {
            "Expiration": {"Days": 90},
            "Transitions": [{"Days": 1, "StorageClass": "STANDARD_IA"}, {"Days": 2, "StorageClass": "GLACIER"}],
        },
        ["deletes after 90 days", "moves to GLACIER after 2 days"],
    ),
})  # fmt: skip
def test_how_a_rule_harms_objects_in_use(changes: Raw, harms: list[str]) -> None:
    assert [*_rule(**changes).harms] == harms


def test_the_earliest_whole_and_enabled_rule_counts() -> None:
    assert kept_for([], OBJECTS) is None
    rules = [_rule(Expiration={"Days": days}) for days in (9, 5, 7)]
    assert kept_for(rules, OBJECTS) == 5
    assert kept_for([_rule(Expiration={"Days": 5}, Status="Disabled"), *rules[2:]], OBJECTS) == 7
    assert kept_for([_rule(Expiration={"Days": 5}, Filter={"Prefix": "x"}), *rules[2:]], OBJECTS) == 7
    assert kept_for([_rule(**GONE), *rules[2:]], OBJECTS) == 7
    assert kept_for([_rule(**GONE)], OBJECTS) is None


def test_what_is_kept_longer_than_wanted_is_lacking() -> None:
    rules = [_rule(Expiration={"Days": 7}), _rule(**GONE)]
    assert lacking(rules, {OBJECTS: 7, UPLOADS: 2, VERSIONS: 1000}) == [UPLOADS, VERSIONS]
    assert lacking(iter(rules), {OBJECTS: 6.9, UPLOADS: 3}) == [OBJECTS]
    assert lacking(rules, {}) == []


def _bucket(*rules: Raw, versioning: Any = (), site: str | None = None, name: str = "logs") -> Bucket:
    told = {"Rules": [Answer(one, "s3:GetLifecycleConfiguration") for one in rules], "Versioning": dict(versioning)}
    return Bucket(arn=name, name=name, site=site, evidence=Answer(told, "s3:GetLifecycleConfiguration"))


def test_what_a_bucket_wants_by_its_versions_and_its_own_days() -> None:
    checked = stack(bucket_expire_days={"logs": 14}, limits={"incomplete_upload_days": 3, "old_version_days_max": 60})
    assert _bucket().wanted(stack()) == {UPLOADS: 7}
    assert _bucket().wanted(checked) == {UPLOADS: 3, OBJECTS: 14}
    assert _bucket(versioning=ON, name="other").wanted(checked) == {UPLOADS: 3, VERSIONS: 60}
    assert _bucket(versioning={"Status": "Suspended"}).wanted(checked) == {UPLOADS: 3, VERSIONS: 60, OBJECTS: 14}
    assert [_bucket(versioning=one).versioning for one in (ON, {"Status": "Suspended"}, {})] == [
        "Enabled",
        "Suspended",
        "Off",
    ]


TOLD = "rule r is Disabled, rule p under x/ applies to a part only)"


@cases({
    "nothing": (_bucket(_raw(**GONE)), []),
    "at the limit": (_bucket(_raw(AbortIncompleteMultipartUpload={"DaysAfterInitiation": 7})), []),
    "no rule": (_bucket(), ["incomplete uploads are kept forever; expected at most 7 days"]),
    "too late": (
        _bucket(_raw(AbortIncompleteMultipartUpload={"DaysAfterInitiation": 8})),
        ["incomplete uploads are kept for 8 days; expected at most 7 days"],
    ),
    "disabled, and a part": (
        _bucket(
            _raw(**GONE, Status="Disabled"), _raw(**GONE, ID="p", Filter={"Prefix": "x/"}), _raw(Expiration={"Days": 1})
        ),
        [
            "incomplete uploads are kept forever; expected at most 7 days (" + TOLD,
        ],
    ),
    "versions": (
        _bucket(_raw(**GONE), versioning=ON),
        ["old versions are kept forever; expected at most 90 days"],
    ),
    "one too late, and one disabled": (
        _bucket(
            _raw(AbortIncompleteMultipartUpload={"DaysAfterInitiation": 8}), _raw(**GONE, ID="d", Status="Disabled")
        ),
        ["incomplete uploads are kept for 8 days; expected at most 7 days (rule d is Disabled)"],
    ),
})  # fmt: skip
def test_what_a_bucket_keeps_longer_than_allowed(bucket: Bucket, lacks: list[str]) -> None:
    assert bucket.lacks(stack()) == lacks


@cases({
    "forever": ([_raw(**GONE)], "", None),
    "the shortest": ([_raw(**_old(9)), _raw(**_old(5)), _raw(**_old(7))], "", 5),
    "not by a disabled rule": ([_raw(**_old(9)), _raw(**_old(5), Status="Disabled")], "", 9),
    "not by one that leaves some": ([_raw(**_old(9)), _raw(**_old(5, NewerNoncurrentVersions=1))], "", 9),
    "a rule of another folder": ([_raw(**_old(5), Filter={"Prefix": "logs/"})], "site/", None),
    "a rule of a folder in the site": ([_raw(**_old(5), Filter={"Prefix": "site/old/"})], "site/", 5),
    "a rule above the site": ([_raw(**_old(5), Filter={"Prefix": "si"})], "site/", 5),
    "the site is the whole bucket": ([_raw(**_old(5), Filter={"Prefix": "logs/"})], "", 5),
    "no site": ([_raw(**_old(5), Filter={"Prefix": "logs/"})], None, 5),
    "a rule for certain tags": ([_raw(**_old(5), Filter={"Tag": TAG})], "site/", 5),
})  # fmt: skip
def test_for_how_many_days_an_overwritten_object_of_the_site_is_kept(
    rules: Sequence[Raw], site: str | None, days: int | None
) -> None:
    assert _bucket(*rules, site=site).old_versions_kept_days == days


def test_the_harms_to_the_site_are_those_of_rules_that_apply_to_it() -> None:
    harmful = {"Expiration": {"Days": 3}}
    bucket = _bucket(
        _raw(**harmful),
        _raw(**harmful, ID="off", Status="Disabled"),
        _raw(**harmful, ID="other", Filter={"Prefix": "logs/"}),
        _raw(**harmful, ID="inner", Filter={"Prefix": "site/old/"}),
        _raw(**GONE, ID="harmless"),
        site="site/",
    )
    assert bucket.harms_to_site == [
        "rule r deletes after 3 days",
        "rule inner under site/old/ deletes after 3 days",
    ]


NO_RULES = NotThere("s3:GetLifecycleConfiguration", "NoSuchLifecycleConfiguration: none")
NO_BUCKET = NotThere("s3:GetBucketVersioning", "NoSuchBucket: none")
REFUSED = CouldNotLook("s3:GetBucketVersioning", "AccessDenied: no", action="s3:GetBucketVersioning")


def _aws(versioning: Any = ON, rules: Any = NO_RULES, **stacked: Any) -> Aws:
    return Aws(
        {("s3", "GetBucketVersioning"): versioning, ("s3", "GetBucketLifecycleConfiguration"): rules}, stack(**stacked)
    )


def test_a_bucket_is_read_with_its_rules_and_one_that_is_not_there_with_an_error() -> None:
    seen = read_bucket(_aws(rules={"Rules": [_raw(**GONE)]}), "logs", "site/")
    assert (seen.arn, seen.name, seen.site, seen.exists) == ("logs", "logs", "site/", True)
    assert seen.evidence == {"Rules": [_raw(**GONE)], "Versioning": ON}
    seen = read_bucket(_aws(), "logs", None)
    assert (seen.site, seen.exists, seen.evidence) == (None, True, {"Rules": [], "Versioning": ON})
    for answers in ({"versioning": NO_BUCKET}, {"rules": NO_BUCKET}):
        seen = read_bucket(_aws(**answers), "logs", "")
        assert (seen.site, seen.exists, seen.evidence) == ("", False, {"Error": "NoSuchBucket: none"})
    with pytest.raises(CouldNotLook, match="no 'Rules'"):
        read_bucket(_aws(rules={}), "logs", None)


NONE = CouldNotLook("", "stack here names no distribution")
DENIED = CouldNotLook("cloudfront:GetDistribution", "AccessDenied: no", action="cloudfront:GetDistribution")


def test_the_site_is_the_bucket_that_is_named_or_the_origin_of_the_distribution() -> None:
    with_one = names(distributions=("E",))
    assert site_of(stack(dashboard_bucket="b"), with_one, DENIED) == ("b", "")
    assert site_of(stack(), names(), front()) is None
    assert site_of(stack(), with_one, front(path="/v1")) == ("site", "v1/")
    with pytest.raises(CouldNotLook) as told:
        site_of(stack(), with_one, DENIED)
    assert (told.value.call, told.value.action) == (DENIED.call, DENIED.action)
    with pytest.raises(
        NotConfigured, match=r"the bucket behind the dashboards is unknown: .*names no distribution; set"
    ):
        site_of(stack(), with_one, NONE)


def test_the_names_of_all_buckets_the_site_first() -> None:
    checked = stack(bucket_expire_days={"old": 3, "logs": 4})
    assert names_of(checked, names(buckets=("logs",)), ("site", "")) == ["site", "logs", "old"]
    assert names_of(stack(), names(), ("site", "")) == ["site"]
    assert names_of(stack(), names(buckets=("logs",)), None) == ["logs"]
    with pytest.raises(NotConfigured, match="names no buckets: set buckets"):
        names_of(stack(), names(), None)


def test_the_distribution_is_only_asked_for_where_it_tells_the_site() -> None:
    assert find_site(stack(), Aws({}), names()) is None
    assert find_site(stack(dashboard_bucket="b"), Aws({}), names(distributions=("E",))) == ("b", "")
    with pytest.raises(CouldNotLook, match="GetDistribution: AccessDenied"):
        find_site(stack(), Aws({("cloudfront", "GetDistribution"): DENIED}), names(distributions=("E",)))


def test_buckets_know_whether_they_have_the_site_and_one_that_is_refused_is_so_alone() -> None:
    def versioning(Bucket: str) -> Any:  # noqa: N803 - AWS's name
        return REFUSED if Bucket == "logs" else ON

    seen = buckets(stack(), _aws(versioning), names(distributions=("E",), buckets=("logs", "b")), front())
    assert [(one.name, one.site, why_unread(one)) for one in seen] == [
        ("site", "", None),
        ("logs", None, REFUSED),
        ("b", None, None),
    ]
    seen = buckets(stack(), _aws(), names(buckets=("logs",)), NONE)
    assert [(one.name, one.site) for one in seen] == [("logs", None)]
    assert site_bucket(stack(), [*seen, _bucket(site="", name="s"), _bucket(site="x/", name="t")]).name == "s"
    with pytest.raises(NotConfigured, match="names no dashboard bucket: set distribution_id or dashboard_bucket"):
        site_bucket(stack(), seen)
    with pytest.raises(CouldNotLook, match="AccessDenied"):
        buckets(stack(), _aws(REFUSED), names(buckets=("logs",)), NONE)
