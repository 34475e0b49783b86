"""opschecks policy: what it allows, for which resources, in which form; and that this is what is needed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from opschecks.aws.permissions import ANYTHING, OPEN_TO_ALL, WIDE, granted
from opschecks.aws.places import Places
from opschecks.cli.policy import STATE, SUITES, Need, named_suites, needed
from opschecks.cli.policy_formats import FORMS, document
from opschecks.cli.policy_session import TooLarge, packed
from opschecks.cli.policy_statements import Statement, is_read, statements
from opschecks.config.stack import Stack
from opschecks.config.toml_tables import SESSION_POLICY_AT_MOST
from opschecks.core.change import CannotFix, State
from opschecks.core.observation import REGISTRY, CouldNotLook
from opschecks.drills import all_drills
from opschecks.fixing.remedy import BaseRemedy
from opschecks.hooks.fixtures import import_observations
from opschecks.remedies import all_remedies
from tests.canned import ACCOUNT, Aws, Raw, stack
from tests.fault_groups import seen
from tests.scratch import ROOT, Project

REMEDIES = all_remedies()
seen()  # what files of checks declare besides
VERTICALS = {name for name, one in REGISTRY.items() if str(ROOT / "checks") in one.function.__code__.co_filename}
FULL = stack(
    account_id="123456789012",
    cluster="shop",
    services=["web"],
    dev_services=["dev/web"],
    load_balancer="shop",
    tables=["orders"],
    incidents_table="incidents",
    log_groups=["/ecs/shop"],
    security_groups=["sg-0123456789abcdef0"],
    alarm_prefix="shop-",
    buckets=["shop-exports"],
    dashboard_bucket="shop-site",
    distribution_id="E2EXAMPLE",
    archive="s3://shop-archive/incidents",
    backups="s3://shop-backups/full",
    state="s3://shop-state/opschecks",
    cloudformation_stack="Shop",
    tags={"stack": "shop"},
    iam_users=["shop-*"],
    rotated_keys=[{"user": "ci", "secret": "shop/ci"}],
    log_searches=[{"group": "/ecs/*", "by": "insights"}, {"group": "*", "by": "metric", "metric": "Shop/Errors"}],
    flow_log_role="arn:aws:iam::123456789012:role/flow-logs",
    resources={
        "queues": ["orders"],
        "certificates": ["a.test"],
        "functions": ["receipts"],
        "quotas": ["ecs/L-1"],
        "databases": ["shop"],
    },
)
PLACES = Places(FULL)


@cache
def reference() -> dict[str, Any]:
    """The Service Authorization Reference, as cfn-lint has it: each service's actions with their types of resource."""
    found = find_spec("cfnlint")
    assert found, "moto[server] brings cfn-lint"
    assert found.origin
    path = Path(found.origin).parent / "data" / "AdditionalSpecs" / "Policies.json"
    told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return told


def declared() -> Iterator[tuple[str, str]]:
    """Every action that anything declares, with the name of what does."""
    import_observations()
    for name, observation in REGISTRY.items():
        if str(ROOT / "plugins") in observation.function.__code__.co_filename or name in VERTICALS:
            yield from ((name, action) for action in observation.allow)
    for name, remedy in REMEDIES.items():
        if remedy.__module__.startswith("opschecks."):
            yield from ((name, action) for action in remedy.all_allow())
    for name, drill in all_drills().items():
        yield from ((name, action) for action in drill.allow)
    yield from (("state", action) for action in STATE)


DECLARED = sorted(set(declared()))


def of(*suites: str, fix: tuple[str, ...] = (), checked: Stack = FULL, keys: tuple[str, ...] = ()) -> list[Statement]:
    needs = needed(suites, fix, state=checked.state_in_s3, without=checked.without)
    return statements([(one.name, one.shown, one.actions) for one in needs], Places(checked), keys)


def allowed(made: list[Statement]) -> dict[str, set[str]]:
    """The resources of each action."""
    found: dict[str, set[str]] = {}
    for one in made:
        for action in one.actions:
            found.setdefault(action, set()).update(one.resources)
    return found


@pytest.mark.parametrize("action", sorted({action for _, action in DECLARED}))
def test_every_action_is_one_of_the_service_authorization_reference(action: str) -> None:
    service, name = action.split(":")
    assert name.lower() in reference()[service]["Actions"]


