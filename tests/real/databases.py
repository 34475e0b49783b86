"""DB instances of RDS as real accounts have them: of Aurora, stopped, growing, replicas, stuck."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opschecks.aws.inventory import inventory
from tests.canned import ACCOUNT, NOW, Aws, Raw, given, stack, weekly
from tests.canned_metrics import Points, at, by_metric
from tests.real.rows import Row

checks = weekly("rds")
ROOM, BACKED_UP, FOLLOW = (
    checks.test_databases_have_room,
    checks.test_databases_are_backed_up,
    checks.test_replicas_follow,
)
DOCS = "https://docs.aws.amazon.com/AmazonRDS/latest/"
INSTANCE = f"{DOCS}APIReference/API_DBInstance.html"
STATUS = f"{DOCS}UserGuide/accessing-monitoring.html"
METRICS = f"{DOCS}UserGuide/rds-metrics.html"
ENGINES = f"{DOCS}APIReference/API_DescribeDBInstances.html"
GIB = 2**30
REPLICA = {"ReadReplicaSourceDBInstanceIdentifier": "main", "BackupRetentionPeriod": 0}


def database(**changes: Any) -> Raw:
    """An element of DescribeDBInstances; a change to None takes a key away."""
    raw = {
        "DBInstanceIdentifier": "shop",
        "DBInstanceArn": f"arn:aws:rds:{ACCOUNT}:db:shop",
        "DBInstanceStatus": "available",
        "Engine": "postgres",
        "AllocatedStorage": 100,
        "BackupRetentionPeriod": 14,
    }
    return given(raw, changes)


DOCUMENTS = database(
    DBInstanceIdentifier="documents",
    Engine="docdb",
    AllocatedStorage=1,
    BackupRetentionPeriod=1,
    DBClusterIdentifier="d",
)


def seen(told: Raw, free: float | None = 60, lag: float | None = None, *more: str) -> Mapping[str, Any]:
    """What the checks are given of such an instance, with GiB free and seconds behind; `more` are named, too."""
    here = stack(resources={"databases": ("shop", *more)})
    values = {"FreeStorageSpace": None if free is None else free * GIB, "ReplicaLag": lag}

    def points(query: Any) -> Points:
        value = values[query["MetricStat"]["Metric"]["MetricName"]]
        return [] if value is None else [at(6, value)]

    listed = {"DBInstances": [told, database(DBInstanceIdentifier="of others"), DOCUMENTS]}
    aws = Aws({("rds", "DescribeDBInstances"): listed, ("cloudwatch", "GetMetricData"): by_metric(points)}, here)
    return {"rds_databases": checks.rds_databases(aws, inventory(here, aws), NOW), "stack": here}


STOPPED_ON_AN_ERROR = {
    "StatusType": "read replication",
    "Normal": False,
    "Status": "error",
    "Message": "Duplicate entry '7' for key 'PRIMARY'",
}
ROWS = {
    "one of two that are named was deleted": Row(
        ROOM, lambda: seen(database(), 60, None, "old"), {"shop": "passed", "old": "blind"}, INSTANCE
    ),
    "one of DocumentDB beside it, which RDS describes as well": Row(
        ROOM, lambda: seen(database(), 60, None, "documents"), {"shop": "passed"}, ENGINES
    ),
    "one of DocumentDB beside it, whose cluster keeps the backups": Row(
        BACKED_UP, lambda: seen(database(), 60, None, "documents"), {"shop": "passed"}, ENGINES
    ),
    "there is room": Row(ROOM, lambda: seen(database()), "passed", METRICS, "60 % of 100 GiB are free"),
    "it is being backed up": Row(ROOM, lambda: seen(database(DBInstanceStatus="backing-up")), "passed", STATUS),
    "nearly full": Row(ROOM, lambda: seen(database(), free=3), "failed", METRICS, "limit 15 %"),
    "nearly full, and it grows by itself": Row(
        ROOM, lambda: seen(database(MaxAllocatedStorage=1000), free=8), "passed", INSTANCE
    ),
    "Aurora has no storage of its own": Row(
        ROOM, lambda: seen(database(Engine="aurora-postgresql", AllocatedStorage=1), free=None), "passed", METRICS
    ),
    "stopped for the night, it has no metrics": Row(
        ROOM, lambda: seen(database(DBInstanceStatus="stopped"), free=None), "passed", STATUS
    ),
    "its key was disabled": Row(
        ROOM,
        lambda: seen(database(DBInstanceStatus="inaccessible-encryption-credentials-recoverable")),
        "failed",
        STATUS,
    ),
    "CloudWatch has no free storage of it": Row(
        ROOM, lambda: seen(database(), free=None), "blind", METRICS, "there is no data of FreeStorageSpace"
    ),
    "kept for two weeks": Row(BACKED_UP, lambda: seen(database()), "passed", INSTANCE, "kept for 14 days"),
    "backups are off": Row(BACKED_UP, lambda: seen(database(BackupRetentionPeriod=0)), "failed", INSTANCE),
    "a replica needs none of its own": Row(BACKED_UP, lambda: seen(database(**REPLICA)), "passed", INSTANCE),
    "there is no replica": Row(FOLLOW, lambda: seen(database()), "nothing", INSTANCE),
    "it follows": Row(FOLLOW, lambda: seen(database(**REPLICA), lag=0), "passed", METRICS, "behind main"),
    "it is behind": Row(FOLLOW, lambda: seen(database(**REPLICA), lag=3600), "failed", METRICS, "limit 60 s"),
    "it does not replicate": Row(FOLLOW, lambda: seen(database(**REPLICA), lag=-1), "failed", METRICS),
    "replication stopped on an error": Row(
        FOLLOW,
        lambda: seen(database(**REPLICA, StatusInfos=[STOPPED_ON_AN_ERROR]), lag=-1),
        "failed",
        INSTANCE,
        "Duplicate entry",
    ),
}
