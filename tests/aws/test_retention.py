"""What is kept and what goes: lifecycle rules in every form, log groups, and the remedies that set them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from opschecks.aws.cloudfront import Distribution
from opschecks.aws.inventory import inventory
from opschecks.aws.log_groups import LogGroup, log_groups
from opschecks.aws.s3_lifecycle import Bucket, buckets, site_bucket
from opschecks.config.stack import Stack
from opschecks.core.answer import Answer
from opschecks.core.change import CannotFix, Request, Risk
from opschecks.core.observation import CouldNotLook, NotThere
from opschecks.fixing.plan import planned
from opschecks.fixing.remedy import BaseRemedy
from opschecks.remedies.settings.logs import PutRetention
from opschecks.remedies.settings.s3_lifecycle import PutLifecycle
from tests.canned import NOW, Aws, Raw, ago, concludes, fits, itself, judges, names, stack, verdicts, weekly

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
    raw = {"ID": "r", "Status": "Enabled", "Filter": {"Prefix": ""}, **changes}
    return {key: value for key, value in raw.items() if value is not None}


def uploads(days: int = 3, **changes: Any) -> Raw:
    return rule(AbortIncompleteMultipartUpload={"DaysAfterInitiation": days}, **changes)


def old(days: int = 30, **changes: Any) -> Raw:
    return rule(NoncurrentVersionExpiration={"NoncurrentDays": days}, **changes)


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


WHOLE: dict[str, tuple[list[Raw] | Exception, Any, str, str]] = {
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
}


def unchecked(rules: Sequence[Raw], versioning: Any) -> list[Bucket]:
    """What a cut answer may look like, which botocore's model does not allow."""
    return [Bucket(arn="archive", name="archive", evidence=Answer({"Versioning": versioning, "Rules": list(rules)}))]


@pytest.mark.parametrize(("rules", "versioning", "outcome", "message"), WHOLE.values(), ids=WHOLE)
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


@pytest.mark.parametrize(
    ("known", "told", "message"),
    [
        (names(), NONE, "stack here names no buckets: set buckets in stacks.toml"),
        (names(distributions=("E",), buckets=("archive",)), DENIED, "cloudfront:GetDistribution: no"),
        (names(distributions=("E", "F"), buckets=("archive",)), CouldNotLook("", "has 2 distributions"), "set distr"),
        (names(distributions=("E",), buckets=("archive",)), front("app.example.com"), "which is not an S3 bucket; set"),
    ],
    ids=["none", "denied", "two distributions", "no bucket behind it"],
)
def test_a_bucket_that_is_not_known_passes_for_none(known: Any, told: Any, message: str) -> None:
    with pytest.raises(CouldNotLook, match=message):
        buckets(stack(), aws_of([]), known, told)


def test_a_stack_without_a_dashboard_bucket_says_so() -> None:
    with pytest.raises(CouldNotLook, match="set distribution_id or dashboard_bucket"):
        site_bucket(stack(), seen([uploads()]))


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


# remedies


def lifecycle(rules: Sequence[Raw] | Exception, versioning: Any = NEVER, **of: Any) -> PutLifecycle:
    checked = stack(**{"buckets": ["archive"], **of})
    return PutLifecycle(checked, aws_of(rules, versioning, checked))


def put(
    rules: Sequence[Raw] | Exception, versioning: Any = NEVER, wish: Mapping[str, str] | None = None, **of: Any
) -> tuple[list[Raw], Risk, Request]:
    """The rules that would be put, the risk of it, and the way back."""
    remedy = lifecycle(rules, versioning, **of)
    change = planned(remedy, "archive", wish=dict(wish or {}))
    fits(remedy.request("archive", change.before, change.after))
    back = fits(remedy.request("archive", change.after, change.before))
    return list(change.after["Rules"]), change.risk, back


WHOLE_BUCKET = {"Status": "Enabled", "Filter": {"Prefix": ""}}


def test_a_bucket_without_a_lifecycle_gets_one_and_taking_it_back_leaves_none() -> None:
    rules, risk, back = put(NO_RULES)
    assert rules == [
        {
            "ID": "opschecks incomplete uploads 7 days",
            **WHOLE_BUCKET,
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
        }
    ]
    assert risk is Risk.SAFE
    assert (back.operation, back.parameters) == ("DeleteBucketLifecycle", {"Bucket": "archive"})
    assert back.call == "s3:PutLifecycleConfiguration"


