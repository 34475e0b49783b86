"""`opschecks init` where there is very much, nothing, or nothing to be seen; and of what a user's own checks look at.

It finds the type of that in their `inventory.others(…)`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from opschecks.aws.survey import OTHER_LISTS, keys_and_names, own_list
from opschecks.cli import init, reach_stack
from opschecks.cli.init import MOST_LOOKS
from opschecks.cli.proposed_file import LONG
from opschecks.config.load import load_stacks
from opschecks.core.iam import iam_action
from opschecks.core.observation import CouldNotLook
from tests.canned import Aws
from tests.cli.typed import opschecks
from tests.shop.large import ACCOUNT, APPS, OTHERS, SERVICES, Account, Table, arn, denied, large, nothing

REACH = ("init", "--region", "us-west-2", "--write")
IDLE: Table = {
    ("ecs", "DescribeClusters"): lambda **_: {"clusters": [{"clusterName": "default", "status": "ACTIVE"}]},
    ("ecs", "ListServices"): lambda **_: {"serviceArns": []},
}


Reach = Callable[[Table], Account]


@pytest.fixture
def reach(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Reach:
    """An empty folder, and the account that commands reach."""
    monkeypatch.chdir(tmp_path)

    def made(answers: Table) -> Account:
        account = Account(answers)
        for module in (reach_stack, init):
            monkeypatch.setattr(module, "reached_as", account.reached_as)
        return account

    return made


def test_an_account_of_5000_resources_takes_bounded_calls_and_shows_progress(reach: Callable[[Table], Account]) -> None:
    account = reach(large())
    ended = opschecks(*REACH)
    assert ended.exit_code == 0, ended.stderr
    text = Path("stacks.toml").read_text(encoding="utf-8")
    found = load_stacks(Path("stacks.toml")).stacks
    assert list(found) == APPS
    assert {len(one.services) for one in found.values()} == {SERVICES}
    assert {len(one.resources["queues"]) for one in found.values()} == {OTHERS}
    certificates = [one.resources.get("certificates") for one in found.values()]
    assert certificates[:MOST_LOOKS] == [(arn("acm", f"certificate/{app}"),) for app in APPS[:MOST_LOOKS]]
    assert [one.alarm_prefix for one in found.values()] == APPS
    assert all("backend_url" in one.without for one in found.values())
    assert max(len(line) for line in text.splitlines() if not line.startswith("#")) <= LONG
    unlooked = f"# what {', '.join(APPS[MOST_LOOKS:])} do not have is told by their keys alone"
    assert unlooked in text
    assert "# not seen: some task definitions: 1,200, of which 500 were read" in text
    for line in ("ECS services: 1,000 so far", "ECS services: 1,200", "alarms: 1,500 so far", "SQS queues: 720"):
        assert f"  {line}\n" in ended.stderr
    assert account.calls <= 3_000


def test_an_empty_account_is_one_line(reach: Callable[[Table], Account]) -> None:
    reach(nothing())
    ended = opschecks(*REACH)
    assert (ended.exit_code, ended.stdout) == (1, "")
    said = "nothing that checks look at in account 123456789012, us-west-2; name another --region or --profile"
    assert ended.stderr.splitlines()[-1] == f"Error: {said}"
    assert not Path("stacks.toml").exists()


def test_an_idle_cluster_makes_no_stack(reach: Callable[[Table], Account]) -> None:
    """The one called default is there as soon as somebody opens the console."""
    reach({**nothing(), ("ecs", "ListClusters"): lambda: {"clusterArns": [arn("ecs", "cluster/default")]}, **IDLE})
    ended = opschecks(*REACH)
    assert ended.exit_code == 1
    assert "Error: nothing that checks look at" in ended.stderr


def test_a_role_that_may_see_nothing_is_told_every_action(reach: Callable[[Table], Account]) -> None:
    reach(denied())
    ended = opschecks(*REACH)
    assert (ended.exit_code, ended.stdout) == (1, "")
    error = ended.stderr.splitlines()[-1]
    assert error.startswith(
        "Error: nothing that checks look at in account 123456789012, us-west-2; the credentials may"
    )
    actions = {iam_action(*of) for of in denied()} - {"sts:GetCallerIdentity"}
    assert set(error.partition("allow ")[2].split(", ")) == actions
    assert not Path("stacks.toml").exists()


def test_functions_and_queues_alone_are_a_stack(reach: Callable[[Table], Account]) -> None:
    urls = [f"https://sqs/{ACCOUNT}/{one}" for one in ("orders", "orders-dead")]
    functions = {("lambda", "ListFunctions"): lambda **_: {"Functions": [{"FunctionName": "handle-orders"}]}}
    reach({**nothing(), ("sqs", "ListQueues"): lambda **_: {"QueueUrls": urls}, **functions})
    assert opschecks(*REACH).exit_code == 0
    (one,) = load_stacks(Path("stacks.toml")).stacks.values()
    assert one.name == "production"
    assert one.resources == {"queues": ("orders", "orders-dead"), "functions": ("handle-orders",)}
    comment = "# of functions that are called every day, add the log group to log_groups: /aws/lambda/handle-orders\n"
    assert comment in Path("stacks.toml").read_text(encoding="utf-8")
    assert {"cluster", "load_balancer", "log_groups", "security_groups", "tables"} <= set(one.without)


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


@pytest.fixture
def of_topics(reach: Reach, tmp_path: Path) -> Reach:
    """A project with that check."""
    (tmp_path / "checks" / "daily").mkdir(parents=True)
    (tmp_path / "checks" / "daily" / "test_topics.py").write_text(CHECK, encoding="utf-8")
    return reach


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


def test_they_are_proposed_and_new_ones_told_later(of_topics: Reach) -> None:
    of_topics(account_of(listed))
    ended = opschecks(*REACH)
    assert ended.exit_code == 0, ended.stderr
    assert "  topics: 2\n" in ended.stderr
    (one,) = load_stacks(Path("stacks.toml")).stacks.values()
    assert one.resources == {"queues": ("orders",), "topics": ("on-call", "orders")}

    path = Path("stacks.toml")
    path.write_text(path.read_text(encoding="utf-8").replace('"on-call", ', ""), encoding="utf-8")
    later = opschecks("init")
    assert [line for line in later.stdout.splitlines() if line[0] in "+-"] == ["+ resources.topics: on-call"]


DENIED = CouldNotLook("cloudformation:ListResources", "AccessDenied: no", action="cloudformation:ListResources")


def test_what_may_not_be_listed_is_told(of_topics: Reach) -> None:
    of_topics(account_of(lambda **_: DENIED))
    ended = opschecks(*REACH[:-1])
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
