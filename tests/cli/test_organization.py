"""`opschecks organization`: every active account is a stack, once, and nothing is written that a run would refuse."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from opschecks.aws.organization import Member, members
from opschecks.cli.organization import stacks_toml
from opschecks.config.load import load_stacks, stacks_of
from opschecks.core.observation import CouldNotLook
from tests.canned import Aws, pages_of
from tests.cli.typed import opschecks

DENIED = CouldNotLook("organizations:ListAccounts", "AccessDenied", action="organizations:ListAccounts")


def account(number: int, name: str, **more: str) -> dict[str, Any]:
    key = f"{number:012}"
    arn = f"arn:aws:organizations::999999999999:account/o-exampleorgid/{key}"
    return {"Id": key, "Arn": arn, "Name": name, "State": "ACTIVE", **more}


ACCOUNTS = [
    account(1, "Payments"),
    account(2, "Search", State="SUSPENDED"),
    account(3, "payments"),
    account(4, "All", State="PENDING_CLOSURE"),
]
UNITS: dict[str, list[str]] = {"ou-root-aaaaaaaa": ["ou-root-bbbbbbbb", "ou-root-cccccccc"]}
IN_UNITS = {"ou-root-bbbbbbbb": [account(5, "Deep")], "ou-root-cccccccc": [account(6, "Closed", State="CLOSED")]}


def organization() -> Aws:
    return Aws(
        {
            ("organizations", "ListAccounts"): pages_of("Accounts", ACCOUNTS[:2], [], ACCOUNTS[2:]),
            ("organizations", "ListAccountsForParent"): lambda ParentId: {"Accounts": IN_UNITS.get(ParentId, [])},  # noqa: N803
            ("organizations", "ListOrganizationalUnitsForParent"): lambda ParentId: {  # noqa: N803
                "OrganizationalUnits": [{"Id": one} for one in UNITS.get(ParentId, [])]
            },
            ("organizations", "ListTagsForResource"): lambda ResourceId: {  # noqa: N803
                "Tags": [{"Key": "tier", "Value": "production" if ResourceId.endswith("1") else "test"}]
            },
        }
    )


def test_every_active_account_of_every_page_is_there() -> None:
    assert members(organization()) == [
        Member("000000000001", "Payments", "aws"),
        Member("000000000003", "payments", "aws"),
    ]


def test_an_older_answer_has_only_a_status() -> None:
    older = {key: value for key, value in account(1, "A", Status="ACTIVE").items() if key != "State"}
    closed = {**older, "Id": "000000000002", "Status": "SUSPENDED"}
    aws = Aws({("organizations", "ListAccounts"): {"Accounts": [older, closed]}})
    assert [one.id for one in members(aws)] == ["000000000001"]


def test_a_unit_has_what_is_below_it() -> None:
    assert [one.name for one in members(organization(), ["ou-root-aaaaaaaa"])] == ["Deep"]


def test_an_account_must_have_all_the_tags() -> None:
    assert [one.name for one in members(organization(), tags={"tier": "production"})] == ["Payments"]
    assert members(organization(), tags={"tier": "production", "team": "x"}) == []


def test_a_part_of_the_accounts_is_never_taken_for_all() -> None:
    aws = Aws({("organizations", "ListAccounts"): [pages_of("Accounts", ACCOUNTS[:2], [])[0], DENIED]})
    with pytest.raises(CouldNotLook, match="allow organizations:ListAccounts"):
        members(aws)


def test_each_account_is_a_stack_in_each_region() -> None:
    found = [Member("000000000001", "Payments EU", "aws"), Member("000000000002", "all", "aws-cn")]
    told = tomllib.loads(stacks_toml(found, ["eu-central-1", "us-west-2"], "ops/reader", {"external_id": "secret-1"}))
    assert list(told["stacks"]) == [
        "payments-eu-eu-central-1",
        "payments-eu-us-west-2",
        "all-000000000002-eu-central-1",
        "all-000000000002-us-west-2",
    ]
    assert told["stacks"]["payments-eu-us-west-2"] == {
        "account_id": "000000000001", "region": "us-west-2", "external_id": "secret-1",
        "role_arn": "arn:aws:iam::000000000001:role/ops/reader",
    }  # fmt: skip
    assert told["stacks"]["all-000000000002-us-west-2"]["role_arn"].startswith("arn:aws-cn:iam::000000000002:")


@pytest.mark.parametrize("name", ['a"]\nx = 1', "\x7f\x00", "🚀", "..", "", "-a-", "ü" * 50, "a.b"])
def test_no_name_of_an_account_breaks_the_file(name: str) -> None:
    found = [Member("000000000001", name, "aws"), Member("000000000002", "Other", "aws")]
    text = stacks_toml(found, ["us-west-2"], "reader", {"tags": {'k"': "v\n"}})
    listed = stacks_of(tomllib.loads(text), Path("x.toml")).stacks
    assert {stack.account_id for stack in listed.values()} == {"000000000001", "000000000002"}
    assert next(iter(listed.values())).tags == {'k"': "v\n"}


def test_two_accounts_of_one_name_are_two_stacks() -> None:
    told = tomllib.loads(stacks_toml(members(organization()), ["us-west-2"], "reader", {}))
    assert list(told["stacks"]) == ["payments-000000000001", "payments-000000000003"]


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    monkeypatch.setattr("opschecks.aws.session.Aws", lambda stack: organization())

    def run(*arguments: str) -> Result:
        given = ["organization", "--role-name", "reader", "--region", "us-west-2", *arguments]
        return opschecks(*given)

    return run


def test_the_file_is_made_again_and_stacks_toml_includes_it(command: Any, tmp_path: Path) -> None:
    out = tmp_path / "organization.toml"
    for _ in range(2):
        assert command("--out", str(out), "--state", "s3://ops/state").output == f"{out}: 2 stacks of 2 accounts\n"
    (tmp_path / "stacks.toml").write_text('include = ["organization.toml"]\n', encoding="utf-8")
    assert {stack.state for stack in load_stacks(tmp_path / "stacks.toml").stacks.values()} == {"s3://ops/state"}
    assert list(tomllib.loads(command("--except", "000000000003").output)["stacks"]) == ["payments"]


REFUSED = {
    "by hand": (["--out", "hand.toml"], "hand.toml: it is there already, and was not made by this command"),
    "no such account": (["--except", "Nobody"], "--except Nobody: no such account among the 2 that were found"),
    "none": (["--tag", "tier=none"], "no active account fits"),
    "no pair": (["--tag", "tier"], "--tag tier: expected KEY=VALUE"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_bad_input_is_one_line(command: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "hand.toml").write_text("[stacks.a]\n", encoding="utf-8")
    arguments, words = REFUSED[case]
    told = command(*arguments)
    assert told.exit_code == 1
    assert words in told.output
    assert (tmp_path / "hand.toml").read_text(encoding="utf-8") == "[stacks.a]\n"
