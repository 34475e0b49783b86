"""Tables in stacks.toml: `log_searches` and `rotated_keys`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from opschecks.config.load import StackError, load_stacks
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


BAD_KEYS = {
    "root": ('{ user = "<root_account>", secret = "s" }', "rotated_keys.0.user: expected the name of an IAM user"),
    "no name": ('{ user = "u", secret = "a secret" }', "the name of a secret, or arn:PARTITION:secretsmanager:"),
    "one field": ('{ user = "u", secret = "s", id_field = "a", secret_field = "a" }', "are the same field"),
    "twice": ('{ user = "u", secret = "s" }, { user = "u", secret = "t" }', "rotated_keys: u is listed twice"),
    "shared": ('{ user = "u", secret = "s" }, { user = "v", secret = "s" }', "two users share AWS_"),
    "unknown": ('{ user = "u", secret = "s", service = ["x"] }', "unknown key; did you mean 'services'?"),
}


@pytest.mark.parametrize(("listed", "why"), BAD_KEYS.values(), ids=BAD_KEYS)
def test_stacks_toml_is_held_to_it(tmp_path: Path, listed: str, why: str) -> None:
    path = tmp_path / "stacks.toml"
    path.write_text(f'[stacks.here]\nregion = "us-west-2"\nrotated_keys = [{listed}]\n')
    with pytest.raises(StackError) as told:
        load_stacks(path)
    assert why in str(told.value)
