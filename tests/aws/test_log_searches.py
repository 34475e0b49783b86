"""Searches of log groups, part by part: which events count, how far pages are followed, and what is kept of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from opschecks.aws import logs
from opschecks.aws.log_levels import INSIGHTS, PATTERN, is_error
from opschecks.aws.logs import Counted, LogErrors, by_insights, log_errors
from opschecks.config.toml_tables import LogSearch
from opschecks.core import clock
from opschecks.core.model import Figure
from opschecks.core.observation import CouldNotLook
from tests.canned import NOW, Aws, Raw, ago, names, stack

GROUP = "/ecs/backend"
DENIED = CouldNotLook("logs:FilterLogEvents", "AccessDenied: no", action="logs:FilterLogEvents")


def _event(message: str = "ERROR it is broken", minutes: float = 5, **more: Any) -> Raw:
    return {"timestamp": int(ago(minutes=minutes).timestamp() * 1000), "message": message, **more}


def _page(*messages: str, token: str = "") -> Raw:
    return {"events": [_event(one) for one in messages], **({"nextToken": token} if token else {})}


def _search(answers: Any, group: str = GROUP, **keys: Any) -> tuple[LogErrors, Aws]:
    aws = Aws({("logs", "FilterLogEvents"): answers}, stack(**keys))
    [found] = log_errors(aws.stack, aws, names(log_groups=(group,)), NOW)
    return found, aws


def test_what_is_kept_of_a_quiet_group() -> None:
    found, aws = _search(_page("INFO all is well"))
    assert found == LogErrors(
        arn=GROUP,
        name=GROUP,
        evidence={
            "since": (NOW - timedelta(hours=1)).isoformat(timespec="seconds"),
            "pattern": "the level of JSON, or a word such as ERROR",
            "events": 0,
            "top messages": [],
        },
        seen=0,
        websocket=0,
        complete=True,
        figures=(Figure("ERROR events", 0, "in the last hour"),),
    )
    assert aws.parameters_of("FilterLogEvents") == [
        {
            "logGroupName": GROUP,
            "filterPattern": PATTERN,
            "startTime": int((NOW - timedelta(hours=1)).timestamp() * 1000),
            "endTime": int(NOW.timestamp() * 1000),
        }
    ]


def test_a_pattern_of_the_stacks_own_decides_alone() -> None:
    searches = [{"group": "/other", "pattern": "no"}, {"group": "/ecs/*", "pattern": "{ $.bad }"}]
    found, aws = _search(_page("INFO it is bad", "ERROR too"), log_searches=searches)
    assert (found.seen, found.evidence["pattern"]) == (2, "{ $.bad }")
    assert aws.parameters_of("FilterLogEvents")[0]["filterPattern"] == "{ $.bad }"
    found, aws = _search(_page("INFO it is bad", "ERROR too"), group="/x", log_searches=searches)
    assert (found.seen, aws.parameters_of("FilterLogEvents")[0]["filterPattern"]) == (1, PATTERN)
    found, aws = _search(_page("INFO fine", "ERROR too"), log_searches=[{"group": "*"}])
    assert (found.seen, aws.parameters_of("FilterLogEvents")[0]["filterPattern"]) == (1, PATTERN)


def test_the_newest_event_is_kept_by_its_time_and_one_without_is_the_oldest() -> None:
    raw = {"events": [_event("ERROR old", 50), _event("ERROR new", 1, logStreamName="s"), {"message": "ERROR ever"}]}
    found, _ = _search(raw)
    assert found.evidence["newest"] == {
        "at": (NOW - timedelta(minutes=1)).isoformat(timespec="seconds"),
        "stream": "s",
        "message": "ERROR new",
    }
    found, _ = _search({"events": [_event("ERROR old", 50), {"message": "ERROR ever", "timestamp": 0}]})
    assert found.evidence["newest"]["stream"] == ""
    assert found.evidence["newest"]["message"] == "ERROR old"


def test_messages_are_counted_by_their_first_300_characters() -> None:
    found, _ = _search(_page("ERROR " + "x" * 294 + "a", "ERROR " + "x" * 294 + "b", " ERROR " + "x" * 293 + "c"))
    assert [(one["times"], len(one["message"])) for one in found.evidence["top messages"]] == [(2, 300), (1, 300)]


@pytest.mark.parametrize(
    ("said", "counted"),
    [
        ("at 0xDEADBEEF", "at …"),
        ("id 6F1C0A52-93F5-4f0e-9a4e-0b7f3b0e8f11.", "id …."),
        ("id 0123456789ab", "id …"),
        ("id abcdefabcdef", "id …"),
        ("id abcdefabcde", "id abcdefabcde"),
        ("task 12 of 7", "task … of …"),
    ],
)
def test_numbers_and_ids_are_left_out_of_messages(said: str, counted: str) -> None:
    assert _search(_page(f"ERROR {said}"))[0].top == f"ERROR {counted}"


@pytest.mark.parametrize(
    ("count", "more", "complete", "calls"),
    [(9, "2", True, 2), (10, "2", False, 1), (10, "", True, 1), (11, "2", False, 1)],
)
def test_a_search_ends_where_there_are_enough_events(
    monkeypatch: pytest.MonkeyPatch, count: int, more: str, complete: bool, calls: int
) -> None:
    monkeypatch.setattr(logs, "ENOUGH_EVENTS", 10)
    found, aws = _search([_page(*["ERROR"] * count, token=more), _page()])
    assert (found.complete, found.stopped, found.seen) == (complete, None, count)
    assert len(aws.parameters_of("FilterLogEvents")) == calls


def test_each_page_is_asked_for_by_the_token_of_the_one_before() -> None:
    _, aws = _search([_page("ERROR", token="a"), _page(token="b"), _page("ERROR")])
    assert [one.get("nextToken") for one in aws.parameters_of("FilterLogEvents")] == [None, "a", "b"]


def _budget(*pages: Raw, limit: int) -> str:
    found, _ = _search(list(pages), limits={"pages": limit})
    return str(found.unread or found.stopped or "all")


def test_full_pages_are_counted_against_the_budget_and_empty_ones_only_20_for_each() -> None:
    fine = "INFO but something"
    full = [_page(fine, token="1"), _page(fine, token="2"), _page(fine)]
    assert _budget(*full, limit=3) == "all"
    assert "cut short after 2 pages (limit pages); later pages were not read" in _budget(*full, limit=2)
    empty = [_page(token=str(n)) for n in range(1, 41)]
    assert _budget(*empty[:39], _page(), limit=2) == "all"
    assert "cut short after 40 pages" in _budget(*empty, limit=2)
    mixed = [_page(fine, token="x"), *empty[:19], _page(fine)]
    assert _budget(*mixed, limit=2) == "all"


@pytest.mark.parametrize(("seconds", "late"), [(45, False), (45.1, True)])
def test_a_search_has_so_much_time_as_is_configured(
    monkeypatch: pytest.MonkeyPatch, seconds: float, late: bool
) -> None:
    moments = iter([NOW, NOW + timedelta(seconds=seconds)])
    monkeypatch.setattr(clock, "_read", lambda: next(moments))
    found, _ = _search([_page(token="2"), _page()])
    assert bool(found.unread) is late


def test_a_refusal_after_some_events_keeps_them_and_one_before_any_is_why_it_is_not_read() -> None:
    found, _ = _search([_page("ERROR", token="2"), DENIED])
    assert (found.seen, found.complete, found.stopped, found.unread) == (1, False, DENIED, None)
    found, _ = _search([_page("INFO", token="2"), DENIED])
    assert (found.seen, found.websocket, found.complete) == (0, None, False)
    assert str(found.unread) == str(DENIED)
    assert found.evidence == {"could not be searched": str(DENIED)}


@pytest.mark.parametrize(
    ("reason", "advised"),
    [
        ("InvalidOperationException: not supported for the log group class INFREQUENT_ACCESS", True),
        ("InvalidOperationException: logGroupClass", True),
        ("InvalidOperationException: log-group-class", True),
        ("InvalidOperationException: of this log class", True),
        ("ThrottlingException: no", False),
    ],
)
def test_of_another_class_the_other_ways_of_counting_are_advised(reason: str, advised: bool) -> None:
    found, _ = _search(CouldNotLook("logs:FilterLogEvents", reason, action="x"))
    assert found.unread
    assert found.unread.reason.startswith(reason)
    assert (found.unread.call, found.unread.action) == ("logs:FilterLogEvents", "x")
    assert ("narrow its pattern, or count by" in found.unread.reason) is advised


def test_errors_of_a_group_are_counted_where_the_stack_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def counting(how: str) -> Any:
        def count(*given: Any) -> Counted:
            asked.append(how)
            assert given[2:] == (GROUP, given[3], NOW - timedelta(hours=1), NOW)
            return Counted(7, 2, f"by {how}", {"asked": how})

        return count

    monkeypatch.setattr(logs, "by_insights", counting("insights"))
    monkeypatch.setattr(logs, "by_metric_filter", counting("metric"))
    for how, more in (("insights", {}), ("metric", {"metric": "App/Errors"})):
        found, _ = _search({}, log_searches=[{"group": GROUP, "by": how, **more}])
        assert found == LogErrors(
            arn=GROUP,
            name=GROUP,
            evidence={"since": (NOW - timedelta(hours=1)).isoformat(timespec="seconds"), "asked": how},
            seen=7,
            websocket=2,
            complete=True,
            counted=f"by {how}",
            figures=(Figure("ERROR events", 7, "in the last hour"),),
        )
        assert found.told == f"7 ERROR events in the last hour (by {how})"
    assert asked == ["insights", "metric"]


def _errors(**told: Any) -> LogErrors:
    return LogErrors(**{"arn": "g", "name": "g", "seen": 3, "websocket": 1, "complete": True, **told})


def test_what_was_read_in_part_says_why_and_what_to_do() -> None:
    with pytest.raises(CouldNotLook) as told:
        _errors(complete=False).at_most(3)
    assert str(told.value).startswith(
        "logs:FilterLogEvents: stopped reading g after 3 events; later events were not checked; narrow its pattern"
    )
    assert told.value.action == ""
    with pytest.raises(CouldNotLook, match="not checked; AccessDenied: no") as told:
        _errors(complete=False, stopped=DENIED).websocket_at_most(3)
    assert told.value.action == "logs:FilterLogEvents"
    assert _errors().told == "3 ERROR events in the last hour"
    assert _errors().told_of_websockets == "1 ERROR events about WebSockets in the last hour"
    assert (_errors().at_most(3), _errors().at_most(2), _errors().websocket_at_most(0)) == (True, False, False)


DONE: Raw = {
    "status": "Complete",
    "statistics": {"bytesScanned": 1e9},
    "results": [
        [{"field": "errors", "value": "7.0"}, {"field": "websocket", "value": "2"}],
        [{"field": "errors", "value": "100"}],
    ],
}


def test_a_count_by_insights_is_that_of_its_first_row(monkeypatch: pytest.MonkeyPatch) -> None:
    aws = Aws({("logs", "StartQuery"): {"queryId": "q"}, ("logs", "GetQueryResults"): DONE})
    how = LogSearch(group="*", by="insights")
    counted = by_insights(stack(), aws, GROUP, how, NOW - timedelta(hours=1), NOW)
    [asked] = aws.parameters_of("StartQuery")
    assert f"filter @message like {INSIGHTS} |" in asked["queryString"]
    assert counted == Counted(
        7,
        2,
        "Logs Insights scanned 1 GB, about $0.0050",
        {"query": asked["queryString"], "statistics": {"bytesScanned": 1e9}},
    )
    assert asked["startTime"] == int((NOW - timedelta(hours=1)).timestamp())
    bare = {**DONE, "results": [[{"field": "other", "value": "7"}]]}
    aws = Aws({("logs", "StartQuery"): {"queryId": "q"}, ("logs", "GetQueryResults"): bare})
    counted = by_insights(stack(), aws, GROUP, how, NOW - timedelta(hours=1), NOW)
    assert (counted.errors, counted.websocket) == (0, 0)


def test_a_query_that_never_ends_is_given_up_where_the_clock_stands_still(monkeypatch: pytest.MonkeyPatch) -> None:
    running = {"status": "Running", "results": [], "statistics": {}}
    pauses: list[float] = []
    monkeypatch.setattr("opschecks.aws.logs.time.sleep", pauses.append)
    monkeypatch.setattr(clock, "_read", lambda: NOW)
    aws = Aws({("logs", "StartQuery"): {"queryId": "q"}, ("logs", "GetQueryResults"): running})
    with pytest.raises(CouldNotLook, match="no result within"):
        by_insights(stack(), aws, GROUP, LogSearch(group="*", by="insights"), NOW - timedelta(hours=1), NOW)
    assert len(pauses) == 401


@pytest.mark.parametrize(("seconds", "late"), [(45, False), (45.1, True)])
def test_a_query_has_so_much_time_as_a_search(monkeypatch: pytest.MonkeyPatch, seconds: float, late: bool) -> None:
    moments = iter([NOW, NOW + timedelta(seconds=seconds)])
    monkeypatch.setattr("opschecks.aws.logs.time.sleep", lambda _: None)
    monkeypatch.setattr(clock, "_read", lambda: next(moments))
    running = {"status": "Running", "results": [], "statistics": {}}
    aws = Aws({("logs", "StartQuery"): {"queryId": "q"}, ("logs", "GetQueryResults"): [running, DONE]})
    how = LogSearch(group="*", by="insights")
    if late:
        with pytest.raises(CouldNotLook, match=r"no result within 45 s \(limit log_search_s\)"):
            by_insights(stack(), aws, GROUP, how, NOW - timedelta(hours=1), NOW)
    else:
        assert by_insights(stack(), aws, GROUP, how, NOW - timedelta(hours=1), NOW).errors == 7


LEVELS: list[tuple[str, bool]] = [
    ('{"level": 49}', False),
    ('{"level": 50}', True),
    ('{"level": 999}', True),
    ('{"level": 1000}', False),
    ('{"level": "50"}', True),
    ('{"level": " 60 "}', True),
    ('{"level": " Error "}', True),
    ('{"level": 3, "msg": "x"}', False),
    ('{"level": 3, "facility": "x"}', True),
    ('{"level": 4, "facility": "x"}', False),
    ('{"level": 3, "Short_Message": "x"}', True),
    ('{"level": 50.5}', True),
    ('{"level": true, "severity": "error"}', True),
    ('{"level": null, "lvl": "error"}', True),
    ('{"level": "info", "severity": "error"}', False),
    ('{"log": {"log": {"level": "error"}}}', True),
    ('{"log": "text ERROR"}', True),
    ('{"log": "text"}', False),
    ('{"message": "ERROR", "log": {"level": "info"}}', False),
    ('ERROR {"level": "info"}', True),
    ('INFO {"level": "error"}', True),
    ('INFO ERROR {"level": "info"}', False),
    ('x {"level": "info"} ERROR', True),
    ('{"level": "info"} \n', False),
    ("ERROR level=info", True),
    ("INFO level=error", True),
    ("level=info ERROR", False),
    ("WARN error: x", False),
    ("error: x WARN", True),
    ("[error] WARN", True),
    ("WARN [error]", False),
    ("one two three four error: x", True),
    ("one two three four five error: x", False),
    ("[mod_x.y-z:error] x", True),
    ("|level=error", True),
    ("xlevel=error", False),
    ("errors: x", False),
    ("an ERRORS x", False),
]


@pytest.mark.parametrize(("text", "error"), LEVELS)
def test_an_event_is_an_error_by_its_level_before_its_words(text: str, error: bool) -> None:
    assert is_error(text) is error
