"""The names of the stack's resources: from stacks.toml, CloudFormation or tags."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import field
from typing import TYPE_CHECKING, Any

from ..config.identifiers import kind_of, parsed
from ..core.dataclass import dataclass
from ..core.global_services import home_of_cloudfront
from ..core.observation import CouldNotLook, NotApplicable, fan_out, names_no, observation, seen
from .session import Aws

if TYPE_CHECKING:
    from ..config.stack import Stack

_LIST = "cloudformation:ListStackResources"
FINDING = (_LIST, "tag:GetResources")
"""What it takes to find a stack's resources, also for a remedy that asks which are the stack's own."""
_COMING = ("CREATE_IN_PROGRESS", "CREATE_FAILED")
"""States in which a resource may have no PhysicalResourceId: it has none until its service has made it."""
_TYPES = {
    "AWS::ECS::Cluster": "cluster",
    "AWS::ECS::Service": "service",
    "AWS::ElasticLoadBalancingV2::LoadBalancer": "load_balancer",
    "AWS::DynamoDB::Table": "table",
    "AWS::DynamoDB::GlobalTable": "table",
    "AWS::Logs::LogGroup": "log_group",
    "AWS::EC2::SecurityGroup": "security_group",
    "AWS::CloudWatch::Alarm": "alarm",
    "AWS::CloudWatch::CompositeAlarm": "alarm",
    "AWS::CloudFront::Distribution": "distribution",
    "AWS::S3::Bucket": "bucket",
}
"""CloudFormation's resource types, and the kind of each."""
_COMING_TYPES = {**_TYPES, "AWS::CloudFormation::Stack": "any"}


_Look = Callable[[Aws, dict[str, str]], list[tuple[str, str]] | CouldNotLook]


@dataclass(frozen=True)
class Inventory:
    """Names (for load balancers: name or ARN; for security groups: id or name pattern) by kind.

    Of several clusters, `cluster` is the first, and services are CLUSTER/NAME.
    """

    stack: str
    cluster: str | None
    services: tuple[str, ...]
    load_balancers: tuple[str, ...]
    tables: tuple[str, ...]
    log_groups: tuple[str, ...]
    security_groups: tuple[str, ...]
    alarms: tuple[str, ...]
    distributions: tuple[str, ...] = ()
    buckets: tuple[str, ...] = ()
    coming: tuple[str, ...] = ()
    """Kinds, as in _TYPES, of which CloudFormation is creating one that has no name yet; "any" of a nested stack."""
    alarms_of_cloudfront: tuple[str, ...] = ()
    named: tuple[tuple[str, tuple[str, ...]], ...] = field(default=(), compare=False)
    """`resources` of stacks.toml: names by kind."""
    found: tuple[tuple[str, str], ...] = field(default=(), compare=False)
    """What no check of ours knows: type of CloudFormation and id, or "" and the ARN that has the stack's tags."""
    unseen_distribution: CouldNotLook | None = None
    """Why the distributions with the stack's tags could not be listed."""
    further_clusters: tuple[str, ...] = ()
    of_dashboards: str = ""
    """The distribution that stacks.toml names for the dashboards."""
    is_found: bool = field(default=False, compare=False)
    """Whether CloudFormation or tags say what the stack has: then what they do not report is not the stack's."""

    def some(self, kind: str) -> tuple[str, ...]:
        """The names of a kind; CouldNotLook where the stack has none, with the key to set."""
        names: tuple[str, ...] = getattr(self, kind)
        if not names and {kind.removesuffix("s"), "any"} & {*self.coming}:
            what = kind.removesuffix("s").replace("_", " ")
            raise CouldNotLook(_LIST, f"CloudFormation is creating the {what} of stack {self.stack}: look again later")
        if not names:
            key = "load_balancer" if kind == "load_balancers" else kind
            raise names_no(self.stack, key.replace("_", " "), key)
        return names

    def others(self, key: str, type_: str, arn: str) -> tuple[str, ...]:
        """Resources of any other kind: names of `resources.KEY` in stacks.toml, else what was found.

        Those are ids that CloudFormation has for the type (`AWS::SQS::Queue`), or ARNs with the stack's tags that go on
        as `arn` does after the account (`sqs:`, `lambda:function:`). NotApplicable where the stack has none.
        """
        service, _, rest = arn.partition(":")
        given = dict(self.named).get(key, ())
        ids = dict.fromkeys(one for of, one in self.found if of == type_)
        ends = {_last(one) for one in ids}
        tagged = [one for of, one in self.found if not of and _is_of(one, service, rest) and _last(one) not in ends]
        found = dict.fromkeys([*ids, *tagged])
        if not (given or found) and {"any", type_} & {*self.coming}:
            raise CouldNotLook(_LIST, f"CloudFormation is creating resources of stack {self.stack}: look again later")
        if not (given or found):
            raise NotApplicable("", f"stack {self.stack} names no {key.replace('_', ' ')} (resources.{key})")
        return given or tuple(found)

    @property
    def the_cluster(self) -> str:
        """The ECS cluster; CouldNotLook where the stack has none."""
        if not self.cluster:
            raise names_no(self.stack, "cluster", "cluster")
        return self.cluster

    @property
    def clusters(self) -> tuple[str, ...]:
        """All ECS clusters."""
        return (self.cluster, *self.further_clusters) if self.cluster else ()

    def place(self, service: str) -> tuple[str, str]:
        """Cluster and name of one of `services`."""
        cluster, _, name = service.rpartition("/")
        return cluster or self.cluster or "", name

    def called(self, cluster: str, name: str) -> str:
        """What a service of a cluster is called, as in `services`."""
        return f"{cluster}/{name}" if self.further_clusters else name

    @property
    def by_cluster(self) -> dict[str, list[str]]:
        """The names of services by their cluster; CouldNotLook where the stack has no cluster or no service."""
        found: dict[str, list[str]] = {self.the_cluster: []}
        for cluster, name in map(self.place, self.some("services")):
            found.setdefault(cluster, []).append(name)
        return {cluster: names for cluster, names in found.items() if names}

    @property
    def paths(self) -> dict[str, str]:
        """service/CLUSTER/NAME, as auto-scaling has it, and what the service is called; CouldNotLook as above."""
        self.the_cluster  # noqa: B018 - raises where there is none
        return {"/".join(("service", *self.place(name))): name for name in self.some("services")}

    @property
    def the_distribution(self) -> str:
        """The id of the CloudFront distribution of the dashboards; CouldNotLook where there is not exactly one."""
        if self.of_dashboards:
            return self.of_dashboards
        if not self.distributions:
            seen(self.unseen_distribution)
            raise names_no(self.stack, "distribution", "distribution_id")
        if len(set(self.distributions)) != 1:
            found = f"has {len(self.distributions)} distributions"
            raise CouldNotLook("", f"stack {self.stack} {found}: set distribution_id in stacks.toml")
        return self.distributions[0]


