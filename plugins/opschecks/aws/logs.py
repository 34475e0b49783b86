"""CloudWatch Logs: ERROR events of the last hour, each log group by itself.

They are searched for one by one, or counted by Logs Insights or a metric filter, which large groups need.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import field
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from ..core import clock
from ..core.answer import Answer
from ..core.dataclass import dataclass
from ..core.model import Figure, Resource
from ..core.observation import CouldNotLook, fan_out, observation, seen
from ..core.redaction import redact_text
from ..core.wording import plural
from .cloudwatch_metrics import CALL, fetch_points
from .evidence import moment_of_ms
from .inventory import Inventory
from .log_levels import INSIGHTS, PATTERN, is_error
from .session import Aws

if TYPE_CHECKING:
    from ..config.stack import Stack
    from ..config.toml_tables import LogSearch

_CALL = "logs:FilterLogEvents"
ENOUGH_EVENTS = 10_000
EMPTY_PAGES_A_PAGE = 20
_VARIABLE = re.compile(r"0x[0-9a-f]+|\b[0-9a-f]{8}-[0-9a-f-]{27}\b|\b[0-9a-f]{12,}\b|\d+", re.IGNORECASE)
_OTHERWISE = 'narrow its pattern, or count by = "insights" or by = "metric": log_searches in stacks.toml'
_RESULTS = "logs:GetQueryResults"
_FILTERS = "logs:DescribeMetricFilters"
USD_PER_GB = 0.005
"""What Logs Insights costs per GB that it scans, in most regions: https://aws.amazon.com/cloudwatch/pricing/."""
PAUSES_S = (0.2, 0.5, 1.0, 2.0)
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
        seen(self.unread)
        return f"{self.seen} ERROR events in the last hour" + (f" ({self.counted})" if self.counted else "")

    @property
    def told_of_websockets(self) -> str:
        """The same for events that mention WebSockets."""
        return f"{self._of_websockets()} ERROR events about WebSockets in the last hour"

    def at_most(self, limit: int) -> bool:
        """Whether there were at most `limit`; CouldNotLook where reading stopped early below it."""
        seen(self.unread)
        return self._is_within(self.seen, limit)

    def websocket_at_most(self, limit: int) -> bool:
        """The same for events that mention WebSockets."""
        return self._is_within(self._of_websockets(), limit)

    def _of_websockets(self) -> int:
        seen(self.unread)
        if self.websocket is None and self.seen:
            raise CouldNotLook("", f"the errors of {self.name} are only counted: which are about WebSockets is unknown")
        return self.websocket or 0

    def _is_within(self, count: int, limit: int) -> bool:
        if count <= limit and not self.complete:
            told = f"stopped reading {self.name} after {plural(self.seen, 'event')}; later events were not checked"
            why, action = (self.stopped.reason, self.stopped.action) if self.stopped else (_OTHERWISE, "")
            raise CouldNotLook(_CALL, f"{told}; {why}", action=action)
        return count <= limit

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
    return LogErrors(
        arn=group,
        name=group,
        evidence=evidence,
        seen=len(events),
        websocket=sum("websocket" in text.lower() for text in texts),
        complete=complete,
        stopped=stopped,
        figures=(Figure("ERROR events", len(events), "in the last hour"),),
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
        span = {"startTime": int(since.timestamp() * 1000), "endTime": int(until.timestamp() * 1000)}
        page = aws.call("logs", "FilterLogEvents", logGroupName=group, filterPattern=pattern, **span, **more)
        yield page
        if not (token := str(page.get("nextToken") or "")):
            return
        if token in given:
            raise CouldNotLook(_CALL, "the same next page was named twice")
        given.add(token)
        full, empty = (full + 1, empty) if page["events"] else (full, empty + 1)
        if full >= limits.pages or empty >= limits.pages * EMPTY_PAGES_A_PAGE:
            told = f"cut short after {plural(full + empty, 'page')} (limit pages); later pages were not read"
            raise CouldNotLook(_CALL, f"{told}; {_OTHERWISE}")
        if clock.now() - begun > timedelta(seconds=limits.log_search_s):
            told = f"cut short after {limits.log_search_s:g} s (limit log_search_s), at page {full + empty}"
            raise CouldNotLook(_CALL, f"{told}; {_OTHERWISE}")


@dataclass(frozen=True)
class Counted:
    """A number of errors, and how it was found. `websocket`: of those about WebSockets, None where that is unknown."""

    errors: int
    websocket: int | None
    how: str
    evidence: Mapping[str, Any] = field(default_factory=dict)


def by_insights(stack: Stack, aws: Aws, group: str, how: LogSearch, since: datetime, until: datetime) -> Counted:
    """Ask Logs Insights, which also reads the class Infrequent Access, and costs by what it scans.

    Sources: API_StartQuery (whole seconds), API_GetQueryResults (its statistics have bytesScanned).
    """
    matches = f"/{how.pattern}/" if how.pattern else INSIGHTS
    query = (
        f"filter @message like {matches} | fields strcontains(tolower(@message), 'websocket') as ws "
        "| stats count(*) as errors, sum(ws) as websocket"
    )
    span = {"startTime": int(since.timestamp()), "endTime": int(until.timestamp())}
    asked = aws.call("logs", "StartQuery", logGroupNames=[group], queryString=query, **span)
    answer = _finished(stack, aws, str(asked["queryId"]))
    rows = [{one["field"]: one["value"] for one in row} for row in answer["results"]]
    told = rows[0] if rows else {}  # without a match there is no row
    scanned = float(answer["statistics"]["bytesScanned"]) / 1e9
    cost = f"Logs Insights scanned {scanned:.3g} GB, about ${scanned * USD_PER_GB:.4f}"
    evidence = {"query": query, "statistics": dict(answer["statistics"])}
    return Counted(int(float(told.get("errors", 0))), int(float(told.get("websocket", 0))), cost, evidence)


def _finished(stack: Stack, aws: Aws, query: str) -> Any:
    begun, tried = clock.now(), 0
    while True:
        answer = aws.call("logs", "GetQueryResults", queryId=query)
        if answer["status"] == "Complete":
            return answer
        if answer["status"] not in ("Scheduled", "Running"):
            raise CouldNotLook(_RESULTS, f"the query ended as {answer['status']}")
        late = clock.now() - begun > timedelta(seconds=stack.limits.log_search_s)
        if late or tried > 100 * len(PAUSES_S):
            raise CouldNotLook(_RESULTS, f"no result within {stack.limits.log_search_s:g} s (limit log_search_s)")
        time.sleep(PAUSES_S[min(tried, len(PAUSES_S) - 1)])
        tried += 1


def by_metric_filter(stack: Stack, aws: Aws, group: str, how: LogSearch, since: datetime, until: datetime) -> Counted:
    """Read the metric that a metric filter of the group writes: 1 for each event, and nothing while there is none.

    Sources: API_DescribeMetricFilters, API_MetricTransformation.
    """
    namespace, _, name = how.metric.rpartition("/")
    asked = {"metricName": name, "metricNamespace": namespace}
    filters = aws.items("logs", "DescribeMetricFilters", "metricFilters", **asked)
    own = [one for one in filters if one["logGroupName"] == group]
    if not own:
        raise CouldNotLook(_FILTERS, f"no metric filter of {group} writes {how.metric} (log_searches in stacks.toml)")
    if len(filters) > 1:
        why = f"{how.metric} is written by {plural(len(filters), 'filter')}, not by one of {group} alone"
        raise CouldNotLook(_FILTERS, why)
    of = next(one for one in own[0]["metricTransformations"] if one["metricName"] == name)
    if of["metricValue"] != "1" or of.get("dimensions"):
        raise CouldNotLook(_FILTERS, f"{how.metric} does not count events: its filter must write 1, without dimensions")
    if (made := moment_of_ms(own[0], "creationTime")) > since:
        raise CouldNotLook(_FILTERS, f"the metric filter of {how.metric} is new, of {made:%Y-%m-%d %H:%M} UTC")
    stat = {"Metric": {"Namespace": namespace, "MetricName": name}, "Period": 60, "Stat": "Sum"}
    [(points, state)] = fetch_points(aws, [{"MetricStat": stat}], since, until)
    if state != "Complete":
        raise CouldNotLook(CALL, f"{how.metric}: the answer is {state}, not Complete")
    evidence = {"metric": how.metric, "filter": own[0]["filterPattern"]}
    return Counted(int(sum(points.values())), None, f"counted by {how.metric}", evidence)
