"""Old incidents end to end: found by the weekly check, archived, killed anywhere, undone; and none of them lost."""

from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from opschecks.aws.dynamodb_items import from_line, to_line
from opschecks.sandbox.faults import give_fault
from opschecks.sandbox.seeds import incident_archive
from tests.bench import DIES_AT, FIX, Bench, bench
from tests.scratch import Ended

CHECK = "test_old_incidents_are_archived"
BUCKET = "incident-commander-archive"
FRESH = FIX + "cooldown_minutes = 0\nattempts_per_day = 10\n"
ALLOW = ("--allow", "destructive", "--allow", "disruptive", "--yes")
SENDS = 3
"""One object, and a hundred and twenty incidents in two transactions."""
RESTORED = 2
"""After how many of them, in between, what was done is undone by name."""

MEANWHILE = """\
import opschecks.aws.session

send, done = opschecks.aws.session.Aws.send, []


def change(aws, number, name, value):
    send(
        aws, "dynamodb", "UpdateItem", TableName="incident-commander-incidents",
        Key={"incident_id": {"S": number}}, UpdateExpression="SET #a = :a",
        ExpressionAttributeNames={"#a": name}, ExpressionAttributeValues={":a": {"S": value}},
    )


def meanwhile(self, service, operation, /, **parameters):
    if operation == BEFORE and not done:
        for one in CHANGES:
            change(self, *one)
        done.append(operation)
    answer = send(self, service, operation, **parameters)
    if operation == AFTER:
        for one in CHANGES:
            change(self, *one)
    return answer


opschecks.aws.session.Aws.send = meanwhile
"""
REOPENED, RETITLED = ("inc-0003", "status", "active"), ("inc-0005", "title", "Changed")


@contextmanager
def archive(folder: Path, fix: str = FRESH) -> Iterator[Bench]:
    with bench(folder, fix=fix) as on:
        incident_archive.sow(on.sandbox)
        give_fault(on.sandbox, "incidents_pile_up")
        on.sandbox.client("dynamodb").put_item(
            TableName=on.sandbox.stack.incidents_table,
            Item={
                "incident_id": {"S": "inc-0050"},
                "status": {"S": "resolved"},
                "created_at": {"S": "2020-02-02T00:00:00Z"},
                "responders": {"SS": ["b", "a"]},
                "dump": {"B": b"\x00\xff"},
                "cost": {"N": "1.25"},
                "timeline": {"L": [{"M": {"at": {"N": "1"}, "done": {"BOOL": True}}}, {"NULL": True}]},
            },
        )
        yield on


def table(on: Bench) -> list[str]:
    found = on.sandbox.client("dynamodb").scan(TableName=on.sandbox.stack.incidents_table, ConsistentRead=True)
    return sorted(map(to_line, found["Items"]))


def objects(on: Bench) -> dict[str, list[str]]:
    s3 = on.sandbox.client("s3")
    listed = s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])
    bodies = {one["Key"]: s3.get_object(Bucket=BUCKET, Key=one["Key"])["Body"].read() for one in listed}
    return {key: gzip.decompress(body).decode().splitlines() for key, body in bodies.items()}


def everywhere(on: Bench) -> set[str]:
    """Every incident as it is in the table, or in the archive."""
    return {*table(on), *(to_line(from_line(line)) for lines in objects(on).values() for line in lines)}


def fix(on: Bench, *options: str, first: str = "") -> Ended:
    return on.command("fix", "archive-incidents", *options, *ALLOW, first=first)


def test_found_planned_archived_verified_and_put_back_and_a_stale_plan_is_refused(tmp_path: Path) -> None:
    with archive(tmp_path) as on:
        before = table(on)
        planned = on.check(CHECK, "--fix=plan", suite="weekly").ends(1)
        assert "archive-incidents on incident-commander-incidents before " in planned.out
        plan = (tmp_path / "reports" / "plan.json").read_text()
        assert "Long ago" not in plan
        assert "inc-0007" not in plan
        assert "opschecks undo ENTRY" in plan
        assert objects(on) == {}

        _set_status(on, "inc-0003", "active")
        stale = on.command("fix", "reports/plan.json", "--yes", "--allow", "destructive").ends(1)
        assert "the plan is out of date" in stale.out
        assert (objects(on), len(table(on)), on.journal()) == ({}, 124, [])

        _set_status(on, "inc-0003", "resolved")
        on.command("fix", "reports/plan.json", "--yes", "--allow", "destructive").ends(0)
        assert on.found(CHECK, "weekly") == "passed"
        assert on.events() == [["begun", "sent", "cured"]]
        (lines,) = objects(on).values()
        assert (len(table(on)), len(lines)) == (4, 120)
        assert sorted([*table(on), *lines]) == before

        (entry,) = on.journal()
        on.command("undo", entry["entry"], *ALLOW).ends(0)
        assert table(on) == before
        assert len(objects(on)) == 1


