"""Series of CloudWatch by name, and what the observations make of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from typing import Any

from opschecks.aws.cloudwatch_metrics import Metrics, balancer_metrics, service_metrics, table_metrics
from opschecks.aws.dynamodb import Table
from opschecks.aws.elbv2 import LoadBalancer
from opschecks.aws.own_groups import own_groups
from opschecks.aws.traffic import BalancerErrors, ServiceLoad, Traffic, balancer_errors, service_load, traffic
from opschecks.core.model import Resource
from tests.canned import ACCOUNT, ELSEWHERE, NOW, Aws, Raw, daily, names, stack, verdict

Points = Sequence[tuple[datetime, float]]

ELB = f"arn:aws:elasticloadbalancing:{ACCOUNT}:loadbalancer"
WEB = LoadBalancer(arn=f"{ELB}/app/web/50dc6c495c0c9188", name="web", evidence={"Type": "application"})
EDGE = LoadBalancer(arn=f"{ELB}/net/edge/50dc6c495c0c9188", name="edge", evidence={"Type": "network"})
GROUP = Resource(
    arn=f"arn:aws:elasticloadbalancing:{ACCOUNT}:targetgroup/app/73e2d6bc24d8a067",
    name="app",
    evidence={"LoadBalancerArns": [WEB.arn]},
)
FRONT = own_groups(names(), [WEB, EDGE], [GROUP], [GROUP], [], [])
INDEXES = [{"IndexName": "status-index", "IndexStatus": "ACTIVE"}]
INCIDENTS = Table(
    arn=f"arn:aws:dynamodb:{ACCOUNT}:table/incidents",
    name="incidents",
    evidence={"TableStatus": "ACTIVE", "GlobalSecondaryIndexes": INDEXES},
)
BACKEND = names(services=("backend",))


def at(minutes: float, value: float, zone: tzinfo = ELSEWHERE) -> tuple[datetime, float]:
    """A point whose period began so long ago."""
    return (NOW - timedelta(minutes=minutes)).astimezone(zone), value


def every_5_minutes(value: float, since: int = 120, until: int = 5) -> list[tuple[datetime, float]]:
    return [at(minutes, value) for minutes in range(until, since, 5)]


def key_of(query: Mapping[str, Any]) -> str:
    """`CPUUtilization Average backend`: metric, statistic and the value of the last dimension.

    Of a target group: `app RequestCount Sum`, and `app RequestCount Sum hourly` for periods of an hour.
    """
    stat = query["MetricStat"]
    dimensions = {one["Name"]: one["Value"].split("/") for one in stat["Metric"]["Dimensions"]}
    told = f"{stat['Metric']['MetricName']} {stat['Stat']}"
    if group := dimensions.get("TargetGroup"):
        return f"{group[1]} {told}" + (" hourly" if stat["Period"] == 3600 else "")
    return f"{told} {stat['Metric']['Dimensions'][-1]['Value'].split('/')[-1]}"


def result(query: Mapping[str, Any], points: Points, status: str = "Complete") -> Raw:
    return {
        "Id": query["Id"],
        "Label": query["MetricStat"]["Metric"]["MetricName"],
        "Timestamps": [time for time, _ in points],
        "Values": [value for _, value in points],
        "StatusCode": status,
    }


def by_metric(points_of: Callable[[Mapping[str, Any]], Points]) -> Callable[..., Raw]:
    """Answers GetMetricData with the points that there are of each query."""
    return lambda MetricDataQueries, **_: {  # noqa: N803 - AWS's name
        "MetricDataResults": [result(one, points_of(one)) for one in MetricDataQueries]
    }


def cloudwatch(*pages: Mapping[str, Points | tuple[Points, str]]) -> Aws:
    """Answers with the series whose key begins so; what a page does not name is Complete and without values."""

    def answer(MetricDataQueries: Any, NextToken: str = "0", **_: Any) -> Raw:  # noqa: N803 - AWS's names
        results = []
        for query in MetricDataQueries:
            told = [value for key, value in pages[int(NextToken)].items() if key_of(query).startswith(key)]
            points, status = told[0] if told and isinstance(told[0], tuple) else (told[0] if told else [], "Complete")
            results.append(result(query, points, status))
        following = int(NextToken) + 1
        return {"MetricDataResults": results, **({"NextToken": str(following)} if following < len(pages) else {})}

    return Aws({("cloudwatch", "GetMetricData"): answer})


def seen(
    *pages: Mapping[str, Points | tuple[Points, str]], inventory: Any = BACKEND, fronted: Any = (), tables: Any = ()
) -> Metrics:
    aws = cloudwatch(*pages)
    found = (
        service_metrics(stack(), aws, inventory, NOW),
        balancer_metrics(stack(), aws, fronted, NOW),
        table_metrics(aws, tables, NOW),
    )
    return Metrics({key: answer for one in found for key, answer in one.answers.items()})


def loads(*pages: Mapping[str, Any]) -> list[ServiceLoad]:
    return service_load(seen(*pages), BACKEND, [], [], list, NOW, stack())


def load_verdict(check: str, *pages: Mapping[str, Any]) -> tuple[str, str]:
    return verdict(getattr(daily("ecs"), check), service_load=loads(*pages))


def serves(series: Mapping[str, Any]) -> list[Traffic]:
    return traffic(seen(series, inventory=names(), fronted=FRONT), FRONT, NOW)


def itself_errs(series: Mapping[str, Any], fronted: Any = FRONT) -> list[BalancerErrors]:
    return balancer_errors(seen(series, inventory=names(), fronted=fronted), [WEB], fronted, NOW)


REQUESTS = every_5_minutes(300)
