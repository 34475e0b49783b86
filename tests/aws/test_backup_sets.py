"""Full backups as their bucket has them: complete, unfinished, lacking something, of another version."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from opschecks.aws.backup_sets import (
    BackupLocation,
    BackupSet,
    FullBackups,
    backup_location,
    day_of,
    full_backups,
    names_of_sets,
    next_name,
    read_json,
    read_set,
    sets,
)
from opschecks.aws.backups import Backup, TableBackups
from opschecks.core.model import Figure
from opschecks.core.observation import CouldNotLook
from tests.canned import NOW, Aws, Canned, Raw, names, stack
from tests.canned_backups import ARN, T
from tests.cases import cases

PLACE = BackupLocation("backups", "full/here/")
DAY = timedelta(days=1)
BEGUN = {"begun": (NOW - DAY).isoformat()}


def _manifest(name: str, **changes: Any) -> Raw:
    return {"format": 1, "set": name, "tables": [], "log_groups": [], "dashboard": None, **changes}


def _aws(objects: dict[str, Any], listing: Sequence[Canned] | None = None) -> Aws:
    """A bucket by its keys under the prefix, each with what it holds: bytes, or JSON."""

    def answer(Prefix: str, **_: Any) -> Canned:  # noqa: N803 - AWS's name
        under = [f"full/here/{key}".removeprefix(Prefix) for key in objects if f"full/here/{key}".startswith(Prefix)]
        keys = [{"Key": Prefix + one} for one in under if "/" not in one]
        prefixes = [{"Prefix": f"{Prefix}{one}/"} for one in sorted({one.split("/")[0] for one in under if "/" in one})]
        return {
            "KeyCount": len(keys) + len(prefixes),
            **({"Contents": keys} if keys else {}),
            **({"CommonPrefixes": prefixes} if prefixes else {}),
        }

    def read(Key: str, **_: Any) -> Canned:  # noqa: N803 - AWS's name
        held = objects[Key.removeprefix("full/here/")]
        return {"Body": io.BytesIO(held if isinstance(held, bytes) else json.dumps(held).encode())}

    return Aws(
        {("s3", "ListObjectsV2"): listing or answer, ("s3", "GetObject"): read}, stack(backups="s3://backups/full")
    )


def _set(name: str, **changes: Any) -> dict[str, Any]:
    return {f"{name}/started.json": BEGUN, f"{name}/manifest.json": _manifest(name, **changes)}


def test_a_stack_without_a_place_for_them_is_not_asked() -> None:
    aws = Aws({}, stack())
    assert full_backups(stack(), aws, names(tables=(T,)), [], NOW) == []
    assert aws.calls == []


@cases([
    ("s3://backups", BackupLocation("backups", "here/"), "s3://backups/here"),
    ("s3://backups/", BackupLocation("backups", "here/"), "s3://backups/here"),
    ("s3://backups/full/", BackupLocation("backups", "full/here/"), "s3://backups/full/here"),
    ("s3://backups/x/y", BackupLocation("backups", "x/y/here/"), "s3://backups/x/y/here"),
])  # fmt: skip
def test_where_sets_are_stored(backups: str, place: BackupLocation, url: str) -> None:
    assert backup_location(stack(backups=backups)) == place
    assert place.url == url
    assert place.key("20261124-1", "manifest.json") == f"{place.prefix}20261124-1/manifest.json"
    assert backup_location(stack()) is None


def test_sets_are_named_newest_first_by_number_and_what_is_no_set_is_left_out() -> None:
    keys = ("20261123-2", "20261124-9", "20261124-10", "2026112-1", "20261124-x", "20261124", "x20261124-1")
    aws = _aws({**{f"{one}/started.json": {} for one in keys}, "notes.txt": b""})
    assert names_of_sets(aws, PLACE) == ["20261124-10", "20261124-9", "20261123-2"]
    asked = aws.parameters_of("ListObjectsV2")
    assert asked == [{"Bucket": "backups", "Prefix": "full/here/", "Delimiter": "/"}]


def test_each_page_of_names_is_read() -> None:
    pages = [
        {"KeyCount": 1, "CommonPrefixes": [{"Prefix": "full/here/20261124-1/"}], "IsTruncated": True,
         "NextContinuationToken": "2"},
        {"KeyCount": 1, "CommonPrefixes": [{"Prefix": "full/here/20261124-2/"}], "IsTruncated": False},
    ]  # fmt: skip
    assert names_of_sets(_aws({}, pages), PLACE) == ["20261124-2", "20261124-1"]


@cases([
    ({"KeyCount": 0}, ""),
    ({"KeyCount": 1, "Contents": [{"Key": "full/here/a"}]}, ""),
    ({"KeyCount": 1, "CommonPrefixes": [{"Prefix": "full/here/a/"}]}, ""),
    ({"KeyCount": 1}, "the answer counts 1 key and lists none"),
    ({"KeyCount": 2}, "the answer counts 2 keys and lists none"),
])  # fmt: skip
def test_a_page_that_counts_keys_and_lists_none_is_cut(page: Raw, said: str) -> None:
    if said:
        with pytest.raises(CouldNotLook, match=f"s3:ListBucket: {said}"):
            names_of_sets(_aws({}, [page]), PLACE)
    else:
        assert names_of_sets(_aws({}, [page]), PLACE) == []


def test_a_set_is_read_whole() -> None:
    aws = _aws({**_set("20261124-1"), "20261124-2/started.json": BEGUN, "20261124-3/manifest.json": {}})
    whole = read_set(aws, PLACE, "20261124-1")
    assert whole == BackupSet("20261124-1", BEGUN, _manifest("20261124-1"))
    assert whole.begun == NOW - DAY
    assert read_set(aws, PLACE, "20261124-2") == BackupSet("20261124-2", BEGUN, None)
    assert read_set(aws, PLACE, "20261124-3") is None
    assert [one.name for one in sets(aws, PLACE)] == ["20261124-2", "20261124-1"]


def test_a_manifest_that_lacks_a_list_is_no_answer() -> None:
    with pytest.raises(CouldNotLook):
        _full(_set("20261124-1", tables=None))


@pytest.mark.parametrize("changes", [{"format": 2}, {"set": "20261124-2"}, {"format": None, "set": None}])
def test_a_manifest_of_another_kind_is_not_read(changes: Raw) -> None:
    why = r"s3://backups/full/here/20261124-1/manifest\.json is not a manifest of this set, or has another format"
    with pytest.raises(CouldNotLook, match=f"s3:GetObject: {why}"):
        read_set(_aws(_set("20261124-1", **changes)), PLACE, "20261124-1")


@cases([
    ("", "20261124-1"),
    ("20261123-7", "20261124-1"),
    ("20261124-1", "20261124-2"),
    ("20261124-9", "20261124-10"),
    ("20261125-3", "20261125-4"),
])  # fmt: skip
def test_the_next_name_comes_after_the_newest(newest: str, name: str) -> None:
    assert next_name(newest, NOW) == name


def test_the_day_of_a_name_begins_a_day_early() -> None:
    assert day_of("20261124-12") == datetime(2026, 11, 23, tzinfo=UTC)


class _Cut:
    def read(self) -> bytes:
        raise ConnectionError("reset")


@cases([
    (io.BytesIO(b"{"), "s3://backups/k could not be read: JSONDecodeError: "),
    (io.BytesIO(b"[1]"), "s3://backups/k is not a JSON object"),
    (io.BytesIO(b"null"), "s3://backups/k is not a JSON object"),
    (_Cut(), "s3://backups/k could not be read: ConnectionError: reset"),
])  # fmt: skip
def test_an_object_that_is_no_json_object_or_breaks_off_is_not_read(body: Any, said: str) -> None:
    with pytest.raises(CouldNotLook, match=f"s3:GetObject: {said}"):
        read_json(Aws({("s3", "GetObject"): {"Body": body}}), "backups", "k")


def test_an_object_without_a_body_was_not_answered_and_one_with_it_is_asked_for_by_name() -> None:
    with pytest.raises(CouldNotLook, match="the answer has no 'Body'"):
        read_json(Aws({("s3", "GetObject"): {}}), "backups", "k")
    aws = Aws({("s3", "GetObject"): {"Body": io.BytesIO(b'{"a": 1}')}})
    told = read_json(aws, "backups", "k")
    assert (told, aws.parameters_of("GetObject")) == ({"a": 1}, [{"Bucket": "backups", "Key": "k"}])
    with pytest.raises(CouldNotLook, match="s3:GetObject: the answer has no 'begun'"):
        assert told["begun"]


def _full(objects: dict[str, Any], saved: Sequence[TableBackups] = (), **there: Any) -> FullBackups:
    aws = _aws(objects)
    [found] = full_backups(aws.stack, aws, names(**there), list(saved), NOW)
    return found


SITE = {"dashboard": {"prefix": "site", "objects": ["a", "b"]}}


def test_a_complete_set_is_told_whole() -> None:
    found = _full(_set("20261124-1", **SITE))
    assert found == FullBackups(
        arn="s3://backups/full/here",
        name="s3://backups/full/here",
        evidence={"set": "20261124-1", "unfinished": "", **_manifest("20261124-1", dashboard={"prefix": "site"})},
        figures=(Figure("newest full backup", "2026-11-23 07:00 UTC"),),
        complete=BackupSet("20261124-1", BEGUN, _manifest("20261124-1", **SITE)),
        unfinished="",
        lacks=(),
        now=NOW,
    )
    assert found.age == DAY


def test_of_unfinished_sets_the_newest_is_told_and_none_that_came_before_the_complete_one() -> None:
    begun = {f"20261124-{n}/started.json": BEGUN for n in (2, 4, 10, 11)}
    found = _full({**_set("20261124-3"), **_set("20261124-9"), **begun})
    assert (found.unfinished, found.complete and found.complete.name) == ("20261124-11", "20261124-9")
    assert found.evidence["dashboard"] == {}


def test_without_a_complete_set_nothing_is_told_of_one() -> None:
    found = _full({"20261124-2/started.json": BEGUN}, tables=("t",), distributions=("E1",))
    assert (found.evidence, found.figures, found.complete, found.lacks) == (
        {"set": "none", "unfinished": "20261124-2"}, (), None, (),
    )  # fmt: skip
    with pytest.raises(CouldNotLook, match="s3:ListBucket: no set is complete"):
        assert found.age


def _backups(*listed: tuple[str, str], since: timedelta = 2 * DAY) -> TableBackups:
    backups = tuple(Backup(name, NOW - DAY, status, "USER") for name, status in listed)
    return TableBackups(
        arn=ARN, name=T, evidence={}, status="ACTIVE", listed=backups, vault=(), since=NOW - since, now=NOW
    )


GONE = f"the backup of {T}, which can no longer be restored"
SAVED = {"tables": [{"table": T, "name": "mine"}]}


@cases({
    "nothing": (SAVED, _backups(("mine", "AVAILABLE")), {"tables": (T,)}, []),
    "a table of which it has nothing": ({}, _backups(), {"tables": (T, "new")}, [f"the table {T}", "the table new"]),
    "its backup was deleted": (SAVED, _backups(("mine", "DELETED")), {"tables": (T,)}, [GONE]),
    "its backup was deleted, and it is older than what was listed": (
        SAVED, _backups(("mine", "DELETED"), since=DAY / 2), {"tables": (T,)}, []),
    "another backup is there": (SAVED, _backups(("other", "AVAILABLE")), {"tables": (T,)}, [GONE]),
    "its backup is not there": (SAVED, _backups(), {"tables": (T,)}, [GONE]),
    "its backup is being made": (SAVED, _backups(("mine", "CREATING")), {"tables": (T,)}, [GONE]),
    "it is older than what was listed": (SAVED, _backups(since=DAY / 2), {"tables": (T,)}, []),
    "it is as old as what was listed": (SAVED, _backups(since=DAY), {"tables": (T,)}, [GONE]),
    "a table that the stack no longer has": (SAVED, _backups(), {}, []),
    "log groups": (
        {"log_groups": [{"group": "a"}, {"group": "c"}]}, _backups(), {"log_groups": ("a", "b")},
        ["the log group b"]),
    "dashboards": ({}, _backups(), {"distributions": ("E1",)}, ["the dashboards"]),
    "dashboards that it has": (SITE, _backups(), {"distributions": ("E1",)}, []),
})  # fmt: skip
def test_what_a_set_lacks(changes: Raw, known: TableBackups, there: dict[str, Any], lacking: list[str]) -> None:
    assert _full(_set("20261124-1", **changes), [known], **there).lacks == tuple(lacking)
