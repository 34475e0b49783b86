"""Calls of one account, region and service: bounded over all stacks, slower when AWS throttles, then faster."""

from __future__ import annotations

import threading
from collections import deque
from typing import Any

import pytest
from botocore.exceptions import ClientError

from opschecks.aws.bounds import MOST, Bound, Bounds, was_throttled
from opschecks.aws.session import Aws
from opschecks.config.stack import Stack
from opschecks.core.gathering import Gathering
from opschecks.core.observation import CouldNotLook, Observation
from tests.cases import cases
from tests.clock import NOW

THROTTLING = ClientError({"Error": {"Code": "ThrottlingException", "Message": "Rate exceeded"}}, "DescribeServices")
DENIED = ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "DescribeServices")


class Account:
    """AWS with a limit of calls a second, and a clock that moves when somebody waits or a call is answered."""

    def __init__(self, a_second: float, call_s: float = 0.04) -> None:
        self.now = 0.0
        self.throttled = 0
        self.begun: deque[float] = deque()
        self._a_second, self._call_s = a_second, call_s
        self._tokens, self._filled = a_second, 0.0

    def moment(self) -> float:
        return self.now

    def pause(self, seconds: float) -> None:
        self.now += seconds

    def ask(self) -> dict[str, Any]:
        self._tokens = min(self._a_second, self._tokens + (self.now - self._filled) * self._a_second)
        self._filled = self.now
        self.now += self._call_s
        if self._tokens < 1:
            self.throttled += 1
            raise THROTTLING
        self._tokens -= 1
        self.begun.append(self.now)
        return {}


def made(bound: Bound, account: Account) -> bool:
    try:
        with bound.call() as call:
            call.answer = account.ask()
    except ClientError:
        return False
    return True


def test_an_account_that_takes_ten_calls_a_second_is_asked_about_so_often() -> None:
    account = Account(10)
    bound = Bound(moment=account.moment, pause=account.pause)
    done = sum(made(bound, account) for _ in range(700))
    assert account.throttled < 0.1 * done
    assert done >= 0.8 * 10 * account.now


def test_an_account_that_never_throttles_is_not_slowed_down() -> None:
    account = Account(10_000)
    bound = Bound(moment=account.moment, pause=account.pause)
    assert all(made(bound, account) for _ in range(100))
    assert (bound.limit, bound.distance_s) == (MOST, 0.0)
    assert account.now == pytest.approx(4.0)


def test_it_recovers() -> None:
    account = Account(10)
    bound = Bound(moment=account.moment, pause=account.pause)
    for _ in range(100):
        made(bound, account)
    free = Account(10_000)
    assert bound.distance_s > 0
    for _ in range(400):
        made(bound, free)
    assert bound.distance_s == 0.0
    assert bound.limit > MOST / 2


def test_stacks_of_one_account_share_their_bound() -> None:
    bounds = Bounds()
    keys = (("1", "a", "ecs"), ("2", "a", "ecs"), ("1", "b", "ecs"), ("1", "a", "s3"))
    assert isinstance(bounds.of(*keys[0]), Bound)
    assert bounds.of(*keys[0]) is bounds.of(*keys[0])
    assert len({id(bounds.of(*key)) for key in keys}) == 4


@cases([
    (THROTTLING.response, True),
    (DENIED.response, False),
    ({"ResponseMetadata": {"RetryAttempts": 2}}, True),
    ({"ResponseMetadata": {"RetryAttempts": 1}}, True),
    ({"ResponseMetadata": {"RetryAttempts": 0}}, False),
    ({"ResponseMetadata": {}}, False),
    ({"Error": {"Code": "TooManyRequestsException"}}, True),
    ({"Error": {"Code": "ThrottlingException"}, "ResponseMetadata": {"RetryAttempts": 0}}, True),
    ({"Error": {"Code": "AccessDenied"}, "ResponseMetadata": {"RetryAttempts": 3}}, False),
    ({"Error": {}}, False),
    ({}, False),
])  # fmt: skip
def test_what_counts_as_throttled(answer: dict[str, Any], throttled: bool) -> None:
    assert was_throttled(answer) is throttled


class Answers:
    """A client that answers so, one after another."""

    def __init__(self, *answers: Any) -> None:
        self.left = list(answers)

    def describe_services(self) -> Any:
        answer = self.left.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def aws_of(monkeypatch: pytest.MonkeyPatch, client: Answers, bounds: Bounds | None) -> Aws:
    stack = Stack(name="a", region="us-west-2", account_id="123456789012")
    aws = Aws(stack, {"aws_access_key_id": "a", "aws_secret_access_key": "b"}, bounds=bounds)
    monkeypatch.setattr(aws._shared, "client", lambda service, region=None: client)
    return aws


def test_a_throttled_call_is_asked_again_and_a_denied_one_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    aws = aws_of(monkeypatch, Answers(THROTTLING, THROTTLING, {"services": []}, DENIED), Bounds())
    assert aws.call("ecs", "DescribeServices")["services"] == []
    with pytest.raises(CouldNotLook, match="AccessDenied"):
        aws.call("ecs", "DescribeServices")


def test_without_bounds_nothing_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CouldNotLook, match="ThrottlingException"):
        aws_of(monkeypatch, Answers(THROTTLING, {}), None).call("ecs", "DescribeServices")


def test_a_stack_without_usable_configuration_refuses_every_call_with_the_reason() -> None:
    aws = Aws(Stack(name="a"), unusable=CouldNotLook("", "stacks.a: no profile x"))
    with pytest.raises(CouldNotLook, match="no profile x"):
        aws.call("ecs", "DescribeServices")
    aws.release()


def test_waiting_for_other_stacks_does_not_count_against_a_stacks_time_limit() -> None:
    let_go = threading.Event()
    slow = Observation("slow", lambda: let_go.wait(60), (), (), (), frozenset())
    store = Gathering([slow], lambda calls: {}, now=NOW, timeout_s=60)
    store.start()
    store._deadline = 0.0
    with pytest.raises(CouldNotLook, match="no answer within 60 s"):
        store.value("slow")
    store.prolong()
    let_go.set()
    assert store.value("slow") is True


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


@cases([(0.1, []), (0.49, []), (0.5, ["waited"]), (0.54, ["waited"]), (3.0, ["waited"])])
def test_half_a_second_of_waiting_is_told(waits_s: float, told: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    clock, bounds, waits = Clock(), Bounds(), list[str]()
    bound = bounds._bounds["123456789012", "us-west-2", "ecs"] = Bound(moment=clock.moment, pause=clock.pause)
    clock.now = bound._next = 0.0
    bound.distance_s = waits_s
    aws = aws_of(monkeypatch, Answers({"services": []}), bounds)
    aws.waited = lambda: waits.append("waited")
    aws.call("ecs", "DescribeServices")
    assert waits == told