@pytest.mark.parametrize(("name", "action"), DECLARED)
def test_an_action_is_limited_as_far_as_the_reference_lets_it_be(name: str, action: str) -> None:
    service, operation = action.split(":")
    types = reference()[service]["Actions"][operation.lower()].get("Resources", [])
    made = granted(action, name, PLACES)
    if action in OPEN_TO_ALL:
        assert made is None
        return
    assert made is not None
    if made.resources == ANYTHING:
        assert not types or action in WIDE, f"{action} takes {types}"
        return
    assert action not in WIDE
    assert types, f"{action} takes no resources"
    told = [reference()[service]["Resources"].get(one, {}) for one in types]
    forms = [form for one in told for form in one.get("ARNFormats") or [".*"]]
    forms = [re.sub(r"\$\{\w+\}", "[^:]*", form.replace("*::event", r"\*::event")) for form in forms]
    for arn in made.resources:
        assert any(re.fullmatch(form, arn) for form in forms), (arn, forms)


def test_everything_that_is_wide_is_declared_by_something() -> None:
    assert set(WIDE) - {"kms:Decrypt"} <= {action for _, action in DECLARED}


def test_a_policy_allows_what_the_daily_suite_reads_and_no_more() -> None:
    found = allowed(of("daily"))
    assert all(is_read(action) or action.startswith("s3:") for action in found)
    assert {action for action in found if not is_read(action)} == {"s3:PutObject", "s3:DeleteObject"}
    table = "arn:aws:dynamodb:us-west-2:123456789012:table/"
    assert found["dynamodb:DescribeTable"] == {f"{table}orders", f"{table}incidents"}
    assert f"{table}incidents/index/*" in found["dynamodb:Query"]
    group = "arn:aws:logs:us-west-2:123456789012:log-group:/ecs/shop"
    assert found["logs:FilterLogEvents"] == {group, f"{group}:*"}
    assert found["s3:PutObject"] == {"arn:aws:s3:::shop-state/opschecks/here/*"}
    assert found["s3:ListBucket"] == {"arn:aws:s3:::shop-state"}
    assert "sts:GetCallerIdentity" not in found


def test_tasks_are_listed_in_the_stacks_clusters_only() -> None:
    [one] = [one for one in of("daily") if "ecs:ListTasks" in one.actions]
    clusters = [f"arn:aws:ecs:us-west-2:123456789012:cluster/{name}" for name in ("shop", "dev")]
    assert one.document()["Condition"] == {"ArnLike": {"ecs:cluster": clusters}}


def test_what_a_stack_does_not_name_is_left_out() -> None:
    bare = stack(cluster="shop", services=["web"])
    found = allowed(of("daily", checked=bare))
    assert not [action for action in found if action.startswith(("dynamodb:", "tag:", "cloudformation:", "s3:"))]
    assert found["ecs:DescribeServices"] == {"arn:aws:ecs:us-west-2:*:service/shop/web"}


def test_what_is_found_by_tags_is_limited_to_account_and_region() -> None:
    found = allowed(of("daily", checked=stack(account_id="123456789012", tags={"app": "shop"})))
    assert found["dynamodb:DescribeTable"] == {"arn:aws:dynamodb:us-west-2:123456789012:table/*"}
    assert found["ecs:DescribeServices"] == {"arn:aws:ecs:us-west-2:123456789012:service/*/*"}
    assert found["tag:GetResources"] == {"*"}
    assert "cloudformation:ListStackResources" not in found


def test_checks_that_do_not_apply_need_nothing() -> None:
    every = {one.name for one in needed(("weekly",))}
    slugs = ("cost-check", "cost-report", "costs", "weekly-report")
    rest = {one.name for one in needed(("weekly",), without=slugs)}
    assert rest < every


def test_a_remedy_brings_what_it_changes_and_what_finds_its_targets() -> None:
    found = allowed(of(fix=("enable-recovery",)))
    assert "dynamodb:UpdateContinuousBackups" in found
    assert {"cloudformation:ListStackResources", "tag:GetResources"} <= set(found)
    followed = allowed(of(fix=("sync-dashboard",)))
    assert "cloudfront:CreateInvalidation" in followed
    assert followed["s3:PutObject"] == {"arn:aws:s3:::shop-site/*", "arn:aws:s3:::shop-state/opschecks/here/*"}


def test_drills_bring_their_remedies() -> None:
    found = allowed(of("drills"))
    assert {"ecs:StopTask", "dynamodb:RestoreTableFromBackup", "dynamodb:DeleteTable"} <= set(found)


