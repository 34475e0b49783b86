"""Metrics that have no data while all is well: one rule for all checks that meet an alarm without data."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

_EVENTS = re.compile(
    r"[345]xx|error|throttl|reject|fail|fault|drop|denied|abort|time.?out|latency|response.?time|duration|dead.?letter",
    re.IGNORECASE,
)
"""Names of metrics that have no data while there are no errors, or no requests."""
_ALWAYS = re.compile(r"Host|ConsumedLCUs")
_OF_REQUESTS = frozenset(("AWS/ApplicationELB", "AWS/ApiGateway", "AWS/CloudFront", "AWS/Lambda", "AWS/States"))
"""Namespaces whose metrics, but for those of _ALWAYS, are written only while there are requests.

Sources: "CloudWatch metrics for your Application Load Balancer" ("reports metrics to CloudWatch only when requests are
flowing"), and the same page of each of the others.
"""


def is_sparse(namespace: str, name: str) -> bool:
    """Whether having no data is normal for this metric while there are no errors, or no requests."""
    return bool(_EVENTS.search(name)) or (namespace in _OF_REQUESTS and not _ALWAYS.search(name))


def may_rest(alarm: Mapping[str, Any], accepted: Collection[str]) -> bool:
    """Whether an alarm without data is at rest: a metric it needs is sparse, and it waits for too much of it.

    `accepted`: namespaces and metrics that the stack allows to be silent. An alarm that waits for too little never
    rings where missing data is just missing, so it is not at rest. An expression has no data where one of its metrics
    has none. Source: "Configuring how CloudWatch alarms treat missing data".
    """
    used = list(metrics_of(alarm))
    if any(namespace in accepted or name in accepted for namespace, name in used):
        return True
    waits_for_less = str(alarm.get("ComparisonOperator", "")) in ("LessThanThreshold", "LessThanOrEqualToThreshold")
    treated = alarm.get("TreatMissingData") or "missing"
    return not waits_for_less and treated != "breaching" and any(is_sparse(*one) for one in used)


def metrics_of(alarm: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Namespace and name of each metric that an alarm of DescribeAlarms uses."""
    if alarm.get("MetricName"):
        yield str(alarm.get("Namespace", "")), str(alarm["MetricName"])
    for query in alarm.get("Metrics") or []:
        if of := (query.get("MetricStat") or {}).get("Metric"):
            yield str(of.get("Namespace", "")), str(of.get("MetricName", ""))
