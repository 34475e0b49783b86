"""Runs of today and of mornings before, the stores that they are filed in, and what is made of those."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from opschecks.core.model import (
    NOT_APPLICABLE,
    CheckResult,
    Finding,
    ObservationResult,
    Outcome,
    SeenResource,
    Series,
    Severity,
)
from opschecks.core.run import Past, Run, StackFacts
from opschecks.core.tape import LIVE
from opschecks.history.comparison import past_of
from opschecks.history.storage import Storage
from opschecks.history.summaries import Summaries, Summary
from tests.clock import NOW as NOW
from tests.mornings import earlier, file_all

WHOLE = "stack/here"
F, P, W, B, N = Outcome.FAILED, Outcome.PASSED, Outcome.WAIVED, Outcome.BLIND, Outcome.NOT_RUN


class Memory:
    """A store in memory that counts what it is asked for; `broken` is what each question raises instead."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self.read_keys: list[str] = []
        self.listed = 0
        self.broken: OSError | None = None
        self.clock = NOW
        self.written_at: dict[str, datetime] = {}
        """When a key was written, where that was not now."""

    def create(self, key: str, text: str) -> bool:
        return self.texts.setdefault(key, text) is text

    def replace(self, key: str, text: str, *, kind: str = "") -> None:
        self.texts[key] = text

    def read(self, key: str) -> str | None:
        self.read_keys.append(key)
        return self.texts.get(key)

    def keys(self, folder: str) -> list[str]:
        return list(self.written(folder))

    def written(self, folder: str) -> dict[str, datetime]:
        if self.broken:
            raise self.broken
        self.listed += 1
        return {key: self.written_at.get(key, NOW) for key in sorted(self.texts) if key.startswith(f"{folder}/")}

    def now(self) -> datetime:
        return self.clock

    def delete(self, key: str) -> None:
        self.texts.pop(key, None)


def ran(checks: dict[str, dict[str, Outcome]], *, stack: str = "here", zone: str = "UTC", area: str = "ecs") -> Run:
    """The run of now: what each check found of each resource; of one that found nothing, that it does not apply."""
    results, findings = [], []
    for name, found in checks.items():
        outcome = max(found.values(), key=lambda one: one.rank).value if found else NOT_APPLICABLE
        nodeid = f"checks/daily/test_{area}.py::{name}[{stack}]"
        results.append(
            CheckResult(stack, name, nodeid, area, Severity.HIGH, "a", "It is bad", "It hurts", outcome, "said")
        )
        findings += [
            Finding(stack, name, resource, f"the {resource}", one, Severity.HIGH, "said")
            for resource, one in found.items()
        ]
    return Run(
        suite="daily",
        started=NOW,
        stacks=(StackFacts(stack, False, "123456789012", "us-west-2", zone),),
        ended=NOW + timedelta(seconds=2),
        state="finished",
        exit_code=0,
        checks=tuple(results),
        findings=tuple(findings),
    )


GOOD = ran({"test_a": {"A": P, "Z": P}, "test_z": {"Z": P}})
LETTERS: dict[str, dict[str, dict[str, Outcome]]] = {
    "P": {"test_a": {"A": P, "Z": P}},
    "F": {"test_a": {"A": F, "Z": P}},
    "W": {"test_a": {"A": W, "Z": P}},
    ".": {"test_a": {"Z": P}},  # there is no A
    "b": {"test_a": {"A": B, "Z": P}},
    "B": {"test_a": {WHOLE: B}},
    "N": {"test_a": {WHOLE: N}},
    "E": {"test_a": {WHOLE: F}},
    "x": {"test_a": {}},
    "-": {},  # there is no such check
}


def mornings(told: str) -> list[Run]:
    """One run a day, the newest last and of now; `_` is a day without a run."""
    return [
        earlier(ran({**LETTERS[letter], "test_z": {"Z": P}}), len(told) - 1 - place)
        for place, letter in enumerate(told)
        if letter != "_"
    ]


def summed(folder: Path, store: Storage, runs: Sequence[Run] = (), suite: str = "daily") -> list[Summary]:
    """File the runs, and give their summaries, of which nothing is to be reported."""
    file_all(store, runs)
    return Summaries(store, folder, pytest.fail).runs(suite)


def compared(folder: Path, runs: Sequence[Run], stack: str = "here") -> Past:
    """The past of the newest run, the others being filed."""
    *before, now = runs
    return past_of(now, stack, summed(folder, Memory(), before))


def standings(past: Past) -> dict[str, tuple[str, int]]:
    return {one.resource: (one.state, one.day) for one in past.standings}


def loaded(days: float, cpu: float | None) -> Run:
    """A run that saw that CPU, or could not."""
    series = Series("CPU", "%", ((NOW - timedelta(minutes=5), 1.0), (NOW, cpu or 0)), 300, 80.0)
    seen = (SeenResource("service", "service", (), (series,)),) if cpu is not None else ()
    error = "" if cpu is not None else "AccessDenied"
    return earlier(replace(GOOD, observations=(ObservationResult("here", "service_load", 0.1, (), error, seen),)), days)


def session(folder: Path, store: Storage, **stack: Any) -> Any:
    """As much of a checks run as its past needs."""
    here = SimpleNamespace(**{"name": "here", "history_days": 400, "gone": (), "zone": UTC, **stack})
    return cast("Any", SimpleNamespace(stacks=[here], reports=folder, store=lambda stack: store, untidy=[], tape=LIVE))
