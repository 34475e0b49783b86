"""The files of a run: written with every check not run before the first one, and again at the end."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from pathlib import Path

from ..core.dataclass import dataclass
from ..core.run import Run
from ..history.runs import file_run
from ..history.storage import Storage, write_whole
from .placeholder import render_no_run, render_unfinished
from .runbook import Section
from .runfile import json_parts, only, to_json, to_json_and_back

SUFFIXES = {
    "run": ".json", "pytest": ".pytest.html", "junit": ".xml", "summary": ".md", "ctrf": ".ctrf.json", "csv": ".csv",
    "metrics": ".prom", "badge": ".svg",
}  # fmt: skip
"""The files beside a page."""


@dataclass(frozen=True)
class RunFiles:
    """Where a run's files go: `reports/stem.*`, and each stack's history into its own state."""

    reports: Path
    stem: str
    history: Mapping[str, Storage] = field(default_factory=dict)

    @property
    def page(self) -> Path:
        """The page for people."""
        return self.reports / f"{self.stem}.html"

    @property
    def links(self) -> dict[str, str]:
        """The files beside the page, as the page links them."""
        return {kind: f"{self.stem}{suffix}" for kind, suffix in SUFFIXES.items()}


def write_unfinished(run: Run, place: RunFiles) -> None:
    """Replace what an earlier run left by a page and a run file that say "unfinished"; OSError if impossible."""
    from .exports.badge import no_result

    for name in ("pytest", "junit", "summary", "ctrf", "csv", "metrics"):
        with contextlib.suppress(FileNotFoundError):
            (place.reports / place.links[name]).unlink()
    write_whole(place.reports / place.links["badge"], no_result(run.suite, "unfinished", run.started))
    write_whole(place.page, render_unfinished(run, place.links))
    write_whole(place.reports / place.links["run"], json_parts(run))


def write_run(run: Run, place: RunFiles, runbook: Mapping[str, Section], earlier: Run | None = None) -> None:
    """Write run file, history, summary and page; the page last, as it says "unfinished" until then.

    The others are made from what the run file has, so that they can be made again to the byte.
    """
    from .exports.markdown import to_markdown
    from .page import render

    text, kept = to_json_and_back(run)
    write_whole(place.reports / place.links["run"], text)
    if not run.partial and run.checks:
        for stack, store in place.history.items():
            own = text if len(run.stacks) == 1 else to_json(only(run, stack))
            file_run(store, run.suite, run.started, own)
    write_whole(place.reports / place.links["summary"], to_markdown(kept))
    write_for_programs(kept, place)
    write_whole(place.page, render(kept, runbook=runbook, links=links_of(kept, place), earlier=earlier))


def write_for_programs(run: Run, place: RunFiles) -> None:
    """Write what programs read of a run: CTRF, CSV, metrics; and its badge."""
    from .exports.badge import to_badge
    from .exports.csv_findings import csv_parts
    from .exports.ctrf import ctrf_parts
    from .exports.metrics import metrics_parts

    for kind, made in (("ctrf", ctrf_parts), ("csv", csv_parts), ("metrics", metrics_parts), ("badge", to_badge)):
        if kind in links_of(run, place):
            write_whole(place.reports / place.links[kind], made(run))


def links_of(run: Run, place: RunFiles) -> dict[str, str]:
    """The files that are written of this run: a partial one has no metrics; they would pass for those of all checks."""
    return {kind: link for kind, link in place.links.items() if kind != "metrics" or not run.partial}


def write_no_run(place: RunFiles, begun: datetime, why: str, *, keep_run_file: bool = False) -> None:
    """Replace an earlier run's files by a page that says why there was no run: they are not today's.

    What is only deleted goes first, as that needs no space. Nothing is raised: the reason itself is about to be printed
    on the terminal.
    """
    from .exports.badge import no_result

    for name, link in place.links.items():
        if name != "badge" and (name != "run" or not keep_run_file):
            with contextlib.suppress(OSError):
                (place.reports / link).unlink()
    _replace_or_delete(place.page, render_no_run(place.stem, begun, why))
    _replace_or_delete(place.reports / place.links["badge"], no_result(place.stem, "no run today", begun))


def _replace_or_delete(path: Path, text: str) -> None:
    """Replace the file, if there is one. A full disk can still delete: nothing is better than what another day said."""
    try:
        if path.exists():
            write_whole(path, text)
    except OSError:
        with contextlib.suppress(OSError):
            path.unlink()
