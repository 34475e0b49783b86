"""Where a resource is in the AWS console: a link for each type of resource that findings name, or none.

The console has a host for each region of each partition (AWS General Reference, "AWS Management Console endpoints");
partitions without a public one have no links. A log-in through IAM Identity Center goes to its access portal first (IAM
Identity Center user guide, "Create shortcut links to AWS Management Console destinations").
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from string import Formatter
from urllib.parse import quote

from ..core.dataclass import dataclass

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


OF_ARNS: Mapping[tuple[str, str], str] = {
    ("ecs", "service"): "ecs/v2/clusters/{first}/services/{second}/health?region={region}",
    ("ecs", "task"): "ecs/v2/clusters/{first}/tasks/{second}?region={region}",
    ("ecs", "task-definition"): "ecs/v2/task-definitions/{first}/{second}?region={region}",
    ("ecs", "cluster"): "ecs/v2/clusters/{name}?region={region}",
    ("elasticloadbalancing", "loadbalancer"): "ec2/home?region={region}#LoadBalancer:loadBalancerArn={arn}",
    ("elasticloadbalancing", "targetgroup"): "ec2/home?region={region}#TargetGroup:targetGroupArn={arn}",
    ("elasticloadbalancing", "listener"): "ec2/home?region={region}#LoadBalancer:loadBalancerArn={balancer}",
    ("elasticloadbalancing", "listener-rule"): "ec2/home?region={region}#LoadBalancer:loadBalancerArn={balancer}",
    ("dynamodb", "table"): "dynamodbv2/home?region={region}#table?name={first}",
    ("cloudwatch", "alarm"): "cloudwatch/home?region={region}#alarmsV2:alarm/{in_hash}",
    ("logs", "log-group"): "cloudwatch/home?region={region}#logsV2:log-groups/log-group/{log_group}",
    ("cloudformation", "stack"): "cloudformation/home?region={region}#/stacks/stackinfo?stackId={id}",
    ("cloudfront", "distribution"): "cloudfront/v4/home#/distributions/{first}",
    ("iam", "user"): "iam/home?region={region}#/users/details/{last}",
    ("iam", "role"): "iam/home?region={region}#/roles/details/{last}",
    ("iam", "root"): "iam/home?region={region}#/security_credentials",
    ("sqs", ""): "sqs/v3/home?region={region}#/queues/{queue}",
    ("rds", "db"): "rds/home?region={region}#database:id={name};is-cluster=false",
    ("rds", "cluster"): "rds/home?region={region}#database:id={name};is-cluster=true",
    ("acm", "certificate"): "acm/home?region={region}#/certificates/{name}",
    ("servicequotas", ""): "servicequotas/home/services/{first}/quotas/{second}?region={region}",
    ("sns", ""): "sns/v3/home?region={region}#/topic/{arn}",
    ("s3", ""): "s3/buckets/{first}?region={region}",
    ("health", "event"): "health/home#/account/event-log?eventID={id}",
    ("ec2", "security-group"): "ec2/home?region={region}#SecurityGroup:groupId={name}",
    ("ec2", "vpc"): "vpcconsole/home?region={region}#VpcDetails:VpcId={name}",
    ("secretsmanager", "secret"): "secretsmanager/secret?name={secret}&region={region}",
    ("backup", "backup-vault"): "backup/home?region={region}#/backupvaults/details/{name}",
    ("lambda", "function"): "lambda/home?region={region}#/functions/{name}",
}
"""By service and type of an ARN: a path of the console, filled in by `_path`. A service's ARNs may have no type."""
_IDS: Mapping[str, str] = {
    "sg": OF_ARNS["ec2", "security-group"],
    "vpc": OF_ARNS["ec2", "vpc"],
    "subnet": "vpcconsole/home?region={region}#SubnetDetails:subnetId={name}",
    "vol": "ec2/home?region={region}#VolumeDetails:volumeId={name}",
    "eipalloc": "ec2/home?region={region}#ElasticIpDetails:AllocationId={name}",
    "i": "ec2/home?region={region}#InstanceDetails:instanceId={name}",
}
_ID = re.compile(r"(sg|vpc|subnet|vol|eipalloc|i)-[0-9a-f]{8,17}")


