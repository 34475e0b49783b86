"""Each observation of the registry: what it names has a page in the console, or there is a reason why not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from opschecks.core.observation import REGISTRY
from opschecks.hooks.fixtures import import_observations
from opschecks.report.console import HOSTS, Place, link

LB = "elasticloadbalancing:{at}:loadbalancer/app/web/0123456789abcdef"
NAMED = {
    "ecs:{at}:service/c/web": "services rollouts staffing releases service_deployments since_the_gate dev_use"
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
    "inventory metrics bill awaited log_writers": "no finding is about it",
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


REGIONS = {"aws": "eu-central-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1", "aws-eusc": "eusc-de-east-1"}


@pytest.mark.parametrize("partition", HOSTS)
def test_what_they_name_has_a_page_in_every_partition(partition: str) -> None:
    region = REGIONS[partition]
    for named, observations in NAMED.items():
        told = named.format(at=f"{region}:123456789012", region=region)
        resource = f"arn:{partition}:{told}" if re.match(r"[a-z0-9]+:(?!//)", told) else told
        for observation in observations.split():
            found = link(resource, observation, Place(region))
            assert found.startswith(f"https://{region}.{HOSTS[partition]}/"), (observation, resource)
            assert " " not in found


@pytest.mark.parametrize(("partition", "region"), REGIONS.items())
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
