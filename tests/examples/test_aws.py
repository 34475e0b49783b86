"""examples/aws: valid, deployed to both emulators as far as they go, and true in what its README says."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import botocore.session
import pytest
import yaml
from botocore import xform_name
from cfnlint.api import lint
from cfnlint.config import ManualArgs
from moto import mock_aws
from moto.cloudformation.parsing import get_model_map

from examples.aws import member_role
from opschecks.hooks.account import ALL_GOOD, SOMETHING_FAILED, SOMETHING_UNSEEN
from tests.examples.templates import GIVEN, MAIN, MEMBER, OF_MEMBER, machine, read, types, without
from tests.ministack import ACCOUNT, Emulator, emulator

MOTO_LACKS = frozenset(
    {
        "AWS::CloudFront::Distribution",
        "AWS::CloudFront::Function",
        "AWS::CloudFront::OriginAccessControl",
        "AWS::CloudWatch::Alarm",
        "AWS::Logs::MetricFilter",
        "AWS::S3::BucketPolicy",
        "AWS::Scheduler::Schedule",
    }
)
"""Types that moto's CloudFormation passes over. It makes them itself, by their own APIs."""
MADE_BY_THE_CLI = {("cloudformation", "deploy"), ("ecr", "get-login-password")}
"""Commands of the AWS CLI that are not operations of the service."""
VERDICTS = {str(code) for code in (SOMETHING_FAILED, SOMETHING_UNSEEN)} | {"4"}


@pytest.mark.parametrize("path", [MAIN, MEMBER], ids=lambda path: path.name)
def test_cfn_lint_finds_nothing(path: Path) -> None:
    found = lint(path.read_text(encoding="utf-8"), config=ManualArgs(regions=["us-east-1", "eu-central-1"]))
    assert [f"{one.linenumber}: {one.rule.id} {one.message}" for one in found] == []


@pytest.mark.parametrize("path", [MAIN, MEMBER], ids=lambda path: path.name)
def test_no_yaml_that_cloudformation_does_not_read(path: Path) -> None:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html: no aliases, no merges."""
    events = list(yaml.parse(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader))
    assert not [event for event in events if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None)]


@pytest.fixture(scope="module")
def deployed() -> Iterator[dict[str, str]]:
    """Both templates in moto, in this process; the resources' types and what they are called, by their names."""
    with mock_aws():
        region = "us-west-2"
        ec2, stacks = boto3.client("ec2", region), boto3.client("cloudformation", region)
        vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
        subnets = [one["SubnetId"] for one in ec2.describe_subnets()["Subnets"]][:2]
        template = without(read(MAIN), MOTO_LACKS)
        linked = boto3.client("iam").create_service_linked_role(AWSServiceName="batch.amazonaws.com")
        for one in template["Resources"].values():
            if one["Type"] == "AWS::Batch::ComputeEnvironment":  # AWS's default is its service-linked role
                one["Properties"]["ServiceRole"] = linked["Role"]["Arn"]
            elif one["Type"] == "AWS::ECR::Repository":  # AWS makes a name in lower case
                one["Properties"]["RepositoryName"] = "opschecks"
        given = {**GIVEN, "Vpc": vpc, "Subnets": ",".join(subnets)}
        _create(stacks, "opschecks", json.dumps(template), given)
        _create(stacks, "opschecks-member", MEMBER.read_text(encoding="utf-8"), OF_MEMBER)
        made = stacks.describe_stack_resources(StackName="opschecks")["StackResources"]
        yield {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in made}


def _create(client: Any, name: str, body: str, given: dict[str, str]) -> None:
    parameters = [{"ParameterKey": key, "ParameterValue": value} for key, value in given.items()]
    client.create_stack(StackName=name, TemplateBody=body, Parameters=parameters, Capabilities=["CAPABILITY_NAMED_IAM"])
    client.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 30})


def test_it_deploys_to_moto_as_far_as_moto_goes(deployed: dict[str, str]) -> None:
    assert types(MAIN) - get_model_map().keys() == MOTO_LACKS
    kept = {name for name, one in read(MAIN)["Resources"].items() if one["Type"] not in MOTO_LACKS}
    assert deployed.keys() == kept


def test_what_was_deployed_is_what_the_readme_says(deployed: dict[str, str]) -> None:
    region = "us-west-2"
    batch = boto3.client("batch", region)
    environments = batch.describe_compute_environments()["computeEnvironments"]
    assert {one["computeResources"]["type"] for one in environments} == {"FARGATE", "FARGATE_SPOT"}
    told = boto3.client("stepfunctions", region).describe_state_machine(stateMachineArn=deployed["Morning"])
    shards = json.loads(told["definition"])["States"]["Shards"]["Parameters"]
    assert shards["ArrayProperties"] == {"Size": 4}
    assert shards["JobQueue"] == deployed["SpotQueue"]


def test_the_member_role_trusts_the_runner_alone_and_asks_for_the_external_id(deployed: dict[str, str]) -> None:
    role = boto3.client("iam").get_role(RoleName="opschecks")["Role"]["AssumeRolePolicyDocument"]
    (statement,) = role["Statement"]
    assert statement["Principal"] == {"AWS": boto3.client("iam").get_role(RoleName="opschecks-runner")["Role"]["Arn"]}
    assert statement["Condition"] == {"StringEquals": {"sts:ExternalId": OF_MEMBER["ExternalId"]}}


def test_the_member_role_has_what_the_observations_declare() -> None:
    """After checks or observations have changed: python examples/aws/member_role.py --write."""
    assert MEMBER.read_text(encoding="utf-8") == member_role.template()
    policy = read(MEMBER)["Resources"]["Reads"]["Properties"]["PolicyDocument"]
    assert len("".join(json.dumps(policy).split())) <= 6144  # of a managed policy


