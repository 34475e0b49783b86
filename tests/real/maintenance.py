"""Maintenance of RDS as real accounts have it: available, planned, forced, of a cluster, of a stopped instance."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

from opschecks.aws.unread import Unread
from opschecks.core.answer import Answer
from opschecks.core.observation import CouldNotLook
from tests.canned import ACCOUNT, NOW, Aws, Raw, ago, stack, weekly
from tests.real.databases import checks as databases
from tests.real.databases import database
from tests.real.rows import Row, rows_by

checks = weekly("rds_maintenance")
PLANNED = checks.test_database_maintenance_is_planned
DOCS = "https://docs.aws.amazon.com/AmazonRDS/latest/"
API = f"{DOCS}APIReference/API_PendingMaintenanceAction.html"
GUIDE = f"{DOCS}UserGuide/USER_UpgradeDBInstance.Maintenance.html"
OPT_IN = f"{DOCS}APIReference/API_ApplyPendingMaintenanceAction.html"
STOPPED = f"{DOCS}UserGuide/USER_StopInstance.html"
ARN, CLUSTER = f"arn:aws:rds:{ACCOUNT}:db:shop", f"arn:aws:rds:{ACCOUNT}:cluster:shop-cluster"
DENIED = CouldNotLook(
    "rds:DescribePendingMaintenanceActions", "AccessDenied: no", action="rds:DescribePendingMaintenanceActions"
)


def seen(*actions: Raw, of: str = ARN, limits: Raw | None = None, **changes: Any) -> Mapping[str, Any]:
    """What the check is given of one instance; `of` is what the actions are of."""
    here = stack(resources={"databases": ("shop",)})
    if limits:
        here = here.model_copy(update={"limits": here.limits.model_copy(update={"own": limits})})
    raw = Answer(database(**changes), "rds:DescribeDBInstances")
    one = databases.Database(arn=ARN, name="shop", evidence=raw, free=DENIED, lag=DENIED)
    listed = [{"ResourceIdentifier": of, "PendingMaintenanceActionDetails": list(actions)}] if actions else []
    aws = Aws({("rds", "DescribePendingMaintenanceActions"): {"PendingMaintenanceActions": listed}}, here)
    return {"rds_maintenance": checks.rds_maintenance(aws, [one], NOW), "stack": here}


def action(**more: Any) -> Raw:
    return {"Action": "system-update", "Description": "New Operating System update is available", **more}


def gone() -> Mapping[str, Any]:
    """An instance that could not be read."""
    here = stack(resources={"databases": ("shop",)})
    one = databases.Database(arn="shop", name="shop", evidence=Unread(DENIED), free=DENIED, lag=DENIED)
    aws = Aws({("rds", "DescribePendingMaintenanceActions"): {"PendingMaintenanceActions": []}}, here)
    return {"rds_maintenance": checks.rds_maintenance(aws, [one], NOW), "stack": here}


row = partial(rows_by(seen), PLANNED)
ROWS = {
    "an answer lacks its status": row("blind", API, DBInstanceStatus=None, says="no 'DBInstanceStatus'"),
    "nothing waits": row("passed", API, says="nothing is pending"),
    "an update is available, and nothing is forced": row(
        "passed", GUIDE, action(), says="system-update, when somebody asks for it"
    ),
    "it is applied in the next window by itself": row(
        "passed", API, action(AutoAppliedAfterDate=ago(days=2), CurrentApplyDate=ago(days=-3))
    ),
    "forced in two months": row("passed", API, action(ForcedApplyDate=ago(days=-60))),
    "forced in ten days, and somebody has chosen the next window": row(
        "passed", OPT_IN, action(ForcedApplyDate=ago(days=-10), OptInStatus="next-maintenance")
    ),
    "forced in ten days, and nobody has chosen": row(
        "failed",
        API,
        action(ForcedApplyDate=ago(days=-10), CurrentApplyDate=ago(days=-10)),
        says="whatever the maintenance window",
    ),
    "forced in ten days, where a week is enough": row(
        "passed", API, action(ForcedApplyDate=ago(days=-10)), limits={"rds_maintenance_days": 7}
    ),
    "the choice was undone": row("failed", OPT_IN, action(ForcedApplyDate=ago(days=-10), OptInStatus="undo-opt-in")),
    "it should have been forced four days ago": row(
        "failed",
        API,
        action(ForcedApplyDate=ago(days=4), OptInStatus="next-maintenance"),
        says="should have been applied by",
    ),
    "its window has come and gone": row(
        "failed", API, action(AutoAppliedAfterDate=ago(days=20)), says="should have been applied by"
    ),
    "applied in its window before it is forced": row(
        "passed",
        API,
        action(AutoAppliedAfterDate=ago(days=1), CurrentApplyDate=ago(days=-2), ForcedApplyDate=ago(days=-10)),
    ),
    "the next window was chosen, long after it could be applied": row(
        "passed",
        API,
        action(AutoAppliedAfterDate=ago(days=20), CurrentApplyDate=ago(days=-2), OptInStatus="next-maintenance"),
    ),
    "the window of its date has come and gone": row(
        "failed",
        API,
        action(CurrentApplyDate=ago(days=5), OptInStatus="next-maintenance"),
        says="should have been applied by",
    ),
    "forced an hour ago, as the next window was chosen: AWS may be days late": row(
        "passed",
        API,
        action(ForcedApplyDate=ago(hours=1), CurrentApplyDate=ago(hours=1), OptInStatus="next-maintenance"),
    ),
    "forced an hour ago, and nobody has chosen: it is not late, and comes at any hour": row(
        "failed",
        API,
        action(ForcedApplyDate=ago(hours=1), CurrentApplyDate=ago(hours=1)),
        says="it may come at any hour since",
    ),
    "a stopped instance: nothing is applied to it meanwhile": row(
        "passed", STOPPED, action(AutoAppliedAfterDate=ago(days=20)), says="stopped", DBInstanceStatus="stopped"
    ),
    "of the cluster of an Aurora instance": row(
        "failed", API, action(ForcedApplyDate=ago(days=-5)), of=CLUSTER, DBClusterIdentifier="shop-cluster"
    ),
    "applied at the end of all days, as whoever never wants it may say": row(
        "passed", API, action(AutoAppliedAfterDate=datetime.max.replace(tzinfo=UTC))
    ),
    "of another instance of the account": row(
        "passed", API, action(ForcedApplyDate=ago(days=-5)), of=f"{ARN}-of-others"
    ),
    "an instance that cannot be read": Row(PLANNED, gone, "blind", API, "AccessDenied"),
}
