"""How many calls of one account, region and service are under way at once, over all stacks of a process, and how often.

AWS limits calls by account, region and service, and several stacks may share them; botocore's own adaptive mode knows
one client alone. The bound is halved when AWS has throttled a call, and grows by one for each round of calls that it
has not (additive increase, multiplicative decrease, as in TCP). Where one call at a time is still too often, calls are
begun at a distance that grows with each throttling, and shrinks while there is none.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from .refusals import THROTTLED

MOST = 24.0
"""A little less than the connections of a client (aws/clients.py), so that none of them waits for a connection."""
SHORTEST_S, LONGEST_S, GROWS, SHRINKS = 0.05, 1.0, 1.5, 0.97
"""The distance between the beginnings of two calls, once there is one; what it is multiplied by when AWS throttles, and
when it does not. An account that takes ten calls a second is then used to nine tenths, whether one service is asked or
nine (tests/aws/test_fleet_throttled.py)."""
WAITED_S = 0.5
"""A call that waits for so long is told: the time limit of its stack is about AWS, not about other stacks."""
AGAIN = 8
"""So often is a call asked again that AWS has throttled to the end of botocore's own attempts."""


class Call:
    """One call; who makes it leaves the answer here. `waited_s` is how long it waited until it could begin."""

    def __init__(self, number: int, waited_s: float) -> None:
        self.number = number
        self.waited_s = waited_s
        self.answer: Mapping[str, Any] = {}


class Bound:
    """The calls of one account, region and service: `limit` may be under way now, and begin `distance_s` apart."""

    def __init__(
        self,
        most: float = MOST,
        moment: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
        longest_s: float = LONGEST_S,
    ) -> None:
        self.limit = self._most = most
        self._longest_s = longest_s
        self.distance_s = 0.0
        self._moment, self._pause = moment, pause
        self._under_way = self._begun = self._slowed = 0
        self._next = 0.0
        self._free = threading.Condition()

    @contextmanager
    def call(self) -> Iterator[Call]:
        """Wait until a call may begin; learn from its answer, or from the error that it raises."""
        made = self._begin()
        throttled = False
        try:
            yield made
            throttled = was_throttled(made.answer)
        except Exception as error:
            throttled = was_throttled(getattr(error, "response", {}))
            raise
        finally:  # whatever ends it, another call may begin
            self._end(made, throttled)

    def _begin(self) -> Call:
        asked = self._moment()
        with self._free:
            self._free.wait_for(lambda: self._under_way < int(self.limit))
            self._under_way += 1
            self._begun += 1
            number = self._begun
            now = self._moment()
            self._next = max(now, self._next + self.distance_s)
            wait_s = self._next - now
        if wait_s > 0:
            self._pause(wait_s)
        return Call(number, self._moment() - asked)

    def _end(self, made: Call, throttled: bool) -> None:
        with self._free:
            self._under_way -= 1
            if not throttled:
                self.limit = min(self._most, self.limit + 1 / self.limit)
                self.distance_s = self.distance_s * SHRINKS if self.distance_s > SHORTEST_S / 2 else 0.0
            elif made.number > self._slowed:  # of calls that were throttled together, only the first one slows down
                self._slowed = self._begun
                if self.limit < 2 or self.distance_s:
                    self.distance_s = min(self._longest_s, max(SHORTEST_S, GROWS * self.distance_s))
                self.limit = max(1.0, self.limit / 2)
            self._free.notify_all()


class Bounds:
    """The bounds of all accounts, regions and services that a process asks.

    Where a fleet is spread over several processes each has its part of them, and learns by itself what AWS takes: any
    two may have stacks of one account.
    """

    def __init__(self, processes: int = 1) -> None:
        self._most, self._longest_s = max(1.0, MOST / processes), LONGEST_S * processes
        self._bounds: dict[tuple[str, str, str], Bound] = {}
        self._lock = threading.Lock()

    def of(self, account: str, region: str, service: str) -> Bound:
        """The bound that these calls share; `account` is an id, or what else tells accounts apart."""
        with self._lock:
            return self._bounds.setdefault((account, region, service), Bound(self._most, longest_s=self._longest_s))


def was_throttled(answer: Mapping[str, Any]) -> bool:
    """Whether AWS throttled the call: by its error, or because a later attempt was answered."""
    code = answer.get("Error", {}).get("Code", "")
    return code in THROTTLED or (not code and answer.get("ResponseMetadata", {}).get("RetryAttempts", 0) > 0)
