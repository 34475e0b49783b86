"""Tables, their backups and what was restored from them, as AWS tells of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opschecks.config.stack import Stack
from opschecks.core.observation import NotThere
from opschecks.fixing.remedy import BaseRemedy
from tests.canned import NOW, Aws, ago, stack

T = "incidents"
ARN = f"arn:aws:dynamodb:us-west-2:123456789012:table/{T}"
BACKUP = f"{ARN}/backup/01795580677432-546ea8a5"
TODAY = f"{NOW:%Y%m%d}"
DESCRIBE, LIST = ("dynamodb", "DescribeTable"), ("dynamodb", "ListBackups")
RECOVERY = ("dynamodb", "DescribeContinuousBackups")
TASKS = ("logs", "DescribeExportTasks")


def stack_of(**more: Any) -> Stack:
    return stack(tables=(T, "agent-state"), **more)


def remedy_of(kind: type[BaseRemedy], answers: Mapping[Any, Any] | None = None, **keys: Any) -> Any:
    checked = stack_of(**keys)
    return kind(checked, Aws(answers or {}, checked))


def table(name: str = T, **more: Any) -> dict[str, Any]:
    told = {"TableName": name, "TableStatus": "ACTIVE", "TableId": "1", "CreationDateTime": ago(days=40), **more}
    return {"Table": {key: value for key, value in told.items() if value is not None}}


def restored(status: str = "ACTIVE", *, under_way: bool = False, **more: Any) -> dict[str, Any]:
    summary = {"SourceBackupArn": BACKUP, "RestoreDateTime": ago(days=1), "RestoreInProgress": under_way}
    status = "CREATING" if under_way else status
    return table("again", RestoreSummary=summary, TableStatus=status, **more)


def backup(name: str, days: float = 1, status: str = "AVAILABLE", table: str = T, **more: Any) -> dict[str, Any]:
    return {
        "BackupName": name,
        "BackupStatus": status,
        "BackupCreationDateTime": ago(days=days),
        "TableName": table,
        "BackupArn": f"{ARN}/backup/{name}",
        "BackupType": "USER",
        **more,
    }


def listed(*backups: Mapping[str, Any]) -> dict[Any, Any]:
    return {LIST: {"BackupSummaries": list(backups)}, DESCRIBE: table()}


GONE = NotThere("dynamodb:DescribeTable", "ResourceNotFoundException: no")
