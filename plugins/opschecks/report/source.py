"""What the sections of a page are made from: the run, how its times are printed, and what stands beside it."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from datetime import datetime, tzinfo

from ..core.dataclass import dataclass
from ..core.model import Series
from ..core.run import Run, StackFacts
from .chart import Chart, chart
from .runbook import Section
from .times import Times, written


@dataclass(frozen=True)
class PageSource:
    """Given to each section. `earlier` is the run of a day before, for its lines in the charts."""

    run: Run
    runbook: Mapping[str, Section]
    earlier: Run | None
    times: Times

    @classmethod
    def of(cls, run: Run, runbook: Mapping[str, Section], earlier: Run | None) -> PageSource:
        """Times are those of the run's stacks."""
        return cls(run, runbook, earlier, Times.of(run))

    @property
    def zone(self) -> tzinfo:
        """The time zone of the page."""
        return self.times.zone

    @property
    def zone_name(self) -> str:
        """Its name, such as Europe/Berlin."""
        return self.times.name

    @property
    def several(self) -> bool:
        """Whether the page is about more than one stack: then each thing names its stack."""
        return len(self.run.stacks) > 1

    def stack(self, name: str) -> StackFacts:
        """The stack of that name."""
        return next(one for one in self.run.stacks if one.name == name)

    def on(self, stack: str) -> str:
        """The end of a heading about one stack."""
        return f" on {stack}" if self.several else ""

    def seen_by(self, stack: str, resource: str) -> str:
        """The first observation of the stack that saw the resource; empty where none did."""
        return self._seen_by.get((stack, resource), "")

    @functools.cached_property
    def _seen_by(self) -> Mapping[tuple[str, str], str]:
        return {
            (seen.stack, one.resource): seen.name for seen in reversed(self.run.observations) for one in seen.resources
        }

    def time(self, at: datetime | str) -> str:
        """A moment as messages have it; templates print it, with all other text that has any, through `told`."""
        return written(at)

    def chart(self, line: Series, name: str, stack: str, resource: str) -> Chart | None:
        """The chart of a resource's series, beside that of the day before; None where there is no point to draw."""
        return chart(line, name, self.zone, self._day_before(stack, resource, line.label))

    def _day_before(self, stack: str, resource: str, label: str) -> Series | None:
        seen = (one for one in (self.earlier.observations if self.earlier else ()) if one.stack == stack)
        of = (one for each in seen for one in each.resources if one.resource == resource)
        return next((line for one in of for line in one.series if line.label == label), None)
