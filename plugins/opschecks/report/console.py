"""Where a resource is in the AWS console: a link for each type of resource that findings name, or none.

The console has a host for each region of each partition (AWS General Reference, "AWS Management Console endpoints");
partitions without a public one have no links. A log-in through IAM Identity Center goes to its access portal first (IAM
Identity Center user guide, "Create shortcut links to AWS Management Console destinations").
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

HOSTS = {
    "aws": "console.aws.amazon.com",
    "aws-cn": "console.amazonaws.cn",
    "aws-us-gov": "console.amazonaws-us-gov.com",
    "aws-eusc": "console.amazonaws-eusc.eu",
}
"""The console's host of each partition that has a public one."""
_REGION = re.compile(r"[a-z]{2,4}(-[a-z]+)+-\d")
_ARN = re.compile(
    r"arn:(?P<partition>aws[a-z-]*):(?P<service>[a-z0-9-]+):(?P<region>[a-z0-9-]*):(?P<account>\d*):(?P<rest>.+)"
)
_IMAGE = re.compile(r"(?P<account>\d{12})\.dkr[.-]ecr(?:-fips)?\.(?P<region>[a-z0-9-]+)\.[^/]+/(?P<repository>[^@:]+)")
LONGEST = 1024
"""No ARN of AWS is longer; anything longer is not linked."""


@dataclass(frozen=True)
class Place:
    """Which account and region a resource without an ARN is in.

    `portal` is IAM Identity Center's start URL, or empty; `role` the permission set to take, or empty: the portal asks.
    """

    region: str
    account: str = ""
    portal: str = ""
    role: str = ""


def partition_of(region: str) -> str:
    """The partition of a region."""
    starts = {"cn-": "aws-cn", "us-gov-": "aws-us-gov", "eusc-": "aws-eusc", "us-iso": "aws-iso", "eu-iso": "aws-iso"}
    return next((partition for start, partition in starts.items() if region.startswith(start)), "aws")


def link(resource: str, seen_by: str, place: Place) -> str:
    """The address of the resource's page in the console; empty where there is none.

    `seen_by` is the observation that saw it: what has no ARN, such as a log group or a bucket, says no type of its own.
    """
    if len(resource) > LONGEST or not resource.isprintable():
        return ""
    arn = _ARN.fullmatch(resource.partition("#")[0])
    region = (arn["region"] if arn else "") or place.region
    partition = arn["partition"] if arn else partition_of(region)
    if partition not in HOSTS or not _REGION.fullmatch(region):
        return ""
    path = _of_arn(arn, region) if arn else _of_name(resource, seen_by, region)
    if not path:
        return ""
    destination = f"https://{region}.{HOSTS[partition]}/{path}"
    return _through_portal(destination, place) if place.portal else destination


def _through_portal(destination: str, place: Place) -> str:
    role = f"&role_name={quote(place.role, safe='')}" if place.role else ""
    account = quote(place.account, safe="")
    return f"{place.portal.rstrip('/')}/#/console?account_id={account}{role}&destination={quote(destination, safe='')}"


def _name(text: str) -> str:
    return quote(text, safe="")


def _in_hash(text: str, times: int = 1) -> str:
    """As CloudWatch's console has a name behind the #: percent-encoded, with $ in place of the percent sign."""
    for _ in range(times):
        text = quote(text, safe="")
    return text.replace("%", "$")


Paths = Callable[[str, str, str], str]
"""(what follows the type in an ARN, the whole ARN, the region) to a path of the console."""


def _last(text: str) -> str:
    return text.rsplit("/", 1)[-1]


def _service(rest: str, arn: str, region: str) -> str:
    cluster, _, service = rest.rpartition("/")
    return f"ecs/v2/clusters/{_name(cluster)}/services/{_name(service)}/health?region={region}" if cluster else ""


def _task(rest: str, arn: str, region: str) -> str:
    cluster, _, task = rest.rpartition("/")
    return f"ecs/v2/clusters/{_name(cluster)}/tasks/{_name(task)}?region={region}" if cluster else ""


