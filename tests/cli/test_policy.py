"""opschecks policy: what it allows, for which resources, in which form; and that this is what is needed."""

from __future__ import annotations

import json
import re
from typing import Any

import click
import pytest
import yaml

from opschecks.aws.places import Places
from opschecks.cli.policy import SUITES, Need, named_suites, needed
from opschecks.cli.policy_session import TooLarge, packed
from opschecks.cli.policy_statements import FORMS, Statement, document, is_read, statements
from opschecks.config.stack import Stack
from opschecks.config.toml_tables import SESSION_POLICY_AT_MOST
from tests.canned import stack
from tests.permitted import FULL, REMEDIES
from tests.scratch import Project


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


def test_the_command_prints_it_and_says_what_is_wide(project: Project) -> None:
    project.write("stacks.toml", 'default = "here"\n[stacks.here]\nregion = "eu-west-1"\nalarm_prefix = "shop-"\n')
    project.checks(
        """
        @promise("a")
        def test_alarms(alarms, examine):
            \"\"\"Why.\"\"\"
        """
    )
    both = json.loads(project.opschecks("policy", "daily").out)
    assert "elasticloadbalancing:DescribeTargetGroups" in str(both)  # of ours, which the project may run beside its own
    ended = project.opschecks("policy", "checks/daily").ends(0)
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
