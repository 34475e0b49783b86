"""Archiving incidents, held to the ways in which one could be lost: canned tables and buckets, without an AWS."""

from __future__ import annotations

import copy
import gzip
import io
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from opschecks.aws.dynamodb_items import from_line, to_line
from opschecks.config.stack import Stack
from opschecks.core.change import CannotFix, Change, Progress, Request, Risk, asked
from opschecks.core.observation import CouldNotLook, NotThere
from opschecks.fixing.plan import change_of, planned
from opschecks.fixing.remedy import BaseRemedy
from opschecks.remedies.operations import archive_objects, old_incidents
from opschecks.remedies.operations.archive_objects import batches, packed, sha256
from opschecks.remedies.operations.archived_items import EXPRESSION_BYTES, OPERATORS, can_be_told, delete_of
from opschecks.remedies.operations.incident_archive import ArchiveIncidents
from opschecks.remedies.operations.incident_restore import RestoreIncidents
from tests.aws.test_retention import NO_RULES, rule
from tests.canned import ACCOUNT, NOW, Answers, Aws, Canned, as_sent, fits, stack

ARN = f"arn:aws:dynamodb:{ACCOUNT}:table/incidents"
OLD = "2020-01-01T00:00:00Z"
PRIVATE = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True)
Item = dict[str, Any]
Edit = Callable[["World"], None]


def incident(number: int, status: str = "resolved", opened: str = OLD, /, **more: Any) -> Item:
    texts = {"incident_id": f"inc-{number:03}", "status": status, "created_at": opened}
    return {**{name: {"S": text} for name, text in texts.items()}, **more}


