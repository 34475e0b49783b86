"""Each action of a policy removed by itself: who is blind then, and that it is what `opschecks list actions` says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from opschecks.aws.inventory import inventory
from opschecks.aws.occasional import OCCASIONS
from opschecks.cli.about_stack import Wanted, actions_of, wanted_by
from opschecks.cli.check_files import check_sources
from opschecks.cli.policy import needed, places_of
from opschecks.cli.policy_statements import statements
from opschecks.core.iam import iam_action
from opschecks.core.model import Outcome
from opschecks.core.observation import REGISTRY, CouldNotLook, closure
from tests.canned import Aws, examined, stack
from tests.matrix.kinds import KINDS, Hit
from tests.matrix.reasons import NEEDED_WHERE_BROKEN
from tests.matrix.world import Judged, World
from tests.real.test_rows import ROWS
from tests.scratch import ROOT

SUITES = ("daily", "weekly")
SOURCES = [one for suite in SUITES for one in check_sources(ROOT / "checks" / suite)]
DENIED = next(kind for kind in KINDS if kind.name == "access denied")


class _AnyOf:
    """Equal to the name of each call that needs the action."""

    def __init__(self, action: str) -> None:
        self.action = action

    def __eq__(self, name: object) -> bool:
        service, _, operation = str(name).partition("@")[0].partition(":")
        return operation.isalnum() and iam_action(service, operation) == self.action

    __hash__ = None  # type: ignore[assignment]


class _World(World):
    """With the checks of the two suites only, and all that they observe."""

    def _wanted(self) -> set[str]:
        return {name for check in self.checks for name in check.observations}

    def _observe(self) -> None:
        self.checks = [check for check in self.checks if check.suite in SUITES]
        super()._observe()


@dataclass(frozen=True)
class Tried:
    """What the checks concluded while AWS denied one action, and who needs it by what is declared."""

    now: Mapping[str, Judged]
    wanted: Wanted

    @property
    def blind(self) -> set[str]:
        return {name for name, one in self.now.items() if one.outcome is Outcome.BLIND}


@pytest.fixture(scope="module")
def tried() -> Iterator[dict[str, Tried]]:
    """By action of the stack's policy, on a healthy stack that names everything."""
    with _World("healthy").open() as world:
        assert {one.outcome for one in world.judged.values()} == {Outcome.PASSED}
        needs = [(one.name, one.shown, one.actions) for one in needed(SUITES)]
        policy = {action for one in statements(needs, places_of(world.stack)) for action in one.actions}
        wanted = wanted_by(SOURCES)
        yield {action: Tried(_without(world, action), wanted[action]) for action in sorted(policy)}


def _without(world: World, action: str) -> dict[str, Judged]:
    hit: Any = Hit(DENIED, "")
    hit.calls = _AnyOf(action)
    asking = [name for name in world.results if action in REGISTRY[name].allow]
    affected = {other for name in asking for other in world.dependents(name)}
    world.time.begin_again()
    world.wire.fault = hit
    try:
        kept = {name: one for name, one in world.results.items() if name not in affected}
        return world.judge_all(world.gathered(set(world.results), kept))
    finally:
        world.wire.fault = None


def test_exactly_the_checks_that_need_an_action_are_blind_without_it(tried: dict[str, Tried]) -> None:
    wrong = {}
    for action, one in tried.items():
        others = one.wanted.in_part.union(*one.wanted.occasions.values())
        if not (one.wanted.checks <= one.blind <= one.wanted.checks | others):
            wrong[action] = sorted(one.wanted.checks ^ one.blind - others)
    assert not wrong
    assert len(tried) > 70


def test_nothing_else_changes(tried: dict[str, Tried]) -> None:
    outcomes = {one.outcome for tries in tried.values() for one in tries.now.values()}
    assert outcomes == {Outcome.PASSED, Outcome.BLIND}


def test_each_of_them_names_the_action(tried: dict[str, Tried]) -> None:
    for action, tries in tried.items():
        for check in tries.blind:
            told = [one.message for one in tries.now[check].findings if one.outcome is Outcome.BLIND]
            assert all(f"allow {action}" in message for message in told), (action, check, told)


def test_an_action_without_which_nobody_is_blind_has_its_occasion(tried: dict[str, Tried]) -> None:
    idle = {action for action, one in tried.items() if not one.blind}
    explaining = {action for (_, action), one in OCCASIONS.items() if one.explains}
    needed = {action for _, action in NEEDED_WHERE_BROKEN}
    assert idle - explaining == {*IN_A_ROW, *needed} - UNASKED


