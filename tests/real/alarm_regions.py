"""Rows of alarms in us-east-1, where CloudFront's metrics are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from opschecks.aws.alarm_history import AlarmNews, alarm_deliveries, alarm_news_elsewhere
from opschecks.aws.cloudwatch_alarms import alarms
from opschecks.core.observation import CouldNotLook
from tests.canned import NOW, Aws, Raw, names, stack
from tests.canned_alarms import checks
from tests.real.alarms import FAILED, RINGS, action, alarm
from tests.real.rows import Row

OF_CLOUDFRONT = "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/monitoring-using-cloudwatch.html"
EDGE = "E2EXAMPLE"


def of_cloudfront(name: str, **changes: Any) -> Raw:
    """An alarm on the distribution's errors, in us-east-1."""
    arn = f"arn:aws:cloudwatch:us-east-1:123456789012:alarm:{name}"
    on = [{"Name": "DistributionId", "Value": EDGE}, {"Name": "Region", "Value": "Global"}]
    told = {"AlarmArn": arn, "Namespace": "AWS/CloudFront", "MetricName": "5xxErrorRate", "Dimensions": on}
    return alarm(name, **{**told, **changes})


def in_two_regions(there: Any, here: Sequence[Raw], history: Any) -> Aws:
    """A stack of us-west-2 with these alarms, and what us-east-1 answers."""
    nothing: Raw = {"MetricAlarms": [], "CompositeAlarms": []}
    told = there if isinstance(there, Exception) else {**nothing, "MetricAlarms": list(there)}
    return Aws(
        {
            ("cloudwatch", "DescribeAlarms"): {**nothing, "MetricAlarms": list(here)},
            ("us-east-1 cloudwatch", "DescribeAlarms"): told,
            ("us-east-1 cloudwatch", "DescribeAlarmHistory"): (
                history if isinstance(history, Exception) else {"AlarmHistoryItems": list(history)}
            ),
        }
    )


def at_the_edge(
    check: Any,
    there: Any,
    outcome: Any,
    says: str = "",
    history: Any = (),
    here: Sequence[Raw] = (),
) -> Row:
    """A row about the alarms of a stack with a distribution, which are in us-east-1."""

    def look() -> Mapping[str, Any]:
        aws = in_two_regions(there, here, history)
        found = alarms(stack(), aws, names(distributions=(EDGE,)))
        news: AlarmNews | CouldNotLook
        try:
            news = alarm_news_elsewhere(aws, found, NOW)
        except CouldNotLook as error:
            news = error
        return {"alarms": found, "alarm_deliveries": alarm_deliveries(aws, NOW, [], [], news)}

    return Row(check, look, outcome, OF_CLOUDFRONT, says)


ROWS = {
    "CloudFront's errors ring in us-east-1": at_the_edge(
        checks.test_no_alarm_is_ringing, [of_cloudfront("edge", **RINGS)], "failed"
    ),
    "another distribution's errors ring": at_the_edge(
        checks.test_no_alarm_is_ringing,
        [of_cloudfront("other", Dimensions=[{"Name": "DistributionId", "Value": "E9"}], **RINGS)],
        "nothing",
    ),
    "CloudFront's errors, at night without a request": at_the_edge(
        checks.test_alarms_can_see,
        [of_cloudfront("edge", StateValue="INSUFFICIENT_DATA", TreatMissingData="missing")],
        "passed",
    ),
    "us-east-1 may not be read, by a policy of the organization": at_the_edge(
        checks.test_alarms_can_see,
        CouldNotLook("cloudwatch:DescribeAlarms", "AccessDenied: with an explicit deny in a service control policy"),
        "blind",
        "in us-east-1: AccessDenied",
    ),
    "the history of us-east-1 may not be read, that of the stack's region may": at_the_edge(
        checks.test_alarms_can_act,
        [of_cloudfront("edge")],
        {"cpu-high": "passed", "edge": "blind"},
        "AccessDenied",
        CouldNotLook("cloudwatch:DescribeAlarmHistory", "AccessDenied: no"),
        [alarm("cpu-high")],
    ),
    "nobody was called when CloudFront's alarm rang": at_the_edge(
        checks.test_alarms_can_act, [of_cloudfront("edge")], "failed", "nobody was called", [action("edge", FAILED)]
    ),
}
