"""The looks of a bake: each asks for what can have changed since the last one, and a decision for everything."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Sequence
from datetime import timedelta

import pytest

from ..aws.releases import Awaited
from ..aws.rollouts import Rollout
from ..config.stack import Stack
from ..core.gathering import Earlier, Gathering, Observed
from ..core.model import Finding, Outcome
from ..core.observation import CouldNotLook
from .examine import Examine
from .gather import fresh_store, observations_of
from .look import looked
from .state import ChecksRun

_KEPT = (
    "balanced_groups distribution distributions every_group inventory invalidations load_balancers "
    "registry_images site_objects tables"
)
METRICS = ("service_metrics", "balancer_metrics", "table_metrics")
KEPT_FOR = {**dict.fromkeys(_KEPT.split(), timedelta.max), **dict.fromkeys(METRICS, timedelta(minutes=1))}
"""How long a bake keeps what an observation saw: what a stack is made of, what no deployment changes by itself, and
metrics, of which CloudWatch has a new point each minute. One that failed, or that a check found bad, is asked again."""
ROLLOUTS = "rollouts"
AWAITED = "awaited"
"""The observation that says whether what is expected can still come."""


class Rounds:
    """The looks at one stack, one after the other, beginning with the run's own; the run keeps the last one's store."""

    def __init__(self, run: ChecksRun, stack: Stack, items: Sequence[pytest.Item]) -> None:
        self._run = run
        self._stack = stack
        self._items = items
        self._wanted = observations_of(items, stack)
        if "releases" in self._wanted:
            self._wanted.append(AWAITED)
        self._bad_items: list[pytest.Item] = []
        self._has_looked = False
        self.is_whole = True
        """Whether the last look asked for everything."""
        self.never: tuple[str, ...] = ()
        """Why what is awaited can never come, by the last look; empty while it may."""
        self.patience = timedelta(minutes=stack.limits.deployment_minutes)
        """How long it may take until it has settled: the longest that any look has found."""

    def look(self, *, whole: bool = False) -> list[str]:
        """What is not good now, in words. A look that is not `whole` asks for what can have changed since the last."""
        store = self._run.stores[self._stack.name]
        if self._has_looked:
            earlier = Earlier() if whole else self._taken_over(store)
            self.is_whole = not earlier.kept
            store = fresh_store(self._run, self._stack.name, self._wanted, earlier=earlier)
            self._run.stores[self._stack.name] = store
        self._has_looked = True
        found = [(item, looked(self._run, item, store)) for item in self._items]
        bad = [(item, examine) for item, examine in found if _worst(examine).outcome.rank >= Outcome.BLIND.rank]
        self._bad_items = [item for item, _ in bad]
        self.never = tuple(_never(store, (examine for _, examine in bad)))
        self.patience = max([self.patience, *self._waits(store)])
        return [_said(examine, _worst(examine)) for _, examine in bad]

    @property
    def measures(self) -> bool:
        """Whether any check judges metrics."""
        return not self._run.stores[self._stack.name].results.keys().isdisjoint(METRICS)

    def _waits(self, store: Gathering) -> list[timedelta]:
        """How long each deployment under way may take until what is new gets all traffic, with its planned waits."""
        limits = self._stack.limits
        with contextlib.suppress(CouldNotLook):  # not known: whatever blinded it also blinds a check, which says so
            rollouts: list[Rollout] = store.value(ROLLOUTS) if ROLLOUTS in store.results else []
            return [
                timedelta(minutes=limits.of(one.service).deployment_minutes) + moving.until_it_serves
                for one in rollouts
                for moving in one.under_way
            ]
        return []

    def _taken_over(self, last: Gathering) -> Earlier:
        again = set(observations_of(self._bad_items, self._stack))
        kept = {name: one for name, one in last.results.items() if name not in again and _lasts(name, one)}
        values = {name: last.results[name].value for name in again & last.results.keys()}
        return Earlier(_with_kept_needs(kept), values)


def _lasts(name: str, result: Observed) -> bool:
    age = time.monotonic() - result.started
    return name in KEPT_FOR and result.done.is_set() and result.error is None and age < KEPT_FOR[name].total_seconds()


def _with_kept_needs(kept: dict[str, Observed]) -> dict[str, Observed]:
    """Without those that were made from one of KEPT_FOR that is asked for again; `kept` has needs first."""
    found: dict[str, Observed] = {}
    for name, one in kept.items():
        if all(need in found or need not in KEPT_FOR for need in one.observation.needs):
            found[name] = one
    return found


def _never(store: Gathering, bad: Iterable[Examine]) -> Iterable[str]:
    """The sentences of observation and checks that nothing can come any more."""
    for examine in bad:
        for one in examine.findings:
            if one.outcome.rank >= Outcome.BLIND.rank and one.message in examine.final:
                yield _said(examine, one)
    with contextlib.suppress(CouldNotLook):  # as for rollouts
        awaited: list[Awaited] = store.value(AWAITED) if AWAITED in store.results else []
        yield from (one.never for one in awaited if one.never)


def _worst(examine: Examine) -> Finding:
    return max(examine.findings, key=lambda one: one.outcome.rank)


def _said(examine: Examine, finding: Finding) -> str:
    what = examine.check.failing if finding.outcome is Outcome.FAILED else finding.outcome.words
    return f"{what} ({finding.name}: {finding.message})"
