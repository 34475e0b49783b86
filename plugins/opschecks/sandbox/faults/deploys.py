"""Faults of deploys: backend or site do not serve what was deployed."""

from __future__ import annotations

from typing import Any

from ..moto_server import backend
from ..seed import BUCKET, site_page
from . import Sandbox, fault


@fault(caught_by=["test_what_was_deployed_serves"])
def another_revision_serves(sandbox: Sandbox) -> None:
    """The service runs another revision than the expected one, in a steady state."""
    service, ecs = sandbox.service(), sandbox.client("ecs")
    told = ecs.describe_task_definition(taskDefinition=service.task_definition)["taskDefinition"]
    kept = ("family", "networkMode", "requiresCompatibilities", "cpu", "memory", "containerDefinitions")
    made = ecs.register_task_definition(**{key: told[key] for key in kept})["taskDefinition"]["taskDefinitionArn"]
    service.task_definition = service.deployments[0]["taskDefinition"] = made


@fault(caught_by=["test_tasks_run_the_image_of_their_tag"])
def image_tag_was_moved(sandbox: Sandbox) -> None:
    """A new image was pushed under the running tag; the tasks still run the old one."""
    sandbox.push_image("v1")


@fault(caught_by=["test_dashboards_show_their_pages", "test_site_serves_what_the_bucket_holds"])
def cdn_serves_a_stale_page(sandbox: Sandbox) -> None:
    """The CDN still serves an old first dashboard; the bucket has the right one."""
    path = sandbox.stack.dashboards[0].path
    key = f"{path.strip('/')}.html"
    s3, cdn = sandbox.client("s3"), sandbox.web.cdn
    right = s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
    put: dict[str, Any] = {"Bucket": BUCKET, "Key": key, "ContentType": "text/html; charset=utf-8"}
    s3.put_object(**put, Body=site_page("Coming soon"), CacheControl="max-age=86400")
    cdn.forget([path, f"/{key}"])
    for one in (path, f"/{key}"):
        cdn.fill(one)
    s3.put_object(**put, Body=right, CacheControl="public, max-age=60")


@fault(caught_by=["test_invalidations_are_finished"])
def invalidation_is_stuck(sandbox: Sandbox) -> None:
    """The newest invalidation has been in progress for an hour."""
    made = backend("cloudfront", "aws").create_invalidation(sandbox.distribution_id, ["/*"], "by hand")
    made.stuck = True
