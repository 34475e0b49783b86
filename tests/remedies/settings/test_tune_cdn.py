"""Compression and a cache for the CDN's behaviours, and nothing else of its configuration."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from opschecks.aws.cdn_caching import CACHING_DISABLED, CACHING_OPTIMIZED
from opschecks.config.stack import Stack
from opschecks.core.change import CannotFix, Risk
from opschecks.core.observation import CouldNotLook
from opschecks.fixing.plan import change_of, planned
from opschecks.remedies.settings.cloudfront import TuneCdn
from opschecks.remedies.settings.invalidate_cdn import InvalidateCdn
from tests.aws.test_cdn_caching import OWN_POLICY, behavior, config, told
from tests.canned import Answers, Aws, Raw, fits, remedy, stack
from tests.canned_site import invalidation, listing


def remedy_on(configured: Raw, status: str = "Deployed", etag: str = "E1") -> TuneCdn:
    checked = stack(distribution_id="E2EXAMPLE")
    answers = {("cloudfront", "GetDistribution"): {"ETag": etag, "Distribution": told(configured, status)}}
    return TuneCdn(checked, Aws(answers, checked))


DISABLED = {"Compress": False, "CachePolicyId": CACHING_DISABLED}
TUNED = {"Compress": True, "CachePolicyId": CACHING_OPTIMIZED}
OWN, NO_POLICY = {"Compress": True, "CachePolicyId": OWN_POLICY}, {"Compress": True, "CachePolicyId": ""}
WANTS: dict[str, tuple[Mapping[str, Any], dict[str, str], Mapping[str, Any] | str]] = {
    "both": ({"*": DISABLED}, {}, {"*": TUNED}),
    "by a policy of one's own": ({"*": DISABLED}, {"policy": OWN_POLICY}, {"*": OWN}),
    "compression only": ({"*": {**TUNED, "Compress": False}}, {}, {"*": TUNED}),
    "another policy stays": (
        {"*": {**OWN, "Compress": False}, "/old/*": NO_POLICY},
        {},
        {"*": OWN, "/old/*": NO_POLICY},
    ),
    "nothing to fix": ({"*": OWN}, {}, "which a person changes"),
    "no policy at all": ({"*": DISABLED}, {"policy": "CachingOptimized"}, "the id of a cache policy that caches"),
    "the one that caches nothing": ({"*": DISABLED}, {"policy": CACHING_DISABLED}, "the id of a cache policy that"),
}


@pytest.mark.parametrize(("now", "wish", "after"), WANTS.values(), ids=WANTS)
def test_the_remedy_wants_compression_and_a_cache(
    now: Mapping[str, Any], wish: dict[str, str], after: Mapping[str, Any] | str
) -> None:
    remedy = remedy_on(config())
    if isinstance(after, str):
        with pytest.raises(CannotFix, match=after):
            remedy.want(now, wish)
    else:
        assert remedy.want(now, wish) == after


def test_only_what_changes_is_changed_in_the_whole_configuration() -> None:
    configured = config(
        behavior(**DISABLED, ResponseHeadersPolicyId="keep"),
        behavior(PathPattern="/api/*", TargetOriginId="api", **DISABLED),
        behavior(PathPattern="/assets/*", **TUNED),
        Comment="keep",
    )
    remedy = remedy_on(configured)
    before = remedy.read("E2EXAMPLE")
    assert before == {"*": DISABLED, "/assets/*": TUNED}
    after = remedy.want(before, {})
    sent = remedy.request("E2EXAMPLE", before, after).parameters
    assert (sent["Id"], sent["IfMatch"]) == ("E2EXAMPLE", "E1")
    expected = json.loads(json.dumps(configured))
    expected["DefaultCacheBehavior"].update(TUNED)
    assert sent["DistributionConfig"] == expected
    back = remedy_on(expected).request("E2EXAMPLE", after, before).parameters
    assert back["DistributionConfig"] == configured


def test_plan_and_journal_show_what_changes_and_no_header_for_an_origin() -> None:
    remedy = remedy_on(config(behavior(**DISABLED)))
    change = change_of(remedy, "E2EXAMPLE", {"*": DISABLED}, {"*": TUNED})
    assert change.parameters["IfMatch"] == "E1"
    assert change.parameters["changes"] == {"*": TUNED}
    assert "hunter22" not in json.dumps(change.to_plain())
    assert change.risk is Risk.DISRUPTIVE
    assert not change.one_way


@pytest.mark.parametrize(
    ("before", "after", "risk"),
    [
        (DISABLED, TUNED, Risk.DISRUPTIVE),
        (TUNED, DISABLED, Risk.SAFE),
        ({**TUNED, "Compress": False}, TUNED, Risk.SAFE),
    ],
    ids=["caching begins", "and ends", "compression only"],
)
def test_the_risk_is_in_caching_that_begins(before: Raw, after: Raw, risk: Risk) -> None:
    assert remedy_on(config()).risk_of({"*": before}, {"*": after}) is risk


def test_a_configuration_that_changed_in_between_is_not_sent() -> None:
    remedy = remedy_on(config(behavior(**TUNED)))
    with pytest.raises(CannotFix, match="its configuration has changed"):
        remedy.request("E2EXAMPLE", {"*": DISABLED}, {"*": TUNED})
    blind = TuneCdn(stack(), Aws({("cloudfront", "GetDistribution"): {}}))
    with pytest.raises(CouldNotLook, match="cloudfront:GetDistribution: the answer has no 'Distribution'"):
        blind.request("E2EXAMPLE", {"*": DISABLED}, {"*": TUNED})


def test_it_is_settled_when_every_edge_has_it() -> None:
    done = {"*": TUNED}
    assert not remedy_on(config(behavior(**DISABLED))).progress("E2EXAMPLE", {}, done).settled
    under_way = remedy_on(config(behavior(**TUNED)), "InProgress").progress("E2EXAMPLE", {}, done)
    assert (under_way.settled, under_way.said) == (False, "the distribution is InProgress")
    assert remedy_on(config(behavior(**TUNED))).progress("E2EXAMPLE", {}, done).settled


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
