"""A check's verdict outside pytest's own run of it: before anything is fixed, and after each change."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Any

import pytest

from ..core.gathering import Gathering
from ..core.model import Outcome
from ..fixing.outcome import Look
from .applicable import does_not_apply
from .examine import Examine
from .fixtures import whole_stack
from .gather import fresh_store, observations_of
from .judge import settle
from .other_plugins import ended_by_plugin
from .state import ChecksRun, check_of, stack_of


def looked(run: ChecksRun, item: pytest.Item, store: Gathering) -> Examine:
    """What the check finds in the store's observations, judged as in the run."""
    declared, stack = check_of(item), stack_of(item)
    if declared is None:
        raise TypeError(f"{item.nodeid} is not a check")
    examine = Examine(declared, stack.name, partial(ended_by_plugin, item.config))
    function: Any = getattr(item, "obj", None)
    given = {"stack": stack, "examine": examine, "now": store.now}
    error: BaseException | None = None
    try:
        names = inspect.signature(function).parameters
        function(**{name: given[name] if name in given else store.value(name) for name in names})
    except (Exception, SystemExit, pytest.fail.Exception, pytest.skip.Exception) as raised:  # noqa: BLE001 - judged
        error = raised
    if why := does_not_apply(error, stack):
        examine.conclude(whole_stack(stack.name), Outcome.PASSED, why)
        error = None
    settle(examine, error, run.waivers)
    return examine


def look_again(
    run: ChecksRun, item: pytest.Item, resource: str, before: Examine, since: datetime | None = None
) -> Look:
    """Run the check on new observations: is the resource cured, and did any other get worse?

    `since` is the time of a change that is proven by its symptom: older data does not show its effect.
    """
    stack = stack_of(item)
    store = fresh_store(run, stack.name, observations_of([item], stack), since)
    examine = looked(run, item, store)
    now_bad = [one for one in examine.findings if one.outcome.rank >= Outcome.BLIND.rank]
    worse = tuple(_worse(before, examine, Outcome.BLIND))
    own = next((one for one in examine.findings if one.resource == resource), None)
    if own is None:
        said = "; ".join(one.message for one in now_bad) or "the check no longer examines the resource"
        return Look(cured=False, said=said, blind=True)
    good = own.outcome in (Outcome.PASSED, Outcome.WAIVED)
    return Look(cured=good, said=own.message, blind=own.outcome is Outcome.BLIND, worse=worse)


def others_worse(run: ChecksRun, first: Mapping[pytest.Item, Examine], but: pytest.Item) -> tuple[str, ...]:
    """What fails now in any other check and did not before: a change that cures one may break another."""
    stack = stack_of(but)
    store = fresh_store(run, stack.name, observations_of(first, stack))
    return tuple(
        f"{name} ({examine.check.name})"
        for item, before in first.items()
        if item is not but
        for examine in [looked(run, item, store)]
        for name in _worse(before, examine, Outcome.FAILED)
    )


def _worse(before: Examine, now: Examine, from_rank: Outcome) -> Iterator[str]:
    was_bad = {one.resource for one in before.findings if one.outcome.rank >= Outcome.BLIND.rank}
    for one in now.findings:
        if one.outcome.rank >= from_rank.rank and one.resource not in was_bad:
            yield one.name
