"""The tapes: what is kept, in which order it is given again, and metrics one by one."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from opschecks.aws.session import Aws
from opschecks.core.change import Refused
from opschecks.core.observation import CouldNotLook, NotThere
from opschecks.recording.file import Recording
from opschecks.recording.tapes import Recorder, Replayer
from tests.canned import stack
from tests.recording.test_scrubbing import recorded

NOW = datetime(2026, 11, 24, 7, tzinfo=UTC)


def played(recorder: Recorder) -> Replayer:
    return Replayer(replace(recorded(), exchanges=recorder.exchanges()))


def _never() -> Any:
    raise AssertionError("the world was asked")


def _ask(tape: Any, make: Any = _never, **question: Any) -> Any:
    return tape.ask("http", "GET x", question, make)


def test_the_same_question_is_answered_in_order_and_then_as_last() -> None:
    recorder = Recorder()
    for status in (500, 502, 200):
        _ask(recorder, lambda status=status: {"status": status}, url="x")
    tape = played(recorder)
    assert [_ask(tape, url="x")["status"] for _ in range(5)] == [500, 502, 200, 200, 200]


def test_an_error_is_given_again_as_what_it_was() -> None:
    recorder = Recorder()
    for error in (NotThere("s3:GetObject", "NoSuchKey"), CouldNotLook("s3:GetObject", "no", action="s3:GetObject")):
        with pytest.raises(CouldNotLook):
            _ask(recorder, _raising(error), url="x")
    tape = played(recorder)
    with pytest.raises(NotThere, match="NoSuchKey"):
        _ask(tape, url="x")
    with pytest.raises(CouldNotLook, match="allow s3:GetObject") as caught:
        _ask(tape, url="x")
    assert caught.value.is_final


def _raising(error: Exception) -> Any:
    def fail() -> Any:
        raise error

    return fail


def test_a_stream_is_kept_and_can_still_be_read_each_time() -> None:
    recorder = Recorder()
    assert _ask(recorder, lambda: {"Body": io.BytesIO(b"abc")}, url="x")["Body"].read() == b"abc"
    tape = played(recorder)
    assert [_ask(tape, url="x")["Body"].read() for _ in range(2)] == [b"abc", b"abc"]


def test_no_caller_changes_what_the_next_one_gets() -> None:
    recorder = Recorder()
    _ask(recorder, lambda: {"a": 1}, url="x").pop("a")
    tape = played(recorder)
    _ask(tape, url="x").pop("a")
    assert _ask(tape, url="x") == {"a": 1}


def test_what_a_probe_makes_up_is_no_part_of_its_question() -> None:
    recorder = Recorder()
    _ask(recorder, lambda: 404, url="https://x/opschecks-0011223344556677")
    assert _ask(played(recorder), url="https://x/opschecks-8899aabbccddeeff") == 404
    with pytest.raises(CouldNotLook, match="not in the recording: GET x"):
        _ask(played(recorder), url="https://x/opschecks-other")


def test_a_replay_sends_nothing_and_has_no_credentials() -> None:
    aws = Aws(stack(), tape=Replayer(recorded()))
    with pytest.raises(Refused, match="ecs:UpdateService: not sent: a recording is replayed"):
        aws.send("ecs", "UpdateService", service="s")
    with pytest.raises(CouldNotLook, match="s3 is not called"):
        aws.s3()
    aws.warm(["ecs"])
    assert (aws.region, aws.asks, aws.handed_on()) == ("us-west-2", "", {})


def _query(number: int, name: str) -> dict[str, Any]:
    return {"Id": f"m{number}", "MetricStat": {"Metric": {"Namespace": "AWS/ECS", "MetricName": name}, "Stat": "Sum"}}


def _metrics(tape: Any, queries: list[dict[str, Any]], make: Any = _never, **more: Any) -> Any:
    parameters = {"MetricDataQueries": queries, "EndTime": NOW, **more}
    question = {"stack": "s", "service": "cloudwatch", "operation": "GetMetricData", "parameters": parameters}
    return tape.ask("aws", "cloudwatch:GetMetricData", question, make)


def _result(number: int, *values: float, at: int = 0) -> dict[str, Any]:
    times = [NOW.replace(minute=at + index) for index in range(len(values))]
    return {"Id": f"m{number}", "Timestamps": times, "Values": list(values), "StatusCode": "Complete"}


@pytest.fixture
def metrics() -> Replayer:
    """A is on two pages, B on the first, and C has no data."""
    recorder = Recorder()
    asked = [_query(0, "A"), _query(1, "B"), _query(2, "C")]
    first = {"MetricDataResults": [_result(0, 1, 2), _result(1, 5)], "NextToken": "t"}
    _metrics(recorder, asked, lambda: first)
    _metrics(recorder, asked, lambda: {"MetricDataResults": [_result(0, 3, at=2), _result(2)]}, NextToken="t")
    return played(recorder)


def test_metrics_are_found_one_by_one_whatever_they_are_asked_for_with(metrics: Replayer) -> None:
    told = _metrics(metrics, [_query(0, "C"), _query(1, "A")])
    assert [(one["Id"], one["Values"]) for one in told["MetricDataResults"]] == [("m0", []), ("m1", [1, 2, 3])]
    assert [time.minute for time in told["MetricDataResults"][1]["Timestamps"]] == [0, 1, 2]
    assert "NextToken" not in told


def test_the_recorded_call_itself_keeps_its_pages(metrics: Replayer) -> None:
    asked = [_query(0, "A"), _query(1, "B"), _query(2, "C")]
    assert _metrics(metrics, asked)["NextToken"] == "t"


def test_a_metric_that_was_not_asked_for_is_named(metrics: Replayer) -> None:
    with pytest.raises(CouldNotLook, match=r'not in the recording: cloudwatch:GetMetricData .*"MetricName": "D"'):
        _metrics(metrics, [_query(0, "A"), _query(1, "D")])


def test_a_metric_of_another_time_was_not_asked_for(metrics: Replayer) -> None:
    with pytest.raises(CouldNotLook, match="not in the recording"):
        _metrics(metrics, [_query(0, "A")], StartTime=NOW)


def test_a_recording_of_nothing_has_no_answer() -> None:
    assert isinstance(recorded(), Recording)
    with pytest.raises(CouldNotLook, match="not in the recording: GET x"):
        _ask(Replayer(recorded()), url="x")
