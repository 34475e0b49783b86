"""Where run files lie: written whole or not at all, filed by stack, suite and time, none ever overwritten."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


def write(path: Path, text: str) -> None:
    """Write the file whole or leave what was there; OSError where it cannot be written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with fresh.open("x", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        fresh.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            fresh.unlink()
        raise


def file_run(folder: Path, stack: str, suite: str, started: datetime, text: str) -> Path:
    """Keep a run file as `<folder>/<stack>/<suite>/<UTC time>.json`; two of the same moment are both kept."""
    target = folder / stack / suite
    target.mkdir(parents=True, exist_ok=True)
    moment = f"{started.astimezone(UTC):%Y-%m-%dT%H-%M-%S.%f}Z"
    fresh = target / f".{moment}.{secrets.token_hex(4)}"
    write(fresh, text)
    try:
        for number in range(1000):
            name = f"{moment}.json" if number == 0 else f"{moment}-{number}.json"
            with contextlib.suppress(FileExistsError):
                # a link, unlike a rename, never replaces
                os.link(fresh, target / name)
                return target / name
    finally:
        fresh.unlink()
    raise FileExistsError(f"{target / moment}: a thousand runs began in the same microsecond")


def filed_runs(folder: Path, stack: str, suites: Iterable[str]) -> Iterator[dict[str, Any]]:
    """The stack's run files of these suites as plain data, the newest first; read one by one, as far as asked for."""
    paths = [path for suite in suites for path in (folder / stack / suite).glob("*.json")]
    for path in sorted(paths, key=lambda path: path.name, reverse=True):
        told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        yield told