def test_other_rules_are_sent_along_as_they_are() -> None:
    theirs = [
        old(30, ID="z", Filter={"Prefix": "x/"}),
        rule(ID="a", Expiration={"Date": datetime(2027, 1, 1, tzinfo=UTC)}, Filter={"Tag": {"Key": "k", "Value": "v"}}),
    ]
    rules, risk, back = put(theirs)
    dated = {**theirs[1], "Expiration": {"Date": "2027-01-01T00:00:00Z"}}
    assert [one for one in rules if not one["ID"].startswith("opschecks")] == [dated, theirs[0]]
    assert risk is Risk.SAFE
    assert back.parameters["LifecycleConfiguration"] == {"Rules": [dated, theirs[0]]}


def test_what_deletes_something_is_destructive_and_says_so_in_the_rules_name() -> None:
    rules, risk, _ = put([uploads()], ON)
    assert rules[0]["ID"] == "opschecks old versions 90 days"
    assert rules[0]["NoncurrentVersionExpiration"] == {"NoncurrentDays": 90}
    assert risk is Risk.DESTRUCTIVE
    rules, risk, _ = put([uploads()], bucket_expire_days={"archive": 30})
    assert rules[0]["Expiration"] == {"Days": 30}
    assert risk is Risk.DESTRUCTIVE


def test_only_what_was_wished_is_added() -> None:
    rules, risk, _ = put([], ON, {"uploads": "5"})
    assert [set(one) - {*WHOLE_BUCKET, "ID"} for one in rules] == [{"AbortIncompleteMultipartUpload"}]
    assert risk is Risk.SAFE


def test_taking_a_rule_away_deletes_nothing() -> None:
    rules, _, _ = put([uploads()], ON)
    remedy = lifecycle([])
    assert remedy.risk_of({"Rules": rules}, {"Rules": rules[1:]}) is Risk.SAFE
    assert remedy.risk_of({"Rules": rules[1:]}, {"Rules": rules}) is Risk.DESTRUCTIVE


def test_rules_of_the_older_form_get_one_of_their_own_kind() -> None:
    rules, _, _ = put([old(ID="a", Filter=None, Prefix="x/")])
    assert all("Filter" not in one for one in rules)
    assert rules[1]["Prefix"] == ""


def test_the_smallest_size_that_moves_is_kept_where_somebody_chose_it() -> None:
    aws = aws_of([])
    told = {"Rules": [old(ID="a")], "TransitionDefaultMinimumObjectSize": "varies_by_storage_class"}
    remedy = PutLifecycle(
        aws.stack, Aws({("s3", "GetBucketVersioning"): {}, ("s3", "GetBucketLifecycleConfiguration"): told}, aws.stack)
    )
    change = planned(remedy, "archive", wish={})
    for request in (
        remedy.request("archive", change.before, change.after),
        remedy.request("archive", change.after, change.before),
    ):
        assert fits(request).parameters["TransitionDefaultMinimumObjectSize"] == "varies_by_storage_class"
    usual = {**told, "TransitionDefaultMinimumObjectSize": "all_storage_classes_128K"}
    same = PutLifecycle(
        aws.stack, Aws({("s3", "GetBucketVersioning"): {}, ("s3", "GetBucketLifecycleConfiguration"): usual}, aws.stack)
    )
    assert set(same.read("archive")) == {"Rules"}


def test_the_same_rules_in_another_order_and_form_are_the_same_state() -> None:
    one, other = old(ID="a", Filter={}), uploads(ID="b")
    assert lifecycle([one, other]).read("archive") == lifecycle([other, {**one, "Filter": {"Prefix": ""}}]).read(
        "archive"
    )


