"""The inventory: what stacks.toml names, what CloudFormation and tags find, what is read of it, and no guess."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from opschecks.aws.cloudwatch_alarms import alarms
from opschecks.aws.inventory import Inventory, inventory
from opschecks.core.global_services import home_of_cloudfront, region_of
from opschecks.core.observation import CouldNotLook, NotApplicable, NotConfigured
from tests.canned import ACCOUNT, Aws, Raw, ago, names, stack
from tests.cases import cases

ECS, LOGS = f"arn:aws:ecs:{ACCOUNT}", f"arn:aws:logs:{ACCOUNT}"
BALANCER = f"arn:aws:elasticloadbalancing:{ACCOUNT}:loadbalancer/app/web/50dc6c495c0c9188"
NESTED = f"arn:aws:cloudformation:{ACCOUNT}:stack/prod-data-1F/7c2d0b10"
TOPIC = f"arn:aws:sns:{ACCOUNT}:alerts"
DEEPER = f"arn:aws:cloudformation:{ACCOUNT}:stack/prod-data-1F-alarms/8d3e"


def resource(kind: str, physical_id: str | None, status: str = "CREATE_COMPLETE") -> Raw:
    return {
        "LogicalResourceId": f"Some{kind.rsplit(':', 1)[-1]}",
        "ResourceType": kind,
        "ResourceStatus": status,
        "LastUpdatedTimestamp": ago(days=40),
        **({"PhysicalResourceId": physical_id} if physical_id else {}),
    }


def cloudformation(**resources: Sequence[Raw]) -> Aws:
    """ListStackResources of each stack, one resource a page."""
    by_id = {"prod": "prod", "nested": NESTED, "deeper": DEEPER}
    known = {by_id[name]: told for name, told in resources.items()}

    def answer(StackName: str, NextToken: str = "0") -> Raw:  # noqa: N803 - AWS's names
        at, told = int(NextToken), known[StackName]
        following = {"NextToken": str(at + 1)} if at + 1 < len(told) else {}
        return {"StackResourceSummaries": list(told[at : at + 1]), **following}

    return Aws({("cloudformation", "ListStackResources"): answer})


def formed(prod: Sequence[Raw], nested: Sequence[Raw] = (), **keys: Any) -> Inventory:
    return inventory(stack(cloudformation_stack="prod", **keys), cloudformation(prod=prod, nested=nested))


TAGS = ("resourcegroupstaggingapi", "GetResources")
TAGS_THERE = ("us-east-1 resourcegroupstaggingapi", "GetResources")


def listed(*arns: str) -> Raw:
    tags = [{"Key": "app", "Value": "web"}]
    return {"ResourceTagMappingList": [{"ResourceARN": arn, "Tags": tags} for arn in arns], "PaginationToken": ""}


def tagged(*arns: str, there: Any = None, **keys: Any) -> Inventory:
    aws = Aws({TAGS: listed(*arns), TAGS_THERE: there or listed()}, stack(tags={"app": "web"}, **keys))
    return inventory(aws.stack, aws)


PROD = [
    resource("AWS::EC2::VPC", "vpc-1"),
    resource("AWS::ECS::Cluster", "prod"),
    resource("AWS::ECS::Service", f"{ECS}:service/prod/backend"),
    resource("AWS::ECS::Service", f"{ECS}:service/prod/gone", "DELETE_COMPLETE"),
    resource("AWS::ElasticLoadBalancingV2::LoadBalancer", BALANCER),
    resource("AWS::EC2::SecurityGroup", "sg-0a1b2c3d4e5f60001"),
    resource("AWS::CloudFormation::Stack", NESTED),
    resource("AWS::Logs::LogGroup", "/ecs/backend"),
]
DATA = [
    resource("AWS::DynamoDB::Table", "incidents"),
    resource("AWS::DynamoDB::GlobalTable", "events", "UPDATE_COMPLETE"),
    resource("AWS::CloudFormation::Stack", DEEPER),
]
ALARMS = [
    resource("AWS::CloudWatch::Alarm", "web-cpu"),
    resource("AWS::CloudWatch::CompositeAlarm", f"arn:aws:cloudwatch:{ACCOUNT}:alarm:web: all (5xx)"),
]


THROTTLED = CouldNotLook("cloudformation:ListStackResources", "Throttling: Rate exceeded")


def test_a_cloudformation_stack_and_those_nested_in_it_name_everything() -> None:
    found = inventory(stack(cloudformation_stack="prod"), cloudformation(prod=PROD, nested=DATA, deeper=ALARMS))
    assert found == names(
        services=("backend",),
        load_balancers=(BALANCER,),
        tables=("incidents", "events"),
        log_groups=("/ecs/backend",),
        security_groups=("sg-0a1b2c3d4e5f60001",),
        alarms=("web-cpu", "web: all (5xx)"),
    )


@cases({
    "throttled": THROTTLED,
    "nothing said": {},
    "empty": {"StackResourceSummaries": []},
})  # fmt: skip
def test_a_nested_stack_that_cannot_be_read_is_not_left_out(nested: Any) -> None:
    def answer(StackName: str) -> Any:  # noqa: N803 - AWS's name
        return nested if StackName == NESTED else {"StackResourceSummaries": PROD}

    with pytest.raises(CouldNotLook, match="cloudformation:ListStackResources"):
        inventory(stack(cloudformation_stack="prod"), Aws({("cloudformation", "ListStackResources"): answer}))


@cases({
    "nothing": [],
    "a service without its id": [resource("AWS::ECS::Service", None)],
    "a nested stack without its id": [resource("AWS::CloudFormation::Stack", None)],
})  # fmt: skip
def test_a_cloudformation_stack_that_names_nothing_is_not_seen(listed: list[Raw]) -> None:
    with pytest.raises(CouldNotLook, match="cloudformation:ListStackResources: "):
        inventory(stack(cloudformation_stack="prod"), cloudformation(prod=listed))


def test_what_cloudformation_is_creating_has_no_name_yet_and_hides_nothing_else() -> None:
    coming = [
        resource("AWS::DynamoDB::Table", None, "CREATE_IN_PROGRESS"),
        resource("AWS::Logs::LogGroup", None, "CREATE_FAILED"),
    ]
    found = inventory(stack(cloudformation_stack="prod"), cloudformation(prod=[*PROD[:3], *coming]))
    assert (found.cluster, found.services) == ("prod", ("backend",))
    for kind, what in (("tables", "table"), ("log_groups", "log group")):
        with pytest.raises(
            CouldNotLook, match=f"CloudFormation is creating the {what} of stack here: look again"
        ) as it:
            found.some(kind)
        assert not isinstance(it.value, NotConfigured)
    with pytest.raises(NotConfigured):
        found.some("buckets")
    nested = [*PROD[:3], resource("AWS::CloudFormation::Stack", None, "CREATE_IN_PROGRESS")]
    named = inventory(stack(cloudformation_stack="prod", tables=["own"]), cloudformation(prod=nested))
    assert named.some("tables") == ("own",)
    with pytest.raises(CouldNotLook, match="CloudFormation is creating the bucket"):
        named.some("buckets")


@cases({
    "service": (f"{ECS}:service/prod/backend", "services", ("backend",)),
    "service, old form": (f"{ECS}:service/backend", "services", ("backend",)),
    "task definition": (f"{ECS}:task-definition/backend:7", "services", ()),
    "load balancer": (BALANCER, "load_balancers", (BALANCER,)),
    "target group": (f"arn:aws:elasticloadbalancing:{ACCOUNT}:targetgroup/web/1f", "load_balancers", ()),
    "listener": (f"arn:aws:elasticloadbalancing:{ACCOUNT}:listener/app/web/1f/2f", "load_balancers", ()),
    "table": (f"arn:aws:dynamodb:{ACCOUNT}:table/incidents", "tables", ("incidents",)),
    "log group": (f"arn:aws:logs:{ACCOUNT}:log-group:/ecs/backend", "log_groups", ("/ecs/backend",)),
    "log group, with a star": (f"arn:aws:logs:{ACCOUNT}:log-group:/ecs/backend:*", "log_groups", ("/ecs/backend",)),
    "security group": (f"arn:aws:ec2:{ACCOUNT}:security-group/sg-1", "security_groups", ("sg-1",)),
    "security group rule": (f"arn:aws:ec2:{ACCOUNT}:security-group-rule/sgr-1", "security_groups", ()),
    "alarm": (f"arn:aws:cloudwatch:{ACCOUNT}:alarm:web: all/5xx", "alarms", ("web: all/5xx",)),
    "bucket": ("arn:aws:s3:::web-dashboard", "buckets", ("web-dashboard",)),
    "classic load balancer": (f"arn:aws:elasticloadbalancing:{ACCOUNT}:loadbalancer/classic", "load_balancers", ()),
    "index": (f"arn:aws:dynamodb:{ACCOUNT}:table/incidents/index/by-team", "tables", ()),
    "in China": (f"arn:aws-cn:dynamodb:{ACCOUNT}:table/incidents", "tables", ("incidents",)),
})  # fmt: skip
def test_tags_name_resources_by_their_arns(arn: str, kind: str, wanted: tuple[str, ...]) -> None:
    found = tagged(arn)
    assert getattr(found, kind) == wanted
    every = ("services", "load_balancers", "tables", "log_groups", "security_groups", "alarms", "buckets")
    assert sum(len(getattr(found, one)) for one in every) == len(wanted)


def test_tagged_resources_are_read_page_by_page() -> None:
    pages = [
        {**listed(f"{ECS}:cluster/prod"), "PaginationToken": "2"},
        {"ResourceTagMappingList": [], "PaginationToken": "3"},
        {**listed(f"{ECS}:service/prod/backend"), "PaginationToken": ""},
    ]
    aws = Aws({("resourcegroupstaggingapi", "GetResources"): pages})
    found = inventory(stack(tags={"app": "web", "stage": "prod"}), aws)
    assert (found.cluster, found.services) == ("prod", ("backend",))
    here = [asked.parameters for asked in aws.asked if asked.region == "us-west-2"]
    assert [asked.get("PaginationToken") for asked in here] == [None, "2", "3"]
    filters = [{"Key": "app", "Values": ["web"]}, {"Key": "stage", "Values": ["prod"]}]
    assert all(asked.parameters["TagFilters"] == filters for asked in aws.asked)


def test_tags_that_nothing_has_are_not_an_empty_stack() -> None:
    with pytest.raises(CouldNotLook, match="tag:GetResources: nothing has the tags"):
        tagged()


def test_what_cloudformation_and_tags_both_find_is_there_once() -> None:
    aws = Aws(
        {
            ("cloudformation", "ListStackResources"): {"StackResourceSummaries": [*PROD[1:3], DATA[0]]},
            ("resourcegroupstaggingapi", "GetResources"): listed(
                f"{ECS}:cluster/prod",
                f"{ECS}:service/prod/backend",
                f"{ECS}:service/prod/worker",
                f"arn:aws:dynamodb:{ACCOUNT}:table/incidents",
            ),
        }
    )
    found = inventory(stack(cloudformation_stack="prod", tags={"app": "web"}), aws)
    assert (found.cluster, found.services, found.tables) == ("prod", ("backend", "worker"), ("incidents",))


def test_several_clusters_are_all_the_stacks_unless_it_names_one() -> None:
    several = (f"{ECS}:cluster/blue", f"{ECS}:service/green/web", f"{ECS}:service/blue/web", f"{ECS}:service/blue/api")
    found = tagged(*several)
    assert (found.cluster, found.clusters) == ("blue", ("blue", "green"))
    assert found.services == ("green/web", "blue/web", "blue/api")
    assert found.by_cluster == {"blue": ["web", "api"], "green": ["web"]}
    assert found.paths["service/green/web"] == "green/web"
    named = tagged(*several, cluster="green")
    assert (named.clusters, named.services, named.by_cluster) == (("green",), ("web",), {"green": ["web"]})


def test_a_service_whose_cluster_is_not_known_is_not_guessed() -> None:
    several = (f"{ECS}:cluster/blue", f"{ECS}:cluster/green")
    with pytest.raises(CouldNotLook, match=r"has 2 clusters: write blue/web or green/web in services of stacks\.toml"):
        tagged(*several, services=("web",))
    with pytest.raises(CouldNotLook, match="write blue/api or green/api"):
        tagged(*several, f"{ECS}:service/api")


def test_several_cloudformation_stacks_are_one_stack() -> None:
    stacks = {
        "app": [resource("AWS::ECS::Cluster", "prod"), resource("AWS::ECS::Service", f"{ECS}:service/prod/web")],
        "jobs": [resource("AWS::ECS::Cluster", "jobs"), resource("AWS::DynamoDB::Table", "orders")],
    }
    aws = Aws(
        {("cloudformation", "ListStackResources"): lambda StackName: {"StackResourceSummaries": stacks[StackName]}}  # noqa: N803
    )
    found = inventory(stack(cloudformation_stack=["app", "jobs"]), aws)
    assert (found.clusters, found.services, found.tables) == (("prod", "jobs"), ("prod/web",), ("orders",))
    stacks["jobs"] = []
    with pytest.raises(CouldNotLook, match="the CloudFormation stack jobs has no resources"):
        inventory(stack(cloudformation_stack=["app", "jobs"]), aws)


def test_discovery_that_finds_no_alarm_takes_nobody_elses() -> None:
    found = tagged(f"{ECS}:cluster/prod")
    here = stack(tags={"app": "web"})
    with pytest.raises(NotConfigured, match=r"names no alarms: set alarm_prefix in stacks\.toml") as it:
        alarms(here, Aws({}), found)
    assert it.value.keys == ("alarm_prefix",)
    with pytest.raises(NotConfigured):
        alarms(stack(without=["alarm_prefix"]), Aws({}), names())


def test_what_stacks_toml_names_goes_before_what_is_found() -> None:
    found = tagged(
        f"{ECS}:cluster/prod",
        f"{ECS}:service/prod/backend",
        f"arn:aws:dynamodb:{ACCOUNT}:table/incidents",
        f"arn:aws:logs:{ACCOUNT}:log-group:/ecs/backend",
        f"arn:aws:cloudwatch:{ACCOUNT}:alarm:web-cpu",
        BALANCER,
        services=("api",),
        load_balancer="edge",
        log_groups=("/api",),
        alarm_prefix="web-",
    )
    assert found == names(services=("api",), load_balancers=("edge",), log_groups=("/api",), tables=("incidents",))


EDGE = "arn:aws:cloudfront::123456789012:distribution/E2EXAMPLE"
EDGE_ALARM = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:edge-5xx"


def test_distributions_and_their_alarms_are_found_where_cloudfront_keeps_its_tags() -> None:
    aws = Aws({TAGS: listed(f"{ECS}:service/prod/backend"), TAGS_THERE: listed(EDGE, EDGE_ALARM)})
    found = inventory(stack(tags={"app": "web"}), aws)
    assert (found.services, found.the_distribution) == (("backend",), "E2EXAMPLE")
    assert (found.alarms, found.alarms_of_cloudfront) == ((), ("edge-5xx",))
    [there] = [asked.parameters for asked in aws.asked if asked.region == "us-east-1"]
    assert there["ResourceTypeFilters"] == ["cloudfront:distribution", "cloudwatch:alarm"]


def test_a_region_that_may_not_be_read_hides_the_distribution_only() -> None:
    denied = CouldNotLook("tag:GetResources", "AccessDeniedException: explicit deny", action="tag:GetResources")
    found = inventory(
        stack(tags={"app": "web"}), Aws({TAGS: listed(f"{ECS}:service/prod/backend"), TAGS_THERE: denied})
    )
    assert found.services == ("backend",)
    with pytest.raises(
        CouldNotLook, match="in us-east-1: AccessDeniedException: explicit deny – allow tag:GetResources"
    ):
        found.the_distribution  # noqa: B018
    known = stack(tags={"app": "web"}, distribution_id="E9")
    assert inventory(known, Aws({TAGS: listed(EDGE), TAGS_THERE: denied})).the_distribution == "E9"


def whole(found: Inventory) -> dict[str, Any]:
    """What differs from an inventory of nothing, the parts that are not compared among it."""
    nothing = vars(names(cluster=None))
    return {key: value for key, value in vars(found).items() if value != nothing[key]}


EVERYTHING = [
    resource("AWS::ECS::Cluster", "prod"),
    resource("AWS::ECS::Service", f"{ECS}:service/prod/web"),
    resource("AWS::ECS::Service", f"{ECS}:service/prod/old", "DELETE_COMPLETE"),
    resource("AWS::ECS::Service", f"{ECS}:service/prod/going", "DELETE_IN_PROGRESS"),
    resource("AWS::ElasticLoadBalancingV2::LoadBalancer", BALANCER),
    resource("AWS::EC2::SecurityGroup", "sg-1"),
    resource("AWS::Logs::LogGroup", "/ecs/web"),
    resource("AWS::CloudWatch::Alarm", "cpu"),
    resource("AWS::CloudWatch::Alarm", "cpu"),
    resource("AWS::CloudFront::Distribution", "E1"),
    resource("AWS::S3::Bucket", "assets"),
    resource("AWS::SNS::Topic", TOPIC),
    resource("AWS::SNS::Subscription", f"{TOPIC}:1f2e"),
    resource("AWS::SQS::Queue", None, "DELETE_IN_PROGRESS"),
    resource("AWS::ECS::Service", None, "DELETE_IN_PROGRESS"),
    resource("AWS::ECS::Service", None, "CREATE_IN_PROGRESS"),
    resource("AWS::CloudFormation::Stack", None, "DELETE_IN_PROGRESS"),
    resource("AWS::SQS::Queue", None, "CREATE_IN_PROGRESS"),
    resource("AWS::SQS::Queue", None, "CREATE_FAILED"),
    resource("AWS::DynamoDB::Table", "made", "CREATE_FAILED"),
    resource("AWS::IAM::Policy", None, "UPDATE_COMPLETE"),
    resource("AWS::CloudFormation::Stack", NESTED),
]


def test_all_that_cloudformation_lists() -> None:
    found = formed(EVERYTHING, [resource("AWS::DynamoDB::Table", "orders"), resource("AWS::S3::Bucket", "logs")])
    assert whole(found) == {
        "cluster": "prod",
        "services": ("web", "going"),
        "load_balancers": (BALANCER,),
        "tables": ("made", "orders"),
        "log_groups": ("/ecs/web",),
        "security_groups": ("sg-1",),
        "alarms": ("cpu",),
        "distributions": ("E1",),
        "buckets": ("assets", "logs"),
        "coming": ("service", "AWS::SQS::Queue"),
        "found": (
            ("AWS::SNS::Topic", TOPIC),
            ("AWS::SNS::Subscription", f"{TOPIC}:1f2e"),
            ("AWS::CloudFormation::Stack", NESTED),
        ),
        "is_found": True,
    }


def test_a_nested_stack_that_is_being_made_may_bring_anything() -> None:
    found = formed(
        [resource("AWS::ECS::Cluster", "prod"), resource("AWS::CloudFormation::Stack", None, "CREATE_FAILED")]
    )
    assert found.coming == ("any",)
    with pytest.raises(CouldNotLook, match="CloudFormation is creating the bucket of stack here: look again later"):
        found.some("buckets")
    with pytest.raises(
        CouldNotLook, match="CloudFormation is creating resources of stack here: look again later"
    ) as it:
        found.others("queues", "AWS::SQS::Queue", "sqs:")
    assert not isinstance(it.value, NotApplicable)


def test_all_that_has_the_stacks_tags() -> None:
    edge = "arn:aws:cloudfront::123456789012:distribution/E2"
    alarm_there = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:edge"
    rule = f"arn:aws:events:{ACCOUNT}:rule/nightly"
    found = tagged(
        f"{ECS}:cluster/prod", f"{ECS}:service/prod/web", f"{ECS}:service/prod/web", BALANCER, rule,
        f"arn:aws:dynamodb:{ACCOUNT}:table/orders", f"{LOGS}:log-group:/ecs/web", "arn:aws:s3:::assets",
        f"arn:aws:ec2:{ACCOUNT}:security-group/sg-1", f"arn:aws:cloudwatch:{ACCOUNT}:alarm:cpu",
        there=listed(edge, alarm_there),
    )  # fmt: skip
    assert whole(found) == {
        "cluster": "prod",
        "services": ("web",),
        "load_balancers": (BALANCER,),
        "tables": ("orders",),
        "log_groups": ("/ecs/web",),
        "security_groups": ("sg-1",),
        "alarms": ("cpu",),
        "distributions": ("E2",),
        "buckets": ("assets",),
        "alarms_of_cloudfront": ("edge",),
        "found": (("", rule),),
        "is_found": True,
    }


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
