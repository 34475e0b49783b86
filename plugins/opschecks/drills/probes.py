"""Requests as users send them during a drill: how many fail, and how long the others take."""

from __future__ import annotations

import contextlib
import math
import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from ..core.dataclass import dataclass

if TYPE_CHECKING:
    from requests import Session

USER_AGENT = "opschecks drill"
PROBE_EVERY_S = 0.1
BODY_BYTES = 1_000_000
LOOK_S = 0.02
"""Seconds between two looks at the answers."""
PARTING_S = 5.0


@dataclass(frozen=True)
class Got:
    """One request: when it was due (s after the first), how long after that its answer came, why it failed if so."""

    due_s: float
    took_ms: float
    failure: str = ""


class Get:
    """GETs one URL, by a new client each time where `fresh`, which no cookie ties to a task; follows no redirect."""

    def __init__(self, url: str, timeout_s: float, *, fresh: bool = False) -> None:
        self._url = url
        self._timeout_s = timeout_s
        self._fresh = fresh
        self._session = _session()

    def __call__(self) -> str:
        """Why it failed; empty where it succeeded."""
        import requests
        import urllib3

        session = _session() if self._fresh else self._session
        try:
            with session.get(self._url, timeout=self._timeout_s, allow_redirects=False, stream=True) as answer:
                status = answer.status_code
                answer.raw.read(BODY_BYTES)
            session.cookies.clear()
        except (requests.exceptions.Timeout, urllib3.exceptions.ReadTimeoutError):
            return f"no answer within {self._timeout_s:g} s"
        except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError) as error:
            return f"no answer: {type(error).__name__}"
        finally:
            if self._fresh:
                session.close()
        return "" if status < 300 else f"answered {status}"


def _session() -> Session:
    import requests

    made = requests.Session()
    made.headers["User-Agent"] = USER_AGENT
    return made


@contextlib.contextmanager
def probing(get: Callable[[], str]) -> Iterator[list[Got]]:
    """One GET after another in a daemon thread, until it is left; they are added to the list."""
    got, over = list[Got](), threading.Event()

    def live() -> None:
        first = time.monotonic()
        while not over.is_set():
            began = time.monotonic()
            failure = get()
            got.append(Got(began - first, (time.monotonic() - began) * 1000, failure))
            over.wait(PROBE_EVERY_S)

    thread = threading.Thread(target=live, daemon=True)
    thread.start()
    try:
        yield got
    finally:
        over.set()
        thread.join(PARTING_S)


class _Connections:
    """Threads that send what is due, each as soon as it is free. `got`: what came back, by when it was due."""

    def __init__(self, count: int, makes: Callable[[], Callable[[], str]]) -> None:
        self.got: dict[float, Got] = {}
        self._todo: queue.SimpleQueue[float | None] = queue.SimpleQueue()
        self._over = threading.Event()
        self._first = time.monotonic()
        self._threads = [threading.Thread(target=self._work, args=(makes,), daemon=True) for _ in range(count)]
        for thread in self._threads:
            thread.start()

    def passed(self) -> float:
        return time.monotonic() - self._first

    def send(self, at: float) -> None:
        self._todo.put(at)

    def end(self) -> None:
        self._over.set()
        for _ in self._threads:
            self._todo.put(None)

    def _work(self, makes: Callable[[], Callable[[], str]]) -> None:
        ask = makes()
        while (at := self._todo.get()) is not None and not self._over.is_set():
            failure = ask()
            self.got[at] = Got(at, (self.passed() - at) * 1000, failure)


def load(
    makes: Callable[[], Callable[[], str]],
    *,
    per_second: float,
    seconds: float,
    connections: int,
    patience_s: float,
    stop: Callable[[Sequence[Got]], str],
    say: Callable[[Sequence[Got]], None],
) -> tuple[list[Got], str]:
    """A steady load, whatever the answers: each request is due at its time, and waits where no connection is free.

    That wait counts, because users wait too: who sends the next request only after the last answer never sees a
    queue. `makes` gives each connection its own way to ask; `stop` says why it should end early, or nothing; `say`
    is told what there is, about once a second. What had no answer `patience_s` after the last was due has failed.
    Returned are the requests that were due, and why it ended early.
    """
    total = max(1, round(per_second * seconds))
    sent, due, why, told = _Connections(min(connections, total), makes), list[float](), "", 0.0
    try:
        while not why and (len(due) < total or (len(sent.got) < len(due) and sent.passed() < due[-1] + patience_s)):
            if len(due) < total and sent.passed() >= len(due) / per_second:
                due.append(len(due) / per_second)
                sent.send(due[-1])
            if sent.passed() - told >= 1:
                told = sent.passed()
                say(list(sent.got.values()))
            wait_s = len(due) / per_second - sent.passed() if len(due) < total else LOOK_S
            time.sleep(max(0.0, min(LOOK_S, wait_s)))
            why = stop(list(sent.got.values()))
    finally:
        sent.end()
    answered = dict(sent.got)
    if why:
        return sorted(answered.values(), key=lambda one: one.due_s), why
    waited = sent.passed()
    return [answered.get(at, Got(at, (waited - at) * 1000, "no answer by the end")) for at in due], ""


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that this percentage of the values does not exceed (nearest rank); ValueError for none."""
    if not values:
        raise ValueError("no values")
    ordered = sorted(values)
    return ordered[max(0, math.ceil(percent / 100 * len(ordered)) - 1)]


def failed_percent(got: Sequence[Got]) -> float:
    """The percentage of requests that failed; 0 where there were none."""
    return 100 * sum(1 for one in got if one.failure) / len(got) if got else 0.0
