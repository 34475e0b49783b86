"""A resource is one thing by its name, its ARN or its id in stacks.toml; what cannot be the stack's is refused."""

from __future__ import annotations

import re
from typing import Any

import pytest
from pydantic import ValidationError

from opschecks.config.identifiers import KEYS, kind_of
from opschecks.config.stack import Stack
from tests.canned import ACCOUNT, Aws, names
from tests.scratch import STACKS, Project

HERE = {"region": "us-west-2", "account_id": "123456789012"}
BALANCER = f"arn:aws:elasticloadbalancing:{ACCOUNT}:loadbalancer/app/web/50dc6c495c0c9188"
FORMATION = f"arn:aws:cloudformation:{ACCOUNT}:stack/prod/7c2d0b10-0000-11ee-8000-0a1b2c3d4e5f"
SAME: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "cluster": ({"cluster": f"arn:aws:ecs:{ACCOUNT}:cluster/prod"}, {"cluster": "prod"}),
    "service": (
        {"services": [f"arn:aws:ecs:{ACCOUNT}:service/prod/api", "web"]},
        {"cluster": "prod", "services": ["api", "web"]},
    ),
    "service of the old form": ({"services": [f"arn:aws:ecs:{ACCOUNT}:service/api"]}, {"services": ["api"]}),
    "service with its cluster": ({"services": ["prod/api"]}, {"cluster": "prod", "services": ["api"]}),
    "table": ({"tables": [f"arn:aws:dynamodb:{ACCOUNT}:table/a.b"]}, {"tables": ["a.b"]}),
    "incidents": ({"incidents_table": f"arn:aws-cn:dynamodb:{ACCOUNT}:table/i"}, {"incidents_table": "i"}),
    "index": (
        {"wanted_indexes": [{"name": f"arn:aws:dynamodb:{ACCOUNT}:table/i/index/by-team", "hash_key": "team"}]},
        {"wanted_indexes": [{"name": "by-team", "table": "i", "hash_key": "team"}]},
    ),
    "log group": ({"log_groups": [f"arn:aws:logs:{ACCOUNT}:log-group:/ecs/api:*"]}, {"log_groups": ["/ecs/api"]}),
    "flow logs": ({"flow_log_group": f"arn:aws:logs:{ACCOUNT}:log-group:flows"}, {"flow_log_group": "flows"}),
    "group": ({"security_groups": [f"arn:aws:ec2:{ACCOUNT}:security-group/sg-1"]}, {"security_groups": ["sg-1"]}),
    "bucket": ({"buckets": ["arn:aws:s3:::assets"]}, {"buckets": ["assets"]}),
    "ages of a bucket": ({"bucket_expire_days": {"arn:aws:s3:::b": 9}}, {"bucket_expire_days": {"b": 9}}),
    "site": ({"dashboard_bucket": "arn:aws:s3:::site"}, {"dashboard_bucket": "site"}),
    "distribution": (
        {"distribution_id": "arn:aws:cloudfront::123456789012:distribution/E2QWRUHAPOMQZL"},
        {"distribution_id": "E2QWRUHAPOMQZL"},
    ),
    "alarms": ({"alarm_prefix": f"arn:aws:cloudwatch:{ACCOUNT}:alarm:web"}, {"alarm_prefix": "web"}),
    "balancer by its full name": ({"load_balancer": "app/web/50dc6c495c0c9188"}, {"load_balancer": "web"}),
    "balancer, whose calls take ARNs": ({"load_balancer": BALANCER}, {"load_balancer": BALANCER}),
    "CloudFormation, likewise": ({"cloudformation_stacks": [FORMATION]}, {"cloudformation_stacks": [FORMATION]}),
    "dev service": ({"dev_services": [f"arn:aws:ecs:{ACCOUNT}:service/dev/api"]}, {"dev_services": ["dev/api"]}),
    "user": ({"iam_users": ["arn:aws:iam::123456789012:user/ci/bot"]}, {"iam_users": ["bot"]}),
    "user and services of a key": (
        {
            "rotated_keys": [
                {
                    "user": "arn:aws:iam::123456789012:user/bot",
                    "secret": "s",
                    "services": [f"arn:aws:ecs:{ACCOUNT}:service/prod/api"],
                }
            ]
        },
        {"rotated_keys": [{"user": "bot", "secret": "s", "services": ["prod/api"]}]},
    ),
}


@pytest.mark.parametrize(("given", "wanted"), SAME.values(), ids=SAME)
def test_an_arn_is_its_name(given: dict[str, Any], wanted: dict[str, Any]) -> None:
    assert Stack(name="here", **HERE, **given) == Stack(name="here", **HERE, **wanted)