@pytest.mark.parametrize("sent", range(1, SENDS + 1))
def test_killed_anywhere_no_incident_is_lost_and_the_same_again_finishes(tmp_path: Path, sent: int) -> None:
    with archive(tmp_path) as on:
        all_of_them = table(on)
        on.environment["DIES_AT"] = f"after {sent}"
        fix(on, first=DIES_AT)
        assert on.times_sent() == sent
        assert everywhere(on) == set(all_of_them)
        assert len(table(on)) == 124 - 100 * (sent > 1) - 20 * (sent > 2)
        copied = objects(on)
        on.free_the_lock()
        if sent == RESTORED:
            (key,) = copied
            on.command("fix", "restore-incidents", "--target", f"s3://{BUCKET}/{key}", *ALLOW).ends(0)
            assert table(on) == all_of_them

        again = fix(on)
        assert everywhere(on) == set(all_of_them)
        assert len(table(on)) == 4
        first, *others = on.events()
        assert first == ["begun", "sent", "handed_over"], again.all
        if sent == SENDS:
            assert "there is nothing to archive" in again.err
            assert others == []
        else:
            assert again.code == 0, again.all
            assert others == [["begun", "sent", "cured"]] * (2 if sent == RESTORED else 1)
        assert {key: objects(on)[key] for key in copied} == copied
        # what was copied and not deleted is copied again: the same incident twice, and never another in its place
        times = Counter(line for lines in objects(on).values() for line in lines)
        assert set(times) == set(all_of_them) - set(table(on))
        assert max(times.values()) == (2 if sent < SENDS else 1)


def _set_status(on: Bench, number: str, status: str) -> None:
    on.sandbox.client("dynamodb").update_item(
        TableName=on.sandbox.stack.incidents_table,
        Key={"incident_id": {"S": number}},
        UpdateExpression="SET #s = :s",
        ExpressionAttributeNames={"#s": "status"},
        ExpressionAttributeValues={":s": {"S": status}},
    )


def _meanwhile(before: str = "", after: str = "") -> str:
    return f"BEFORE, AFTER, CHANGES = {before!r}, {after!r}, {[REOPENED, RETITLED]!r}\n{MEANWHILE}"


def test_what_changes_after_the_copy_is_left_alone_and_archived_as_it_is_next_time(tmp_path: Path) -> None:
    with archive(tmp_path) as on:
        made = fix(on, first=_meanwhile(after="PutObject")).ends(1)
        assert "changed since they were copied, and left alone: inc-0003, inc-0005" in made.all
        assert len(table(on)) == 6
        assert on.events() == [["begun", "sent", "not_cured", "handed_over"]]
        assert fix(on).code == 0
        left = "".join(table(on))
        assert "inc-0003" in left
        assert "inc-0005" not in left
        *_, second = objects(on).values()
        assert [from_line(line)["title"] for line in second] == [{"S": "Changed"}]


def test_what_changes_between_the_last_look_and_the_delete_stops_it(tmp_path: Path) -> None:
    """Then DynamoDB's condition is what saves it: the transaction is cancelled whole, and what follows is not sent."""
    with archive(tmp_path) as on:
        made = fix(on, first=_meanwhile(before="TransactWriteItems")).ends(1)
        assert "1 of 3 requests were made, and the next was not" in made.all
        assert "ConditionalCheckFailed" in made.all
        assert "run the same command again to finish" in made.all
        assert len(table(on)) == 124
        assert fix(on).code == 0
        assert len(table(on)) == 5
        kept = {line for lines in objects(on).values() for line in lines if "inc-0005" in line}
        assert {from_line(line)["title"]["S"] for line in kept} == {"Long ago", "Changed"}
