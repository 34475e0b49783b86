"""What is known of a CloudFormation stack and its drift, whole; and which stacks are looked at.

Source: API_StackSummary, API_StackResourceDrift of CloudFormation.
"""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import Any

import pytest

from opschecks.aws.cloudformation import FormationStack, formation_stacks
from opschecks.core.answer import Answer
from opschecks.core.model import Figure
from opschecks.core.observation import CouldNotLook
from tests.aws.test_cloudformation import MODIFIED, arn, drift, seen, summary
from tests.canned import NOW, Aws, Raw, ago, given, stack
from tests.cases import cases

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
