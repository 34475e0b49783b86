"""Where moto's CloudFront is not like AWS's: an invalidation takes some time, and has an effect on the CDN."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.cloudfront.models import CloudFrontBackend, Invalidation

from ..correction import Kind, Ties, extends, follows, replaces

DOCS = "cloudfront/latest/APIReference/"

LOOKS_TO_FINISH = 1
"""After how many reads an invalidation is finished."""


@follows(CloudFrontBackend, "create_invalidation", Kind.BUG, DOCS + "API_InvalidationBatch.html")
def _create(
    before: Callable[..., Any], ties: Ties, self: Any, dist_id: str, paths: list[str], caller_ref: str
) -> Invalidation:
    """moto makes a second invalidation for the same caller reference; its status is COMPLETED, unknown to AWS."""
    for one in self.invalidations.get(dist_id, []):
        if one.caller_ref == caller_ref and one.paths == paths:
            same: Invalidation = one
            return same
    made: Invalidation = before(self, dist_id, paths, caller_ref)
    made.status, made.looks = "InProgress", LOOKS_TO_FINISH  # type: ignore[attr-defined]
    ties.forget(paths)
    return made


@replaces(CloudFrontBackend, "list_invalidations", Kind.BUG, DOCS)
def _newest_first(
    self: Any, dist_id: str, marker: str | None = None, max_items: int | None = None
) -> tuple[list[Invalidation], str | None]:
    """moto lists the oldest invalidation first, and does not page."""
    found = list(reversed(self.invalidations.get(dist_id) or []))
    start = next((index + 1 for index, one in enumerate(found) if one.id == marker), 0)
    page = found[start : start + (max_items or 100)]
    return page, page[-1].id if page and start + len(page) < len(found) else None


@extends(CloudFrontBackend, "get_invalidation", Kind.SIMPLER, DOCS + "API_Invalidation.html")
def _getting_on(before: Callable[..., Any], self: Any, dist_id: str, id: str) -> Invalidation:  # noqa: A002 - moto's own name
    """moto completes an invalidation as soon as it is made; here it takes LOOKS_TO_FINISH looks."""
    found: Invalidation = before(self, dist_id, id)
    looks = getattr(found, "looks", 0)
    if found.status == "InProgress" and not getattr(found, "stuck", False):
        found.status, found.looks = ("InProgress", looks - 1) if looks else ("Completed", 0)  # type: ignore[attr-defined]
    return found
