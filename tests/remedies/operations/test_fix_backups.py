"""Backups and restores, end to end on a sandbox that stays: made, killed in the middle, finished, undone."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from opschecks.sandbox.faults import give_fault
from opschecks.sandbox.seed import BUCKET
from opschecks.sandbox.seeds import backups
from opschecks.sandbox.seeds.backups import FULL
from tests.bench import DIES, DIES_AT, FIX, QUICK, Bench, bench

TABLE = "incident-commander-incidents"
FRESH = QUICK + FIX + "cooldown_minutes = 0\nattempts_per_day = 9\n"
DESTRUCTIVE = ("--allow", "destructive", "--yes")


@contextmanager
def backed_up(folder: Path, *faults: str) -> Iterator[Bench]:
    """A bench with the backups that a stack has had for a while, and a bucket for full ones."""
    with bench(folder) as on:
        backups.sow(on.sandbox)
        for fault in faults:
            give_fault(on.sandbox, fault)
        on.project.write("stacks.toml", FRESH)
        yield on


def test_a_reviewed_plan_backs_the_table_up_and_the_check_passes(tmp_path: Path) -> None:
    check = "test_tables_have_a_recent_backup"
    with backed_up(tmp_path, "backups_have_stopped") as on:
        on.check(check, "--fix=plan", suite="weekly").ends(1)
        made = on.command("fix", "reports/plan.json", "--yes").ends(0)
        assert "the backup is CREATING" in made.out
        assert on.events() == [["begun", "sent", "cured"]]


def test_recovery_is_turned_on_and_off_again(tmp_path: Path) -> None:
    check = "test_tables_can_be_restored_to_any_moment"
    with backed_up(tmp_path, "point_in_time_recovery_is_off") as on:
        on.check(check, "--fix=apply", suite="weekly").ends(0)
        (entry,) = on.journal()
        assert on.command("undo", entry["entry"], *DESTRUCTIVE).code == 0
        told = on.sandbox.client("dynamodb").describe_continuous_backups(TableName=TABLE)
        recovery = told["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
        assert recovery["PointInTimeRecoveryStatus"] == "DISABLED"


def test_a_deploy_waits_for_a_backup_and_gets_one(tmp_path: Path) -> None:
    with backed_up(tmp_path, "point_in_time_recovery_is_off") as on:
        made = on.check("test_tables_have_a_fresh_backup", "--fix=apply", suite="deploy/before")
        assert "its newest backup is 2 days" not in made.out.rpartition("cured")[2]
        assert [entry["change"]["remedy"] for entry in on.journal()] == ["back-up-table"]
        assert on.project.outcomes("deploy-before-partial.json") == {"test_tables_have_a_fresh_backup": "passed"}


def _items(on: Bench, table: str) -> int:
    return int(on.sandbox.client("dynamodb").scan(TableName=table, Select="COUNT")["Count"])


def test_a_table_is_restored_beside_the_other_and_deleted_again(tmp_path: Path) -> None:
    with backed_up(tmp_path) as on:
        restore = ("fix", "restore-table", "--target", TABLE, "--yes")
        made = on.command(*restore, "--set", "to=incidents-again").ends(0)
        assert "the table is CREATING, 0 minutes after it was asked for" in made.out
        assert "without auto-scaling policies" in made.out
        assert 0 < _items(on, "incidents-again") <= _items(on, TABLE)
        (entry,) = on.journal()
        on.command("undo", entry["entry"], *DESTRUCTIVE).ends(0)
        assert "incidents-again" not in on.sandbox.client("dynamodb").list_tables()["TableNames"]

        on.command(*restore, "--set", "to=opschecks-drill-1", "--set", "at=latest").ends(0)
        assert on.command("fix", "delete-restored-table", "--target", "opschecks-drill-1", *DESTRUCTIVE).code == 0
        assert set(on.sandbox.client("dynamodb").list_tables()["TableNames"]) == set(on.sandbox.stack.tables)


def test_a_killed_restore_is_sent_once_and_waited_for_by_the_same_again(tmp_path: Path) -> None:
    with backed_up(tmp_path) as on:
        restore = ("fix", "restore-table", "--target", TABLE, "--set", "to=incidents-again", "--yes")
        on.environment["DIES"] = "after it is sent"
        on.command(*restore, first=DIES)
        on.free_the_lock()
        on.sandbox.backend("dynamodb").tables["incidents-again"].looks = 6
        again = on.command(*restore).ends(0)
        assert "the run that made it ended before verifying it" in again.out
        assert on.times_sent() == 1
        assert on.events() == [["begun", "sent", "handed_over"], ["begun", "sent", "cured"]]


def test_a_killed_backup_is_settled_by_reading(tmp_path: Path) -> None:
    with backed_up(tmp_path) as on:
        on.environment["DIES"] = "after it is sent"
        on.command("fix", "back-up-table", "--target", TABLE, "--yes", first=DIES)
        on.free_the_lock()
        on.command("fix", "back-up-table", "--target", TABLE, "--yes").ends(0)
        assert [events[-1] for events in on.events()] == ["handed_over", "cured"]
        ours = [one.name for one in on.sandbox.backend("dynamodb").backups.values() if "-opschecks-" in one.name]
        assert len(ours) == len(set(ours)) == 2


def _keys(on: Bench) -> list[str]:
    """What the sets have, but for the one of an earlier day that the sandbox comes with."""
    first = f"full/sandbox/{on.sandbox.now:%Y%m%d}"
    listed = on.sandbox.client("s3").list_objects_v2(Bucket=FULL, Prefix="full/sandbox/").get("Contents", [])
    return [one["Key"].removeprefix("full/sandbox/") for one in listed if one["Key"] >= first]


def _manifest(on: Bench) -> dict[str, Any]:
    (key,) = [key for key in _keys(on) if key.endswith("manifest.json")]
    answer = on.sandbox.client("s3").get_object(Bucket=FULL, Key=f"full/sandbox/{key}")
    told: dict[str, Any] = json.loads(answer["Body"].read())
    return told


def test_killed_anywhere_a_full_backup_is_finished_by_the_same_and_no_piece_is_made_twice(tmp_path: Path) -> None:
    everything = ("fix", "back-up-everything", "--yes")
    with backed_up(tmp_path) as on:
        for dies in ("after 2", "before 3", "after 1"):
            on.environment["DIES_AT"] = dies
            on.command(*everything, first=DIES_AT)
            on.free_the_lock()
            assert not [key for key in _keys(on) if key.endswith("manifest.json")]
        on.environment["DIES_AT"] = "after 99"
        made = on.command(*everything, first=DIES_AT).ends(0)
        assert "complete: false → true" in made.out
        assert on.check("test_everything_was_backed_up_lately", suite="weekly").code == 0
        sent = (tmp_path / "sent").read_text().splitlines()
        assert max(Counter(sent).values()) == 1
        assert Counter(line.split()[0] for line in sent) == {
            "PutObject": 2, "CreateBackup": 2, "CreateExportTask": 1, "CopyObject": 4
        }  # fmt: skip
        assert sent[-1].endswith("/manifest.json")

        told = _manifest(on)
        assert {one["table"] for one in told["tables"]} == set(on.sandbox.stack.tables)
        arns = {one["arn"] for one in told["tables"]}
        assert {on.sandbox.backend("dynamodb").backups[arn].status for arn in arns} == {"AVAILABLE"}
        assert told["dashboard"]["count"] == 4
        assert told["dashboard"]["verified"] == {"by size and ETag": 4, "by size and time": 0}
        (group,) = told["log_groups"]
        assert group["files"] == 1
        s3 = on.sandbox.client("s3")
        for one in told["dashboard"]["objects"]:
            copy, source = (
                s3.get_object(Bucket=bucket, Key=key)["Body"].read()
                for bucket, key in ((FULL, one["key"]), (BUCKET, one["key"].rpartition("/dashboard/")[2]))
            )
            assert copy == source


def test_what_cloudwatch_logs_may_not_write_is_said_and_no_backup(tmp_path: Path) -> None:
    with backed_up(tmp_path) as on:
        on.sandbox.client("s3").delete_bucket_policy(Bucket=FULL)
        refused = on.command("fix", "back-up-everything", "--yes").ends(1)
        assert "GetBucketAcl call on the given bucket failed" in refused.all
        assert "run the same command again to finish" in refused.all
        assert [key.rpartition("/")[2] for key in _keys(on)] == ["started.json"]
