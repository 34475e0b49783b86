"""What is kept and what goes: lifecycle rules in every form, and log groups."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from opschecks.aws.cloudfront import Distribution
from opschecks.aws.inventory import inventory
from opschecks.aws.log_groups import LogGroup, log_groups
from opschecks.aws.s3_lifecycle import Bucket, buckets
from opschecks.config.stack import Stack
from opschecks.core.answer import Answer
from opschecks.core.observation import CouldNotLook, NotThere
from tests.canned import NOW, Aws, Raw, ago, concludes, given, itself, judges, names, stack, verdicts, weekly
from tests.cases import cases

checks = weekly("retention")
TIDY, SITE = checks.test_buckets_let_go_what_nobody_needs, checks.test_lifecycle_leaves_the_dashboards_alone
KEPT = checks.test_log_groups_are_kept_as_long_as_wanted
NO_RULES = NotThere(
    "s3:GetLifecycleConfiguration", "NoSuchLifecycleConfiguration: The lifecycle configuration does not exist"
)
NO_BUCKET = NotThere("s3:GetBucketVersioning", "NoSuchBucket: The specified bucket does not exist")
NEW_YEAR = datetime(2027, 1, 1, tzinfo=UTC)
TAG = {"Key": "a", "Value": "b"}
ON, ONCE, NEVER = {"Status": "Enabled"}, {"Status": "Suspended"}, Raw()


def rule(**changes: Any) -> Raw:
    """A rule for the whole bucket; a change to None takes a key away."""
    return given({"ID": "r", "Status": "Enabled", "Filter": {"Prefix": ""}}, changes)


def uploads(days: int = 3, **changes: Any) -> Raw:
    return rule(AbortIncompleteMultipartUpload={"DaysAfterInitiation": days}, **changes)


def old(days: int = 30, newer: int | None = None, **changes: Any) -> Raw:
    kept = given({"NoncurrentDays": days}, {"NewerNoncurrentVersions": newer})
    return rule(NoncurrentVersionExpiration=kept, **changes)


def expires(prefix: str = "", **when: Any) -> Raw:
    return rule(Expiration=when, Filter={"Prefix": prefix})


def moves(to: str, **when: Any) -> Raw:
    return rule(Transitions=[{**when, "StorageClass": to}])


def aws_of(rules: Sequence[Raw] | Exception, versioning: Any = NEVER, checked: Stack | None = None) -> Aws:
    told = rules if isinstance(rules, Exception) else {"Rules": list(rules)}
    return Aws(
        {("s3", "GetBucketVersioning"): versioning, ("s3", "GetBucketLifecycleConfiguration"): told},
        checked or stack(buckets=["archive"]),
    )


def seen(rules: Sequence[Raw] | Exception, versioning: Any = NEVER, checked: Stack | None = None) -> list[Bucket]:
    none = CouldNotLook("", "stack here names no distribution")
    return buckets(checked or stack(), aws_of(rules, versioning, checked), names(buckets=("archive",)), none)


def unchecked(rules: Sequence[Raw], versioning: Any) -> list[Bucket]:
    """What a cut answer may look like, which botocore's model does not allow."""
    return [Bucket(arn="archive", name="archive", evidence=Answer({"Versioning": versioning, "Rules": list(rules)}))]


