"""Unused but paid resources: volumes, addresses, load balancers, and services that run outside office hours.

The whole region is read unless the stack has `tags`: forgotten resources are on nobody's list. Their cost is not
estimated.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from ..core.answer import Answer
from ..core.dataclass import dataclass
from ..core.model import Figure, Resource, Series
from ..core.observation import CouldNotLook, NotThere, batches, fan_out, names_no, observation, seen
from ..core.wording import plural
from .cloudwatch_metrics import CALL as _METRICS
from .cloudwatch_metrics import Metric, fetch_metrics
from .ec2 import tags_of
from .ecs import Service, parts_of
from .elbv2 import LoadBalancer
from .evidence import Read, utc
from .session import Aws
from .unread import Unread, each_alone, or_why

if TYPE_CHECKING:
    from ..config.stack import Stack

_BALANCERS = "elasticloadbalancing:DescribeLoadBalancers"
_TAGS = "elasticloadbalancing:DescribeTags"
_GROUPS = "elasticloadbalancing:DescribeTargetGroups"
_HEALTH = "elasticloadbalancing:DescribeTargetHealth"
_SERVICES = "ecs:DescribeServices"
TAGGED_A_CALL = 20
WEEK = timedelta(days=7)
DAY_S, STEP_S = 86400, 300
LATE = timedelta(minutes=30)
"""How long CloudWatch may take to report a running task."""

_TRAFFIC = {
    "application": ("AWS/ApplicationELB", ("RequestCount", "HTTP_Redirect_Count", "HTTP_Fixed_Response_Count")),
    "network": ("AWS/NetworkELB", ("NewFlowCount",)),
    "gateway": ("AWS/GatewayELB", ("NewFlowCount",)),
}
"""Metrics that count as traffic: RequestCount only counts requests that reached a target; health checks do not count.
"""


@dataclass(frozen=True, kw_only=True)
class Volume(Resource):
    """An EBS volume that is not attached."""

    made = Read(utc, "CreateTime")
    """When it was created, in UTC; AWS does not report when it was detached."""

    def __str__(self) -> str:
        size, kind = (self.evidence[key] for key in ("Size", "VolumeType"))
        return f"{size} GiB {kind}, made {self.made:%Y-%m-%d}"


@dataclass(frozen=True, kw_only=True)
class Address(Resource):
    """An Elastic IP address."""

    @property
    def is_used(self) -> bool:
        """Whether it is associated, or managed by an AWS service."""
        self.evidence["PublicIp"]  # missing only in an empty answer
        return bool(self.evidence.get("AssociationId") or self.evidence.get("ServiceManaged"))


@dataclass(frozen=True, kw_only=True)
class BalancerUse(Resource):
    """A load balancer and its traffic in a week, or why that is not known; `targets` is None where there was some."""

    counted: int | CouldNotLook
    targets: int | None

    @property
    def traffic(self) -> int:
        """Requests or flows in a week."""
        return seen(self.counted)

    made = Read(utc, "CreatedTime")
    """When it was made, in UTC."""

    @property
    def why_idle(self) -> str:
        """The number of targets behind an idle load balancer, in words."""
        return plural(self.targets, "registered target") if self.targets else "no target is registered"


@dataclass(frozen=True, kw_only=True)
class DevUse(Resource):
    """A non-production service: what it runs, and how long it ran outside its hours in a week.

    `counted`: those hours, or why they are unknown; `within_hours`: whether it may run now.
    """

    service: Service
    counted: float | CouldNotLook
    within_hours: bool

    @property
    def hours_outside(self) -> float:
        """Hours that it ran outside its own."""
        return seen(self.counted)

    @property
    def tasks(self) -> int:
        """The number of running or desired tasks, whichever is larger."""
        return max(self.service.running, self.service.desired)

    @property
    def runs_outside_now(self) -> bool:
        """Whether it runs outside its hours."""
        return self.tasks > 0 and not self.within_hours


@observation(allow=["ec2:DescribeVolumes"])
def unattached_volumes(stack: Stack, aws: Aws) -> list[Volume]:
    """The EBS volumes that are not attached."""
    wanted = [{"Name": "status", "Values": ["available"]}, *_tagged(stack)]
    listed = aws.items("ec2", "DescribeVolumes", "Volumes", Filters=wanted, MaxResults=500)
    return [Volume(arn=str(raw["VolumeId"]), name=_name(raw, str(raw["VolumeId"])), evidence=raw) for raw in listed]


@observation(allow=["ec2:DescribeAddresses"])
def elastic_addresses(stack: Stack, aws: Aws) -> list[Address]:
    """The Elastic IP addresses; AWS returns all of them at once."""
    only = {"Filters": _tagged(stack)} if stack.tags else {}
    told = aws.call("ec2", "DescribeAddresses", **only)["Addresses"]
    return [Address(arn=str(raw["AllocationId"]), name=_name(raw, str(raw["PublicIp"])), evidence=raw) for raw in told]


def _tagged(stack: Stack) -> list[dict[str, Any]]:
    return [{"Name": f"tag:{key}", "Values": [value]} for key, value in stack.tags.items()]


def _name(raw: Mapping[str, Any], otherwise: str) -> str:
    """Its id, with its Name tag."""
    name = tags_of(raw).get("Name")
    return f"{otherwise} ({name})" if name else otherwise


@observation(allow=[_BALANCERS, _TAGS, _METRICS, _GROUPS, _HEALTH])
def balancer_use(stack: Stack, aws: Aws, now: datetime) -> list[BalancerUse]:
    """Traffic of the last week through each application, network and gateway load balancer."""
    listed = aws.items("elbv2", "DescribeLoadBalancers", "LoadBalancers", PageSize=400)
    if stack.tags:
        own = _with_tags(aws, [str(raw["LoadBalancerArn"]) for raw in listed], stack.tags)
        listed = [raw for raw in listed if raw["LoadBalancerArn"] in own]
    asked = [metric for raw in listed if raw["Type"] in _TRAFFIC for metric in _metrics(raw)]
    measured = fetch_metrics(aws, asked, now - WEEK, now)

    def traffic(raw: Answer) -> int:
        series = [seen(measured[metric.subject, metric.measure]) for metric in _metrics(raw)]
        return round(sum(value for one in series for _, value in one.points))

    return each_alone(lambda raw: _use(aws, raw, traffic(raw)), listed, _unread)


def _with_tags(aws: Aws, arns: Sequence[str], wanted: Mapping[str, str]) -> set[str]:
    """Those with all of the tags; AWS takes 20 per call."""
    found = set()
    asked = batches(arns, TAGGED_A_CALL)
    for answer in fan_out(lambda batch: aws.call("elbv2", "DescribeTags", ResourceArns=batch), asked):
        for told in answer["TagDescriptions"]:
            tags = {tag["Key"]: tag.get("Value") for tag in told["Tags"]}
            if wanted.items() <= tags.items():
                found.add(str(told["ResourceArn"]))
    return found


def _metrics(raw: Mapping[str, Any]) -> list[Metric]:
    arn, kind = str(raw["LoadBalancerArn"]), str(raw["Type"])
    if kind not in _TRAFFIC:
        raise CouldNotLook(_BALANCERS, f"{arn} is a load balancer of type {kind}, which is not supported")
    namespace, names = _TRAFFIC[kind]
    of = (("LoadBalancer", LoadBalancer(arn=arn, name=arn, evidence=raw).dimension),)
    return [Metric(arn, name, namespace, name, of, "Sum", DAY_S, "a day") for name in names]


def _use(aws: Aws, raw: Answer, traffic: int) -> BalancerUse:
    targets = None if traffic else _targets(aws, str(raw["LoadBalancerArn"]))
    told = {"in a week": traffic, **({} if targets is None else {"registered targets": targets})}
    figures = (Figure("traffic in a week", traffic, "requests or flows"),)
    return replace(_unread(raw, traffic), evidence=raw | told, targets=targets, figures=figures)


def _unread(raw: Answer, counted: int | CouldNotLook) -> BalancerUse:
    arn, name = str(raw["LoadBalancerArn"]), str(raw["LoadBalancerName"])
    return BalancerUse(arn=arn, name=name, evidence=raw, counted=counted, targets=None)


def _targets(aws: Aws, arn: str) -> int:
    """Number of registered targets behind a load balancer, in all of its groups."""
    try:
        groups = aws.items("elbv2", "DescribeTargetGroups", "TargetGroups", LoadBalancerArn=arn)
    except NotThere:  # AWS's answer where there is none
        return 0
    asked = [str(group["TargetGroupArn"]) for group in groups]
    answers = [aws.call("elbv2", "DescribeTargetHealth", TargetGroupArn=group) for group in asked]
    return sum(len(answer["TargetHealthDescriptions"]) for answer in answers)


@observation(allow=[_SERVICES, _METRICS])
def dev_use(stack: Stack, aws: Aws, now: datetime, since: datetime | None = None) -> list[DevUse]:
    """What the services of `dev_services` run now, and when they ran in the last week; with `since`, only after it."""
    if not stack.dev_services:
        raise names_no(stack.name, "non-production services", "dev_services")
    services = _dev_services(aws, stack.dev_services)
    asked = [_cpu(name) for name in services]
    measured = fetch_metrics(aws, asked, (since or now - WEEK).replace(second=0, microsecond=0), now)
    told = zip(services.values(), (measured[one.subject, one.measure] for one in asked), strict=True)
    return [_dev(stack, service, cpu, now, since) for service, cpu in told]


def _cpu(name: str) -> Metric:
    """The CPU metric of a service, which has data only while a task runs."""
    cluster, service = name.split("/")
    of = (("ClusterName", cluster), ("ServiceName", service))
    return Metric(name, "CPU", "AWS/ECS", "CPUUtilization", of, "Average", STEP_S, "%")


def _dev_services(aws: Aws, names: Iterable[str]) -> dict[str, Service]:
    """Each service by its CLUSTER/SERVICE; a missing or deleted one has only its status."""
    by_cluster: dict[str, list[str]] = defaultdict(list)
    for cluster, service in (name.split("/") for name in dict.fromkeys(names)):
        by_cluster[cluster].append(service)
    parts = parts_of(by_cluster)

    def described(part: tuple[str, list[str]]) -> dict[str, Answer]:
        listed = aws.call("ecs", "DescribeServices", cluster=part[0], services=part[1])["services"]
        told = {str(raw["serviceName"]): raw for raw in listed}
        return {name: told.get(name, Answer({"status": "MISSING"}, _SERVICES)) for name in part[1]}

    answers: list[dict[str, Answer]]
    answers = each_alone(described, parts, lambda part, why: dict.fromkeys(part[1], Unread(why)))
    found: dict[str, Service] = {}
    for (cluster, _), told in zip(parts, answers, strict=True):
        for name, evidence in told.items():
            unread = isinstance(evidence, Unread)
            place = f"{cluster}/{name}"
            arn = f"service/{place}" if unread else str(evidence.get("serviceArn", f"service/{place}"))
            found[place] = Service(arn=arn, name=place, evidence=evidence)
    return found


def _dev(stack: Stack, service: Service, cpu: Series | CouldNotLook, now: datetime, since: datetime | None) -> DevUse:
    hours, zone = stack.office_hours, stack.zone
    points = () if isinstance(cpu, CouldNotLook) else cpu.points
    times = [time for time, _ in points if since is None or time >= since]
    outside = [time for time in times if not hours.include(time.astimezone(zone))]
    spent = len(outside) * STEP_S / 3600
    problem = cpu if isinstance(cpu, CouldNotLook) else _unmeasured(service, cpu, now) if since is None else None
    shown = {key: value for key, value in service.evidence.items() if key not in ("events", "deployments")}
    newest = f"{outside[-1]:%Y-%m-%d %H:%M} UTC" if outside else "none"
    return DevUse(
        arn=service.arn,
        name=service.name,
        evidence={**shown, "hours outside": round(spent, 1), "newest outside": newest},
        service=service,
        counted=problem or spent,
        within_hours=hours.include(now.astimezone(zone)),
        series=() if isinstance(cpu, CouldNotLook) else (cpu,),
        figures=() if problem else (Figure("outside its hours", round(spent, 1), "hours in a week"),),
    )


@or_why
def _unmeasured(service: Service, cpu: Series, now: datetime) -> CouldNotLook | None:
    """Why the CPU metric does not show when it ran; no data means no task only for an existing service name."""
    if service.status not in ("ACTIVE", "DRAINING"):
        return CouldNotLook(_SERVICES, f"ECS has no active service {service.name}: correct dev_services in stacks.toml")
    if service.running and now - service.changed_at > LATE and not cpu.last(LATE, now):
        said = f"{service.name} runs {plural(service.running, 'task')}, and there is no CPU metric of it"
        return CouldNotLook(_METRICS, said)
    return None