class World:
    """A table with a status index that may lag behind it, and a bucket, as far as the remedies look at them."""

    def __init__(self, *items: Item, keys: tuple[str, ...] = ("incident_id",), **of: Any) -> None:
        self.keys, self.items = keys, [copy.deepcopy(one) for one in items]
        self.index = copy.deepcopy(self.items)
        self.objects: dict[str, bytes] = {}
        self.checksums: dict[str, str] = {}
        self.unread = 0
        self.blocked: Canned = {"PublicAccessBlockConfiguration": PRIVATE}
        self.rules: Canned = NO_RULES
        self.stack = stack(**{"incidents_table": "incidents", "archive": "s3://old/incidents", **of})
        self.aws = Aws(self._answers(), self.stack)

    def _answers(self) -> Mapping[tuple[str, str], Answers]:
        distribution = {
            "DefaultCacheBehavior": {"TargetOriginId": "site", "ViewerProtocolPolicy": "allow-all"},
            "Origins": {"Quantity": 1, "Items": [{"Id": "site", "DomainName": "site.s3.amazonaws.com"}]},
            "CallerReference": "x",
            "Comment": "",
            "Enabled": True,
        }
        told = {"Id": "E1", "ARN": "arn", "Status": "Deployed", "LastModifiedTime": NOW,
                "InProgressInvalidationBatches": 0, "DomainName": "d", "ActiveTrustedSigners":
                {"Enabled": False, "Quantity": 0}, "DistributionConfig": distribution}  # fmt: skip
        return {
            ("dynamodb", "DescribeTable"): lambda **_: {"Table": self._table()},
            ("dynamodb", "Query"): self._query,
            ("dynamodb", "BatchGetItem"): self._batch,
            ("s3", "ListObjectsV2"): self._list,
            ("s3", "GetObject"): self._get,
            ("s3", "GetPublicAccessBlock"): lambda **_: self.blocked,
            ("s3", "GetBucketVersioning"): {},
            ("s3", "GetBucketLifecycleConfiguration"): lambda **_: self.rules,
            ("cloudfront", "GetDistribution"): {"Distribution": told},
        }

    def _table(self) -> dict[str, Any]:
        kinds = zip(self.keys, ("HASH", "RANGE"), strict=False)
        schema = [{"AttributeName": name, "KeyType": kind} for name, kind in zip(("status",), ("HASH",), strict=True)]
        return {
            "TableName": "incidents",
            "TableArn": ARN,
            "KeySchema": [{"AttributeName": name, "KeyType": kind} for name, kind in kinds],
            "GlobalSecondaryIndexes": [
                {"IndexName": "status-index", "KeySchema": schema, "Projection": {"ProjectionType": "ALL"}}
            ],
        }

    def _query(self, **asked: Any) -> Canned:
        names, values = asked["ExpressionAttributeNames"], asked["ExpressionAttributeValues"]
        wanted = [names[alias] for alias in asked["ProjectionExpression"].split(", ")]
        assert len(wanted) == len(set(wanted)), "DynamoDB refuses paths that overlap"
        found = [
            {name: one[name] for name in wanted}
            for one in self.index
            if one["status"] == values[":resolved"] and one["created_at"]["S"] < values[":before"]["S"]
        ]
        return {"Items": found, "Count": len(found), "ScannedCount": len(found)}

    def _batch(self, RequestItems: Any) -> Canned:  # noqa: N803 - botocore's own name
        asked = RequestItems["incidents"]
        assert asked["ConsistentRead"]
        some, later = (asked["Keys"][:1], asked["Keys"][1:]) if self.unread else (asked["Keys"], [])
        self.unread = max(0, self.unread - 1)
        found = [one for one in self.items if {name: one[name] for name in self.keys} in some]
        left = {"incidents": {"Keys": later, "ConsistentRead": True}} if later else {}
        return {"Responses": {"incidents": copy.deepcopy(found)[::-1]}, "UnprocessedKeys": left}

    def _list(self, **asked: Any) -> Canned:
        found = [
            {"Key": key, "Size": len(body)} for key, body in self.objects.items() if key.startswith(asked["Prefix"])
        ]
        return {"KeyCount": len(found), **({"Contents": found} if found else {})}

    def _get(self, **asked: Any) -> Canned:
        assert asked["ChecksumMode"] == "ENABLED"
        body = self.objects[asked["Key"]]
        return {"Body": io.BytesIO(body), "ChecksumSHA256": self.checksums.get(asked["Key"], sha256(body))}

    def remedy(self, kind: type[BaseRemedy] = ArchiveIncidents) -> BaseRemedy:
        return kind(self.stack, self.aws)

    def plan(self, **wish: str) -> Change:
        remedy = self.remedy()
        (target,) = remedy.all_targets()
        return planned(remedy, target, wish={name.replace("_", "-"): value for name, value in wish.items()})

    def send(self, request: Request) -> None:
        """As AWS would do it, with the index up to date at once."""
        fits(request)
        if request.operation == "PutObject":
            assert request.parameters["IfNoneMatch"] == "*"
            assert request.parameters["Key"] not in self.objects
            assert request.parameters["ChecksumSHA256"] == sha256(request.parameters["Body"])
            self.objects[request.parameters["Key"]] = request.parameters["Body"]
            return
        for one in request.parameters["TransactItems"]:
            if "Put" in one:
                self.items.append(one["Put"]["Item"])
            else:
                self.items = [
                    item for item in self.items if {name: item[name] for name in self.keys} != one["Delete"]["Key"]
                ]
        self.index = copy.deepcopy(self.items)

    def make(
        self, change: Change, *, after_copies: Edit | None = None, kind: type[BaseRemedy] = ArchiveIncidents
    ) -> BaseRemedy:
        """All of it, in one go; `after_copies` happens before the first delete."""
        remedy, edit = self.remedy(kind), after_copies
        for step in remedy.steps(change.target, change.before, change.after):
            if edit and step.request.operation != "PutObject":
                edit(self)
                edit = None
            self.send(as_sent(step))
        return remedy

    @property
    def archived(self) -> list[Item]:
        lines = [line for body in self.objects.values() for line in gzip.decompress(body).decode().splitlines()]
        return [from_line(line) for line in lines]

    def ids(self, items: list[Item] | None = None) -> list[str]:
        return sorted(one["incident_id"]["S"] for one in (self.items if items is None else items))


def progress(world: World, remedy: BaseRemedy, change: Change) -> Progress:
    return remedy.progress(change.target, change.before, change.after)


