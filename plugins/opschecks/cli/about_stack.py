"""opschecks list limits | coverage | actions: which limit holds for what, what is looked at, who needs what."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from ..aws.occasional import OCCASIONS, Occasion
from ..aws.trial import Trial
from ..config.limits import Limits, ResourceLimits, specific
from ..config.stack import Stack
from ..core.dataclass import dataclass
from ..core.observation import REGISTRY, closure, required
from ..core.shipped import checks_of
from ..core.suites import own_suites
from ..core.wording import few
from ..hooks.applicable import does_not_apply
from .check_files import CheckSource, sources_of
from .fitting import ListRow
from .policy import places_of
from .policy_statements import statements
from .reach_stack import reached_as
from .trial_look import all_looked, looked, needed

SUITES = ("daily", "weekly")
_NOBODY = "127.0.0.1:9"
"""In the error of an observation of the web, which is not made here; trial_look.NOBODY."""


def limits_of(stack: Stack) -> Iterator[ListRow]:
    """Each limit that the stack sets, then those of each resource that stacks.toml names, with what says so."""
    own = stack.limits
    for key in sorted(own.model_fields_set & Limits.model_fields.keys()):
        default = Limits.model_fields[key].get_default(call_default_factory=True)
        told = f"{key} = {_shown(getattr(own, key))}"
        yield {"resource": "every resource", "limit": told, "why": f"limits of the stack; default: {_shown(default)}"}
    for name, forms in _named(stack):
        fitting = [one for one in own.by_resource if any(fnmatchcase(form, one) for form in forms)]
        limits = own.named(*forms)
        for key in ResourceLimits.model_fields:
            by = [one for one in fitting if key in own.by_resource[one].model_fields_set]
            if not by:
                continue
            value = getattr(limits, key)
            holds = max(by, key=specific)
            others = [f'"{one}" has {_shown(getattr(own.by_resource[one], key))}' for one in by if one != holds]
            why = f'limits."{holds}"' + (f", the most specific; {', '.join(others)}" if others else "")
            yield {"resource": name, "limit": f"{key} = {_shown(value)}", "why": why}
    known = [form for _, forms in _named(stack) for form in forms]
    for pattern, some in own.by_resource.items():
        if not any(fnmatchcase(form, pattern) for form in known):
            told = ", ".join(f"{key} = {_shown(getattr(some, key))}" for key in sorted(some.model_fields_set))
            yield {"resource": pattern, "limit": told, "why": "of what is found in a run: stacks.toml does not name it"}


def _named(stack: Stack) -> list[tuple[str, tuple[str, ...]]]:
    """Each resource that stacks.toml names, with the forms that a limit may name."""
    services = [(name, (name, name.rpartition("/")[2], f"service/{name}")) for name in stack.placed]
    tables = [(name, (name, f"table/{name}")) for name in stack.tables]
    balancers = [(name, (name, *name.split("/")[-2:-1])) for name in stack.every("load_balancer")]
    return [*services, *tables, *((name, (name,)) for name in stack.log_groups), *balancers]


def _shown(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def coverage_of(stack: Stack, checks: Sequence[CheckSource]) -> Iterator[ListRow]:
    """Of each check: what it looks at, that it does not apply and why, or that it cannot look and why."""
    from ..hooks.fixtures import import_observations

    import_observations()
    stack, aws = reached_as(stack, Trial)
    applying = [one for one in checks if not stack.lacks(one.slug, one.name)]
    results = all_looked(stack, aws, looked(stack, aws, needed(applying)), applying).results
    for check in checks:
        seen = [results[name] for name in check.needs if name in results]
        error = next((one.error for one in seen if one.error and _NOBODY not in str(one.error)), None)
        row = {"check": check.name, "runbook": check.slug}
        if why := stack.lacks(check.slug, check.name) or does_not_apply(error, stack):
            yield {**row, "looks": "not applicable", "why": why}
        elif error:
            yield {**row, "looks": "NOT LOOKED AT", "why": " ".join(str(error).split())}
        else:
            yield {**row, "looks": "looked at", "why": ", ".join(_counted(one.value for one in seen if not one.error))}


def _counted(values: Iterable[Any]) -> Iterator[str]:
    for value in values:
        if isinstance(value, list) and value:
            yield few([str(one.name) for one in value if hasattr(one, "name")])


def checks_here() -> list[CheckSource]:
    """The checks of the daily and weekly suites, and of the project's own."""
    folders = [*map(Path, SUITES), *own_suites(checks_of(Path())).values()]
    return [one for folder in folders for one in sources_of(folder)]


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
    found: dict[str, Wanted] = {}
    for check in checks:
        taken = [name for name in check.needs if name in REGISTRY]
        needed_by_it = required(taken)
        for one in closure(taken):
            for action in one.allow:
                wanted, of = found.setdefault(action, Wanted()), OCCASIONS.get((one.name, action), Occasion())
                if of.checks and check.name not in of.checks:
                    continue
                if one.name not in needed_by_it:
                    wanted.in_part.add(check.name)
                elif of.explains:
                    wanted.explains.add(check.name)
                elif of.when:
                    wanted.occasions.setdefault(of.when, set()).add(check.name)
                else:
                    wanted.checks.add(check.name)
    return found


def actions_of(stack: Stack, checks: Iterable[CheckSource]) -> Iterator[ListRow]:
    """A row of each action that the stack's policy allows."""
    from ..hooks.fixtures import import_observations

    import_observations()
    applying = [one for one in checks if not stack.lacks(one.slug, one.name)]
    wanted = wanted_by(applying)
    needs = [(name, name, REGISTRY[name].allow) for name in REGISTRY]
    allowed = {action for one in statements(needs, places_of(stack)) for action in one.actions}
    for action in sorted(wanted.keys() & allowed):
        of = wanted[action]
        told = [_sorted(of.checks)]
        told += [f"only where {when}: {_sorted(some)}" for when, some in sorted(of.occasions.items())]
        rest = of.in_part - of.checks
        told += [f"judge the rest without it: {_sorted(rest)}"] if rest else []
        told += [f"explains a failure: {_sorted(of.explains - of.checks)}"] if of.explains - of.checks else []
        yield {"action": action, "checks": told[0], "also": "; ".join(told[1:])}


def _sorted(checks: Iterable[str]) -> str:
    return ", ".join(sorted(checks))
