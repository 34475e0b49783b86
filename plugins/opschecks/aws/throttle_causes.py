"""Why DynamoDB throttles: the limit that was reached, by CloudWatch, and the hottest keys, by Contributor Insights.

Asked only of what was throttled: on a quiet day it costs no call. The metrics by cause:
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TroubleshootingThrottling-cloudwatch.html
The rules of Contributor Insights, of which PKT lists the most throttled partition keys:
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/contributorinsights_HowItWorks.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from ..core.model import Series
from ..core.observation import CouldNotLook, NotThere, fan_out, observation
from .cloudwatch_metrics import HOUR, Metric, fetch_metrics
from .session import Aws
from .throttling import Throttling
from .unread import or_why

_INSIGHTS, _REPORT = "dynamodb:DescribeContributorInsights", "cloudwatch:GetInsightRuleReport"
CAUSES = {
    "KeyRangeThroughput": "beyond what one partition can take (a hot key)",
    "ProvisionedThroughput": "beyond the provisioned capacity",
    "MaxOnDemandThroughput": "beyond the maximum set for on-demand capacity",
    "AccountLimit": "beyond the account's limit",
}
"""What each of the metrics Read…ThrottleEvents and Write…ThrottleEvents counts."""
SPACE = "AWS/DynamoDB"
KEYS_NAMED = 3


@dataclass(frozen=True)
class Causes:
    """Of one table or index that was throttled within the hour: requests by cause, and requests by key.

    Each is a CouldNotLook where it could not be read: only the explanation is then missing, not the verdict.
    `keys`: None where Contributor Insights is off.
    """

    name: str
    limits: Mapping[str, int] | CouldNotLook
    keys: Mapping[str, int] | CouldNotLook | None

    def __str__(self) -> str:
        if isinstance(self.limits, CouldNotLook):
            why = f"the cause could not be read: {self.limits}"
        else:
            why = ", ".join(f"{count} {words}" for words, count in self.limits.items()) or "CloudWatch names no cause"
        if isinstance(self.keys, CouldNotLook):
            return f"{why}; the hot keys could not be read: {self.keys}"
        if self.keys is None:
            return f"{why}; Contributor Insights, which would name the hot keys, is off"
        hottest = ", ".join(f"{key} ({count})" for key, count in self.keys.items())
        return f"{why}; most throttled keys: {hottest or 'none is reported'}"


@observation(allow=["cloudwatch:GetMetricData", _INSIGHTS, _REPORT])
def throttle_causes(aws: Aws, table_throttling: list[Throttling], now: datetime) -> dict[str, Causes]:
    """Why each table or index was throttled in the last hour, by its name."""
    if not (throttled := [one for one in table_throttling if one.seems_throttled]):
        return {}
    limits = _limits(aws, throttled, now)
    keys = fan_out(lambda one: _hot_keys(aws, one, now), throttled, at_once=4)
    return {one.name: Causes(one.name, limits[one.name], hot) for one, hot in zip(throttled, keys, strict=True)}


def _limits(aws: Aws, throttled: list[Throttling], now: datetime) -> dict[str, Mapping[str, int] | CouldNotLook]:
    kinds = [(what, cause) for what in ("Read", "Write") for cause in CAUSES]
    asked = [
        Metric(one.name, f"{what} {cause}", SPACE, f"{what}{cause}ThrottleEvents", one.dimensions, "Sum", 300, "")
        for one in throttled
        for what, cause in kinds
    ]
    begin = now - HOUR - timedelta(minutes=now.minute % 5, seconds=now.second, microseconds=now.microsecond)
    try:
        answers = fetch_metrics(aws, asked, begin, now)
    except CouldNotLook as error:
        return {one.name: error for one in throttled}
    return {one.name: _by_cause(one.name, answers) for one in throttled}


def _by_cause(name: str, answers: Mapping[tuple[str, str], Series | CouldNotLook]) -> dict[str, int] | CouldNotLook:
    told: dict[str, int] = {}
    for cause, words in CAUSES.items():
        for what, kind in (("Read", "reads"), ("Write", "writes")):
            answer = answers[name, f"{what} {cause}"]
            if isinstance(answer, CouldNotLook):
                return answer
            if count := int(sum(value for _, value in answer.points)):
                told[f"{kind} {words}"] = count
    return dict(sorted(told.items(), key=lambda one: -one[1]))


@or_why
def _hot_keys(aws: Aws, one: Throttling, now: datetime) -> dict[str, int] | None:
    of = {"IndexName": one.index} if one.index else {}
    try:
        told = aws.call("dynamodb", "DescribeContributorInsights", TableName=one.table, **of)
        rule = next((name for name in told.get("ContributorInsightsRuleList") or [] if "-PKT-" in name), None)
        if told["ContributorInsightsStatus"] != "ENABLED" or not rule:
            return None
        asked = {"RuleName": rule, "StartTime": now - HOUR, "EndTime": now, "Period": 300}
        report = aws.call("cloudwatch", "GetInsightRuleReport", **asked, MaxContributorCount=KEYS_NAMED, OrderBy="Sum")
        hottest = report["Contributors"] if "AggregateValue" not in report else report.get("Contributors") or []
    except NotThere:
        return None
    return {", ".join(key["Keys"]): int(key["ApproximateAggregateValue"]) for key in hottest[:KEYS_NAMED]}
