"""Limits of single resources that no resource of a whole daily run has: most likely a name is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

from ..config.limits import names_of
from ..config.stack import Stack
from ..core.model import Outcome, Resource
from ..core.run import Run
from ..core.wording import nearest


def idle_limits(run: Run, stacks: Iterable[Stack]) -> Iterator[str]:
    """A sentence for each such entry of stacks.toml, with the nearest name.

    Only where every check of the daily run saw its resources: what could not be listed may well have that name.
    """
    saw_all = not any(one.outcome in (Outcome.BLIND, Outcome.NOT_RUN) for one in run.checks)
    if run.suite != "daily" or run.partial or not saw_all:
        return
    for stack in stacks:
        seen = [one for one in run.findings if one.stack == stack.name]
        known = {
            name for one in seen for name in names_of(Resource(arn=one.resource, name=one.name, evidence=one.evidence))
        }
        for place in stack.limits.by_resource:
            if not any(fnmatchcase(name, place) for name in known):
                short = [name for name in known if not name.startswith("arn:")]
                yield f'limits."{place}" of {stack.name} fits no resource of this run; {nearest(place, short)}'
