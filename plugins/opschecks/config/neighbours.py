"""Stacks of one account and region: whose its alarms are, where a stack says nothing of its own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from .stack import Stack


def beside_each_other(stacks: Mapping[str, Stack]) -> dict[str, Stack]:
    """The same stacks; each that does not say which alarms are its own knows those of its neighbours.

    Those of a neighbour begin as that says. One that says nothing either, or whose alarms CloudFormation or tags tell,
    is named in `alarms_beside`: then nobody knows whose an alarm is.
    """
    places: dict[tuple[str | None, ...], list[Stack]] = defaultdict(list)
    for one in stacks.values():
        if not one.sandbox:
            places[_place(one)].append(one)
    return {name: _beside(one, places.get(_place(one), [])) for name, one in stacks.items()}


def _place(stack: Stack) -> tuple[str | None, ...]:
    """Account and region, as the stack says them: how it is reached, where it names no account."""
    account = (stack.account_id,) if stack.account_id else (stack.profile, stack.role_arn)
    return (*account, stack.region, stack.endpoint_url)


def _beside(stack: Stack, there: list[Stack]) -> Stack:
    if stack.sandbox or len(there) < 2 or not _says_nothing(stack):
        return stack
    others = [one for one in there if one is not stack and "alarm_prefix" not in one.without]
    unknown = tuple(one.name for one in others if not one.alarm_prefix)
    begins = tuple(dict.fromkeys(prefix for one in others for prefix in one.every("alarm_prefix")))
    told = {"others_alarms": begins, "alarms_beside": unknown}
    return stack.model_copy(update={key: value for key, value in told.items() if value})


def _says_nothing(stack: Stack) -> bool:
    found = stack.cloudformation_stack or stack.tags
    return not (stack.alarm_prefix or found or "alarm_prefix" in stack.without)
