"""Faults of AWS itself, as AWS Health tells of them."""

from __future__ import annotations

from datetime import timedelta

from ..health import health
from ..seeds.health import affects, announced
from . import Sandbox, fault


@fault(caught_by=["test_aws_reports_no_problem_of_the_stack"])
def aws_reports_a_problem(sandbox: Sandbox) -> None:
    """AWS has reported for an hour that it cannot start tasks of a service of the stack."""
    event = announced(sandbox, "AWS_ECS_OPERATIONAL_ISSUE", "issue", "open", timedelta(hours=1))
    entity = affects(event, f"{sandbox.stack.cluster}|{sandbox.stack.services[0]}", "IMPAIRED")
    sandbox.server.wire.beside["health"] = health([event], [entity])
