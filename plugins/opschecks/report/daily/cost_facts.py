"""What the newest weekly run saw of the costs, for the daily page: asking every day would cost more than it tells."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from ...history.runs import began
from ..runfile import RunFileError, from_json

if TYPE_CHECKING:
    from ...history.storage import Storage

SUITE, TOTAL, LINE = "weekly", "total_cost", "cost"
DAYS = 14


def cost_facts(store: Storage, now: datetime) -> dict[str, Any]:
    """As plain data: `seen` (when that run began), `told` by label, `days` as [date, USD], `limit` of a day in USD.

    Of a history without a weekly run that saw them, nothing.
    """
    for key in reversed(store.keys(SUITE)):
        at = began(key)
        if at is None or at >= now:
            continue
        try:
            weekly = from_json(store.read(key) or "")
        except (RunFileError, UnicodeDecodeError):
            continue  # no run file: `opschecks history` tells of those
        for seen in weekly.observations:
            for one in seen.resources if seen.name == TOTAL else ():
                for line in one.series:
                    if line.label == LINE:
                        return {
                            "seen": weekly.started.isoformat(),
                            "told": {figure.label: figure.value for figure in one.figures},
                            "days": [[point[0].date().isoformat(), point[1]] for point in line.points[-DAYS:]],
                            "limit": line.limit,
                        }
        return {}  # the newest one could not look: older sums would look like today's
    return {}
