"""Remedies of CloudWatch Logs: for how long a log group keeps its events."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from ...aws.log_groups import LogGroup, describe_log_groups
from ...core.change import CannotFix, Request, Risk, State
from ...core.wording import plural
from ...fixing.remedy import IN_CODE_TOO, Setting, wished_number

ALLOWED_DAYS = (
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
)  # fmt: skip
"""The only retentions that PutRetentionPolicy takes."""


class PutRetention(Setting):
    """Set for how many days a log group keeps its events, as near to what it has as the stack's limits allow."""

    kind = "log_groups"
    risk = Risk.DESTRUCTIVE
    runbook = "retention-and-lifecycle"
    allow = ("logs:PutRetentionPolicy", "logs:DeleteRetentionPolicy", "logs:DescribeLogGroups")
    expects = "CloudWatch Logs deletes what is older, mostly within three days, and goes on doing so"
    beware = f"undo restores the setting, but no event that was deleted meanwhile; {IN_CODE_TOO}"
    wishes = {"days": "how many; default: what the limits log_retention_days_min and …_max allow"}  # noqa: RUF012

    def risk_of(self, before: State, after: State) -> Risk:
        """A shorter retention deletes events."""
        return Risk.DESTRUCTIVE if _days(after) < _days(before) else Risk.SAFE

    def read(self, target: str) -> State:
        return {"retentionInDays": self._group(target).retention_days}

    def read_for_plan(self, target: str) -> State:
        if fixed := self._group(target).fixed_retention:
            raise CannotFix(f"{target}: {fixed}")
        return self.read(target)

    def _group(self, target: str) -> LogGroup:
        [group] = describe_log_groups(self.aws, (target,))
        if not group.exists:
            raise CannotFix(f"there is no log group {target}")
        return group

    def want(self, now: State, wish: Mapping[str, str]) -> State:
        """As wished; without a wish as near to what it has as the limits allow."""
        return {"retentionInDays": _wished(wish) if "days" in wish else self._nearest(_days(now))}

    def _nearest(self, kept: float) -> int:
        """The longest that is allowed for what is kept too long, the shortest for what is not kept long enough."""
        low, high = self.stack.limits.log_retention_days_min, self.stack.limits.log_retention_days_max
        if low <= kept <= high:
            raise CannotFix(f"it is kept for {plural(kept, 'day')}, as expected; --set days=… changes it anyway")
        allowed = [one for one in ALLOWED_DAYS if low <= one <= high]
        if not allowed:
            between = f"between {low:g} and {plural(high, 'day')} (log_retention_days_min, …_max)"
            raise CannotFix(f"no retention that AWS takes lies {between}")
        return allowed[0] if kept < low else allowed[-1]

    def request(self, target: str, before: State, after: State) -> Request:
        """Put a number of days; to keep events for ever, delete the policy."""
        name: dict[str, Any] = {"logGroupName": target}
        if after["retentionInDays"] is None:
            return Request("logs", "DeleteRetentionPolicy", name)
        return Request("logs", "PutRetentionPolicy", {**name, "retentionInDays": after["retentionInDays"]})


def _wished(wish: Mapping[str, str]) -> int:
    days = wished_number(wish, "days", least=1)
    if days not in ALLOWED_DAYS:
        raise CannotFix(f"--set days={days}: AWS takes only {', '.join(map(str, ALLOWED_DAYS))}")
    return days


def _days(state: State) -> float:
    """None is for ever."""
    days: int | None = state["retentionInDays"]
    return math.inf if days is None else days
