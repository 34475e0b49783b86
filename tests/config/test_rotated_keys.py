"""stacks.toml: rotated_keys."""

from __future__ import annotations

from pathlib import Path

import pytest

from opschecks.config.load import StackError, load_stacks

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