def _task_definition(rest: str, arn: str, region: str) -> str:
    family, _, revision = rest.partition(":")
    return f"ecs/v2/task-definitions/{_name(family)}/{_name(revision)}?region={region}" if revision else ""


def _log_group(name: str, region: str) -> str:
    return f"cloudwatch/home?region={region}#logsV2:log-groups/log-group/{_in_hash(name, 2)}"


def _table(name: str, region: str) -> str:
    return f"dynamodbv2/home?region={region}#table?name={_name(name)}"


def _bucket(name: str, region: str) -> str:
    return f"s3/buckets/{_name(name)}?region={region}"


def _balancer_of(rest: str, arn: str, region: str) -> str:
    """Of a listener or of one of its rules: the page of its load balancer, which lists them."""
    head = arn.partition(":listener")[0]
    return f"ec2/home?region={region}#LoadBalancer:loadBalancerArn={head}:loadbalancer/{'/'.join(rest.split('/')[:3])}"


def _queue(name: str, arn: str, region: str) -> str:
    """By the queue's URL, of the host that its partition has for SQS."""
    partition, account = arn.split(":")[1], arn.split(":")[4]
    url = f"https://sqs.{region}.amazonaws.com{'.cn' if partition == 'aws-cn' else ''}/{account}/{name}"
    return f"sqs/v3/home?region={region}#/queues/{_name(url)}"


def _database(name: str, region: str, *, cluster: bool = False) -> str:
    return f"rds/home?region={region}#database:id={_name(name)};is-cluster={str(cluster).lower()}"


def _quota(rest: str, arn: str, region: str) -> str:
    service, _, code = rest.partition("/")
    return f"servicequotas/home/services/{_name(service)}/quotas/{_name(code)}?region={region}" if code else ""


OF_ARNS: Mapping[tuple[str, str], Paths] = {
    ("ecs", "service"): _service,
    ("ecs", "task"): _task,
    ("ecs", "task-definition"): _task_definition,
    ("ecs", "cluster"): lambda rest, arn, region: f"ecs/v2/clusters/{_name(rest)}?region={region}",
    ("elasticloadbalancing", "loadbalancer"): lambda rest, arn, region: (
        f"ec2/home?region={region}#LoadBalancer:loadBalancerArn={arn}"
    ),
    ("elasticloadbalancing", "targetgroup"): lambda rest, arn, region: (
        f"ec2/home?region={region}#TargetGroup:targetGroupArn={arn}"
    ),
    ("elasticloadbalancing", "listener"): _balancer_of,
    ("elasticloadbalancing", "listener-rule"): _balancer_of,
    ("dynamodb", "table"): lambda rest, arn, region: _table(rest.partition("/")[0], region),
    ("cloudwatch", "alarm"): lambda rest, arn, region: (
        f"cloudwatch/home?region={region}#alarmsV2:alarm/{_in_hash(rest)}"
    ),
    ("logs", "log-group"): lambda rest, arn, region: _log_group(rest.removesuffix(":*"), region),
    ("cloudformation", "stack"): lambda rest, arn, region: (
        f"cloudformation/home?region={region}#/stacks/stackinfo?stackId={_name(arn)}"
    ),
    ("cloudfront", "distribution"): lambda rest, arn, region: (
        f"cloudfront/v4/home#/distributions/{_name(rest.partition('/')[0])}"
    ),
    ("iam", "user"): lambda rest, arn, region: f"iam/home?region={region}#/users/details/{_name(_last(rest))}",
    ("iam", "role"): lambda rest, arn, region: f"iam/home?region={region}#/roles/details/{_name(_last(rest))}",
    ("iam", "root"): lambda rest, arn, region: f"iam/home?region={region}#/security_credentials",
    ("sqs", ""): _queue,
    ("rds", "db"): lambda rest, arn, region: _database(rest, region),
    ("rds", "cluster"): lambda rest, arn, region: _database(rest, region, cluster=True),
    ("acm", "certificate"): lambda rest, arn, region: f"acm/home?region={region}#/certificates/{_name(rest)}",
    ("servicequotas", ""): _quota,
    ("sns", ""): lambda rest, arn, region: f"sns/v3/home?region={region}#/topic/{arn}",
    ("s3", ""): lambda rest, arn, region: _bucket(rest.partition("/")[0], region),
    ("health", "event"): lambda rest, arn, region: f"health/home#/account/event-log?eventID={_name(arn)}",
    ("ec2", "security-group"): lambda rest, arn, region: (
        f"ec2/home?region={region}#SecurityGroup:groupId={_name(rest)}"
    ),
    ("ec2", "vpc"): lambda rest, arn, region: f"vpcconsole/home?region={region}#VpcDetails:VpcId={_name(rest)}",
    ("secretsmanager", "secret"): lambda rest, arn, region: (
        f"secretsmanager/secret?name={_name(re.sub('-[A-Za-z0-9]{6}$', '', rest))}&region={region}"
    ),
    ("backup", "backup-vault"): lambda rest, arn, region: (
        f"backup/home?region={region}#/backupvaults/details/{_name(rest)}"
    ),
    ("lambda", "function"): lambda rest, arn, region: f"lambda/home?region={region}#/functions/{_name(rest)}",
}
"""By service and type of an ARN; the type is empty where a service's ARNs have none."""


