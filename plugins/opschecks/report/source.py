"""What the sections of a page are made from: the run, how its times are printed, and what stands beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo

from ..core.model import Series
from ..core.run import Run
from ..core.zones import zone_named
from .chart import Chart, chart
from .runbook import Section
from .standing import moment


@dataclass(frozen=True)
class PageSource:
    """Given to each section. `earlier` is the run of a day before, for its lines in the charts."""

    run: Run
    runbook: Mapping[str, Section]
    earlier: Run | None
    zone: tzinfo
    zone_name: str

    @classmethod
    def of(cls, run: Run, runbook: Mapping[str, Section], earlier: Run | None) -> PageSource:
        """In the stacks' time zone; in UTC where they do not share one."""
        names = {stack.time_zone for stack in run.stacks}
        name = names.pop() if len(names) == 1 else "UTC"
        return cls(run, runbook, earlier, zone_named(name), name)

    @property
    def several(self) -> bool:
        """Whether the page is about more than one stack: then each thing names its stack."""
        return len(self.run.stacks) > 1

    def on(self, stack: str) -> str:
        """The end of a heading about one stack."""
        return f" on {stack}" if self.several else ""

    def time(self, at: datetime | str) -> str:
        """A time, such as Mon 23 Nov, 08:00."""
        return moment(at, self.zone)

    def chart(self, line: Series, name: str, stack: str, resource: str) -> Chart | None:
        """The chart of a resource's series, beside that of the day before; None where there is no point to draw."""
        return chart(line, name, self.zone, self._day_before(stack, resource, line.label))

    def _day_before(self, stack: str, resource: str, label: str) -> Series | None:
        seen = (one for one in (self.earlier.observations if self.earlier else ()) if one.stack == stack)
        of = (one for each in seen for one in each.resources if one.resource == resource)
        return next((line for one in of for line in one.series if line.label == label), None)
