"""ministack, a second AWS emulator, with the sandbox's stack in it; and its users who may do what policies say."""

from __future__ import annotations

import functools
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from opschecks.aws.places import Places
from opschecks.cli.policy import needed
from opschecks.cli.policy_statements import document, statements
from opschecks.config.load import load_stacks
from opschecks.config.stack import Stack
from opschecks.sandbox.seed import BUCKET, Seeded, scaling, seed
from opschecks.sandbox.web import StoredObject, Web
from tests.forks import TIMEOUT_S
from tests.scratch import QUICK, ROOT, Project

ACCOUNT, REGION = "000000000000", "us-west-2"
KEYS = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
ADDRESSES = ("172.31.16.10", "172.31.16.11")


def clients(url: str) -> Callable[[str], Any]:
    """boto3's client of each service of an emulator, made once, which tries each call once."""
    once = Config(retries={"total_max_attempts": 1})
    return functools.cache(functools.partial(boto3.client, region_name=REGION, endpoint_url=url, config=once, **KEYS))


@dataclass
class Emulator:
    """The running emulator; it has what faults need that only use AWS's API."""

    url: str
    stack: Stack
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    _seeded: Seeded | None = None

    def __post_init__(self) -> None:
        self.client = clients(self.url)

    @property
    def seeded(self) -> Seeded:
        assert self._seeded, "the stack is not there yet"
        return self._seeded

    def build(self) -> None:
        self._seeded = seed(self.client, self.stack, self.now, ADDRESSES)

    def lacks_auto_scaling(self) -> bool:
        """Whether it lacks the calls that set a service's scaling limits."""
        from botocore.exceptions import ClientError

        try:
            scaling(self.client, self.stack)
        except ClientError:
            return True
        return False

    def lacks_mute_rules(self) -> bool:
        """Whether it lacks mute rules of alarms."""
        from botocore.exceptions import ClientError

        try:
            return "AlarmMuteRuleSummaries" not in self.client("cloudwatch").list_alarm_mute_rules()
        except ClientError:
            return True


@contextmanager
def emulator(log: Path, **more: str) -> Iterator[Emulator]:
    """Start it with these variables, build the stack in it, stop it."""
    with started(log, **more) as url:
        running = Emulator(url, load_stacks(ROOT / "stacks.toml").stacks["sandbox"])
        running.build()
        yield running


@contextmanager
def started(log: Path, **more: str) -> Iterator[str]:
    """Start it, empty, on a free port with these variables; yields its address; stop it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = shutil.which("ministack", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    assert program, "pip install -e '.[dev]' brings ministack"
    environment = {
        "PATH": os.environ["PATH"],
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "MINISTACK_REGION": REGION,
        "IOT_MTLS_ENABLED": "0",
        "TMPDIR": str(log.parent),
        **more,
    }
    with log.open("w") as stream, subprocess.Popen([program], env=environment, stdout=stream, stderr=stream) as process:
        try:
            _wait_for(port, process, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


@contextmanager
def site_of(aws: Emulator) -> Iterator[Web]:
    """Backend and dashboards, from the bucket that was seeded."""
    s3 = aws.client("s3")
    found = {}
    for item in s3.list_objects_v2(Bucket="incident-commander-dashboard")["Contents"]:
        told = s3.get_object(Bucket="incident-commander-dashboard", Key=item["Key"])
        found[item["Key"]] = StoredObject(told["Body"].read(), told["ContentType"], told["ETag"])
    with Web(["task-1", "task-2"], found.get) as web:
        yield web


def project_on(
    aws: Emulator, site: Web, folder: Path, keys: Mapping[str, str] = KEYS, distribution: str = ""
) -> Project:
    """A project whose stack is the emulator's, with credentials from the usual places."""
    text = QUICK
    own = f'endpoint_url = "{aws.url}"\nprofile = "on-call"\n'
    own += 'state = "state"\n'
    own += f'distribution_id = "{distribution}"\nbuckets = ["{BUCKET}"]\n' if distribution else ""
    own += f'backend_url = "{site.backend_url}"\ndashboard_url = "{site.dashboard_url}"\n'
    groups = '["incident-commander-alb", "incident-commander-tasks"]'  # it supports no patterns, unlike AWS
    for before, after in (
        ("sandbox = true\n", own),
        ("sandbox", "live"),
        ("123456789012", ACCOUNT),
        ('["incident-commander*"]', groups),
    ):
        assert before in text
        text = text.replace(before, after)
    project = Project.of_the_checks(folder, text)
    project.write("aws-config", "[profile on-call]\n")
    project.write("aws-credentials", "[on-call]\n" + "".join(f"{key} = {value}\n" for key, value in keys.items()))
    return project


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + TIMEOUT_S
    while True:
        assert process.poll() is None, log.read_text()
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        else:
            return


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
