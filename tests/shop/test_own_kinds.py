"""What checks of a user's own look at is proposed, too: init finds its type in their `inventory.others(…)`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from opschecks.aws.survey import OTHER_LISTS, keys_and_names, own_list
from opschecks.cli import reach_stack
from opschecks.config.load import load_stacks
from opschecks.core.observation import CouldNotLook
from tests.canned import Aws
from tests.cli.typed import opschecks
from tests.shop.large import Account, Table, arn, nothing

CHECK = '''\
"""The topics of the shop."""
from opschecks import Inventory, Resource, Severity, check, observation


@observation()
def topics(inventory: Inventory) -> list[Resource]:
    """The topics."""
    named = inventory.others("topics", "AWS::SNS::Topic", "sns:")
    return [Resource(arn=one, name=one) for one in named]


@check(Severity.LOW, runbook="alarms", failing="No topic")
def test_topics(topics: list[Resource], examine):
    """Nobody is told."""
'''
Reach = Callable[[Table], Account]


@pytest.fixture
def reach(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Reach:
    """A project with that check, and the account that commands reach."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "checks" / "daily").mkdir(parents=True)
    (tmp_path / "checks" / "daily" / "test_topics.py").write_text(CHECK, encoding="utf-8")

    def made(answers: Table) -> Account:
        account = Account(answers)
        monkeypatch.setattr(reach_stack, "reached_as", account.reached_as)
        return account

    return made


def account_of(topics: Callable[..., Any]) -> Table:
    """With a queue, so that there is a stack."""
    urls = ["https://sqs/123456789012/orders"]
    return {
        **nothing(),
        ("sqs", "ListQueues"): lambda **_: {"QueueUrls": urls},
        ("cloudcontrol", "ListResources"): topics,
    }


def listed(TypeName: str) -> Mapping[str, Any]:  # noqa: N803 - AWS's name
    """As Cloud Control tells topics: by their ARN."""
    assert TypeName == "AWS::SNS::Topic"
    told = [{"Identifier": arn("sns", one), "Properties": "{}"} for one in ("orders", "on-call")]
    return {"TypeName": TypeName, "ResourceDescriptions": told}


INIT = ("init", "--region", "us-west-2")


def test_they_are_proposed_and_new_ones_told_later(reach: Reach) -> None:
    reach(account_of(listed))
    ended = opschecks(*INIT, "--write")
    assert ended.exit_code == 0, ended.stderr
    assert "  topics: 2\n" in ended.stderr
    (one,) = load_stacks(Path("stacks.toml")).stacks.values()
    assert one.resources == {"queues": ("orders",), "topics": ("on-call", "orders")}

    path = Path("stacks.toml")
    path.write_text(path.read_text(encoding="utf-8").replace('"on-call", ', ""), encoding="utf-8")
    later = opschecks("init")
    assert [line for line in later.stdout.splitlines() if line[0] in "+-"] == ["+ resources.topics: on-call"]


DENIED = CouldNotLook("cloudformation:ListResources", "AccessDenied: no", action="cloudformation:ListResources")


def test_what_may_not_be_listed_is_told(reach: Reach) -> None:
    reach(account_of(lambda **_: DENIED))
    ended = opschecks(*INIT)
    assert ended.exit_code == 0
    assert "# not seen: topics: cloudformation:ListResources: AccessDenied: no" in ended.stdout
    assert "resources.topics" not in ended.stdout


NAMES: dict[str, tuple[Sequence[str], str]] = {
    "AWS::SNS::Topic": (["arn:aws:sns:us-west-2:123456789012:orders"], "orders"),
    "AWS::Logs::LogGroup": (["/ecs/shop"], "/ecs/shop"),
    "AWS::AmazonMQ::Broker": (["b-1"], "b-1"),
}


@pytest.mark.parametrize("kind", NAMES)
def test_an_identifier_ends_with_the_name_where_it_is_an_arn(kind: str) -> None:
    identifiers, name = NAMES[kind]
    told = {"TypeName": kind, "ResourceDescriptions": [{"Identifier": one} for one in identifiers]}
    of = own_list("things", kind, "x:")
    assert list(of.names(Aws({("cloudcontrol", "ListResources"): told}))) == [name]


def test_a_type_that_ours_lists_is_listed_as_ours_does() -> None:
    own = own_list("order_queues", "AWS::SQS::Queue", "sqs:")
    assert own is OTHER_LISTS["queues"]
    both = keys_and_names("arn:aws:sqs:us-west-2:123456789012:orders", {**OTHER_LISTS, "order_queues": own})
    assert both == [("queues", "orders"), ("order_queues", "orders")]
    assert keys_and_names("not an arn", OTHER_LISTS) == []
