"""CloudWatch Logs: which events count, how far searches go, how they end early, and what is judged of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from opschecks.aws import logs
from opschecks.aws.log_levels import PATTERN
from opschecks.aws.logs import Counted, LogErrors, log_errors
from opschecks.core import clock
from opschecks.core.model import Figure
from opschecks.core.observation import CouldNotLook
from tests.canned import NOW, Answers, Aws, Raw, ago, daily, given, judges, names, stack, verdict
from tests.cases import cases

GROUP = "/ecs/backend"
DENIED = CouldNotLook("logs:FilterLogEvents", "AccessDenied: no", action="logs:FilterLogEvents")


def event(message: str = "ERROR it is broken", minutes: float = 5, **changes: Any) -> Raw:
    raw = {
        "logStreamName": "app/backend/1f",
        "timestamp": int(ago(minutes=minutes).timestamp() * 1000),
        "message": message,
        "ingestionTime": int(ago(minutes=minutes).timestamp() * 1000),
        "eventId": "3" * 56,
    }
    return given(raw, changes)


def page(*messages: str, following: str = "") -> Raw:
    told = {"events": [event(message) for message in messages], "searchedLogStreams": []}
    return {**told, **({"nextToken": following} if following else {})}


def search(answers: Answers, group: str = GROUP, **keys: Any) -> tuple[LogErrors, Aws]:
    aws = Aws({("logs", "FilterLogEvents"): answers}, stack(**keys))
    [found] = log_errors(aws.stack, aws, names(log_groups=(group,)), NOW)
    return found, aws


def seen(*pages: Raw, limits: Raw | None = None) -> LogErrors:
    return search(list(pages), limits=limits or {})[0]


def test_every_page_is_read_also_behind_empty_ones() -> None:
    found = seen(page("ERROR a", "ERROR b", following="2"), page(following="3"), page("ERROR c"))
    assert (found.seen, found.complete) == (3, True)


def test_the_last_hour_of_each_group_is_searched_for_errors() -> None:
    aws = Aws({("logs", "FilterLogEvents"): page()})
    groups = ("/ecs/backend", "/ecs/worker")
    assert [one.name for one in log_errors(aws.stack, aws, names(log_groups=groups), NOW)] == list(groups)
    asked = aws.parameters_of("FilterLogEvents")
    assert {one["logGroupName"] for one in asked} == set(groups)
    assert {one["filterPattern"] for one in asked} == {PATTERN}
    assert {(one["startTime"], one["endTime"]) for one in asked} == {
        (int(ago(hours=1).timestamp() * 1000), int(NOW.timestamp() * 1000))
    }


ERRORS = {
    "quiet": (0, "passed", "0 ERROR events"),
    "as many as may be": (20, "passed", "20 ERROR events"),
    "one more": (21, "failed", "21 ERROR events in the last hour; limit 20; most often: ERROR it is broken"),
}
test_errors_are_rare_in_the_logs = judges(
    daily("logs").test_errors_are_rare_in_the_logs,
    ERRORS,
    log_errors=lambda count: [seen(page(*["ERROR it is broken"] * count))],
)


def test_errors_about_websockets_are_counted_apart() -> None:
    many = seen(page(*["ERROR WebSocket closed with 1006"] * 6, *["ERROR it is broken"] * 3))
    few = seen(page(*["ERROR websocket closed"] * 5, *["ERROR it is broken"] * 3))
    check = daily("websocket").test_websocket_errors_are_rare_in_the_logs
    assert verdict(check, log_errors=[many]) == ("failed", "6 ERROR events about WebSockets in the last hour; limit 5")
    assert verdict(check, log_errors=[few])[0] == "passed"
    assert verdict(daily("logs").test_errors_are_rare_in_the_logs, log_errors=[many])[0] == "passed"


@cases({
    "both within limits": (["ERROR a"] * 10, "blind", "blind"),
    "over the limit of errors": (["ERROR a"] * 30, "failed", "blind"),
    "over both limits": (["ERROR websocket"] * 30, "failed", "failed"),
    "over the limit of WebSocket errors": (["ERROR websocket"] * 10, "blind", "failed"),
})  # fmt: skip
def test_a_search_cut_short_fails_where_it_is_certain_and_passes_nowhere(
    messages: list[str], errors: str, websocket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "ENOUGH_EVENTS", 10)
    found = seen(page(*messages, following="2"))
    assert verdict(daily("logs").test_errors_are_rare_in_the_logs, log_errors=[found])[0] == errors
    assert verdict(daily("websocket").test_websocket_errors_are_rare_in_the_logs, log_errors=[found])[0] == websocket


def test_a_search_beyond_the_page_budget_is_not_seen() -> None:
    pages = [page("an Error that was handled", following=str(n)) for n in range(3)]
    told = verdict(daily("logs").test_errors_are_rare_in_the_logs, log_errors=[seen(*pages, limits={"pages": 3})])
    assert told[0] == "blind"
    assert "logs:FilterLogEvents: cut short after 3 pages" in told[1]
    assert "log_searches in stacks.toml" in told[1]


def test_a_search_beyond_its_time_is_not_seen_and_empty_pages_are_no_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    many = [page(following=str(n)) for n in range(50)]
    assert verdict(daily("logs").test_errors_are_rare_in_the_logs, log_errors=[seen(*many, page())])[0] == "passed"
    moments = iter([NOW, NOW, ago(seconds=-46)])
    monkeypatch.setattr(clock, "_read", lambda: next(moments))
    late = seen(page(following="2"), page(following="3"))
    told = verdict(daily("logs").test_errors_are_rare_in_the_logs, log_errors=[late])
    assert told[0] == "blind"
    assert "cut short after 45 s (limit log_search_s), at page 2" in told[1]


def test_pages_that_do_not_end_are_not_seen() -> None:
    told = verdict(daily("logs").test_errors_are_rare_in_the_logs, log_errors=[seen(*[page(following="x")] * 2)])
    assert told == ("blind", "logs:FilterLogEvents: the same next page was named twice")
    endless = [page(following=str(n)) for n in range(20)]
    told = verdict(daily("logs").test_errors_are_rare_in_the_logs, log_errors=[seen(*endless, limits={"pages": 1})])
    assert told[0] == "blind"
    assert "cut short after 20 pages" in told[1]


def test_a_search_beyond_the_page_budget_fails_where_it_is_certain() -> None:
    found = seen(*(page(*["ERROR a"] * 10, following=str(n)) for n in range(3)), limits={"pages": 3})
    assert verdict(daily("logs").test_errors_are_rare_in_the_logs, log_errors=[found])[0] == "failed"


@cases({
    "no events": {"searchedLogStreams": []},
    "an event without a message": {"events": [{"timestamp": 1}]},
})  # fmt: skip
def test_an_answer_of_which_half_is_missing_is_not_seen(answer: Raw) -> None:
    told = verdict(daily("logs").test_errors_are_rare_in_the_logs, log_errors=[seen(answer)])
    assert told[0] == "blind"
    assert told[1].startswith("logs:FilterLogEvents: the answer has no")


def test_one_group_that_does_not_exist_is_not_seen_as_quiet() -> None:
    gone = CouldNotLook("logs:FilterLogEvents", "ResourceNotFoundException: The specified log group does not exist.")
    found = log_errors(stack(), Aws({("logs", "FilterLogEvents"): gone}), names(log_groups=(GROUP,)), NOW)
    assert verdict(daily("logs").test_errors_are_rare_in_the_logs, log_errors=found) == ("blind", str(gone))


def test_a_pattern_of_the_stacks_own_decides_alone() -> None:
    searches = [{"group": "/other", "pattern": "no"}, {"group": "/ecs/*", "pattern": "{ $.bad }"}]
    found, aws = search(page("INFO it is bad", "ERROR too"), log_searches=searches)
    assert (found.seen, found.evidence["pattern"]) == (2, "{ $.bad }")
    assert aws.parameters_of("FilterLogEvents")[0]["filterPattern"] == "{ $.bad }"
    found, aws = search(page("INFO it is bad", "ERROR too"), group="/x", log_searches=searches)
    assert (found.seen, aws.parameters_of("FilterLogEvents")[0]["filterPattern"]) == (1, PATTERN)
    found, aws = search(page("INFO fine", "ERROR too"), log_searches=[{"group": "*"}])
    assert (found.seen, aws.parameters_of("FilterLogEvents")[0]["filterPattern"]) == (1, PATTERN)


def test_the_newest_event_is_kept_by_its_time_and_one_without_is_the_oldest() -> None:
    raw = {
        "events": [
            event("ERROR old", 50, logStreamName=None),
            event("ERROR new", 1, logStreamName="s"),
            {"message": "ERROR ever"},
        ]
    }
    found, _ = search(raw)
    assert found.evidence["newest"] == {
        "at": (NOW - timedelta(minutes=1)).isoformat(timespec="seconds"),
        "stream": "s",
        "message": "ERROR new",
    }
    found, _ = search(
        {"events": [event("ERROR old", 50, logStreamName=None), {"message": "ERROR ever", "timestamp": 0}]}
    )
    assert found.evidence["newest"]["stream"] == ""
    assert found.evidence["newest"]["message"] == "ERROR old"


@cases([(9, "2", True, 2), (10, "2", False, 1), (10, "", True, 1), (11, "2", False, 1)])
def test_a_search_ends_where_there_are_enough_events(
    count: int, more: str, complete: bool, calls: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "ENOUGH_EVENTS", 10)
    found, aws = search([page(*["ERROR"] * count, following=more), page()])
    assert (found.complete, found.stopped, found.seen) == (complete, None, count)
    assert len(aws.parameters_of("FilterLogEvents")) == calls


def test_each_page_is_asked_for_by_the_token_of_the_one_before() -> None:
    _, aws = search([page("ERROR", following="a"), page(following="b"), page("ERROR")])
    assert [one.get("nextToken") for one in aws.parameters_of("FilterLogEvents")] == [None, "a", "b"]


def _budget(*pages: Raw, limit: int) -> str:
    found, _ = search(list(pages), limits={"pages": limit})
    return str(found.unread or found.stopped or "all")


def test_full_pages_are_counted_against_the_budget_and_empty_ones_only_20_for_each() -> None:
    fine = "INFO but something"
    full = [page(fine, following="1"), page(fine, following="2"), page(fine)]
    assert _budget(*full, limit=3) == "all"
    assert "cut short after 2 pages (limit pages); later pages were not read" in _budget(*full, limit=2)
    empty = [page(following=str(n)) for n in range(1, 41)]
    assert _budget(*empty[:39], page(), limit=2) == "all"
    assert "cut short after 40 pages" in _budget(*empty, limit=2)
    mixed = [page(fine, following="x"), *empty[:19], page(fine)]
    assert _budget(*mixed, limit=2) == "all"


@cases([(45, False), (45.1, True)])
def test_a_search_has_so_much_time_as_is_configured(
    seconds: float, late: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    moments = iter([NOW, NOW + timedelta(seconds=seconds)])
    monkeypatch.setattr(clock, "_read", lambda: next(moments))
    found, _ = search([page(following="2"), page()])
    assert bool(found.unread) is late


def test_a_refusal_after_some_events_keeps_them_and_one_before_any_is_why_it_is_not_read() -> None:
    found, _ = search([page("ERROR", following="2"), DENIED])
    assert (found.seen, found.complete, found.stopped, found.unread) == (1, False, DENIED, None)
    found, _ = search([page("INFO", following="2"), DENIED])
    assert (found.seen, found.websocket, found.complete) == (0, None, False)
    assert str(found.unread) == str(DENIED)
    assert found.evidence == {"could not be searched": str(DENIED)}


@cases([
    ("InvalidOperationException: not supported for the log group class INFREQUENT_ACCESS", True),
    ("InvalidOperationException: logGroupClass", True),
    ("InvalidOperationException: log-group-class", True),
    ("InvalidOperationException: of this log class", True),
    ("ThrottlingException: no", False),
])  # fmt: skip
def test_of_another_class_the_other_ways_of_counting_are_advised(reason: str, advised: bool) -> None:
    found, _ = search(CouldNotLook("logs:FilterLogEvents", reason, action="x"))
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
        found, _ = search({}, log_searches=[{"group": GROUP, "by": how, **more}])
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


def _errors(seen: int = 0, websocket: int | None = 0, complete: bool = True, **more: Any) -> LogErrors:
    return LogErrors(arn="g", name="g", seen=seen, websocket=websocket, complete=complete, **more)


def test_at_the_limit_and_in_words() -> None:
    assert _errors(20).at_most(20)
    assert not _errors(21).at_most(20)
    assert _errors(9, 5).websocket_at_most(5)
    assert not _errors(9, 6).websocket_at_most(5)
    assert _errors(3, 1).told == "3 ERROR events in the last hour"
    assert _errors(3, 1).told_of_websockets == "1 ERROR events about WebSockets in the last hour"


def test_a_part_that_was_read_can_only_fail_and_says_why_and_what_to_do() -> None:
    assert not _errors(21, 6, complete=False).at_most(20)
    assert not _errors(21, 6, complete=False).websocket_at_most(5)
    says = "logs:FilterLogEvents: stopped reading g after 20 events; later events were not checked"
    part, refused = _errors(20, 5, complete=False), _errors(20, 5, complete=False, stopped=DENIED)
    for look in (part.at_most, part.websocket_at_most):
        with pytest.raises(CouldNotLook, match=f"^{says}; narrow its pattern") as told:
            look(20)
        assert told.value.action == ""
    for look in (refused.at_most, refused.websocket_at_most):
        with pytest.raises(CouldNotLook, match=f"^{says}; AccessDenied: no") as told:
            look(20)
        assert told.value.action == "logs:FilterLogEvents"


def test_what_was_not_read_is_neither_few_nor_many() -> None:
    for seen in (0, 99):
        unread = _errors(seen, seen, unread=DENIED)
        for look in (unread.at_most, unread.websocket_at_most):
            with pytest.raises(CouldNotLook, match="AccessDenied"):
                look(5)
        for text in ("told", "told_of_websockets"):
            with pytest.raises(CouldNotLook, match="AccessDenied"):
                getattr(unread, text)


def test_counted_errors_say_nothing_of_websockets_unless_there_are_none() -> None:
    assert _errors(0, None).websocket_at_most(0)
    assert _errors(0, None).told_of_websockets == "0 ERROR events about WebSockets in the last hour"
    with pytest.raises(CouldNotLook, match="the errors of g are only counted: which are about WebSockets is unknown"):
        _errors(1, None).websocket_at_most(5)
    assert _errors(3, None, counted="by Shop/Errors").told == "3 ERROR events in the last hour (by Shop/Errors)"


def test_the_most_frequent_message() -> None:
    assert _errors().top == ""
    assert _errors(evidence={"top messages": [{"message": "no"}, {"message": "never"}]}).top == "no"
