"""Where moto's CloudFront is not like AWS's: an invalidation takes its time, and has an effect on the CDN."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from moto.cloudfront.models import CloudFrontBackend, Invalidation

from . import Patch

LOOKS_TO_FINISH = 1
"""How often an invalidation must be looked at before it is finished."""


def patches(patch: Patch, forget: Callable[[Iterable[str]], None]) -> None:
    """Put CloudFront right; `forget` makes the CDN drop paths."""
    patch(CloudFrontBackend, "create_invalidation", _create(CloudFrontBackend.create_invalidation, forget))
    patch(CloudFrontBackend, "list_invalidations", _newest_first)
    patch(CloudFrontBackend, "get_invalidation", _getting_on(CloudFrontBackend.get_invalidation))


def _create(before: Callable[..., Any], forget: Callable[[Iterable[str]], None]) -> Callable[..., Any]:
    def create_invalidation(self: Any, dist_id: str, paths: list[str], caller_ref: str) -> Invalidation:
        """The same reference again is the same invalidation."""
        for one in self.invalidations.get(dist_id, []):
            if one.caller_ref == caller_ref and one.paths == paths:
                same: Invalidation = one
                return same
        made: Invalidation = before(self, dist_id, paths, caller_ref)
        made.status, made.looks = "InProgress", LOOKS_TO_FINISH  # type: ignore[attr-defined]
        forget(paths)
        return made

    return create_invalidation


def _newest_first(
    self: Any, dist_id: str, marker: str | None = None, max_items: int | None = None
) -> tuple[list[Invalidation], str | None]:
    """AWS lists the newest first, a page at a time."""
    found = list(reversed(self.invalidations.get(dist_id) or []))
    start = next((index + 1 for index, one in enumerate(found) if one.id == marker), 0)
    page = found[start : start + (max_items or 100)]
    return page, page[-1].id if page and start + len(page) < len(found) else None


def _getting_on(before: Callable[..., Any]) -> Callable[..., Any]:
    def get_invalidation(self: Any, dist_id: str, id: str) -> Invalidation:  # noqa: A002 - moto's own name
        """What was asked for gets a step further with each look."""
        found: Invalidation = before(self, dist_id, id)
        looks = getattr(found, "looks", 0)
        if found.status == "InProgress" and not getattr(found, "stuck", False):
            found.status, found.looks = ("InProgress", looks - 1) if looks else ("Completed", 0)  # type: ignore[attr-defined]
        return found

    return get_invalidation
