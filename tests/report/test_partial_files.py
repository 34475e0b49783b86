"""The files of a partial run: none that a program could take for those of the whole suite."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from opschecks.report.files import RunFiles, write_run
from opschecks.report.runfile import to_json
from tests.cli.typed import opschecks, refused
from tests.exported import made, ran


@pytest.mark.parametrize("partial", ["", "-k x"])
def test_a_partial_run_has_no_metrics_and_no_link_to_them(tmp_path: Path, partial: str) -> None:
    place = RunFiles(tmp_path, "daily-partial" if partial else "daily")
    write_run(replace(ran(made("a", "passed")), partial=partial), place, {})
    assert bool(list(tmp_path.glob("*.prom"))) is not bool(partial)
    assert (".prom" in place.page.read_text(encoding="utf-8")) is not bool(partial)
    assert len(list(tmp_path.glob("*.csv"))) == 1


def test_metrics_of_a_partial_run_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    path.write_text(to_json(replace(ran(made("a", "passed")), partial="-k x")), encoding="utf-8")
    assert "a partial run has no metrics" in refused(opschecks("report", "daily", str(path), "--format", "metrics"))
