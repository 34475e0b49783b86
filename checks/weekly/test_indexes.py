"""Searches do not read whole tables."""

from opschecks import Examine, Severity, check
from opschecks.aws.indexes import Index
from opschecks.remedies.settings.dynamodb import CreateIndex


@check(
    Severity.MEDIUM,
    runbook="table-indexes",
    failing="An index that searches need is missing, not ready, or has another key",
    remedy=CreateIndex,
)
def test_wanted_indexes_can_be_searched(indexes: list[Index], examine: Examine) -> None:
    """Without its index a search reads the whole table: slowly, at the price of every item, or not at all."""
    for index in indexes:
        with examine(index) as note:
            assert index.table_exists, "the table does not exist"
            assert index.exists, "there is no such index"
            note(f"{index.status}, by {', '.join(index.keys.values())}")
            assert index.status in ("ACTIVE", "UPDATING"), "it does not show every item"
            wanted = index.wanted
            assert index.keys["HASH"] == wanted.hash_key, f"expected key {wanted.hash_key}"
            assert not wanted.range_key or index.keys.get("RANGE") == wanted.range_key, (
                f"expected sort key {wanted.range_key}"
            )
            assert index.key_type == wanted.key_type, f"its key is of type {index.key_type}, expected {wanted.key_type}"
