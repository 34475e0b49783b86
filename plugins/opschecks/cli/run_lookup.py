"""Finds the run of a report command: a run file, or a run of the history by day, week or time."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from pathlib import Path

import click

from ..config.stack import Stack
from ..core import clock
from ..core.dataclass import dataclass
from ..core.run import Run
from ..core.wording import nearest
from ..history.runs import a_day_before, began
from ..history.storage import Storage, Unreadable
from ..report.from_history import week_facts, week_without_run
from ..report.runfile import RunFileError, from_json
from .options import default_stack
from .reach_stack import stack_named, state_of, summaries_of

_WEEK = "%G-W%V"
A_DAY = "a day of the history, add --stack NAME"
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(frozen=True)
class FoundRun:
    """A run, the file it was read from (None: from the history), and the run of a day before."""

    run: Run
    path: Path | None
    earlier: Run | None


def found_run(run: str, suite: str, name: str | None, stacks: Path, reports: Path, *, week: str = "") -> FoundRun:
    """The run file of that name; with a stack also the run of a day, a time or a week of its history."""
    if not name and (week or (_DAY.match(run) and not Path(run).exists())):  # a file needs no stack
        name = stack_named(default_stack(), stacks).name
    history = _History.of(name, stacks, reports) if name else None
    if history and (week or not Path(run).exists()):
        keys = history.of_week(week, suite) if week else [history.of_day(run, suite)]
        if not keys:
            return FoundRun(history.made_of(week, reports), None, None)
        told = history.read(keys[-1])
        return FoundRun(told, None, history.day_before(told))
    if not Path(run).exists():
        helps = f"a week of the history, add --week {clock.now():{_WEEK}}" if suite == "weekly" else A_DAY
        raise click.ClickException(f"{run}: no such run file; for {helps}")
    told = run_of_file(Path(run))
    return FoundRun(told, Path(run), history.day_before(told) if history else None)


def run_of_file(path: Path) -> Run:
    """The run of a run file; one clear line if it is not a run file."""
    try:
        return from_json(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise click.ClickException(f"{path}: no such run file; pytest checks/daily writes reports/daily.json") from None
    except (OSError, UnicodeDecodeError) as error:
        raise click.ClickException(f"{path}: cannot be read: {error}") from None
    except RunFileError as error:
        raise click.ClickException(f"{path}: {error}") from None


@dataclass(frozen=True)
class _History:
    """The run files of a stack, by days and weeks of its time zone."""

    stack: Stack
    store: Storage

    @staticmethod
    def of(name: str, stacks: Path, reports: Path) -> _History:
        stack = stack_named(name, stacks)
        return _History(stack, state_of(stack, stacks, reports))

    def of_day(self, moment: str, suite: str) -> str:
        """The newest run of a day of the stack, or of the UTC time that the text begins (as in file names)."""
        days, asked = self._filed("%Y-%m-%d", suite), moment.replace(":", "-")
        if _DAY.fullmatch(asked):
            found = [key for key, day in days.items() if day == asked]
        else:
            found = [key for key in days if key.rpartition("/")[2].startswith(asked)] if asked else []
        if not found:
            known = sorted(set(days.values()))[-12:]
            raise click.ClickException(
                f"{moment}: {self.store} has no such {suite} run; days are those of {self.stack.zone}; "
                f"{nearest(moment, known)}"
            )
        return found[-1]

    def of_week(self, week: str, suite: str) -> list[str]:
        """Every run of the stack's week, the oldest first; one clear line where the text is not a week."""
        try:
            date.fromisoformat(f"{week}-1")
        except ValueError:
            raise click.ClickException(f"--week {week}: expected YYYY-Www, a week such as 2026-W47") from None
        return [key for key, its in self._filed(_WEEK, suite).items() if its == week]

    def made_of(self, week: str, reports: Path) -> Run:
        """A week without a weekly run, built from its daily runs: a run without checks that ends with the week."""
        daily = self.of_week(week, "daily")
        if not daily:
            known = {*self._filed(_WEEK, "daily").values(), *self._filed(_WEEK, "weekly").values()}
            raise click.ClickException(
                f"--week {week}: {self.stack.name} has no run in it; weeks are those of {self.stack.zone}; "
                f"{nearest(week, known)}"
            )
        ends = datetime.strptime(f"{week}-7 23:59:59", "%G-W%V-%u %H:%M:%S").replace(tzinfo=self.stack.zone)
        now = min(ends.astimezone(UTC), clock.now())
        history = summaries_of(self.stack, self.store, reports)
        return week_without_run(self.read(daily[-1]), week_facts(history, self.stack, now), now)

    def _filed(self, form: str, suite: str) -> dict[str, str]:
        """The keys of the filed runs, the oldest first, each with its moment in the stack's zone, in that form."""
        keys = self.store.keys(suite)
        return {key: at.astimezone(self.stack.zone).strftime(form) for key in keys if (at := began(key))}

    def read(self, key: str) -> Run:
        """The run with that key."""
        try:
            return from_json(self.store.read(key) or "")
        except RunFileError as error:
            raise click.ClickException(f"{self.store}/{key}: {error}") from None

    def day_before(self, told: Run) -> Run | None:
        """The run of a day before; if it cannot be read, the charts lack its lines, and that is printed."""
        key = a_day_before(self.store, told.suite, told.started)
        try:
            return self.read(key) if key else None
        except (click.ClickException, OSError, Unreadable) as error:
            click.echo(f"{error}; the charts lack the lines of that day; move the file away", err=True)
            return None
