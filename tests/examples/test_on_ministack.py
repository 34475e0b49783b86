"""examples/aws on the second emulator, whose CloudFormation makes what moto's passes over, and no AWS Batch."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.examples.templates import GIVEN, MAIN, MEMBER, OF_MEMBER, read, types, without
from tests.ministack import ACCOUNT, Emulator, emulator


@pytest.fixture
def aws(tmp_path: Path) -> Iterator[Emulator]:
    with emulator(tmp_path / "log") as running:
        yield running


def test_it_deploys_to_ministack_but_for_aws_batch(aws: Emulator) -> None:
    """Between them both emulators deploy every type of the template."""
    lacking = frozenset(one for one in types(MAIN) if one.startswith("AWS::Batch::"))
    ec2, stacks = aws.client("ec2"), aws.client("cloudformation")
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    given = {**GIVEN, "Vpc": vpc, "Subnets": ",".join(one["SubnetId"] for one in ec2.describe_subnets()["Subnets"][:2])}
    for name, body, parameters in (
        ("opschecks", json.dumps(without(read(MAIN), lacking)), given),
        ("member", MEMBER.read_text(encoding="utf-8"), OF_MEMBER),
    ):
        told = [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]
        stacks.create_stack(StackName=name, TemplateBody=body, Parameters=told, Capabilities=["CAPABILITY_NAMED_IAM"])
        stacks.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 30})
    made = {one["ResourceType"] for one in stacks.describe_stack_resources(StackName="opschecks")["StackResources"]}
    assert made == types(MAIN) - lacking
    (overdue,) = aws.client("cloudwatch").describe_alarms(AlarmNamePrefix="opschecks-Overdue")["MetricAlarms"]
    assert (overdue["Period"], overdue["TreatMissingData"]) == (3600, "ignore")
    for bucket in ("state", "pages"):
        name = f"opschecks-{bucket}-{ACCOUNT}-us-west-2"
        closed = aws.client("s3").get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]
        assert set(closed.values()) == {True}
