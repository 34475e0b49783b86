"""The inventory: what stacks.toml names, what CloudFormation and tags find, and no guess."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from opschecks.aws.cloudwatch_alarms import alarms
from opschecks.aws.inventory import Inventory, inventory
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
