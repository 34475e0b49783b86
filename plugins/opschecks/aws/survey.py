"""What an account and region have, list by list: what a first stacks.toml is proposed from. Reads only.

Also queues, functions, databases and what else a stack names in `resources` of stacks.toml.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from ..config.identifiers import kind_of, parsed
from ..core.dataclass import dataclass
from ..core.observation import CouldNotLook, batches, fan_out
from .cloudwatch_alarms import every_alarm
from .ec2 import tags_of
from .ecs import SERVICES_A_CALL
from .evidence import grouped
from .log_writers import groups_of

if TYPE_CHECKING:
    from .session import Aws

Raw = Mapping[str, Any]
CLUSTERS_AT_ONCE = 100
"""https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeClusters.html."""
MOST_DEFINITIONS = 500
"""Task definitions are described one by one, and AWS answers about 20 a second for long:
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html."""
TOLD_EVERY = 500
"""So many of one list are told while it is still read."""


@dataclass(frozen=True)
class OtherList:
    """How the resources of a key are listed. `what`: as a person calls them; `arn`: how theirs go on after the account.

    `type`: theirs in CloudFormation. `name`: what of an item is its name, or an identifier that ends with it; "" where
    the item is a URL that does. `but_engines`: of other services that answer with theirs.
    """

    what: str
    service: str
    operation: str
    items: str
    name: str
    type: str
    arn: str
    asked: Mapping[str, Any] = field(default_factory=dict)
    but_engines: tuple[str, ...] = ()

    def names(self, aws: Aws) -> Iterator[str]:
        """The names; an answer without any may lack the list."""
        for page in aws.pages(self.service, self.operation, **self.asked):
            for one in page.get(self.items) or []:
                if not (self.but_engines and one.get("Engine") in self.but_engines):
                    yield _name(str(one[self.name] if self.name else one))


def _name(identifier: str) -> str:
    """The name at the end of an ARN or a URL; others are names."""
    return re.split("[/:]", identifier)[-1] if re.match(r"arn:|https?:", identifier) else identifier


OTHER_LISTS: Mapping[str, OtherList] = {
    # without MaxResults SQS ends after 1,000 and says nothing of more: SQS, API_ListQueues
    "queues": OtherList(
        "SQS queues", "sqs", "ListQueues", "QueueUrls", "", "AWS::SQS::Queue", "sqs:", {"MaxResults": 1000}
    ),
    "functions": OtherList(
        "Lambda functions",
        "lambda",
        "ListFunctions",
        "Functions",
        "FunctionName",
        "AWS::Lambda::Function",
        "lambda:function:",
    ),
    "databases": OtherList(
        "DB instances",
        "rds",
        "DescribeDBInstances",
        "DBInstances",
        "DBInstanceIdentifier",
        "AWS::RDS::DBInstance",
        "rds:db:",
        but_engines=("docdb", "neptune"),  # RDS, API_DescribeDBInstances: it also describes instances of these
    ),
}
"""By the key; `type` and `arn` are what the checks give to `inventory.others`."""


def own_list(key: str, type_: str, arn: str) -> OtherList:
    """Of resources that checks of a user's own look at, by their type: as one of ours lists them, else Cloud Control.

    Source: cloudcontrolapi/latest/userguide, "Discovering resources": it lists the resources of a type in account and
    region, made by CloudFormation or not, by their primary identifiers; some types cannot be listed.
    """
    what, asked = key.replace("_", " "), {"TypeName": type_}
    listed = OtherList(what, "cloudcontrol", "ListResources", "ResourceDescriptions", "Identifier", type_, arn, asked)
    return next((one for one in OTHER_LISTS.values() if one.type == type_), listed)


def keys_and_names(arn: str, lists: Mapping[str, OtherList]) -> list[tuple[str, str]]:
    """The keys, each with the name, of what an ARN is of; none where it is of none of the lists."""
    parts = arn.split(":", 5)
    told = f"{parts[2]}:{parts[5]}" if len(parts) == 6 else ""
    return [(key, told.removeprefix(of.arn)) for key, of in lists.items() if of.arn and told.startswith(of.arn)]


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
    watched: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """By alarm: the values of its metrics' dimensions, such as a cluster's name; of a composite one, its alarms."""
    others: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Names of other resources, by the key that they have in `resources` of stacks.toml, such as queues."""
    lists: Mapping[str, OtherList] = field(default_factory=lambda: OTHER_LISTS)
    """How they were listed, by the same keys."""

    def tags_of(self, kind: str, name: str) -> Mapping[str, str]:
        """The tags of a resource; none where it has none, or they could not be seen."""
        return self.tags.get((kind, name), {})

    @property
    def idle_clusters(self) -> Sequence[str]:
        """The clusters in which no service runs, such as the one called default that the console makes."""
        if "ECS services" in self.refused:
            return []
        return [name for one in self.clusters if not self.services.get(name := str(one["clusterName"]))]

    @property
    def is_empty(self) -> bool:
        """Whether nothing of what checks look at was found."""
        lists = (self.balancers, self.tables, self.alarms, self.distributions, *self.others.values())
        return len(self.idle_clusters) == len(self.clusters) and not any(lists)


