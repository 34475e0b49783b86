"""What an account and region have, list by list: what a first stacks.toml is proposed from. Reads only."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..config.identifiers import kind_of, parsed
from ..core.observation import CouldNotLook, batches, fan_out

if TYPE_CHECKING:
    from .session import Aws

Raw = Mapping[str, Any]
CLUSTERS_AT_ONCE = 100
SERVICES_AT_ONCE = 10
"""https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServices.html, API_DescribeClusters.html."""


@dataclass(frozen=True)
class Survey:
    """What was found, as AWS describes it; `services` by their cluster's name, `log_groups_of` by task definition.

    `refused` has what could not be listed.
    """

    account: str
    region: str
    clusters: Sequence[Raw] = ()
    services: Mapping[str, Sequence[Raw]] = field(default_factory=dict)
    log_groups_of: Mapping[str, Sequence[str]] = field(default_factory=dict)
    balancers: Sequence[Raw] = ()
    target_groups: Sequence[Raw] = ()
    tables: Sequence[str] = ()
    alarms: Sequence[str] = ()
    distributions: Sequence[Raw] = ()
    refused: Mapping[str, CouldNotLook] = field(default_factory=dict)
    tags: Mapping[tuple[str, str], Mapping[str, str]] = field(default_factory=dict)
    """By kind, as in config/identifiers.py, and name."""

    def tags_of(self, kind: str, name: str) -> Mapping[str, str]:
        """The tags of a resource; none where it has none, or they could not be seen."""
        return self.tags.get((kind, name), {})

    @property
    def is_empty(self) -> bool:
        """Whether nothing of what checks look at was found."""
        return not (self.clusters or self.balancers or self.tables or self.alarms or self.distributions)


def survey(aws: Aws, account: str, say: Callable[[str], None]) -> Survey:
    """List by list; one that is denied or fails is told in `refused`, and the others are read. `say` shows progress."""
    refused: dict[str, CouldNotLook] = {}

    def listed(what: str, read: Callable[[], Any]) -> Any:
        try:
            found = read()
        except CouldNotLook as error:
            refused[what] = error
            say(f"{what}: could not be seen")
            return []
        say(f"{what}: {len(found)}")
        return found

    clusters = listed("ECS clusters", lambda: _clusters(aws))
    names = [str(one["clusterName"]) for one in clusters]
    services = dict(listed("ECS services", lambda: _services(aws, names)))
    definitions = sorted(
        {str(one["taskDefinition"]) for of in services.values() for one in of if "taskDefinition" in one}
    )
    return Survey(
        account=account,
        region=aws.region,
        clusters=clusters,
        services=services,
        log_groups_of=dict(listed("task definitions", lambda: fan_out(lambda one: _logs(aws, one), definitions))),
        balancers=listed("load balancers", lambda: aws.items("elbv2", "DescribeLoadBalancers", "LoadBalancers")),
        target_groups=listed("target groups", lambda: aws.items("elbv2", "DescribeTargetGroups", "TargetGroups")),
        tables=listed("DynamoDB tables", lambda: aws.items("dynamodb", "ListTables", "TableNames")),
        alarms=listed("alarms", lambda: _alarms(aws)),
        distributions=listed("CloudFront distributions", lambda: list(_distributions(aws))),
        refused=refused,
        tags=dict(listed("tagged resources", lambda: list(_tagged(aws)))),
    )


def _tagged(aws: Aws) -> Iterator[tuple[tuple[str, str], dict[str, str]]]:
    for one in aws.items("resourcegroupstaggingapi", "GetResources", "ResourceTagMappingList"):
        arn = str(one["ResourceARN"])
        if kind := kind_of(arn):
            name = parsed(kind, arn).name
            short = name.split("/")[-2] if kind == "load_balancer" else name
            yield (kind, short), {str(tag["Key"]): str(tag.get("Value", "")) for tag in one.get("Tags") or []}


def _clusters(aws: Aws) -> list[Raw]:
    arns = aws.items("ecs", "ListClusters", "clusterArns")
    told = (
        aws.call("ecs", "DescribeClusters", clusters=some, include=["TAGS"]) for some in batches(arns, CLUSTERS_AT_ONCE)
    )
    return [one for answer in told for one in answer["clusters"] if one.get("status") != "INACTIVE"]


def _services(aws: Aws, clusters: Sequence[str]) -> list[tuple[str, list[Raw]]]:
    def of(cluster: str) -> tuple[str, list[Raw]]:
        arns = aws.items("ecs", "ListServices", "serviceArns", cluster=cluster)
        told = (
            aws.call("ecs", "DescribeServices", cluster=cluster, services=some)
            for some in batches(arns, SERVICES_AT_ONCE)
        )
        return cluster, [one for answer in told for one in answer["services"]]

    return fan_out(of, clusters)


def _logs(aws: Aws, definition: str) -> tuple[str, list[str]]:
    told = aws.call("ecs", "DescribeTaskDefinition", taskDefinition=definition)["taskDefinition"]
    options = (one.get("logConfiguration", {}).get("options", {}) for one in told["containerDefinitions"])
    return definition, sorted({str(one["awslogs-group"]) for one in options if "awslogs-group" in one})


def _alarms(aws: Aws) -> list[str]:
    """Without those that only drive auto-scaling."""
    pages = aws.pages("cloudwatch", "DescribeAlarms", AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    found = [one for page in pages for key in ("MetricAlarms", "CompositeAlarms") for one in page.get(key) or []]
    return [name for one in found if not (name := str(one["AlarmName"])).startswith("TargetTracking-")]


def _distributions(aws: Aws) -> Iterator[Raw]:
    for page in aws.pages("cloudfront", "ListDistributions"):
        yield from page["DistributionList"].get("Items") or []