def test_a_role_is_passed_to_one_service_only() -> None:
    [one] = [one for one in of(fix=("create-flow-log",)) if "iam:PassRole" in one.actions]
    assert one.document()["Condition"] == {"StringEquals": {"iam:PassedToService": "vpc-flow-logs.amazonaws.com"}}


def test_keys_are_used_through_the_services_that_hold_what_they_encrypt() -> None:
    key = "arn:aws:kms:us-west-2:123456789012:key/1f"
    one = next(one for one in of("daily", keys=(key,)) if "kms:Decrypt" in one.actions)
    assert one.resources == (key,)
    assert "s3.us-west-2.amazonaws.com" in one.document()["Condition"]["StringLike"]["kms:ViaService"]


@pytest.mark.parametrize("suites", [("daily",), ("weekly",), SUITES], ids=["daily", "weekly", "all"])
def test_a_document_is_one_that_iam_takes(suites: tuple[str, ...]) -> None:
    made = of(*suites, fix=tuple(REMEDIES) if len(suites) > 1 else ())
    sids = [one.sid for one in made]
    assert len(set(sids)) == len(sids)
    assert all(re.fullmatch("[A-Za-z0-9]+", sid) for sid in sids)
    pairs = [
        (action, resource) for one in made if not one.conditions for action in one.actions for resource in one.resources
    ]
    assert len(pairs) == len(set(pairs))
    assert json.loads(FORMS["json"](made, "here")) == document(made)


def test_every_format_says_the_same() -> None:
    made = of("daily", "weekly", fix=("create-flow-log",))
    template = yaml.safe_load(FORMS["cloudformation"](made, "my-shop"))
    [resource] = template["Resources"].values()
    assert list(template["Resources"]) == ["OpschecksMyShopPolicy"]
    assert _lists(resource["Properties"]["PolicyDocument"]) == _lists(document(made))
    terraform = FORMS["terraform"](made, "my-shop")
    assert terraform.startswith('data "aws_iam_policy_document" "opschecks_my_shop" {')
    for one in made:
        assert f'sid       = "{one.sid}"' in terraform
        assert f"# for {one.why}" in terraform
        assert all(f'"{word}"' in terraform for word in (*one.actions, *one.resources))
    assert terraform.count("{") == terraform.count("}")


def _lists(told: Any) -> Any:
    """Each value that may be written as itself or as a list of one, as a list."""
    if isinstance(told, dict):
        return {key: _lists(value) for key, value in told.items()}
    return told if isinstance(told, list) and not isinstance(told[0], dict) else _of_each(told)


def _of_each(told: Any) -> Any:
    return [_lists(one) for one in told] if isinstance(told, list) else [told]


def test_a_session_policy_is_small_enough_and_changes_no_more() -> None:
    made = of("daily", fix=("enable-stickiness",))
    text, notes = packed(made)
    assert len(text) <= SESSION_POLICY_AT_MOST
    assert notes == [] or "reads" in notes[0]
    told = json.loads(text)["Statement"]
    for statement in told:
        for action in [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]:
            resources = statement["Resource"]
            if not is_read(action):
                assert {resources} if isinstance(resources, str) else {*resources} == allowed(made)[action]
            assert not action.startswith(("s3", "secretsmanager", "kms")) or "*" not in action


def test_a_session_policy_that_does_not_fit_is_refused() -> None:
    with pytest.raises(TooLarge, match=r"--session: [\d,]+ characters are more than the 2,048 that AWS takes"):
        packed(of(*SUITES, fix=tuple(REMEDIES)))


@pytest.mark.parametrize("name", sorted({name for name, action in DECLARED if action.startswith("s3:")}))
def test_whoever_needs_s3_says_which_of_the_stacks_places(name: str) -> None:
    actions = [action for by, action in DECLARED if by == name and action.startswith("s3:")]
    grants = [granted(action, name, PLACES) for action in actions]
    assert all(one is not None and one.resources != ANYTHING for one in grants)
    assert granted(actions[0], name, Places(stack())) is None


BALANCER = f"arn:aws:elasticloadbalancing:{ACCOUNT}:loadbalancer/app/web/1f"


