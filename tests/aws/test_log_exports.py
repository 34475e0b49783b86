"""How far the exports of log groups reach, and which subscriptions count."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from opschecks.aws.backups import (
    ExportWindow,
    LogExports,
    log_exports,
)
from opschecks.aws.log_groups import LogGroup
from opschecks.core.model import Figure
from opschecks.core.observation import CouldNotLook
from tests.canned import ACCOUNT, NOW, Aws, Raw, ago, concludes, judges, stack, verdict, weekly, without
from tests.cases import cases

EXPORTS = weekly("backups").test_logs_are_kept_elsewhere_too
OURS = "/ecs/backend"
STREAM = f"arn:aws:firehose:{ACCOUNT}:deliverystream/archive"
CENTRAL = f"arn:aws:firehose:{ACCOUNT}:deliverystream/central"
GONE = LogGroup(arn="/ecs/gone", name="/ecs/gone", evidence={"Error": "none"})


def ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def export(begin: float, end: float, status: str = "COMPLETED", made: float | None = None, group: str = OURS) -> Raw:
    """An export of what was written from `begin` to `end` days ago, made at its end unless told otherwise."""
    return {
        "taskId": f"{begin:g}-{end:g}",
        "logGroupName": group,
        "from": ms(ago(days=begin)),
        "to": ms(ago(days=end)),
        "destination": "archive",
        "status": {"code": status, "message": "told"},
        "executionInfo": {"creationTime": ms(ago(days=end if made is None else made))},
    }


def subscription(pattern: str = "", **changes: Any) -> Raw:
    return {"filterName": "all", "filterPattern": pattern, "destinationArn": STREAM, **changes}


def log_group(name: str = OURS, days: float = 300) -> LogGroup:
    return LogGroup(arn=name, name=name, evidence={"logGroupName": name, "creationTime": ms(ago(days=days))})


def exports_of(
    *tasks: Raw, filters: Any = (), policies: Any = (), groups: Sequence[LogGroup] = (log_group(),)
) -> tuple[list[LogExports], Aws]:
    def listed(key: str, some: Any) -> Any:
        return some if isinstance(some, Exception) else {key: list(some)}

    aws = Aws(
        {
            ("logs", "DescribeExportTasks"): {"exportTasks": list(tasks)},
            ("logs", "DescribeSubscriptionFilters"): listed("subscriptionFilters", filters),
            ("logs", "DescribeAccountPolicies"): listed("accountPolicies", policies),
        }
    )
    return log_exports(stack(limits={"log_export_days": 7}), aws, list(groups), NOW), aws


NO_ENTRY = CouldNotLook("logs:DescribeSubscriptionFilters", "AccessDeniedException: no")
REACH: dict[str, tuple[list[Raw], Any, float, str, str]] = {
    "the week before last Sunday": ([export(10, 3)], (), 300, "passed", "exported up to"),
    "a week each week": ([export(17, 10), export(10, 3)], (), 300, "passed", ""),
    "each day, some seconds apart": ([export(day + 1, day + 0.0001) for day in range(9)], (), 300, "passed", ""),
    "one day of each week": ([export(4, 3), export(11, 10)], (), 300, "failed", "were not exported"),
    "a day is missing": (
        [export(day + 1, day) for day in (1, 2, 3, 5, 6, 7, 8)], (), 300, "failed", "were not exported"),
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
}  # fmt: skip
test_exports = judges(
    EXPORTS,
    REACH,
    log_exports=lambda tasks, filters, days: exports_of(*tasks, filters=filters, groups=[log_group(days=days)])[0],
)


def test_a_log_group_that_is_gone_fails() -> None:
    found, _ = exports_of(export(10, 3, group=GONE.name), groups=[GONE])
    assert verdict(EXPORTS, log_exports=found) == ("failed", "the log group does not exist")


@pytest.mark.parametrize("key", ["logGroupName", "from", "to", "status", "executionInfo"])
def test_an_export_that_lacks_a_key_is_not_seen(key: str) -> None:
    with pytest.raises(CouldNotLook, match=f"logs:DescribeExportTasks: the answer has no '{key}'"):
        exports_of(without(key, export(10, 3)))


def account_policy(left_out: str = "", **document: Any) -> Raw:
    """A subscription filter of the whole account."""
    to = {"DestinationArn": CENTRAL, **document}
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
    concludes(EXPORTS, outcome, message, log_exports=exports_of(policies=policies)[0])


DAY, MINUTE, SECOND = timedelta(days=1), timedelta(minutes=1), timedelta(seconds=1)


def _exports(*windows: tuple[timedelta, timedelta], days: float = 300) -> LogExports:
    found = tuple(ExportWindow(NOW - begin, NOW - end) for begin, end in windows)
    return LogExports(
        arn=OURS, name=OURS, evidence={}, group=log_group(days=days), windows=found, subscriptions=(), now=NOW
    )


def _some_before(span: timedelta) -> str:
    return f"some events written before {NOW - span:%Y-%m-%d %H:%M} UTC were not exported"


@cases({
    "no export": (_exports(), "it has no export"),
    "all of it": (_exports((8 * DAY, DAY)), ""),
    "it ends just in time": (_exports((8 * DAY, 7 * DAY)), ""),
    "it ends a second too early": (
        _exports((8 * DAY, 7 * DAY + SECOND)), "its newest export ends at 2026-11-17 06:59 UTC"),
    "it begins a minute late": (_exports((7 * DAY - MINUTE, DAY)), ""),
    "it begins later": (_exports((7 * DAY - MINUTE - SECOND, DAY)), _some_before(7 * DAY - MINUTE - SECOND)),
    "the group is younger": (_exports((5 * DAY, DAY), days=5), ""),
    "the group is younger, and it begins later": (_exports((4 * DAY, DAY), days=5), _some_before(4 * DAY)),
    "two, a minute apart": (_exports((4 * DAY, DAY), (8 * DAY, 4 * DAY + MINUTE)), ""),
    "two, further apart": (
        _exports((4 * DAY, DAY), (8 * DAY, 4 * DAY + MINUTE + SECOND)), _some_before(4 * DAY)),
    "two that overlap": (_exports((4 * DAY, DAY), (8 * DAY, 3 * DAY)), ""),
    "one within the other": (_exports((8 * DAY, DAY), (4 * DAY, 3 * DAY)), ""),
    "three, of which the last fills no gap": (
        _exports((3 * DAY, DAY), (6 * DAY, 5 * DAY), (9 * DAY, 6 * DAY)), _some_before(3 * DAY)),
})  # fmt: skip
def test_what_was_not_exported(exports: LogExports, lacks: str) -> None:
    assert exports.lacks(7 * DAY) == lacks


def test_exports_are_told_whole_and_where_nothing_lacks_nothing_else_is_asked() -> None:
    tasks = [export(20, 8), export(8, 1), export(1, 0.5, "FAILED"), export(9, 1, group="/ecs/b")]
    [found], aws = exports_of(*tasks)
    assert found == LogExports(
        arn=OURS,
        name=OURS,
        evidence={"exportTasks": [tasks[2], tasks[1], tasks[0]]},
        figures=(Figure("exported up to", "2026-11-23 07:00 UTC"),),
        group=log_group(),
        windows=(ExportWindow(NOW - 8 * DAY, NOW - DAY), ExportWindow(NOW - 20 * DAY, NOW - 8 * DAY)),
        subscriptions=(),
        now=NOW,
    )
    assert [one.operation for one in aws.asked] == ["DescribeExportTasks"]


def test_events_written_after_a_task_was_made_are_not_in_it() -> None:
    [found], _ = exports_of(export(8, 1, made=2))
    assert found.windows == (ExportWindow(NOW - 8 * DAY, NOW - 2 * DAY),)
    [found], _ = exports_of(export(8, 2, made=1))
    assert found.windows == (ExportWindow(NOW - 8 * DAY, NOW - 2 * DAY),)


def test_of_many_tasks_five_are_shown() -> None:
    [found], _ = exports_of(*(export(n + 1, n) for n in range(9)))
    assert [one["taskId"] for one in found.evidence["exportTasks"]] == ["1-0", "2-1", "3-2", "4-3", "5-4"]
    assert len(found.windows) == 9


def test_where_exports_lack_something_the_groups_subscriptions_count_and_then_the_accounts() -> None:
    [found], aws = exports_of(export(3, 1), filters=[subscription()])
    assert (found.sent_on_to, found.evidence["every event is sent to"]) == ((STREAM,), [STREAM])
    assert aws.parameters_of("DescribeAccountPolicies") == []
    [found], aws = exports_of(policies=[account_policy()])
    assert (found.sent_on_to, found.figures, found.evidence["exportTasks"]) == ((CENTRAL,), (), [])
    [found], _ = exports_of()
    assert (found.sent_on_to, found.evidence["every event is sent to"]) == ((), [])


def test_subscriptions_that_may_not_be_read_blind_what_lacks_exports() -> None:
    denied = CouldNotLook("logs:DescribeSubscriptionFilters", "AccessDenied")
    [found], aws = exports_of(filters=denied)
    assert found.evidence["every event is sent to"] == str(denied)
    assert aws.parameters_of("DescribeAccountPolicies") == []
    with pytest.raises(CouldNotLook, match="AccessDenied"):
        assert found.sent_on_to


def test_of_several_groups_only_those_that_lack_something_are_asked_about() -> None:
    groups = (GONE, log_group("/ecs/b"), log_group())
    found, aws = exports_of(export(9, 1, group="/ecs/b"), policies=[account_policy()], groups=groups)
    assert [one["logGroupName"] for one in aws.parameters_of("DescribeSubscriptionFilters")] == [OURS]
    assert [(one.name, one.subscriptions) for one in found] == [("/ecs/gone", ()), ("/ecs/b", ()), (OURS, (CENTRAL,))]
    assert len(aws.parameters_of("DescribeAccountPolicies")) == 1
