"""Where run files lie: filed by suite and time in the stack's state, none ever overwritten."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from .store import Store


def file_run(store: Store, suite: str, started: datetime, text: str) -> str:
    """Keep a run file as `<suite>/<UTC time>.json`, and say where; two of the same moment are both kept."""
    moment = f"{started.astimezone(UTC):%Y-%m-%dT%H-%M-%S.%f}Z"
    for number in range(1000):
        key = f"{suite}/{moment}.json" if number == 0 else f"{suite}/{moment}-{number}.json"
        if store.create(key, text):
            return key
    raise FileExistsError(f"{store}/{suite}/{moment}: a thousand runs began in the same microsecond")


def filed_runs(store: Store, suites: Iterable[str]) -> Iterator[dict[str, Any]]:
    """The run files of these suites as plain data, the newest first; read one by one, as far as asked for."""
    keys = [key for suite in suites for key in store.keys(suite)]
    for key in sorted(keys, key=lambda key: key.rpartition("/")[2], reverse=True):
        told: dict[str, Any] = json.loads(store.read(key) or "{}")
        yield told
