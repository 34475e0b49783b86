"""`opschecks init`: one stack proposed from what an account has, and a run of it that is blind for no wrong reason."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from opschecks.aws.survey import Survey
from opschecks.cli.check_files import CheckSource
from opschecks.cli.proposal import common_prefix, propose, related, set_aside
from opschecks.config.load import load_stacks, stacks_of
from opschecks.sandbox.environment import CREDENTIALS
from tests.bench import Bench, bench
from tests.scratch import PYPROJECT, Ended, Project

ENVIRONMENT = {key.upper(): value for key, value in CREDENTIALS.items()}
LONGEST = 25
"""Lines of a proposed file that are no comment."""


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
    shown = _init(newcomer, account)
    assert shown.code == 0, shown.err
    assert not (newcomer.folder / "stacks.toml").exists()
    assert len([line for line in shown.out.splitlines() if line and not line.startswith("#")]) <= LONGEST
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
    assert {"dashboards", "query-incidents"} <= set(stack.without)

    ended = newcomer.run("-p", "opschecks", "--pyargs", "opschecks.checks.daily", **ENVIRONMENT)
    outcomes = newcomer.outcomes()
    assert set(outcomes.values()) == {"passed", "blind", "not_applicable"}, ended.out
    open_ends = " ".join(re.findall(r"^# .* cannot look .*", shown.out, re.MULTILINE))
    assert {check for check, outcome in outcomes.items() if outcome == "blind"} <= set(
        open_ends.replace(",", "").split()
    )


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
    assert error.startswith("Error: nothing that checks look at in account 123456789012, us-west-2; what could not be")
    for action in ("ecs:ListClusters", "dynamodb:ListTables", "cloudwatch:DescribeAlarms"):
        assert f"allow {action}" in error
    assert not (newcomer.folder / "stacks.toml").exists()


def test_what_may_not_be_seen_is_a_comment_and_the_rest_is_proposed(newcomer: Project, account: Bench) -> None:
    account.sandbox.server.wire.broken = {"dynamodb": "denied"}
    try:
        ended = _init(newcomer, account)
    finally:
        account.sandbox.server.wire.broken = {}
    assert ended.code == 0
    assert "\n# not seen: DynamoDB tables: dynamodb:ListTables: AccessDenied" in ended.out
    assert tomllib.loads(ended.out)["stacks"]["incident-commander"]["cluster"] == "incident-commander"


WRONG = {
    "no credentials": ([], {}, "NoCredentialsError"),
    "no region": (["--profile", ""], ENVIRONMENT, "region: not set"),
    "no such profile": (["--profile", "nobody", "--region", "us-west-2"], {}, "has no profile 'nobody'"),
    "a name that no table can have": (["--name", "a b", "--region", "us-west-2"], ENVIRONMENT, "a name may only have"),
}


@pytest.mark.parametrize(("options", "variables", "message"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_reached_is_one_line(
    newcomer: Project, options: list[str], variables: dict[str, str], message: str
) -> None:
    ended = newcomer.opschecks("init", *(options or ["--region", "us-west-2"]), **variables)
    assert ended.code == 1
    (line,) = ended.err.strip().splitlines()
    assert line.startswith("Error: ")
    assert message in line


def _service(name: str, *groups: str, task: str = "t") -> dict[str, Any]:
    return {"serviceName": name, "loadBalancers": [{"targetGroupArn": one} for one in groups], "taskDefinition": task}


SHOP = Survey(
    account="210987654321",
    region="eu-west-1",
    clusters=[
        {"clusterName": "batch"},
        {"clusterName": "shop", "tags": [{"key": "aws:cloudformation:stack-name", "value": "ShopStack"}]},
    ],
    services={
        "batch": [_service("worker")],
        "shop": [_service("web", "tg1"), _service("api", "tg2"), _service("mail")],
    },
    log_groups_of={"t": ["/shop/all"]},
    balancers=[
        {"LoadBalancerName": "nlb", "LoadBalancerArn": "l2", "Type": "network"},
        {"LoadBalancerName": "front", "LoadBalancerArn": "l1", "Type": "application", "SecurityGroups": ["sg-1"]},
        {"LoadBalancerName": "other", "LoadBalancerArn": "l3", "Type": "application"},
    ],
    target_groups=[
        {"TargetGroupArn": "tg1", "LoadBalancerArns": ["l1"]},
        {"TargetGroupArn": "tg2", "LoadBalancerArns": ["l2"]},
        {"TargetGroupArn": "tg3", "LoadBalancerArns": ["l3"]},
    ],
    tables=["shop-orders", "crm"],
    alarms=["shop-api-5xx", "shop-web-5xx", "crm-errors"],
    distributions=[{"Id": "E1"}, {"Id": "E2"}],
)


def test_of_several_the_one_with_most_services_is_proposed_and_the_others_are_named() -> None:
    proposal = propose(SHOP, given={"profile": "on-call", "role_arn": None})
    table = proposal.table
    assert proposal.name == "shop"
    assert table == {
        "account_id": "210987654321",
        "region": "eu-west-1",
        "profile": "on-call",
        "cluster": "shop",
        "services": ["api", "mail", "web"],
        "log_groups": ["/shop/all"],
        "cloudformation_stacks": ["ShopStack"],
        "load_balancer": "front",
        "security_groups": ["sg-1"],
        "tables": ["shop-orders"],
        "alarm_prefix": "shop",
    }
    text = proposal.text({"dashboards": "no dashboards"}, ["not seen: a\nb"])
    read = tomllib.loads(text)
    assert read["stacks"]["shop"] == {**table, "without": ["dashboards"]}
    assert stacks_of(read, Path("stacks.toml")).default == "shop"
    for said in (
        "batch (1 service)",
        "nlb; a stack has one",
        "1 other table",
        "2 of 3 alarms",
        "there are E1, E2",
        "a b",
    ):
        assert said in text, said


def test_an_account_without_a_cluster_has_a_stack_too() -> None:
    only = Survey(account="210987654321", region="eu-west-1", tables=["orders"], balancers=SHOP.balancers)
    proposal = propose(only, given={})
    assert (proposal.name, proposal.table["tables"]) == ("production", ["orders"])
    assert "# no ECS cluster in eu-west-1" in proposal.text({}, [])
    assert "there are nlb, front, other" in proposal.text({}, [])
    assert Survey(account="210987654321", region="eu-west-1").is_empty
    assert not only.is_empty


@pytest.mark.parametrize(
    ("names", "prefix"),
    [
        (["shop-api-5xx", "shop-api-4xx"], "shop-api"),
        (["shop-api", "shopping-api"], ""),
        (["shop", "shop-api"], "shop"),
        (["a-b", "a-c"], ""),
        (["shop-api"], ""),
        ([], ""),
        (["/aws/a", "/aws/b"], "/aws"),
    ],
)
def test_a_prefix_is_of_whole_words(names: list[str], prefix: str) -> None:
    assert common_prefix(names) == prefix


def test_what_is_named_like_the_cluster_is_its_own() -> None:
    assert related(["shop_orders", "Shop.Users", "crm"], "shop") == ["Shop.Users", "shop_orders"]
    assert related(["b", "a"], "shop") == ["a", "b"]
    assert related(["b", "a"], "") == ["a", "b"]


def test_a_slug_is_set_aside_only_where_none_of_its_checks_finds_anything() -> None:
    def check(name: str, slug: str) -> CheckSource:
        return CheckSource(name, Path("x.py"), slug, "", ())

    checks = [check("test_a", "pages"), check("test_b", "sockets"), check("test_c", "sockets")]
    unnamed = {
        "stack s names no dashboards: set dashboard_url in stacks.toml": [checks[0]],
        "x names no y: set z": checks[1:2],
    }
    without, open_ends = set_aside(unnamed, checks)
    assert without == {"pages": "no dashboards; set dashboard_url to have it checked"}
    assert open_ends == ["no y: set z, or test_b cannot look (sockets also has other checks)"]
