"""Where moto's CloudWatch Logs is not like AWS's: exports, filter patterns, queries, and policies of the account."""

from __future__ import annotations

import gzip
import json
import operator
import re
import uuid
from collections.abc import Callable
from typing import Any

from moto.logs import models
from moto.logs.exceptions import InvalidParameterException, LimitExceededException, ResourceNotFoundException
from moto.logs.models import ExportTask, LogsBackend
from moto.logs.responses import LogsResponse

from ...core import clock
from ..correction import Before, Kind, extends, replaces

DOCS = "AmazonCloudWatchLogs/latest/APIReference/"

LOOKS_TO_FINISH = 1
"""After how many reads an export is finished."""
A_PAGE = 50
TOOK_MS = 1
_LIKE = re.compile(r"@message like /((?:[^/\\]|\\.)*)/")
_TERM = re.compile(r'([?-]?)("(?:[^"\\]|\\.)*"|\S+)')
_CONDITION = re.compile(r'\s*\(*\s*\$\.([\w.]+)\s*(=|!=|>=|<=|>|<)\s*("(?:[^"\\]|\\.)*"|\S+?)\s*\)*\s*')
_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq, "!=": operator.ne, ">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt,
}  # fmt: skip


@extends(ExportTask, "to_json", Kind.BUG, DOCS + "API_ExportTask.html")
def _with_times(before: Before, self: Any) -> dict[str, Any]:
    """moto leaves out executionInfo; it has no completionTime before the export has ended."""
    ended = {"completionTime": self.made + TOOK_MS} if self.status["code"] in ("COMPLETED", "FAILED") else {}
    return {**before(self), "executionInfo": {"creationTime": self.made, **ended}}


@replaces(LogsResponse, "create_export_task", Kind.BUG, DOCS)
def _create(self: LogsResponse) -> str:
    """moto runs several exports at once, and exports to a bucket whose policy does not permit it."""
    logs, group = self.logs_backend, self._get_param("logGroupName")
    if group not in logs.groups:
        raise ResourceNotFoundException
    if any(one.status["code"] in ("PENDING", "RUNNING") for one in logs.export_tasks.values()):
        raise LimitExceededException
    bucket, prefix = self._get_param("destination"), self._get_param("destinationPrefix", "exportedlogs")
    s3 = _bucket(logs, bucket)
    window = int(self._get_param("from")), int(self._get_param("to"))
    task: Any = ExportTask(str(uuid.uuid4()), self._get_param("taskName"), group, bucket, prefix, *window)
    task.made, task.looks = int(clock.now().timestamp() * 1000), LOOKS_TO_FINISH
    task.status = {"code": "PENDING", "message": "Export task is pending"}
    logs.export_tasks[task.task_id] = task
    s3.put_object(bucket, f"{prefix}/aws-logs-write-test", b"Permission Check Successful")
    return json.dumps({"taskId": task.task_id})


def _bucket(self: LogsBackend, name: str) -> Any:
    """S3's backend; an error if the bucket does not exist or its policy does not name the service."""
    from moto.s3.models import s3_backends

    s3 = s3_backends[self.account_id][self.partition]
    found = s3.buckets.get(name)
    if found is None:
        raise InvalidParameterException("The specified bucket does not exist.")
    policy = json.loads(found.policy or "{}")
    if "logs." not in json.dumps([one.get("Principal") for one in policy.get("Statement", [])]):
        raise InvalidParameterException(
            "GetBucketAcl call on the given bucket failed. Please check if CloudWatch Logs has been granted "
            "permission to perform this operation."
        )
    return s3


@replaces(LogsResponse, "describe_export_tasks", Kind.BUG, DOCS)
def _describe(self: LogsResponse) -> str:
    """moto ignores statusCode and limit; here each look takes a pending export one step further, too."""
    tasks = self.logs_backend.describe_export_tasks(task_id=self._get_param("taskId"))
    wanted, after = self._get_param("statusCode"), int(self._get_param("nextToken") or 0)
    limit = int(self._get_param("limit") or A_PAGE)
    for task in tasks:
        _get_on(self.logs_backend, task)
    told = [one.to_json() for one in tasks if wanted in (None, one.status["code"])]
    more = {"nextToken": str(after + limit)} if after + limit < len(told) else {}
    return json.dumps({"exportTasks": told[after : after + limit], **more})


def _get_on(backend: LogsBackend, task: Any) -> None:
    if task.status["code"] not in ("PENDING", "RUNNING") or getattr(task, "stuck", False):
        return
    if task.looks:
        task.looks, task.status = task.looks - 1, {"code": "RUNNING", "message": "Export task is running"}
        return
    s3 = _bucket(backend, task.destination)
    for name, stream in backend.groups[task.log_group_name].streams.items():
        events = [one for one in stream.events if task.from_time <= one.timestamp < task.to]
        if events:
            text = "".join(f"{one.timestamp} {one.message}\n" for one in events).encode()
            key = f"{task.destination_prefix}/{task.task_id}/{name.replace('/', '-')}/000000.gz"
            s3.put_object(task.destination, key, gzip.compress(text))
    task.status = {"code": "COMPLETED", "message": "Completed successfully"}


@replaces(models, "EventMessageFilter", Kind.BUG, "AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html")
class _Filter:
    """moto returns every event for a pattern of alternatives, of JSON, or of a regular expression.

    Here JSON patterns are comparisons of fields, joined by && within ||.
    """

    def __init__(self, pattern: str) -> None:
        self.pattern = (pattern or "").strip()

    def matches(self, message: str) -> bool:
        """Whether the event has what the pattern wants."""
        if self.pattern.startswith("{"):
            return _json_matches(self.pattern.strip("{} "), message)
        if self.pattern.startswith("%"):
            return bool(re.search(self.pattern.strip("%"), message))
        terms = [(sign, _unquoted(term)) for sign, term in _TERM.findall(self.pattern)]
        either = [term in message for sign, term in terms if sign == "?"]
        needed = all((term in message) is (sign != "-") for sign, term in terms if sign != "?")
        return needed and (not either or any(either))


def _unquoted(term: str) -> str:
    return re.sub(r"\\(.)", r"\1", term[1:-1]) if term.startswith('"') else term


def _json_matches(pattern: str, message: str) -> bool:
    try:
        told = json.loads(message)
    except ValueError:
        return False
    return any(all(_holds(one, told) for one in part.split("&&")) for part in pattern.split("||"))


def _holds(condition: str, told: Any) -> bool:
    found = _CONDITION.fullmatch(condition)
    if not found:
        raise ValueError(f"not understood: {condition}")
    for key in found[1].split("."):
        told = told.get(key) if isinstance(told, dict) else None
    wanted: Any = _unquoted(found[3]) if found[3].startswith('"') else float(found[3])
    if isinstance(wanted, float) != (isinstance(told, int | float) and not isinstance(told, bool)):
        return False
    return _OPERATORS[found[2]](told, wanted)


@replaces(LogsResponse, "get_query_results", Kind.BUG, DOCS)
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


@replaces(LogsResponse, "describe_account_policies", Kind.MISSING, DOCS)
def _describe_policies(self: LogsResponse) -> str:
    """moto has no account policies. Here the account has those that were put into its state."""
    kept = vars(self.logs_backend).get("account_policies", [])
    return json.dumps({"accountPolicies": [one for one in kept if one["policyType"] == self._get_param("policyType")]})