@cases({
    "uploads go": ([uploads()], NEVER, "passed", "1 lifecycle rules, versioning off"),
    "uploads go at the limit": ([uploads(7)], NEVER, "passed", ""),
    "uploads go too late": ([uploads(30)], NEVER, "failed", "uploads are kept for 30 days; expected at most 7"),
    "the earliest of two rules counts": ([uploads(30), uploads(1)], NEVER, "passed", ""),
    "no configuration at all": (NO_RULES, NEVER, "failed", "incomplete uploads are kept forever"),
    "no such bucket": (NO_BUCKET, NO_BUCKET, "failed", "the bucket does not exist"),
    "gone between two looks": (
        NotThere("s3:GetLifecycleConfiguration", "NoSuchBucket"),
        NEVER,
        "failed",
        "does not exist",
    ),
    "disabled": ([uploads(Status="Disabled")], NEVER, "failed", "rule r is Disabled"),
    "without a name": ([uploads(ID=None, Status="Disabled")], NEVER, "failed", "rule without a name is Disabled"),
    "an empty filter is everything": ([uploads(Filter={})], NEVER, "passed", ""),
    "the older form, everything": ([uploads(Filter=None, Prefix="")], NEVER, "passed", ""),
    "the older form, a part": ([uploads(Filter=None, Prefix="logs/")], NEVER, "failed", "rule r under logs/ applies"),
    "a prefix": ([uploads(Filter={"Prefix": "logs/"})], NEVER, "failed", "rule r under logs/ applies to a part only"),
    "a tag": (
        [old(Filter={"Tag": TAG}), uploads()],
        ON,
        "failed",
        "rule r with certain tags or sizes applies to a part",
    ),
    "a size": ([old(Filter={"ObjectSizeGreaterThan": 128}), uploads()], ON, "failed", "with certain tags or sizes"),
    "a prefix and tags": (
        [old(Filter={"And": {"Prefix": "", "Tags": [TAG]}}), uploads()],
        ON,
        "failed",
        "tags or sizes",
    ),
    "an And of a prefix alone": ([uploads(Filter={"And": {"Prefix": "x/"}})], NEVER, "failed", "under x/"),
    "versions go": ([uploads(), old()], ON, "passed", ""),
    "versions go too late": (
        [uploads(), old(365)],
        ON,
        "failed",
        "versions are kept for 365 days; expected at most 90",
    ),
    "versions stay": ([uploads()], ON, "failed", "old versions are kept forever"),
    "versions of before stay": ([uploads()], ONCE, "failed", "old versions are kept forever"),
    "only delete markers go": (
        [uploads(), expires(ExpiredObjectDeleteMarker=True)],
        ON,
        "failed",
        "old versions are kept for",
    ),
    "current ones go": ([uploads(), expires(Days=30)], ON, "failed", "old versions are kept forever"),
    "nothing is said of the status": ([uploads(Status=None)], NEVER, "blind", "the answer has no 'Status'"),
    "neither filter nor prefix": ([uploads(Filter=None)], NEVER, "blind", "the answer has no 'Prefix'"),
    "no number of days": ([rule(AbortIncompleteMultipartUpload={})], NEVER, "blind", "without DaysAfterInitiation"),
})  # fmt: skip
def test_what_a_bucket_lets_go(rules: list[Raw] | Exception, versioning: Any, outcome: str, message: str) -> None:
    cut = not isinstance(rules, Exception) and any("Status" not in one for one in rules)
    assert not isinstance(rules, Exception) or not cut
    found = unchecked(rules, versioning) if cut and isinstance(rules, list) else seen(rules, versioning)
    concludes(TIDY, outcome, message, buckets=found)


EXPIRY: dict[str, tuple[list[Raw], str, str]] = {
    "after as many days": ([uploads(), expires(Days=90)], "passed", ""),
    "after more": ([uploads(), expires(Days=91)], "failed", "objects are kept for 91 days; expected at most 90"),
    "never": ([uploads()], "failed", "objects are kept forever; expected at most 90"),
    "by date is no number of days": ([uploads(), expires(Date=ago(days=5))], "failed", "forever"),
}
test_backups_are_wanted_to_go = judges(
    TIDY,
    EXPIRY,
    buckets=lambda rules: seen(rules, checked=stack(bucket_expire_days={"archive": 90})),
    stack=stack(bucket_expire_days={"archive": 90}),
)


