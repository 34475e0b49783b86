"""Which tables are a stack's: for remedies that must touch no other, or none of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from ..aws.inventory import inventory
from ..core.change import CannotFix
from ..core.observation import CouldNotLook
from ..core.wording import nearest
from ..fixing.remedy import Remedy

if TYPE_CHECKING:
    from ..aws.session import Aws


def tables_of(remedy: Remedy) -> list[str]:
    """The tables that the remedy's stack names, or that CloudFormation or tags say are its; CannotFix without any."""
    stack = remedy.stack
    try:
        known = inventory(stack, cast("Aws", remedy.aws)).some("tables")
    except CouldNotLook as error:
        raise CannotFix(str(error)) from None
    others = [stack.incidents_table, *(index.table for index in stack.indexes)]
    return list(dict.fromkeys([*known, *stack.tables, *filter(None, others)]))


def table_named(remedy: Remedy, target: str) -> str:
    """The name of one of the stack's tables, of its ARN too; CannotFix for any other."""
    short, own = target.split(":table/", 1)[-1], tables_of(remedy)
    if short not in own:
        raise CannotFix(f"{short} is no table of {remedy.stack.name}; {nearest(short, own)}")
    return short


class TableRemedy(Remedy):
    """What is done to the stack's tables, each by its name."""

    def targets(self, resource: str, evidence: Mapping[str, Any]) -> list[str]:
        """The table, by its name."""
        return [resource.split(":table/", 1)[-1]]

    def normal(self, target: str) -> str:
        """The table's name, of its ARN too; CannotFix where it is none of the stack's."""
        return table_named(self, target)

    def all_targets(self) -> list[str]:
        """Every table of the stack."""
        return tables_of(self)
