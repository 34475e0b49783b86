"""Users of the second emulator who may do just what `opschecks policy SUITE` allows, by its own evaluation of IAM."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from opschecks.aws.places import Places
from opschecks.cli.policy import needed
from opschecks.cli.policy_formats import document
from opschecks.cli.policy_statements import statements
from opschecks.config.load import load_stacks
from opschecks.config.stack import Stack
from tests.ministack import Emulator
from tests.scratch import Project

COARSE: Mapping[str, Any] = {
    "Effect": "Allow",
    "Action": ["ecs:DescribeServices", "ecs:DescribeTasks", "ecs:ListServiceDeployments", "ecs:ListTasks"],
    "Resource": "*",
}
"""What it checks otherwise than AWS: on the cluster, and ListTasks without the condition key ecs:cluster."""


def keys_of(aws: Emulator, stack: Stack, suite: str) -> dict[str, str]:
    """The keys of a user who may do just what the suite's policy for the stack allows."""
    needs = [(one.name, one.shown, one.actions) for one in needed((suite,))]
    policy = document(statements(needs, Places(stack)))
    iam, user = aws.client("iam"), f"opschecks-{suite.replace('/', '-')}"
    iam.create_user(UserName=user)
    told = json.dumps({**policy, "Statement": [*policy["Statement"], COARSE]})
    iam.put_user_policy(UserName=user, PolicyName="least", PolicyDocument=told)
    made = iam.create_access_key(UserName=user)["AccessKey"]
    return {"aws_access_key_id": made["AccessKeyId"], "aws_secret_access_key": made["SecretAccessKey"]}


def run_as(aws: Emulator, project: Project, suite: str) -> None:
    """Give the project the keys of such a user."""
    keys = keys_of(aws, load_stacks(project.folder / "stacks.toml").stacks["live"], suite)
    project.write("aws-credentials", "[on-call]\n" + "".join(f"{key} = {value}\n" for key, value in keys.items()))