def front(domain: str = "site.s3.us-west-2.amazonaws.com", path: str = "") -> Distribution:
    origin = {"Id": "s", "DomainName": domain, "OriginPath": path}
    config = {"Origins": {"Quantity": 1, "Items": [origin]}, "DefaultCacheBehavior": {"TargetOriginId": "s"}}
    return Distribution(arn="arn:aws:cloudfront::1:distribution/E", name="E", evidence={"DistributionConfig": config})


def at_site(*rules: Raw, path: str = "") -> list[Bucket]:
    return buckets(stack(), aws_of(rules), names(distributions=("E",)), front(path=path))


HARM: dict[str, tuple[list[Bucket], str, str]] = {
    "nothing": (at_site(uploads(), old(1)), "passed", "2 lifecycle rules"),
    "after days": (at_site(expires(Days=30)), "failed", "rule r deletes after 30 days"),
    "on a date": (at_site(expires(Date=NEW_YEAR)), "failed", "rule r deletes from 2027-01-01 on"),
    "delete markers": (at_site(expires(ExpiredObjectDeleteMarker=True)), "passed", ""),
    "switched off": (at_site(rule(Expiration={"Days": 30}, Status="Disabled")), "passed", ""),
    "of a part of the site": (at_site(expires("assets/", Days=30)), "failed", ""),
    "beside the site": (at_site(expires("previews/", Days=30), path="/live"), "passed", ""),
    "above the site": (at_site(expires("li", Days=30), path="/live"), "failed", ""),
    "of what has a tag": (
        at_site(rule(Expiration={"Days": 30}, Filter={"Tag": TAG})),
        "failed",
        "r with certain tags or sizes deletes",
    ),
    "to the archive": (at_site(moves("GLACIER", Days=90)), "failed", "rule r moves to GLACIER after 90 days"),
    "to the deep archive": (
        at_site(moves("DEEP_ARCHIVE", Date=NEW_YEAR)),
        "failed",
        "moves to DEEP_ARCHIVE from 2027-01-01 on",
    ),
    "to where it can be served from": (
        at_site(moves("STANDARD_IA", Days=90), moves("GLACIER_IR", Days=90)),
        "passed",
        "",
    ),
}
test_what_takes_the_dashboards_away = judges(SITE, HARM, buckets=itself)


def test_a_bucket_of_backups_may_expire() -> None:
    found = buckets(stack(), aws_of([expires(Days=30)]), names(distributions=("E",), buckets=("archive",)), front())
    assert verdicts(SITE, buckets=found) == {"site": "failed"}


NONE, DENIED = CouldNotLook("", "stack here names no distribution"), CouldNotLook("cloudfront:GetDistribution", "no")


def test_which_buckets_are_the_stacks() -> None:
    aws, known = aws_of([]), names(distributions=("E",), buckets=("archive", "site"))
    found = buckets(stack(), aws, known, front())
    assert [(one.name, one.site) for one in found] == [("site", ""), ("archive", None)]
    named = stack(dashboard_bucket="other")
    assert [one.name for one in buckets(named, aws_of([]), known, DENIED)] == ["other", "archive", "site"]
    assert [one.name for one in buckets(stack(), aws_of([]), names(buckets=("archive",)), NONE)] == ["archive"]


def test_a_bucket_that_is_wanted_to_expire_is_looked_at_though_nothing_else_names_it() -> None:
    checked = stack(bucket_expire_days={"archive": 90})
    assert verdicts(TIDY, buckets=buckets(checked, aws_of([uploads()]), names(), NONE), stack=checked) == {
        "archive": "failed"
    }


