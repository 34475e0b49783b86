"""`opschecks doctor`: an answer that says that the account has no such thing is no fault of the role."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from opschecks.aws import health  # noqa: F401 - declares the observation
from opschecks.aws.trial import Noted
from opschecks.cli.examination import State, actions
from opschecks.core.gathering import Observed
from opschecks.core.observation import REGISTRY, CouldNotLook, NotApplicable


def test_a_support_plan_without_the_health_api_is_nothing_wrong() -> None:
    call = "health:DescribeEvents"
    (name,) = (one.name for one in REGISTRY.values() if call in one.allow)
    result = Observed(REGISTRY[name], error=NotApplicable(call, "the support plan does not include it"))
    noted = Noted(actions={call: CouldNotLook(call, "SubscriptionRequiredException: no")})
    store: Any = SimpleNamespace(results={name: result}, pending=list)
    aws: Any = SimpleNamespace(noted=noted)
    (row,) = actions(aws, store, {name: ["test_aws"]}, simulator=False)
    assert row.state is State.OK
    assert row.said == "answered, and does not apply: the support plan does not include it"
