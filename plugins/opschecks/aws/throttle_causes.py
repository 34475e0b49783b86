"""Why DynamoDB throttles: operations and limits, by CloudWatch, and the hottest keys, by Contributor Insights.

Asked only of what was throttled: on a quiet day it costs no call. The metrics by operation and by cause:
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TroubleshootingThrottling-cloudwatch.html
The rules of Contributor Insights, of which PKT lists the most throttled partition keys:
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/contributorinsights_HowItWorks.html
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from ..core.dataclass import dataclass
from ..core.observation import CouldNotLook, NotThere, fan_out, observation
from .cloudwatch_metrics import HOUR, Answers, Metric, fetch_metrics, whole_period
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
OPERATIONS = ("BatchGetItem", "BatchWriteItem", "DeleteItem", "GetItem", "PutItem", "Query", "Scan", "UpdateItem")
"""Those of ThrottledRequests."""
SPACE = "AWS/DynamoDB"
KEYS_NAMED = 3


@dataclass(frozen=True)
class Causes:
    """Of one table or index that was throttled within the hour: requests by operation, by cause and by key.

    Each is a CouldNotLook where it could not be read: only the explanation is then missing, not the verdict.
    `operations` are those of the whole table. `keys`: None where Contributor Insights is off.
    """

    name: str
    operations: Mapping[str, int] | CouldNotLook
    limits: Mapping[str, int] | CouldNotLook
    keys: Mapping[str, int] | CouldNotLook | None

    def __str__(self) -> str:
        return "; ".join(filter(None, (self._operations, self._limits, self._keys)))

    @property
    def _operations(self) -> str:
        if isinstance(self.operations, CouldNotLook):
            same = str(self.operations) == str(self.limits)
            return "" if same else f"the operations could not be read: {self.operations}"
        return ", ".join(f"{name} {count}" for name, count in self.operations.items())

    @property
    def _limits(self) -> str:
        if isinstance(self.limits, CouldNotLook):
            return f"the cause could not be read: {self.limits}"
        return ", ".join(f"{count} {words}" for words, count in self.limits.items()) or "CloudWatch names no cause"

    @property
    def _keys(self) -> str:
        if isinstance(self.keys, CouldNotLook):
            return f"the hot keys could not be read: {self.keys}"
        if self.keys is None:
            return "Contributor Insights, which would name the hot keys, is off"
        hottest = ", ".join(f"{key} ({count})" for key, count in self.keys.items())
        return f"most throttled keys: {hottest or 'none is reported'}"


@observation(allow=["cloudwatch:GetMetricData", _INSIGHTS, _REPORT])
def throttle_causes(aws: Aws, table_throttling: list[Throttling], now: datetime) -> dict[str, Causes]:
    """Why each table or index was throttled in the last hour, by its name."""
    if not (throttled := [one for one in table_throttling if one.seems_throttled]):
        return {}
    operations, limits = _operations(aws, throttled, now), _limits(aws, throttled, now)
    keys = fan_out(lambda one: _hot_keys(aws, one, now), throttled, at_once=4)
    return {
        one.name: Causes(
            one.name,
            _most_first(operations, one.table, {name: name for name in OPERATIONS}),
            _most_first(limits, one.name, _LIMITS),
            hot,
        )
        for one, hot in zip(throttled, keys, strict=True)
    }


_LIMITS = {
    f"{what}{cause}ThrottleEvents": f"{kind} {words}"
    for cause, words in CAUSES.items()
    for what, kind in (("Read", "reads"), ("Write", "writes"))
}


@or_why
def _operations(aws: Aws, throttled: list[Throttling], now: datetime) -> Answers:
    """Requests of each whole table in the last hour, by operation."""
    asked = [
        Metric(table, name, SPACE, "ThrottledRequests", (("TableName", table), ("Operation", name)), "Sum", 300, "")
        for table in dict.fromkeys(one.table for one in throttled)
        for name in OPERATIONS
    ]
    return fetch_metrics(aws, asked, whole_period(now - HOUR), now)


@or_why
def _limits(aws: Aws, throttled: list[Throttling], now: datetime) -> Answers:
    """Requests of each table or index in the last hour, by cause."""
    asked = [
        Metric(one.name, name, SPACE, name, one.dimensions, "Sum", 300, "") for one in throttled for name in _LIMITS
    ]
    return fetch_metrics(aws, asked, whole_period(now - HOUR), now)


def _most_first(
    counted: Answers | CouldNotLook, subject: str, words: Mapping[str, str]
) -> dict[str, int] | CouldNotLook:
    """Counts of a subject's measures by the words for each, those above 0."""
    if isinstance(counted, CouldNotLook):
        return counted
    told: dict[str, int] = {}
    for measure, words_for_it in words.items():
        answer = counted[subject, measure]
        if isinstance(answer, CouldNotLook):
            return answer
        if count := int(sum(value for _, value in answer.points)):
            told[words_for_it] = count
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
