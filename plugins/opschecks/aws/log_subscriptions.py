"""CloudWatch Logs: where subscriptions send every event, those of a log group and those of the whole account."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..core.observation import CouldNotLook
from ..core.wording import plural
from .forms import json_mapping
from .session import Aws

SUBSCRIPTIONS = "logs:DescribeSubscriptionFilters"
POLICIES = "logs:DescribeAccountPolicies"


def sent_by_group(aws: Aws, group: str) -> tuple[str, ...] | CouldNotLook:
    """Destinations of the group's unfiltered subscriptions, or why they could not be listed, which concerns it only."""
    try:
        listed = aws.items("logs", "DescribeSubscriptionFilters", "subscriptionFilters", logGroupName=group)
    except CouldNotLook as error:
        return error
    return tuple(
        str(raw["destinationArn"])
        for raw in listed
        if not str(raw["filterPattern"]).strip() and not raw.get("fieldSelectionCriteria")
    )


def account_policies(aws: Aws) -> list[dict[str, Any]] | CouldNotLook:
    """The subscription filters of the whole account, or why they could not be listed."""
    asked: dict[str, Any] = {"policyType": "SUBSCRIPTION_FILTER_POLICY"}
    found: list[dict[str, Any]] = []
    try:
        for _ in range(aws.stack.limits.pages):  # botocore has no paginator for it
            told = aws.call("logs", "DescribeAccountPolicies", **asked)
            found += told["accountPolicies"]
            token = told.get("nextToken")
            if not token or token == asked.get("nextToken"):
                return found
            asked["nextToken"] = token
    except CouldNotLook as error:
        return error
    return CouldNotLook(POLICIES, f"cut short after {plural(aws.stack.limits.pages, 'page')} (limit pages)")


def sent_by_account(policies: Sequence[Mapping[str, Any]] | CouldNotLook, group: str) -> tuple[str, ...] | CouldNotLook:
    """Destinations to which unfiltered subscriptions of the account send this group.

    Source: API_PutAccountPolicy, by which `LogGroupName NOT IN [...]` is the only criterion of such a policy.
    """
    if isinstance(policies, CouldNotLook):
        return policies
    sent = [json_mapping(raw, "policyDocument") for raw in policies if group not in _left_out(raw)]
    return tuple(str(told["DestinationArn"]) for told in sent if not str(told.get("FilterPattern") or "").strip())


def _left_out(policy: Mapping[str, Any]) -> list[str]:
    return re.findall(r'"([^"]*)"', str(policy.get("selectionCriteria") or ""))
