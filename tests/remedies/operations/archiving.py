"""A table of incidents, its index that may lag, and a bucket, as far as archiving looks at them."""

from __future__ import annotations

import copy
import gzip
import io
from collections.abc import Callable, Mapping
from typing import Any

from opschecks.aws.dynamodb_items import from_line
from opschecks.core.change import Change, Progress, Request
from opschecks.fixing.plan import planned
from opschecks.fixing.remedy import BaseRemedy
from opschecks.remedies.operations.archive_objects import sha256
from opschecks.remedies.operations.incident_archive import ArchiveIncidents
from tests.aws.test_retention import NO_RULES
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


def edit_body(world: World, edit: Callable[[bytes], bytes]) -> None:
    (key,) = world.objects
    world.objects[key] = edit(world.objects[key])


def edit_lines(world: World, edit: Callable[[list[bytes]], list[bytes]]) -> None:
    edit_body(
        world, lambda body: gzip.compress(b"".join(edit(gzip.decompress(body).splitlines(keepends=True))), mtime=0)
    )