EVERY_KIND: Item = {
    "text": {"S": "ünïcode \u2028 \n and an empty one: "},
    "empty": {"S": ""},
    "amount": {"N": "123456789012345678901234567890.12345678"},
    "bytes": {"B": b"\x00\xff\x10"},
    "texts": {"SS": ["b", "a"]},
    "numbers": {"NS": ["2", "10", "1"]},
    "many bytes": {"BS": [b"\xff", b"\x00"]},
    "nothing": {"NULL": True},
    "no": {"BOOL": False},
    "list": {"L": [{"S": "x"}, {"L": []}, {"M": {"B": {"B": b"deep"}}}]},
    "map": {"M": {"S": {"N": "1"}, "": {"SS": ["z"]}}},
}


def test_every_type_comes_back_as_it_went() -> None:
    back = from_line(to_line(EVERY_KIND))
    sets = {"texts": {"SS": ["a", "b"]}, "numbers": {"NS": ["1", "10", "2"]}}
    assert back == {**EVERY_KIND, **sets}
    assert to_line(back) == to_line(EVERY_KIND)
    assert "\n" not in to_line(EVERY_KIND)


def test_what_nobody_knows_is_not_copied() -> None:
    with pytest.raises(ValueError, match="unknown attribute type X"):
        to_line({"a": {"X": 1}})
    for line in (
        '{"a":1}',
        "[]",
        '{"Item":{},"b":1}',
        '{"Item":{"a":{"X":1}}}',
        '{"Item":{"a":{"B":"?"}}}',
        '{"Item":{"a":1}}',
        "",
    ):
        with pytest.raises(ValueError):
            from_line(line)


@pytest.mark.parametrize("keys", [("incident_id",), ("incident_id", "created_at"), ("team", "incident_id")])
def test_copied_then_deleted_by_the_whole_key_and_put_back(keys: tuple[str, ...]) -> None:
    team = {"team": {"S": "b"}}
    items = [incident(n, **EVERY_KIND, **team) for n in range(3)]
    world = World(*items, incident(8, "active", **team), incident(9, "resolved", f"{NOW:%Y-%m-%dT}", **team), keys=keys)
    before = sorted(map(to_line, world.items))
    change = world.plan()
    assert (change.before["incidents"], change.after["incidents"]) == (3, 0)
    assert (change.risk, change.one_way) == (Risk.DESTRUCTIVE, False)
    assert "ünïcode" not in str(change.to_plain())
    assert "inc-00" not in str(change.to_plain())
    remedy = world.make(change)
    assert world.ids() == ["inc-008", "inc-009"]
    assert sorted(map(to_line, world.archived)) == sorted(map(to_line, items))
    assert progress(world, remedy, change).settled
    assert world.remedy().read(change.target) == change.after
    back = change_of(world.remedy(), change.target, change.after, change.before)
    assert (back.risk, back.call) == (Risk.DISRUPTIVE, "dynamodb:PutItem")
    assert progress(world, world.make(back), back).settled
    assert sorted(map(to_line, world.items)) == before
    assert len(world.archived) == 3


def test_a_delete_asks_for_all_that_was_read_and_for_nothing_that_others_have() -> None:
    item = incident(1, note={"S": "x"}, seen={"N": "1"})
    told = delete_of("incidents", item, ("incident_id", "created_at"), {"reopened_at", "note", "incident_id"})["Delete"]
    assert told["Key"] == {"incident_id": {"S": "inc-001"}, "created_at": {"S": OLD}}
    assert told["ConditionExpression"] == (
        "attribute_not_exists(#key) OR (#0 = :0 AND #1 = :1 AND #2 = :2 AND attribute_not_exists(#3))"
    )
    assert told["ExpressionAttributeNames"] == {
        "#key": "incident_id", "#0": "note", "#1": "seen", "#2": "status", "#3": "reopened_at",
    }  # fmt: skip
    assert told["ExpressionAttributeValues"] == {":0": {"S": "x"}, ":1": {"N": "1"}, ":2": {"S": "resolved"}}


