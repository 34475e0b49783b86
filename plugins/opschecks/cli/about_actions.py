"""opschecks list actions: which checks need which IAM action, so that they are blind without it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..config.stack import Stack
    from .check_files import CheckSource


@dataclass(frozen=True)
class Wanted:
    """Who needs an action.

    `checks`: those that are blind without it. `occasions`: those that are blind where something is so, by that, which
    continues "only where". `in_part`: those that go on without it, and may know less. `explains`: those of which it
    only explains a failure.
    """

    checks: set[str] = field(default_factory=set)
    occasions: dict[str, set[str]] = field(default_factory=dict)
    in_part: set[str] = field(default_factory=set)
    explains: set[str] = field(default_factory=set)

    @property
    def everybody(self) -> set[str]:
        """All of them."""
        return self.checks.union(self.in_part, self.explains, *self.occasions.values())


def wanted_by(checks: Iterable[CheckSource]) -> dict[str, Wanted]:
    """Each action that the checks' observations declare, and who needs it."""
    from ..aws.occasional import OCCASIONS, Occasion
    from ..core.observation import REGISTRY, closure, required

    found: dict[str, Wanted] = {}
    for check in checks:
        taken = [name for name in check.needs if name in REGISTRY]
        without_fail = required(taken)
        for one in closure(taken):
            for action in one.allow:
                wanted, of = found.setdefault(action, Wanted()), OCCASIONS.get((one.name, action), Occasion())
                if of.checks and check.name not in of.checks:
                    continue
                if one.name not in without_fail:
                    wanted.in_part.add(check.name)
                elif of.explains:
                    wanted.explains.add(check.name)
                elif of.when:
                    wanted.occasions.setdefault(of.when, set()).add(check.name)
                else:
                    wanted.checks.add(check.name)
    return found


def actions_of(stack: Stack, checks: Iterable[CheckSource]) -> Iterator[Mapping[str, str]]:
    """A row of each action that the stack's policy allows."""
    from ..core.observation import REGISTRY
    from ..hooks.fixtures import import_observations
    from .policy import places_of
    from .policy_statements import statements

    import_observations()
    applying = [one for one in checks if not stack.lacks(one.slug, one.name)]
    wanted = wanted_by(applying)
    needs = [(name, name, REGISTRY[name].allow) for name in REGISTRY]
    allowed = {action for one in statements(needs, places_of(stack)) for action in one.actions}
    for action in sorted(wanted.keys() & allowed):
        of = wanted[action]
        told = [_named(of.checks)]
        told += [f"only where {when}: {_named(some)}" for when, some in sorted(of.occasions.items())]
        rest = of.in_part - of.checks
        told += [f"judge the rest without it: {_named(rest)}"] if rest else []
        told += [f"explains a failure: {_named(of.explains - of.checks)}"] if of.explains - of.checks else []
        yield {"action": action, "checks": told[0], "also": "; ".join(told[1:])}


def _named(checks: Iterable[str]) -> str:
    return ", ".join(sorted(checks))
