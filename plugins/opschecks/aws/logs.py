"""CloudWatch Logs: ERROR events of the last hour, searched for or counted, each log group by itself."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from ..core import clock
from ..core.answer import Answer
from ..core.model import Figure, Resource
from ..core.observation import CouldNotLook, fan_out, observation
from ..core.redaction import redact_text
from ..core.wording import plural
from .forms import moment_of_ms
from .inventory import Inventory
from .log_counts import by_insights, by_metric_filter
from .log_levels import PATTERN, is_error
from .session import Aws

if TYPE_CHECKING:
    from ..config.stack import Stack
    from ..config.toml_tables import LogSearch

_CALL = "logs:FilterLogEvents"
ENOUGH_EVENTS = 10_000
EMPTY_PAGES_A_PAGE = 20
_VARIABLE = re.compile(r"0x[0-9a-f]+|\b[0-9a-f]{8}-[0-9a-f-]{27}\b|\b[0-9a-f]{12,}\b|\d+", re.IGNORECASE)
_OTHERWISE = 'narrow its pattern, or count by = "insights" or by = "metric": log_searches in stacks.toml'
_OTHER_CLASS = re.compile(r"log.?group.?class|log class|INFREQUENT_ACCESS", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class LogErrors(Resource):
    """The ERROR events of one log group in the last hour.

    `seen`: how many; `websocket`: of those that mention WebSockets, None where they were not looked at one by one.
    `complete` is False where reading stopped early, `stopped` says why. `unread`: why the group could not be searched.
    `counted`: how they were counted, and what that cost, where it was not by searching.
    """

    seen: int
    websocket: int | None
    complete: bool
    unread: CouldNotLook | None = None
    counted: str = ""
    stopped: CouldNotLook | None = None

    @property
    def told(self) -> str:
        """How many, in words; CouldNotLook where the group could not be searched."""
        self._require_read()
        return f"{self.seen} ERROR events in the last hour" + (f" ({self.counted})" if self.counted else "")

    @property
    def told_of_websockets(self) -> str:
        """The same for events that mention WebSockets."""
        return f"{self._of_websockets()} ERROR events about WebSockets in the last hour"

    def at_most(self, limit: int) -> bool:
        """Whether there were at most `limit`; CouldNotLook where reading stopped early below it."""
        self._require_read()
        if self.seen > limit:
            return False
        self._require_all()
        return True

    def websocket_at_most(self, limit: int) -> bool:
        """The same for events that mention WebSockets."""
        if self._of_websockets() > limit:
            return False
        self._require_all()
        return True

    def _of_websockets(self) -> int:
        self._require_read()
        if self.websocket is None:
            if not self.seen:
                return 0
            raise CouldNotLook("", f"the errors of {self.name} are only counted: which are about WebSockets is unknown")
        return self.websocket

    def _require_read(self) -> None:
        if self.unread:
            raise self.unread.again()

    def _require_all(self) -> None:
        if not self.complete:
            told = f"stopped reading {self.name} after {plural(self.seen, 'event')}; later events were not checked"
            why, action = (self.stopped.reason, self.stopped.action) if self.stopped else (_OTHERWISE, "")
            raise CouldNotLook(_CALL, f"{told}; {why}", action=action)

    @property
    def top(self) -> str:
        """The most frequent message, digits and ids left out."""
        messages: list[dict[str, Any]] = self.evidence.get("top messages") or []
        return str(messages[0]["message"]) if messages else ""


@observation(
    allow=[
        "logs:FilterLogEvents",
        "logs:StartQuery",
        "logs:GetQueryResults",
        "logs:DescribeMetricFilters",
        "cloudwatch:GetMetricData",
    ]
)
def log_errors(stack: Stack, aws: Aws, inventory: Inventory, now: datetime) -> list[LogErrors]:
    """The ERROR events of the last hour in each of the stack's log groups, counted by message.

    A group that refuses blinds itself alone: FilterLogEvents does not search the class Infrequent Access, for one.
    Sources: API_FilterLogEvents, whose pages may be empty before the last one; "Log classes" of the user guide.
    """
    since = now - timedelta(hours=1)
    return fan_out(lambda group: _errors(stack, aws, group, since, now), inventory.some("log_groups"))


def _errors(stack: Stack, aws: Aws, group: str, since: datetime, until: datetime) -> LogErrors:
    how = next((one for one in stack.log_searches if fnmatchcase(group, one.group)), None)
    try:
        if how and how.by != "search":
            count = by_insights if how.by == "insights" else by_metric_filter
            counted = count(stack, aws, group, how, since, until)
            return LogErrors(
                arn=group,
                name=group,
                evidence={"since": since.isoformat(timespec="seconds"), **counted.evidence},
                seen=counted.errors,
                websocket=counted.websocket,
                complete=True,
                counted=counted.how,
                figures=(Figure("ERROR events", counted.errors, "in the last hour"),),
            )
        return _searched(stack, aws, group, how, since, until)
    except CouldNotLook as error:
        advice = f"; {_OTHERWISE}" if _OTHER_CLASS.search(error.reason) else ""
        why = CouldNotLook(error.call, error.reason + advice, action=error.action)
        return LogErrors(
            arn=group,
            name=group,
            evidence={"could not be searched": str(why)},
            seen=0,
            websocket=None,
            complete=False,
            unread=why,
        )


def _searched(stack: Stack, aws: Aws, group: str, how: LogSearch | None, since: datetime, until: datetime) -> LogErrors:
    events: list[dict[str, Any]] = []
    complete, stopped = True, None
    pattern = how.pattern if how and how.pattern else ""
    try:
        for page in _pages(stack, aws, group, pattern or PATTERN, since, until):
            events += [event for event in page["events"] if pattern or is_error(str(event["message"]))]
            if len(events) >= ENOUGH_EVENTS and page.get("nextToken"):
                complete = False
                break
    except CouldNotLook as why:
        if not events:
            raise
        complete, stopped = False, why  # what was read may already exceed the limit
    texts = [redact_text(str(event["message"])) for event in events]
    counted = Counter(_VARIABLE.sub("…", text.strip())[:300] for text in texts)
    newest = max(events, key=lambda event: int(event.get("timestamp", 0)), default=None)
    evidence: dict[str, Any] = {
        "since": since.isoformat(timespec="seconds"),
        "pattern": pattern or "the level of JSON, or a word such as ERROR",
        "events": len(events),
        "top messages": [{"times": times, "message": text} for text, times in counted.most_common(10)],
    }
    if newest:
        evidence["newest"] = {
            "at": moment_of_ms(newest, "timestamp").isoformat(timespec="seconds"),
            "stream": newest.get("logStreamName", ""),
            "message": redact_text(str(newest["message"]))[:1000],
        }
    figures = (Figure("ERROR events", len(events), "in the last hour"),)
    seen, websocket = len(events), sum("websocket" in text.lower() for text in texts)
    return LogErrors(
        arn=group,
        name=group,
        evidence=evidence,
        seen=seen,
        websocket=websocket,
        complete=complete,
        stopped=stopped,
        figures=figures,
    )


def _pages(stack: Stack, aws: Aws, group: str, pattern: str, since: datetime, until: datetime) -> Iterator[Answer]:
    """The pages of a search. Empty ones cost little and are many in a large group: time bounds them.

    CouldNotLook where pages, time or tokens run out before the search has ended.
    """
    limits, begun = stack.limits, clock.now()
    full, empty = 0, 0
    token, given = "", set[str]()
    while True:
        more = {"nextToken": token} if token else {}
        span = {"startTime": _ms(since), "endTime": _ms(until)}
        page = aws.call("logs", "FilterLogEvents", logGroupName=group, filterPattern=pattern, **span, **more)
        yield page
        token = str(page.get("nextToken") or "")
        if not token:
            return
        if token in given:
            raise CouldNotLook(_CALL, "the same next page was named twice")
        given.add(token)
        full, empty = (full + 1, empty) if page["events"] else (full, empty + 1)
        if full >= limits.pages or empty >= limits.pages * EMPTY_PAGES_A_PAGE:
            raise CouldNotLook(
                _CALL,
                f"cut short after {plural(full + empty, 'page')} (limit pages); later pages were not read; "
                f"{_OTHERWISE}",
            )
        if clock.now() - begun > timedelta(seconds=limits.log_search_s):
            raise CouldNotLook(
                _CALL,
                f"cut short after {limits.log_search_s:g} s (limit log_search_s), at page {full + empty}; {_OTHERWISE}",
            )


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
