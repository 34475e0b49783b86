"""CloudFormation: stacks in every state, drift that was looked for, long ago, or never."""

from __future__ import annotations

from typing import Any

import botocore.session
import pytest

from opschecks.aws.cloudformation import BAD, GOOD, UNDER_WAY, FormationStack, formation_stacks
from opschecks.config.stack import Stack
from opschecks.core.answer import Answer
from opschecks.core.observation import CouldNotLook
from opschecks.core.redaction import plain
from tests.canned import (
    ACCOUNT,
    Answers,
    Aws,
    Raw,
    ago,
    concludes,
    given,
    judges,
    pages_of,
    stack,
    verdict,
    verdicts,
    weekly,
)
from tests.cases import cases

checks = weekly("cloudformation")
HERE = stack(cloudformation_stacks=["prod"])


def arn(name: str = "prod") -> str:
    return f"arn:aws:cloudformation:{ACCOUNT}:stack/{name}/5f6a"


def summary(name: str = "prod", **changes: Any) -> Raw:
    """A stack as ListStacks tells of it; a change to None takes a key away."""
    raw = {
        "StackId": arn(name),
        "StackName": name,
        "CreationTime": ago(days=300),
        "LastUpdatedTime": ago(days=6),
        "StackStatus": "UPDATE_COMPLETE",
        "DriftInformation": {"StackDriftStatus": "IN_SYNC", "LastCheckTimestamp": ago(days=2)},
    }
    return given(raw, changes)


def seen(*listed: Raw, drifts: Answers | None = None, checked: Stack = HERE) -> list[FormationStack]:
    answers: dict[tuple[str, str], Answers] = {("cloudformation", "ListStacks"): {"StackSummaries": list(listed)}}
    if drifts is not None:
        answers["cloudformation", "DescribeStackResourceDrifts"] = drifts
    return formation_stacks(checked, Aws(answers, checked))


def test_every_status_is_good_bad_or_under_way() -> None:
    model = botocore.session.get_session().get_service_model("cloudformation")
    every = model.shape_for("StackStatus").enum
    assert sorted([*GOOD, *UNDER_WAY, *BAD, "DELETE_COMPLETE"]) == sorted(every)


STATES: dict[str, tuple[Raw, str, str]] = {
    **{status: ({"StackStatus": status}, "passed", status) for status in GOOD},
    **{f"{status}, just begun": ({"StackStatus": status, "LastUpdatedTime": ago(minutes=20)}, "passed", status)
       for status in UNDER_WAY},
    **{f"{status} for days": ({"StackStatus": status}, "failed", "limit 120 minutes") for status in UNDER_WAY},
    **{status: ({"StackStatus": status, "StackStatusReason": "no room"}, "failed", "no room") for status in BAD},
    "never updated": ({"LastUpdatedTime": None, "StackStatus": "CREATE_COMPLETE"}, "passed", "CREATE_COMPLETE since"),
    "bad without a reason": ({"StackStatus": "ROLLBACK_COMPLETE"}, "failed", "no reason given"),
    "nothing said of its state": ({"StackStatus": None}, "blind", "the answer has no 'StackStatus'"),
    "nothing said of its time": (
        {"CreationTime": None, "LastUpdatedTime": None},
        "blind",
        "no 'CreationTime'",
    ),
}  # fmt: skip


def lenient(raw: Raw) -> list[FormationStack]:
    """What was seen of a stack that lacks what AWS's model says it has: a cut answer."""
    return [FormationStack(arn=arn(), name="prod", evidence=Answer(raw))]


@pytest.mark.parametrize(("changes", "outcome", "message"), STATES.values(), ids=STATES)
def test_cloudformation_stacks_are_healthy(changes: Raw, outcome: str, message: str) -> None:
    raw = summary(**changes)
    found = lenient(raw) if outcome == "blind" else seen(raw)
    concludes(checks.test_cloudformation_stacks_are_healthy, outcome, message, formation_stacks=found)


def drift(status: str, **when: float) -> Raw:
    return {"DriftInformation": {"StackDriftStatus": status, **({"LastCheckTimestamp": ago(**when)} if when else {})}}


DRIFT: dict[str, tuple[Raw, str, str]] = {
    "none": ({}, "passed", "drift was last looked for on"),
    "not told of": ({"DriftInformation": None}, "blind", "drift was never detected: aws cloudformation detect-"),
    "never looked for": (drift("NOT_CHECKED"), "blind", "detect-stack-drift --stack-name prod, preferably on a weekly"),
    "looked for in vain": (drift("UNKNOWN", days=1), "blind", "the last drift detection ended UNKNOWN"),
    "looked for long ago": (drift("IN_SYNC", days=31), "blind", "longer ago than 30 days (drift_check_days)"),
    "at a time that is not told": (drift("IN_SYNC"), "blind", "the answer has no 'LastCheckTimestamp'"),
    "found": (drift("DRIFTED", days=1), "failed", "Table (AWS::DynamoDB::Table) differs at /BillingMode"),
    "found long ago": (drift("DRIFTED", days=100), "failed", "differs at /BillingMode"),
}

