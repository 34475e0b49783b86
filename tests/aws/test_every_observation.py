"""What every observation makes of answers that say nothing, and whether it calls what it says that it calls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from opschecks.aws import session
from opschecks.aws.cloudfront import Distribution
from opschecks.aws.cloudwatch_alarms import Alarm
from opschecks.aws.cloudwatch_metrics import Metrics
from opschecks.aws.dynamodb import Table
from opschecks.aws.ec2 import SecurityGroup
from opschecks.aws.ecr import Reference
from opschecks.aws.ecs import Task
from opschecks.aws.elbv2 import LoadBalancer
from opschecks.aws.iam import Credentials
from opschecks.aws.image_scans import RunningImage
from opschecks.aws.log_groups import LogGroup
from opschecks.aws.unread import why_unread
from opschecks.config.stack import Stack
from opschecks.core.model import Resource
from opschecks.core.observation import REGISTRY, CouldNotLook
from opschecks.hooks.fixtures import import_observations
from tests.canned import ACCOUNT, NOW, Aws, Raw, names, stack
from tests.canned_metrics import FRONT
from tests.canned_wire import LIMITS, Wire, wire

__all__ = ["wire"]

EVERYTHING = names(
    services=("backend",),
    load_balancers=("web",),
    tables=("incidents",),
    log_groups=("/ecs/backend",),
    security_groups=("sg-1",),
    distributions=("E2EXAMPLE", "E3EXAMPLE"),
    of_dashboards="E2EXAMPLE",
)
DISTRIBUTION = Distribution(
    arn="arn:aws:cloudfront::123456789012:distribution/E2EXAMPLE",
    name="E2EXAMPLE",
    evidence={
        "DistributionConfig": {
            "Origins": {"Quantity": 1, "Items": [{"Id": "s", "DomainName": "site.s3.us-west-2.amazonaws.com"}]},
            "DefaultCacheBehavior": {"TargetOriginId": "s", "CachePolicyId": "of our own"},
        }
    },
)
WEB = f"arn:aws:elasticloadbalancing:{ACCOUNT}:loadbalancer/app/web/1f"
GIVEN: Raw = {
    "inventory": EVERYTHING,
    "load_balancers": [
        LoadBalancer(
            arn=WEB,
            name="web",
            evidence={"VpcId": "vpc-1"},
        )
    ],
    "balanced_groups": [Resource(arn=f"arn:aws:elasticloadbalancing:{ACCOUNT}:targetgroup/web/1f", name="web")],
    "tasks": [
        Task(
            arn=f"arn:aws:ecs:{ACCOUNT}:task/prod/1f",
            name="1f",
            service="backend",
            evidence={
                "desiredStatus": "RUNNING",
                "taskDefinitionArn": f"arn:aws:ecs:{ACCOUNT}:task-definition/backend:1",
                "containers": [{"image": "123456789012.dkr.ecr.us-west-2.amazonaws.com/backend:v1"}],
            },
        )
    ],
    "tables": [
        Table(
            arn=f"arn:aws:dynamodb:{ACCOUNT}:table/agents",
            name="agents",
            evidence={"TableStatus": "ACTIVE", "CreationDateTime": NOW},
        )
    ],
    "log_groups": [LogGroup(arn="/ecs/backend", name="/ecs/backend", evidence={"logGroupName": "/ecs/backend"})],
    "security_groups": [SecurityGroup(arn="sg-1", name="web", evidence={"VpcId": "vpc-1"}, own=frozenset(["sg-1"]))],
    "running_images": [
        RunningImage(
            arn="web@sha256:1f",
            name="web:v1",
            evidence={"imageDigest": "sha256:1f"},
            of=Reference("123456789012", "us-west-2", "web", "v1"),
            scanned=("sha256:1f",),
        )
    ],
    "credentials": [
        Credentials(
            arn="arn:aws:iam::123456789012:user/pipeline",
            name="pipeline",
            evidence={"access_key_1_active": "true", "access_key_2_active": "false"},
            as_of=NOW,
        )
    ],
    "alarms": [
        Alarm(
            arn=f"arn:aws:cloudwatch:{ACCOUNT}:alarm:cpu",
            name="cpu",
            evidence={
                "Namespace": "AWS/ECS",
                "MetricName": "CPUUtilization",
                "Dimensions": [],
                "AlarmActions": [],
                "StateValue": "OK",
            },
        ),
        Alarm(
            arn="arn:aws:cloudwatch:us-east-1:123456789012:alarm:errors",
            name="errors",
            evidence={
                "Namespace": "AWS/CloudFront",
                "MetricName": "5xxErrorRate",
                "Dimensions": [],
                "AlarmActions": ["arn:x"],
            },
        ),
    ],
    "alarm_fortnight": [],
    "services": [],
    "alarm_rings": Counter(),
    "own_groups": [],
    "every_group": [
        Resource(
            arn=f"arn:aws:elasticloadbalancing:{ACCOUNT}:targetgroup/shop/1f",
            name="shop",
            evidence={"LoadBalancerArns": [WEB]},
        )
    ],
    "registered_targets": [],
    "scaling_schedules": {"service/prod/backend": []},
    "table_backups": [],
    "distribution": DISTRIBUTION,
    "distributions": [DISTRIBUTION],
    "now": NOW,
    "since": None,
}
MEASURED: dict[str, Any] = {
    "tables": [Table(arn=f"arn:aws:dynamodb:{ACCOUNT}:table/incidents", name="incidents", evidence={})],
    "own_groups": FRONT,
}
TAGGED = stack(
    tags={"app": "web"},
    incidents_table="incidents",
    backups="s3://backups/full",
    dev_services=["dev/backend"],
    cloudformation_stacks=["prod"],
    limits=LIMITS,
)
import_observations()
KEEP_IT = ("saved_tables", "log_errors", "log_writers", "throttle_causes")
"""What these are refused, or not told, blinds one table or log group only: test_fresh_backups.py, test_logs.py,
tests/real/logs.py. What explains a failure is left out where it cannot be read: test_throttling.py."""
LOOKING = sorted(
    name
    for name, one in REGISTRY.items()
    if one.allow and one.function.__module__.startswith("opschecks.aws.") and name not in KEEP_IT
)
CASES = [*((name, TAGGED) for name in LOOKING), ("inventory", stack(cloudformation_stack="prod", limits=LIMITS))]


BLINDS_ITSELF: Mapping[str, Callable[[Any], CouldNotLook | None]] = {
    "distributions": lambda told: why_unread(told[1]),
    "fronted_targets": lambda told: told[0].unread,
    "image_scans": lambda told: told[0].scan,
    "pool_settings": lambda told: told[0].problem,
    "registry_images": lambda told: told[0].problem,
    "running_images": lambda told: told[0].problem,
    "service_deployments": lambda told: told["backend"].problem,
}
"""Observations of which one resource that cannot be read hides no other, and where it says why."""


def look(name: str, checked: Stack, aws: session.Aws) -> Any:
    """What the observation saw; the CouldNotLook that it raises, or keeps for its one resource."""
    wanted = REGISTRY[name]
    given = {**GIVEN, **MEASURED} if name.endswith("_metrics") else GIVEN
    given = {**given, "stack": checked, "aws": aws}
    told = wanted.function(**{parameter: given[parameter] for parameter in wanted.parameters})
    if problem := BLINDS_ITSELF.get(name, lambda _: None)(told):
        raise problem
    return told


def test_every_observation_that_calls_aws_is_looked_at_here() -> None:
    assert {"services", "tasks", "alarms", "service_metrics", "tables", "inventory", "security_groups"} <= set(LOOKING)
    assert len(LOOKING) >= 15


NOTHING = {
    "empty": b"",
    "empty object": b"{}",
    "no text": b"\xa0",
    "null": b"null",
    "cut object": b'{"services": [{"serviceName": "ba',
    "cut XML": b"<DescribeLoadBalancersResponse><DescribeLoadBalancersResult><LoadBal",
    "empty XML": b"<Response/>",
    "HTML": b"<html><body><h1>Welcome to the guest network</h1></body></html>",
}


@pytest.mark.parametrize("body", NOTHING.values(), ids=NOTHING)
@pytest.mark.parametrize(("name", "checked"), CASES, ids=[f"{name}-{n}" for n, (name, _) in enumerate(CASES)])
def test_an_answer_that_says_nothing_is_not_seen(wire: Wire, name: str, checked: Stack, body: bytes) -> None:
    with pytest.raises(CouldNotLook) as caught:
        look(name, checked, wire.says(200, body))
    assert wire.sent >= 1
    assert caught.value.call


@pytest.mark.parametrize(("name", "checked"), CASES, ids=[f"{name}-{n}" for n, (name, _) in enumerate(CASES)])
def test_observations_call_what_they_say_they_call(name: str, checked: Stack) -> None:
    class Empty(dict[tuple[str, str], Any]):
        def __missing__(self, key: tuple[str, str]) -> Raw:
            return {}

    aws = Aws(Empty(), checked)
    with pytest.raises(CouldNotLook, match="the answer has no"):
        look(name, checked, aws)
    assert set(aws.calls) <= set(REGISTRY[name].allow)
    assert aws.calls


@pytest.mark.parametrize(("name", "least"), [("service_metrics", 3), ("balancer_metrics", 2), ("table_metrics", 2)])
def test_metrics_that_were_answered_with_nothing_are_not_seen_one_by_one(name: str, least: int) -> None:
    aws = Aws({("cloudwatch", "GetMetricData"): {"MetricDataResults": []}}, TAGGED)
    seen: Metrics = look(name, TAGGED, aws)
    assert len(seen.answers) >= least
    assert all(isinstance(one, CouldNotLook) for one in seen.answers.values())
