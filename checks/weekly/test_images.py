"""Running images are young and have no known serious vulnerability."""

from datetime import datetime, timedelta

from opschecks import CouldNotLook, Examine, Severity, Stack, check, in_words, plural
from opschecks.aws.image_scans import ImageScan, RunningImage

SLUG = "weekly-maintenance"


@check(Severity.HIGH, runbook=SLUG, failing="A running image has a serious vulnerability")
def test_images_have_no_grave_vulnerabilities(
    image_scans: list[ImageScan], stack: Stack, now: datetime, examine: Examine
) -> None:
    """Attackers read the same lists; a patch that exists but is not rolled out protects nobody."""
    limits = stack.limits
    for image in image_scans:
        with examine(image) as note:
            grave, at = image.at_least(limits.image_severity), image.scanned_at
            note(f"scanned {at:%Y-%m-%d}" if at else "scanned continuously")
            if image.unjudged:
                note(f"{image.unjudged} of unknown severity")
            if grave:
                note(", ".join(f"{count} {of}" for of, count in grave.items()))
            assert not grave, ", ".join(image.names(limits.image_severity)[:5]) or "the scan names none"
            if at and now - at > timedelta(days=limits.image_scan_days):
                limit = plural(limits.image_scan_days, "day")
                raise CouldNotLook("", f"what became known since is not in it; limit {limit}")


@check(Severity.MEDIUM, runbook=SLUG, failing="A running image is old, or no longer in its registry")
def test_images_are_young(running_images: list[RunningImage], stack: Stack, now: datetime, examine: Examine) -> None:
    """An image built months ago has packages of that time; one that its registry no longer has cannot start again."""
    limit = stack.limits.image_age_days
    for image in running_images:
        with examine(image) as note:
            assert image.is_there, "its registry no longer has it: no task can be started from it"
            assert not image.is_archived, "its registry has archived it: no task can be started from it"
            age = now - image.pushed_at
            note(f"pushed {in_words(age)} ago")
            assert age <= timedelta(days=limit), f"limit {plural(limit, 'day')}"