@observation(allow=FINDING)
def inventory(stack: Stack, aws: Aws) -> Inventory:
    """The names of the stack's resources. Calls AWS only where stacks.toml refers to CloudFormation or tags.

    Source: API_GetResources, which returns what is in the region that is asked: CloudFront's is us-east-1.
    """
    unseen: CouldNotLook | None = None
    found: dict[str, list[str]] = defaultdict(list)
    sources = stack.every("cloudformation_stack")
    for told in fan_out(lambda name: _from_cloudformation(aws, name), sources):
        for kind, name in told:
            found[kind].append(name)
    if stack.tags:
        looks: tuple[_Look, ...] = (_from_tags, _of_cloudfront)
        for listed in fan_out(lambda look: look(aws, stack.tags), looks):
            if isinstance(listed, CouldNotLook):
                unseen = listed
                continue
            for kind, name in listed:
                if name not in found[kind]:
                    found[kind].append(name)
    clusters, services = _placed(stack, found["cluster"], found["service"])
    return Inventory(
        stack=stack.name,
        cluster=next(iter(clusters), None),
        services=services,
        load_balancers=stack.every("load_balancer") or tuple(found["load_balancer"]),
        tables=stack.tables or tuple(found["table"]),
        log_groups=stack.log_groups or tuple(found["log_group"]),
        security_groups=stack.security_groups or tuple(found["security_group"]),
        alarms=() if stack.alarm_prefix else tuple(dict.fromkeys(found["alarm"])),
        distributions=stack.every("distribution_id") or tuple(found["distribution"]),
        buckets=stack.buckets or tuple(found["bucket"]),
        coming=tuple(dict.fromkeys(found["coming"])),
        alarms_of_cloudfront=tuple(found["alarm of cloudfront"]),
        named=tuple(stack.resources.items()),
        found=tuple((kind, name) for kind in found if "::" in kind or not kind for name in found[kind]),
        unseen_distribution=unseen,
        further_clusters=tuple(clusters[1:]),
        of_dashboards=stack.distribution_id or "",
        is_found=bool(sources or stack.tags),
    )


