"""Stacks of one account and region: whose its alarms are, where a stack says nothing of its own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping

from ..core.global_services import home_of_cloudfront
from .stack import Stack

_Accounts = Mapping[Hashable, list[Stack]]


def beside_each_other(stacks: Mapping[str, Stack]) -> dict[str, Stack]:
    """The same stacks; each that does not say which alarms are its own knows those of its neighbours.

    Those of a neighbour begin as that says. One that says nothing either, or whose alarms CloudFormation or tags tell,
    is named in `alarms_beside`: then it is unknown whose an alarm is. The region of CloudFront's alarms may have some
    of stacks of other regions, too, which begin as those say.
    """
    accounts: dict[Hashable, list[Stack]] = defaultdict(list)
    for one in stacks.values():
        for key in () if one.sandbox else _accounts_of(one):
            accounts[key].append(one)
    return {name: _beside(one, accounts) if _says_nothing(one) else one for name, one in stacks.items()}


def _accounts_of(stack: Stack) -> list[Hashable]:
    """Under what a stack is found: the account that it names, and how it is reached, also by those that name none."""
    way = (stack.profile, stack.role_arn, stack.endpoint_url)
    return [way, (stack.account_id, stack.endpoint_url) if stack.account_id else ("names none", way)]


def _of_its_account(stack: Stack, accounts: _Accounts) -> list[Stack]:
    """The others of its account: by the account where both name one, else by how they are reached."""
    way, named = _accounts_of(stack)
    same = [*accounts[named], *accounts.get(("names none", way), ())] if stack.account_id else accounts[way]
    return [one for one in same if one is not stack]


def _beside(stack: Stack, accounts: _Accounts) -> Stack:
    others = _of_its_account(stack, accounts)
    here = [one for one in others if _region(one) == _region(stack) and not _has_none(one)]
    at_home = stack.region is not None and stack.region == home_of_cloudfront(stack.region)
    away = [one for one in others if at_home and (one.distribution_id or _is_found(one))]
    begins = dict.fromkeys(prefix for one in (*here, *away) for prefix in one.every("alarm_prefix"))
    told = {"others_alarms": tuple(begins), "alarms_beside": tuple(one.name for one in here if not one.alarm_prefix)}
    update = {key: value for key, value in told.items() if value}
    return stack.model_copy(update=update) if update else stack


def _region(stack: Stack) -> tuple[str | None, ...]:
    """As the stack says it; where it does not, the profile does."""
    return (stack.region,) if stack.region else ("of the profile", stack.profile)


def _is_found(stack: Stack) -> bool:
    """Whether CloudFormation or tags tell what it has."""
    return bool(stack.cloudformation_stack or stack.tags)


def _has_none(stack: Stack) -> bool:
    return "alarm_prefix" in stack.without and not _is_found(stack)


def _says_nothing(stack: Stack) -> bool:
    return not (stack.sandbox or stack.alarm_prefix or _is_found(stack) or "alarm_prefix" in stack.without)
