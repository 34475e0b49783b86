"""CloudWatch Logs: searches that end early, and what of a message may be shown."""

from __future__ import annotations

import json
from typing import Any

import pytest

from opschecks.aws import logs
from opschecks.aws.log_levels import PATTERN
from opschecks.aws.logs import LogErrors, log_errors
from opschecks.core import clock
from opschecks.core.observation import CouldNotLook
from tests.canned import NOW, Answers, Aws, Raw, ago, daily, judges, names, stack, verdict, verdicts
from tests.cases import cases

GROUP = "/ecs/backend"


def event(message: str = "ERROR it is broken", minutes: float = 5) -> Raw:
    return {
        "logStreamName": "app/backend/1f",
        "timestamp": int(ago(minutes=minutes).timestamp() * 1000),
        "message": message,
        "ingestionTime": int(ago(minutes=minutes).timestamp() * 1000),
        "eventId": "3" * 56,
    }


def page(*messages: str, following: str = "") -> Raw:
    told = {"events": [event(message) for message in messages], "searchedLogStreams": []}
    return {**told, **({"nextToken": following} if following else {})}


def seen(*pages: Raw, limits: Raw | None = None) -> LogErrors:
    answers: Answers = list(pages)
    aws = Aws({("logs", "FilterLogEvents"): answers}, stack(limits=limits or {}))
    [found] = log_errors(aws.stack, aws, names(log_groups=(GROUP,)), NOW)
    return found


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


def test_enough_events_on_the_last_page_are_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "ENOUGH_EVENTS", 10)
    found = seen(page(*["ERROR a"] * 10))
    assert verdict(daily("logs").test_errors_are_rare_in_the_logs, log_errors=[found])[0] == "passed"


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


@cases({
    "password": 'ERROR login failed {"user": "ada", "password": "correct-horse"}',
    "bearer token": "ERROR 401 for Authorization: Bearer correct-horse.battery/staple=",
    "access key": "ERROR using AKIAIOSFODNN7EXAMPLE",
    "connection string": "ERROR cannot reach postgres://app:correct-horse@db:5432/app",
    "private key": "ERROR -----BEGIN RSA PRIVATE KEY-----\ncorrect-horse\n-----END RSA PRIVATE KEY-----",
    "option": "ERROR worker --api-key correct-horse died",
    "beyond what is shown": "ERROR " + "x" * 285 + ' token="correct-horse"',
})  # fmt: skip
def test_no_secret_of_a_message_is_kept(message: str) -> None:
    found = seen(page(*[message] * 21))
    finding = verdict(daily("logs").test_errors_are_rare_in_the_logs, log_errors=[found])
    for text in (json.dumps(dict(found.evidence)), found.top, finding[1]):
        assert "correct-horse" not in text
        assert "AKIAIOSFODNN7" not in text
    assert "(redacted)" in found.evidence["newest"]["message"]
    assert found.top.startswith("ERROR ")


def test_messages_that_differ_in_numbers_and_ids_count_as_one() -> None:
    found = seen(
        page(
            "ERROR task 4711 timed out after 30 s",
            "ERROR task 4712 timed out after 31 s\n",
            "ERROR session 6f1c0a52-93f5-4f0e-9a4e-0b7f3b0e8f11 is lost",
            "ERROR session 00000000-93f5-4f0e-9a4e-0b7f3b0e8f12 is lost",
            "ERROR session 11111111-93f5-4f0e-9a4e-0b7f3b0e8f13 is lost",
            "ERROR at 0xdeadbeef",
        )
    )
    assert found.evidence["top messages"] == [
        {"times": 3, "message": "ERROR session … is lost"},
        {"times": 2, "message": "ERROR task … timed out after … s"},
        {"times": 1, "message": "ERROR at …"},
    ]
    assert found.top == "ERROR session … is lost"


def test_ten_messages_are_shown_and_the_newest_one_whole() -> None:
    events = [event(f"ERROR of kind {'abcdefghijklmnop'[n]}", minutes=50 - n) for n in range(16)]
    newest = event("ERROR of a new kind " + "x" * 2000, minutes=1)
    found = seen({"events": [*events[:8], newest, *events[8:]]})
    assert len(found.evidence["top messages"]) == 10
    assert found.evidence["newest"]["message"].startswith("ERROR of a new kind")
    assert len(found.evidence["newest"]["message"]) == 1000
    assert found.evidence["newest"]["stream"] == "app/backend/1f"
    assert found.evidence["newest"]["at"] == ago(minutes=1).astimezone(NOW.tzinfo).isoformat(timespec="seconds")
    assert found.evidence["events"] == 17


def test_without_events_there_is_no_newest_and_no_top() -> None:
    found = seen(page())
    assert "newest" not in found.evidence
    assert found.top == ""
    assert verdicts(daily("logs").test_errors_are_rare_in_the_logs, log_errors=[found]) == {GROUP: "passed"}


DENIED = CouldNotLook("logs:FilterLogEvents", "AccessDenied", action="logs:FilterLogEvents")


def _errors(seen: int = 0, websocket: int | None = 0, complete: bool = True, **more: Any) -> LogErrors:
    return LogErrors(arn="g", name="g", seen=seen, websocket=websocket, complete=complete, **more)


def test_at_the_limit() -> None:
    assert _errors(20).at_most(20)
    assert not _errors(21).at_most(20)
    assert _errors(9, 5).websocket_at_most(5)
    assert not _errors(9, 6).websocket_at_most(5)


def test_a_part_that_was_read_can_only_fail() -> None:
    assert not _errors(21, 6, complete=False).at_most(20)
    assert not _errors(21, 6, complete=False).websocket_at_most(5)
    for look in (_errors(20, 5, complete=False).at_most, _errors(20, 5, complete=False).websocket_at_most):
        with pytest.raises(CouldNotLook, match="stopped reading g after 20 events; later events were not checked"):
            look(20)
    with pytest.raises(CouldNotLook, match=r"AccessDenied") as raised:
        _errors(1, complete=False, stopped=DENIED).at_most(20)
    assert raised.value.action == "logs:FilterLogEvents"


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
