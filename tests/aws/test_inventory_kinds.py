"""What is read of an inventory: kinds and clusters, what a stack has none of, and regions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from opschecks.aws.inventory import Inventory, inventory
from opschecks.core.global_services import home_of_cloudfront, region_of
from opschecks.core.observation import CouldNotLook, NotApplicable, NotConfigured
from tests.aws.test_inventory import BALANCER, ECS, EVERYTHING, TAGS, TOPIC, formed, listed, tagged, whole
from tests.canned import ACCOUNT, Aws, names, stack
from tests.cases import cases


def test_what_stacks_toml_names_and_nothing_else() -> None:
    named = stack(
        cluster=["prod", "jobs"], services=["prod/web"], load_balancer=["web", "api"], tables=["orders"],
        log_groups=["/ecs/web"], security_groups=["sg-1"], distribution_id=["E1", "E2"], buckets=["assets"],
        resources={"queues": ["mails"]},
    )  # fmt: skip
    aws = Aws({}, named)
    found = inventory(named, aws)
    assert (found.the_distribution, aws.calls) == ("E1", [])
    assert whole(found) == {
        "cluster": "prod",
        "services": ("prod/web",),
        "load_balancers": ("web", "api"),
        "tables": ("orders",),
        "log_groups": ("/ecs/web",),
        "security_groups": ("sg-1",),
        "distributions": ("E1", "E2"),
        "buckets": ("assets",),
        "named": (("queues", ("mails",)),),
        "further_clusters": ("jobs",),
        "of_dashboards": "E1",
    }


def test_names_go_before_what_cloudformation_lists_kind_by_kind() -> None:
    kinds: Mapping[str, tuple[str, Any, Any]] = {
        "load_balancers": ("load_balancer", "edge", ("edge",)),
        "tables": ("tables", ("own",), ("own",)),
        "log_groups": ("log_groups", ("own",), ("own",)),
        "security_groups": ("security_groups", ("sg-9",), ("sg-9",)),
        "distributions": ("distribution_id", "E9", ("E9",)),
        "buckets": ("buckets", ("own",), ("own",)),
        "alarms": ("alarm_prefix", "web-", ()),
    }
    for kind, (key, value, expected) in kinds.items():
        assert getattr(formed(EVERYTHING[:-1], **{key: value}), kind) == expected


@cases({
    "a service in the cluster that is found": (
        (f"{ECS}:cluster/prod", f"{ECS}:service/prod/web"), {}, ("prod",), ("web",)),
    "a service that tells its cluster": ((f"{ECS}:service/prod/web",), {}, ("prod",), ("web",)),
    "a service that does not": ((f"{ECS}:cluster/prod", f"{ECS}:service/web"), {}, ("prod",), ("web",)),
    "a service of another cluster than is named": (
        (f"{ECS}:service/prod/web", f"{ECS}:service/jobs/mail"), {"cluster": "jobs"}, ("jobs",), ("mail",)),
    "services that are named": (
        (f"{ECS}:cluster/prod", f"{ECS}:service/prod/web"), {"services": ("prod/api", "prod/api")}, ("prod",),
        ("api",)),
    "two clusters, told by services": (
        (f"{ECS}:service/prod/web", f"{ECS}:service/jobs/mail"), {}, ("prod", "jobs"), ("prod/web", "jobs/mail")),
    "two clusters, of which one is found twice": (
        (f"{ECS}:cluster/jobs", f"{ECS}:cluster/prod", f"{ECS}:service/prod/web"), {}, ("jobs", "prod"), ("prod/web",)),
    "no cluster": ((f"{ECS}:service/web",), {}, (), ("web",)),
})  # fmt: skip
def test_which_services_are_in_which_cluster(
    arns: Sequence[str], keys: dict[str, Any], clusters: tuple[str, ...], services: tuple[str, ...]
) -> None:
    found = tagged(*arns, **keys)
    assert (found.clusters, found.services) == (clusters, services)


def test_the_services_by_cluster_by_path_and_as_they_are_called() -> None:
    one = names(cluster="prod", services=("web", "api"))
    assert (one.clusters, one.the_cluster) == (("prod",), "prod")
    assert (one.place("web"), one.called("prod", "web")) == (("prod", "web"), "web")
    assert one.by_cluster == {"prod": ["web", "api"]}
    assert one.paths == {"service/prod/web": "web", "service/prod/api": "api"}
    two = names(cluster="prod", further_clusters=("jobs",), services=("jobs/mail", "jobs/news"))
    assert two.clusters == ("prod", "jobs")
    assert (two.place("jobs/mail"), two.called("jobs", "mail")) == (("jobs", "mail"), "jobs/mail")
    assert two.by_cluster == {"jobs": ["mail", "news"]}
    assert two.paths == {"service/jobs/mail": "jobs/mail", "service/jobs/news": "jobs/news"}
    none = names(cluster=None, further_clusters=("jobs",), services=("web",))
    assert (none.clusters, none.place("web")) == ((), ("", "web"))
    for name in ("the_cluster", "by_cluster", "paths"):
        with pytest.raises(NotConfigured, match=r"stack here names no cluster: set cluster in stacks\.toml"):
            getattr(none, name)
    for name in ("by_cluster", "paths"):
        with pytest.raises(NotConfigured, match="stack here names no services"):
            getattr(names(), name)


@cases({
    "none": (names(), "tables", "stack here names no tables: set tables", True),
    "no balancer": (names(), "load_balancers", "stack here names no load balancer: set load_balancer", True),
    "no service": (names(), "services", r"names no services: set services in stacks\.toml", True),
    "no security group": (names(), "security_groups", "names no security groups: set security_groups in", True),
    "no log group": (names(), "log_groups", "stack here names no log groups: set log_groups", True),
    "one is coming": (
        names(coming=("log_group",)), "log_groups", "CloudFormation is creating the log group of stack here", False),
    "anything is coming": (names(coming=("any",)), "tables", "CloudFormation is creating the table of", False),
    "another kind is coming": (names(coming=("table",)), "buckets", "stack here names no buckets", True),
})  # fmt: skip
def test_a_kind_of_which_there_is_none(found: Inventory, kind: str, says: str, configured: bool) -> None:
    with pytest.raises(CouldNotLook, match=says) as it:
        found.some(kind)
    assert isinstance(it.value, NotConfigured) is configured


def test_a_kind_of_which_there_is_one_is_told_though_another_is_coming() -> None:
    assert names(tables=("orders",), coming=("table", "any")).some("tables") == ("orders",)
    for kind in ("services", "load_balancers", "security_groups"):
        assert names(**{kind: ("a", "b")}).some(kind) == ("a", "b")


QUEUE = f"arn:aws:sqs:{ACCOUNT}:orders"
URL = "https://sqs.us-west-2.amazonaws.com/123456789012/orders"
FUNCTION = f"arn:aws:lambda:{ACCOUNT}:function:receipts"


@cases({
    "named": (
        names(named=(("queues", ("a",)), ("topics", ("b",))), found=(("AWS::SQS::Queue", URL),)),
        ("queues", "AWS::SQS::Queue", "sqs:"), ("a",)),
    "of CloudFormation": (
        names(found=(("AWS::SQS::Queue", URL), ("AWS::SNS::Topic", TOPIC), ("AWS::SQS::Queue", URL))),
        ("queues", "AWS::SQS::Queue", "sqs:"), (URL,)),
    "of CloudFormation and by tags, once": (
        names(found=(("AWS::SQS::Queue", URL), ("", QUEUE))), ("queues", "AWS::SQS::Queue", "sqs:"), (URL,)),
    "by tags": (
        names(found=(("", FUNCTION), ("", QUEUE))), ("queues", "AWS::SQS::Queue", "sqs:"), (QUEUE,)),
    "by tags, of one kind of a service": (
        names(found=(("", FUNCTION), ("", f"arn:aws:lambda:{ACCOUNT}:layer:libraries"))),
        ("functions", "AWS::Lambda::Function", "lambda:function:"), (FUNCTION,)),
    "a topic, and not its subscription, which has an ARN of the same service": (
        names(found=(("AWS::SNS::Topic", TOPIC), ("AWS::SNS::Subscription", f"{TOPIC}:1f2e"))),
        ("topics", "AWS::SNS::Topic", "sns:"), (TOPIC,)),
    "by tags, another besides": (
        names(found=(("AWS::SQS::Queue", URL), ("", QUEUE), ("", f"arn:aws:sqs:{ACCOUNT}:mails"))),
        ("queues", "AWS::SQS::Queue", "sqs:"), (URL, f"arn:aws:sqs:{ACCOUNT}:mails")),
    "named, while others are coming": (
        names(named=(("queues", ("a",)),), coming=("any",)), ("queues", "AWS::SQS::Queue", "sqs:"), ("a",)),
    "found, while others are coming": (
        names(found=(("", QUEUE),), coming=("AWS::SQS::Queue",)), ("queues", "AWS::SQS::Queue", "sqs:"), (QUEUE,)),
})  # fmt: skip
def test_resources_of_any_other_kind(found: Inventory, asked: tuple[str, str, str], expected: tuple[str, ...]) -> None:
    assert found.others(*asked) == expected


@pytest.mark.parametrize("found", [(), (("", "no ARN"),), (("", FUNCTION),)], ids=["none", "no ARN", "another kind"])
def test_a_kind_that_the_stack_has_none_of_does_not_apply(found: Any) -> None:
    with pytest.raises(NotApplicable, match=r"stack here names no dead letters \(resources\.dead_letters\)"):
        names(found=found, coming=("table",)).others("dead_letters", "AWS::SQS::Queue", "sqs:")
    for coming in ("AWS::SQS::Queue", "any"):
        with pytest.raises(CouldNotLook, match="CloudFormation is creating resources of stack here: look again later"):
            names(found=found, coming=(coming,)).others("dead_letters", "AWS::SQS::Queue", "sqs:")


UNSEEN = CouldNotLook("tag:GetResources", "in us-east-1: AccessDenied: no")


def test_the_distribution_of_the_dashboards() -> None:
    assert names(of_dashboards="E1", distributions=("E1", "E2")).the_distribution == "E1"
    assert names(distributions=("E1",), unseen_distribution=UNSEEN).the_distribution == "E1"
    assert names(distributions=("E1", "E1")).the_distribution == "E1"
    with pytest.raises(NotConfigured, match=r"stack here names no distribution: set distribution_id in stacks\.toml"):
        names().the_distribution  # noqa: B018 - it raises
    with pytest.raises(CouldNotLook, match="tag:GetResources: in us-east-1: AccessDenied"):
        names(unseen_distribution=UNSEEN).the_distribution  # noqa: B018 - it raises
    with pytest.raises(CouldNotLook, match=r"stack here has 2 distributions: set distribution_id in stacks\.toml"):
        names(distributions=("E1", "E2"), unseen_distribution=UNSEEN).the_distribution  # noqa: B018 - it raises


@cases([("us-east-1", []), ("us-gov-west-1", []), ("eu-west-1", ["us-east-1"]), ("cn-north-1", ["cn-northwest-1"])])
def test_the_region_of_cloudfront_is_asked_once_where_there_is_another_one(region: str, there: list[str]) -> None:
    aws = Aws({TAGS: listed(BALANCER)}, stack(tags={"app": "web"}).model_copy(update={"region": region}))
    inventory(aws.stack, aws)
    assert sorted(asked.region for asked in aws.asked) == sorted([region, *there])


HOMES = {
    "us-west-2": "us-east-1", "eu-central-1": "us-east-1", "cn-north-1": "cn-northwest-1",
    "cn-northwest-1": "cn-northwest-1", "us-gov-east-1": "", "us-iso-east-1": "", "us-isob-east-1": "",
    "eu-isoe-west-1": "", "eusc-de-east-1": "",
}  # fmt: skip


@pytest.mark.parametrize("region", HOMES)
def test_where_cloudfront_keeps_its_metrics(region: str) -> None:
    assert home_of_cloudfront(region) == HOMES[region]


REGIONS = {
    QUEUE: "us-west-2", "arn:aws:s3:::assets": "", "arn:aws:sqs:us-west-2:123456789012": "",
    f"urn:aws:sqs:{ACCOUNT}:orders": "", "orders": "", "arn:aws-cn:sqs:cn-north-1:1:a:b": "cn-north-1",
}  # fmt: skip


@pytest.mark.parametrize("arn", REGIONS)
def test_the_region_that_an_arn_names(arn: str) -> None:
    assert region_of(arn) == REGIONS[arn]
