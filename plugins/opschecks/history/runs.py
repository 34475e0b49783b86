"""Where run files lie: filed by suite and time in the stack's state, none ever overwritten."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from ..core.observation import CouldNotLook
from .storage import Storage

_NAME = re.compile(r"[^/]+/(\d{4}-\d\d-\d\d)T(\d\d-\d\d-\d\d\.\d{6})Z(?:-\d+)?\.json")
A_DAY_MORE_OR_LESS = timedelta(hours=8)
KEPT_AT_LEAST = 30
"""Run files of a suite that no age deletes."""


def file_run(store: Storage, suite: str, started: datetime, text: str) -> str:
    """Keep a run file as `<suite>/<UTC time>.json`, and return that key; two of the same moment are both kept."""
    moment = f"{started.astimezone(UTC):%Y-%m-%dT%H-%M-%S.%f}Z"
    for number in range(1000):
        key = f"{suite}/{moment}.json" if number == 0 else f"{suite}/{moment}-{number}.json"
        if store.create(key, text):
            return key
    raise FileExistsError(f"{store}/{suite}/{moment}: a thousand runs began in the same microsecond")


def filed_runs(store: Storage, suites: Iterable[str]) -> Iterator[dict[str, Any]]:
    """The run files of these suites as plain data, the newest first; read one by one, as far as asked for.

    CouldNotLook, with its name, at one that cannot be read: an older one must not be taken for the newest.
    """
    keys = [key for suite in suites for key in store.keys(suite)]
    for key in sorted(keys, key=lambda key: key.rpartition("/")[2], reverse=True):
        try:
            told: dict[str, Any] = json.loads(store.read(key) or "{}")
        except (OSError, ValueError) as error:
            raise CouldNotLook(f"run file {store}/{key}", f"cannot be read: {error}") from None
        yield told


def began(key: str) -> datetime | None:
    """When the run of a filed run file began, by its name; None for what is not a run file."""
    match = _NAME.fullmatch(key)
    try:
        return datetime.fromisoformat(f"{match[1]}T{match[2].replace('-', ':')}+00:00") if match else None
    except ValueError:  # digits that are not a date
        return None


def a_day_before(store: Storage, suite: str, moment: datetime) -> str | None:
    """The run file of the suite that lies nearest to a day before the moment, if one is within 8 hours."""
    wanted = moment - timedelta(days=1)
    near = [(abs(at - wanted), key) for key in store.keys(suite) if (at := began(key))]
    return min((pair for pair in near if pair[0] <= A_DAY_MORE_OR_LESS), default=(None, None))[1]


def forget_old(store: Storage, suite: str, now: datetime, keep: timedelta) -> list[str]:
    """Delete the suite's run files that are older than `keep`, and return their keys; nothing else is touched.

    The age of a run must be certain, because a clock that is ahead would make a year of history look old. It counts
    from the run before the newest, by the names of the files and by the clock of the place where they lie; and the
    newest KEPT_AT_LEAST stay, however old they are.
    """
    written = store.written(suite)
    runs = {key: at for key in written if (at := began(key))}
    newest_first = sorted(runs, key=lambda key: (runs[key], key), reverse=True)
    if len(newest_first) <= KEPT_AT_LEAST:
        return []
    named = min(now, runs[newest_first[1]]) - keep
    placed = sorted(written[key] for key in runs)[-2] - keep
    old = [key for key in newest_first[KEPT_AT_LEAST:] if runs[key] < named and written[key] < placed]
    for key in old:
        store.delete(key)
    return old
