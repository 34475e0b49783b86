"""What is not as a check must be: left out, each with one message; the others still run, and the run is not good."""

from __future__ import annotations

import inspect
import linecache
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ..core.observation import REGISTRY, closure
from ..core.own_limits import LIMITS
from ..core.shipped import shipped_checks
from ..core.wording import nearest
from .fixtures import GIVEN_TO_CHECKS, OUR_FIXTURES
from .other_plugins import foreign_fixtures
from .pytest_private import fixture_functions, parameters
from .state import ChecksRun, check_of, checks_run

_PLACE = re.compile(r"^(\S+\.py:\d+): ", re.MULTILINE)
_IN_FILE = re.compile(r'File "([^"]+)", line (\d+)')
_NO_NAME = re.compile(r"cannot import name '(\w+)' from '(opschecks[\w.]*)'")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is not a check, before any is run; where nothing is left, or only listed, end the run."""
    if not (run := checks_run(config)):
        return
    for item in items:
        _require_no_foreign_fixtures(item, run)
    kept: dict[str, pytest.Item] = {}
    good = []
    for item in sorted(items, key=_is_of_a_user):
        name = _name(item)
        other = kept.setdefault(name, item)
        same = other.nodeid.partition("[")[0] == item.nodeid.partition("[")[0]
        why = _unlike_a_check(item, run) if same else f"names of checks are unique; see {_shown(other)}"
        if why:
            run.leave_out(why if _PLACE.match(why) else f"{_shown(item)}: {why}", name)
        else:
            good.append(item)
    for name in sorted(LIMITS):
        if why := _hides_a_limit(name):
            run.leave_out(why)
    if run.not_collected and (config.option.collectonly or not good):
        run.stopped_by = "; ".join(run.not_collected)
        raise pytest.UsageError("\n".join(run.not_collected))
    wanted = set(good)
    items[:] = [item for item in items if item in wanted]


def _name(item: pytest.Item) -> str:
    return item.name.partition("[")[0]


def _is_of_a_user(item: pytest.Item) -> bool:
    """Whether it is none of the checks that opschecks ships, which a project's folder may have copies of."""
    return not any((shipped_checks() / Path(*item.path.parts[-length:])).is_file() for length in (2, 3))


def _shown(item: pytest.Item) -> str:
    from ..config.load import shown_path

    code = getattr(inspect.unwrap(getattr(item, "function", _shown)), "__code__", None)
    line = f":{_line_of(code)}" if code and Path(code.co_filename) == item.path else ""
    return f"{shown_path(item.path)}{line}: {_name(item)}"


def _line_of(code: Any) -> int:
    """The line of the function's name: the first line of its code is that of its first decorator."""
    first = int(code.co_firstlineno)
    for number in range(first, first + 30):
        if re.match(rf"\s*(async\s+)?def\s+{code.co_name}\b", linecache.getline(code.co_filename, number)):
            return number
    return first


def _require_no_foreign_fixtures(item: pytest.Item, run: ChecksRun) -> None:
    """End the run where an autouse fixture of a conftest above checks/ runs around checks: a mock of AWS, a clock."""
    if foreign := list(foreign_fixtures(item.config, run.checks, fixture_functions(item))):
        name = foreign[0].partition(" ")[0]
        run.stopped_by = (
            f"{_shown(item)}: autouse fixtures of other tests run around the check, and may stand in for AWS: "
            f"{', '.join(foreign)}; move them beside those tests, or give checks/conftest.py a fixture {name} that "
            "does nothing"
        )
        raise pytest.UsageError(run.stopped_by)


def _unlike_a_check(item: pytest.Item, run: ChecksRun) -> str:
    """Why it cannot be judged, or judged again, as a check; empty where it can."""
    declared, function = check_of(item), getattr(item, "function", None)
    if not declared or not function:
        return "not a check; decorate it with @check(Severity.…, runbook=…, failing=…)"
    if (slug := declared.runbook) not in run.runbook:
        return f"runbook={slug!r}: RUNBOOK.md has no such heading; {nearest(slug, run.runbook)}"
    for name in inspect.signature(function).parameters:
        if name in run.undeclared:
            return run.undeclared[name]
        if name not in REGISTRY and name not in GIVEN_TO_CHECKS and name not in run.drills:
            valid = [*REGISTRY, *run.drills, *GIVEN_TO_CHECKS]
            return f"{name}: a check takes observations, stack, now and examine; {nearest(name, valid)}"
    for name in parameters(item):
        if name != "stack":
            return f"{name}: a check is parametrized by its stacks only"
    for name, made in fixture_functions(item).items():
        own = name in REGISTRY or name in GIVEN_TO_CHECKS or name in run.drills
        if own and made.__module__ not in OUR_FIXTURES:
            return (
                f"{name}: a fixture of {made.__module__} hides the observation; "
                "give the fixture another name, or declare an @observation"
            )
    return _needs_nothing_unknown(name for name in inspect.signature(function).parameters if name in REGISTRY)


def _needs_nothing_unknown(names: Iterator[str]) -> str:
    """What is wrong with the first of the observations behind these that needs one that is not there; or empty."""
    from ..config.load import shown_path

    try:
        closure(names)
    except TypeError as error:  # they need each other
        return str(error)
    except KeyError as error:
        missing = str(error.args[0])
        [needing, *_] = [one for one in REGISTRY.values() if missing in one.needs]
        code = inspect.unwrap(needing.function).__code__
        place = f"{shown_path(Path(code.co_filename))}:{_line_of(code)}"
        what = f"observation {needing.name}: {missing}: no such observation"
        return f"{place}: {what}; {nearest(missing, REGISTRY)}"
    return ""


def _hides_a_limit(name: str) -> str:
    from ..config.limits import Limits, ResourceLimits
    from ..config.load import shown_path

    if name not in {*Limits.model_fields, *ResourceLimits.model_fields}:
        return ""
    file, _, line = LIMITS[name].place.rpartition(":")
    why = f"opschecks has a limit of that name; give it another, or take stack.limits.{name}"
    return f"{shown_path(Path(file))}:{line}: limit {name}: {why}"


def why_not_collected(report: pytest.CollectReport) -> str:
    """Why a file could not be collected, in one line: what pytest says last of it, and where."""
    if isinstance(report.longrepr, tuple):
        _, line, said = report.longrepr
        return f"{report.nodeid}:{line}: {said}"
    text = report.longreprtext
    lines = [line.removeprefix("E").strip() for line in text.splitlines() if line.startswith("E ")]
    if not lines:
        return f"{report.nodeid}: {' '.join(text.split())}"
    own = [place for place in _PLACE.findall(text) if report.nodeid in place]
    own += [f"{report.nodeid}:{line}" for path, line in _IN_FILE.findall(text) if path.endswith(report.nodeid)]
    return f"{own[-1] if own else report.nodeid}: {_with_nearest(lines[-1])}"


def _with_nearest(said: str) -> str:
    """What Python says of an import of ours that does not exist, with the name that was meant."""
    wrong = _NO_NAME.search(said)
    module = sys.modules.get(wrong[2]) if wrong else None
    if not wrong or not module:
        return said
    names = getattr(module, "__all__", None) or [name for name in vars(module) if not name.startswith("_")]
    return f"cannot import name {wrong[1]!r} from {wrong[2]!r}; {nearest(wrong[1], names)}"
