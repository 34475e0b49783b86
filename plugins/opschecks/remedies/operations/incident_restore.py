"""Put archived incidents back into their table: what one object of the archive holds and the table lacks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from ...aws.dynamodb_items import read_items, to_line
from ...core.change import CannotFix, Progress, Request, Risk, State, Step
from ...core.wording import plural
from ...fixing.remedy import Operation
from .archive_objects import SUFFIX, archive_location, lines_of
from .archived_items import items_of, puts_of, slice_of, transactions
from .old_incidents import incidents_table, table_keys


class RestoreIncidents(Operation):
    """Put the incidents of one archive object back into the table. What the table already has stays as it is.

    The object stays too. To undo it, archive them again.
    """

    risk = Risk.DISRUPTIVE
    one_way = True
    rolls_back = False
    resumes = True
    runbook = "weekly-maintenance"
    settles_within = timedelta(minutes=1)
    allow = ("dynamodb:BatchGetItem", "dynamodb:DescribeTable", "dynamodb:PutItem", "s3:GetObject")
    expects = "every incident of the object is in the table; the object stays where it is"
    beware = "streams of the table report every incident that is restored as new"

    def normal(self, target: str) -> str:
        """s3://BUCKET/KEY of an object of the stack's archive; CannotFix for any other."""
        bucket, prefix = archive_location(self)
        where = f"s3://{bucket}/{prefix}{incidents_table(self)}/"
        if not (target.startswith(where) and target.endswith(SUFFIX)):
            raise CannotFix(f"{target} is not an object of the archive: {where}before-DAY/NAME{SUFFIX}")
        return target

    def all_targets(self) -> list[str]:
        bucket, prefix = archive_location(self)
        where = f"s3://{bucket}/{prefix}{incidents_table(self)}/"
        raise CannotFix(f"say which object with --target; aws s3 ls --recursive {where} shows them")

    def read(self, target: str) -> State:
        """How many incidents the object holds, and how many of them the table has, whatever became of them."""
        table = incidents_table(self)
        keys = table_keys(self, table)
        bucket, _, key = self.normal(target).removeprefix("s3://").partition("/")
        self._items = items_of(lines_of(self.aws, bucket, key, key), keys, key)
        self._keys = keys
        there = read_items(self.aws, table, keys, list(self._items.values()))
        self._lacking = {key: item for key, item in self._items.items() if key not in there}
        return {"archived": len(self._items), "in the table": len(there)}

    def want(self, now: State, wish: Mapping[str, str]) -> State:
        return {"archived": now["archived"], "in the table": now["archived"]}

    def steps(self, target: str, before: State, after: State) -> Sequence[Step]:
        """Transactions of puts; as plan and journal show them, without what incidents say."""
        if self.read(target) != before:
            raise CannotFix("the table has changed since it was planned: plan again")
        lines = [to_line(item) for item in self._lacking.values()]
        name = target.rsplit("/", 1)[-1]
        puts = transactions("Put", incidents_table(self), name, lines, "the table has none of that key")
        return [Step(put, name, prepare=self._putting) for put in puts]

    def _putting(self, request: Request) -> Request:
        """The incidents themselves, of those that the table still lacks."""
        _, first, count = slice_of(request)
        some: dict[str, dict[str, Any]] = dict(list(self._lacking.items())[first : first + count])
        return puts_of(self.aws, incidents_table(self), self._keys, some)[0]

    def progress(self, target: str, before: State, after: State) -> Progress:
        there = read_items(self.aws, incidents_table(self), self._keys, list(self._items.values()))
        lacking = len(self._items) - len(there)
        return Progress(
            not lacking and len(there) == after["in the table"], f"still lacking: {plural(lacking, 'incident')}"
        )
