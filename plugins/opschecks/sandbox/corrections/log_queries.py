"""Where moto's Logs Insights is not like AWS's: it neither filters nor counts, and does not say what it scanned."""

from __future__ import annotations

import json
import re
from typing import Any

from moto.logs.responses import LogsResponse

from ..correction import Kind, replaces

_LIKE = re.compile(r"@message like /((?:[^/\\]|\\.)*)/")


@replaces(LogsResponse, "get_query_results", Kind.BUG, "AmazonCloudWatchLogs/latest/APIReference/")
def _results(self: LogsResponse) -> str:
    """moto answers a query of filters and counts with the events themselves, and without statistics.

    Here a query counts what is like one of its expressions: `errors` of all, `websocket` of those that mention it.
    """
    query: Any = self.logs_backend.get_query_results(self._get_param("queryId"))
    texts = [
        event.message
        for name in query.log_group_names
        for stream in self.logs_backend.groups[name].streams.values()
        for event in stream.events
        if query.start_time * 1000 <= event.timestamp <= query.end_time * 1000
    ]
    found = [text for text in texts if any(re.search(one, text) for one in _LIKE.findall(query.query))]
    counts = {"errors": len(found), "websocket": sum("websocket" in text.lower() for text in found)}
    rows = [[{"field": key, "value": str(value)} for key, value in counts.items()]] if found else []
    scanned = {
        "recordsMatched": float(len(found)),
        "recordsScanned": float(len(texts)),
        "bytesScanned": float(sum(len(text.encode()) for text in texts)),
    }
    return json.dumps({"results": rows, "statistics": scanned, "status": query.status})
