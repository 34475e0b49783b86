"""The names of the stack's resources: from stacks.toml, CloudFormation or tags."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..config.identifiers import kind_of, parsed
from ..core.observation import CouldNotLook, NotApplicable, fan_out, names_no, observation
from .global_services import home_of_cloudfront
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
    """Names (for load balancers: name or ARN; for security groups: id or name pattern) by kind."""

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
        tagged = [one for of, one in self.found if not of and _is_of(one, service, rest)]
        found = dict.fromkeys([*(one for of, one in self.found if of == type_), *tagged])
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
    def the_distribution(self) -> str:
        """The id of the CloudFront distribution of the dashboards; CouldNotLook where there is not exactly one."""
        if not self.distributions and self.unseen_distribution:
            raise self.unseen_distribution.again()
        if not self.distributions:
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
    by_tags: list[tuple[str, str]] = []
    found: dict[str, list[str]] = defaultdict(list)
    if stack.cloudformation_stack:
        for kind, name in _from_cloudformation(aws, stack.cloudformation_stack):
            found[kind].append(name)
    if stack.tags:
        looks: tuple[_Look, ...] = (_from_tags, _of_cloudfront)
        for told in fan_out(lambda look: look(aws, stack.tags), looks):
            if isinstance(told, CouldNotLook):
                unseen = told
                continue
            by_tags += told
        for kind, name in by_tags:
            if name not in found[kind]:
                found[kind].append(name)
    clusters = found["cluster"]
    if not stack.cluster and len(set(clusters)) > 1:
        raise CouldNotLook(
            "", f"stack {stack.name} has {len(clusters)} clusters ({', '.join(clusters)}): set cluster in stacks.toml"
        )
    return Inventory(
        stack=stack.name,
        cluster=stack.cluster or next(iter(clusters), None),
        services=stack.services or tuple(found["service"]),
        load_balancers=(stack.load_balancer,) if stack.load_balancer else tuple(found["load_balancer"]),
        tables=stack.tables or tuple(found["table"]),
        log_groups=stack.log_groups or tuple(found["log_group"]),
        security_groups=stack.security_groups or tuple(found["security_group"]),
        alarms=() if stack.alarm_prefix else tuple(found["alarm"]),
        distributions=(stack.distribution_id,) if stack.distribution_id else tuple(found["distribution"]),
        buckets=stack.buckets or tuple(found["bucket"]),
        coming=tuple(dict.fromkeys(found["coming"])),
        alarms_of_cloudfront=tuple(found["alarm of cloudfront"]),
        named=tuple(stack.resources.items()),
        found=tuple((kind, name) for kind in found if "::" in kind or not kind for name in found[kind]),
        unseen_distribution=unseen,
    )


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
    found = [(_TYPES[of], parsed(_TYPES[of], one).name) if of in _TYPES else (of, one) for of, one in wanted]
    found += [("coming", _COMING_TYPES[_type(item)]) for item in coming if _type(item) in _COMING_TYPES]
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
    listed = _tagged(aws, tags)
    if not listed:
        raise CouldNotLook("tag:GetResources", f"nothing has the tags {tags}")
    return _known(listed)


def _tagged(aws: Aws, tags: dict[str, str], **more: Any) -> list[Any]:
    filters = [{"Key": key, "Values": [value]} for key, value in tags.items()]
    return aws.items("resourcegroupstaggingapi", "GetResources", "ResourceTagMappingList", TagFilters=filters, **more)


def _known(listed: list[Any]) -> list[tuple[str, str]]:
    """Kind and name of each; "" and its ARN of a kind that no check of ours knows."""
    found = []
    for item in listed:
        arn = str(item["ResourceARN"])
        kind = kind_of(arn)
        if kind in _TYPES.values():
            found.append((kind, parsed(kind, arn).name))
        else:
            found.append(("", arn))
    return found


def _is_of(arn: str, service: str, rest: str) -> bool:
    """Whether the ARN is one of the service, and goes on so after the account."""
    parts = arn.split(":", 5)
    return len(parts) == 6 and parts[2] == service and parts[5].startswith(rest)
