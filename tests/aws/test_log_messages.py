"""What of a log message is kept and shown: no secret, the most frequent ones, the newest one whole."""

from __future__ import annotations

import json
from datetime import timedelta

from opschecks.aws.log_levels import PATTERN
from opschecks.aws.logs import LogErrors
from opschecks.core.model import Figure
from tests.aws.test_logs import GROUP, event, page, search, seen
from tests.canned import NOW, ago, daily, verdict, verdicts
from tests.cases import cases


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


def test_what_is_kept_of_a_quiet_group() -> None:
    found, aws = search(page("INFO all is well"))
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


def test_messages_are_counted_by_their_first_300_characters() -> None:
    found, _ = search(page("ERROR " + "x" * 294 + "a", "ERROR " + "x" * 294 + "b", " ERROR " + "x" * 293 + "c"))
    assert [(one["times"], len(one["message"])) for one in found.evidence["top messages"]] == [(2, 300), (1, 300)]


@cases([
    ("at 0xDEADBEEF", "at …"),
    ("id 6F1C0A52-93F5-4f0e-9a4e-0b7f3b0e8f11.", "id …."),
    ("id 0123456789ab", "id …"),
    ("id abcdefabcdef", "id …"),
    ("id abcdefabcde", "id abcdefabcde"),
    ("task 12 of 7", "task … of …"),
])  # fmt: skip
def test_numbers_and_ids_are_left_out_of_messages(said: str, counted: str) -> None:
    assert search(page(f"ERROR {said}"))[0].top == f"ERROR {counted}"
