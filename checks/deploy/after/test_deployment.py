"""After a deploy: what was asked for is what serves."""

from opschecks import CouldNotLook, Examine, Severity, check
from opschecks.aws.ecr import RegistryImage, reference
from opschecks.aws.releases import Release
from opschecks.remedies.ecs import RollBackService


@check(
    Severity.CRITICAL,
    runbook="deploy-backend",
    failing="What serves is not what was deployed",
    remedy=RollBackService,
)
def test_what_was_deployed_serves(releases: list[Release], examine: Examine) -> None:
    """A circuit breaker that rolled back looks as settled as a success, and the old version goes on serving."""
    for release in releases:
        with examine(release) as note:
            service = release.service
            assert service.status == "ACTIVE", f"the service is {service.status}"
            primary = release.primary
            note(f"{primary.revision} by {primary.id}, {service.running} of {service.desired} tasks run")
            assert not release.unlike, "; ".join(release.unlike)
            assert primary.state == "COMPLETED", f"the deployment is {primary.state}: {service.newest_event}"
            others = [one.revision for one in service.deployments if not one.is_primary]
            assert not others, f"{', '.join(others)} still runs beside it"
            assert service.running == service.desired > 0, service.newest_event or "tasks are missing"


@check(Severity.HIGH, runbook="deploy-backend", failing="Tasks do not run the image that its tag stands for")
def test_tasks_run_the_image_of_their_tag(
    releases: list[Release], registry_images: list[RegistryImage], examine: Examine
) -> None:
    """A tag that was moved or pushed too late leaves tasks on other code than everybody believes."""
    digests = {one.arn: one.digests for one in registry_images}
    for release in releases:
        with examine(release) as note:
            assert release.tasks, "no task of this deployment runs"
            compared = 0
            for container, image, runs in (one for task in release.tasks for one in task.images):
                wanted = {image.partition("@")[2]} if "@" in image else digests.get(image)
                if wanted is None and not reference(image):
                    continue  # a side-car's image of another registry
                assert wanted, f"{container}: ECR has no {image}"
                if not runs:
                    raise CouldNotLook("ecs:DescribeTasks", f"it does not tell the digest that {container} runs")
                assert runs in wanted, f"{container} runs {runs[:19]}…, and {image} is {min(wanted)[:19]}… by now"
                compared += 1
            if not compared:
                raise CouldNotLook("", f"no container's image lies in ECR: {', '.join(release.images)}")
            note(f"{compared} containers run the image of their tag")
