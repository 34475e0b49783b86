"""After a deploy: the site serves what the bucket holds."""

from opschecks import Examine, Severity, check
from opschecks.aws.cloudfront import Invalidation
from opschecks.remedies.settings.invalidate_cdn import InvalidateCdn
from opschecks.web.site_objects import SiteObject


@check(
    Severity.HIGH,
    runbook="deploy-dashboard",
    failing="The site does not serve what the bucket holds",
    remedy=InvalidateCdn,
)
def test_site_serves_what_the_bucket_holds(site_objects: list[SiteObject], examine: Examine) -> None:
    """Yesterday's page with today's scripts is broken for everybody whose edge location has it cached."""
    for item in site_objects:
        with examine(item):
            assert item.answer.status == 200, f"{item.answer.said}, expected 200"
            assert item.served_etag == item.etag, f"it serves {item.served_etag}, and the bucket holds {item.etag}"


@check(
    Severity.MEDIUM,
    runbook="deploy-dashboard",
    failing="An invalidation is not finished",
    may_be_empty=True,
)
def test_invalidations_are_finished(invalidations: list[Invalidation], examine: Examine) -> None:
    """Until an invalidation is finished, what users get depends on where they are."""
    for invalidation in invalidations:
        with examine(invalidation):
            assert invalidation.is_finished, f"under way since {invalidation.begun:%Y-%m-%d %H:%M} UTC"
