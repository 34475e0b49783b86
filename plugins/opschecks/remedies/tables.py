"""Which tables are a stack's: for remedies that must touch no other, or none of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from ..aws.inventory import inventory
from ..names import nearest
from ..observe import CouldNotLook
from ..remedy import CannotMend, Remedy

if TYPE_CHECKING:
    from ..aws.session import Aws


def tables_of(remedy: Remedy) -> list[str]:
    """The tables that the remedy's stack names, or that CloudFormation or tags say are its; CannotMend without any."""
    stack = remedy.stack
    try:
        known = inventory(stack, cast("Aws", remedy.aws)).some("tables")
    except CouldNotLook as error:
        raise CannotMend(str(error)) from None
    others = [stack.incidents_table, *(index.table for index in stack.indexes)]
    return list(dict.fromkeys([*known, *stack.tables, *filter(None, others)]))


def table_named(remedy: Remedy, target: str) -> str:
    """The name of one of the stack's tables, of its ARN too; CannotMend for any other."""
    short, own = target.split(":table/", 1)[-1], tables_of(remedy)
    if short not in own:
        raise CannotMend(f"{short} is no table of {remedy.stack.name}; {nearest(short, own)}")
    return short
