"""CloudWatch Logs: errors of large log groups, counted by Logs Insights or by a metric filter instead of read."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from ..core import clock
from ..core.observation import CouldNotLook
from ..core.wording import plural
from .cloudwatch_metrics import CALL, fetch_points
from .forms import moment_of_ms
from .log_levels import INSIGHTS
from .session import Aws

if TYPE_CHECKING:
    from ..config.stack import Stack
    from ..config.toml_tables import LogSearch

_RESULTS = "logs:GetQueryResults"
_FILTERS = "logs:DescribeMetricFilters"
USD_PER_GB = 0.005
"""What Logs Insights costs per GB that it scans, in most regions: https://aws.amazon.com/cloudwatch/pricing/."""
PAUSES_S = (0.2, 0.5, 1.0, 2.0)


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
        raise CouldNotLook(
            _FILTERS, f"{how.metric} is written by {plural(len(filters), 'filter')}, not by one of {group} alone"
        )
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