def test_a_condition_stays_within_what_dynamodb_takes() -> None:
    for own in (1, 100, 149):
        item = incident(1, **{f"a{n}": {"N": str(n)} for n in range(own - 1)})
        told = delete_of("t", item, ("incident_id", "created_at"), {f"other{n}" for n in range(400)})["Delete"]
        expression = told["ConditionExpression"]
        assert len(expression) <= EXPRESSION_BYTES
        counted = [expression.count(one) for one in (" = ", " AND ", " OR ", "attribute_not_exists(")]
        assert sum(counted) <= OPERATORS
        assert expression.count(" = ") == own
        assert set(told["ExpressionAttributeNames"]) - {"#key"} <= set(
            expression.replace(")", " ").replace("(", " ").split()
        )
    assert not can_be_told(incident(1, **{f"a{n}": {"N": "1"} for n in range(160)}), ("incident_id",))


@pytest.mark.parametrize(
    ("now", "why"),
    [
        (None, "inc-001 is no longer in the table"),
        (incident(1, "active"), "inc-001 is no longer resolved"),
        (incident(1, "resolved", "2999-01-01"), "inc-001 was not opened before"),
        ({**incident(1), "created_at": {"N": "1"}}, "inc-001 was not opened before"),
        (incident(1, **{f"a{n}": {"N": "1"} for n in range(160)}), "has more attributes than a condition can name"),
    ],
    ids=["gone", "reopened", "younger", "opened at a number", "too wide"],
)
def test_the_index_lags_and_what_it_is_wrong_about_is_left_alone(now: Item | None, why: str) -> None:
    world = World(incident(1), incident(2))
    world.items = [*([now] if now else []), incident(2)]
    change = world.plan()
    assert (change.before["incidents"], change.after["incidents"]) == (2, 1)
    stays = [one for one in world.items if one["incident_id"] == {"S": "inc-001"}]
    world.make(change)
    assert world.items == stays
    assert world.ids(world.archived) == ["inc-002"]
    world.items, world.index = stays, [incident(1)]
    with pytest.raises(CannotFix, match=f"nothing can be archived: .*{why}"):
        world.plan()


def test_only_the_oldest_and_never_more_than_wanted() -> None:
    world = World(*(incident(n, "resolved", f"20{20 - n}-01-01T00:00:00Z") for n in range(8)))
    assert world.plan().after["incidents"] == 0
    change = world.plan(at_most="3")
    world.make(change)
    assert world.ids(world.archived) == ["inc-005", "inc-006", "inc-007"]
    before = world.plan(before="2018-06-01")
    assert before.target == "incidents before 2018-06-01"
    assert (before.before["incidents"], before.after["incidents"]) == (3, 0)
    assert before.before["archive"] == []
    world.make(before)
    assert world.ids() == ["inc-000", "inc-001"]
    assert len(world.objects) == 2


def test_what_is_held_in_memory_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    size = len(to_line(incident(1)))
    monkeypatch.setattr(old_incidents, "RUN_BYTES", 5 * size)
    monkeypatch.setattr(archive_objects, "OBJECT_BYTES", 2 * size)
    world = World(*(incident(n) for n in range(12)))
    change = world.plan()
    assert change.after["incidents"] == 7
    remedy = world.make(change)
    assert [len(gzip.decompress(body).splitlines()) for body in world.objects.values()] == [2, 2, 1]
    assert progress(world, remedy, change).settled
    assert world.remedy().read(change.target) == change.after


def test_requests_are_of_what_dynamodb_takes() -> None:
    assert [count for _, count in batches(["x"] * 250)] == [100, 100, 50]
    assert batches([]) == []
    assert packed([]) == []
    large = "x" * 400_000
    assert batches([large] * 5) == [(0, 2), (2, 2), (4, 1)]
    assert batches(["x" * 2_000_000, "y"]) == [(0, 1), (1, 1)]
    assert packed(["a", "b"])[0].body == packed(["a", "b"])[0].body
    assert packed(["a", "b"])[0].body[4:8] == bytes(4)


