"""Where moto's CloudFront is not like AWS's: an invalidation takes its time, and has an effect on the CDN."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.cloudfront.models import CloudFrontBackend, Invalidation

from ..correction import Kind, Ties, corrects, extends, replaces

LOOKS_TO_FINISH = 1
"""How often an invalidation must be looked at before it is finished."""


@corrects(
    CloudFrontBackend,
    "create_invalidation",
    Kind.BUG,
    moto="5.2.5",
    wrong="the same caller reference makes a second invalidation, and its status is COMPLETED, which AWS has not",
    aws="https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_InvalidationBatch.html",
)
def _create(before: Callable[..., Any], ties: Ties) -> Callable[..., Any]:
    def create_invalidation(self: Any, dist_id: str, paths: list[str], caller_ref: str) -> Invalidation:
        """The same reference again is the same invalidation."""
        for one in self.invalidations.get(dist_id, []):
            if one.caller_ref == caller_ref and one.paths == paths:
                same: Invalidation = one
                return same
        made: Invalidation = before(self, dist_id, paths, caller_ref)
        made.status, made.looks = "InProgress", LOOKS_TO_FINISH  # type: ignore[attr-defined]
        ties.forget(paths)
        return made

    return create_invalidation


@replaces(
    CloudFrontBackend,
    "list_invalidations",
    Kind.BUG,
    moto="5.2.5",
    wrong="the oldest invalidation is listed first",
    aws="https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_ListInvalidations.html",
)
def _newest_first(
    self: Any, dist_id: str, marker: str | None = None, max_items: int | None = None
) -> tuple[list[Invalidation], str | None]:
    """AWS lists the newest first, a page at a time."""
    found = list(reversed(self.invalidations.get(dist_id) or []))
    start = next((index + 1 for index, one in enumerate(found) if one.id == marker), 0)
    page = found[start : start + (max_items or 100)]
    return page, page[-1].id if page and start + len(page) < len(found) else None


@extends(
    CloudFrontBackend,
    "get_invalidation",
    Kind.SIMPLER,
    moto="5.2.5",
    wrong="an invalidation is completed as soon as it is made",
    aws="https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_Invalidation.html",
)
def _getting_on(before: Callable[..., Any]) -> Callable[..., Any]:
    def get_invalidation(self: Any, dist_id: str, id: str) -> Invalidation:  # noqa: A002 - moto's own name
        """What was asked for gets a step further with each look."""
        found: Invalidation = before(self, dist_id, id)
        looks = getattr(found, "looks", 0)
        if found.status == "InProgress" and not getattr(found, "stuck", False):
            found.status, found.looks = ("InProgress", looks - 1) if looks else ("Completed", 0)  # type: ignore[attr-defined]
        return found

    return get_invalidation
