"""One step of a bound at a time: how many calls may be under way, how far apart they begin, and what changes that."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from botocore.exceptions import ClientError

from opschecks.aws.bounds import MOST, Bound, Bounds, was_throttled
from opschecks.core.observation import CouldNotLook
from tests.aws.test_bounds import Answers, aws_of
from tests.cases import cases

THROTTLING = ClientError({"Error": {"Code": "ThrottlingException"}}, "DescribeServices")
DENIED = ClientError({"Error": {"Code": "AccessDeniedException"}}, "DescribeServices")


class Clock:
    """A clock that moves when somebody waits."""

    def __init__(self) -> None:
        self.now = 100.0
        self.waits: list[float] = []

    def moment(self) -> float:
        return self.now

    def pause(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds


def _bound(limit: float, distance_s: float = 0.0, most: float = MOST) -> Bound:
    clock = Clock()
    bound = Bound(most, clock.moment, clock.pause)
    bound.limit, bound.distance_s = limit, distance_s
    return bound


@cases({
    "answered: one more for a round of calls": (_bound(2), False, 2.5, 0.0),
    "answered, and as many as ever": (_bound(2, most=2.25), False, 2.25, 0.0),
    "answered: the distance shrinks": (_bound(4, 0.1), False, 4.25, 0.097),
    "answered, and the distance is the least": (_bound(4, 0.025), False, 4.25, 0.0),
    "answered, and the distance is a little more": (_bound(4, 0.026), False, 4.25, 0.026 * 0.97),
    "throttled: half as many": (_bound(8), True, 4.0, 0.0),
    "throttled, of two": (_bound(2), True, 1.0, 0.0),
    "throttled, of fewer than two": (_bound(1.5), True, 1.0, 0.05),
    "throttled, one at a time": (_bound(1), True, 1.0, 0.05),
    "throttled at a distance": (_bound(8, 0.1), True, 4.0, 0.15),
    "throttled at a distance that is too short to grow by itself": (_bound(8, 0.01), True, 4.0, 0.05),
    "throttled at the longest distance": (_bound(1, 0.9), True, 1.0, 1.0),
})  # fmt: skip
def test_a_step(bound: Bound, throttled: bool, limit: float, distance_s: float) -> None:
    bound._end(bound._begin(), throttled)
    assert [bound.limit, bound.distance_s] == pytest.approx([limit, distance_s])


def test_a_new_bound_is_wide_open() -> None:
    bound = Bound()
    assert (bound.limit, bound.distance_s) == (24.0, 0.0)


def test_of_calls_that_were_under_way_together_the_first_throttled_one_slows_down() -> None:
    bound = _bound(16)
    first, second = bound._begin(), bound._begin()
    assert (first.number, second.number) == (1, 2)
    for one in (second, first):
        bound._end(one, True)
    assert bound.limit == 8.0
    third = bound._begin()
    bound._end(third, True)
    assert (third.number, bound.limit) == (3, 4.0)


def test_calls_begin_at_a_distance_and_tell_how_long_they_waited() -> None:
    clock = Clock()
    bound = Bound(moment=clock.moment, pause=clock.pause)
    bound.distance_s = 0.5
    waited = [bound._begin().waited_s for _ in range(3)]
    assert (clock.waits, waited) == ([0.5, 0.5], [0.0, 0.5, 0.5])
    clock.now += 0.2
    assert bound._begin().waited_s == pytest.approx(0.3)
    clock.now += 9
    assert (bound._begin().waited_s, len(clock.waits)) == (0.0, 3)


@cases([
    ({}, None, 4.25),
    ({"ResponseMetadata": {"RetryAttempts": 1}}, None, 2.0),
    ({}, THROTTLING, 2.0),
    ({}, DENIED, 4.25),
    ({}, OSError("reset"), 4.25),
    ({}, KeyboardInterrupt(), 4.25),
])  # fmt: skip
def test_a_call_is_learnt_from_whatever_ends_it(
    answer: dict[str, Any], error: BaseException | None, limit: float
) -> None:
    bound = _bound(4)

    def called() -> None:
        with bound.call() as made:
            made.answer = answer
            if error:
                raise error

    if error:
        with pytest.raises(type(error)):
            called()
    else:
        called()
    assert (bound.limit, bound._under_way) == (limit, 0)


def test_no_more_calls_are_under_way_than_may_be() -> None:
    bound = _bound(2.9)
    first, _ = bound._begin(), bound._begin()
    begun = threading.Event()

    def begin() -> None:
        bound._begin()
        begun.set()

    third = threading.Thread(target=begin)
    third.start()
    assert not begun.wait(0.02)
    bound._end(first, False)
    assert begun.wait(10)
    third.join()


@cases([
    ({"Error": {"Code": "TooManyRequestsException"}}, True),
    ({"Error": {"Code": "ThrottlingException"}, "ResponseMetadata": {"RetryAttempts": 0}}, True),
    ({"Error": {"Code": "AccessDenied"}, "ResponseMetadata": {"RetryAttempts": 3}}, False),
    ({"Error": {}}, False),
    ({"ResponseMetadata": {}}, False),
    ({"ResponseMetadata": {"RetryAttempts": 1}}, True),
])  # fmt: skip
def test_what_is_a_sign_of_throttling(answer: dict[str, Any], throttled: bool) -> None:
    assert was_throttled(answer) is throttled


def test_each_account_region_and_service_has_its_own_bound() -> None:
    bounds = Bounds()
    one = bounds.of("1", "us-west-2", "ecs")
    assert isinstance(one, Bound)
    assert one is bounds.of("1", "us-west-2", "ecs")
    assert one is not bounds.of("1", "us-west-2", "s3")


@cases([(1, 24.0, 1.0), (2, 12.0, 2.0), (48, 1.0, 48.0)])
def test_processes_share_what_an_account_takes(processes: int, most: float, longest_s: float) -> None:
    bound = Bounds(processes).of("1", "us-west-2", "ecs")
    assert bound.limit == most
    bound.limit, bound.distance_s = 1.0, longest_s * 0.9
    bound._end(bound._begin(), True)
    assert bound.distance_s == longest_s


@cases([(8, True), (9, False)])
def test_a_throttled_call_is_asked_again_eight_times(
    throttled: int, answered: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Answers(*[THROTTLING] * throttled, {"services": []})
    clock, bounds = Clock(), Bounds()
    bounds._bounds["123456789012", "us-west-2", "ecs"] = Bound(moment=clock.moment, pause=clock.pause)
    aws = aws_of(monkeypatch, client, bounds)
    if answered:
        assert aws.call("ecs", "DescribeServices")["services"] == []
    else:
        with pytest.raises(CouldNotLook, match="ThrottlingException"):
            aws.call("ecs", "DescribeServices")
    assert len(client.left) == (0 if answered else 1)


@cases([(0.49, []), (0.5, ["waited"]), (0.54, ["waited"])])
def test_half_a_second_of_waiting_is_told(waits_s: float, told: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    clock, bounds, waits = Clock(), Bounds(), list[str]()
    bound = bounds._bounds["123456789012", "us-west-2", "ecs"] = Bound(moment=clock.moment, pause=clock.pause)
    clock.now = bound._next = 0.0
    bound.distance_s = waits_s
    aws = aws_of(monkeypatch, Answers({"services": []}), bounds)
    aws.waited = lambda: waits.append("waited")
    aws.call("ecs", "DescribeServices")
    assert waits == told
