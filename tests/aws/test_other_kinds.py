"""Resources that no check of ours knows, found for checks that declare what they look at themselves."""

from __future__ import annotations

from typing import Any

import pytest

from opschecks.aws.inventory import inventory
from opschecks.core.observation import NotApplicable
from tests.canned import ACCOUNT, NOW, Aws, stack
from tests.cases import cases

QUEUES = ("queues", "AWS::SQS::Queue", "sqs:")
FUNCTIONS = ("functions", "AWS::Lambda::Function", "lambda:function:")
URL = "https://sqs.us-west-2.amazonaws.com/123456789012/orders"


def formation(*resources: tuple[str, str | None]) -> dict[tuple[str, str], Any]:
    """What CloudFormation lists: type and id of each; one without an id is being deleted."""
    listed = []
    for of, name in resources:
        state = {"PhysicalResourceId": name} if name else {}
        one = {"ResourceType": of, "LogicalResourceId": "a", "LastUpdatedTimestamp": NOW, **state}
        listed.append({**one, "ResourceStatus": "CREATE_COMPLETE" if name else "UPDATE_FAILED"})
    return {("cloudformation", "ListStackResources"): {"StackResourceSummaries": listed}}


def tagged(*arns: str) -> dict[tuple[str, str], Any]:
    return {
        ("resourcegroupstaggingapi", "GetResources"): {"ResourceTagMappingList": [{"ResourceARN": one} for one in arns]}
    }


def test_what_stacks_toml_names_is_asked_for_nowhere_else() -> None:
    checked = stack(resources={"queues": ["orders", "mails"]})
    aws = Aws({}, checked)
    assert inventory(checked, aws).others(*QUEUES) == ("orders", "mails")
    assert aws.calls == []


def test_cloudformation_has_them_by_their_type() -> None:
    checked = stack(cloudformation_stack="Shop")
    answers = formation(("AWS::SQS::Queue", URL), ("AWS::Lambda::Function", "receipts"), ("AWS::SQS::Queue", None))
    found = inventory(checked, Aws(answers, checked))
    assert found.others(*QUEUES) == (URL,)
    assert found.others(*FUNCTIONS) == ("receipts",)


def test_tags_have_them_by_their_arns() -> None:
    checked = stack(tags={"app": "shop"})
    queue, function = f"arn:aws:sqs:{ACCOUNT}:orders", f"arn:aws:lambda:{ACCOUNT}:function:receipts"
    layer = f"arn:aws:lambda:{ACCOUNT}:layer:libraries"
    found = inventory(checked, Aws(tagged(queue, function, layer), checked))
    assert found.others(*QUEUES) == (queue,)
    assert found.others(*FUNCTIONS) == (function,)


@cases({
    "nothing": ({}, {}),
    "another kind is named": ({"resources": {"functions": ["receipts"]}}, {}),
    "another kind has its tags": ({"tags": {"app": "shop"}}, tagged(f"arn:aws:lambda:{ACCOUNT}:function:receipts")),
})  # fmt: skip
def test_what_a_stack_has_none_of_does_not_apply(keys: dict[str, Any], answers: dict[tuple[str, str], Any]) -> None:
    checked = stack(**keys)
    with pytest.raises(NotApplicable, match=r"stack here names no queues \(resources.queues\)"):
        inventory(checked, Aws(answers, checked)).others(*QUEUES)