def _of_arn(arn: re.Match[str], region: str) -> str:
    whole, rest = arn[0], arn["rest"]
    if any(char in whole for char in " \"'<>`\\"):
        return ""
    kind, _, name = rest.replace(":", "/", 1).partition("/") if re.match(r"[\w-]+:", rest) else rest.partition("/")
    if found := OF_ARNS.get((arn["service"], kind)):
        return found(name, whole, region)
    found = OF_ARNS.get((arn["service"], ""))
    return found(rest, whole, region) if found else ""


_IDS: Mapping[str, str] = {
    "sg": "ec2/home?region={region}#SecurityGroup:groupId={id}",
    "vpc": "vpcconsole/home?region={region}#VpcDetails:VpcId={id}",
    "subnet": "vpcconsole/home?region={region}#SubnetDetails:subnetId={id}",
    "vol": "ec2/home?region={region}#VolumeDetails:volumeId={id}",
    "eipalloc": "ec2/home?region={region}#ElasticIpDetails:AllocationId={id}",
    "i": "ec2/home?region={region}#InstanceDetails:instanceId={id}",
}
_ID = re.compile(r"(sg|vpc|subnet|vol|eipalloc|i)-[0-9a-f]{8,17}")


def _of_name(resource: str, seen_by: str, region: str) -> str:
    """Of what has no ARN: an id of EC2, an image, or a name whose type is that of the observation."""
    if found := _ID.fullmatch(resource):
        return _IDS[found[1]].format(region=region, id=resource)
    if image := _IMAGE.match(resource):
        return f"ecr/repositories/private/{image['account']}/{_name(image['repository'])}?region={image['region']}"
    if re.fullmatch(r"service/[^/]+/[^/]+", resource):
        return _service(resource.removeprefix("service/"), "", region)
    if resource.startswith("costs/"):
        home = f"costmanagement/home?region={region}#/cost-explorer"  # of the partition's accounts, where it has one
        return home if partition_of(region) == "aws" else ""
    if re.fullmatch(r"s3://[^/]+(/[^/]+)*/?", resource):
        bucket, _, prefix = resource.removeprefix("s3://").partition("/")
        return f"{_bucket(bucket, region)}{f'&prefix={_name(prefix)}/' if prefix else ''}"
    if "://" in resource or resource.startswith("stack/"):
        return ""
    if seen_by.startswith(("log_errors", "log_exports", "log_flow", "log_groups", "log_levels", "log_subscriptions")):
        return _log_group(resource, region)
    if "bucket" in seen_by:
        return _bucket(resource, region)
    if seen_by in ("alarms", "overnight_alarms", "alarm_sensitivity"):
        return f"cloudwatch/home?region={region}#alarmsV2:alarm/{_in_hash(resource)}"
    if "incident" in seen_by and resource.count("/") == 1:
        return f"dynamodbv2/home?region={region}#item-explorer?table={_name(resource.partition('/')[0])}"
    if "table" in seen_by and "/" not in resource:
        return _table(resource, region)
    return ""
