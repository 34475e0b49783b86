"""Errors that are counted instead of read: by Logs Insights, which may take its time, and by a metric filter."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from opschecks.aws.log_levels import INSIGHTS as LEVELS
from opschecks.aws.logs import Counted, by_insights, by_metric_filter
from opschecks.config.toml_tables import LogSearch
from opschecks.core import clock
from opschecks.core.observation import CouldNotLook
from tests.canned import NOW, Aws, Raw, ago, given, stack
from tests.cases import cases

HOUR = timedelta(hours=1)
INSIGHTS = LogSearch(group="/ecs/*", by="insights")
METRIC = LogSearch(group="/ecs/*", by="metric", metric="App/Shop/Errors")
DONE: Raw = {
    "status": "Complete",
    "statistics": {"bytesScanned": 2.5e9, "recordsMatched": 7, "recordsScanned": 9},
    "results": [[{"field": "errors", "value": "7"}, {"field": "websocket", "value": "2"}]],
}
RUNNING: Raw = {"status": "Running", "results": [], "statistics": {}}


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that were made; each takes as long as it says, by a clock that nothing else moves."""
    made: list[float] = []
    monkeypatch.setattr("opschecks.aws.logs.time.sleep", made.append)
    monkeypatch.setattr(clock, "_read", lambda: NOW + timedelta(seconds=sum(made)))
    return made


def _insights(*answers: Raw, how: LogSearch = INSIGHTS, **limits: float) -> tuple[Counted, Aws]:
    aws = Aws({("logs", "StartQuery"): {"queryId": "q-1"}, ("logs", "GetQueryResults"): list(answers)})
    return by_insights(stack(limits=limits), aws, "/ecs/web", how, NOW - HOUR, NOW), aws


def test_a_query_that_is_done_at_once(pauses: list[float]) -> None:
    counted, aws = _insights(DONE)
    assert (counted.errors, counted.websocket) == (7, 2)
    assert counted.how == "Logs Insights scanned 2.5 GB, about $0.0125"
    assert counted.evidence["statistics"] == DONE["statistics"]
    [asked] = aws.parameters_of("StartQuery")
    assert asked["logGroupNames"] == ["/ecs/web"]
    assert asked["endTime"] - asked["startTime"] == 3600
    assert asked["endTime"] == int(NOW.timestamp())
    assert aws.parameters_of("GetQueryResults") == [{"queryId": "q-1"}]
    assert pauses == []


def test_a_pattern_of_its_own() -> None:
    _, aws = _insights(DONE, how=LogSearch(group="*", by="insights", pattern="panic"))
    assert "filter @message like /panic/ |" in aws.parameters_of("StartQuery")[0]["queryString"]


def test_a_count_is_that_of_the_first_row() -> None:
    rows = [[{"field": "errors", "value": "7.0"}, {"field": "websocket", "value": "2"}],
            [{"field": "errors", "value": "100"}]]  # fmt: skip
    scanned = {"bytesScanned": 1e9}
    counted, aws = _insights({**DONE, "statistics": scanned, "results": rows})
    [asked] = aws.parameters_of("StartQuery")
    assert f"filter @message like {LEVELS} |" in asked["queryString"]
    evidence = {"query": asked["queryString"], "statistics": scanned}
    assert counted == Counted(7, 2, "Logs Insights scanned 1 GB, about $0.0050", evidence)


@pytest.mark.parametrize("rows", [[], [[{"field": "other", "value": "7"}]]], ids=["no row", "another field"])
def test_without_a_match_there_is_no_row(rows: Any) -> None:
    counted, _ = _insights({**DONE, "results": rows})
    assert (counted.errors, counted.websocket) == (0, 0)


def test_it_is_asked_again_ever_more_rarely(pauses: list[float]) -> None:
    _insights({**RUNNING, "status": "Scheduled"}, *[RUNNING] * 5, DONE)
    assert pauses == [0.2, 0.5, 1.0, 2.0, 2.0, 2.0]


def test_it_is_given_up_after_its_limit(pauses: list[float]) -> None:
    with pytest.raises(CouldNotLook, match=r"no result within 3 s \(limit log_search_s\)"):
        _insights(*[RUNNING] * 9, log_search_s=3)
    assert pauses == [0.2, 0.5, 1.0, 2.0]


