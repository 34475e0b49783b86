"""Each check has markers for -m: its severity, its runbook slug, its area, and the AWS services that it needs."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from ..core.model import Severity
from ..core.observation import REGISTRY, required
from ..core.wording import nearest
from .pytest_private import option
from .state import check_of, checks_run

SHOWN = {
    **{severity.value: f"checks of this severity (opschecks): -m '{severity.value}'" for severity in Severity},
    "SLUG": "checks of this heading of RUNBOOK.md (opschecks), such as -m websocket-connection-issues",
    "AREA": "checks of this file (opschecks): -m 'high and websocket' for those of test_websocket.py",
    "SERVICE": "checks that need this AWS service (opschecks), by its prefix in IAM: -m 'dynamodb or sqs'",
}
"""What `pytest --markers` shows: not each name, of which there are many."""
_FINDING = ("inventory",)
"""Observations that find the stack's resources: the services they call mark no check."""
_WORD = re.compile(r"(?:\w|[:+.\[\]\\/-])+")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Explain them where somebody asks for markers."""
    if option(config, "markers"):
        for name, what in SHOWN.items():
            config.addinivalue_line("markers", f"{name}: {what}")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark the checks, before -m selects among them; UsageError where -m names what nothing is marked with."""
    if not checks_run(config):
        return
    known = {line.partition(":")[0].partition("(")[0] for line in config.getini("markers")}
    for item in items:
        for name in dict.fromkeys(_names(item)):
            if name not in known:
                config.addinivalue_line("markers", f"{name}: of checks (opschecks)")  # --strict-markers wants it
                known.add(name)
            item.add_marker(name)
        known.update(mark.name for mark in item.iter_markers())
    expression = str(option(config, "markexpr") or "")
    for word in _WORD.findall(re.sub(r"\([^()]*=[^()]*\)", "", expression)):  # name(key=…) takes arguments
        if word not in ("and", "or", "not", "True", "False", "None") and word not in known:
            raise pytest.UsageError(f"-m {expression}: no check is marked {word!r}; {nearest(word, known)}")


def _names(item: pytest.Item) -> Iterator[str]:
    if not (declared := check_of(item)):
        return
    yield declared.severity.value
    yield declared.runbook
    yield item.path.stem.removeprefix("test_")
    needed = required(getattr(item, "fixturenames", []), but=_FINDING)
    yield from sorted({action.partition(":")[0] for name in needed for action in REGISTRY[name].allow})
