"""Metrics that have no data while all is well: one rule for all checks that meet an alarm without data."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .inventory import Inventory

_EVENTS = re.compile(
    r"[345](?:XX|xx)|(?:\b|_|(?<=[a-z\d])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z]))"
    r"(?:(?i:drop)(?![a-z])|(?i:error|throttl|reject|fail|fault|dropped|drops|denied|abort|time.?out|latency)"
    r"|(?i:response.?time|duration|dead.?letter))"
)
"""Names of metrics that have no data while there are no errors, or no requests: by words that begin so."""
_ALWAYS = re.compile(r"Host|ConsumedLCUs")
_OF_REQUESTS = frozenset(("AWS/ApplicationELB", "AWS/ApiGateway", "AWS/CloudFront", "AWS/Lambda", "AWS/States"))
"""Namespaces whose metrics, but for those of _ALWAYS, are written only while there are requests.

Sources: "CloudWatch metrics for your Application Load Balancer" ("reports metrics to CloudWatch only when requests are
flowing"), and the same page of each of the others.
"""


def is_sparse(namespace: str, name: str) -> bool:
    """Whether having no data is normal for this metric while there are no errors, or no requests."""
    return bool(_EVENTS.search(name)) or (namespace in _OF_REQUESTS and not _ALWAYS.search(name))


_NAMING = re.compile(r"(Cluster|Service|Table|Function|Queue|Bucket|LogGroup|Topic)Name|LoadBalancer|DistributionId")
"""Dimensions that name a resource, of those that a stack lists."""


def names_in(inventory: Inventory) -> frozenset[str]:
    """What the stack's resources are called in dimensions; a load balancer, by its ARN alone, which has its id."""
    return frozenset(
        (
            *inventory.clusters,
            *(name.rpartition("/")[2] for name in inventory.services),
            *inventory.tables,
            *inventory.log_groups,
            *filter(None, (name.partition("loadbalancer/")[2] for name in inventory.load_balancers)),
            *inventory.distributions,
            *inventory.buckets,
            *(name for _, names in inventory.named for name in names),
        )
    )


def is_of_one(dimensions: Iterable[tuple[str, str]], known: Collection[str]) -> bool:
    """Whether the dimensions name resources of the stack, and no other: those of a mistyped name are of none."""
    named = {value for name, value in dimensions if _NAMING.fullmatch(name)}
    return bool(named) and named <= {*known}


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