def test_it_is_given_up_where_the_clock_stands_still(pauses: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "_read", lambda: NOW)
    with pytest.raises(CouldNotLook, match="no result within"):
        _insights(*[RUNNING] * 402)
    assert len(pauses) == 401


@cases([(45, False), (45.1, True)])
def test_a_query_has_so_much_time_as_a_search(seconds: float, late: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter([NOW, NOW + timedelta(seconds=seconds)])
    monkeypatch.setattr(clock, "_read", lambda: next(moments))
    if late:
        with pytest.raises(CouldNotLook, match=r"no result within 45 s \(limit log_search_s\)"):
            _insights(RUNNING, DONE)
    else:
        assert _insights(RUNNING, DONE)[0].errors == 7


@pytest.mark.parametrize("status", ["Failed", "Cancelled", "Timeout", "Unknown"])
def test_a_query_that_ends_without_a_result(status: str) -> None:
    with pytest.raises(CouldNotLook, match=f"the query ended as {status}"):
        _insights({**RUNNING, "status": status})


def _filter(group: str = "/ecs/web", **changes: Any) -> Raw:
    writes = {"metricName": "Errors", "metricNamespace": "App/Shop", "metricValue": "1"}
    made = int(ago(days=3).timestamp() * 1000)
    raw = {"filterName": "errors", "filterPattern": "ERROR", "logGroupName": group, "creationTime": made}
    return given({**raw, "metricTransformations": [given(writes, changes.pop("writes", {}))]}, changes)


def _metric(*filters: Raw, status: str = "Complete") -> tuple[Counted, Aws]:
    told = {"Id": "m0", "Label": "Errors", "Timestamps": [ago(minutes=9), ago(minutes=3)], "Values": [4.0, 2.0]}

    def answer(MetricDataQueries: Any, **_: Any) -> Raw:  # noqa: N803 - AWS's names
        return {"MetricDataResults": [{**told, "Id": MetricDataQueries[0]["Id"], "StatusCode": status}]}

    aws = Aws(
        {
            ("logs", "DescribeMetricFilters"): {"metricFilters": list(filters)},
            ("cloudwatch", "GetMetricData"): answer,
        }
    )
    return by_metric_filter(stack(), aws, "/ecs/web", METRIC, NOW - HOUR, NOW), aws


def test_a_metric_filter_of_the_group() -> None:
    counted, aws = _metric(_filter())
    assert (counted.errors, counted.websocket, counted.how) == (6, None, "counted by App/Shop/Errors")
    assert counted.evidence == {"metric": "App/Shop/Errors", "filter": "ERROR"}
    assert aws.parameters_of("DescribeMetricFilters") == [{"metricName": "Errors", "metricNamespace": "App/Shop"}]
    [query] = aws.parameters_of("GetMetricData")[0]["MetricDataQueries"]
    assert query["MetricStat"]["Stat"] == "Sum"
    assert query["MetricStat"]["Period"] == 60


def test_one_that_was_made_as_the_hour_began() -> None:
    assert _metric(_filter(creationTime=int((NOW - HOUR).timestamp() * 1000)))[0].errors == 6


@cases({
    "none": ((), "no metric filter of /ecs/web writes App/Shop/Errors"),
    "of another group": ((_filter("/ecs/api"),), "no metric filter of /ecs/web writes"),
    "two": ((_filter(), _filter("/ecs/api")), "is written by 2 filters, not by one of /ecs/web alone"),
    "not 1": ((_filter(writes={"metricValue": "$.bytes"}),), "does not count events"),
    "by dimensions": ((_filter(writes={"dimensions": {"host": "$.host"}}),), "does not count events"),
    "new": ((_filter(creationTime=int((NOW - HOUR).timestamp() * 1000) + 1),), "is new, of 2026-11-24 06:00 UTC"),
})  # fmt: skip
def test_a_metric_that_does_not_count_the_errors(filters: tuple[Raw, ...], said: str) -> None:
    with pytest.raises(CouldNotLook, match=said):
        _metric(*filters)


def test_a_part_of_the_points() -> None:
    with pytest.raises(CouldNotLook, match="App/Shop/Errors: the answer is PartialData, not Complete"):
        _metric(_filter(), status="PartialData")
