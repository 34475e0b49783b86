"""Which resources an action is granted for, held to AWS's Service Authorization Reference."""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from opschecks.aws.permissions import ANYTHING, OPEN_TO_ALL, WIDE, granted
from opschecks.aws.places import Places
from tests.canned import stack
from tests.permitted import DECLARED, PLACES


@cache
def reference() -> dict[str, Any]:
    """The Service Authorization Reference, as cfn-lint has it: each service's actions with their types of resource."""
    found = find_spec("cfnlint")
    assert found, "moto[server] brings cfn-lint"
    assert found.origin
    path = Path(found.origin).parent / "data" / "AdditionalSpecs" / "Policies.json"
    told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return told


@pytest.mark.parametrize("action", sorted({action for _, action in DECLARED}))
def test_every_action_is_one_of_the_service_authorization_reference(action: str) -> None:
    service, name = action.split(":")
    assert name.lower() in reference()[service]["Actions"]


@pytest.mark.parametrize(("name", "action"), DECLARED)
def test_an_action_is_limited_as_far_as_the_reference_lets_it_be(name: str, action: str) -> None:
    service, operation = action.split(":")
    types = reference()[service]["Actions"][operation.lower()].get("Resources", [])
    made = granted(action, name, PLACES)
    if action in OPEN_TO_ALL:
        assert made is None
        return
    assert made is not None
    if made.resources == ANYTHING:
        assert not types or action in WIDE, f"{action} takes {types}"
        return
    assert action not in WIDE
    assert types, f"{action} takes no resources"
    told = [reference()[service]["Resources"].get(one, {}) for one in types]
    forms = [form for one in told for form in one.get("ARNFormats") or [".*"]]
    forms = [re.sub(r"\$\{\w+\}", "[^:]*", form.replace("*::event", r"\*::event")) for form in forms]
    for arn in made.resources:
        assert any(re.fullmatch(form, arn) for form in forms), (arn, forms)


def test_everything_that_is_wide_is_declared_by_something() -> None:
    assert set(WIDE) - {"kms:Decrypt"} <= {action for _, action in DECLARED}


@pytest.mark.parametrize("name", sorted({name for name, action in DECLARED if action.startswith("s3:")}))
def test_whoever_needs_s3_says_which_of_the_stacks_places(name: str) -> None:
    actions = [action for by, action in DECLARED if by == name and action.startswith("s3:")]
    grants = [granted(action, name, PLACES) for action in actions]
    assert all(one is not None and one.resources != ANYTHING for one in grants)
    assert granted(actions[0], name, Places(stack())) is None
