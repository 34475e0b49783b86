"""Where moto's CloudWatch is not like AWS's: metric data, alarms of all kinds, their history, mute rules, reports."""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from statistics import fmean
from typing import Any

from moto.cloudwatch.exceptions import ResourceNotFoundException
from moto.cloudwatch.models import Alarm, CloudWatchBackend
from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.responses import ActionResult, EmptyResult

from ...core import clock
from ..correction import Kind, replaces
from ..moto_server import aware

DOCS = "AmazonCloudWatch/latest/APIReference/"

ALARMS_A_PAGE = 50
OF_METRIC_ALARMS = (
    "namespace", "metric_name", "comparison_operator", "evaluation_periods", "datapoints_to_alarm", "period",
    "threshold", "statistic", "extended_statistic", "unit", "treat_missing_data",
    "evaluate_low_sample_count_percentile", "threshold_metric_id",
)  # fmt: skip
"""What a composite alarm does not have."""
STATISTICS: dict[str, Callable[[list[float]], float]] = {
    "Sum": sum, "Average": fmean, "Maximum": max, "Minimum": min, "SampleCount": len,
}  # fmt: skip


@replaces(CloudWatchBackend, "get_metric_data", Kind.BUG, DOCS)
def _get_metric_data(
    self: Any, queries: list[Any], start_time: datetime, end_time: datetime, scan_by: str = "TimestampAscending"
) -> list[dict[str, Any]]:
    """moto fails on a percentile, and answers a query without dimensions with the data of all dimensions.

    CloudWatch matches dimensions exactly, and leaves out periods without data.
    """
    by_metric = defaultdict(list)
    begin, end = aware(start_time), aware(end_time)
    for datum in self.metric_data:
        dimensions = sorted((one.name, one.value) for one in datum.dimensions)
        by_metric[datum.namespace, datum.name, *dimensions].append(datum)
    told = []
    for query in queries:
        asked = query["MetricStat"]
        metric, period = asked["Metric"], int(asked["Period"])
        dimensions = sorted((one["Name"], one["Value"]) for one in metric.get("Dimensions", []))
        periods = defaultdict(list)
        for datum in by_metric[metric["Namespace"], metric["MetricName"], *dimensions]:
            time = aware(datum.timestamp)
            if begin <= time < end:
                periods[int(time.timestamp()) // period * period].append(datum.value)
        order = sorted(periods, reverse=scan_by == "TimestampDescending")
        told.append(
            {
                "id": query["Id"],
                "label": query.get("Label") or metric["MetricName"],
                "timestamps": [datetime.fromtimestamp(second, UTC) for second in order],
                "values": [_statistic(asked["Stat"], periods[second]) for second in order],
                "status_code": "Complete",
            }
        )
    return told


def _statistic(name: str, values: list[float]) -> float:
    if name.startswith("p"):
        ordered = sorted(values)
        return ordered[max(0, math.ceil(float(name[1:]) / 100 * len(ordered)) - 1)]
    return float(STATISTICS[name](values))


@replaces(CloudWatchResponse, "describe_alarms", Kind.BUG, DOCS)
def _describe_alarms(self: CloudWatchResponse) -> ActionResult:
    """moto ignores MaxRecords and AlarmTypes, and applies only one of several filters.

    AWS pages, applies every filter, and leaves composite alarms out unless asked for them.
    """
    names, prefix = self._get_param("AlarmNames", []), self._get_param("AlarmNamePrefix") or ""
    state, types = self._get_param("StateValue"), self._get_param("AlarmTypes") or ["MetricAlarm"]
    found = [
        alarm
        for alarm in sorted(self.cloudwatch_backend.alarms.values(), key=lambda alarm: alarm.name)
        if (not names or alarm.name in names)
        and alarm.name.startswith(prefix)
        and state in (None, alarm.state_value)
        and ("CompositeAlarm" if alarm.rule else "MetricAlarm") in types
    ]
    start = int(self._get_param("NextToken") or 0)
    end = start + int(self._get_param("MaxRecords") or ALARMS_A_PAGE)
    page = found[start:end]
    return ActionResult(
        {
            "MetricAlarms": [alarm for alarm in page if not alarm.rule],
            "CompositeAlarms": [alarm for alarm in page if alarm.rule],
            "NextToken": str(end) if end < len(found) else None,
        }
    )


@replaces(CloudWatchResponse, "put_composite_alarm", Kind.MISSING, DOCS)
def _put_composite_alarm(self: CloudWatchResponse) -> ActionResult:
    """moto has no composite alarms."""
    backend: Any = self.cloudwatch_backend
    name = self._get_param("AlarmName")
    backend.put_metric_alarm(
        **dict.fromkeys(OF_METRIC_ALARMS),
        name=name,
        metric_data_queries=[],
        description=self._get_param("AlarmDescription") or "",
        dimensions=[],
        alarm_actions=self._get_param("AlarmActions", []),
        ok_actions=self._get_param("OKActions", []),
        insufficient_data_actions=self._get_param("InsufficientDataActions", []),
        actions_enabled=self._get_param("ActionsEnabled"),
        rule=self._get_param("AlarmRule"),
        tags=self._get_param("Tags", []),
    )
    backend.alarms[name].alarm_rule = backend.alarms[name].rule
    return EmptyResult()


@replaces(CloudWatchResponse, "put_alarm_mute_rule", Kind.MISSING, DOCS)
def _put_alarm_mute_rule(self: CloudWatchResponse) -> EmptyResult:
    """moto has no mute rules; here a rule is active from its start on."""
    name, expires, starts = (self._get_param(key) for key in ("Name", "ExpireDate", "StartDate"))
    place = f"arn:{self.partition}:cloudwatch:{self.region}:{self.current_account}"
    _kept(self)[name] = {
        "Name": name,
        "AlarmMuteRuleArn": f"{place}:alarm-mute-rule:{name}",
        "Rule": self._get_param("Rule"),
        "MuteTargets": self._get_param("MuteTargets"),
        **({"StartDate": starts} if starts else {}),
        **({"ExpireDate": expires.replace(second=0, microsecond=0)} if expires else {}),  # AWS keeps minutes
    }
    return EmptyResult()


def _kept(self: CloudWatchResponse) -> dict[str, dict[str, Any]]:
    """The rules by their name."""
    kept: dict[str, dict[str, Any]] = vars(self.cloudwatch_backend).setdefault("mute_rules", {})
    return kept


def _rules(self: CloudWatchResponse) -> list[dict[str, Any]]:
    """Every rule with its current status."""
    return [{**rule, "Status": _status(rule, clock.now())} for rule in _kept(self).values()]


def _status(rule: dict[str, Any], now: datetime) -> str:
    if "ExpireDate" in rule and aware(rule["ExpireDate"]) <= now:
        return "EXPIRED"
    return "SCHEDULED" if "StartDate" in rule and aware(rule["StartDate"]) > now else "ACTIVE"


@replaces(CloudWatchResponse, "list_alarm_mute_rules", Kind.MISSING, DOCS)
def _list_alarm_mute_rules(self: CloudWatchResponse) -> ActionResult:
    """moto has no mute rules. AWS lists those of the given statuses, without what they mute."""
    statuses = self._get_param("Statuses") or ["SCHEDULED", "ACTIVE", "EXPIRED"]
    told = [{key: one[key] for key in ("AlarmMuteRuleArn", "Status")} for one in _rules(self)]
    return ActionResult({"AlarmMuteRuleSummaries": [one for one in told if one["Status"] in statuses]})


@replaces(CloudWatchResponse, "get_alarm_mute_rule", Kind.MISSING, DOCS)
def _get_alarm_mute_rule(self: CloudWatchResponse) -> ActionResult:
    """moto has no mute rules."""
    name = self._get_param("AlarmMuteRuleName")
    found = [rule for rule in _rules(self) if rule["Name"] == name]
    if not found:
        raise ResourceNotFoundException
    return ActionResult(found[0])


@replaces(CloudWatchResponse, "delete_alarm_mute_rule", Kind.MISSING, DOCS)
def _delete_alarm_mute_rule(self: CloudWatchResponse) -> EmptyResult:
    """moto has no mute rules. Deleting one that does not exist is not an error."""
    _kept(self).pop(self._get_param("AlarmMuteRuleName"), None)
    return EmptyResult()


@replaces(CloudWatchResponse, "describe_alarm_history", Kind.MISSING, DOCS)
def _describe_alarm_history(self: CloudWatchResponse) -> ActionResult:
    """moto does not return the past states of alarms. AWS returns those of the given time, the newest first."""
    begin, end = self._get_param("StartDate"), self._get_param("EndDate")
    told = [
        item
        for alarm in self.cloudwatch_backend.alarms.values()
        for item in (*_changes(alarm), *vars(alarm).get("actions_tried", []))
        if (not begin or item["Timestamp"] >= aware(begin)) and (not end or item["Timestamp"] <= aware(end))
    ]
    return ActionResult({"AlarmHistoryItems": sorted(told, key=lambda item: item["Timestamp"], reverse=True)})


def _changes(alarm: Alarm) -> list[dict[str, Any]]:
    states = [(state, time) for _, _, _, state, time in alarm.history]
    states.append((alarm.state_value, alarm.state_updated_timestamp))
    return [
        {
            "AlarmName": alarm.name,
            "AlarmType": "CompositeAlarm" if alarm.rule else "MetricAlarm",
            "Timestamp": aware(time),
            "HistoryItemType": "StateUpdate",
            "HistorySummary": f"Alarm updated from {before} to {state}",
        }
        for (before, _), (state, time) in itertools.pairwise(states)
        if before != state
    ]


@replaces(CloudWatchResponse, "get_insight_rule_report", Kind.MISSING, DOCS)
def _get_insight_rule_report(self: CloudWatchResponse) -> ActionResult:
    """moto's rules report nothing; the sandbox keeps each rule's contributors in the backend's `contributors`."""
    known: dict[str, float] = vars(self.cloudwatch_backend).get("contributors", {}).get(self._get_param("RuleName"), {})
    most = int(self._get_param("MaxContributorCount") or 10)
    hottest = sorted(known, key=lambda key: -known[key])[:most]
    return ActionResult(
        {
            "KeyLabels": ["PartitionKey"],
            "AggregationStatistic": "Sum",
            "AggregateValue": sum(known.values()),
            "ApproximateUniqueCount": len(known),
            "Contributors": [
                {"Keys": [key], "ApproximateAggregateValue": known[key], "Datapoints": []} for key in hottest
            ],
        }
    )