WISHES: dict[str, tuple[dict[str, str], str]] = {
    "none": ({"at_most": "0"}, "expected a whole number from 1 to 10,000"),
    "too many": ({"at_most": "10001"}, "expected a whole number from 1 to 10,000"),
    "no number": ({"at_most": "-1"}, "expected a whole number from 1 to 10,000"),
    "no day": ({"before": "soon"}, "soon is not a day such as 2026-01-01"),
    "no such day": ({"before": "2026-02-30"}, "2026-02-30 is not a day"),
    "too young": ({"before": f"{NOW - timedelta(days=30):%Y-%m-%d}"}, "incidents stay for 90 days"),
    "nothing so old": ({"before": "2010-01-01"}, "there is nothing to archive"),
}


@pytest.mark.parametrize(("wish", "message"), WISHES.values(), ids=WISHES)
def test_a_wish_that_cannot_be_is_refused(wish: dict[str, str], message: str) -> None:
    with pytest.raises(CannotFix, match=message):
        World(incident(1)).plan(**wish)


def test_a_target_is_named_one_way() -> None:
    remedy = World().remedy()
    (default,) = remedy.all_targets()
    assert remedy.normal("incidents") == remedy.normal(ARN) == default
    seen = {"opened before": datetime(2020, 5, 5, tzinfo=UTC)}
    assert remedy.targets(ARN, seen) == ["incidents before 2020-05-05"]
    with pytest.raises(CannotFix, match="others is not the incidents table of here"):
        remedy.normal("others")
    with pytest.raises(CannotFix, match="names no incidents table"):
        World(incidents_table=None).remedy().all_targets()


UNFIT: dict[str, tuple[dict[str, Any], Edit, str]] = {
    "none is named": ({"archive": None}, lambda world: None, "set archive = .s3://BUCKET/PREFIX. in"),
    "the dashboards'": (
        {"distribution_id": "E1", "archive": "s3://site/x"},
        lambda world: None,
        "behind the dashboards",
    ),
    "the dashboards', by name": ({"dashboard_bucket": "old"}, lambda world: None, "behind the dashboards"),
    "public": (
        {},
        lambda world: setattr(world, "blocked", NotThere("s3:x", "NoSuchPublicAccessBlockConfiguration: none")),
        "does not block public access .BlockPublicAcls, IgnorePublicAcls",
    ),
    "half public": (
        {},
        lambda world: setattr(
            world, "blocked", {"PublicAccessBlockConfiguration": {**PRIVATE, "RestrictPublicBuckets": False}}
        ),
        "does not block public access .RestrictPublicBuckets.",
    ),
    "no bucket": ({}, lambda world: setattr(world, "blocked", NotThere("s3:x", "NoSuchBucket: no")), "no bucket old"),
    "it forgets": (
        {},
        lambda world: setattr(world, "rules", {"Rules": [rule(Expiration={"Days": 30})]}),
        "deletes what is archived after 30 days, sooner",
    ),
}


@pytest.mark.parametrize(("of", "edit", "message"), UNFIT.values(), ids=UNFIT)
def test_a_place_that_is_not_fit_is_refused(of: dict[str, Any], edit: Edit, message: str) -> None:
    world = World(incident(1), **of)
    edit(world)
    with pytest.raises(CannotFix, match=message):
        world.plan()


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


def _body(world: World, edit: Callable[[bytes], bytes]) -> None:
    (key,) = world.objects
    world.objects[key] = edit(world.objects[key])


def _lines(world: World, edit: Callable[[list[bytes]], list[bytes]]) -> None:
    _body(world, lambda body: gzip.compress(b"".join(edit(gzip.decompress(body).splitlines(keepends=True))), mtime=0))


BROKEN: dict[str, tuple[Edit, str]] = {
    "another checksum": (
        lambda world: world.checksums.update(dict.fromkeys(world.objects, "x=")),
        "says that its SHA-256",
    ),
    "cut": (lambda world: _body(world, lambda body: body[:-9]), "is not an archive of incidents"),
    "no gzip": (lambda world: _body(world, lambda body: b"hello"), "is not an archive of incidents"),
    "one lacks": (lambda world: _lines(world, lambda lines: lines[1:]), "holds other incidents than were copied"),
    "another order": (lambda world: _lines(world, lambda lines: lines[::-1]), "holds other incidents than were copied"),
    "one is another": (
        lambda world: _lines(world, lambda lines: [lines[0].replace(b"inc-000", b"inc-009"), *lines[1:]]),
        "holds other incidents than were copied",
    ),
    "one comes twice": (lambda world: _lines(world, lambda lines: [*lines, lines[0]]), "same key came before"),
    "one is none": (lambda world: _lines(world, lambda lines: [b"{}\n", *lines]), "not a line of a DynamoDB export"),
}


