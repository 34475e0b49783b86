"""Faults of the dashboard site: its pages, and the CDN's caching, in its settings and in the headers of the files."""

from __future__ import annotations

from ..seed import BUCKET, key_of, put_page, site_page
from ..seeds.cdn import SCRIPT, behavior_of, config_of, put_asset
from . import Sandbox, fault

_PAGES = ["test_dashboards_show_their_pages"]
_CACHED = ["test_cdn_is_set_to_cache_and_compress", "test_assets_come_compressed_from_the_cache"]


@fault(caught_by=_PAGES)
def dashboard_is_missing(sandbox: Sandbox) -> None:
    """The first dashboard's object was deleted: 404."""
    _delete_first(sandbox)


@fault(caught_by=_PAGES)
def dashboard_falls_back_to_index(sandbox: Sandbox) -> None:
    """The first dashboard is gone, and the site answers any path with index.html and 200."""
    _delete_first(sandbox)
    sandbox.web.cdn.error_page = "/index.html"


@fault(caught_by=_PAGES)
def dashboard_is_another_page(sandbox: Sandbox) -> None:
    """A deployment replaced the first dashboard with another page."""
    put_page(sandbox.client("s3"), _delete_first(sandbox), site_page("Coming soon"))


@fault(caught_by=_PAGES)
def dashboards_answer_errors(sandbox: Sandbox) -> None:
    """The CDN answers 503 for every dashboard."""
    sandbox.web.cdn.statuses = {page.path: 503 for page in sandbox.stack.dashboards}


def _delete_first(sandbox: Sandbox) -> str:
    path = sandbox.stack.dashboards[0].path
    key = key_of(path)
    sandbox.client("s3").delete_object(Bucket=BUCKET, Key=key)
    sandbox.web.cdn.forget([path])
    return key


@fault(caught_by=_CACHED)
def cdn_compression_is_off(sandbox: Sandbox) -> None:
    """Compression was turned off for an investigation and left off."""
    behavior_of(sandbox).compress = False


@fault(caught_by=_CACHED)
def cdn_caching_is_disabled(sandbox: Sandbox) -> None:
    """The managed policy CachingDisabled was set because of a stale page, and left on."""
    from ..corrections.cloudfront import CACHING_DISABLED

    behavior_of(sandbox).cache_policy_id = CACHING_DISABLED


@fault(caught_by=["test_assets_come_compressed_from_the_cache"])
def assets_forbid_caching(sandbox: Sandbox) -> None:
    """The build uploads every file with no-store; the CDN's settings look right."""
    put_asset(sandbox, SCRIPT, "text/javascript; charset=utf-8", "no-store")
    sandbox.web.cdn.forget([f"/{SCRIPT}"])


@fault(caught_by=["test_assets_come_compressed_from_the_cache"])
def assets_have_no_type(sandbox: Sandbox) -> None:
    """Scripts were uploaded without a content type, so the CDN does not compress them."""
    put_asset(sandbox, SCRIPT, "application/octet-stream")
    sandbox.web.cdn.forget([f"/{SCRIPT}"])


@fault(caught_by=["test_missing_files_are_not_dressed_up"])
def cdn_dresses_missing_files_up(sandbox: Sandbox) -> None:
    """Every missing file is answered with index.html and 200, as for a single-page application."""
    page = {"ErrorCode": 404, "ResponsePagePath": "/index.html", "ResponseCode": "200", "ErrorCachingMinTTL": 10}
    config_of(sandbox).CustomErrorResponses = {"Quantity": 1, "Items": [page]}
    sandbox.web.cdn.error_page = "/index.html"