UNASKED = {"logs:StartQuery", "logs:GetQueryResults", "logs:DescribeMetricFilters"}
"""The policy leaves them out, as the stack counts no errors so."""
BAKES = "the new colour has all traffic and is sick; the old one, which nobody reaches, is healthy"
IN_A_ROW = {
    "backup:ListRecoveryPointsByResource": ("backups", "a table that only AWS Backup backs up"),
    "backup:ListRestoreJobs": ("backups", "restore testing by AWS Backup, of which CloudTrail tells nothing"),
    "cloudfront:GetCachePolicy": (
        "upkeep", "a behavior with a cache policy of the account that keeps brotli alone",
    ),
    "cloudwatch:GetAlarmMuteRule": ("alarm_mutes", "muted for two hours each night"),
    "cloudwatch:ListMetrics": ("one_of_many", "the metrics of CloudFront may not be read"),
    "ec2:DescribeSubnets": ("network_and_health", "flow logs of every subnet, none of the VPC"),
    "ecr:BatchGetImage": ("platforms", "an index, whose platforms are what is scanned"),
    "ecs:DescribeServiceDeployments": ("colours", BAKES),
    "ecs:DescribeServiceRevisions": ("colours", BAKES),
    "events:ListRules": ("alarm_receivers", "a topic that everybody left"),
    "events:ListTargetsByRule": ("alarm_receivers", "it has no action, EventBridge takes it"),
    "events:TestEventPattern": ("alarm_receivers", "it has no action, EventBridge takes it"),
    "logs:DescribeMetricFilters": ("logs", "counted by a metric filter, too many"),
    "logs:GetQueryResults": ("logs", "Logs Insights finds many"),
    "logs:StartQuery": ("logs", "Logs Insights finds many"),
    "servicequotas:GetAWSDefaultServiceQuota": ("quotas", "it was never raised in this account"),
}  # fmt: skip
"""Of what nothing healthy asks for: a situation (tests/real) in which it is asked for."""


@pytest.mark.parametrize("action", IN_A_ROW)
def test_where_it_is_needed_a_check_is_blind_without_it(action: str, monkeypatch: pytest.MonkeyPatch) -> None:
    [row] = [row for area, row in ROWS if (area, row.situation) == IN_A_ROW[action]]
    answer = Aws._answer
    refused = CouldNotLook(action, "AccessDeniedException: no", action=action)

    def denied(aws: Aws, service: str, operation: str, parameters: Any) -> Any:
        return refused if iam_action(service, operation) == action else answer(aws, service, operation, parameters)

    monkeypatch.setattr(Aws, "_answer", denied)
    told = ""
    try:
        found = examined(row.check, **row.seen())
        told = "".join(one.message for one in found if one.outcome is Outcome.BLIND)
    except CouldNotLook as error:  # the observation as a whole
        told = str(error)
    assert f"allow {action}" in told


FOUND_BY: dict[str, tuple[str, dict[str, Any]]] = {
    "cloudformation:ListStackResources": ("cloudformation", {"cloudformation_stack": "Shop"}),
    "tag:GetResources": ("resourcegroupstaggingapi", {"tags": {"app": "shop"}}),
}
"""What the stack of the tests above does not need: it names everything. With the client, and a stack that needs it."""


@pytest.mark.parametrize("action", FOUND_BY)
def test_what_finds_a_stacks_resources_is_needed_by_all_that_take_them(action: str) -> None:
    service, keys = FOUND_BY[action]
    refused = CouldNotLook(action, "AccessDeniedException: no", action=action)
    with pytest.raises(CouldNotLook, match=f"allow {action}"):
        inventory(stack(**keys), Aws({(service, action.partition(":")[2]): refused}))
    taking = {
        one.name
        for one in SOURCES
        if "inventory" in {of.name for of in closure(name for name in one.needs if name in REGISTRY)}
    }
    wanted = wanted_by(SOURCES)[action]
    assert wanted.checks <= taking == wanted.checks.union(wanted.in_part, *wanted.occasions.values())
    assert len(taking) > 40


def test_every_occasion_is_of_an_action_that_is_declared() -> None:
    for (name, action), one in OCCASIONS.items():
        assert action in REGISTRY[name].allow
        assert one.when or one.checks or one.explains
        assert set(one.checks) <= {source.name for source in SOURCES}


def test_the_list_says_who_needs_what() -> None:
    own = stack(alarm_prefix="shop", tables=["orders"])
    told = {row["action"]: row for row in actions_of(own, SOURCES)}
    assert told["dynamodb:DescribeContinuousBackups"]["checks"] == "test_tables_can_be_restored_to_any_moment"
    assert told["cloudwatch:ListMetrics"]["checks"] == ""
    assert told["cloudwatch:ListMetrics"]["also"] == (
        "only where a metric had no data for a week: test_alarms_watch_something"
    )
    assert "explains a failure: test_tables_are_not_throttled" in told["dynamodb:DescribeContributorInsights"]["also"]
    assert "sqs:GetQueueUrl" not in told
    assert "logs:StartQuery" not in told
