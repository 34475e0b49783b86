"""CloudWatch Logs: ERROR events of the last hour."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from ..core.model import Figure, Resource
from ..core.observation import CouldNotLook, fan_out, observation
from ..core.redaction import redact_text
from .inventory import Inventory
from .session import Aws

_CALL = "logs:FilterLogEvents"
PATTERN = "ERROR"
ENOUGH_EVENTS = 10_000
_VARIABLE = re.compile(r"0x[0-9a-f]+|\b[0-9a-f]{8}-[0-9a-f-]{27}\b|\b[0-9a-f]{12,}\b|\d+", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class LogErrors(Resource):
    """The ERROR events of one log group in the last hour.

    `seen`: number of events read; `websocket`: of those that mention WebSockets. `complete` is False where reading
    stopped early.
    """

    seen: int
    websocket: int
    complete: bool

    def at_most(self, limit: int) -> bool:
        """Whether there were at most `limit`; CouldNotLook where reading stopped early below it."""
        if self.seen > limit:
            return False
        self._require_all()
        return True

    def websocket_at_most(self, limit: int) -> bool:
        """The same for events that mention WebSockets."""
        if self.websocket > limit:
            return False
        self._require_all()
        return True

    def _require_all(self) -> None:
        if not self.complete:
            raise CouldNotLook(
                _CALL, f"stopped reading {self.name} after {self.seen} events; later events were not checked"
            )

    @property
    def top(self) -> str:
        """The most frequent message, digits and ids left out."""
        messages: list[dict[str, Any]] = self.evidence["top messages"]
        return str(messages[0]["message"]) if messages else ""


@observation(allow=["logs:FilterLogEvents"])
def log_errors(aws: Aws, inventory: Inventory, now: datetime) -> list[LogErrors]:
    """The ERROR events of the last hour in each of the stack's log groups, counted by message."""
    since = now - timedelta(hours=1)
    return fan_out(lambda group: _errors(aws, group, since, now), inventory.some("log_groups"))


def _errors(aws: Aws, group: str, since: datetime, until: datetime) -> LogErrors:
    events: list[dict[str, Any]] = []
    complete = True
    try:
        span = {"startTime": _ms(since), "endTime": _ms(until)}
        for page in aws.pages("logs", "FilterLogEvents", logGroupName=group, filterPattern=PATTERN, **span):
            events += page["events"]
            if len(events) >= ENOUGH_EVENTS and page.get("nextToken"):
                complete = False
                break
    except CouldNotLook:
        if not events:
            raise
        complete = False  # what was read may already exceed the limit
    texts = [redact_text(str(event["message"])) for event in events]
    counted = Counter(_VARIABLE.sub("…", text.strip())[:300] for text in texts)
    newest = max(events, key=lambda event: int(event.get("timestamp", 0)), default=None)
    evidence: dict[str, Any] = {
        "since": since.isoformat(timespec="seconds"),
        "events": len(events),
        "top messages": [{"times": times, "message": text} for text, times in counted.most_common(10)],
    }
    if newest:
        evidence["newest"] = {
            "at": datetime.fromtimestamp(int(newest["timestamp"]) / 1000, UTC).isoformat(timespec="seconds"),
            "stream": newest.get("logStreamName", ""),
            "message": redact_text(str(newest["message"]))[:1000],
        }
    figures = (Figure("ERROR events", len(events), "in the last hour"),)
    seen, websocket = len(events), sum("websocket" in text.lower() for text in texts)
    return LogErrors(
        arn=group, name=group, evidence=evidence, seen=seen, websocket=websocket, complete=complete, figures=figures
    )


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
