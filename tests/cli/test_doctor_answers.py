"""`opschecks doctor`: an answer that says that the account has no such thing is not the role's fault."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from opschecks.aws import dynamodb, health  # noqa: F401 - declare observations
from opschecks.aws.trial import Noted
from opschecks.cli.examination import State, actions
from opschecks.core.gathering import Observed
from opschecks.core.observation import REGISTRY, CouldNotLook, NotApplicable, names_no
from tests.canned import stack


def test_a_support_plan_without_the_health_api_is_nothing_wrong() -> None:
    call = "health:DescribeEvents"
    (name,) = (one.name for one in REGISTRY.values() if call in one.allow)
    result = Observed(REGISTRY[name], error=NotApplicable(call, "the support plan does not include it"))
    noted = Noted(actions={call: CouldNotLook(call, "SubscriptionRequiredException: no")})
    store: Any = SimpleNamespace(results={name: result}, pending=list)
    aws: Any = SimpleNamespace(noted=noted, stack=stack())
    (row,) = actions(aws, store, {name: ["test_aws"]}, simulator=False)
    assert row.state is State.OK
    assert row.said == "answered, and does not apply: the support plan does not include it"


@pytest.mark.parametrize("without", [(), ("tables",)])
def test_actions_of_what_a_stack_is_without_have_no_row(without: tuple[str, ...]) -> None:
    result = Observed(REGISTRY["tables"], error=names_no("here", "tables", "tables"))
    store: Any = SimpleNamespace(results={"tables": result}, pending=list)
    aws: Any = SimpleNamespace(noted=Noted(), stack=stack(without=without))
    rows = list(actions(aws, store, {"tables": ["test_tables"]}, simulator=False))
    assert {row.state for row in rows} == (set() if without else {State.UNKNOWN})
