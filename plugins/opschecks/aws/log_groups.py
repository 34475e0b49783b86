"""CloudWatch Logs: log groups, their retention, and where subscriptions (the account's, too) send every event."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from ..core.answer import Answer
from ..core.dataclass import dataclass
from ..core.model import Figure, Resource
from ..core.observation import CouldNotLook, batches, observation
from .evidence import json_mapping, moment_of_ms
from .inventory import Inventory
from .session import Aws
from .unread import or_why

_CALL = "logs:DescribeLogGroups"
GROUPS_A_CALL = 50
SUBSCRIPTIONS = "logs:DescribeSubscriptionFilters"
POLICIES = "logs:DescribeAccountPolicies"


@dataclass(frozen=True, kw_only=True)
class LogGroup(Resource):
    """A log group; one that does not exist has an Error and nothing else."""

    @property
    def exists(self) -> bool:
        """Whether it exists."""
        return "Error" not in self.evidence

    @property
    def retention_days(self) -> int | None:
        """Retention in days; None where events never expire: then AWS omits the key."""
        self.evidence["logGroupName"]  # missing only in an empty answer
        days = self.evidence.get("retentionInDays")
        return None if days is None else int(days)

    @property
    def fixed_retention(self) -> str:
        """Why nobody can set its retention; empty where that is possible. Source: logGroupClass of API_LogGroup."""
        if self.evidence.get("logGroupClass") != "DELIVERY":
            return ""
        return "it is of the class DELIVERY: AWS keeps its events for a day, and delivers them elsewhere"

    @property
    def created(self) -> datetime:
        """When it was made, in UTC."""
        return moment_of_ms(self.evidence, "creationTime")


@observation(allow=["logs:DescribeLogGroups"], lasting=True)
def log_groups(aws: Aws, inventory: Inventory) -> list[LogGroup]:
    """The stack's log groups, with their retention."""
    return describe_log_groups(aws, inventory.some("log_groups"))


def describe_log_groups(aws: Any, names: tuple[str, ...]) -> list[LogGroup]:
    """The named groups, in their order. AWS omits those that do not exist."""
    found: dict[str, dict[str, Any]] = {}
    for chosen in batches(names, GROUPS_A_CALL):
        for raw in aws.items("logs", "DescribeLogGroups", "logGroups", logGroupIdentifiers=chosen):
            found[str(raw["logGroupName"])] = raw
    return [
        LogGroup(
            arn=name,
            name=name,
            evidence=found.get(name, Answer({"Error": "CloudWatch Logs lists no such log group"}, _CALL)),
            figures=_figures(found.get(name, {})),
        )
        for name in names
    ]


def _figures(raw: dict[str, Any]) -> tuple[Figure, ...]:
    kept = raw.get("retentionInDays")
    figures = [Figure("kept", kept, "days") if kept else Figure("kept", "forever")] if raw else []
    if "storedBytes" in raw:
        figures.append(Figure("stored", round(raw["storedBytes"] / 1e6, 1), "MB"))
    return tuple(figures)


@or_why
def sent_by_group(aws: Aws, group: str) -> tuple[str, ...]:
    """Destinations of the group's unfiltered subscriptions, or why they could not be listed, which concerns it only."""
    listed = aws.items("logs", "DescribeSubscriptionFilters", "subscriptionFilters", logGroupName=group)
    whole = [raw for raw in listed if not str(raw["filterPattern"]).strip() and not raw.get("fieldSelectionCriteria")]
    return tuple(str(raw["destinationArn"]) for raw in whole)


@or_why
def account_policies(aws: Aws) -> list[dict[str, Any]]:
    """The subscription filters of the whole account, or why they could not be listed."""
    return aws.items("logs", "DescribeAccountPolicies", "accountPolicies", policyType="SUBSCRIPTION_FILTER_POLICY")


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
