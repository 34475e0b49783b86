"""No incident is deleted that S3 has not proven to hold, in a fit place, nor one that has changed since the copy."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest

from opschecks.config.stack import Stack
from opschecks.core.change import CannotFix, asked
from opschecks.core.observation import CouldNotLook, NotThere
from tests.aws.test_retention import rule
from tests.canned import refuses
from tests.remedies.operations.archiving import PRIVATE, Edit, Item, World, edit_body, edit_lines, incident, progress

OTHERS = "holds other incidents than were copied"
BROKEN: dict[str, tuple[Edit, str]] = {
    "another checksum": (
        lambda world: world.checksums.update(dict.fromkeys(world.objects, "x=")),
        "says that its SHA-256",
    ),
    "cut": (lambda world: edit_body(world, lambda body: body[:-9]), "is not an archive of incidents"),
    "no gzip": (lambda world: edit_body(world, lambda body: b"hello"), "is not an archive of incidents"),
    "one lacks": (lambda world: edit_lines(world, lambda lines: lines[1:]), OTHERS),
    "another order": (lambda world: edit_lines(world, lambda lines: lines[::-1]), OTHERS),
    "one is another": (
        lambda world: edit_lines(world, lambda lines: [lines[0].replace(b"inc-000", b"inc-009"), *lines[1:]]),
        OTHERS,
    ),
    "one comes twice": (lambda world: edit_lines(world, lambda lines: [*lines, lines[0]]), "same key came before"),
    "one is none": (
        lambda world: edit_lines(world, lambda lines: [b"{}\n", *lines]),
        "not a line of a DynamoDB export",
    ),
}


@pytest.mark.parametrize(("edit", "message"), BROKEN.values(), ids=BROKEN)
def test_nothing_is_deleted_that_s3_has_not_proven_to_hold(edit: Edit, message: str) -> None:
    world = World(*(incident(n) for n in range(3)))
    with pytest.raises(CouldNotLook, match=message):
        world.make(world.plan(), after_copies=edit)
    assert len(world.items) == 3


class Broken(io.BytesIO):
    def read(self, *_: Any) -> bytes:
        raise ConnectionError("gone")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (io.BytesIO, "the answer has no 'ChecksumSHA256'"),
        (Broken, "could not be read to its end: ConnectionError: gone"),
    ],
    ids=["no checksum", "breaks off"],
)
def test_such_an_answer_proves_nothing(body: type[io.BytesIO], message: str) -> None:
    world = World(incident(1))
    world.aws._answers = {**world.aws._answers, ("s3", "GetObject"): lambda **_: {"Body": body()}}
    with pytest.raises(CouldNotLook, match=message):
        world.make(world.plan())
    assert world.ids() == ["inc-001"]


def test_what_changes_between_copy_and_delete_stays_and_is_named() -> None:
    world = World(*(incident(n) for n in range(3)))
    change = world.plan()

    def meanwhile(world: World) -> None:
        world.items[1]["postmortem"] = {"S": "written today"}
        world.items = world.items[1:]

    remedy = world.make(change, after_copies=meanwhile)
    assert world.items == [incident(1, postmortem={"S": "written today"})]
    told = progress(world, remedy, change)
    assert told.gone_wrong
    assert told.said == "1 of 3 incidents are not yet gone; changed since they were copied, and left alone: inc-001"
    world.make(world.plan())
    assert world.ids(world.archived) == ["inc-000", "inc-001", "inc-001", "inc-002"]
    assert world.items == []


def test_where_everything_changed_nothing_is_sent() -> None:
    world = World(incident(1))
    with pytest.raises(CannotFix, match="none of 1 incidents is as it was archived: inc-001"):
        world.make(world.plan(), after_copies=lambda world: world.items[0].update(status={"S": "active"}))


@pytest.mark.parametrize("edit", [list.pop, lambda items: items.append(incident(9))], ids=["fewer", "more"])
def test_other_incidents_than_were_planned_want_another_plan(edit: Callable[[list[Item]], None]) -> None:
    world = World(incident(1), incident(2))
    change = world.plan(at_most="1")
    edit(world.items)
    world.index = list(world.items)
    assert world.remedy().read(change.target) != change.before
    with pytest.raises(CannotFix, match="have changed since it was planned: plan again"):
        world.make(change)


def test_another_content_is_another_request() -> None:
    """The fixer compares what would be sent with what was planned."""
    world = World(incident(1))
    change = world.plan()
    assert asked(world.remedy().steps(change.target, change.before, change.after))[1] == change.parameters
    world.items[0]["note"] = {"S": "new"}
    assert asked(world.remedy().steps(change.target, change.before, change.after))[1] != change.parameters


def test_what_dynamodb_leaves_unread_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr("opschecks.aws.dynamodb_items.time.sleep", waited.append)
    world = World(*(incident(n) for n in range(3)))
    world.unread = 2
    assert world.plan().after["incidents"] == 0
    assert waited == [0.05, 0.1]
    world.items = world.index = [incident(n) for n in range(20)]
    world.unread = 1000
    with pytest.raises(CouldNotLook, match="left unread 8 times: the table is throttled"):
        world.plan()


NONE_BLOCKED = NotThere("s3:x", "NoSuchPublicAccessBlockConfiguration: none")
HALF_BLOCKED = {"PublicAccessBlockConfiguration": {**PRIVATE, "RestrictPublicBuckets": False}}
BEHIND = "behind the dashboards"
UNFIT: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "none is named": ({"archive": None}, {}, "set archive = .s3://BUCKET/PREFIX. in"),
    "the dashboards'": ({"distribution_id": "E1", "archive": "s3://site/x"}, {}, BEHIND),
    "the dashboards', by name": ({"dashboard_bucket": "old"}, {}, BEHIND),
    "public": ({}, {"blocked": NONE_BLOCKED}, "does not block public access .BlockPublicAcls, IgnorePublicAcls"),
    "half public": ({}, {"blocked": HALF_BLOCKED}, "does not block public access .RestrictPublicBuckets."),
    "no bucket": ({}, {"blocked": NotThere("s3:x", "NoSuchBucket: no")}, "no bucket old"),
    "it forgets": (
        {},
        {"rules": {"Rules": [rule(Expiration={"Days": 30})]}},
        "deletes what is archived after 30 days, sooner",
    ),
}


def _planned_in(of: dict[str, Any], bucket: dict[str, Any]) -> None:
    world = World(incident(1), **of)
    vars(world).update(bucket)
    world.plan()


test_a_place_that_is_not_fit_is_refused = refuses(UNFIT, _planned_in)


def test_a_bucket_that_turns_public_meanwhile_gets_nothing() -> None:
    world = World(incident(1))
    change = world.plan()
    world.blocked = {"PublicAccessBlockConfiguration": {}}
    with pytest.raises(CannotFix, match="does not block public access"):
        world.make(change)
    assert not world.objects


def test_a_place_that_forgets_late_is_warned_of() -> None:
    world = World(incident(1))
    others = [rule(Expiration={"Days": 1}, Filter={"Prefix": "logs/"}), rule(Expiration={"Days": 1}, Status="Disabled")]
    world.rules = {
        "Rules": [*others, rule(Expiration={"Days": 2555}), rule(NoncurrentVersionExpiration={"NoncurrentDays": 1})]
    }
    assert "deletes what is archived after 2555 days, for good" in world.plan().beware
    world.rules = {"Rules": others}
    assert "for good" not in world.plan().beware


@pytest.mark.parametrize("value", ["archive", "s3://", "s3://UPPER/x", "/a/folder"])
def test_an_archive_is_a_place_in_s3(value: str) -> None:
    with pytest.raises(ValueError, match="s3://BUCKET/PREFIX"):
        Stack(name="here", archive=value)
