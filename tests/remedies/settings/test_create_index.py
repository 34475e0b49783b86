"""An index that is created with all that its table needs for it, deleted again, and refused where it cannot be."""

from __future__ import annotations

from typing import Any

import pytest

from opschecks.config.stack import Stack
from opschecks.core.change import CannotFix, Change, Risk
from opschecks.core.observation import NotThere
from opschecks.fixing.plan import planned
from opschecks.remedies.settings.dynamodb import CreateIndex
from tests.aws.test_indexes import ARN, ONE, SORTED, by, index, raw_table
from tests.canned import Aws, Raw, fits, refuses, stack

TARGET = "incidents/index/by-team"


def remedy(*there: Raw, checked: Stack = ONE, gone: bool = False, **changes: Any) -> CreateIndex:
    missing = NotThere("dynamodb:DescribeTable", "ResourceNotFoundException: no")
    answer = missing if gone else {"Table": raw_table(*there, **changes)}
    return CreateIndex(checked, Aws({("dynamodb", "DescribeTable"): answer}, checked))


def _created(fixes: CreateIndex) -> tuple[Change, dict[str, str], Raw]:
    """The planned change; as it is sent, the types of attributes by their names, and the one index that it makes."""
    change = planned(fixes, TARGET)
    sent = fits(fixes.request(TARGET, change.before, change.after)).parameters
    [update] = sent["GlobalSecondaryIndexUpdates"]
    assert set(update) == {"Create"}
    types = {one["AttributeName"]: one["AttributeType"] for one in sent["AttributeDefinitions"]}
    return change, types, update["Create"]


def test_an_index_is_created_with_all_attributes_and_deleted_again() -> None:
    fixes = remedy(index("other", "incident_id"))
    change, types, created = _created(fixes)
    assert change.risk is Risk.DISRUPTIVE
    assert types == {"incident_id": "S", "team": "S"}
    assert created == {"IndexName": "by-team", "KeySchema": by("team"), "Projection": {"ProjectionType": "ALL"}}
    assert fixes.risk_of(change.after, change.before) is Risk.DESTRUCTIVE
    back = dict(fits(fixes.request(TARGET, change.after, change.before)).parameters)
    assert back == {"TableName": "incidents", "GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": "by-team"}}]}


def test_a_sort_key_and_its_type_come_along() -> None:
    wanted = {"name": "by-team", "hash_key": "team", "range_key": "created_at", "key_type": "N"}
    checked = stack(incidents_table="incidents", wanted_indexes=[wanted])
    attributes = [{"AttributeName": "incident_id", "AttributeType": "S"}]
    _, types, created = _created(remedy(checked=checked, AttributeDefinitions=attributes))
    assert types == {"incident_id": "S", "team": "N", "created_at": "S"}
    assert created["KeySchema"] == SORTED


def test_a_provisioned_table_gives_its_index_what_it_has_itself() -> None:
    capacity = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 7}
    _, _, created = _created(remedy(BillingModeSummary=None, ProvisionedThroughput=capacity))
    assert created["ProvisionedThroughput"] == capacity


REFUSED = {
    "it is there": (remedy(index()), "its keys cannot be changed"),
    "it is there, by another key": (remedy(index(by="incident_id")), "its keys cannot be changed"),
    "the table is changing": (remedy(TableStatus="UPDATING"), "the table is UPDATING: DynamoDB takes one change"),
    "another is being filled": (remedy(index("other", "incident_id", IndexStatus="CREATING")), "index other is CREA"),
    "the key is a number already": (remedy(types={"team": "N"}), "team is a key of type N already, expected S"),
    "the table is gone": (remedy(gone=True), "the table incidents does not exist"),
}
test_indexes_that_are_not_created = refuses(REFUSED, lambda fixes: planned(fixes, TARGET))


def test_an_index_that_nobody_wants_any_more_is_not_created() -> None:
    with pytest.raises(CannotFix, match="is no longer an index that here expects"):
        remedy().read_for_plan("incidents/index/by-colour")


ON_ITS_WAY: dict[str, tuple[CreateIndex, bool, bool]] = {
    "created": (remedy(index()), True, True),
    "being filled": (remedy(index(IndexStatus="CREATING", Backfilling=True)), True, False),
    "the table still changes": (remedy(index(), TableStatus="UPDATING"), True, False),
    "not listed yet": (remedy(TableStatus="UPDATING"), True, False),
    "deleted": (remedy(), False, True),
    "being deleted": (remedy(index(IndexStatus="DELETING"), TableStatus="UPDATING"), False, False),
}


@pytest.mark.parametrize(("fixes", "create", "settled"), ON_ITS_WAY.values(), ids=ON_ITS_WAY)
def test_an_index_is_there_when_it_is_filled(fixes: CreateIndex, create: bool, settled: bool) -> None:
    none, there = {"keys": {}, "projection": ""}, {"keys": {"HASH": "team"}, "projection": "ALL"}
    before, after = (none, there) if create else (there, none)
    assert fixes.progress(TARGET, before, after).settled is settled


def test_targets_are_named_one_way() -> None:
    fixes = remedy()
    assert fixes.targets(f"{ARN}/index/by-team", {}) == [TARGET]
    assert fixes.normal(f"{ARN}/index/by-team") == fixes.normal("by-team") == fixes.normal(TARGET) == TARGET
    assert fixes.all_targets() == [TARGET]
    assert fixes.shown(TARGET) == "incidents/by-team"
    with pytest.raises(CannotFix, match="by-tem is not an index that here expects; known: incidents/index/by-team"):
        fixes.normal("by-tem")
    with pytest.raises(CannotFix, match="every expected index is there"):
        remedy(index()).all_targets()
