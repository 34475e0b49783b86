"""Remedies of DynamoDB: an index that searches need."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from ...aws.indexes import index_keys
from ...config.toml_tables import WantedIndex
from ...core.change import CannotFix, Progress, Request, Risk, State
from ...core.wording import nearest
from ...fixing.remedy import Setting
from ..operations.restore_points import TABLE, known_table

_INDEX = "/index/"


class CreateIndex(Setting):
    """Create a global secondary index that the stack expects and its table lacks.

    An index of that name stays as it is: its keys cannot be changed.
    """

    risk = Risk.DISRUPTIVE
    rolls_back = False
    runbook = "table-indexes"
    settles_within = timedelta(minutes=30)
    allow = ("dynamodb:UpdateTable", TABLE)
    expects = "DynamoDB fills the index from the table, for hours where that is large; then searches use it"
    beware = (
        "from now on DynamoDB refuses items whose key attribute is empty or of another type; each write of the table "
        "is paid a second time; what CDK or CloudFormation defines must be changed there too, or the next deployment "
        "deletes it again"
    )

    def risk_of(self, before: State, after: State) -> Risk:
        """Deleting an index fails every search that names it, and it takes hours to create it again."""
        return self.risk if after["keys"] else Risk.DESTRUCTIVE

    def targets(self, resource: str, evidence: Mapping[str, Any]) -> list[str]:
        return [_short(resource)]

    def normal(self, target: str) -> str:
        """TABLE/index/NAME, of an ARN or a bare name too; CannotFix where the stack expects no such index."""
        known = {_target(one): one.name for one in self.stack.indexes}
        short = _short(target)
        found = [name for name, bare in known.items() if short in (name, bare)]
        if len(found) != 1:
            raise CannotFix(f"{target} is not an index that {self.stack.name} expects; {nearest(short, known)}")
        return found[0]

    def all_targets(self) -> list[str]:
        missing = [target for target in map(_target, self.stack.indexes) if not self.read(target)["keys"]]
        if not missing:
            raise CannotFix("every expected index is there")
        return missing

    def shown(self, target: str) -> str:
        return target.replace(_INDEX, "/")

    def read(self, target: str) -> State:
        index = _of(self._describe(target), target)
        if not index:
            return {"keys": {}, "projection": ""}
        kind = index["Projection"]["ProjectionType"]
        return {"keys": index_keys(index), "projection": str(kind)}

    def read_for_plan(self, target: str) -> State:
        """As `read`, of a table that can take an index now, and that keeps nothing else under the key's name."""
        told, wanted = self._describe(target), self._wanted(target)
        if status := _busy(told):
            raise CannotFix(f"{status}: DynamoDB takes one change at a time")
        for definition in told["AttributeDefinitions"]:
            kind = definition["AttributeType"]
            if definition["AttributeName"] == wanted.hash_key and kind != wanted.key_type:
                raise CannotFix(f"{wanted.hash_key} is a key of type {kind} already, expected {wanted.key_type}")
        self._keys = {"HASH": wanted.hash_key, **({"RANGE": wanted.range_key} if wanted.range_key else {})}
        return self.read(target)

    def want(self, now: State, wish: Mapping[str, str]) -> State:
        """There, with every attribute of the item, so that a search need not read the table as well."""
        if now["keys"]:
            raise CannotFix(
                "there is an index of that name, and its keys cannot be changed: create one under another name, "
                "let searches use that, then delete this one"
            )
        return {"keys": dict(self._keys), "projection": "ALL"}

    def request(self, target: str, before: State, after: State) -> Request:
        """UpdateTable with the table's own definitions and those of the new keys; or without the index."""
        table, _, name = target.partition(_INDEX)
        if not after["keys"]:
            update: dict[str, Any] = {"Delete": {"IndexName": name}}
            return Request("dynamodb", "UpdateTable", {"TableName": table, "GlobalSecondaryIndexUpdates": [update]})
        told, wanted = self._describe(target), self._wanted(target)
        types = {one["AttributeName"]: one["AttributeType"] for one in told["AttributeDefinitions"]}
        for key, attribute in after["keys"].items():
            types.setdefault(attribute, wanted.key_type if key == "HASH" else "S")
        parameters = {
            "TableName": table,
            "AttributeDefinitions": [
                {"AttributeName": key, "AttributeType": kind} for key, kind in sorted(types.items())
            ],
            "GlobalSecondaryIndexUpdates": [{"Create": _created(name, after, told)}],
        }
        return Request("dynamodb", "UpdateTable", parameters)

    def progress(self, target: str, before: State, after: State) -> Progress:
        reached = super().progress(target, before, after)
        told = self._describe(target)
        index = _of(told, target)
        status = str(index["IndexStatus"]) if index else "not there"
        filled = ", being filled" if index.get("Backfilling") else ""
        settled = reached.settled and not _busy(told) and status in ("ACTIVE", "not there")
        return Progress(settled, f"the index is {status}{filled}")

    def _wanted(self, target: str) -> WantedIndex:
        for one in self.stack.indexes:
            if _target(one) == target:
                return one
        raise CannotFix(f"{self.shown(target)} is no longer an index that {self.stack.name} expects")

    def _describe(self, target: str) -> Mapping[str, Any]:
        told = known_table(self.aws, target.partition(_INDEX)[0])
        told["TableStatus"]  # no table is without one
        return told


def _created(name: str, after: State, told: Mapping[str, Any]) -> dict[str, Any]:
    """The index; of a table whose capacity is provisioned, with as much as the table has."""
    keys: Mapping[str, str] = after["keys"]
    made: dict[str, Any] = {
        "IndexName": name,
        "KeySchema": [{"AttributeName": keys[kind], "KeyType": kind} for kind in ("HASH", "RANGE") if kind in keys],
        "Projection": {"ProjectionType": after["projection"]},
    }
    if told.get("BillingModeSummary", {}).get("BillingMode") != "PAY_PER_REQUEST":
        capacity = told["ProvisionedThroughput"]
        made["ProvisionedThroughput"] = {key: capacity[key] for key in ("ReadCapacityUnits", "WriteCapacityUnits")}
    return made


def _target(wanted: WantedIndex) -> str:
    return f"{wanted.table}{_INDEX}{wanted.name}"


def _short(target: str) -> str:
    return target.split(":table/", 1)[-1]


def _of(told: Mapping[str, Any], target: str) -> Mapping[str, Any]:
    name = target.partition(_INDEX)[2]
    return next((index for index in told.get("GlobalSecondaryIndexes", []) if index.get("IndexName") == name), {})


def _busy(told: Mapping[str, Any]) -> str:
    """What the table is doing that bars another change; or nothing."""
    if told["TableStatus"] != "ACTIVE":
        return f"the table is {told['TableStatus']}"
    for index in told.get("GlobalSecondaryIndexes", []):
        if (status := index["IndexStatus"]) != "ACTIVE":
            return f"the index {index['IndexName']} is {status}"
    return ""
