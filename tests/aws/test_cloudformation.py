"""CloudFormation: stacks in every state, drift that was looked for, long ago, or never."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import Any

import botocore.session
import pytest

from opschecks.aws.cloudformation import BAD, GOOD, UNDER_WAY, FormationStack, formation_stacks
from opschecks.config.stack import Stack
from opschecks.core.answer import Answer
from opschecks.core.model import Figure
from opschecks.core.observation import CouldNotLook
from opschecks.core.redaction import plain
from tests.canned import (
    ACCOUNT,
    NOW,
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


LIST = "cloudformation:ListStacks"
DRIFTED = drift("DRIFTED", days=1)
ADVICE = "aws cloudformation detect-stack-drift --stack-name prod, preferably on a weekly schedule"


def _one(*drifts: Raw, **changes: Any) -> FormationStack:
    [found] = seen(summary(**{**DRIFTED, **changes}), drifts={"StackResourceDrifts": list(drifts)})
    return found


def test_a_stack_is_told_whole() -> None:
    [found] = seen(summary())
    figures = (Figure("status", "UPDATE_COMPLETE"),)
    assert found == FormationStack(arn=arn(), name="prod", evidence=summary(), figures=figures, drifted=())
    assert (found.status, found.reason, found.changed_at, found.has_drifted, found.drift_checked_at) == (
        "UPDATE_COMPLETE", "no reason given", NOW - timedelta(days=6), False, NOW - timedelta(days=2),
    )  # fmt: skip
    assert {found.changed_at.tzinfo, found.drift_checked_at.tzinfo} == {UTC}
    [made] = seen(summary(LastUpdatedTime=None, StackStatusReason="by hand"))
    assert (made.changed_at, made.reason) == (NOW - timedelta(days=300), "by hand")


def test_what_has_drifted_is_told_without_its_values() -> None:
    found = _one(MODIFIED)
    assert found.drifted == ("Table (AWS::DynamoDB::Table) differs at /BillingMode",)
    assert found.evidence["drifted"] == [
        {"LogicalResourceId": "Table", "ResourceType": "AWS::DynamoDB::Table", "StackResourceDriftStatus": "MODIFIED",
         "Timestamp": ago(days=1), "differs at": ["/BillingMode"]}
    ]  # fmt: skip
    assert found.has_drifted


def _at(*paths: str) -> Raw:
    told: dict[str, Any] = MODIFIED
    differences = [{**told["PropertyDifferences"][0], "PropertyPath": one} for one in paths]
    return {**MODIFIED, "PropertyDifferences": differences}


@cases({
    "nowhere": ([], "CloudFormation does not report which resources"),
    "at one place": ([_at("/A")], "Table (AWS::DynamoDB::Table) differs at /A"),
    "at four": ([_at("/A", "/B", "/C", "/D")], "Table (AWS::DynamoDB::Table) differs at /A, /B, /C"),
    "nobody says where": (
        [given(MODIFIED, {"PropertyDifferences": None})], "Table (AWS::DynamoDB::Table) differs"),
    "deleted": (
        [given(MODIFIED, {"PropertyDifferences": None, "StackResourceDriftStatus": "DELETED"})],
        "Table (AWS::DynamoDB::Table) was deleted"),
})  # fmt: skip
def test_differences_in_words(drifts: list[Raw], said: str) -> None:
    assert _one(*drifts).difference == said


def test_drifts_are_asked_for_by_the_stacks_arn_and_only_of_what_differs() -> None:
    aws = Aws(
        {
            ("cloudformation", "ListStacks"): {"StackSummaries": [summary(**DRIFTED)]},
            ("cloudformation", "DescribeStackResourceDrifts"): {"StackResourceDrifts": []},
        },
        here := stack(cloudformation_stacks=["prod"]),
    )
    formation_stacks(here, aws)
    assert aws.parameters_of("DescribeStackResourceDrifts") == [
        {"StackName": arn(), "StackResourceDriftStatusFilters": ["MODIFIED", "DELETED"], "MaxResults": 100}
    ]


@cases({
    "never looked for": ({"StackDriftStatus": "NOT_CHECKED"}, f"drift was never detected: {ADVICE}"),
    "nothing said": (None, f"drift was never detected: {ADVICE}"),
    "in vain": ({"StackDriftStatus": "UNKNOWN"}, f"the last drift detection ended UNKNOWN: {ADVICE}"),
})  # fmt: skip
def test_drift_that_is_not_known(told: Any, said: str) -> None:
    [found] = seen(summary(DriftInformation=told))
    with pytest.raises(CouldNotLook) as caught:
        assert found.has_drifted
    assert (caught.value.call, caught.value.reason) == (LIST, said)


def test_a_stack_by_two_names_is_one_and_each_that_is_not_there_is_missing() -> None:
    listed = [
        summary(RootId=arn()),  # its own root, as an import makes it
        summary("nested", RootId=arn()),
        summary("deep", RootId=arn()),
        summary("other", RootId=arn("another")),
    ]
    found = seen(*listed, checked=stack(cloudformation_stacks=["prod", arn(), "gone", arn("old")]))
    assert [(one.name, one.status) for one in found] == [
        ("prod", "UPDATE_COMPLETE"), ("nested", "UPDATE_COMPLETE"), ("deep", "UPDATE_COMPLETE"),
        ("gone", "MISSING"), (arn("old"), "MISSING"),
    ]  # fmt: skip
    gone = FormationStack(arn="gone", name="gone", evidence=Answer({"StackStatus": "MISSING"}, LIST))
    assert found[3] == gone
