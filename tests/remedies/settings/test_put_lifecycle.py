"""For how long a bucket keeps its objects, and a log group its events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from opschecks.core.change import Request, Risk
from opschecks.fixing.plan import planned
from opschecks.remedies.settings.logs import PutRetention
from opschecks.remedies.settings.s3_lifecycle import PutLifecycle
from tests.aws.test_retention import NEVER, NO_BUCKET, NO_RULES, ON, aws_of, group, old, rule, uploads
from tests.canned import Aws, Raw, fits, refuses, stack


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


def test_a_bucket_without_a_lifecycle_gets_one_and_taking_it_back_leaves_none() -> None:
    rules, risk, back = put(NO_RULES)
    assert rules == [uploads(7, ID="opschecks incomplete uploads 7 days")]
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
    assert [set(one) - {*rule()} for one in rules] == [{"AbortIncompleteMultipartUpload"}]
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
    def of(size: str) -> PutLifecycle:
        aws = aws_of([])
        told = {"Rules": [old(ID="a")], "TransitionDefaultMinimumObjectSize": size}
        answers = {("s3", "GetBucketVersioning"): {}, ("s3", "GetBucketLifecycleConfiguration"): told}
        return PutLifecycle(aws.stack, Aws(answers, aws.stack))

    remedy = of("varies_by_storage_class")
    change = planned(remedy, "archive", wish={})
    for states in ((change.before, change.after), (change.after, change.before)):
        sent = fits(remedy.request("archive", *states)).parameters
        assert sent["TransitionDefaultMinimumObjectSize"] == "varies_by_storage_class"
    assert set(of("all_storage_classes_128K").read("archive")) == {"Rules"}


def test_the_same_rules_in_another_order_and_form_are_the_same_state() -> None:
    one, other = lifecycle([old(ID="a", Filter={}), uploads(ID="b")]), lifecycle([uploads(ID="b"), old(ID="a")])
    assert one.read("archive") == other.read("archive")


REFUSED = {
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
test_lifecycles_that_are_not_put = refuses(REFUSED, lambda remedy, wish: planned(remedy, "archive", wish=wish))


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


BETWEEN = {"log_retention_days_min": 8, "log_retention_days_max": 13}
NOT_SET = {
    "as wanted": (group(days=30), {}, {}, "kept for 30 days, as expected"),
    "no such number": (group(days=None), {"days": "45"}, {}, "AWS takes only 1, 3, 5, 7, 14"),
    "no number": (group(days=None), {"days": "long"}, {}, "--set days=long: expected a whole number"),
    "none between": (group(days=None), {}, BETWEEN, "between 8 and 13"),
    "fixed by AWS": (group(days=2, logGroupClass="DELIVERY"), {}, {}, "AWS keeps its events for a day"),
    "gone": (group("/other"), {}, {}, "there is no log group /ecs/backend"),
}
test_retentions_that_are_not_put = refuses(NOT_SET, lambda raw, wish, limits: retention(None, wish, raw=raw, **limits))