VALUES = ("hunter22-expected", "hunter22-actual")
MODIFIED = {
    "StackId": arn(),
    "LogicalResourceId": "Table",
    "ResourceType": "AWS::DynamoDB::Table",
    "StackResourceDriftStatus": "MODIFIED",
    "Timestamp": ago(days=1),
    "ExpectedProperties": f'{{"Env": "{VALUES[0]}"}}',
    "ActualProperties": f'{{"Env": "{VALUES[1]}"}}',
    "PropertyDifferences": [
        {
            "PropertyPath": "/BillingMode",
            "ExpectedValue": VALUES[0],
            "ActualValue": VALUES[1],
            "DifferenceType": "NOT_EQUAL",
        }
    ],
}
test_cloudformation_stacks_have_not_drifted = judges(
    checks.test_cloudformation_stacks_have_not_drifted,
    DRIFT,
    formation_stacks=lambda changes: seen(summary(**changes), drifts={"StackResourceDrifts": [MODIFIED]}),
)


def test_values_that_differ_are_shown_nowhere() -> None:
    (found,) = seen(summary(**drift("DRIFTED", days=1)), drifts={"StackResourceDrifts": [MODIFIED]})
    shown = f"{found.difference} {plain(found.evidence)} {found}"
    assert "/BillingMode" in shown
    assert not any(value in shown for value in VALUES)


def test_what_drifted_comes_in_pages() -> None:
    deleted = {**MODIFIED, "LogicalResourceId": "Alarm", "StackResourceDriftStatus": "DELETED"}
    pages = pages_of("StackResourceDrifts", [], [MODIFIED], [deleted])
    (found,) = seen(summary(**drift("DRIFTED", days=1)), drifts=pages)
    assert found.difference == (
        "Table (AWS::DynamoDB::Table) differs at /BillingMode, Alarm (AWS::DynamoDB::Table) was deleted"
    )


def test_drift_is_drift_whatever_could_be_seen_of_it() -> None:
    found = seen(summary(**drift("DRIFTED", days=1)), drifts=CouldNotLook("cloudformation:X", "AccessDenied: no"))
    message = "which resources could not be checked: cloudformation:X: AccessDenied"
    concludes(checks.test_cloudformation_stacks_have_not_drifted, "failed", message, formation_stacks=found)


def test_nested_stacks_are_looked_at_and_strangers_are_not() -> None:
    listed = [
        summary("other", StackStatus="ROLLBACK_COMPLETE"),
        summary("prod-network", RootId=arn(), ParentId=arn(), **drift("NOT_CHECKED")),
        summary("other-network", RootId=arn("other"), StackStatus="UPDATE_ROLLBACK_FAILED"),
        summary(),
    ]
    found = seen(*listed)
    assert [one.name for one in found] == ["prod", "prod-network"]
    told = verdicts(checks.test_cloudformation_stacks_have_not_drifted, formation_stacks=found)
    assert told == {"prod": "passed", "prod-network": "blind"}


def test_a_stack_that_is_not_there_fails() -> None:
    found = seen(summary("other"))
    for check in (checks.test_cloudformation_stacks_are_healthy, checks.test_cloudformation_stacks_have_not_drifted):
        assert verdict(check, formation_stacks=found) == ("failed", "there is no such stack")


@cases({
    "the one of the inventory": stack(cloudformation_stack="prod"),
    "by its ARN": stack(cloudformation_stacks=[arn()], cloudformation_stack="other"),
})  # fmt: skip
def test_which_stacks_are_looked_at(checked: Stack) -> None:
    assert [one.status for one in seen(summary(), checked=checked)] == ["UPDATE_COMPLETE"]


def test_without_one_the_check_does_not_apply() -> None:
    with pytest.raises(CouldNotLook, match=r"set cloudformation_stacks in stacks\.toml"):
        formation_stacks(stack(), Aws({}))


def test_all_stacks_are_one_list_and_deleted_ones_are_left_out() -> None:
    aws = Aws({("cloudformation", "ListStacks"): pages_of("StackSummaries", [], [summary()])}, HERE)
    assert len(formation_stacks(HERE, aws)) == 1
    assert aws.calls == ["cloudformation:ListStacks"] * 2
    (first, _) = aws.parameters_of("ListStacks")
    assert "DELETE_COMPLETE" not in first["StackStatusFilter"]
