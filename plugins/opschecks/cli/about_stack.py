"""opschecks list limits | coverage: which limit holds for what and why, and what of a stack is looked at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .options import named_by

if TYPE_CHECKING:
    from ..config.stack import Stack
    from .check_files import CheckSource

ListRow = Mapping[str, str]
SUITES = ("daily", "weekly")
_NOBODY = "127.0.0.1:9"
"""In the error of an observation of the web, which is not made here; trial_look.NOBODY."""


def the_stack(stacks: Path, name: str | None) -> Stack:
    """The stack of that name, or the default one."""
    from ..config.load import choose_stacks, load_stacks

    return choose_stacks(load_stacks(stacks), [name] if name else [], stacks, by=named_by())[0]


def limits_of(stack: Stack) -> Iterator[ListRow]:
    """Each limit that the stack sets, then those of each resource that stacks.toml names, with what says so."""
    from ..config.limits import Limits, ResourceLimits, specific

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
    from ..aws.trial import Trial
    from ..hooks.applicable import does_not_apply
    from ..hooks.fixtures import import_observations
    from .reach_stack import reached_as
    from .trial_look import all_looked, looked, needed

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
            names = [str(one.name) for one in value if hasattr(one, "name")]
            more = f" and {len(names) - 5} more" if len(names) > 5 else ""
            yield ", ".join(names[:5]) + more


def checks_here() -> list[CheckSource]:
    """The checks of the daily and weekly suites, and of the project's own."""
    from ..core.shipped import checks_of
    from ..core.suites import own_suites
    from .check_files import sources_of

    folders = [*map(Path, SUITES), *own_suites(checks_of(Path())).values()]
    return [one for folder in folders for one in sources_of(folder)]
