"""`opschecks init`: stacks proposed from what an account has, a run that is blind for no wrong reason; and later."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from opschecks.config.load import load_stacks
from opschecks.sandbox.environment import CREDENTIALS
from tests.bench import Bench, bench
from tests.scratch import PYPROJECT, Ended, Project

ENVIRONMENT = {key.upper(): value for key, value in CREDENTIALS.items()}
LONGEST = 25
"""Lines of a proposed file for one stack that are not comments."""


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with bench(tmp_path_factory.mktemp("account"), whole=True) as on:
        yield on


@pytest.fixture
def newcomer(tmp_path: Path) -> Project:
    """An empty folder, but for what keeps plugins of these tests out of the run."""
    project = Project(tmp_path)
    project.write("pyproject.toml", PYPROJECT)
    return project


def _init(newcomer: Project, account: Bench, *options: str) -> Ended:
    reach = ("--region", "us-west-2", "--endpoint-url", account.sandbox.facts["endpoint_url"])
    return newcomer.opschecks("init", *reach, *options, **ENVIRONMENT)


def test_what_is_proposed_is_found_and_the_run_is_blind_only_for_what_the_file_says(
    newcomer: Project, account: Bench
) -> None:
    shown = _init(newcomer, account).ends(0)
    assert not (newcomer.folder / "stacks.toml").exists()
    first = shown.out.partition("[stacks.incident-commander-dev]")[0]
    assert len([line for line in first.splitlines() if line and not line.startswith("#")]) <= LONGEST
    assert "  ECS services: 2\n" in shown.err

    written = _init(newcomer, account, "--write")
    assert written.out == "stacks.toml: written; next: pytest --pyargs opschecks.checks.daily\n"
    path = newcomer.folder / "stacks.toml"
    assert path.read_text(encoding="utf-8") == shown.out
    stack = load_stacks(path).stacks["incident-commander"]
    assert (stack.account_id, stack.cluster, stack.services) == ("123456789012", "incident-commander", ("backend",))
    assert (stack.load_balancer, stack.alarm_prefix) == ("incident-commander", "incident-commander")
    assert stack.log_groups == ("/ecs/incident-commander",)
    assert set(stack.tables) == {"incident-commander-incidents", "incident-commander-agent-state"}
    assert stack.security_groups
    assert {"backend_url", "dashboard_url", "incidents_table"} <= set(stack.without) == set(stack.reasons)

    ended = newcomer.run("-p", "opschecks", "--pyargs", "opschecks.checks.daily", **ENVIRONMENT).ends(0)
    assert set(newcomer.outcomes().values()) == {"passed", "not_applicable"}, ended.out

    told = newcomer.opschecks("list", "coverage", "--format", "json", **ENVIRONMENT)
    rows = {row["check"]: (row["looks"], row["why"]) for row in json.loads(told.out)}
    assert rows["test_targets_are_healthy"] == ("looked at", "incident-commander-backend")
    assert rows["test_active_incidents_are_young"][0] == "not applicable"
    assert rows["test_active_incidents_are_young"][1].startswith(
        "stack incident-commander is without incidents_table: no"
    )
    assert rows["test_queues_are_worked_off"][1].endswith("names no queues (resources.queues)")
    assert [name for name, (looks, _) in rows.items() if looks == "NOT LOOKED AT"] == []

    again = _init(newcomer, account).ends(0)
    assert again.out.splitlines() == [
        "stacks.toml, stacks of account 123456789012, us-west-2: incident-commander, incident-commander-dev",
        "nothing is new, and nothing is gone",
    ]


def test_a_file_that_is_there_is_left_as_it_is(newcomer: Project, account: Bench) -> None:
    newcomer.write("stacks.toml", "# mine\n")
    for options in ((), ("--sandbox",)):
        ended = _init(newcomer, account, "--write", *options)
        assert (ended.code, ended.out) == (1, "")
        assert ended.err == "Error: stacks.toml: it is there already, and is left as it is; remove --write\n"
    assert (newcomer.folder / "stacks.toml").read_text(encoding="utf-8") == "# mine\n"


def test_a_role_that_may_see_nothing_is_told_what_to_allow(newcomer: Project, account: Bench) -> None:
    account.sandbox.server.wire.broken = {"*": "denied", "sts": ""}
    try:
        ended = _init(newcomer, account, "--write")
    finally:
        account.sandbox.server.wire.broken = {}
    assert (ended.code, ended.out) == (1, "")
    error = ended.err.strip().splitlines()[-1]
    assert error.startswith(
        "Error: nothing that checks look at in account 123456789012, us-west-2; the credentials may not look: allow ecs"
    )
    for action in ("ecs:ListClusters", "dynamodb:ListTables", "cloudwatch:DescribeAlarms", "sqs:ListQueues"):
        assert action in error
    assert not (newcomer.folder / "stacks.toml").exists()


def test_what_may_not_be_seen_is_a_comment_and_the_rest_is_proposed(newcomer: Project, account: Bench) -> None:
    account.sandbox.server.wire.broken = {"dynamodb": "denied"}
    try:
        ended = _init(newcomer, account)
    finally:
        account.sandbox.server.wire.broken = {}
    assert ended.code == 0
    assert "\n# not seen: DynamoDB tables: dynamodb:ListTables: AccessDenied" in ended.out
    told = tomllib.loads(ended.out)
    own = told["stacks"]["incident-commander"]
    assert own["cluster"] == "incident-commander"
    # what may be there is not set aside: its checks are blind until somebody says
    assert not {"tables", "incidents_table"} & {*own.get("without", ()), *told["defaults"].get("without", ())}


WRONG = {
    "no credentials": ([], {}, "NoCredentialsError: Unable to locate credentials – name one with --profile or AWS_"),
    "no region": (
        ["--profile", ""],
        ENVIRONMENT,
        "Error: --region: not set, and neither profile nor environment names",
    ),
    "no such profile": (
        ["--profile", "nobody", "--region", "us-west-2"],
        {},
        "Error: --profile: the AWS configuration",
    ),
    "a name that no table can have": (["--name", "a b", "--region", "us-west-2"], ENVIRONMENT, "a name may only have"),
}


@pytest.mark.parametrize(("options", "variables", "message"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_reached_is_one_line(
    newcomer: Project, options: list[str], variables: dict[str, str], message: str
) -> None:
    ended = newcomer.opschecks("init", *(options or ["--region", "us-west-2"]), **variables).ends(1)
    (line,) = ended.err.strip().splitlines()
    assert line.startswith("Error: ")
    assert message in line
