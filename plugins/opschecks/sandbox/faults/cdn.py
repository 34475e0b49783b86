"""Faults of the CDN's caching: in its settings, and in the headers of the files."""

from __future__ import annotations

from ..seeds.cdn import SCRIPT, behavior_of, config_of, put_asset
from . import Sandbox, fault

_BOTH = ["test_cdn_is_set_to_cache_and_compress", "test_assets_come_compressed_from_the_cache"]


@fault(caught_by=_BOTH)
def cdn_compression_is_off(sandbox: Sandbox) -> None:
    """Compression was turned off for an investigation and left off."""
    behavior_of(sandbox).compress = False


@fault(caught_by=_BOTH)
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