def _placed(stack: Stack, clusters: list[str], services: list[str]) -> tuple[list[str], tuple[str, ...]]:
    """The clusters, and the services that stacks.toml names or that were found, which may be NAME or CLUSTER/NAME.

    Found services of other clusters than the stack names are not the stack's. CouldNotLook where there are several
    clusters, and it is not known which one a service is of.
    """
    within = [one.partition("/")[0] for one in services if "/" in one]
    own = list(stack.every("cluster")) or list(dict.fromkeys([*clusters, *within]))
    named = list(stack.services) or [one for one in services if "/" not in one or one.partition("/")[0] in own]
    if len(own) < 2:
        return own, tuple(dict.fromkeys(one.rpartition("/")[2] for one in named))
    if bare := [one for one in named if "/" not in one]:
        places = " or ".join(f"{cluster}/{bare[0]}" for cluster in own)
        raise CouldNotLook("", f"stack {stack.name} has {len(own)} clusters: write {places} in services of stacks.toml")
    return own, tuple(dict.fromkeys(named))


def _identified(kind: str, identifier: str) -> str:
    """The name; of a service with its cluster, where it is said."""
    read = parsed(kind, identifier)
    return f"{read.within}/{read.name}" if kind == "service" and read.within else read.name


def _from_cloudformation(aws: Aws, name: str) -> list[tuple[str, str]]:
    listed = aws.items("cloudformation", "ListStackResources", "StackResourceSummaries", StackName=name)
    if not listed:
        raise CouldNotLook(_LIST, f"the CloudFormation stack {name} has no resources")
    there = [item for item in listed if item.get("ResourceStatus") != "DELETE_COMPLETE"]
    there = [one for one in there if one.get("PhysicalResourceId") or one.get("ResourceStatus") != "DELETE_IN_PROGRESS"]
    coming = [item for item in there if item.get("ResourceStatus") in _COMING and not item.get("PhysicalResourceId")]
    made = [item for item in there if item not in coming]
    nested = [item["PhysicalResourceId"] for item in made if _type(item) == "AWS::CloudFormation::Stack"]
    known = [item for item in made if _type(item) in _TYPES or item.get("PhysicalResourceId")]
    wanted = [(_type(item), str(item["PhysicalResourceId"])) for item in known]
    found = [(_TYPES[of], _identified(_TYPES[of], one)) if of in _TYPES else (of, one) for of, one in wanted]
    found += [("coming", _COMING_TYPES.get(_type(item), _type(item))) for item in coming]
    for inner in fan_out(lambda child: _from_cloudformation(aws, child), nested):
        found.extend(inner)
    return found


def _type(item: dict[str, str]) -> str:
    return str(item["ResourceType"])


def _of_cloudfront(aws: Aws, tags: dict[str, str]) -> list[tuple[str, str]] | CouldNotLook:
    """Distributions and their alarms with these tags, in CloudFront's region where that is another one.

    Where that region may not be read, only they are unknown.
    """
    region = home_of_cloudfront(aws.region)
    if region in ("", aws.region):
        return []
    types = ["cloudfront:distribution", "cloudwatch:alarm"]
    try:
        found = _known(_tagged(aws.elsewhere(region), tags, ResourceTypeFilters=types))
    except CouldNotLook as error:
        return CouldNotLook(error.call, f"in {region}: {error.reason}", action=error.action)
    return [("alarm of cloudfront" if kind == "alarm" else kind, name) for kind, name in found]


def _from_tags(aws: Aws, tags: dict[str, str]) -> list[tuple[str, str]]:
    if not (listed := _tagged(aws, tags)):
        raise CouldNotLook("tag:GetResources", f"nothing has the tags {tags}")
    return _known(listed)


def _tagged(aws: Aws, tags: dict[str, str], **more: Any) -> list[Any]:
    filters = [{"Key": key, "Values": [value]} for key, value in tags.items()]
    return aws.items("resourcegroupstaggingapi", "GetResources", "ResourceTagMappingList", TagFilters=filters, **more)


def _known(listed: list[Any]) -> list[tuple[str, str]]:
    """Kind and name of each; "" and its ARN of a kind that no check of ours knows."""
    told = [(kind_of(arn), arn) for arn in (str(item["ResourceARN"]) for item in listed)]
    return [(kind, _identified(kind, arn)) if kind in _TYPES.values() else ("", arn) for kind, arn in told]


def _last(name: str) -> str:
    """The name at the end of an ARN, a URL or an id."""
    return name.rpartition(":")[2].rpartition("/")[2]


def _is_of(arn: str, service: str, rest: str) -> bool:
    """Whether the ARN is one of the service, and goes on so after the account."""
    parts = arn.split(":", 5)
    return len(parts) == 6 and parts[2] == service and parts[5].startswith(rest)
