"""A part that is missing is not none: what is always there, what was asked for by name, what a second source denies."""

from __future__ import annotations

from typing import Any

import pytest

from opschecks.aws.cdn_caching import bucket_behaviors, error_pages
from opschecks.aws.elbv2 import load_balancers
from opschecks.aws.listeners import Rule
from opschecks.core.answer import Answer
from opschecks.core.model import Finding, Outcome, Severity
from opschecks.core.observation import CouldNotLook
from opschecks.report.runfile import finding_to
from opschecks.web.websocket import websocket_reconnects
from tests.aws import test_cdn_caching as cdn
from tests.aws import test_iam as iam
from tests.canned import ACCOUNT, Aws, least, names, stack, verdict, weekly

KEYS_CHECKS = ("test_access_keys_are_rotated", "test_access_keys_are_used", "test_users_have_one_active_key")


@pytest.mark.parametrize("check", KEYS_CHECKS)
def test_no_keys_against_a_report_that_counts_some_is_blind(check: str) -> None:
    outcome, said = verdict(getattr(weekly("credentials"), check), key_holders=iam.holders())
    assert outcome == "blind"
    assert "no key of pipeline is listed, and the credential report of" in said
    assert "counts 1 active: if they were deleted since, the next report says so, four hours later at most" in said


def blinded(key: str) -> Any:
    """The distribution, a list of whose configuration says how many it has, and has none."""
    return cdn.seen(cdn.config(cdn.behavior()) | {key: {"Quantity": 1, "Items": []}})


def test_behaviors_and_error_pages_that_are_missing_are_not_fine() -> None:
    with pytest.raises(CouldNotLook, match="the Quantity of a list is 1, and it has 0"):
        bucket_behaviors(Aws({}), [blinded("CacheBehaviors")])
    with pytest.raises(CouldNotLook, match="the Quantity of a list is 1, and it has 0"):
        _ = error_pages(stack(), blinded("CustomErrorResponses")).masked


def balancers(*found: str) -> Any:
    raw, whole = least("elbv2", "DescribeLoadBalancers", "LoadBalancers")
    arn = f"arn:aws:elasticloadbalancing:{ACCOUNT}:loadbalancer/app/"
    told = [{**raw, "LoadBalancerName": name, "LoadBalancerArn": f"{arn}{name}/1"} for name in found]
    aws = Aws({("elbv2", "DescribeLoadBalancers"): {**whole, "LoadBalancers": told}})
    return load_balancers(aws, names(load_balancers=("web", "api")))


def test_a_load_balancer_that_was_asked_for_comes_back() -> None:
    assert [one.name for one in balancers("web", "api")] == ["web", "api"]
    web, api = balancers("web")
    assert (web.name, api.name, web.is_application is not None) == ("web", "api", True)
    with pytest.raises(CouldNotLook, match="the answer does not mention api"):
        api.is_application  # noqa: B018
    assert finding_to(Finding("s", "c", api.arn, api.name, Outcome.BLIND, Severity.LOW, evidence=api.evidence))
    with pytest.raises(CouldNotLook, match="the answer does not mention web"):
        balancers()


def rule(**told: Any) -> Rule:
    return Rule(arn="r", name="1", listener="l", evidence=Answer({"Priority": "1", **told}, "c:DescribeRules"))


def test_a_rule_says_what_it_does_and_when() -> None:
    for missing in (
        lambda: rule().groups,
        lambda: rule(Actions=[{"Type": "forward"}]).groups,
        lambda: rule(Actions=[]).conditions,
    ):
        with pytest.raises(CouldNotLook, match="the answer has no"):
            missing()
    assert rule(Actions=[{"Type": "redirect"}]).groups == []
    assert rule(IsDefault=True).conditions == []


def test_without_a_target_group_reconnecting_is_not_proven() -> None:
    checked = stack(backend_url="http://127.0.0.1:9", websocket={"task_field": "task"})
    with pytest.raises(CouldNotLook, match="no target group of the stack's load balancers was seen"):
        websocket_reconnects(checked, [])