REFUSED: dict[str, tuple[PutLifecycle, dict[str, str], str]] = {
    "nothing is lacking": (lifecycle([uploads()]), {}, "nothing is kept longer than expected"),
    "no bucket": (lifecycle(NO_BUCKET, NO_BUCKET), {}, "there is no bucket archive"),
    "no number": (lifecycle([]), {"uploads": "soon"}, "expected a whole number of at least 1"),
    "at once": (lifecycle([]), {"versions": "0"}, "expected a whole number of at least 1"),
    "less than a day": (lifecycle([], limits={"incomplete_upload_days": 0.5}), {}, "S3 counts whole days"),
    "its own was changed": (
        lifecycle([uploads(ID="opschecks incomplete uploads 7 days", Status="Disabled")]),
        {},
        "changed",
    ),
    "it is the site": (lifecycle([], dashboard_bucket="archive"), {"objects": "30"}, "is behind the dashboards"),
    "it holds the journal": (lifecycle([], state="s3://archive/opschecks"), {"objects": "30"}, "the stack's journal"),
}


@pytest.mark.parametrize(("remedy", "wish", "message"), REFUSED.values(), ids=REFUSED)
def test_lifecycles_that_are_not_put(remedy: BaseRemedy, wish: dict[str, str], message: str) -> None:
    with pytest.raises(CannotFix, match=message):
        planned(remedy, "archive", wish=wish)


def test_a_journal_in_a_bucket_of_a_longer_name_bars_nothing() -> None:
    rules, risk, _ = put([], wish={"objects": "30"}, state="s3://archive-of-ops/opschecks")
    assert (len(rules), risk) == (1, Risk.DESTRUCTIVE)


def retention(days: int | None, wish: Mapping[str, str] | None = None, *, raw: Any = None, **limits: float) -> Any:
    checked = stack(log_groups=["/ecs/backend"], limits=limits)
    told = {"logGroups": [raw or group(days=days)]}
    remedy = PutRetention(checked, Aws({("logs", "DescribeLogGroups"): told}, checked))
    change = planned(remedy, "/ecs/backend", wish=dict(wish or {}))
    fits(remedy.request("/ecs/backend", change.before, change.after))
    return change, fits(remedy.request("/ecs/backend", change.after, change.before))


DAYS: dict[str, tuple[int | None, dict[str, str], dict[str, float], int, Risk]] = {
    "for ever is cut to the longest": (None, {}, {}, 90, Risk.DESTRUCTIVE),
    "too long is cut to the longest": (365, {}, {}, 90, Risk.DESTRUCTIVE),
    "too short is raised to the shortest": (1, {}, {}, 7, Risk.SAFE),
    "the longest that AWS takes": (None, {}, {"log_retention_days_max": 100}, 90, Risk.DESTRUCTIVE),
    "the shortest that AWS takes": (1, {}, {"log_retention_days_min": 8}, 14, Risk.SAFE),
    "as wished, though it is as wanted": (30, {"days": "60"}, {}, 60, Risk.SAFE),
    "as wished, and shorter": (30, {"days": "14"}, {}, 14, Risk.DESTRUCTIVE),
}


@pytest.mark.parametrize(("now", "wish", "limits", "days", "risk"), DAYS.values(), ids=DAYS)
def test_retention(now: int | None, wish: dict[str, str], limits: dict[str, float], days: int, risk: Risk) -> None:
    change, back = retention(now, wish, **limits)
    assert change.after == {"retentionInDays": days}
    assert change.risk is risk
    assert back.operation == ("DeleteRetentionPolicy" if now is None else "PutRetentionPolicy")
    assert back.parameters.get("retentionInDays") == now


NOT_SET: dict[str, tuple[Any, dict[str, str], dict[str, float], str]] = {
    "as wanted": (group(days=30), {}, {}, "kept for 30 days, as expected"),
    "no such number": (group(days=None), {"days": "45"}, {}, "AWS takes only 1, 3, 5, 7, 14"),
    "no number": (group(days=None), {"days": "long"}, {}, "--set days=long: expected a whole number"),
    "none between": (
        group(days=None),
        {},
        {"log_retention_days_min": 8, "log_retention_days_max": 13},
        "between 8 and 13",
    ),
    "fixed by AWS": (group(days=2, logGroupClass="DELIVERY"), {}, {}, "AWS keeps its events for a day"),
    "gone": (group("/other"), {}, {}, "there is no log group /ecs/backend"),
}


@pytest.mark.parametrize(("raw", "wish", "limits", "message"), NOT_SET.values(), ids=NOT_SET)
def test_retentions_that_are_not_put(raw: Any, wish: dict[str, str], limits: dict[str, float], message: str) -> None:
    with pytest.raises(CannotFix, match=message):
        retention(None, wish, raw=raw, **limits)
