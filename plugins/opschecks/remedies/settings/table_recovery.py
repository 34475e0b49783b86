"""The remedy that turns point-in-time recovery of a table on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from ...core.change import CannotFix, Request, Risk, State
from ...core.observation import NotThere
from ...fixing.remedy import IN_CODE_TOO, Setting
from ..operations.restore_points import RECOVERY


class EnableRecovery(Setting):
    """Turn point-in-time recovery of a table on: from now on it can be restored to any second of the last 35 days."""

    kind = "tables"
    rolls_back = False
    runbook = "table-backups"
    settles_within = timedelta(minutes=10)
    allow = ("dynamodb:UpdateContinuousBackups", RECOVERY)
    expects = "DynamoDB records every write from this moment on; what was before it cannot be restored to"
    beware = f"it is paid for by the table's size; turning it off forgets every restorable moment; {IN_CODE_TOO}"

    def risk_of(self, before: State, after: State) -> Risk:
        """Turning it off discards all restorable moments; turning it on again starts from nothing."""
        return Risk.SAFE if after["recovery"] else Risk.DESTRUCTIVE

    def all_targets(self) -> list[str]:
        off = [table for table in super().all_targets() if not self.read(table)["recovery"]]
        if not off:
            raise CannotFix(f"point-in-time recovery of every table of {self.stack.name} is on")
        return off

    def read(self, target: str) -> State:
        """Whether it is on; `ContinuousBackupsStatus` is ENABLED for every table, and does not say."""
        try:
            answer = self.aws.call("dynamodb", "DescribeContinuousBackups", TableName=target)
        except NotThere:
            raise CannotFix(f"there is no table {target}") from None
        told = answer["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
        return {"recovery": told["PointInTimeRecoveryStatus"] == "ENABLED"}

    def want(self, now: State, wish: Mapping[str, str]) -> State:
        if now["recovery"]:
            raise CannotFix(
                "point-in-time recovery is on: where it has stopped, the table may have lost access to its KMS key"
            )
        return {"recovery": True}

    def request(self, target: str, before: State, after: State) -> Request:
        set_to = {"PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": after["recovery"]}}
        return Request("dynamodb", "UpdateContinuousBackups", {"TableName": target, **set_to})
