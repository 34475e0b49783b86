"""Faults of the dashboard site."""

from __future__ import annotations

from ..seed import BUCKET, key_of, put_page, site_page
from . import Sandbox, fault

_CAUGHT = ["test_dashboards_show_their_pages"]


@fault(caught_by=_CAUGHT)
def dashboard_is_missing(sandbox: Sandbox) -> None:
    """The first dashboard's object was deleted: 404."""
    _delete_first(sandbox)


@fault(caught_by=_CAUGHT)
def dashboard_falls_back_to_index(sandbox: Sandbox) -> None:
    """The first dashboard is gone, and the site answers any path with index.html and 200."""
    _delete_first(sandbox)
    sandbox.web.cdn.error_page = "/index.html"


@fault(caught_by=_CAUGHT)
def dashboard_is_another_page(sandbox: Sandbox) -> None:
    """A deployment replaced the first dashboard with another page."""
    put_page(sandbox.client("s3"), _delete_first(sandbox), site_page("Coming soon"))


@fault(caught_by=_CAUGHT)
def dashboards_answer_errors(sandbox: Sandbox) -> None:
    """The CDN answers 503 for every dashboard."""
    sandbox.web.cdn.statuses = {page.path: 503 for page in sandbox.stack.dashboards}


def _delete_first(sandbox: Sandbox) -> str:
    path = sandbox.stack.dashboards[0].path
    key = key_of(path)
    sandbox.client("s3").delete_object(Bucket=BUCKET, Key=key)
    sandbox.web.cdn.forget([path])
    return key
