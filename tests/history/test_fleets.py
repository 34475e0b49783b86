"""The deal of a fleet: written once, the same for every shard, by how long each stack took before."""

from __future__ import annotations

import io
import random
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from opschecks.history.fleets import Ended, FleetError, agreed, deal_of, dealt, ended_shards, write_ended
from opschecks.history.storage import FolderStorage, Place, S3Storage
from tests.clock import NOW

STACKS = [f"stack-{number}" for number in range(10)]


class Objects:
    """A client of S3 that keeps its objects in memory, and lists two a page."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}

    def put_object(self, **asked: Any) -> dict[str, Any]:
        if "IfNoneMatch" in asked and asked["Key"] in self.objects:
            raise ClientError({"Error": {"Code": "PreconditionFailed"}}, "PutObject")
        self.objects[asked["Key"]] = asked["Body"]
        return {}

    def get_object(self, **asked: Any) -> dict[str, Any]:
        if asked["Key"] not in self.objects:
            raise ClientError({"Error": {"Code": "NoSuchKey"}}, "GetObject")
        return {"Body": io.BytesIO(self.objects[asked["Key"]])}

    def list_objects_v2(self, **asked: Any) -> dict[str, Any]:
        prefix, cut = asked["Prefix"], "Delimiter" in asked
        rest = [key[len(prefix) :] for key in sorted(self.objects) if key.startswith(prefix)]
        found = sorted({name.partition("/")[0] + "/" if cut and "/" in name else name for name in rest})
        start = int(asked.get("ContinuationToken", 0))
        page = found[start : start + 2]
        return {
            "Contents": [{"Key": prefix + one, "LastModified": NOW} for one in page if not one.endswith("/")],
            "CommonPrefixes": [{"Prefix": prefix + one} for one in page if one.endswith("/")],
            "IsTruncated": start + 2 < len(found),
            "NextContinuationToken": str(start + 2),
        }


@pytest.fixture(params=["folder", "s3", "s3 without a prefix"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if request.param == "folder":
        return FolderStorage(tmp_path)
    return S3Storage(Objects(), "bucket", "ops/state" if request.param == "s3" else "")


def test_every_stack_is_dealt_once_and_the_order_of_the_input_does_not_matter() -> None:
    seconds = {name: float(number) for number, name in enumerate(STACKS)}
    hands = dealt(seconds, 3)
    assert sorted(name for hand in hands for name in hand) == STACKS
    shuffled = random.Random(1).sample(sorted(seconds), len(seconds))
    assert dealt({name: seconds[name] for name in shuffled}, 3) == hands


def test_the_slowest_stack_has_a_shard_to_itself() -> None:
    assert dealt({"slow": 60.0, "a": 10.0, "b": 10.0, "c": 10.0}, 2) == (("slow",), ("a", "b", "c"))


def test_stacks_that_nobody_has_measured_count_as_an_ordinary_one() -> None:
    assert sorted(map(len, dealt(dict.fromkeys(STACKS), 4))) == [2, 2, 3, 3]
    assert dealt({"a": 8.0, "b": 8.0, "new": None, "newer": None}, 2) == (("a", "new"), ("b", "newer"))


def test_more_shards_than_stacks_leave_some_without() -> None:
    assert dealt({"a": None}, 3) == (("a",), (), ())


def test_every_shard_has_the_first_ones_deal_whatever_history_it_sees(place: Place) -> None:
    first = agreed(place, "daily", "job-1", STACKS, 2, NOW)
    write_ended(place, first, Ended(1, NOW, 0, {"stack-0": 500.0}))  # seen by the second shard and not by the first
    second = agreed(place, "daily", "job-1", STACKS[::-1], 2, NOW + timedelta(minutes=3))
    assert second == first


def test_two_shards_that_write_at_once_agree(tmp_path: Path) -> None:
    class Late(FolderStorage):
        """Another shard has written between this one's look and its own writing."""

        def create(self, key: str, text: str) -> bool:
            super().create(key, text.replace("T07:", "T06:"))
            return super().create(key, text)

    assert agreed(Late(tmp_path), "daily", "job-1", STACKS, 2, NOW) == agreed(
        FolderStorage(tmp_path), "daily", "job-1", STACKS, 2, NOW
    )


