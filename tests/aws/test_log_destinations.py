"""Log groups, where their subscriptions send, and which of them must be written to: each part that may be missing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from opschecks.aws.ecs import Service
from opschecks.aws.log_groups import LogGroup, account_policies, describe_log_groups, sent_by_account, sent_by_group
from opschecks.aws.log_writers import LogWriters, log_writers
from opschecks.core.answer import Answer
from opschecks.core.model import Figure
from opschecks.core.observation import CouldNotLook, NotConfigured
from tests.canned import NOW, Aws, Raw, ago, pages_of, stack
from tests.cases import cases

DENIED = CouldNotLook("logs:FilterLogEvents", "AccessDenied: no", action="logs:FilterLogEvents")
MADE = int(ago(days=9).timestamp() * 1000)


def _group(**told: Any) -> LogGroup:
    return LogGroup(arn="g", name="g", evidence=Answer({"logGroupName": "g", **told}, "logs:DescribeLogGroups"))


def test_a_log_group_says_how_long_it_keeps_its_events() -> None:
    assert _group().retention_days is None
    assert _group(retentionInDays=30).retention_days == 30
    assert _group(creationTime=MADE).created == NOW - timedelta(days=9)
    assert _group().fixed_retention == ""
    assert _group(logGroupClass="STANDARD").fixed_retention == ""
    assert "delivers them elsewhere" in _group(logGroupClass="DELIVERY").fixed_retention
    assert _group().exists
    with pytest.raises(CouldNotLook, match="no 'logGroupName'"):
        assert LogGroup(arn="g", name="g", evidence=Answer({}, "logs:DescribeLogGroups")).retention_days


def test_log_groups_are_described_50_at_a_time_in_their_order() -> None:
    def listed(logGroupIdentifiers: Any) -> Raw:  # noqa: N803 - AWS's name
        told = [{"logGroupName": name, "storedBytes": 1_250_000, "retentionInDays": 7} for name in logGroupIdentifiers]
        return {"logGroups": [one for one in reversed(told) if one["logGroupName"] != "gone"]}

    wanted = (*(f"g{n}" for n in range(50)), "gone")
    aws = Aws({("logs", "DescribeLogGroups"): listed})
    found = describe_log_groups(aws, wanted)
    assert [one.name for one in found] == [one.arn for one in found] == list(wanted)
    assert [len(one["logGroupIdentifiers"]) for one in aws.parameters_of("DescribeLogGroups")] == [50, 1]
    assert found[0].exists
    assert found[0].figures == (Figure("kept", 7, "days"), Figure("stored", 1.2, "MB"))
    assert not found[50].exists
    assert found[50].figures == ()
    assert found[50].evidence == {"Error": "CloudWatch Logs lists no such log group"}


@cases([
    ({}, (Figure("kept", "forever"),)),
    ({"storedBytes": 0}, (Figure("kept", "forever"), Figure("stored", 0.0, "MB"))),
    ({"storedBytes": 1_234_567}, (Figure("kept", "forever"), Figure("stored", 1.2, "MB"))),
])  # fmt: skip
def test_the_figures_of_a_log_group(told: Raw, figures: tuple[Figure, ...]) -> None:
    [found] = describe_log_groups(
        Aws({("logs", "DescribeLogGroups"): {"logGroups": [{"logGroupName": "g", **told}]}}), ("g",)
    )
    assert found.figures == figures


def test_where_the_unfiltered_subscriptions_of_a_group_send() -> None:
    def one(to: str, pattern: str = "", **more: Any) -> Raw:
        return {"destinationArn": to, "filterPattern": pattern, **more}

    listed = pages_of(
        "subscriptionFilters",
        [one("a"), one("b", " "), one("c", "ERROR")],
        [one("d"), one("e", fieldSelectionCriteria="@aws.account = 1")],
        token="nextToken",
    )
    aws = Aws({("logs", "DescribeSubscriptionFilters"): listed})
    assert sent_by_group(aws, "g") == ("a", "b", "d")
    assert aws.parameters_of("DescribeSubscriptionFilters")[0] == {"logGroupName": "g"}
    assert sent_by_group(Aws({("logs", "DescribeSubscriptionFilters"): DENIED}), "g") is DENIED


def _policies(*pages: Any, **limits: Any) -> tuple[Any, Aws]:
    aws = Aws({("logs", "DescribeAccountPolicies"): list(pages)}, stack(limits=limits))
    return account_policies(aws), aws


def test_all_pages_of_the_accounts_policies_are_read_or_it_is_said_why_not() -> None:
    one, two = {"policyName": "a"}, {"policyName": "b"}
    found, aws = _policies({"accountPolicies": [one], "nextToken": "x"}, {"accountPolicies": [two]})
    assert found == [one, two]
    first, second = aws.parameters_of("DescribeAccountPolicies")
    assert first == {"policyType": "SUBSCRIPTION_FILTER_POLICY"}
    assert second == {**first, "nextToken": "x"}
    found, _ = _policies(*[{"accountPolicies": [one], "nextToken": "x"}] * 2)
    assert str(found) == "logs:DescribeAccountPolicies: the same next page was named twice"
    found, _ = _policies(*({"accountPolicies": [], "nextToken": one} for one in "ab"), pages=2)
    assert (
        str(found) == "logs:DescribeAccountPolicies: cut short after 2 pages (limit pages); later pages were not read"
    )
    found, _ = _policies(DENIED)
    assert found is DENIED
    found, _ = _policies({})
    assert "no 'accountPolicies'" in str(found)


def _policy(to: str, pattern: str | None = "", criteria: str | None = None) -> Raw:
    told = f'{{"DestinationArn": "{to}"' + ("}" if pattern is None else f', "FilterPattern": "{pattern}"}}')
    return {"policyDocument": told, **({} if criteria is None else {"selectionCriteria": criteria})}


def test_where_the_unfiltered_subscriptions_of_the_account_send() -> None:
    listed = [
        _policy("a"),
        _policy("b", None),
        _policy("c", " "),
        _policy("d", "ERROR"),
        _policy("e", criteria='LogGroupName NOT IN ["x", "g"]'),
        _policy("f", criteria='LogGroupName NOT IN ["gg"]'),
    ]
    assert sent_by_account(listed, "g") == ("a", "b", "c", "f")
    assert sent_by_account(listed, "other") == ("a", "b", "c", "e", "f")
    assert sent_by_account([], "g") == ()
    assert sent_by_account(DENIED, "g") is DENIED


def _service(name: str, definition: str | None) -> Service:
    told = {"serviceName": name, **({} if definition is None else {"taskDefinition": definition})}
    return Service(arn=name, name=name, evidence=Answer(told, "ecs:DescribeServices"))


def _container(group: str | None = None, **more: Any) -> Raw:
    options = {"logDriver": "awslogs", "options": {"awslogs-group": group}} if group else None
    return {"name": "c", **({"logConfiguration": options} if options else {}), **more}


def _writers(services: Any, *containers: Raw, **keys: Any) -> tuple[LogWriters, Aws]:
    answer = {"taskDefinition": {"containerDefinitions": list(containers)}}
    aws = Aws({("ecs", "DescribeTaskDefinition"): answer}, stack(**keys))
    return log_writers(aws.stack, aws, services), aws


def test_groups_that_the_stack_names_must_be_written_to() -> None:
    told, aws = _writers(DENIED, log_groups=["g"])
    assert (told.must_write("g"), told.must_write("h"), aws.calls) == (True, False, [])


def test_groups_of_the_services_containers_must_be_written_to() -> None:
    services = [_service("a", "d:1"), _service("b", "d:1"), _service("c", "d:2"), _service("e", None)]
    told, aws = _writers(services, _container("g"), _container(), _container(logConfiguration={"logDriver": "awslogs"}))
    assert told == LogWriters(frozenset({"g"}))
    asked = aws.parameters_of("DescribeTaskDefinition")
    assert sorted(one["taskDefinition"] for one in asked) == ["d:1", "d:2"]
    files = _container(logConfiguration={"logDriver": "json-file", "options": {"max-size": "1m"}})
    told, _ = _writers(services, _container("g"), files)
    assert told == LogWriters(frozenset({"g"}))


def test_which_groups_must_be_written_to_is_not_known_without_the_services_or_a_group() -> None:
    assert _writers(NotConfigured("", "no services"))[0] == LogWriters(frozenset())
    assert _writers([])[0] == LogWriters(frozenset())
    for told in (_writers(DENIED)[0], _writers([_service("a", "d:1")], _container())[0]):
        with pytest.raises(CouldNotLook):
            told.must_write("g")
    assert str(_writers([_service("a", "d:1")], _container())[0].groups) == (
        "ecs:DescribeTaskDefinition: no container of the services names its log group: set log_groups in stacks.toml"
    )
    aws = Aws({("ecs", "DescribeTaskDefinition"): DENIED})
    assert log_writers(aws.stack, aws, [_service("a", "d:1")]) == LogWriters(DENIED)
