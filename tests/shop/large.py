"""Accounts of canned answers, page after page: one with 5,000 resources, one with none, one that shows nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from opschecks.aws.trial import Noted, Trial
from opschecks.config.stack import Stack
from opschecks.core.answer import Answer
from opschecks.core.iam import iam_action
from opschecks.core.observation import CouldNotLook
from tests import canned
from tests.canned import Canned, Raw

REGION, ACCOUNT = "us-west-2", "123456789012"
APPS = [f"app{number:02}" for number in range(24)]
SERVICES = 50
"""Of each application, in one cluster."""
OTHERS = 30
"""Of each application: tables, queues, functions."""
ALARMS = 72
Table = dict[tuple[str, str], Callable[..., Canned]]


def arn(service: str, rest: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{rest}"


def paged(items: Sequence[Any], key: str, most: int, token: str = "NextToken", asked: str = "") -> Callable[..., Raw]:
    """A list in pages of so many; `token` is what an answer calls that of the next page."""

    def page(**parameters: Any) -> Raw:
        start = int(parameters.get(asked or token, 0))
        end = start + most
        return {key: list(items[start:end]), **({token: str(end)} if end < len(items) else {})}

    return page


def large() -> Table:
    """24 applications of a cluster with 50 services, a balancer, tables, queues, functions and alarms each."""
    clusters = [arn("ecs", f"cluster/{app}") for app in APPS]
    names = [f"worker{number:02}" for number in range(SERVICES)]
    others = [f"{app}-{number:02}" for app in APPS for number in range(OTHERS)]
    groups = {app: arn("elasticloadbalancing", f"targetgroup/{app}/0123456789abcdef") for app in APPS}
    balancers = {app: arn("elasticloadbalancing", f"loadbalancer/app/{app}/0123456789abcdef") for app in APPS}

    def services(cluster: str, services: list[str]) -> Raw:
        return {"services": [_service(cluster.rpartition("/")[2], one.rpartition("/")[2], groups) for one in services]}

    def of_cluster(cluster: str, maxResults: int = 10, **parameters: Any) -> Raw:  # noqa: N803 - AWS's name
        found = [arn("ecs", f"service/{cluster}/{name}") for name in names]
        return paged(found, "serviceArns", maxResults, "nextToken")(**parameters)

    return {
        **nothing(),
        ("ecs", "ListClusters"): paged(clusters, "clusterArns", 10, "nextToken"),
        ("ecs", "DescribeClusters"): lambda clusters, include: {
            "clusters": [{"clusterName": one.rpartition("/")[2], "status": "ACTIVE"} for one in clusters]
        },
        ("ecs", "ListServices"): of_cluster,
        ("ecs", "DescribeServices"): services,
        ("ecs", "DescribeTaskDefinition"): lambda taskDefinition: {  # noqa: N803 - AWS's name
            "taskDefinition": _definition(taskDefinition)
        },
        ("elbv2", "DescribeLoadBalancers"): paged(
            [{"LoadBalancerName": app, "LoadBalancerArn": of, "Type": "application"} for app, of in balancers.items()],
            "LoadBalancers", 10, "NextMarker", "Marker",
        ),
        ("elbv2", "DescribeTargetGroups"): paged(
            [{"TargetGroupArn": group, "LoadBalancerArns": [balancers[app]]} for app, group in groups.items()],
            "TargetGroups", 10, "NextMarker", "Marker",
        ),
        ("dynamodb", "ListTables"): paged(
            others, "TableNames", 100, "LastEvaluatedTableName", "ExclusiveStartTableName"
        ),
        ("sqs", "ListQueues"): paged([f"https://sqs/{ACCOUNT}/{one}" for one in others], "QueueUrls", 1000),
        ("lambda", "ListFunctions"): paged(
            [{"FunctionName": one} for one in others], "Functions", 50, "NextMarker", "Marker"
        ),
        ("elbv2", "DescribeListeners"): _listeners,
        ("cloudwatch", "DescribeAlarms"): _alarms,
    }  # fmt: skip


def _service(cluster: str, name: str, groups: Mapping[str, str]) -> Raw:
    own = arn("ecs", f"service/{cluster}/{name}")
    told = {"serviceName": name, "serviceArn": own, "status": "ACTIVE", "desiredCount": 2, "runningCount": 2}
    filled = [{"targetGroupArn": groups[cluster]}] if name == "worker00" else []
    return {**told, "taskDefinition": arn("ecs", f"task-definition/{cluster}-{name}:7"), "loadBalancers": filled}


def _definition(of: str) -> Raw:
    options = {"awslogs-group": f"/ecs/{of.rpartition('/')[2].partition('-')[0]}"}
    return {
        "containerDefinitions": [{"name": "main", "logConfiguration": {"logDriver": "awslogs", "options": options}}]
    }


def _listeners(LoadBalancerArn: str, **_: Any) -> Raw:  # noqa: N803 - AWS's name
    app = LoadBalancerArn.split("/")[-2]
    return {
        "Listeners": [{"Protocol": "HTTP"}, {"Certificates": [{"CertificateArn": arn("acm", f"certificate/{app}")}]}]
    }


def _alarms(AlarmTypes: Any = (), MaxRecords: int = 50, **parameters: Any) -> Raw:  # noqa: N803 - AWS's names
    names = [f"{app}-worker{number:02}-cpu" for app in APPS for number in range(ALARMS)]
    wanted = parameters.get("AlarmNamePrefix", "")
    told = [
        {"AlarmName": one, "AlarmArn": arn("cloudwatch", f"alarm:{one}")} for one in names if one.startswith(wanted)
    ]
    return {**paged(told, "MetricAlarms", MaxRecords)(**parameters), "CompositeAlarms": []}


LISTS = {
    ("ecs", "ListClusters"): "clusterArns",
    ("elbv2", "DescribeLoadBalancers"): "LoadBalancers",
    ("elbv2", "DescribeTargetGroups"): "TargetGroups",
    ("dynamodb", "ListTables"): "TableNames",
    ("lambda", "ListFunctions"): "Functions",
    ("rds", "DescribeDBInstances"): "DBInstances",
    ("resourcegroupstaggingapi", "GetResources"): "ResourceTagMappingList",
}


def nothing() -> Table:
    """An account in which nobody has made anything yet."""
    lists: Table = {of: paged([], key, 1) for of, key in LISTS.items()}
    return {
        **lists,
        ("sts", "GetCallerIdentity"): lambda: {"Account": ACCOUNT, "Arn": arn("sts", "assumed-role/look/me")},
        ("sqs", "ListQueues"): lambda **_: {},
        ("cloudwatch", "DescribeAlarms"): lambda **_: {"MetricAlarms": [], "CompositeAlarms": []},
        ("cloudfront", "ListDistributions"): lambda **_: {
            "DistributionList": {"Marker": "", "MaxItems": 100, "IsTruncated": False, "Quantity": 0}
        },
    }


def denied() -> Table:
    """An account whose role may see nothing, but who it is."""
    told = nothing()
    for service, operation in told.keys() - {("sts", "GetCallerIdentity")}:
        action = iam_action(service, operation)
        refused = CouldNotLook(action, "AccessDenied: no", action=action)
        told[service, operation] = lambda refused=refused, **_: refused
    return told


class Account:
    """What stands where commands reach AWS: `reached_as` of cli/reach_stack.py."""

    def __init__(self, answers: Table) -> None:
        self.answers = answers
        self.made: list[canned.Aws] = []

    def reached_as(self, stack: Stack, make: type[Any]) -> tuple[Stack, Any]:
        kind = CannedTrial if make is Trial else canned.Aws
        self.made.append(kind(self.answers, stack))
        return stack, self.made[-1]

    @property
    def calls(self) -> int:
        return sum(len(one.asked) for one in self.made)


class CannedTrial(canned.Aws):
    """Of each list one page, as Trial."""

    refused: CouldNotLook | None = None

    def __init__(self, answers: Table, checked: Stack) -> None:
        super().__init__(answers, checked)
        self.noted = Noted()

    def refuse(self, error: CouldNotLook) -> None:
        self.refused = error

    def call(self, service: str, operation: str, /, **parameters: Any) -> Answer:
        if self.refused:
            raise self.refused.again()
        return super().call(service, operation, **parameters)

    def pages(self, service: str, operation: str, /, **parameters: Any) -> Iterator[Answer]:
        return islice(super().pages(service, operation, **parameters), 1)
