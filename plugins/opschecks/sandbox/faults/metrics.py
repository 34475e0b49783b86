"""Faults that show in metrics."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from ..series import Samples, Told, periods
from . import Sandbox, fault

HOUR = timedelta(hours=1)
HALF_HOUR = timedelta(minutes=30)


def _measure(
    sandbox: Sandbox, namespace: str, name: str, of: Mapping[str, str], values: tuple[float, ...], unit: str = "Count",
    span: timedelta = HALF_HOUR,
) -> None:  # fmt: skip
    """Let each period of the span up to now have measured these values."""
    samples = tuple(Samples(time, values) for time in periods(sandbox.now, span))
    sandbox.replace_metrics(Told(namespace, name, of, unit, samples))


def _service(sandbox: Sandbox, name: str, span: timedelta, values: tuple[float, ...]) -> None:
    of = {"ClusterName": sandbox.stack.cluster or "", "ServiceName": sandbox.stack.services[0]}
    _measure(sandbox, "AWS/ECS", name, of, values, "Percent", span + timedelta(minutes=10))


def _balancer(sandbox: Sandbox, name: str, unit: str, values: tuple[float, ...], span: timedelta = HALF_HOUR) -> None:
    of = {"LoadBalancer": sandbox.seeded.balancer_dimension}
    _measure(sandbox, "AWS/ApplicationELB", name, of, values, unit, span)


def _targets(sandbox: Sandbox, name: str, unit: str, values: tuple[float, ...], span: timedelta = HALF_HOUR) -> None:
    """As CloudWatch has it: by target group, and once more for all groups of the load balancer."""
    _balancer(sandbox, name, unit, values, span)
    of = {"TargetGroup": sandbox.seeded.group_dimension, "LoadBalancer": sandbox.seeded.balancer_dimension}
    _measure(sandbox, "AWS/ApplicationELB", name, of, values, unit, span)


@fault(caught_by=["test_cpu_leaves_headroom", "test_capacity_is_to_spare"])
def service_runs_hot(sandbox: Sandbox) -> None:
    """CPU has been above the scaling target for an hour, without being saturated."""
    _service(sandbox, "CPUUtilization", HOUR, (83.0, 87.0))


@fault(caught_by=["test_cpu_is_not_saturated", "test_capacity_is_to_spare"])
def cpu_is_saturated(sandbox: Sandbox) -> None:
    """CPU has been saturated for a quarter of an hour."""
    _service(sandbox, "CPUUtilization", timedelta(minutes=5), (96.0, 99.5))


@fault(caught_by=["test_memory_leaves_headroom"])
def memory_is_short(sandbox: Sandbox) -> None:
    """Memory has been close to its limit for an hour."""
    _service(sandbox, "MemoryUtilization", HOUR, (89.0, 93.0))


@fault(caught_by=["test_memory_leaves_headroom"])
def one_task_is_short_of_memory(sandbox: Sandbox) -> None:
    """One task is about to run out of memory, which the average of all tasks hides."""
    _service(sandbox, "MemoryUtilization", HALF_HOUR, (41.0, 98.0))


@fault(caught_by=["test_server_errors_are_rare", "test_errors_are_rare_before_the_deploy"])
def targets_answer_errors(sandbox: Sandbox) -> None:
    """The backend answers 25 requests a minute with a 5xx."""
    _targets(sandbox, "HTTPCode_Target_5XX_Count", "Count", (25.0,))


@fault(caught_by=["test_server_errors_are_rare", "test_errors_are_rare_before_the_deploy"])
def load_balancer_answers_errors(sandbox: Sandbox) -> None:
    """The load balancer itself answers 503, which the targets' own metric does not show."""
    _balancer(sandbox, "HTTPCode_ELB_5XX_Count", "Count", (40.0,))


@fault(caught_by=["test_responses_are_quick"])
def responses_are_slow(sandbox: Sandbox) -> None:
    """One request in ten takes three seconds, while the average stays below one."""
    _targets(sandbox, "TargetResponseTime", "Seconds", (0.1,) * 18 + (3.0, 3.2))


@fault(
    blinds=[
        "test_cpu_leaves_headroom",
        "test_cpu_is_not_saturated",
        "test_memory_leaves_headroom",
        "test_capacity_is_to_spare",
    ]
)
def service_metrics_stop(sandbox: Sandbox) -> None:
    """CPU and memory have had no data for two hours."""
    sandbox.forget_metrics("AWS/ECS", sandbox.now - 2 * HOUR)


@fault(
    caught_by=["test_alarms_watch_something", "test_load_balancers_have_traffic"],
    blinds=[
        "test_server_errors_are_rare",
        "test_responses_are_quick",
        "test_errors_are_rare_before_the_deploy",
        "test_nothing_got_worse",
    ],
)
def load_balancer_metrics_are_gone(sandbox: Sandbox) -> None:
    """The load balancer has no metrics at all, which does not mean that there were no errors."""
    sandbox.forget_metrics("AWS/ApplicationELB")


@fault(caught_by=["test_tables_are_not_throttled"])
def table_is_throttled(sandbox: Sandbox) -> None:
    """Queries of the incidents table are throttled."""
    of = {"TableName": sandbox.stack.incidents_table or ""}
    _measure(sandbox, "AWS/DynamoDB", "ReadThrottleEvents", of, (12.0,))
    _measure(sandbox, "AWS/DynamoDB", "ThrottledRequests", {**of, "Operation": "Query"}, (12.0,))


@fault(caught_by=["test_tables_are_not_throttled"])
def key_is_hot(sandbox: Sandbox) -> None:
    """One incident is written more often than a partition can take; Contributor Insights, which is on, names it."""
    table = sandbox.stack.incidents_table or ""
    of, rule = {"TableName": table}, f"DynamoDBContributorInsights-PKT-{table}-1796000000000"
    _measure(sandbox, "AWS/DynamoDB", "WriteThrottleEvents", of, (9.0,))
    _measure(sandbox, "AWS/DynamoDB", "WriteKeyRangeThroughputThrottleEvents", of, (9.0,))
    _measure(sandbox, "AWS/DynamoDB", "ThrottledRequests", {**of, "Operation": "UpdateItem"}, (9.0,))
    sandbox.backend("dynamodb").insight_rules = {(table, None): [rule]}
    sandbox.backend("cloudwatch").contributors = {rule: {"inc-1043": 52.0, "inc-1042": 2.0}}


@fault(caught_by=["test_tables_are_not_throttled"])
def index_is_throttled(sandbox: Sandbox) -> None:
    """Writes to an index are throttled; the table's own metric does not show it."""
    of = {"TableName": sandbox.stack.incidents_table or "", "GlobalSecondaryIndexName": sandbox.stack.status_index}
    _measure(sandbox, "AWS/DynamoDB", "WriteThrottleEvents", of, (3.0,))


@fault(caught_by=["test_responses_are_quick"])
def few_requests_are_all_slow(sandbox: Sandbox) -> None:
    """At night three requests in five minutes, each of which takes four seconds: only the hour shows it."""
    _targets(sandbox, "RequestCount", "Count", (3.0,), 2 * HOUR)
    _targets(sandbox, "TargetResponseTime", "Seconds", (4.0,) * 3, 2 * HOUR)
