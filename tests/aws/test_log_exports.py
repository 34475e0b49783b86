"""How far the exports of log groups reach, and which subscriptions count."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest

from opschecks.aws.backups import LogExports, log_exports
from opschecks.aws.log_groups import LogGroup
from opschecks.core.observation import CouldNotLook
from tests.aws.test_backups import checks
from tests.canned import ACCOUNT, NOW, Aws, Raw, ago, judges, stack, verdict, weekly
from tests.cases import cases

EXPORTS = checks.test_logs_are_kept_elsewhere_too


def ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def export(begin: float, end: float, status: str = "COMPLETED", made: float | None = None) -> Raw:
    """An export of what was written from `begin` to `end` days ago, made at its end unless told otherwise."""
    return {
        "taskId": f"task-{begin:g}-{end:g}",
        "logGroupName": "/ecs/backend",
        "from": ms(ago(days=begin)),
        "to": ms(ago(days=end)),
        "destination": "archive",
        "status": {"code": status, "message": "told"},
        "executionInfo": {"creationTime": ms(ago(days=end if made is None else made))},
    }


def subscription(pattern: str = "", **changes: Any) -> Raw:
    to = f"arn:aws:firehose:{ACCOUNT}:deliverystream/archive"
    return {"filterName": "all", "filterPattern": pattern, "destinationArn": to, **changes}


def exports_of(
    *tasks: Raw, filters: Any = (), created: float = 300, group: LogGroup | None = None, policies: Any = ()
) -> list[LogExports]:
    answer = {"subscriptionFilters": list(filters)} if isinstance(filters, tuple | list) else filters
    of_account = policies if isinstance(policies, Exception) else {"accountPolicies": list(policies)}
    aws = Aws(
        {
            ("logs", "DescribeExportTasks"): {"exportTasks": list(tasks)},
            ("logs", "DescribeSubscriptionFilters"): answer,
            ("logs", "DescribeAccountPolicies"): of_account,
        }
    )
    told = {"logGroupName": "/ecs/backend", "creationTime": ms(ago(days=created))}
    known = LogGroup(arn="/ecs/backend", name="/ecs/backend", evidence=told)
    return log_exports(stack(), aws, [group or known], NOW)


NO_ENTRY = CouldNotLook("logs:DescribeSubscriptionFilters", "AccessDeniedException: no")
REACH: dict[str, tuple[list[Raw], Any, float, str, str]] = {
    "the week before last Sunday": ([export(10, 3)], (), 300, "passed", "exported up to"),
    "a week each week": ([export(17, 10), export(10, 3)], (), 300, "passed", ""),
    "each day, some seconds apart": ([export(day + 1, day + 0.0001) for day in range(9)], (), 300, "passed", ""),
    "one day of each week": ([export(4, 3), export(11, 10)], (), 300, "failed", "were not exported"),
    "a day is missing": (
        [export(day + 1, day) for day in (1, 2, 3, 5, 6, 7, 8)],
        (),
        300,
        "failed",
        "were not exported",
    ),
    "too long ago": ([export(15, 8)], (), 300, "failed", "its newest export ends at"),
    "none": ([], (), 300, "failed", "it has no export, and no subscription"),
    "of another group": ([{**export(10, 3), "logGroupName": "/other"}], (), 300, "failed", "it has no export"),
    "the newest failed": ([export(8, 1, "FAILED"), export(15, 8)], (), 300, "failed", "its newest export ends at"),
    "the newest is under way": ([export(8, 1, "RUNNING"), export(15, 8)], (), 300, "failed", ""),
    "cancelled": ([export(10, 3, "CANCELLED")], (), 300, "failed", "it has no export"),
    "its end lies in the future": ([export(30, -30, made=20)], (), 300, "failed", "its newest export ends at"),
    "of all of a young group": ([export(3, 1)], (), 3, "passed", ""),
    "of a part of a young group": ([export(2, 1)], (), 5, "failed", "were not exported"),
    "sent on as it comes": ([], (subscription(),), 300, "passed", "every event is sent on to arn:aws:firehose"),
    "a part is sent on": ([], (subscription("ERROR"),), 300, "failed", "no subscription sends every event on"),
    "chosen by a field": ([], (subscription(fieldSelectionCriteria='@aws.account = "1"'),), 300, "failed", ""),
    "gaps, and all is sent on": ([export(4, 3)], (subscription(),), 300, "passed", "sent on"),
    "subscriptions may not be read": ([], NO_ENTRY, 300, "blind", "logs:DescribeSubscriptionFilters: AccessDenied"),
    "subscriptions need not be read": ([export(10, 3)], NO_ENTRY, 300, "passed", ""),
}
test_exports = judges(
    EXPORTS, REACH, log_exports=lambda tasks, filters, created: exports_of(*tasks, filters=filters, created=created)
)


def test_a_log_group_that_is_gone_fails() -> None:
    gone = LogGroup(arn="/ecs/backend", name="/ecs/backend", evidence={"Error": "none"})
    found = exports_of(export(10, 3), group=gone)
    assert verdict(EXPORTS, log_exports=found) == ("failed", "the log group does not exist")


@pytest.mark.parametrize("key", ["logGroupName", "from", "to", "status", "executionInfo"])
def test_an_export_that_lacks_a_key_is_not_seen(key: str) -> None:
    raw = {name: value for name, value in export(10, 3).items() if name != key}
    with pytest.raises(CouldNotLook, match=f"logs:DescribeExportTasks: the answer has no '{key}'"):
        exports_of(raw)


def account_policy(left_out: str = "", **document: Any) -> Raw:
    """A subscription filter of the whole account."""
    to = {"DestinationArn": f"arn:aws:firehose:{ACCOUNT}:deliverystream/central", **document}
    criteria = {"selectionCriteria": f"LogGroupName NOT IN [{left_out}]"} if left_out else {}
    return {
        "policyName": "central",
        "policyDocument": json.dumps(to),
        "policyType": "SUBSCRIPTION_FILTER_POLICY",
        "scope": "ALL",
        **criteria,
    }


POLICIES_DENIED = CouldNotLook("logs:DescribeAccountPolicies", "AccessDenied", action="logs:DescribeAccountPolicies")


@cases({
    "every event of every group": ([account_policy(FilterPattern="")], "passed", "sent on to arn:aws:firehose"),
    "without a pattern": ([account_policy()], "passed", "deliverystream/central"),
    "of all groups but others": ([account_policy('"/aws/lambda/forward"')], "passed", "central"),
    "of all groups but this": ([account_policy('"/a", "/ecs/backend"')], "failed", "no subscription"),
    "errors only": ([account_policy(FilterPattern="ERROR")], "failed", "no subscription"),
    "none": ([], "failed", "no subscription"),
    "that may not be read": (POLICIES_DENIED, "blind", "allow logs:DescribeAccountPolicies"),
})  # fmt: skip
def test_subscriptions_of_the_account_count(policies: Any, outcome: str, message: str) -> None:
    found = exports_of(policies=policies)
    told = verdict(weekly("backups").test_logs_are_kept_elsewhere_too, log_exports=found)
    assert told[0] == outcome, told
    assert message in told[1]
