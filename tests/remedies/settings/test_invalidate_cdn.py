"""Invalidating the CDN: once for each new content, and settled when every edge has it."""

from __future__ import annotations

import pytest

from opschecks.config.stack import Stack
from opschecks.fixing.plan import planned
from opschecks.remedies.settings.invalidate_cdn import InvalidateCdn
from tests.canned import Answers, Aws, fits
from tests.canned_remedies import remedy
from tests.canned_site import invalidation, listing


def newest(reference: str, status: str = "Completed") -> dict[tuple[str, str], Answers]:
    batch = {"CallerReference": reference, "Paths": {"Quantity": 1, "Items": ["/*"]}}
    told = {**invalidation(1, status), "InvalidationBatch": batch}
    return {
        ("cloudfront", "ListInvalidations"): listing(invalidation(1, status), MaxItems=1, IsTruncated=True),
        ("cloudfront", "GetInvalidation"): {"Invalidation": told},
    }


def test_an_invalidation_follows_from_the_one_before_and_is_the_same_each_time() -> None:
    first = remedy(InvalidateCdn).want({"newest": ""}, {})
    second = remedy(InvalidateCdn).want(first, {})
    assert remedy(InvalidateCdn).want({"newest": ""}, {}) == first
    assert first["newest"].startswith("opschecks-")
    assert len({first["newest"], second["newest"], remedy(InvalidateCdn).want(second, {})["newest"]}) == 3
    other = InvalidateCdn(Stack(name="there", distribution_id="E1SITE"), Aws({}))
    assert other.want({"newest": ""}, {}) != first


@pytest.mark.parametrize(
    ("answers", "state"),
    [(newest("cli-17"), "cli-17"), ({("cloudfront", "ListInvalidations"): listing()}, "")],
    ids=["some", "none"],
)
def test_the_cdn_is_what_it_was_last_told_to_forget(answers: dict[tuple[str, str], Answers], state: str) -> None:
    change = planned(remedy(InvalidateCdn, answers), "E1SITE")
    assert change.before == {"newest": state}
    assert change.one_way


def test_everything_is_forgotten_in_one_request() -> None:
    request = remedy(InvalidateCdn).request("E1SITE", {"newest": ""}, {"newest": "opschecks-1"})
    assert fits(request)
    assert request.parameters == {
        "DistributionId": "E1SITE",
        "InvalidationBatch": {"CallerReference": "opschecks-1", "Paths": {"Quantity": 1, "Items": ["/*"]}},
    }


FORGOTTEN: dict[str, tuple[dict[tuple[str, str], Answers], bool, str]] = {
    "by every edge": (newest("opschecks-1"), True, "the invalidation is Completed"),
    "by some": (newest("opschecks-1", "InProgress"), False, "the invalidation is InProgress"),
    "not listed yet": (newest("cli-17"), False, "the invalidation is not listed yet"),
    "none listed": ({("cloudfront", "ListInvalidations"): listing()}, False, "the invalidation is not listed yet"),
}


@pytest.mark.parametrize(("answers", "settled", "said"), FORGOTTEN.values(), ids=FORGOTTEN)
def test_an_invalidation_is_settled_when_every_edge_has_forgotten(
    answers: dict[tuple[str, str], Answers], settled: bool, said: str
) -> None:
    reached = remedy(InvalidateCdn, answers).progress("E1SITE", {"newest": "cli-17"}, {"newest": "opschecks-1"})
    assert (reached.settled, reached.said) == (settled, said)
