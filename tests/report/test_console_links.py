"""Where findings' resources are in the AWS console: by type, region, partition, portal; of every observation."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

import pytest
from pydantic import ValidationError

from opschecks.config.stack import Stack
from opschecks.core.observation import REGISTRY
from opschecks.hooks.fixtures import import_observations
from opschecks.report.console import HOSTS, Place, link, partition_of

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


LB = "elasticloadbalancing:{at}:loadbalancer/app/web/0123456789abcdef"
NAMED = {
    "ecs:{at}:service/c/web": "services rollouts task_counts releases service_deployments since_the_gate dev_use"
    " scaling_schedules",
    "service/c/web": "service_load auto_scaling scaling_week",
    "ecs:{at}:task/c/0a1b": "tasks",
    "ecs:{at}:task-definition/web:7#web": "pool_settings",
    "123456789012.dkr.ecr.{region}.amazonaws.com/web@sha256:1f": "running_images image_scans registry_images",
    LB: "load_balancers balancer_errors balancer_use own_groups websocket_balancers traffic",
    "elasticloadbalancing:{at}:listener-rule/app/web/0123456789abcdef/1f/2f": "listener_rules",
    "elasticloadbalancing:{at}:listener/app/web/0123456789abcdef/1f": "listener_rules",
    "elasticloadbalancing:{at}:targetgroup/web/0123456789abcdef": (
        "target_groups target_health balanced_groups every_group fronted_targets registered_targets served_groups "
        "websocket_groups"
    ),
    "dynamodb:{at}:table/t": (
        "tables table_backups table_recovery table_throttling throttle_causes saved_tables old_incidents "
        "overnight_reading"
    ),
    "dynamodb:{at}:table/t/index/i": "indexes",
    "incidents/inc-1": "active_incidents overnight_incidents week_incidents opened_incidents incident_weeks",
    "cloudwatch:{at}:alarm:high": (
        "alarms overnight_alarms watched_alarms alarm_deliveries alarm_fortnight alarm_history alarm_mutes "
        "alarm_news_elsewhere"
    ),
    "/ecs/web": "log_errors log_exports log_flow log_groups",
    "sg-0a1b2c3d": "security_groups guarded_groups ingress_rules",
    "vpc-0a1b2c3d": "vpcs",
    "vol-0a1b2c3d": "unattached_volumes",
    "eipalloc-0a1b2c3d": "elastic_addresses",
    "site": "buckets site_bucket",
    "s3://backups/full/production": "full_backups",
    "cloudformation:{at}:stack/web/1-2": "formation_stacks",
    "cloudfront::123456789012:distribution/E1": "distribution distributions error_pages",
    "cloudfront::123456789012:distribution/E1#*": "bucket_behaviors",
    "cloudfront::123456789012:distribution/E1/invalidation/I2": "invalidations",
    "iam::123456789012:user/ann": "credentials key_holders",
    "iam::123456789012:root": "credentials",
    "health:{region}::event/ECS/PATCHING/1": "health_events",
    "sqs:{at}:orders": "sqs_queues",
    "lambda:{at}:function:resize": "lambda_functions reserved_concurrency",
    "rds:{at}:db:orders": "rds_databases rds_maintenance",
    "acm:{at}:certificate/0a1b-2c3d": "acm_certificates",
    "servicequotas:{at}:ec2/L-1216C47A": "service_quotas",
}
"""What observations name: an ARN without its partition, or a name, with the observations that see such resources."""
IN_THE_COMMERCIAL_PARTITION = {"costs/total": "total_cost", "costs/Amazon CloudFront": "service_costs"}
"""Bills of other partitions are kept elsewhere."""
NO_PAGE = {
    "health dashboard_pages static_assets site_objects": "an address of the web: its name is the address",
    "websocket_session websocket_reconnects": "an address of the web",
    "restore_rehearsal": "that no restore was ever tried is of the whole stack",
    "freeze_windows": "a key of stacks.toml",
    "shared_concurrency": "a limit of the account in a region, which Lambda's console shows on no page of its own",
    "inventory service_metrics balancer_metrics table_metrics bill awaited log_writers": "no finding is about it",
}


def _declared() -> set[str]:
    """The observations of the package, and those that files of checks declare."""
    import_observations()
    found = re.compile(r"^@observation\(.*?\)\ndef (\w+)\(", re.MULTILINE | re.DOTALL)
    files = Path("checks").rglob("test_*.py")
    ours = (name for name, one in REGISTRY.items() if one.function.__module__.startswith("opschecks."))
    return {*ours, *(name for file in files for name in found.findall(file.read_text(encoding="utf-8")))}


def _names(places: dict[str, str]) -> set[str]:
    return {name for names in places.values() for name in names.split()}


def test_every_observation_is_listed() -> None:
    none = {name for names in NO_PAGE for name in names.split()}
    assert _names(NAMED) | _names(IN_THE_COMMERCIAL_PARTITION) | none == _declared()


REGION_OF = {"aws": "eu-central-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1", "aws-eusc": "eusc-de-east-1"}


@pytest.mark.parametrize("partition", HOSTS)
def test_what_they_name_has_a_page_in_every_partition(partition: str) -> None:
    region = REGION_OF[partition]
    for named, observations in NAMED.items():
        told = named.format(at=f"{region}:123456789012", region=region)
        resource = f"arn:{partition}:{told}" if re.match(r"[a-z0-9]+:(?!//)", told) else told
        for observation in observations.split():
            found = link(resource, observation, Place(region))
            assert found.startswith(f"https://{region}.{HOSTS[partition]}/"), (observation, resource)
            assert " " not in found


@pytest.mark.parametrize(("partition", "region"), REGION_OF.items())
def test_costs_have_a_page_where_the_bill_is(partition: str, region: str) -> None:
    links = [link(name, "service_costs", Place(region)) for name in IN_THE_COMMERCIAL_PARTITION]
    assert [bool(one) for one in links] == [partition == "aws"] * 2


def test_a_queue_is_found_by_its_url_and_a_rule_on_the_page_of_its_balancer() -> None:
    place = Place("cn-north-1")
    queue = link("arn:aws-cn:sqs:cn-north-1:123456789012:orders", "sqs_queues", place)
    assert queue.endswith("#/queues/https%3A%2F%2Fsqs.cn-north-1.amazonaws.com.cn%2F123456789012%2Forders")
    balancer = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:"
    for kind in ("listener-rule/app/web/1f/2f/3f", "listener/app/web/1f/2f"):
        found = link(f"{balancer}{kind}", "listener_rules", place)
        assert found.endswith(f"loadBalancerArn={balancer}loadbalancer/app/web/1f")
