"""Log groups as real accounts have them: formats, sizes, classes, and groups that nobody writes to."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from opschecks.aws.cloudwatch_metrics import Metrics
from opschecks.aws.ecs import Service
from opschecks.aws.log_writers import log_writers
from opschecks.aws.logs import log_errors
from opschecks.aws.traffic import log_flow
from opschecks.core.model import Series
from opschecks.core.observation import CouldNotLook
from tests.canned import ACCOUNT, NOW, Answers, Aws, Raw, ago, daily, names, stack
from tests.real.rows import Row

checks = daily("logs")
GROUP, AUDIT = "/ecs/backend", "/aws/audit"
API = "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/"
SEARCH = API + "API_FilterLogEvents.html"
QUERY = API + "API_GetQueryResults.html"
FILTERS = API + "API_DescribeMetricFilters.html"
CLASSES = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatch_Logs_Log_Classes.html"
PINO = "https://getpino.io/#/docs/api?id=loggerlevels-object"
SLOG = "https://pkg.go.dev/log/slog#JSONHandler"
LOGFMT = "https://grafana.com/docs/loki/latest/query/log_queries/"
NGINX = "https://nginx.org/en/docs/ngx_core_module.html#error_log"
GELF = "https://go2docs.graylog.org/current/getting_in_log_data/gelf.html"
AWSLOGS = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using_awslogs.html"
CUSTOM = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-custom-resources.html"
REFUSED = CouldNotLook(
    "logs:FilterLogEvents",
    f"InvalidOperationException: The log group {AUDIT} is of log-group-class INFREQUENT_ACCESS. "
    "FilterLogEvents is not supported for this log class.",
)


def page(*messages: str, following: str = "") -> Raw:
    """A page of FilterLogEvents."""
    at = int(ago(minutes=5).timestamp() * 1000)
    events = [{"logStreamName": "s", "timestamp": at, "message": text, "ingestionTime": at} for text in messages]
    return {"events": events, "searchedLogStreams": [], **({"nextToken": following} if following else {})}


def row(
    outcome: str | Mapping[str, str],
    source: str,
    says: str = "",
    *,
    answers: Answers | Any = None,
    groups: Sequence[str] = (GROUP,),
    more: Mapping[tuple[str, str], Any] | None = None,
    **keys: Any,
) -> Row:
    """The errors of an hour in log groups."""

    def look() -> Mapping[str, Any]:
        aws = Aws({("logs", "FilterLogEvents"): answers, **(more or {})}, stack(**keys))
        return {"log_errors": log_errors(aws.stack, aws, names(log_groups=tuple(groups)), NOW)}

    return Row(checks.test_errors_are_rare_in_the_logs, look, outcome, source, says)


def lines(outcome: str, text: str, source: str, says: str = "") -> Row:
    """60 events of one text within the hour."""
    return row(outcome, source, says, answers=page(*[text] * 60))


def level(value: object, key: str = "level", **more: object) -> str:
    """A JSON event of a level."""
    return json.dumps({key: value, "msg": "cannot write event", **more})


def by_group(**answers: Any) -> Any:
    """FilterLogEvents of /ecs/backend and /aws/audit."""

    def answer(logGroupName: str, **_: Any) -> Any:  # noqa: N803 - AWS's name
        return answers["backend" if logGroupName == GROUP else "audit"]

    return answer


def insights(
    *rows: Mapping[str, object], status: str = "Complete", scanned: float = 12e9
) -> dict[tuple[str, str], Any]:
    """A query of Logs Insights, and its result."""
    results = [[{"field": key, "value": str(value)} for key, value in one.items()] for one in rows]
    told = {"results": results, "statistics": {"bytesScanned": scanned}, "status": status}
    return {("logs", "StartQuery"): {"queryId": "1f"}, ("logs", "GetQueryResults"): told}


BY_INSIGHTS = [{"group": "/aws/*", "by": "insights"}]
BY_METRIC = [{"group": "/ecs/*", "by": "metric", "metric": "App/Backend/Errors"}]
A_FILTER: Raw = {
    "filterName": "errors",
    "filterPattern": '{ $.level = "error" }',
    "metricTransformations": [{"metricName": "Errors", "metricNamespace": "App/Backend", "metricValue": "1"}],
    "creationTime": int(ago(days=90).timestamp() * 1000),
    "logGroupName": GROUP,
}


def counted(values: Sequence[float], *filters: Raw) -> dict[tuple[str, str], Any]:
    """A metric filter and an hour of its metric."""
    times = [ago(minutes=10 + n) for n in range(len(values))]
    told = {"Id": "m0", "Timestamps": times, "Values": list(values), "StatusCode": "Complete"}
    return {
        ("logs", "DescribeMetricFilters"): {"metricFilters": list(filters)},
        ("cloudwatch", "GetMetricData"): {"MetricDataResults": [told]},
    }


def flow(
    outcome: Mapping[str, str],
    events: Mapping[str, int],
    source: str,
    says: str = "",
    named: Sequence[str] = (),
    driver: Raw | None = None,
    services: Any = None,
) -> Row:
    """How many events each group got within a day; the groups are discovered unless they are named."""

    def look() -> Mapping[str, Any]:
        of = {name: ((ago(minutes=30), float(count)),) if count else () for name, count in events.items()}
        told = Metrics({(name, "log events"): Series("log events", "", points, 300) for name, points in of.items()})
        container = {"name": "backend", **({"logConfiguration": driver} if driver else {})}
        revision = f"arn:aws:ecs:{ACCOUNT}:task-definition/backend:7"
        aws = Aws({("ecs", "DescribeTaskDefinition"): {"taskDefinition": {"containerDefinitions": [container]}}})
        backend = Service(arn="backend", name="backend", evidence={"taskDefinition": revision})
        ours = [backend] if services is None else services
        writers = log_writers(stack(log_groups=list(named)), aws, ours)
        return {"log_flow": log_flow(told, names(log_groups=tuple(events)), NOW), "log_writers": writers}

    return Row(checks.test_log_groups_receive_events, look, outcome, source, says)


AWS_LOGS: Raw = {"logDriver": "awslogs", "options": {"awslogs-group": GROUP, "awslogs-region": "us-west-2"}}
RESOURCE = "/aws/lambda/web-CustomResourceProvider"
ROWS = {
    "text with a word in capitals": lines("failed", "2026-11-24 07:00:00 ERROR cannot write event", SEARCH),
    "JSON of slog, zap and others": lines("failed", level("error"), SLOG),
    "JSON of slog itself": lines("failed", level("ERROR", time="2026-11-24T07:00:00Z"), SLOG),
    "JSON of pino, with numbers": lines("failed", level(50, time=1764000000, pid=1), PINO),
    "JSON with a severity": lines("failed", level("CRITICAL", "severity"), GELF),
    "JSON with log.level, as ECS of Elastic has it": lines("failed", level("fatal", "log.level"), SLOG),
    "GELF, numbered as syslog": lines("failed", level(3, version="1.1", host="web-1", short_message="x"), GELF),
    "a level that counts verbosity, as Go's logr writes it": lines("passed", level(0, v=0), SLOG),
    "an error in capitals before a payload that has a severity": lines("failed",
          '07:00 ERROR cannot save incident {"id":"INC-7","severity":"high"}', SEARCH),
    "JSON behind a time stamp of Lambda": lines("failed", f"2026-11-24T07:00:00Z\t1f\t{level('error')}", SEARCH),
    "logfmt in lower case": lines("failed", 'ts=2026-11-24 level=error msg="cannot write"', LOGFMT),
    "nginx's error log": lines("failed", "2026/11/24 07:00:00 [error] 29#29: *1 connect() failed", NGINX),
    "a label in lower case": lines("failed", "error: cannot write event", SEARCH),
    "JSON that only mentions errors": lines("passed", level("info", msg="0 errors, no ERROR in the batch"), SLOG),
    "JSON warnings of pino": lines("passed", level(40, err={"type": "Error"}), PINO),
    "logfmt that says what an error would be": lines("passed", 'level=info msg="budget: 99.9 %, ERROR 0"', LOGFMT),
    "text about the handler of errors": lines("passed", "INFO installed the error handler", SEARCH),
    "access to a page called error": lines("passed", '10.0.0.1 - "GET /error HTTP/1.1" 200', NGINX),
    "no event within the hour, after 30 empty pages": row("passed", SEARCH,
        answers=[*(page(following=str(n)) for n in range(30)), page()]),
    "errors behind 30 empty pages": row("failed", SEARCH,
        answers=[*(page(following=str(n)) for n in range(30)), page(*["ERROR a"] * 30)]),
    "a pattern of the team's own": row("failed", SEARCH, answers=page(*["Traceback (most recent call last):"] * 30),
        log_searches=[{"group": "/ecs/*", "pattern": "Traceback"}]),
    "one group is of the class Infrequent Access, the other is full of errors": row(
        {GROUP: "failed", AUDIT: "blind"}, CLASSES, 'by = "insights"', groups=(GROUP, AUDIT),
        answers=by_group(backend=page(*["ERROR a"] * 60), audit=REFUSED)),
    "one group may not be searched, the other is quiet": row({GROUP: "passed", AUDIT: "blind"}, SEARCH,
        "allow logs:FilterLogEvents", groups=(GROUP, AUDIT),
        answers=by_group(backend=page(), audit=CouldNotLook(
            "logs:FilterLogEvents", "AccessDeniedException: no", action="logs:FilterLogEvents"))),
    "counted by Logs Insights, whose cost is said": row({AUDIT: "passed"}, QUERY, "12 GB, about $0.0600",
        groups=(AUDIT,), more=insights({"errors": 7, "websocket": 0}), log_searches=BY_INSIGHTS),
    "Logs Insights finds many": row({AUDIT: "failed"}, QUERY, "480 ERROR events",
        groups=(AUDIT,), more=insights({"errors": 480, "websocket": 2}), log_searches=BY_INSIGHTS),
    "Logs Insights finds nothing, and returns no row": row({AUDIT: "passed"}, QUERY, "0 ERROR events",
        groups=(AUDIT,), more=insights(), log_searches=BY_INSIGHTS),
    "the query timed out": row({AUDIT: "blind"}, QUERY, "ended as Timeout",
        groups=(AUDIT,), more=insights(status="Timeout"), log_searches=BY_INSIGHTS),
    "counted by a metric filter, nothing within the hour": row("passed", FILTERS, "counted by App/Backend/Errors",
        more=counted([], A_FILTER), log_searches=BY_METRIC),
    "counted by a metric filter, too many": row("failed", FILTERS, "30 ERROR events",
        more=counted([10.0, 20.0], A_FILTER), log_searches=BY_METRIC),
    "the metric filter was deleted": row("blind", FILTERS, "no metric filter of /ecs/backend writes",
        more=counted([]), log_searches=BY_METRIC),
    "the metric filter writes durations": row("blind", FILTERS, "does not count events",
        more=counted([], {**A_FILTER, "metricTransformations": [
            {"metricName": "Errors", "metricNamespace": "App/Backend", "metricValue": "$.ms"}]}),
        log_searches=BY_METRIC),
    "the metric filter is of half an hour ago": row("blind", FILTERS, "is new",
        more=counted([], {**A_FILTER, "creationTime": int(ago(minutes=30).timestamp() * 1000)}),
        log_searches=BY_METRIC),
    "the group of a custom resource, which CloudFormation made": flow({GROUP: "passed", RESOURCE: "passed"},
         {GROUP: 900, RESOURCE: 0}, CUSTOM, "nobody is known to write to it", driver=AWS_LOGS),
    "a discovered group of a service falls silent": flow({GROUP: "failed"}, {GROUP: 0}, AWSLOGS, driver=AWS_LOGS),
    "a group that stacks.toml names falls silent": flow({RESOURCE: "failed"}, {RESOURCE: 0}, AWSLOGS, named=[RESOURCE]),
    "services log elsewhere, and all discovered groups are silent": flow({GROUP: "blind"}, {GROUP: 0}, AWSLOGS,
         "set log_groups in stacks.toml", driver={"logDriver": "awsfirelens"}),
    "services that may not be read, and a group that is busy": flow({GROUP: "passed"}, {GROUP: 5}, AWSLOGS,
         services=CouldNotLook("ecs:DescribeServices", "no")),
    "services that may not be read, and a group that is silent": flow({GROUP: "blind"}, {GROUP: 0}, AWSLOGS,
         services=CouldNotLook("ecs:DescribeServices", "no")),
}  # fmt: skip