def test_the_morning_ends_in_a_report_whatever_becomes_of_the_shards() -> None:
    states = machine(read(MAIN))["States"]
    caught = {
        name: [(one["ErrorEquals"], one["Next"]) for one in state.get("Catch", [])] for name, state in states.items()
    }
    assert caught["Shards"] == [(["States.ALL"], "Report")]
    assert states["Shards"]["Next"] == "Report"
    report = read(MAIN)["Resources"]["Report"]["Properties"]["Timeout"]["AttemptDurationSeconds"]
    assert states["Shards"]["TimeoutSeconds"] + report < 3600 - 120  # before the deadline's nought
    assert caught["Report"] == [(["States.ALL"], "Tell")]
    assert states[states["Report"]["Next"]]["Type"] == "Succeed"
    assert states["Tell"]["End"] is True


def test_the_deadline_is_in_the_hour_that_the_alarm_looks_at() -> None:
    """Both schedules and the alarm's window have one hour and one time zone, so that nobody can set them apart."""
    resources = read(MAIN)["Resources"]
    begins, asks = (resources[name]["Properties"] for name in ("EveryMorning", "Due"))
    assert begins["ScheduleExpression"] == {"Fn::Sub": "cron(0 ${Hour} * * ? *)"}
    assert asks["ScheduleExpression"] == {"Fn::Sub": "cron(58 ${Hour} * * ? *)"}
    overdue, silent = (resources[name]["Properties"] for name in ("Overdue", "Silent"))
    zone = {"Ref": "TimeZone"}
    assert begins["ScheduleExpressionTimezone"] == asks["ScheduleExpressionTimezone"] == zone
    for alarm, period in ((overdue, 3600), (silent, 86400)):
        assert alarm["EvaluationWindow"] == {"WallClockWindow": {"Timezone": zone}}
        assert (alarm["Period"], alarm["EvaluationPeriods"]) == (period, 1)
    assert (overdue["Statistic"], overdue["TreatMissingData"]) == ("Maximum", "ignore")
    assert (silent["Statistic"], silent["TreatMissingData"]) == ("SampleCount", "breaching")


def test_both_writers_and_both_alarms_mean_one_metric() -> None:
    resources = read(MAIN)["Resources"]
    (filtered,) = resources["CompleteRun"]["Properties"]["MetricTransformations"]
    put = json.loads(resources["Due"]["Properties"]["Target"]["Input"]["Fn::Sub"])
    (nought,) = put["MetricData"]
    alarms = [resources[name]["Properties"] for name in ("Overdue", "Silent")]
    named = {(one["Namespace"]["Fn::Sub"], one["MetricName"]) for one in alarms}
    assert named == {(put["Namespace"], nought["MetricName"])}
    assert named == {(filtered["MetricNamespace"]["Fn::Sub"], filtered["MetricName"])}
    assert (nought["Value"], filtered["MetricValue"]) == (0, "1")


def test_exit_codes_of_the_template_are_those_of_a_run() -> None:
    assert ALL_GOOD == 0
    for name in ("Shard", "Report"):
        rules = read(MAIN)["Resources"][name]["Properties"]["RetryStrategy"]["EvaluateOnExit"]
        assert {rule["OnExitCode"] for rule in rules} == VERDICTS


def test_the_readme_names_every_parameter_that_has_no_default() -> None:
    text = (MAIN.parent / "README.md").read_text(encoding="utf-8")
    for path in (MAIN, MEMBER):
        for name, told in read(path)["Parameters"].items():
            assert "Default" in told or re.search(rf"\b{name}\b", text), name
    for output in read(MAIN)["Outputs"]:
        assert re.search(rf"\b{output}\b", text), output


def test_the_readme_s_commands_are_shell_and_know_their_options() -> None:
    """By botocore's models, from which the AWS CLI makes its options."""
    text = (MAIN.parent / "README.md").read_text(encoding="utf-8")
    script = "\n".join(re.findall(r"```sh\n(.*?)```", text, re.DOTALL)).replace("\\\n", " ")
    checked = subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True, check=False)
    assert checked.stderr == ""
    asked = re.findall(r"\baws ([a-z0-9]+) ([a-z-]+)([^|;)\n]*)", script)
    assert len(asked) > 10
    for service, command, words in asked:
        if (service, command) in MADE_BY_THE_CLI:
            continue
        model = botocore.session.get_session().get_service_model(service)
        (operation,) = (name for name in model.operation_names if xform_name(name, "-") == command)
        shape = model.operation_model(operation).input_shape
        known = {"query", "output", "filters", *(xform_name(one, "-") for one in (shape.members if shape else ()))}
        flags = {word.removeprefix("--") for word in words.split() if word.startswith("--")}
        assert {flag.removeprefix("no-") for flag in flags} <= known, f"{command}: {flags - known}"


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
    _create(stacks, "opschecks", json.dumps(without(read(MAIN), lacking)), given)
    _create(stacks, "member", MEMBER.read_text(encoding="utf-8"), OF_MEMBER)
    made = {one["ResourceType"] for one in stacks.describe_stack_resources(StackName="opschecks")["StackResources"]}
    assert made == types(MAIN) - lacking
    (overdue,) = aws.client("cloudwatch").describe_alarms(AlarmNamePrefix="opschecks-Overdue")["MetricAlarms"]
    assert (overdue["Period"], overdue["TreatMissingData"]) == (3600, "ignore")
    for bucket in ("state", "pages"):
        name = f"opschecks-{bucket}-{ACCOUNT}-us-west-2"
        closed = aws.client("s3").get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]
        assert set(closed.values()) == {True}
