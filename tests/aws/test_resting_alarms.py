"""Alarms on what nobody asks for weeks: the stack's own rest, and those on a mistyped name watch nothing."""

from __future__ import annotations

from opschecks.aws.alarm_hygiene import watched_alarms
from tests.aws.test_alarm_hygiene import alarm, aws_of
from tests.canned import NOW, Raw, names, verdict, weekly
from tests.cases import cases

check = weekly("alarm_hygiene").test_alarms_watch_something
BALANCER = "arn:aws:elasticloadbalancing:us-west-2:123456789012:loadbalancer/app/shop/50dc6c495c0c9188"
HAS = names(tables=("carts",), services=("dr/api",), load_balancers=("web", BALANCER), further_clusters=("dr",))
UNLISTED: Raw = {"Metrics": []}
OF_TABLES = {"Namespace": "AWS/DynamoDB", "MetricName": "ReadThrottleEvents"}
OF_BALANCERS = {"Namespace": "AWS/ApplicationELB", "MetricName": "HTTPCode_ELB_5XX_Count"}


@cases({
    "a table that nobody has read for a month": ({**OF_TABLES, "TableName": "carts"}, "passed"),
    "one of its operations": ({**OF_TABLES, "TableName": "carts", "Operation": "GetItem"}, "passed"),
    "a mistyped table": ({**OF_TABLES, "TableName": "cart"}, "failed"),
    "a service of the second cluster": (
        {"Namespace": "AWS/ECS", "MetricName": "FailedTasks", "ClusterName": "dr", "ServiceName": "api"}, "passed",
    ),
    "a service that the stack does not have": (
        {"Namespace": "AWS/ECS", "MetricName": "FailedTasks", "ClusterName": "dr", "ServiceName": "web"}, "failed",
    ),
    "a load balancer at rest": ({**OF_BALANCERS, "LoadBalancer": "app/shop/50dc6c495c0c9188"}, "passed"),
    "made again, with another id": ({**OF_BALANCERS, "LoadBalancer": "app/shop/0000000000000000"}, "failed"),
    "one whose id is unknown": ({**OF_BALANCERS, "LoadBalancer": "app/web/50dc6c495c0c9188"}, "failed"),
    "one that was deleted": ({**OF_BALANCERS, "LoadBalancer": "app/gone/50dc6c495c0c9188"}, "failed"),
    "a metric of its own, without dimensions": ({"Namespace": "Shop", "MetricName": "OrderErrors"}, "failed"),
    "what is always measured": (
        {"Namespace": "AWS/ECS", "MetricName": "CPUUtilization", "ClusterName": "dr", "ServiceName": "api"}, "failed",
    ),
})  # fmt: skip
def test_no_data_for_a_month(told: Raw, outcome: str) -> None:
    keys = {key: told[key] for key in ("Namespace", "MetricName")}
    dimensions = [{"Name": name, "Value": value} for name, value in told.items() if name not in keys]
    aws = aws_of({}, [UNLISTED] * 9)
    seen = watched_alarms(aws.stack, aws, [alarm("quiet", (), **keys, Dimensions=dimensions)], [], HAS, NOW)
    assert verdict(check, watched_alarms=seen, now=NOW)[0] == outcome
