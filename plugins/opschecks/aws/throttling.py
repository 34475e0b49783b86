"""DynamoDB: throttled reads and writes of each table and index."""

from __future__ import annotations

from datetime import datetime

from ..core.dataclass import dataclass
from ..core.model import Series
from ..core.observation import CouldNotLook, observation
from .cloudwatch_metrics import HOUR, Measured, Metrics, charted, lines_of
from .dynamodb import Table


@dataclass(frozen=True, kw_only=True)
class Throttling(Measured):
    """Throttled reads and writes of one table or index.

    `status`: the table's; a CouldNotLook where it could not be described, and its indexes are not known.
    """

    table: str
    status: str | CouldNotLook

    @property
    def index(self) -> str:
        """The index, "" where it is the table itself."""
        return self.name.removeprefix(self.table).removeprefix("/")

    @property
    def dimensions(self) -> tuple[tuple[str, str], ...]:
        """Those of its metrics."""
        return (("TableName", self.table), *((("GlobalSecondaryIndexName", self.index),) if self.index else ()))

    @property
    def seems_throttled(self) -> bool:
        """Whether its metrics say so, as far as they could be read."""
        known = (self.metrics.answers.get((self.name, f"throttled {what}")) for what in ("reads", "writes"))
        return any(isinstance(one, Series) and sum(v for _, v in one.last(HOUR, self.now)) > 0 for one in known)

    @property
    def throttled_last_hour(self) -> int:
        """Throttled reads and writes of the last hour; the metrics have no data where there were none."""
        both = (self.metrics.series(self.name, f"throttled {what}") for what in ("reads", "writes"))
        return sum(int(sum(value for _, value in one.last(HOUR, self.now))) for one in both)


@observation()
def table_throttling(table_metrics: Metrics, tables: list[Table], now: datetime) -> list[Throttling]:
    """Throttled reads and writes of each table and each of its indexes."""
    found = []
    for table in tables:
        for index in (None, *table.index_names):
            name = f"{table.name}/{index}" if index else table.name
            arn = f"{table.arn}/index/{index}" if index else table.arn
            of, status = table.name, table.unread or table.status
            bare = Throttling(arn=arn, name=name, metrics=table_metrics, now=now, table=of, status=status)
            found.append(charted(bare, lines_of(table_metrics, name, "throttled reads", "throttled writes")))
    return found
