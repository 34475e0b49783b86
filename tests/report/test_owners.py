"""Who is called first: the owner of the part that failed, else the stack's contact on call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from opschecks.core.model import CheckResult, Finding
from opschecks.core.run import Run
from opschecks.report.owners import called_first
from opschecks.report.verdict import verdict
from tests.exported import made, of, page_of, ran

CHECK = made("a", "failed", runbook="backend-health")
ECS = "arn:aws:ecs:us-west-2:123456789012:service"


def found(arn: str, name: str) -> Finding:
    return replace(of(CHECK), resource=arn, name=name)


WEB, MAIL = found(f"{ECS}/shop/web", "shop/web"), found(f"{ECS}/jobs/mail", "jobs/mail")
CASES: dict[str, tuple[Mapping[str, str], tuple[Finding, ...], str]] = {
    "nobody else": ({}, (WEB,), "ann"),
    "by the end of an ARN": ({"jobs/mail": "bob"}, (MAIL,), "bob"),
    "a name before a pattern": ({"jobs/*": "bob", "jobs/mail": "eve"}, (MAIL,), "eve"),
    "a longer pattern first": ({"*": "bob", "jobs/*": "eve"}, (MAIL,), "eve"),
    "by slug": ({"backend-health": "bob"}, (WEB,), "bob"),
    "by area": ({"area": "bob"}, (WEB,), "bob"),
    "by check before slug": ({"backend-health": "bob", "test_a": "eve", "area": "max"}, (WEB,), "eve"),
    "a resource before its check": ({"test_a": "eve", "shop/web": "bob"}, (WEB,), "bob"),
    "of two parts": ({"jobs/*": "bob"}, (WEB, MAIL), "ann, bob"),
    "of no resource": ({"area": "bob"}, (), "bob"),
    "of something else": ({"dynamodb": "bob"}, (WEB,), "ann"),
}


def run_of(owners: Mapping[str, str], *findings: Finding, check: CheckResult = CHECK) -> Run:
    run = ran(check, findings=findings)
    return replace(run, stacks=(replace(run.stacks[0], contacts={"on_call": "ann"}, owners=owners),))


@pytest.mark.parametrize(("owners", "findings", "who"), CASES.values(), ids=CASES)
def test_the_most_specific_owner_is_called(owners: Mapping[str, str], findings: tuple[Finding, ...], who: str) -> None:
    assert called_first(run_of(owners).stacks[0], CHECK, findings) == who


def test_next_steps_and_the_runbook_name_the_owner() -> None:
    check = made("a", "failed", runbook="overnight-incidents")
    run = run_of({"jobs/*": "the batch team"}, MAIL, check=check)
    assert any("the batch team: follow" in one for one in verdict(run).actions)
    run = replace(run, stacks=(replace(run.stacks[0], tokens={"on-call": "ann"}),))
    assert "Ask the batch team whether" in page_of(run)
