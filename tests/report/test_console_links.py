"""Where findings' resources are in the AWS console: by type, region and partition, and through an access portal."""

from __future__ import annotations

from urllib.parse import quote, unquote, urlsplit

import pytest
from pydantic import ValidationError

from opschecks.config.stack import Stack
from opschecks.report.console import Place, link, partition_of

REGION = "eu-central-1"
HOST = f"https://{REGION}.console.aws.amazon.com"
A = f"{REGION}:123456789012"
BALANCER = f"arn:aws:elasticloadbalancing:{A}:loadbalancer/app/web/0123456789abcdef"
GROUP = f"arn:aws:elasticloadbalancing:{A}:targetgroup/web/0123456789abcdef"
STACK = f"arn:aws:cloudformation:{A}:stack/web/1-2"
IMAGE = f"123456789012.dkr.ecr.{REGION}.amazonaws.com/team/web@sha256:1f"

RESOURCES: dict[tuple[str, str], str] = {
    (f"arn:aws:ecs:{A}:service/c/web", ""): f"ecs/v2/clusters/c/services/web/health?region={REGION}",
    (f"arn:aws:ecs:{A}:service/c/web#container", ""): f"ecs/v2/clusters/c/services/web/health?region={REGION}",
    ("service/c/web", "service_load"): f"ecs/v2/clusters/c/services/web/health?region={REGION}",
    (f"arn:aws:ecs:{A}:task/c/0a1b", ""): f"ecs/v2/clusters/c/tasks/0a1b?region={REGION}",
    (f"arn:aws:ecs:{A}:task-definition/web:7", ""): f"ecs/v2/task-definitions/web/7?region={REGION}",
    (BALANCER, ""): f"ec2/home?region={REGION}#LoadBalancer:loadBalancerArn={BALANCER}",
    (GROUP, ""): f"ec2/home?region={REGION}#TargetGroup:targetGroupArn={GROUP}",
    (f"arn:aws:dynamodb:{A}:table/t/index/i", ""): f"dynamodbv2/home?region={REGION}#table?name=t",
    ("t", "tables"): f"dynamodbv2/home?region={REGION}#table?name=t",
    ("t/inc-1", "active_incidents"): f"dynamodbv2/home?region={REGION}#item-explorer?table=t",
    (f"arn:aws:cloudwatch:{A}:alarm:high/cpu", ""): f"cloudwatch/home?region={REGION}#alarmsV2:alarm/high$2Fcpu",
    ("/ecs/web", "log_errors"): f"cloudwatch/home?region={REGION}#logsV2:log-groups/log-group/$252Fecs$252Fweb",
    (f"arn:aws:logs:{A}:log-group:/a:*", ""): f"cloudwatch/home?region={REGION}#logsV2:log-groups/log-group/$252Fa",
    ("sg-0a1b2c3d", "guarded_groups"): f"ec2/home?region={REGION}#SecurityGroup:groupId=sg-0a1b2c3d",
    ("vpc-0a1b2c3d", "vpcs"): f"vpcconsole/home?region={REGION}#VpcDetails:VpcId=vpc-0a1b2c3d",
    ("vol-0a1b2c3d4e5f60718", ""): f"ec2/home?region={REGION}#VolumeDetails:volumeId=vol-0a1b2c3d4e5f60718",
    ("site", "buckets"): f"s3/buckets/site?region={REGION}",
    (STACK, ""): f"cloudformation/home?region={REGION}#/stacks/stackinfo?stackId={quote(STACK, safe='')}",
    ("arn:aws:cloudfront::123456789012:distribution/E1", ""): "cloudfront/v4/home#/distributions/E1",
    ("arn:aws:cloudfront::123456789012:distribution/E1/invalidation/I2", ""): "cloudfront/v4/home#/distributions/E1",
    ("arn:aws:iam::123456789012:user/path/ann", ""): f"iam/home?region={REGION}#/users/details/ann",
    (IMAGE, ""): f"ecr/repositories/private/123456789012/team%2Fweb?region={REGION}",
}  # fmt: skip


