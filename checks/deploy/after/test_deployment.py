"""After a deploy: what runs is what was asked for."""

from datetime import datetime, timedelta

from opschecks import CouldNotLook, Examine, Severity, Stack, check
from opschecks.aws.ecr import RegistryImage, reference
from opschecks.aws.releases import Release
from opschecks.remedies.settings.ecs import RollBackService


@check(
    Severity.CRITICAL,
    runbook="deploy-backend",
    failing="What runs is not what was deployed",
    remedy=RollBackService,
)
def test_what_was_deployed_serves(releases: list[Release], stack: Stack, now: datetime, examine: Examine) -> None:
    """A deployment that was rolled back automatically looks as stable as a success; the old version keeps running."""
    for release in releases:
        with examine(release) as note:
            longest = timedelta(minutes=stack.limits.of(release).deployment_minutes)
            service = release.service
            assert service.status == "ACTIVE", f"the service is {service.status}"
            primary = release.primary
            note(f"{primary.revision} by {primary.id}, {service.running} of {service.desired} tasks run")
            assert not release.differences, "; ".join(release.differences)
            state = primary.evidence["rolloutState"]
            assert state == "COMPLETED", f"the deployment is {state}: {service.newest_event}"
            others = [one.revision for one in service.deployments if not one.is_primary]
            assert not others, f"{', '.join(others)} still runs beside it"
            assert service.desired > 0, "its desired count is 0"
            if service.running < service.desired:  # scaling may have gone on from there
                assert service.is_starting, service.newest_event or "tasks are missing"
                waiting = now - service.changed_at
                assert waiting <= longest, f"tasks were last started {waiting.total_seconds() / 60:.0f} minutes ago"


@check(Severity.HIGH, runbook="deploy-backend", failing="Tasks do not run the image that their tag points to")
def test_tasks_run_the_image_of_their_tag(
    releases: list[Release], registry_images: list[RegistryImage], examine: Examine
) -> None:
    """A tag that was moved, or pushed too late, leaves tasks running other code than everybody believes."""
    digests = {one.arn: one.digests for one in registry_images}
    for release in releases:
        with examine(release) as note:
            assert release.service.status == "ACTIVE", f"the service is {release.service.status}"
            primary = release.primary
            assert release.tasks, f"no task of this deployment runs, {primary.id}"
            # a side-car's image of another registry is nobody's to compare
            own = [one for task in release.tasks for one in task.images if reference(one[1].partition("@")[0])]
            for container, image, runs in own:
                wanted = {image.partition("@")[2]} if "@" in image else digests[image]
                assert wanted, f"{container}: ECR has no {image}"
                moved = bool(runs) and runs not in wanted
                assert not moved, f"{container} runs {runs[:19]}…, and {image} is {min(wanted)[:19]}… now"
            unseen = [container for container, _, runs in own if not runs]
            if unseen:
                raise CouldNotLook("ecs:DescribeTasks", f"it does not return the digest that {unseen[0]} runs")
            if not own:
                images = sorted({image for image, _ in release.containers})
                raise CouldNotLook("", f"no container's image lies in ECR: {', '.join(images)}")
            note(f"{len(own)} containers run the image of their tag")
