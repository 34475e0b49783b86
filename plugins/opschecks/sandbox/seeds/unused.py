"""A development service that is stopped at night, and a load balancer that is older than a week."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from ..seed import put_metrics
from ..series import Samples, Told, periods
from . import Sandbox

WEEK = timedelta(days=7)


def sow(sandbox: Sandbox) -> None:
    """Make them."""
    backend: Any = sandbox.backend("elbv2")
    backend.load_balancers[sandbox.seeded.load_balancer].created_time = sandbox.now - timedelta(days=40)
    for name in sandbox.stack.dev_services:
        _service(sandbox, name)
    hours, zone = sandbox.stack.office_hours, sandbox.stack.zone
    last = sandbox.now - timedelta(hours=1)
    ran(sandbox, [time for time in periods(sandbox.now, WEEK) if time < last and hours.include(time.astimezone(zone))])


def ran(sandbox: Sandbox, times: Iterable[datetime]) -> None:
    """Add metrics as if the first of dev_services had run in these periods."""
    for cluster, service in (name.split("/") for name in sandbox.stack.dev_services[:1]):
        told = tuple(Samples(time, (3.0, 5.0)) for time in times)
        of = {"ClusterName": cluster, "ServiceName": service}
        put_metrics(sandbox.client("cloudwatch"), [Told("AWS/ECS", "CPUUtilization", of, "Percent", told)])


def _service(sandbox: Sandbox, name: str) -> None:
    from ..corrections.ecs import run_service

    cluster, service = name.split("/")
    ecs, like = sandbox.client("ecs"), sandbox.service()
    ecs.create_cluster(clusterName=cluster)
    ecs.create_service(
        cluster=cluster,
        serviceName=service,
        taskDefinition=like.task_definition,
        desiredCount=0,
        launchType="FARGATE",
        networkConfiguration=like.deployments[0]["networkConfiguration"],
    )
    run_service(sandbox.backend("ecs"), cluster, service, (), sandbox.now - timedelta(days=30))
