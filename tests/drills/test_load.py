"""A load: percentiles, its queue, when it ends, and what the check concludes."""

from __future__ import annotations

import runpy
import threading
import time
from collections.abc import Sequence
from typing import Any

import pytest

from opschecks.config.stack import Stack
from opschecks.drills.load import LoadRun, load_run
from opschecks.drills.probes import Got, failed_percent, load, percentile
from tests.canned import NOW, judges, stack
from tests.scratch import ROOT

DRILLS = ROOT / "checks" / "drills"
LOAD = runpy.run_path(str(DRILLS / "test_load.py"))["test_backend_keeps_its_pace_under_load"]


PERCENTILES = [([7.0], 95, 7.0), ([1.0, 2.0], 50, 1.0), (list(map(float, range(1, 101))), 95, 95.0), ([3, 1, 2], 99, 3)]


@pytest.mark.parametrize(("values", "percent", "wanted"), PERCENTILES)
def test_percentiles_are_of_nearest_rank(values: Sequence[float], percent: float, wanted: float) -> None:
    assert percentile(values, percent) == wanted


def test_of_nothing_there_is_no_percentile() -> None:
    with pytest.raises(ValueError, match="no values"):
        percentile([], 95)
    assert failed_percent([]) == 0


def _load(ask: Any, **more: Any) -> tuple[list[Got], str]:
    given = {"per_second": 50, "seconds": 0.4, "connections": 1, "patience_s": 60, "stop": lambda _: ""}
    return load(lambda: ask, say=lambda _: None, **{**given, **more})


def test_who_waits_for_a_connection_waits_in_the_numbers_too() -> None:
    def slow() -> str:
        time.sleep(0.05)
        return ""

    got, _ = _load(slow)
    assert len(got) == 20
    assert got[0].took_ms < got[-1].took_ms
    assert got[-1].took_ms > 400, "20 of 50 ms are due within 0.4 s: the last one waits for more than half a second"


def test_a_load_ends_early_where_it_hurts_and_never_waits_for_ever() -> None:
    got, why = _load(lambda: "answered 503", stop=lambda so_far: "enough" if len(so_far) >= 5 else "")
    assert (why, 5 <= len(got) < 20) == ("enough", True)
    hung = threading.Event()
    silent, _ = _load(lambda: str(hung.wait(9)), per_second=20, seconds=0.1, patience_s=0.2)
    hung.set()
    assert [one.failure for one in silent] == ["no answer by the end"] * 2


def run(*got: Got, stopped: str = "", **limits: Any) -> tuple[LoadRun, Stack]:
    checked = stack(limits=limits)
    return load_run("http://x/health", got, stopped, NOW, checked.limits), checked


LOADS: dict[str, tuple[tuple[LoadRun, Stack], str, str]] = {
    "fast": (run(*[Got(0, 5)] * 20), "passed", "p95 5 ms"),
    "slow": (run(*[Got(0, 5)] * 18, *[Got(0, 2000)] * 2), "failed", "p95 2000 ms; limit 1000 ms"),
    "failing": (run(*[Got(0, 5)] * 18, *[Got(0, 5, "answered 503")] * 2), "failed", "limit 1 %: 2 × answered 503"),
    "too few to tell": (run(*[Got(0, 5)] * 9), "blind", "too few requests were answered for a p95: 9"),
    "ended early": (run(*[Got(0, 5)] * 20, stopped="ended early"), "failed", "ended early"),
}


test_loads = judges(LOAD, LOADS, load_drill=lambda made: made[0], stack=lambda made: made[1])