@pytest.mark.parametrize(("resource", "path"), RESOURCES.items(), ids=lambda one: str(one)[:60])
def test_each_type_of_resource_has_its_page(resource: tuple[str, str], path: str) -> None:
    assert link(*resource, Place(REGION)) == f"{HOST}/{path}"


REGIONS = {
    ("aws", "us-east-1"): "us-east-1.console.aws.amazon.com",
    ("aws-cn", "cn-north-1"): "cn-north-1.console.amazonaws.cn",
    ("aws-us-gov", "us-gov-west-1"): "us-gov-west-1.console.amazonaws-us-gov.com",
    ("aws-eusc", "eusc-de-east-1"): "eusc-de-east-1.console.amazonaws-eusc.eu",
}


@pytest.mark.parametrize(("partition", "host"), list(REGIONS.items()), ids=lambda one: str(one))
def test_the_console_is_that_of_the_region_and_its_partition(partition: tuple[str, str], host: str) -> None:
    name, region = partition
    assert partition_of(region) == name
    arn = f"arn:{name}:dynamodb:{region}:123456789012:table/t"
    assert urlsplit(link(arn, "", Place("elsewhere-1"))).netloc == host
    assert urlsplit(link("sg-0a1b2c3d", "", Place(region))).netloc == host


NOWHERE = {
    "a partition without a public console": ("arn:aws-iso:ecs:us-iso-east-1:1:service/c/web", "", "us-iso-east-1"),
    "its region": ("sg-0a1b2c3d", "", "us-isob-east-1"),
    "no region": ("sg-0a1b2c3d", "", ""),
    "a region that is none": ("sg-0a1b2c3d", "", "evil.example/"),
    "a type that is not known": ("arn:aws:braket:us-east-1:1:device/x", "", REGION),
    "a service without its cluster": ("arn:aws:ecs:us-east-1:1:service/web", "", REGION),
    "an address": ("https://example.com/health", "health", REGION),
    "the whole stack": ("stack/production", "", REGION),
    "a script": ("javascript:alert(1)", "log_flow_x", ""),
    "an ARN that would end an attribute": ('arn:aws:sns:us-east-1:1:a"onclick="x', "", REGION),
    "too long": ("x" * 2000, "tables", REGION),
    "control characters": ("sg-\x1b[31m", "log_errors", REGION),
}


@pytest.mark.parametrize(("resource", "seen_by", "region"), NOWHERE.values(), ids=NOWHERE)
def test_what_has_no_page_has_no_link(resource: str, seen_by: str, region: str) -> None:
    assert link(resource, seen_by, Place(region)) == ""


@pytest.mark.parametrize("name", ['"><script>', "a b", "../x", "javascript:x", "ä", "%2e"])
def test_a_name_of_the_world_stays_within_its_place(name: str) -> None:
    told = link(name, "log_errors", Place(REGION))
    assert told.startswith(f"{HOST}/cloudwatch/home?region={REGION}#logsV2:log-groups/log-group/")
    assert not set(told.rpartition("/")[2]) & set("\"<>'/: ")


def test_a_portal_is_passed_with_the_account_and_the_destination() -> None:
    place = Place(REGION, "123456789012", "https://d-1.awsapps.com/start/", "Read Only")
    told = link("sg-0a1b2c3d", "", place)
    head, _, destination = told.partition("&destination=")
    assert head == "https://d-1.awsapps.com/start/#/console?account_id=123456789012&role_name=Read%20Only"
    assert unquote(destination) == f"{HOST}/{RESOURCES['sg-0a1b2c3d', 'guarded_groups']}"


@pytest.mark.parametrize("wrong", [{"access_portal": "javascript:alert(1)"}, {"access_portal_role": "a&destination=x"}])
def test_a_portal_is_an_address_and_a_role_is_a_name(wrong: dict[str, str]) -> None:
    right = Stack(name="here", access_portal="https://d-1.awsapps.com/start", access_portal_role="Read.Only")
    assert (right.access_portal, right.access_portal_role) == ("https://d-1.awsapps.com/start", "Read.Only")
    with pytest.raises(ValidationError):
        Stack(name="here", **wrong)
