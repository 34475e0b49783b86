"""What doctor and organization ask: the accounts of units, a trial of each action, and what an answer tells besides."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from opschecks.aws.organization import Member, members
from opschecks.aws.trial import Endpoint, Noted, Trial
from opschecks.core import clock
from opschecks.core.observation import CouldNotLook, NotThere
from tests.aws.test_session_parts import NO, Shared, client_error
from tests.canned import NOW, Aws, Raw, stack


def _account(number: int, **more: Any) -> Raw:
    arn = f"arn:aws-cn:organizations::9:account/o-1/{number}"
    return {"Id": f"{number:012}", "Name": f"n{number}", "Arn": arn, "State": "ACTIVE", **more}


def test_the_accounts_of_units_are_those_of_all_units_below_them_by_their_ids() -> None:
    below: dict[str, list[str]] = {"ou-1": ["ou-2", "ou-3"], "ou-2": ["ou-4"], "ou-4": ["ou-1"]}
    within = {"ou-1": [_account(9)], "ou-3": [_account(2), _account(3, State="SUSPENDED")], "ou-4": [_account(1)]}
    aws = Aws(
        {
            ("organizations", "ListOrganizationalUnitsForParent"): lambda ParentId: {  # noqa: N803 - AWS's name
                "OrganizationalUnits": [{"Id": one} for one in below.get(ParentId, [])]
            },
            ("organizations", "ListAccountsForParent"): lambda ParentId: {"Accounts": within.get(ParentId, [])},  # noqa: N803
            ("organizations", "ListAccounts"): {"Accounts": [_account(7)]},
            ("organizations", "ListTagsForResource"): lambda ResourceId: {  # noqa: N803
                "Tags": [{"Key": "a", "Value": "b"}, {"Key": "n", "Value": ResourceId[-1]}]
            },
        }
    )
    found = members(aws, iter(["ou-1"]))
    assert found == [Member(f"{number:012}", f"n{number}", "aws-cn") for number in (1, 2, 9)]
    assert [one.name for one in members(aws)] == ["n7"]
    assert [one.name for one in members(aws, ["ou-1"], {"a": "b", "n": "2"})] == ["n2"]
    assert members(aws, [], {"a": "c"}) == []


class _Trial(Trial):
    def __init__(self, *told: Any) -> None:
        super().__init__(stack(), unusable=NO)
        shared: Any = Shared(*told)
        shared.meta = SimpleNamespace(endpoint_url="https://x", events=SimpleNamespace(register=self._register))
        self._shared, self.heard = shared, list[Any]()

    def _register(self, event: str, handler: Any) -> None:
        assert event == "response-received"
        self.heard.append(handler)


def test_a_trial_notes_how_each_action_ended_and_the_first_failure_of_each() -> None:
    trial = _Trial({}, client_error("X"), client_error("Y"), {}, NotThere("a:B", "gone"), {})
    for operation in ("ListTables", "DescribeTable", "DescribeTable", "DescribeTable", "ListBackups"):
        try:
            trial.call("dynamodb", operation)
        except CouldNotLook:
            continue
    noted = trial.noted.actions
    assert [*noted] == ["dynamodb:ListTables", "dynamodb:DescribeTable", "dynamodb:ListBackups"]
    assert (noted["dynamodb:ListTables"], noted["dynamodb:ListBackups"]) == (None, None)
    assert str(noted["dynamodb:DescribeTable"]) == "dynamodb:DescribeTable: refused DescribeTable: X"
    assert trial.noted.endpoints == {"dynamodb": Endpoint("https://x")}
    assert len(trial.heard) == 1
    trial.elsewhere("us-east-1").call("dynamodb", "ListTables")
    assert [*trial.noted.endpoints] == ["dynamodb", "dynamodb in us-east-1"]


def test_a_trial_reads_one_page_and_all_where_it_is_asked_to() -> None:
    first, second = {"TableNames": ["a"], "LastEvaluatedTableName": "2"}, {"TableNames": ["b"]}
    assert [one["TableNames"] for one in _Trial(first, second).pages("dynamodb", "ListTables")] == [["a"]]
    every = _Trial(first, second).every_page("dynamodb", "ListTables")
    assert [one["TableNames"] for one in every] == [["a"], ["b"]]


def test_what_a_service_answered_tells_its_clock_and_that_it_did(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "_read", lambda: NOW)
    noted = Noted(endpoints={"ecs": Endpoint("u")})
    noted.note_answer("ecs", None, OSError("no route"))
    assert noted.endpoints["ecs"] == Endpoint("u", False, "OSError: no route")
    noted.note_answer("ecs", {}, None)
    assert (noted.endpoints["ecs"].answered, noted.ahead) == (True, None)
    noted.note_answer("ecs", {"headers": {"DATE": f"{NOW + timedelta(seconds=9):%a, %d %b %Y %H:%M:%S GMT}"}}, None)
    assert noted.ahead == timedelta(seconds=9)
