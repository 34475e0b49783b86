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


def test_calls_that_are_throttled_together_slow_down_once() -> None:
    bound = Bound()
    calls = [bound._begin() for _ in range(8)]
    for call in calls:
        bound._end(call, True)
    assert bound.limit == MOST / 2


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
    assert bounds.of("1", "us-west-2", "ecs") is bounds.of("1", "us-west-2", "ecs")
    assert (
        len(
            {id(bounds.of(*key)) for key in (("1", "a", "ecs"), ("2", "a", "ecs"), ("1", "b", "ecs"), ("1", "a", "s3"))}
        )
        == 4
    )


@cases([
    (THROTTLING.response, True),
    (DENIED.response, False),
    ({"ResponseMetadata": {"RetryAttempts": 2}}, True),
    ({"ResponseMetadata": {"RetryAttempts": 0}}, False),
    ({}, False),
])  # fmt: skip
def test_what_counts_as_throttled(answer: dict[str, Any], throttled: bool) -> None:
    assert was_throttled(answer) == throttled


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


@cases([(0.1, 0), (3.0, 1)])
def test_a_call_that_waited_long_for_its_turn_is_told(
    waited_s: float, told: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = Account(10_000)
    bounds = Bounds()
    bound = Bound(moment=account.moment, pause=account.pause)
    bound.distance_s, bound._next = waited_s, account.now
    bounds._bounds["123456789012", "us-west-2", "ecs"] = bound
    aws = aws_of(monkeypatch, Answers({"services": []}), bounds)
    waits: list[str] = []
    aws.waited = lambda: waits.append("waited")
    aws.call("ecs", "DescribeServices")
    assert len(waits) == told
