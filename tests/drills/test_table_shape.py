"""A restored table's form beside that of its backup and its source, and what the drill concludes."""

from __future__ import annotations

import runpy
from typing import Any

import pytest

from opschecks.drills.restore import RestoreDrill, drill_name
from opschecks.drills.table_shape import changed_since, shape_of, shape_of_backup, wrong_in
from tests.canned import NOW, verdict
from tests.scratch import ROOT

DRILLS = ROOT / "checks" / "drills"
RESTORE = runpy.run_path(str(DRILLS / "test_restore.py"))["test_tables_can_be_restored_from_their_backup"]


def described(*indexes: str, billing: str = "PAY_PER_REQUEST", kind: str = "S") -> dict[str, Any]:
    return {
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": kind}],
        "BillingModeSummary": {"BillingMode": billing},
        "GlobalSecondaryIndexes": [
            {
                "IndexName": name,
                "KeySchema": [{"AttributeName": name, "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }
            for name in indexes
        ],
    }


def of_backup(*indexes: str, billing: str | None = "PAY_PER_REQUEST") -> Any:
    told = described(*indexes)
    details = {"KeySchema": told["KeySchema"], **({"BillingMode": billing} if billing else {})}
    features = {"GlobalSecondaryIndexes": told["GlobalSecondaryIndexes"]}
    return shape_of_backup({"SourceTableDetails": details, "SourceTableFeatureDetails": features})


SHAPES: dict[str, tuple[dict[str, Any], Any, dict[str, Any], list[str], list[str]]] = {
    "alike": (described("x"), of_backup("x"), described("x"), [], []),
    "an index is lacking": (described(), of_backup("x"), described("x"), ["the index x is not there"], []),
    "an index is younger than the backup": (
        described(), of_backup(), described("x"), [], ["the backup is older than the index x"],
    ),
    "an index was deleted since": (described("x"), of_backup("x"), described(), [], ["the index x was deleted since"]),
    "billed otherwise": (
        described(billing="PROVISIONED"), of_backup(), described(),
        ["it is billed PROVISIONED, and was PAY_PER_REQUEST"], [],
    ),
    "billed otherwise since": (
        described(billing="PROVISIONED"), of_backup(billing="PROVISIONED"), described(),
        [], ["the table is billed PAY_PER_REQUEST since"],
    ),
    "the backup does not tell how it was billed": (described(), of_backup(billing=None), described(), [], []),
    "a key of another type": (
        described(kind="N"), of_backup(), described(), ["id is of type N, and S in the source"], [],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("restored", "backup", "source", "wrong", "since"), SHAPES.values(), ids=SHAPES)
def test_shapes(
    restored: dict[str, Any], backup: Any, source: dict[str, Any], wrong: list[str], since: list[str]
) -> None:
    assert wrong_in(shape_of(restored), backup, shape_of(source)) == wrong
    assert list(changed_since(backup, shape_of(source))) == since


def test_a_temporary_table_has_a_name_that_dynamodb_takes() -> None:
    assert drill_name("orders", NOW).startswith("opschecks-drill-orders-")
    assert len(drill_name("o" * 255, NOW)) == 255


def restored(**of: Any) -> list[RestoreDrill]:
    return [RestoreDrill(arn="t", name="orders", took_s=60, **of)]


def test_a_restore_is_judged_by_what_is_wrong_then_left_then_proven() -> None:
    assert verdict(RESTORE, restore_drills=restored()) == ("passed", "restored in 60 s")
    assert verdict(RESTORE, restore_drills=restored(refused="it was lost")) == ("blind", "it was lost")
    assert verdict(RESTORE, restore_drills=restored(left="it is CREATING"))[0] == "failed"
    assert verdict(RESTORE, restore_drills=restored(wrong=("it lacks x",), refused="y")) == ("failed", "it lacks x")
    assert [one.result for one in (*restored(), *restored(refused="x"), *restored(wrong=("x",)))] == [
        "as the backup",
        "not proven",
        "not restored",
    ]
