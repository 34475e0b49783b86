"""`opschecks init`: an alarm is the stack's whose part it watches, whatever it is called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from opschecks.aws.cloudwatch_alarms import every_alarm
from opschecks.aws.survey import Survey
from opschecks.cli.proposal import left_out, propose
from opschecks.core.observation import CouldNotLook
from tests.canned import Aws
from tests.cli.test_init import behind, survey_of

PARTS: dict[str, tuple[Sequence[str], Any]] = {
    "a cluster": (["shop", "web"], "errors"),
    "a load balancer": (["app/front/0123456789abcdef"], "errors"),
    "a target group": (["targetgroup/web/0123456789abcdef", "app/front/0123456789abcdef"], "errors"),
    "a queue": (["shop-orders"], "errors"),
    "a table": (["shop-carts"], "errors"),
    "another alarm of it": (["shop-5xx"], "errors"),
    "an alarm over an alarm of it": (["below"], "errors"),
    "itself": (["errors"], None),
    "nobody's part": (["crm-mails"], None),
    "parts of two": (["shop", "crm"], None),
}
BALANCER = "arn:aws:elasticloadbalancing:eu-west-1:210987654321:loadbalancer/app/front/0123456789abcdef"
GROUP = "arn:aws:elasticloadbalancing:eu-west-1:210987654321:targetgroup/web/0123456789abcdef"


def _account(watched: Mapping[str, Sequence[str]]) -> Survey:
    service = {"serviceName": "web", "loadBalancers": [{"targetGroupArn": GROUP}], "taskDefinition": "t"}
    return survey_of(
        "shop",
        "crm",
        services={"shop": [service], "crm": [{"serviceName": "web"}]},
        balancers=[{"LoadBalancerName": "front", "LoadBalancerArn": BALANCER, "Type": "application"}],
        target_groups=[{"TargetGroupArn": GROUP, "LoadBalancerArns": [BALANCER]}],
        tables=["shop-carts"],
        others={"queues": ["shop-orders", "mails"]},
        alarms=list(watched),
        watched=watched,
    )


@pytest.mark.parametrize(("watches", "prefix"), PARTS.values(), ids=PARTS)
def test_whose_an_alarm_is_says_what_it_watches(watches: Sequence[str], prefix: str | None) -> None:
    found = _account(
        {"errors": watches, "shop-5xx": [], "shop-4xx": [], "crm-1": [], "crm-2": [], "below": ["shop-5xx"]}
    )
    shop = next(one for one in propose(found, given={}) if one.name == "shop")
    told = shop.table["alarm_prefix"]
    assert ("errors" in told) is bool(prefix), told
    assert "below" in told
    assert "shop" in told


def test_what_is_nobodys_is_told() -> None:
    found = _account({"errors": [], "shop-5xx": [], "shop-4xx": [], "crm-1": [], "crm-2": []})
    found = replace(found, clusters=[*found.clusters, {"clusterName": "default"}])
    assert left_out(found, propose(found, given={})) == [
        "in no stack: clusters default (no service runs there)",
        "in no stack: queues mails",
        "in no stack: alarms errors",
    ]


def test_alarms_that_could_not_be_listed_are_not_said_to_be_missing() -> None:
    denied = {"alarms": CouldNotLook("cloudwatch:DescribeAlarms", "AccessDenied: no")}
    found = replace(survey_of("shop", "crm", **behind("front", "tg1")), refused=denied)
    assert all("alarm_prefix" not in (one.without or {}) for one in propose(found, given={}))


def test_of_every_alarm_is_known_what_it_watches() -> None:
    """Metrics by themselves and in expressions; log alarms, too; none that only drives auto-scaling."""
    metric = {"Dimensions": [{"Name": "QueueName", "Value": "orders"}]}
    scaling = "arn:aws:autoscaling:us-west-2:123456789012:scalingPolicy:1:resource/ecs/service/shop/web"
    rule = 'ALARM("a") AND NOT OK(arn:aws:cloudwatch:us-west-2:123456789012:alarm:b)'
    told = {
        "MetricAlarms": [
            {"AlarmName": "a", **metric},
            {"AlarmName": "b", "Metrics": [{"Id": "m", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}}]},
            {"AlarmName": "TargetTracking-service/shop/web", **metric},
            {"AlarmName": "steps", "AlarmActions": [scaling], **metric},
        ],
        "CompositeAlarms": [{"AlarmName": "c", "AlarmRule": rule}],
    }
    found = dict(every_alarm(Aws({("cloudwatch", "DescribeAlarms"): told})))
    assert found == {"a": ("orders",), "b": ("orders",), "c": ("a", "b")}
