"""`log_searches`: how errors are found in a log group."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from opschecks.config.toml_tables import LogSearch
from tests.canned import stack

GOOD: tuple[dict[str, Any], ...] = (
    {"group": "/ecs/*", "pattern": '{ $.level = "error" }'},
    {"group": "/ecs/*", "by": "insights"},
    {"group": "/ecs/*", "by": "insights", "pattern": r"(?i)failed \/ lost"},
    {"group": "/ecs/*", "by": "metric", "metric": "My/App/Errors"},
)
WRONG: tuple[tuple[dict[str, Any], str], ...] = (
    ({"group": "/ecs/*", "by": "metric"}, 'metric goes with by = "metric", and only with it'),
    ({"group": "/ecs/*", "metric": "App/Errors"}, 'metric goes with by = "metric", and only with it'),
    ({"group": "/ecs/*", "by": "metric", "metric": "Errors"}, "metric is namespace and name"),
    ({"group": "/ecs/*", "by": "insights", "pattern": "a/ | stats"}, "write a slash as"),
    ({"group": "/ecs/*", "by": "grep"}, "Input should be 'search', 'insights' or 'metric'"),
    ({"by": "insights"}, "Field required"),
)


@pytest.mark.parametrize("told", GOOD)
def test_it_is_taken(told: dict[str, Any]) -> None:
    assert stack(log_searches=[told]).log_searches == (LogSearch(**told),)


@pytest.mark.parametrize(("told", "message"), WRONG)
def test_it_is_refused(told: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        LogSearch(**told)