def test_the_next_fleet_is_dealt_by_what_this_one_measured(place: Place) -> None:
    deal = agreed(place, "daily", "monday", STACKS, 2, NOW)
    for shard, names in enumerate(deal.shards, start=1):
        write_ended(place, deal, Ended(shard, NOW, 0, {name: 100.0 if name == "stack-3" else 1.0 for name in names}))
    after = agreed(place, "daily", "tuesday", STACKS, 2, NOW + timedelta(days=1))
    assert ("stack-3",) in after.shards
    assert agreed(place, "weekly", "tuesday", STACKS, 2, NOW).shards == deal.shards  # of another suite


def test_a_shard_that_is_run_again_replaces_its_record(place: Place) -> None:
    deal = agreed(place, "daily", "job-1", STACKS, 2, NOW)
    assert ended_shards(place, deal) == {}
    for code in (10, 0):
        write_ended(place, deal, Ended(2, NOW, code, {"stack-1": 2.0}))
    assert ended_shards(place, deal) == {2: Ended(2, NOW, 0, {"stack-1": 2.0})}


def test_a_shard_whose_record_is_damaged_is_not_known_to_have_ended(place: Place) -> None:
    deal = agreed(place, "daily", "job-1", STACKS, 2, NOW)
    write_ended(place, deal, Ended(1, NOW, 0, {}))
    place.create("_fleets/daily/ended/job-1.2.json", '{"format": 1, "shard": 2')
    assert set(ended_shards(place, deal)) == {1}


def test_the_newest_fleet_is_the_one_that_began_last(place: Place) -> None:
    assert deal_of(place, "daily") is None
    for name, hours in (("z", 0), ("a", 2), ("m", 1)):
        agreed(place, "daily", name, STACKS, 1, NOW + timedelta(hours=hours))
    newest = deal_of(place, "daily")
    assert newest
    assert newest.fleet == "a"


def test_records_are_no_stack(place: Place) -> None:
    agreed(place, "daily", "job-1", STACKS, 1, NOW)
    place.create("stack-1/daily/x.json", "{}")
    assert place.folders() == ["_fleets", "stack-1"]


WRONG: dict[str, tuple[Callable[[Place], object], str]] = {
    "another number of shards": (
        lambda at: agreed(at, "daily", "job-1", STACKS, 3, NOW),
        "was dealt to 2 shards, and this is one of 3",
    ),
    "other stacks": (
        lambda at: agreed(at, "daily", "job-1", [*STACKS[1:], "x"], 2, NOW),
        "(x not in it, stack-0 only in it)",
    ),
    "no such fleet": (
        lambda at: deal_of(at, "daily", "job-2"),
        "has no daily fleet of that name; did you mean 'job-1'?",
    ),
    "no name": (lambda at: deal_of(at, "daily", "../x"), "has no daily fleet of that name"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_does_not_fit_is_one_clear_message(tmp_path: Path, case: str) -> None:
    place = FolderStorage(tmp_path)
    agreed(place, "daily", "job-1", STACKS, 2, NOW)
    ask, words = WRONG[case]
    with pytest.raises(FleetError) as told:
        ask(place)
    assert words in str(told.value)


OF_F = '{"format": 1, "suite": "daily", "fleet": "f", '
DAMAGED = (
    "",
    "{",
    "[]",
    '{"format": 2}',
    '{"format": 1}',
    OF_F + '"begun": "2026-11-24T07:00:00", "shards": []}',
    OF_F + '"begun": "2026-11-24T07:00:00Z", "shards": [["a"], ["a"]]}',
)


@pytest.mark.parametrize("text", DAMAGED)
def test_a_damaged_deal_is_named(tmp_path: Path, text: str) -> None:
    place = FolderStorage(tmp_path)
    place.create("_fleets/daily/deals/f.json", text)
    with pytest.raises(FleetError, match=r"deals/f\.json: "):
        agreed(place, "daily", "f", STACKS, 2, NOW)


def test_a_name_of_an_earlier_day_is_not_used_again(place: Place) -> None:
    """Every run since would count as one of today's."""
    agreed(place, "daily", "nightly", ["a"], 1, NOW)
    assert agreed(place, "daily", "nightly", ["a"], 1, NOW + timedelta(hours=2)).begun == NOW
    with pytest.raises(FleetError, match=r"fleet nightly began .* another name"):
        agreed(place, "daily", "nightly", ["a"], 1, NOW + timedelta(days=1, hours=3))
