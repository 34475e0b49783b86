"""After a deploy: what runs is what was asked for."""

from datetime import datetime, timedelta

from opschecks import CouldNotLook, Examine, Severity, Stack, check, plural
from opschecks.aws.ecr import RegistryImage, is_pinned
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
            service, rollout = release.service, release.rollout
            longest = timedelta(minutes=stack.limits.of(service).deployment_minutes)
            assert service.status == "ACTIVE", f"the service is {service.status}"
            primary = release.primary
            note(f"{primary.revision} by {primary.id}, {service.running} of {service.desired} tasks run")
            assert not release.differences, "; ".join(release.differences)
            assert not release.unfinished, release.unfinished
            assert not rollout.cannot_start, rollout.cannot_start
            assert service.desired > 0 or service.is_daemon, "its desired count is 0"
            if service.running < service.desired:  # scaling may have gone on from there
                assert rollout.is_starting, rollout.why or "tasks are missing"
                waiting = now - service.short_since
                assert waiting <= longest, (
                    f"they were first tried {plural(round(waiting.total_seconds() / 60), 'minute')} ago"
                )
            for moving in rollout.under_way:
                note(f"{moving}: until it ends, ECS may still roll it back")


@check(Severity.HIGH, runbook="deploy-backend", failing="Tasks do not run the image that their tag points to")
def test_tasks_run_the_image_of_their_tag(
    releases: list[Release], registry_images: list[RegistryImage], examine: Examine
) -> None:
    """A tag that was moved, or pushed too late, leaves tasks running other code than everybody believes."""
    known = {one.arn: one for one in registry_images}
    for release in releases:
        with examine(release) as note:
            assert release.service.status == "ACTIVE", f"the service is {release.service.status}"
            assert release.tasks, f"no task of this deployment runs, {release.primary.id}"
            # a side-car's image of another registry, or of others, is nobody's to compare
            own = [one for task in release.tasks for one in task.images if is_pinned(one[1]) or one[1] in known]
            read = [one for one in own if is_pinned(one[1]) or not known[one[1]].problem]
            for container, image, runs in read:
                wanted = {image.partition("@")[2]} if is_pinned(image) else known[image].digests
                assert wanted, f"{container}: ECR has no {image}, or only in its archive"
                moved = bool(runs) and runs not in wanted
                assert not moved, f"{container} runs {runs[:19]}…, and {image} is {min(wanted)[:19]}… now"
            if unseen := [container for container, _, runs in read if not runs]:
                raise CouldNotLook("ecs:DescribeTasks", f"it does not return the digest that {unseen[0]} runs")
            if own and not read:
                _ = known[own[0][1]].digests  # raises why
            if not read:
                images = sorted({image for image, _ in release.containers})
                raise CouldNotLook("", f"no container's image lies in ECR: {', '.join(images)}")
            note(f"the image of their tag runs in {plural(len(read), 'container')}")
    for unread in registry_images:  # one that cannot be read hides no other
        if unread.problem:
            with examine(unread):
                raise unread.problem.again()