class Progress:
    """Tells how much of a long list was read, and how much it was in the end."""

    def __init__(self, what: str, say: Callable[[str], None]) -> None:
        self._what, self._say, self._count, self._lock = what, say, 0, threading.Lock()

    def of(self, found: Iterable[Any]) -> Iterator[Any]:
        """The same, counted."""
        for one in found:
            with self._lock:
                self._count += 1
                if self._count % TOLD_EVERY == 0:
                    self._say(f"{self._what}: {self._count:,} so far")
            yield one


def survey(aws: Aws, account: str, say: Callable[[str], None], lists: Mapping[str, OtherList] = OTHER_LISTS) -> Survey:
    """List by list; one that is denied or fails is told in `refused`, and the others are read. `say` shows progress."""
    refused: dict[str, CouldNotLook] = {}

    def listed(what: str, read: Callable[[Progress], Any]) -> Any:
        try:
            found = read(Progress(what, say))
        except CouldNotLook as error:
            refused[what] = error
            say(f"{what}: could not be seen")
            return []
        say(f"{what}: {len(found):,}")
        return found

    def plain(what: str, *asked: str) -> Any:
        return listed(what, lambda shown: list(shown.of(_items(aws, *asked))))

    def named(of: OtherList) -> Any:
        return listed(of.what, lambda shown: list(shown.of(of.names(aws))))

    clusters = listed("ECS clusters", lambda shown: list(shown.of(_clusters(aws))))
    names = [str(one["clusterName"]) for one in clusters]
    services = listed("ECS services", lambda shown: _services(aws, names, shown))
    running = {cluster: [one for _, one in own] for cluster, own in grouped(services, itemgetter(0)).items()}
    definitions = sorted({str(one["taskDefinition"]) for _, one in services if "taskDefinition" in one})
    if len(definitions) > MOST_DEFINITIONS:
        said = f"{len(definitions):,}, of which {MOST_DEFINITIONS} were read; log_groups lacks those of the others"
        refused["some task definitions"] = CouldNotLook("", said)
    some = definitions[:MOST_DEFINITIONS]
    alarms = listed("alarms", lambda shown: list(shown.of(every_alarm(aws))))
    return Survey(
        account=account,
        region=aws.region,
        clusters=clusters,
        services=running,
        log_groups_of=dict(listed("task definitions", lambda shown: fan_out(lambda one: _logs(aws, one, shown), some))),
        balancers=plain("load balancers", "elbv2", "DescribeLoadBalancers", "LoadBalancers"),
        target_groups=plain("target groups", "elbv2", "DescribeTargetGroups", "TargetGroups"),
        tables=plain("DynamoDB tables", "dynamodb", "ListTables", "TableNames"),
        alarms=[name for name, _ in alarms],
        watched=dict(alarms),
        others={key: named(of) for key, of in lists.items()},
        lists=lists,
        distributions=listed("CloudFront distributions", lambda shown: list(shown.of(_distributions(aws)))),
        refused=refused,
        tags=dict(listed("tagged resources", lambda shown: list(shown.of(_tagged(aws, lists))))),
    )


def _items(aws: Aws, service: str, operation: str, key: str, **asked: Any) -> Iterator[Any]:
    for page in aws.pages(service, operation, **asked):
        yield from page[key]


def _tagged(aws: Aws, lists: Mapping[str, OtherList]) -> Iterator[tuple[tuple[str, str], dict[str, str]]]:
    for one in _items(aws, "resourcegroupstaggingapi", "GetResources", "ResourceTagMappingList", ResourcesPerPage=100):
        arn = str(one["ResourceARN"])
        tags = tags_of(one)
        if kind := kind_of(arn):
            name = parsed(kind, arn).name
            yield (kind, name.split("/")[-2] if kind == "load_balancer" else name), tags
        for of in () if kind else keys_and_names(arn, lists):
            yield of, tags


def _clusters(aws: Aws) -> Iterator[Raw]:
    arns = list(_items(aws, "ecs", "ListClusters", "clusterArns"))
    for some in batches(arns, CLUSTERS_AT_ONCE):
        told = aws.call("ecs", "DescribeClusters", clusters=some, include=["TAGS"])
        yield from (one for one in told["clusters"] if one.get("status") != "INACTIVE")


def _services(aws: Aws, clusters: Sequence[str], shown: Progress) -> list[tuple[str, Raw]]:
    """Each with its cluster."""

    def names(cluster: str) -> list[tuple[str, list[str]]]:
        arns = aws.items("ecs", "ListServices", "serviceArns", cluster=cluster, maxResults=100)
        return [(cluster, some) for some in batches(arns, SERVICES_A_CALL)]

    def told(of: tuple[str, list[str]]) -> list[tuple[str, Raw]]:
        cluster, some = of
        answer = aws.call("ecs", "DescribeServices", cluster=cluster, services=some)
        return [(cluster, one) for one in shown.of(answer["services"])]

    asked = [one for some in fan_out(names, clusters) for one in some]
    return [one for some in fan_out(told, asked) for one in some]


def _logs(aws: Aws, definition: str, shown: Progress) -> tuple[str, list[str]]:
    (groups,) = shown.of([groups_of(aws, definition)])
    return definition, sorted({*groups})


def _distributions(aws: Aws) -> Iterator[Raw]:
    for page in aws.pages("cloudfront", "ListDistributions"):
        yield from page["DistributionList"].get("Items") or []
