"""Faults of deploys: backend or site do not serve what was deployed."""

from __future__ import annotations

from ..moto_server import backend
from ..seed import BUCKET, key_of, next_revision, put_page, site_page
from . import Sandbox, fault


@fault(caught_by=["test_what_was_deployed_serves"])
def another_revision_serves(sandbox: Sandbox) -> None:
    """The service runs another revision than the expected one, in a steady state."""
    service = sandbox.service()
    made = next_revision(sandbox.client("ecs"), service.task_definition)
    service.task_definition = service.deployments[0]["taskDefinition"] = made


@fault(caught_by=["test_tasks_run_the_image_of_their_tag"])
def image_tag_was_moved(sandbox: Sandbox) -> None:
    """A new image was pushed under the running tag; the tasks still run the old one."""
    sandbox.push_image("v1")


@fault(caught_by=["test_dashboards_show_their_pages", "test_site_serves_what_the_bucket_holds"])
def cdn_serves_a_stale_page(sandbox: Sandbox) -> None:
    """The CDN still serves an old first dashboard; the bucket has the right one."""
    path = sandbox.stack.dashboards[0].path
    s3, cdn, key = sandbox.client("s3"), sandbox.web.cdn, key_of(path)
    right = s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
    put_page(s3, key, site_page("Coming soon"), "max-age=86400")
    cdn.forget([path, f"/{key}"])
    for one in (path, f"/{key}"):
        cdn.fill(one)
    put_page(s3, key, right)


@fault(caught_by=["test_invalidations_are_finished"])
def invalidation_is_stuck(sandbox: Sandbox) -> None:
    """The newest invalidation has been in progress for an hour."""
    made = backend("cloudfront", "aws").create_invalidation(sandbox.distribution_id, ["/*"], "by hand")
    made.stuck = True
