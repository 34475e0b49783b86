"""What is known of exported logs, to the second and whole.

Source: API_ExportTask of CloudWatch Logs.
"""

from __future__ import annotations

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
from tests.aws.test_log_exports import ms
from tests.canned import NOW, Aws, Raw, ago, stack
from tests.cases import cases

DAY, MINUTE, SECOND = timedelta(days=1), timedelta(minutes=1), timedelta(seconds=1)


def _group(made: datetime = NOW - 300 * DAY) -> LogGroup:
    return LogGroup(arn="/ecs/a", name="/ecs/a", evidence={"logGroupName": "/ecs/a", "creationTime": ms(made)})


def _exports(*windows: tuple[timedelta, timedelta], made: timedelta = 300 * DAY) -> LogExports:
    found = tuple(ExportWindow(NOW - begin, NOW - end) for begin, end in windows)
    return LogExports(
        arn="/ecs/a", name="/ecs/a", evidence={}, group=_group(NOW - made), windows=found, subscriptions=(), now=NOW
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
    "the group is younger": (_exports((5 * DAY, DAY), made=5 * DAY), ""),
    "the group is younger, and it begins later": (_exports((4 * DAY, DAY), made=5 * DAY), _some_before(4 * DAY)),
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


def _task(begin: float, end: float, code: str = "COMPLETED", made: float | None = None, group: str = "/ecs/a") -> Raw:
    return {
        "taskId": f"{begin:g}", "logGroupName": group, "from": ms(ago(days=begin)), "to": ms(ago(days=end)),
        "status": {"code": code}, "executionInfo": {"creationTime": ms(ago(days=end if made is None else made))},
    }  # fmt: skip


def _logs(*tasks: Raw, filters: Any = (), policies: Any = (), groups: tuple[LogGroup, ...] = ()) -> tuple[Aws, Any]:
    listed = filters if isinstance(filters, Exception) else {"subscriptionFilters": list(filters)}
    aws = Aws(
        {
            ("logs", "DescribeExportTasks"): {"exportTasks": list(tasks)},
            ("logs", "DescribeSubscriptionFilters"): listed,
            ("logs", "DescribeAccountPolicies"): {"accountPolicies": list(policies)},
        }
    )
    return aws, log_exports(stack(limits={"log_export_days": 7}), aws, list(groups or (_group(),)), NOW)


STREAM = "arn:aws:firehose:us-west-2:123456789012:deliverystream/archive"
FILTER: Raw = {"filterName": "all", "filterPattern": "", "destinationArn": STREAM}
POLICY: Raw = {
    "policyName": "p", "policyType": "SUBSCRIPTION_FILTER_POLICY",
    "policyDocument": f'{{"DestinationArn": "{STREAM}", "FilterPattern": ""}}',
}  # fmt: skip


def test_exports_are_told_whole_and_where_nothing_lacks_nothing_else_is_asked() -> None:
    tasks = [_task(20, 8), _task(8, 1), _task(1, 0.5, "FAILED"), _task(9, 1, group="/ecs/b")]
    aws, [found] = _logs(*tasks)
    assert found == LogExports(
        arn="/ecs/a",
        name="/ecs/a",
        evidence={"exportTasks": [tasks[2], tasks[1], tasks[0]]},
        figures=(Figure("exported up to", "2026-11-23 07:00 UTC"),),
        group=_group(),
        windows=(ExportWindow(NOW - 8 * DAY, NOW - DAY), ExportWindow(NOW - 20 * DAY, NOW - 8 * DAY)),
        subscriptions=(),
        now=NOW,
    )
    assert [one.operation for one in aws.asked] == ["DescribeExportTasks"]


def test_events_written_after_a_task_was_made_are_not_in_it() -> None:
    _, [found] = _logs(_task(8, 1, made=2))
    assert found.windows == (ExportWindow(NOW - 8 * DAY, NOW - 2 * DAY),)
    _, [found] = _logs(_task(8, 2, made=1))
    assert found.windows == (ExportWindow(NOW - 8 * DAY, NOW - 2 * DAY),)


def test_of_many_tasks_five_are_shown() -> None:
    _, [found] = _logs(*(_task(n + 1, n) for n in range(9)))
    assert [one["taskId"] for one in found.evidence["exportTasks"]] == ["1", "2", "3", "4", "5"]
    assert len(found.windows) == 9


def test_where_exports_lack_something_the_groups_subscriptions_count_and_then_the_accounts() -> None:
    aws, [found] = _logs(_task(3, 1), filters=[FILTER])
    assert (found.sent_on_to, found.evidence["every event is sent to"]) == ((STREAM,), [STREAM])
    assert aws.parameters_of("DescribeAccountPolicies") == []
    aws, [found] = _logs(policies=[POLICY])
    assert (found.sent_on_to, found.figures, found.evidence["exportTasks"]) == ((STREAM,), (), [])
    _, [found] = _logs()
    assert (found.sent_on_to, found.evidence["every event is sent to"]) == ((), [])


def test_subscriptions_that_may_not_be_read_blind_what_lacks_exports() -> None:
    denied = CouldNotLook("logs:DescribeSubscriptionFilters", "AccessDenied")
    aws, [found] = _logs(filters=denied)
    assert found.evidence["every event is sent to"] == str(denied)
    assert aws.parameters_of("DescribeAccountPolicies") == []
    with pytest.raises(CouldNotLook, match="AccessDenied"):
        assert found.sent_on_to


def test_of_several_groups_only_those_that_lack_something_are_asked_about() -> None:
    gone = LogGroup(arn="/ecs/gone", name="/ecs/gone", evidence={"Error": "no"})
    whole = LogGroup(
        arn="/ecs/b", name="/ecs/b", evidence={"logGroupName": "/ecs/b", "creationTime": ms(NOW - 300 * DAY)}
    )
    aws, found = _logs(_task(9, 1, group="/ecs/b"), policies=[POLICY], groups=(gone, whole, _group()))
    assert [one["logGroupName"] for one in aws.parameters_of("DescribeSubscriptionFilters")] == ["/ecs/a"]
    assert [(one.name, one.subscriptions) for one in found] == [
        ("/ecs/gone", ()),
        ("/ecs/b", ()),
        ("/ecs/a", (STREAM,)),
    ]
    assert len(aws.parameters_of("DescribeAccountPolicies")) == 1
