"""The morning's AWS calls in bare boto3, as a careful script would make them: one after another, or in threads.

    python benchmarks/bare.py threads stacks.toml      # each chain of calls in a thread: the bound to beat
    python benchmarks/bare.py in-turn stacks.toml      # call after call

It looks at nothing that comes back beyond what the next call needs, and checks nothing.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import Any

UNFINISHED = [
    "PENDING", "IN_PROGRESS", "STOP_REQUESTED", "STOPPED", "ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS",
    "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED",
]  # fmt: skip
AT_ONCE = 64

Run = Callable[[Iterable[Callable[[], Any]]], list[Any]]
Asked = tuple[str, str, dict[str, str], str, int]
"""A metric: namespace, name, dimensions, statistic and seconds of a period."""


class Morning:
    """The calls of a daily run; `run` makes several, at once or in turn, and gives their answers in order."""

    def __init__(self, stack: dict[str, Any], run: Run) -> None:
        import boto3

        self.stack = stack
        self.run = run
        self.now = datetime.now(UTC)
        self._session = boto3.Session(region_name=stack["region"])
        self._clients: dict[str, Any] = {}
        self._lock = Lock()

    def client(self, service: str) -> Any:
        """One client a service."""
        from botocore.config import Config

        with self._lock:
            if service not in self._clients:
                self._clients[service] = self._session.client(
                    service, endpoint_url=self.stack["endpoint_url"], config=Config(max_pool_connections=32)
                )
            return self._clients[service]

    def all(self) -> None:
        """Who am I, then everything else."""
        self.client("sts").get_caller_identity()
        self.run(
            [self.load_balancing, self.tables, self.service_metrics, self.services, self.scaling, self.scaling_policies,
             self.schedules, self.alarms, self.alarm_history, self.mutes, self.active, self.overnight, self.groups,
             *self.logs()]
        )  # fmt: skip

    def load_balancing(self) -> None:
        """The longest chain: load balancers, then target groups, then metrics, attributes and health."""
        elb = self.client("elbv2")
        balancers = elb.describe_load_balancers(Names=[self.stack["load_balancer"]])["LoadBalancers"]
        arn = balancers[0]["LoadBalancerArn"]
        groups = [
            group
            for page in elb.get_paginator("describe_target_groups").paginate(LoadBalancerArn=arn)
            for group in page["TargetGroups"]
        ]
        self.run(
            [
                lambda: self._balancer_metrics(balancers[0], groups[0]),
                lambda: self._targets(groups),
                lambda: self._rules(arn),
                lambda: elb.describe_load_balancer_attributes(LoadBalancerArn=arn),
            ]
        )

    def _rules(self, balancer: str) -> None:
        elb = self.client("elbv2")
        pages = elb.get_paginator("describe_listeners").paginate(LoadBalancerArn=balancer)
        arns = [listener["ListenerArn"] for page in pages for listener in page["Listeners"]]
        self.run([lambda arn=arn: list(elb.get_paginator("describe_rules").paginate(ListenerArn=arn)) for arn in arns])  # type: ignore[misc]

    def _targets(self, groups: list[dict[str, Any]]) -> None:
        elb = self.client("elbv2")
        looks = (elb.describe_target_group_attributes, elb.describe_target_health)
        self.run(
            [
                lambda group=group, look=look: look(TargetGroupArn=group["TargetGroupArn"])  # type: ignore[misc]
                for group in groups
                for look in looks
            ]
        )

    def service_metrics(self) -> None:
        """Those of services and log groups, which the stack names."""
        asked: list[Asked] = []
        for service in self.stack["services"]:
            of = {"ClusterName": self.stack["cluster"], "ServiceName": service}
            asked += [("AWS/ECS", "CPUUtilization", of, "Average", 300)]
            asked += [("AWS/ECS", "MemoryUtilization", of, how, 300) for how in ("Average", "Maximum")]
        for group in self.stack["log_groups"]:
            asked += [("AWS/Logs", "IncomingLogEvents", {"LogGroupName": group}, "Sum", 300)]
        self._fetch(asked)

    def _balancer_metrics(self, balancer: dict[str, Any], group: dict[str, Any]) -> None:
        of = {"LoadBalancer": balancer["LoadBalancerArn"].split(":loadbalancer/")[1]}
        asked: list[Asked] = [("AWS/ApplicationELB", "RequestCount", of, "Sum", 300)]
        asked += [("AWS/ApplicationELB", "HTTPCode_ELB_5XX_Count", of, "Sum", 60)]
        of = {"TargetGroup": group["TargetGroupArn"].rsplit(":", 1)[1], **of}
        asked += [("AWS/ApplicationELB", "RequestCount", of, "Sum", period) for period in (300, 3600)]
        asked += [("AWS/ApplicationELB", "TargetResponseTime", of, "p95", period) for period in (300, 3600)]
        asked += [("AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", of, "Sum", 60)]
        self._fetch(asked)

    def tables(self) -> None:
        """Each table, then the metrics of all and of their indexes."""
        look, names = self.client("dynamodb").describe_table, self.stack["tables"]
        described = self.run([lambda name=name: look(TableName=name) for name in names])  # type: ignore[misc]
        asked: list[Asked] = []
        for told in described:
            table = told["Table"]["TableName"]
            indexes = [index["IndexName"] for index in told["Table"].get("GlobalSecondaryIndexes", [])]
            for own in ({}, *({"GlobalSecondaryIndexName": index} for index in indexes)):
                of = {"TableName": table, **own}
                asked += [("AWS/DynamoDB", f"{kind}ThrottleEvents", of, "Sum", 300) for kind in ("Read", "Write")]
        self._fetch(asked)

    def _fetch(self, asked: list[Asked]) -> None:
        queries = [
            {
                "Id": f"m{index}",
                "MetricStat": {
                    "Metric": {
                        "Namespace": namespace,
                        "MetricName": metric,
                        "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions.items()],
                    },
                    "Period": period,
                    "Stat": statistic,
                },
            }
            for index, (namespace, metric, dimensions, statistic, period) in enumerate(asked)
        ]
        begin, pages = self.now - timedelta(hours=24), self.client("cloudwatch").get_paginator("get_metric_data")
        self.run(
            [
                lambda start=start: list(  # type: ignore[misc]
                    pages.paginate(MetricDataQueries=queries[start : start + 500], StartTime=begin, EndTime=self.now)
                )
                for start in range(0, len(queries), 500)
            ]
        )

    def services(self) -> None:
        """Services 10 a call; their deployments one a call; tasks that run and that stopped, 100 a call."""
        ecs, cluster, names = self.client("ecs"), self.stack["cluster"], self.stack["services"]
        looks = [
            lambda start=start: ecs.describe_services(cluster=cluster, services=names[start : start + 10])
            for start in range(0, len(names), 10)
        ]
        asked: dict[str, Any] = {"cluster": cluster, "status": UNFINISHED, "maxResults": 100}
        records = [lambda name=name: ecs.list_service_deployments(service=name, **asked) for name in names]
        self.run([*looks, *records, self._tasks])

    def _tasks(self) -> None:
        ecs, cluster = self.client("ecs"), self.stack["cluster"]

        def listed(status: str) -> list[str]:
            pages = ecs.get_paginator("list_tasks").paginate(cluster=cluster, desiredStatus=status)
            return [arn for page in pages for arn in page["taskArns"]]

        running, stopped = self.run([lambda: listed("RUNNING"), lambda: listed("STOPPED")])
        arns = [*running, *stopped]
        self.run(
            [
                lambda start=start: ecs.describe_tasks(cluster=cluster, tasks=arns[start : start + 100])  # type: ignore[misc]
                for start in range(0, len(arns), 100)
            ]
        )

    def scaling(self) -> None:
        """Scalable targets, 50 a call."""
        scaling = self.client("application-autoscaling")
        ids = [f"service/{self.stack['cluster']}/{name}" for name in self.stack["services"]]
        self.run(
            [
                lambda start=start: scaling.describe_scalable_targets(  # type: ignore[misc]
                    ServiceNamespace="ecs", ResourceIds=ids[start : start + 50]
                )
                for start in range(0, len(ids), 50)
            ]
        )

    def scaling_policies(self) -> None:
        """Policies of all."""
        pages = self.client("application-autoscaling").get_paginator("describe_scaling_policies")
        list(pages.paginate(ServiceNamespace="ecs"))

    def schedules(self) -> None:
        """Scheduled actions of all."""
        pages = self.client("application-autoscaling").get_paginator("describe_scheduled_actions")
        list(pages.paginate(ServiceNamespace="ecs"))

    def alarms(self) -> None:
        """Alarms of both types."""
        pages = self.client("cloudwatch").get_paginator("describe_alarms")
        types = ["MetricAlarm", "CompositeAlarm"]
        list(pages.paginate(AlarmTypes=types, AlarmNamePrefix=self.stack["alarm_prefix"], MaxRecords=100))

    def alarm_history(self) -> None:
        """A day of it."""
        pages = self.client("cloudwatch").get_paginator("describe_alarm_history")
        list(pages.paginate(StartDate=self.now - timedelta(hours=24), EndDate=self.now, MaxRecords=100))

    def mutes(self) -> None:
        """Mute rules that are active or scheduled."""
        self.client("cloudwatch").list_alarm_mute_rules(Statuses=["ACTIVE", "SCHEDULED"], MaxRecords=100)

    def active(self) -> None:
        """Active incidents."""
        pages = self.client("dynamodb").get_paginator("query")
        list(
            pages.paginate(
                TableName=self.stack["incidents_table"],
                IndexName="status-index",
                KeyConditionExpression="#s = :s",
                ExpressionAttributeNames={"#s": "status"},
                ExpressionAttributeValues={":s": {"S": "active"}},
            )
        )

    def overnight(self) -> None:
        """Incidents since yesterday."""
        pages = self.client("dynamodb").get_paginator("scan")
        list(
            pages.paginate(
                TableName=self.stack["incidents_table"],
                FilterExpression="#c >= :c",
                ExpressionAttributeNames={"#c": "created_at"},
                ExpressionAttributeValues={":c": {"S": f"{self.now - timedelta(days=1):%Y-%m-%d}"}},
            )
        )

    def groups(self) -> None:
        """Security groups by name, then their rules, 200 groups a call."""
        pages = self.client("ec2").get_paginator("describe_security_groups")
        filters = [{"Name": "group-name", "Values": self.stack["security_groups"]}]
        told = list(pages.paginate(Filters=filters, MaxResults=1000))
        ids = [group["GroupId"] for page in told for group in page["SecurityGroups"]]
        rules = self.client("ec2").get_paginator("describe_security_group_rules")
        for start in range(0, len(ids), 200):
            of = [{"Name": "group-id", "Values": ids[start : start + 200]}]
            list(rules.paginate(Filters=of, MaxResults=1000))

    def logs(self) -> list[Callable[[], Any]]:
        """ERROR events of each log group."""
        start, end = (int(moment.timestamp() * 1000) for moment in (self.now - timedelta(hours=1), self.now))

        def look(group: str) -> None:
            pages = self.client("logs").get_paginator("filter_log_events")
            list(pages.paginate(logGroupName=group, filterPattern="ERROR", startTime=start, endTime=end))

        return [lambda group=group: look(group) for group in self.stack["log_groups"]]  # type: ignore[misc]


def in_turn(work: Iterable[Callable[[], Any]]) -> list[Any]:
    """One after another."""
    return [each() for each in work]


def in_threads(pool: ThreadPoolExecutor) -> Run:
    """All at once; the first is done here, so that a chain never waits for a thread."""

    def run(work: Iterable[Callable[[], Any]]) -> list[Any]:
        first, *others = work
        begun = [pool.submit(each) for each in others]
        return [first(), *(future.result() for future in begun)]

    return run


def main() -> None:
    """Run it."""
    how, path = sys.argv[1:3]
    told = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    stack = told["stacks"][told["default"]]
    if how == "in-turn":
        Morning(stack, in_turn).all()
    else:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            Morning(stack, in_threads(pool)).all()


if __name__ == "__main__":
    main()