REFUSED = {
    "another account": (
        {"tables": [f"arn:aws:dynamodb:us-west-2:{'9' * 12}:table/i"]},
        "tables: arn:aws:dynamodb:us-west-2:999999999999:table/i is of account 999999999999, the stack is of 12345",
    ),
    "another region": (
        {"cluster": "arn:aws:ecs:eu-west-1:123456789012:cluster/prod"},
        "cluster: arn:aws:ecs:eu-west-1:123456789012:cluster/prod is of region eu-west-1, the stack is of us-west-2",
    ),
    "another kind": (
        {"tables": [f"arn:aws:dynamodb:{ACCOUNT}:table/i/index/by-team"]},
        f"tables: arn:aws:dynamodb:{ACCOUNT}:table/i/index/by-team is not the ARN of a table",
    ),
    "another service": ({"cluster": f"arn:aws:eks:{ACCOUNT}:cluster/prod"}, "is not the ARN of an ECS cluster"),
    "a target group": (
        {"load_balancer": f"arn:aws:elasticloadbalancing:{ACCOUNT}:targetgroup/web/1f"},
        "is not the ARN of an application, network or gateway load balancer",
    ),
    "objects of a bucket": ({"buckets": ["arn:aws:s3:::assets/*"]}, "is not the ARN of a bucket"),
    "another cluster": (
        {"cluster": "prod", "services": [f"arn:aws:ecs:{ACCOUNT}:service/stage/api"]},
        "is of cluster stage, the stack's is prod",
    ),
    "a dev service of no cluster": (
        {"dev_services": [f"arn:aws:ecs:{ACCOUNT}:service/api"]},
        "does not say the cluster; expected CLUSTER/SERVICE",
    ),
    "a cut ARN": ({"tables": ["arn:aws:dynamodb"]}, "arn:aws:dynamodb is not the ARN of a table"),
}


@pytest.mark.parametrize(("given", "says"), REFUSED.values(), ids=REFUSED)
def test_an_arn_that_cannot_be_the_stacks_is_refused(given: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(says)):
        Stack(name="here", **HERE, **given)


def test_two_arns_of_different_accounts_are_refused_where_the_stack_names_none() -> None:
    first = f"arn:aws:dynamodb:{ACCOUNT}:table/a"
    assert Stack(name="here", tables=(first,)).account_id == "123456789012"
    assert Stack(name="here", tables=(first,)).region == "us-west-2"
    with pytest.raises(ValidationError, match="is of account 999999999999, the stack is of 123456789012"):
        Stack(name="here", tables=(first, f"arn:aws:dynamodb:us-west-2:{'9' * 12}:table/b"))


def test_the_refusal_is_one_line_with_file_and_key(project: Project) -> None:
    project.write("stacks.toml", STACKS.replace("[stacks.", "[stacks.", 1) + 'cluster = "arn:aws:eks:x:1:cluster/a"\n')
    ended = project.run("checks/daily").ends(4)
    [line] = ended.err.strip().splitlines()
    assert "stacks.toml: stacks." in line
    assert "cluster: arn:aws:eks:x:1:cluster/a is not the ARN of an ECS cluster" in line


@pytest.mark.parametrize(
    ("arn", "kind"),
    [
        (f"arn:aws:elasticloadbalancing:{ACCOUNT}:loadbalancer/classic", ""),
        (f"arn:aws:dynamodb:{ACCOUNT}:table/i/stream/2026", ""),
        ("arn:aws:s3:::assets", "bucket"),
        ("not an ARN", ""),
    ],
)
def test_what_tags_find_is_told_by_its_arn(arn: str, kind: str) -> None:
    assert kind_of(arn) == kind


def test_a_fix_of_another_accounts_table_of_the_same_name_is_refused() -> None:
    from opschecks.core.change import CannotFix
    from opschecks.fixing.targets import named

    own = Stack(name="here", **HERE, tables=("i",))
    other = f"arn:aws:dynamodb:us-west-2:{'9' * 12}:table/i"
    assert named("tables", f"arn:aws:dynamodb:{ACCOUNT}:table/i", own, Aws({}, own)) == "i"
    with pytest.raises(CannotFix, match="is of account 999999999999"):
        named("tables", other, own, Aws({}, own))


def test_every_key_that_names_resources_is_a_key_of_a_stack() -> None:
    assert set(KEYS) <= set(Stack.model_fields)
    assert names().tables == ()