class _Finds(dict[tuple[str, str], Any]):
    """Answers nothing but what CloudFormation lists."""

    def __missing__(self, key: tuple[str, str]) -> Raw:
        if key != ("cloudformation", "ListStackResources"):
            raise CouldNotLook(":".join(key), "AccessDenied: no")
        types = {
            "AWS::ECS::Cluster": "prod",
            "AWS::ECS::Service": "arn:aws:ecs:us-west-2:123456789012:service/prod/web",
            "AWS::DynamoDB::Table": "orders",
            "AWS::Logs::LogGroup": "/ecs/web",
            "AWS::CloudFront::Distribution": "E2EXAMPLE",
            "AWS::ElasticLoadBalancingV2::LoadBalancer": BALANCER,
        }
        listed = [
            {
                "ResourceType": of,
                "PhysicalResourceId": name,
                "LogicalResourceId": "a",
                "ResourceStatus": "CREATE_COMPLETE",
            }
            for of, name in types.items()
        ]
        return {"StackResourceSummaries": [{**one, "LastUpdatedTimestamp": "2026-11-01T00:00:00Z"} for one in listed]}


FOUND = {
    "buckets": ["web-site"],
    "tables": ["orders", "to-orders from orders"],
    "services": ["service/prod/web"],
    "log_groups": ["/ecs/web"],
    "distributions": ["E2EXAMPLE"],
}
ASK = [name for name, one in REMEDIES.items() if one.__module__.startswith("opschecks.")]


def _planned(remedy: BaseRemedy, target: str) -> State:
    return remedy.read_for_plan(remedy.normal(target))


@pytest.mark.parametrize("name", ASK)
def test_a_remedy_declares_every_call_that_it_makes(name: str, tmp_path: Path) -> None:
    """As far as it comes before something is denied: what finds its targets is asked first."""
    checked = stack(
        cloudformation_stack="Shop", archive="s3://archive/incidents", backups="s3://backups/full",
        incidents_table="incidents", flow_log_group="/flow", dev_services=["dev/web"], account_id="123456789012",
    )  # fmt: skip
    (tmp_path / "index.html").write_text("<html>")
    aws = Aws(_Finds(), checked)
    made = REMEDIES[name](checked, aws)
    targets = [
        *FOUND.get(made.kind, []),
        "orders",
        "to-orders from orders",
        str(tmp_path),
        "vpc-1",
        "s3://backups/full",
    ]
    asked: list[Callable[[], object]] = [made.all_targets, *(partial(_planned, made, one) for one in targets)]
    for ask in asked:
        try:
            ask()
        except (CannotFix, CouldNotLook, AssertionError, IndexError, ValueError):
            continue
    assert set(aws.calls) <= set(made.all_allow())


def test_the_command_prints_it_and_says_what_is_wide(project: Project) -> None:
    project.write("stacks.toml", 'default = "here"\n[stacks.here]\nregion = "eu-west-1"\nalarm_prefix = "shop-"\n')
    project.checks(
        """
        @promise("a")
        def test_alarms(alarms, examine):
            \"\"\"Why.\"\"\"
        """
    )
    ended = project.opschecks("policy", "daily")
    assert ended.code == 0, ended.all
    told = json.loads(ended.out)
    assert told["Statement"] == [
        {"Sid": "ReadCloudwatch", "Effect": "Allow", "Action": "cloudwatch:DescribeAlarms", "Resource": "*"}
    ]
    assert "for all resources, since composite alarms are only told where" in ended.err


@pytest.mark.parametrize(
    ("suite", "remedy", "said"),
    [
        ("dayly", "", "dayly: no such suite; did you mean 'daily'?"),
        ("deploy", "", "deploy: no such suite; did you mean 'deploy/after'?"),
        ("daily", "enable-stickyness", "--fix enable-stickyness: no such remedy; did you mean 'enable-stickiness'?"),
    ],
)
def test_what_is_not_known_is_refused_with_the_nearest_name(suite: str, remedy: str, said: str) -> None:
    with pytest.raises(click.ClickException) as told:
        list(needed(named_suites((suite,)), (remedy,) if remedy else ()))
    assert told.value.message == said


def test_suites_may_be_called_as_their_runs_are() -> None:
    assert named_suites(("deploy-before", "checks/weekly/")) == ("deploy/before", "weekly")
    assert named_suites(()) == ("daily", "weekly", "deploy/before", "deploy/after")


def test_needs_say_who_needs_them() -> None:
    told = {one.name: one for one in needed(("daily", "weekly"), ("enable-recovery",), state=True)}
    assert isinstance(told["alarms"], Need)
    assert told["alarms"].shown == "alarms (daily, weekly)"
    assert told["state"].shown == "history, journal and lock"
