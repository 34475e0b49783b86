"""Where run files lie: filed by suite and time in the stack's state, none ever overwritten."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from .storage import Storage

_NAME = re.compile(r"[^/]+/(\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{6})Z(?:-\d+)?\.json")
A_DAY_MORE_OR_LESS = timedelta(hours=8)


def file_run(store: Storage, suite: str, started: datetime, text: str) -> str:
    """Keep a run file as `<suite>/<UTC time>.json`, and return that key; two of the same moment are both kept."""
    moment = f"{started.astimezone(UTC):%Y-%m-%dT%H-%M-%S.%f}Z"
    for number in range(1000):
        key = f"{suite}/{moment}.json" if number == 0 else f"{suite}/{moment}-{number}.json"
        if store.create(key, text):
            return key
    raise FileExistsError(f"{store}/{suite}/{moment}: a thousand runs began in the same microsecond")


def filed_runs(store: Storage, suites: Iterable[str]) -> Iterator[dict[str, Any]]:
    """The run files of these suites as plain data, the newest first; read one by one, as far as asked for."""
    keys = [key for suite in suites for key in store.keys(suite)]
    for key in sorted(keys, key=lambda key: key.rpartition("/")[2], reverse=True):
        told: dict[str, Any] = json.loads(store.read(key) or "{}")
        yield told


def began(key: str) -> datetime | None:
    """When the run of a filed run file began, by its name; None for what is not a run file."""
    match = _NAME.fullmatch(key)
    try:
        return datetime.strptime(match[1], "%Y-%m-%dT%H-%M-%S.%f").replace(tzinfo=UTC) if match else None
    except ValueError:  # digits that are not a date
        return None


def a_day_before(store: Storage, suite: str, moment: datetime) -> str | None:
    """The run file of the suite that lies nearest to a day before the moment, if one is within 8 hours."""
    wanted = moment - timedelta(days=1)
    near = [(abs(at - wanted), key) for key in store.keys(suite) if (at := began(key))]
    return min((pair for pair in near if pair[0] <= A_DAY_MORE_OR_LESS), default=(None, None))[1]


def forget_before(store: Storage, suite: str, moment: datetime) -> list[str]:
    """Delete the suite's run files of before the moment, and return their keys; nothing else is touched."""
    old = [key for key in store.keys(suite) if (at := began(key)) and at < moment]
    for key in old:
        store.delete(key)
    return old