def test_buckets_are_found_through_cloudformation_and_tags() -> None:
    listed = [
        {"ResourceType": "AWS::S3::Bucket", "PhysicalResourceId": "archive", "ResourceStatus": "CREATE_COMPLETE"},
        {"ResourceType": "AWS::S3::BucketPolicy", "PhysicalResourceId": "policy", "ResourceStatus": "CREATE_COMPLETE"},
    ]
    told = [{**one, "LogicalResourceId": "x", "LastUpdatedTimestamp": NOW} for one in listed]
    aws = Aws({("cloudformation", "ListStackResources"): {"StackResourceSummaries": told}})
    assert inventory(stack(cloudformation_stack="prod"), aws).buckets == ("archive",)
    arns = ["arn:aws:s3:::archive", "arn:aws:s3:us-west-2:123456789012:accesspoint/archive"]
    tagged = {"ResourceTagMappingList": [{"ResourceARN": arn} for arn in arns]}
    aws = Aws({("resourcegroupstaggingapi", "GetResources"): tagged})
    assert inventory(stack(tags={"app": "web"}), aws).buckets == ("archive",)
    assert inventory(stack(buckets=["mine"]), Aws({})).buckets == ("mine",)


@cases({
    "none": (names(), NONE, "stack here names no buckets: set buckets in stacks.toml"),
    "denied": (names(distributions=("E",), buckets=("archive",)), DENIED, "cloudfront:GetDistribution: no"),
    "two distributions": (
        names(distributions=("E", "F"), buckets=("archive",)), CouldNotLook("", "has 2 distributions"), "set distr"),
    "no bucket behind it": (
        names(distributions=("E",), buckets=("archive",)), front("app.example.com"), "which is not an S3 bucket; set"),
})  # fmt: skip
def test_a_bucket_that_is_not_known_passes_for_none(known: Any, told: Any, message: str) -> None:
    with pytest.raises(CouldNotLook, match=message):
        buckets(stack(), aws_of([]), known, told)


def test_one_bucket_that_may_not_be_read_hides_behind_no_other() -> None:
    with pytest.raises(CouldNotLook, match="s3:GetLifecycleConfiguration: AccessDenied"):
        seen(CouldNotLook("s3:GetLifecycleConfiguration", "AccessDenied: no"))


def group(name: str = "/ecs/backend", days: int | None = 30, **changes: Any) -> Raw:
    raw = {"logGroupName": name, "creationTime": int(NOW.timestamp() * 1000), "storedBytes": 2_500_000, **changes}
    return raw if days is None else {**raw, "retentionInDays": days}


def groups_of(*raw: Raw, wanted: Sequence[str] = ("/ecs/backend",)) -> list[LogGroup]:
    return log_groups(Aws({("logs", "DescribeLogGroups"): {"logGroups": list(raw)}}), names(log_groups=tuple(wanted)))


RETENTION: dict[str, tuple[list[LogGroup], str, str]] = {
    "a month": (groups_of(group()), "passed", "kept for 30 days"),
    "the shortest": (groups_of(group(days=7)), "passed", ""),
    "the longest": (groups_of(group(days=90)), "passed", ""),
    "too short": (groups_of(group(days=5)), "failed", "kept for 5 days; expected 7 to 90 days"),
    "too long": (groups_of(group(days=365)), "failed", "kept for 365 days; expected 7 to 90 days"),
    "for ever": (groups_of(group(days=None)), "failed", "kept forever; limit 90 days"),
    "gone": (groups_of(), "failed", "the log group does not exist"),
    "another whose name begins so": (groups_of(group("/ecs/backend-old")), "failed", "the log group does not exist"),
}
test_log_groups = judges(KEPT, RETENTION, log_groups=itself)


def test_log_groups_are_asked_for_by_fifties_and_to_the_end() -> None:
    wanted = [f"/g/{number}" for number in range(60)]

    def answer(logGroupIdentifiers: list[str], nextToken: str = "") -> Raw:  # noqa: N803 - AWS's names
        if len(logGroupIdentifiers) == 50 and not nextToken:
            return {"logGroups": [], "nextToken": "2"}
        return {"logGroups": [group(name) for name in logGroupIdentifiers]}

    aws = Aws({("logs", "DescribeLogGroups"): answer})
    found = log_groups(aws, names(log_groups=tuple(wanted)))
    assert [one.name for one in found] == wanted
    assert set(verdicts(KEPT, log_groups=found).values()) == {"passed"}
    assert len(aws.calls) == 3
