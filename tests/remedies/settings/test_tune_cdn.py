"""Compression and a cache for the CDN's behaviours, and nothing else of its configuration."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from opschecks.aws.cdn_caching import CACHING_DISABLED, CACHING_OPTIMIZED
from opschecks.core.change import CannotFix, Risk
from opschecks.core.observation import CouldNotLook
from opschecks.fixing.plan import change_of
from opschecks.remedies.settings.cloudfront import TuneCdn
from tests.aws.test_cdn_caching import OWN_POLICY, behavior, config, told
from tests.canned import Aws, Raw, stack


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
