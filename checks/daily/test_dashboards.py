"""Each dashboard is served, and is the right page."""

from opschecks import Examine, Severity, Stack, check
from opschecks.remedies.settings.invalidate_cdn import InvalidateCdn
from opschecks.web.pages import Page


@check(Severity.HIGH, runbook="dashboards", failing="A dashboard is not served", remedy=InvalidateCdn)
def test_dashboards_show_their_pages(dashboard_pages: list[Page], stack: Stack, examine: Examine) -> None:
    """People watch incidents there; an error page dressed as 200 looks fine to every uptime monitor."""
    limit = stack.limits.dashboard_latency_ms
    for page in dashboard_pages:
        with examine(page):
            assert page.answer.status == 200, f"{page.answer.said}, expected 200"
            assert page.is_html, f"it is not an HTML page but {page.answer.content_type or 'of no type'}"
            assert not page.is_a_stand_in, (
                "the site serves the same page for a path that cannot exist; "
                "set single_page_application if it is meant to"
            )
            assert page.has_its_text, f"it has no {page.contains!r}; its title is {page.title!r}"
            assert page.answer.latency_ms <= limit, f"took {page.answer.latency_ms:.0f} ms, limit {limit:g} ms"
