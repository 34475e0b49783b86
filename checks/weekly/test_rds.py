"""DB instances of RDS: in order, with room on their disks, backed up, and replicas that follow."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from opschecks import (  # isort: skip
    Aws, CouldNotLook, Examine, Inventory, Metric, NotApplicable, NotThere, Resource, Series, Severity, Stack, Unread,
    check, fault, fetch_metrics, in_words, limit, observation, seed, seen,
)  # fmt: skip

FREE = limit("rds_free_storage_percent", 15, "how much of a DB instance's storage must be free")
DAYS = limit("rds_backup_days", 7, "for how many days RDS must keep the backups of a DB instance")
LAG = limit("rds_replica_lag_s", 60, "how far a read replica may be behind, in seconds")
WINDOW, GIB = timedelta(minutes=30), 2**30
OTHERS = ("docdb", "neptune")
"""Engines of other services, whose instances RDS describes, too; storage and backups are of their clusters."""
BROKEN = ("failed", "inaccessible", "incompatible", "insufficient", "restore-error", "storage-full")
"""How statuses begin that need somebody ("Viewing Amazon RDS DB instance status")."""


@dataclass(frozen=True, kw_only=True)
class Database(Resource):
    """A DB instance, by DescribeDBInstances; `free` (bytes) and `lag` (seconds) are metrics of the last half hour."""

    free: Series | CouldNotLook
    lag: Series | CouldNotLook

    @property
    def source(self) -> str:
        """What it is a read replica of, or ""."""
        return str(self.evidence.get("ReadReplicaSourceDBInstanceIdentifier") or "")

    @property
    def storage_gib(self) -> int:
        """The size of its disk."""
        size = int(self.evidence["AllocatedStorage"])
        if size <= 0:
            raise CouldNotLook("rds:DescribeDBInstances", f"AllocatedStorage is {size}: its size is unknown")
        return size


@observation(allow=["rds:DescribeDBInstances", "cloudwatch:GetMetricData"])
def rds_databases(aws: Aws, inventory: Inventory, now: datetime) -> list[Database]:
    """The stack's DB instances that are of RDS itself; NotApplicable where none is.

    Sources: API_DBInstance, API_DescribeDBInstances, "Amazon CloudWatch metrics for Amazon RDS".
    """
    named = [one.rpartition(":")[2] for one in inventory.others("databases", "AWS::RDS::DBInstance", "rds:db:")]
    listed = {one["DBInstanceIdentifier"]: one for one in aws.items("rds", "DescribeDBInstances", "DBInstances")}
    own = [name for name in named if listed.get(name, {}).get("Engine") not in OTHERS]
    if not own:
        raise NotApplicable("", f"all databases that stack {inventory.stack} names are of DocumentDB or Neptune")
    missing = Unread(NotThere("rds:DescribeDBInstances", "RDS lists no DB instance of that name"))
    measures = {"FreeStorageSpace": "Minimum", "ReplicaLag": "Maximum"}
    asked = [
        Metric(name, metric, "AWS/RDS", metric, (("DBInstanceIdentifier", name),), statistic, 300, "")
        for name in own
        for metric, statistic in measures.items()
    ]
    told = fetch_metrics(aws, asked, now - WINDOW, now)
    return [
        Database(arn=listed[name]["DBInstanceArn"] if name in listed else name, name=name,
                 evidence=listed.get(name, missing), free=told[name, "FreeStorageSpace"], lag=told[name, "ReplicaLag"])
        for name in own
    ]  # fmt: skip


@check(Severity.CRITICAL, runbook="databases", failing="A DB instance is in trouble or nearly full")
def test_databases_have_room(rds_databases: list[Database], stack: Stack, examine: Examine) -> None:
    """A database whose storage is full takes no more writes."""
    for one in rds_databases:
        with examine(one) as note:
            status = str(one.evidence["DBInstanceStatus"])
            note(status)
            assert not status.startswith(BROKEN), f"it is {status}"
            aurora = str(one.evidence["Engine"]).startswith("aurora")  # whose storage is of the cluster, and grows
            if not aurora and status != "stopped":
                size, least = one.storage_gib, FREE.of(stack, one)
                free = 100 * seen(one.free).newest / (size * GIB)
                note(f"{free:.0f} % of {size} GiB are free")
                grows = one.evidence.get("MaxAllocatedStorage", size) > size
                assert free >= least or grows, f"limit {least:g} %, and it may not grow"


@check(Severity.HIGH, runbook="databases", failing="A DB instance is not backed up")
def test_databases_are_backed_up(rds_databases: list[Database], stack: Stack, examine: Examine) -> None:
    """After a mistake there is only what RDS kept."""
    for one in rds_databases:
        with examine(one) as note:
            kept = int(one.evidence["BackupRetentionPeriod"])
            note(f"a replica of {one.source}" if one.source else f"kept for {in_words(timedelta(days=kept))}")
            assert one.source or kept >= DAYS.of(stack, one), f"limit {in_words(timedelta(days=DAYS.of(stack, one)))}"


@check(Severity.HIGH, runbook="databases", failing="A read replica is behind", may_be_empty=True)
def test_replicas_follow(rds_databases: list[Database], stack: Stack, examine: Examine) -> None:
    """Who reads from it sees old data, and it cannot take over."""
    for one in (one for one in rds_databases if isinstance(one.evidence, Unread) or one.source):
        with examine(one) as note:
            stopped = [str(told.get("Message") or told["Status"]) for told in one.evidence.get("StatusInfos") or []
                       if not told["Normal"]]  # fmt: skip
            assert not stopped, f"replication: {'; '.join(stopped)}"
            behind = seen(one.lag).newest  # -1 where it does not replicate
            note(f"{in_words(timedelta(seconds=min(max(behind, 0), 1e9)))} behind {one.source}")
            assert 0 <= behind <= LAG.of(stack, one), f"limit {LAG.of(stack, one):g} s"


@seed
def databases_of_the_stack(sandbox: Any) -> None:
    """Each DB instance that the stack names, with 60 of 100 GiB free; NAME-replica is a read replica of NAME."""
    rds = sandbox.client("rds")
    for name in sandbox.stack.resources.get("databases", ()):
        if (source := name.removesuffix("-replica")) != name:
            rds.create_db_instance_read_replica(DBInstanceIdentifier=name, SourceDBInstanceIdentifier=source)
            _measured(sandbox, name, "ReplicaLag", 2)
        else:
            of = {"DBInstanceIdentifier": name, "Engine": "postgres", "DBInstanceClass": "db.t4g.small"}
            rds.create_db_instance(**of, AllocatedStorage=100, BackupRetentionPeriod=7)
        _measured(sandbox, name, "FreeStorageSpace", 60 * GIB)


def _measured(sandbox: Any, name: str, metric: str, value: float) -> None:
    sandbox.metric("AWS/RDS", metric, value, timedelta(minutes=6), DBInstanceIdentifier=name)


@fault(caught_by=["test_databases_have_room"])
def database_is_nearly_full(sandbox: Any) -> None:
    """A log table has filled the storage of a database."""
    _measured(sandbox, "shop", "FreeStorageSpace", 3 * GIB)


@fault(caught_by=["test_databases_are_backed_up"])
def database_is_not_backed_up(sandbox: Any) -> None:
    """Somebody turned a database's backups off."""
    sandbox.client("rds").modify_db_instance(DBInstanceIdentifier="shop", BackupRetentionPeriod=0)


@fault(caught_by=["test_replicas_follow"])
def replica_is_behind(sandbox: Any) -> None:
    """A long transaction holds a read replica up."""
    _measured(sandbox, "shop-replica", "ReplicaLag", 900)
