"""The images that serve are young, and no grave vulnerability is known of them."""

from datetime import UTC, datetime, timedelta

from opschecks import CouldNotLook, Examine, Severity, Stack, check
from opschecks.aws.image_scans import ImageScan, RunningImage

SLUG = "weekly-maintenance"


@check(Severity.HIGH, runbook=SLUG, failing="A grave vulnerability is known of an image that serves")
def test_images_have_no_grave_vulnerabilities(image_scans: list[ImageScan], stack: Stack, examine: Examine) -> None:
    """Whoever attacks reads the same lists; a patch that exists and is not rolled out helps nobody."""
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
            if at and datetime.now(UTC) - at > timedelta(days=limits.image_scan_days):
                raise CouldNotLook("", f"what became known since is not in it; limit {limits.image_scan_days:g} days")


@check(Severity.MEDIUM, runbook=SLUG, failing="An image that serves is old, or gone from its registry")
def test_images_are_young(running_images: list[RunningImage], stack: Stack, examine: Examine) -> None:
    """What was not built for months has the packages of then; what the registry has no more starts never again."""
    limit = stack.limits.image_age_days
    for image in running_images:
        with examine(image) as note:
            assert image.is_there, "its registry does not have it any more: no task can be started from it"
            age = datetime.now(UTC) - image.pushed_at
            note(f"pushed {age.days} days ago")
            assert age <= timedelta(days=limit), f"limit {limit:g} days"
