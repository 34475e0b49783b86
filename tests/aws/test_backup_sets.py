"""Full backups as their bucket has them: complete, unfinished, lacking something, of another version."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from opschecks.aws.backup_sets import FullBackups, full_backups
from opschecks.aws.backups import Backup, TableBackups
from opschecks.core.observation import CouldNotLook
from tests.canned import NOW, Aws, Raw, ago, names, stack
from tests.canned_backups import ARN, T
from tests.cases import cases

PREFIX = "full/here/"
LOOKED = names(tables=(T,), log_groups=("/ecs/backend",), distributions=("E1",))
MANIFEST: Raw = {
    "format": 1,
    "tables": [{"table": T, "name": "of the set"}],
    "dashboard": {"objects": []},
    "log_groups": [{"group": "/ecs/backend"}],
}


def _bucket(**sets: Any) -> Aws:
    """Sets by number: what their manifest says, or None."""
    keys = {f"20261124-{number}": told for number, told in sets.items()}

    def listing(Bucket: str, Prefix: str, **_: Any) -> Any:  # noqa: N803
        name = Prefix.removeprefix(PREFIX).strip("/")
        if not name:
            return {"KeyCount": len(keys), "CommonPrefixes": [{"Prefix": f"{PREFIX}{one}/"} for one in keys]}
        there = ["started.json", *(["manifest.json"] if keys[name] is not None else [])]
        return {"KeyCount": len(there), "Contents": [{"Key": Prefix + one} for one in there]}

    def read(Bucket: str, Key: str, **_: Any) -> Any:  # noqa: N803
        name = Key.split("/")[2]
        says = {"begun": ago(days=2).isoformat()} if Key.endswith("started.json") else {"set": name, **keys[name]}
        return {"Body": io.BytesIO(json.dumps(says).encode())}

    return Aws({("s3", "ListObjectsV2"): listing, ("s3", "GetObject"): read}, stack(backups="s3://backups/full"))


def _tables(status: str = "AVAILABLE", since: float = 14) -> list[TableBackups]:
    listed = (Backup("of the set", ago(days=2), status, "USER"),)
    return [
        TableBackups(
            arn=ARN, name=T, evidence={}, status="ACTIVE", listed=listed, vault=(), since=ago(days=since), now=NOW
        )
    ]


def _look(aws: Aws, tables: list[TableBackups] | None = None, looked: Any = LOOKED) -> FullBackups:
    [found] = full_backups(aws.stack, aws, looked, _tables() if tables is None else tables, NOW)
    return found


def test_a_stack_without_a_place_for_them_is_not_asked() -> None:
    aws = Aws({}, stack())
    assert full_backups(stack(), aws, LOOKED, [], NOW) == []
    assert aws.calls == []


def test_the_newest_complete_set_counts_and_one_that_was_begun_after_it_is_told() -> None:
    found = _look(_bucket(**{"9": MANIFEST, "10": MANIFEST, "11": None}))
    assert found.complete
    assert (found.complete.name, found.unfinished, found.lacks) == ("20261124-10", "20261124-11", ())
    assert found.age.days == 2
    assert "objects" not in found.evidence["dashboard"]


def test_without_a_manifest_there_is_none() -> None:
    found = _look(_bucket(**{"1": None}))
    assert (found.complete, found.unfinished) == (None, "20261124-1")
    with pytest.raises(CouldNotLook):
        _ = found.age


@cases({
    "a table": ({"tables": []}, _tables(), f"the table {T}"),
    "a log group": ({"log_groups": []}, _tables(), "the log group /ecs/backend"),
    "the dashboards": ({"dashboard": None}, _tables(), "the dashboards"),
    "a backup that was deleted": ({}, _tables("DELETED"), f"the backup of {T}, which can no longer be restored"),
})  # fmt: skip
def test_what_it_lacks_is_named(told: Raw, tables: list[TableBackups], said: str) -> None:
    assert _look(_bucket(**{"1": {**MANIFEST, **told}}), tables).lacks == (said,)


def test_a_backup_that_is_older_than_what_was_listed_is_not_missed() -> None:
    assert _look(_bucket(**{"1": MANIFEST}), _tables("DELETED", since=1)).lacks == ()


@pytest.mark.parametrize("told", [{"format": 2}, {"set": "another"}, {"tables": None}])
def test_a_manifest_that_cannot_be_read_is_no_answer(told: Raw) -> None:
    with pytest.raises(CouldNotLook):
        _look(_bucket(**{"1": {**MANIFEST, **told}}))
