"""A fleet of one account that AWS throttles: whatever protocol a call has, it is asked again until it is answered."""

from __future__ import annotations

import heapq
import io
import itertools
import random
from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import pytest
from benchmarks.latency_proxy import refusal
from botocore.awsrequest import AWSResponse, HeadersDict

from opschecks.aws.bounds import AGAIN, Bound, Call
from opschecks.aws.session import Aws
from opschecks.config.limits import Limits
from opschecks.config.stack import Stack
from opschecks.core.observation import CouldNotLook
from opschecks.hooks.many import AT_ONCE

Then = Callable[[], object]
SERVICES = 8
CALLS_EACH = 3
"""Of each service, one after another; before them, one call says whose credentials they are."""


class Fleet:
    """Stacks whose calls go to one account, in a time that passes only from one event to the next.

    The account takes so many calls a second of all services, and as many at once. Each service has a Bound of ours, and
    each call up to five attempts, as botocore makes them.
    """

    def __init__(self, stacks: int, a_second: float) -> None:
        self.now = 0.0
        self.throttled = self.blind = self.done = 0
        self._left, self._a_second, self._tokens, self._filled = stacks, a_second, a_second, 0.0
        self._random, self._count, self._events = random.Random(1), itertools.count(), []  # type: ignore[var-annotated]
        self._waits: list[float] = []
        self._bounds = [Bound(moment=lambda: self.now, pause=self._waits.append) for _ in range(SERVICES + 1)]
        self._queues: list[deque[tuple[int, Then]]] = [deque() for _ in self._bounds]

    def run(self, at_once: int) -> None:
        for _ in range(at_once):
            self._begin_stack()
        while self._events:
            self.now, _, event = heapq.heappop(self._events)
            event()

    def _after(self, seconds: float, event: Then) -> None:
        heapq.heappush(self._events, (self.now + seconds, next(self._count), event))

    def _begin_stack(self) -> None:
        if not self._left:
            return
        self._left -= 1
        under_way = [SERVICES]

        def chain(service: int, left: int) -> None:
            if left:
                self._ask(service, lambda: chain(service, left - 1))
                return
            under_way[0] -= 1
            if not under_way[0]:
                self.done += 1
                self._begin_stack()

        def all_chains() -> None:
            for service in range(SERVICES):
                chain(service, CALLS_EACH)

        self._ask(SERVICES, all_chains)

    def _ask(self, service: int, then: Then, again: int = 0) -> None:
        self._queues[service].append((again, then))
        self._pump(service)

    def _pump(self, service: int) -> None:
        bound, waiting = self._bounds[service], self._queues[service]
        while waiting and bound._under_way < int(bound.limit):
            again, then = waiting.popleft()
            self._waits.clear()
            made = bound._begin()
            self._after(sum(self._waits), partial(self._attempt, service, made, 0, again, then))

    def _attempt(self, service: int, made: Call, attempt: int, again: int, then: Then) -> None:
        self._tokens = min(self._a_second, self._tokens + (self.now - self._filled) * self._a_second)
        self._filled = self.now
        if self._tokens >= 1:
            self._tokens -= 1
            self._after(0.04, partial(self._end, service, made, attempt > 0, then))
            return
        self.throttled += 1
        if attempt < 4:
            pause = 0.04 + self._random.random() * 2**attempt
            self._after(pause, partial(self._attempt, service, made, attempt + 1, again, then))
        elif again < AGAIN:
            self._after(0.04, partial(self._end, service, made, True, lambda: self._ask(service, then, again + 1)))
        else:
            self.blind += 1
            self._after(0.04, partial(self._end, service, made, True, then))

    def _end(self, service: int, made: Call, throttled: bool, then: Then) -> None:
        self._bounds[service]._end(made, throttled)
        then()
        self._pump(service)


@pytest.mark.parametrize("a_second", [5, 10, 40])
def test_sixty_stacks_of_an_account_that_throttles_are_not_blind_and_take_what_its_limit_allows(a_second: int) -> None:
    fleet = Fleet(60, a_second)
    fleet.run(at_once=AT_ONCE)
    assert (fleet.done, fleet.blind) == (60, 0)
    assert fleet.throttled
    calls = 60 * (1 + SERVICES * CALLS_EACH)
    assert fleet.now <= 1.2 * (calls - a_second) / a_second


CALLS = {
    "ecs": ("DescribeServices", {"services": ["a"]}),
    "ec2": ("DescribeVpcs", {}),
    "elbv2": ("DescribeLoadBalancers", {}),
    "cloudwatch": ("DescribeAlarms", {}),
    "lambda": ("ListFunctions", {}),
}


class Raw(io.BytesIO):
    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()


@pytest.mark.parametrize("service", CALLS)
def test_the_benchmarks_account_throttles_in_each_protocol_as_botocore_reads_it(service: str) -> None:
    """What it says must be throttling to botocore: anything else would make the benchmark blind, and not slow."""
    operation, parameters = CALLS[service]
    asked: list[str] = []

    def answer(request: Any, **_: Any) -> Any:
        texts = {
            name.lower(): text.decode() if isinstance(text, bytes) else text for name, text in request.headers.items()
        }
        head, _blank, told = refusal(str(urlsplit(request.url).path), texts).partition(b"\r\n\r\n")
        lines = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
        asked.append(head.decode().split()[1])
        return AWSResponse(request.url, 400, HeadersDict(lines), Raw(told))

    stack = Stack(name="a", region="us-west-2", limits=Limits(aws_attempts=1))
    aws = Aws(stack, {"aws_access_key_id": "a", "aws_secret_access_key": "b"})
    shared: Any = aws._shared
    shared.session.register("before-send", answer)
    with pytest.raises(CouldNotLook, match="AWS limits how often the account may ask this"):
        aws.call(service, operation, **parameters)
    assert asked == ["400"]
