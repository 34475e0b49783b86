"""What was observed, and what was expected of it: typed by checks, or read from the sentences of older run files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from opschecks.core.check_names import find_checks
from opschecks.core.model import Check, Fact, Finding, Outcome, Resource, Severity
from opschecks.hooks.examine import Examine
from opschecks.report.notes import notes as notes_of
from opschecks.report.observed import Observed, observed
from opschecks.report.runfile import from_json, to_json
from opschecks.report.standing import PROMISES, promise
from tests.report.runs import check_of, found, run_of

F = Outcome.FAILED
PROMISED = "load"


def of(message: str, *facts: Fact, outcome: Outcome = F) -> Observed:
    finding = replace(found("test_load", "svc", outcome), message=message, facts=facts)
    return observed(finding, check_of("test_load", "ecs", outcome, "high-cpu"))


MESSAGES: dict[str, tuple[str, Observed]] = {
    "a limit after what was seen": (
        "CPU peaked at 98 % within the last half hour; limit 90 %; 2 of 2 tasks run",
        Observed("CPU peaked at 98 % within the last half hour", "limit 90 %", "2 of 2 tasks run", ", limit 90 %"),
    ),
    "a limit in the sentence": (
        "took 700 ms, limit 500 ms",
        Observed("took 700 ms", "limit 500 ms", "", ", limit 500 ms"),
    ),
    "expected in the sentence": (
        "latency 9 ms; 503 Unavailable, expected 200",
        Observed("503 Unavailable", "200", "latency 9 ms", ", expected 200"),
    ),
    "two limits of one value": (
        "averaged 85 %; limit of the average 80 %",
        Observed("averaged 85 %; limit of the average 80 %", PROMISED),
    ),
    "nothing but what is wrong": ("stickiness is off", Observed("stickiness is off", PROMISED)),
    "a limit of nothing": ("limit 5", Observed("limit 5", PROMISED)),
}


@pytest.mark.parametrize(("message", "told"), MESSAGES.values(), ids=MESSAGES)
def test_sentences_of_older_run_files_are_divided(message: str, told: Observed) -> None:
    assert of(message) == told


def test_what_could_not_be_looked_at_is_observed_as_it_stands() -> None:
    assert of("AccessDenied, limit 5", outcome=Outcome.BLIND) == Observed("AccessDenied, limit 5", "")


def examined(*notes: tuple[str, str], reason: str) -> Finding:
    examine = Examine(Check("test_load", Severity.HIGH, "high-cpu", "it fails", "why"), "production")
    with examine(Resource(arn="arn:svc", name="svc")) as note:
        for text, expected in notes:
            note(text, expected=expected)
        raise AssertionError(reason)
    return examine.findings[0]


PEAK = ("peaked at 98 %", "at most 90 %")
EXAMINED: dict[str, tuple[tuple[tuple[str, str], ...], str, str, tuple[Fact, ...], Observed]] = {
    "the assertion completes the note": (
        (PEAK,), "limit 90 %; 2 tasks run", "peaked at 98 %; limit 90 %; 2 tasks run",
        (Fact(*PEAK, failed=True), Fact("2 tasks run")),
        Observed("peaked at 98 %", "at most 90 %", "2 tasks run", ", expected at most 90 %"),
    ),
    "it is about something else": (
        (PEAK,), "the service is INACTIVE", "peaked at 98 %; the service is INACTIVE",
        (Fact(*PEAK), Fact("the service is INACTIVE", failed=True)),
        Observed("the service is INACTIVE", PROMISED, "peaked at 98 % (expected: at most 90 %)"),
    ),
    "it has a limit of its own": (
        (("latency 9 ms", ""),), "took 700 ms, limit 500 ms", "latency 9 ms; took 700 ms, limit 500 ms",
        (Fact("latency 9 ms"), Fact("took 700 ms, limit 500 ms", failed=True)),
        Observed("took 700 ms", "limit 500 ms", "latency 9 ms", ", limit 500 ms"),
    ),
    "it completes a note that expects nothing": (
        (("9 of 9", ""),), "limit 5", "9 of 9; limit 5", (Fact("9 of 9", "limit 5", failed=True),),
        Observed("9 of 9", "limit 5", "", ", limit 5"),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("notes", "reason", "message", "facts", "told"), EXAMINED.values(), ids=EXAMINED)
def test_a_check_says_facts_and_every_output_the_same_sentence(
    notes: tuple[tuple[str, str], ...], reason: str, message: str, facts: tuple[Fact, ...], told: Observed
) -> None:
    finding = examined(*notes, reason=reason)
    assert (finding.message, finding.facts) == (message, facts)
    assert observed(finding, check_of("test_load", "ecs", F, "high-cpu")) == told
    run = run_of(findings=(finding,), checks=(check_of("test_load", "ecs", F, "high-cpu"),))
    assert from_json(to_json(run)).findings == (finding,)
    ((said,),) = (one.findings for one in notes_of(run).bad)  # of Slack, mail, Markdown and annotations
    assert said.message == told.sentence
    assert told.sentence.startswith(told.observed + told.limit)


def test_secrets_in_facts_are_masked() -> None:
    key = "AKIA" + "IOSFODNN7EXAMPLE"
    finding = examined((f"key {key}", f"not {key}"), reason=f"limit {key}")
    assert key not in str(finding.facts)


def test_what_passed_has_no_facts() -> None:
    examine = Examine(Check("test_load", Severity.HIGH, "high-cpu", "it fails", "why"), "production")
    with examine(Resource(arn="arn:svc", name="svc")) as note:
        note("peaked at 9 %", expected="at most 90 %")
    assert (examine.findings[0].message, examine.findings[0].facts) == ("peaked at 9 %", ())


@pytest.mark.parametrize(
    ("check", "words"),
    [
        ("test_cpu_is_not_saturated", "CPU is not saturated"),
        ("test_websocket_sessions_are_sticky", "WebSocket sessions are sticky"),
        ("test_alarms_can_see", "alarms get the data that they judge"),
        ("test_of_ones_own", "of ones own"),
    ],
)
def test_a_check_is_told_in_words_of_the_trade(check: str, words: str) -> None:
    assert promise(check) == words


def test_words_of_promises_are_of_checks_that_there_are() -> None:
    assert set(PROMISES) <= {name.removeprefix("test_") for name, _ in find_checks(Path("checks"))}