def _path(form: str, region: str, name: str, arn: str = "") -> str:
    """The form, filled in; empty where a part that it asks for is not there.

    `name` is what follows the type in the ARN, of which the form may ask for a part. A listener, or one of its rules,
    is on the page of its load balancer; a queue is found by its URL, of the host that its partition has for SQS.
    """
    first, *others = re.split("[/:]", name)
    partition, account = (arn.split(":")[1], arn.split(":")[4]) if arn else ("", "")
    host = f"sqs.{region}.amazonaws.com{'.cn' if partition == 'aws-cn' else ''}"
    names = {
        "id": arn,
        "name": name,
        "first": first,
        "second": next(iter(others), ""),
        "last": [first, *others][-1],
        "secret": re.sub("-[A-Za-z0-9]{6}$", "", name),
        "queue": f"https://{host}/{account}/{name}",
    }
    told = {
        **{key: quote(value, safe="") for key, value in names.items()},
        "region": region,
        "arn": arn,
        "balancer": re.sub(r":listener(?:-rule)?/((?:[^/]+/){2}[^/]+).*", r":loadbalancer/\1", arn),
        "in_hash": _in_hash(name),
        "log_group": _in_hash(quote(name.removesuffix(":*"), safe="")),
    }
    return form.format(**told) if all(told[key] for _, key, _, _ in Formatter().parse(form) if key) else ""


def _in_hash(text: str) -> str:
    """As CloudWatch's console has a name behind the #: percent-encoded, with $ in place of the percent sign."""
    return quote(text, safe="").replace("%", "$")


def _of_arn(arn: re.Match[str], region: str) -> str:
    whole, rest = arn[0], arn["rest"]
    if any(char in whole for char in " \"'<>`\\"):
        return ""
    kind, _, name = rest.replace(":", "/", 1).partition("/") if re.match(r"[\w-]+:", rest) else rest.partition("/")
    if form := OF_ARNS.get((arn["service"], kind)):
        return _path(form, region, name, whole)
    return _path(OF_ARNS.get((arn["service"], ""), ""), region, rest, whole)


def _of_name(resource: str, seen_by: str, region: str) -> str:
    """Of what has no ARN: an id of EC2, an image, or a name whose type is that of the observation."""
    if found := _ID.fullmatch(resource):
        return _path(_IDS[found[1]], region, resource)
    if image := _IMAGE.match(resource):
        repository = quote(image["repository"], safe="")
        return f"ecr/repositories/private/{image['account']}/{repository}?region={image['region']}"
    if re.fullmatch(r"service/[^/]+/[^/]+", resource):
        return _path(OF_ARNS["ecs", "service"], region, resource.removeprefix("service/"))
    if resource.startswith("costs/"):
        home = f"costmanagement/home?region={region}#/cost-explorer"  # of the partition's accounts, where it has one
        return home if partition_of(region) == "aws" else ""
    if re.fullmatch(r"s3://[^/]+(/[^/]+)*/?", resource):
        bucket, _, prefix = resource.removeprefix("s3://").partition("/")
        return _path(OF_ARNS["s3", ""], region, bucket) + (f"&prefix={quote(prefix, safe='')}/" if prefix else "")
    if "://" in resource or resource.startswith("stack/"):
        return ""
    if seen_by.startswith(("log_errors", "log_exports", "log_flow", "log_groups", "log_levels", "log_subscriptions")):
        return _path(OF_ARNS["logs", "log-group"], region, resource)
    if "bucket" in seen_by:
        return _path(OF_ARNS["s3", ""], region, resource)
    if seen_by in ("alarms", "overnight_alarms", "alarm_sensitivity"):
        return _path(OF_ARNS["cloudwatch", "alarm"], region, resource)
    if "incident" in seen_by and resource.count("/") == 1:
        return _path("dynamodbv2/home?region={region}#item-explorer?table={first}", region, resource)
    return _path(OF_ARNS["dynamodb", "table"], region, resource) if "table" in seen_by and "/" not in resource else ""
