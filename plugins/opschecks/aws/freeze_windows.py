"""Windows of time in which nothing may be changed, as stacks.toml declares them; no call of AWS."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ..core.dataclass import dataclass
from ..core.model import Resource
from ..core.observation import observation

if TYPE_CHECKING:
    from ..config.stack import Stack


@dataclass(frozen=True, kw_only=True)
class FreezeWindow(Resource):
    """One freeze window; times in UTC."""

    begins: datetime
    ends: datetime
    reason: str
    is_open: bool


@observation()
def freeze_windows(stack: Stack, now: datetime) -> list[FreezeWindow]:
    """The freeze windows of the stack that are not over."""
    return [
        FreezeWindow(
            arn=f"stacks.{stack.name}.fix.freeze/{one.begins.isoformat()}",
            name=one.reason,
            begins=one.begins.astimezone(UTC),
            ends=one.ends.astimezone(UTC),
            reason=one.reason,
            is_open=one.begins <= now,
            evidence={"begins": one.begins.isoformat(), "ends": one.ends.isoformat(), "reason": one.reason},
        )
        for one in stack.fix.freeze
        if now < one.ends
    ]
