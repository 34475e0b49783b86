"""AWS Organizations: the accounts of an organization, or of some of its units, or with some tags."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..core.dataclass import dataclass
from ..core.observation import fan_out
from .session import Aws

SERVICE = "organizations"
ALLOW = (
    "organizations:ListAccounts",
    "organizations:ListAccountsForParent",
    "organizations:ListOrganizationalUnitsForParent",
    "organizations:ListTagsForResource",
)
"""IAM actions, of the management account or of a delegated administrator."""


@dataclass(frozen=True)
class Member:
    """An account of the organization. `partition` is aws, aws-cn or aws-us-gov."""

    id: str
    name: str
    partition: str


def members(aws: Aws, units: Iterable[str] = (), tags: Mapping[str, str] | None = None) -> list[Member]:
    """The active accounts, by their ids; of those units and all below them where there are any, with all of the tags.

    CouldNotLook where a call fails: a part of the accounts is never taken for all.
    https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListAccounts.html
    """
    found: dict[str, Mapping[str, Any]] = {}
    given = list(units)
    for unit in _with_those_below(aws, given):
        found |= {one["Id"]: one for one in aws.items(SERVICE, "ListAccountsForParent", "Accounts", ParentId=unit)}
    if not given:
        found = {one["Id"]: one for one in aws.items(SERVICE, "ListAccounts", "Accounts")}
    active = [found[key] for key in sorted(found) if _is_active(found[key])]
    if tags:
        known = fan_out(lambda one: _tags(aws, one["Id"]).items(), active, at_once=4)
        active = [one for one, own in zip(active, known, strict=True) if own >= tags.items()]
    return [Member(one["Id"], one["Name"], one["Arn"].split(":")[1]) for one in active]


def _with_those_below(aws: Aws, units: list[str]) -> list[str]:
    found, left = dict.fromkeys(units), list(units)
    while left:
        listed = aws.items(SERVICE, "ListOrganizationalUnitsForParent", "OrganizationalUnits", ParentId=left.pop())
        below = [one["Id"] for one in listed if one["Id"] not in found]
        found |= dict.fromkeys(below)
        left += below
    return list(found)


def _is_active(account: Mapping[str, Any]) -> bool:
    """By `State`; `Status` is what it was called until September 2026."""
    return str(account["State"] if "State" in account else account["Status"]) == "ACTIVE"


def _tags(aws: Aws, account: str) -> dict[str, str]:
    return {one["Key"]: one["Value"] for one in aws.items(SERVICE, "ListTagsForResource", "Tags", ResourceId=account)}