@pytest.mark.parametrize(("edit", "message"), BROKEN.values(), ids=BROKEN)
def test_nothing_is_deleted_that_s3_has_not_proven_to_hold(edit: Edit, message: str) -> None:
    world = World(*(incident(n) for n in range(3)))
    with pytest.raises(CouldNotLook, match=message):
        world.make(world.plan(), after_copies=edit)
    assert len(world.items) == 3


def test_an_answer_without_a_checksum_proves_nothing() -> None:
    world = World(incident(1))
    world.aws._answers = {**world.aws._answers, ("s3", "GetObject"): lambda **_: {"Body": io.BytesIO(b"")}}
    with pytest.raises(CouldNotLook, match="the answer has no 'ChecksumSHA256'"):
        world.make(world.plan())
    assert world.ids() == ["inc-001"]


def test_a_body_that_breaks_off_proves_nothing() -> None:
    class Broken(io.BytesIO):
        def read(self, *_: Any) -> bytes:
            raise ConnectionError("gone")

    world = World(incident(1))
    world.aws._answers = {**world.aws._answers, ("s3", "GetObject"): lambda **_: {"Body": Broken()}}
    with pytest.raises(CouldNotLook, match="could not be read to its end: ConnectionError: gone"):
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


def test_undo_leaves_alone_what_is_there_by_now_and_says_so() -> None:
    world = World(incident(1), incident(2))
    change = world.plan()
    world.make(change)
    world.items = [incident(1, "active", title={"S": "it came again"})]
    world.index = list(world.items)
    back = change_of(world.remedy(), change.target, change.after, change.before)
    remedy = world.make(back)
    assert world.ids() == ["inc-001", "inc-002"]
    assert world.items[0]["status"] == {"S": "active"}
    assert progress(world, remedy, back).said.endswith("in the table already, and left alone: inc-001")


def test_undo_of_an_archive_that_is_not_the_whole_truth_is_refused() -> None:
    world = World(incident(1), incident(2))
    change = world.plan()
    world.make(change)
    _lines(world, lambda lines: lines[1:])
    with pytest.raises(CannotFix, match="together do not make what was there before"):
        change_of(world.remedy(), change.target, change.after, change.before)


def test_one_object_is_put_back_by_name() -> None:
    world = World(*(incident(n) for n in range(3)))
    world.make(world.plan())
    (key,) = world.objects
    target = f"s3://old/{key}"
    world.items = [incident(1, "active")]
    remedy = world.remedy(RestoreIncidents)
    change = planned(remedy, remedy.normal(target), wish={})
    assert dict(change.before) == {"archived": 3, "in the table": 1}
    assert progress(world, world.make(change, kind=RestoreIncidents), change).settled
    assert world.ids() == ["inc-000", "inc-001", "inc-002"]
    assert incident(1, "active") in world.items
    with pytest.raises(CannotFix, match="is as restore-incidents would make it"):
        planned(world.remedy(RestoreIncidents), target, wish={})
    for other in (target.replace("old", "others"), "s3://old/incidents/incidents/", f"s3://old/elsewhere/{key}"):
        with pytest.raises(
            CannotFix, match="is not an object of the archive: s3://old/incidents/incidents/before-DAY/"
        ):
            remedy.normal(other)
    with pytest.raises(CannotFix, match="aws s3 ls --recursive s3://old/incidents/incidents/ shows them"):
        remedy.all_targets()


@pytest.mark.parametrize("value", ["archive", "s3://", "s3://UPPER/x", "/a/folder"])
def test_an_archive_is_a_place_in_s3(value: str) -> None:
    with pytest.raises(ValueError, match="s3://BUCKET/PREFIX"):
        Stack(name="here", archive=value)
