"""What an account is found to have, list by list: what is left out, refused, told meanwhile; databases not of RDS."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from opschecks.aws import survey as module
from opschecks.aws.inventory import inventory
from opschecks.aws.survey import OTHER_LISTS, Progress, Survey, keys_and_names, survey
from opschecks.core.observation import CouldNotLook, NotApplicable
from tests.canned import ACCOUNT, NOW, Aws, Raw, pages_of, stack
from tests.cases import cases
from tests.real.databases import checks, database

DENIED = CouldNotLook("x:Y", "AccessDenied: no", action="x:Y")
ELB = f"arn:aws:elasticloadbalancing:{ACCOUNT}:loadbalancer/app/web/50dc6c495c0c9188"


def _described(cluster: str, services: list[str]) -> Raw:
    told: dict[str, Raw] = {
        "s1": {"serviceName": "web", "taskDefinition": "d:1"},
        "s2": {"serviceName": "api", "taskDefinition": "d:1"},
        "s3": {"serviceName": "old"},
    }
    return {"services": [told.get(one, {"serviceName": one}) for one in services]}


def _clusters(clusters: list[str], include: list[str]) -> Raw:
    assert include == ["TAGS"]
    states = {"c3": {"status": "INACTIVE"}, "c1": {"status": "ACTIVE"}}
    return {"clusters": [{"clusterName": one, **states.get(one, {})} for one in clusters]}


CONTAINERS = [
    {"logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "/b"}}},
    {"logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "/a"}}},
    {"logConfiguration": {"logDriver": "json-file", "options": {"max-size": "1m"}}},
    {"logConfiguration": {"logDriver": "awslogs"}},
    {"name": "bare"},
]
APP = {"Key": "app", "Value": "web"}
TAGGED = [
    {
        "ResourceARN": f"arn:aws:ecs:{ACCOUNT}:cluster/shop",
        "Tags": [{"Key": "app", "Value": "web"}, {"Key": "x", "Value": ""}],
    },
    {"ResourceARN": ELB, "Tags": []},
    {"ResourceARN": f"arn:aws:sqs:{ACCOUNT}:orders"},
    {"ResourceARN": f"arn:aws:sns:{ACCOUNT}:topic"},
]
INSTANCES = [
    {"DBInstanceIdentifier": "a", "Engine": "postgres"},
    {"DBInstanceIdentifier": "b", "Engine": "docdb"},
    {"DBInstanceIdentifier": "c", "Engine": "neptune"},
]
ANSWERS: Mapping[tuple[str, str], Any] = {
    ("ecs", "ListClusters"): {"clusterArns": ["c1", "c2", "c3"]},
    ("ecs", "DescribeClusters"): _clusters,
    ("ecs", "ListServices"): lambda cluster, maxResults: {  # noqa: N803 - AWS's name
        "serviceArns": ["s1", "s2", "s3"] if cluster == "c1" else []
    },
    ("ecs", "DescribeServices"): _described,
    ("ecs", "DescribeTaskDefinition"): {"taskDefinition": {"containerDefinitions": CONTAINERS}},
    ("elbv2", "DescribeLoadBalancers"): {"LoadBalancers": [{"LoadBalancerName": "web"}]},
    ("elbv2", "DescribeTargetGroups"): {"TargetGroups": [{"TargetGroupName": "tg"}]},
    ("dynamodb", "ListTables"): {"TableNames": ["orders"]},
    ("cloudwatch", "DescribeAlarms"): {
        "MetricAlarms": [{"AlarmName": "5xx", "Dimensions": [{"Name": "TableName", "Value": "orders"}]}]
    },
    ("cloudfront", "ListDistributions"): {
        "DistributionList": {
            "Marker": "", "MaxItems": 1, "IsTruncated": False, "Quantity": 0,
        }
    },
    ("resourcegroupstaggingapi", "GetResources"): {"ResourceTagMappingList": TAGGED},
    ("sqs", "ListQueues"): {"QueueUrls": ["https://sqs.us-west-2.amazonaws.com/1/orders"]},
    ("lambda", "ListFunctions"): {"Functions": [{"FunctionName": "f"}]},
    ("rds", "DescribeDBInstances"): {"DBInstances": INSTANCES},
}  # fmt: skip


def _seen(**changes: Any) -> tuple[Survey, list[str], Aws]:
    said: list[str] = []
    aws = Aws({**ANSWERS, **{tuple(key.split("__")): value for key, value in changes.items()}})  # type: ignore[misc]
    return survey(aws, "123456789012", said.append), said, aws


def test_everything_that_an_account_has_is_found() -> None:
    found, said, aws = _seen()
    assert (found.account, found.region) == ("123456789012", "us-west-2")
    assert [one["clusterName"] for one in found.clusters] == ["c1", "c2"]
    assert {name: [one["serviceName"] for one in some] for name, some in found.services.items()} == {
        "c1": ["web", "api", "old"]
    }
    assert found.log_groups_of == {"d:1": ["/a", "/b"]}
    assert (found.balancers, found.target_groups) == ([{"LoadBalancerName": "web"}], [{"TargetGroupName": "tg"}])
    assert (found.tables, found.alarms, found.watched) == (["orders"], ["5xx"], {"5xx": ("orders",)})
    assert found.others == {"queues": ["orders"], "functions": ["f"], "databases": ["a"]}
    assert (found.distributions, found.refused) == ([], {})
    assert found.tags == {
        ("cluster", "shop"): {"app": "web", "x": ""},
        ("load_balancer", "web"): {},
        ("queues", "orders"): {},
    }
    assert found.tags_of("cluster", "shop") == {"app": "web", "x": ""}
    assert found.tags_of("cluster", "other") == {}
    assert (found.idle_clusters, found.is_empty) == (["c2"], False)
    assert "ECS services: 3" in said
    assert "task definitions: 1" in said
    assert aws.parameters_of("ListServices")[0]["maxResults"] == 100
    assert aws.parameters_of("GetResources") == [{"ResourcesPerPage": 100}]
    assert aws.parameters_of("ListQueues") == [{"MaxResults": 1000}]


def test_a_list_that_is_refused_is_told_and_the_others_are_read() -> None:
    found, said, _ = _seen(ecs__ListServices=DENIED, dynamodb__ListTables=DENIED, sqs__ListQueues={})
    assert found.refused == {"ECS services": DENIED, "DynamoDB tables": DENIED}
    assert (found.services, found.tables, found.alarms) == ({}, [], ["5xx"])
    assert "DynamoDB tables: could not be seen" in said
    assert (found.idle_clusters, found.is_empty) == ([], False)
    assert found.others["queues"] == []


def test_clusters_and_services_are_described_so_many_at_a_time() -> None:
    many = {"clusterArns": [f"c{n}" for n in range(10, 111)]}
    _, _, aws = _seen(
        ecs__ListClusters=many,
        ecs__ListServices=lambda cluster, maxResults: {  # noqa: N803 - AWS's name
            "serviceArns": [f"x{n}" for n in range(11)] if cluster == "c10" else []
        },
    )
    assert [len(one["clusters"]) for one in aws.parameters_of("DescribeClusters")] == [100, 1]
    assert sorted(len(one["services"]) for one in aws.parameters_of("DescribeServices")) == [1, 10]


@cases([(2, 2), (1, 1)])
def test_of_many_task_definitions_the_first_are_read(most: int, read: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_DEFINITIONS", most)

    def described(cluster: str, services: list[str]) -> Raw:
        return {"services": [{"serviceName": one, "taskDefinition": f"d:{one}"} for one in services if one != "s3"]}

    found, _, _ = _seen(ecs__DescribeServices=described)
    assert [*found.log_groups_of] == ["d:s1", "d:s2"][:read]
    told = found.refused.get("some task definitions")
    assert (told is None) is (most == 2)
    assert told is None or told.reason == "2, of which 1 were read; log_groups lacks those of the others"


def test_a_long_list_is_told_while_it_is_read() -> None:
    said: list[str] = []
    assert [*Progress("tables", said.append).of(range(1001))] == [*range(1001)]
    assert said == ["tables: 500 so far", "tables: 1,000 so far"]
    assert len([*Progress("tables", said.append).of(range(499))]) == 499
    assert len(said) == 2
    found, said, _ = _seen(dynamodb__ListTables=pages_of("TableNames", ["a" * 3] * 100, token="LastEvaluatedTableName"))
    assert len(found.tables) == 100
    assert "DynamoDB tables: 100" in said


def test_distributions_are_read_page_by_page(monkeypatch: pytest.MonkeyPatch) -> None:
    pages: list[Raw] = [{"Items": [{"Id": "E1"}]}, {"Quantity": 0}, {"Items": [{"Id": "E2"}]}]
    aws = Aws(ANSWERS)
    read = aws.pages

    def told(service: str, operation: str, /, **asked: Any) -> Any:
        if operation == "ListDistributions":  # a summary has more parts that are required than are looked at here
            return iter([{"DistributionList": one} for one in pages])
        return read(service, operation, **asked)

    monkeypatch.setattr(aws, "pages", told)
    assert survey(aws, "1", lambda _: None).distributions == [{"Id": "E1"}, {"Id": "E2"}]


@cases({
    "nothing": (Survey("a", "r"), True),
    "a cluster in which nothing runs": (Survey("a", "r", clusters=[{"clusterName": "c"}]), True),
    "a cluster in which something runs": (
        Survey("a", "r", clusters=[{"clusterName": "c"}], services={"c": [{}]}), False),
    "clusters whose services were refused": (
        Survey("a", "r", clusters=[{"clusterName": "c"}], refused={"ECS services": DENIED}), False),
    "a table": (Survey("a", "r", tables=["t"]), False),
    "an alarm": (Survey("a", "r", alarms=["t"]), False),
    "a balancer": (Survey("a", "r", balancers=[{}]), False),
    "a distribution": (Survey("a", "r", distributions=[{}]), False),
    "a queue": (Survey("a", "r", others={"functions": [], "queues": ["q"]}), False),
    "target groups alone": (Survey("a", "r", target_groups=[{}]), True),
})  # fmt: skip
def test_whether_there_is_anything_that_checks_look_at(found: Survey, empty: bool) -> None:
    assert found.is_empty is empty


@cases([
    (f"arn:aws:sqs:{ACCOUNT}:orders", ("queues", "orders")),
    (f"arn:aws:lambda:{ACCOUNT}:function:f", ("functions", "f")),
    (f"arn:aws:lambda:{ACCOUNT}:layer:f", None),
    (f"arn:aws:rds:{ACCOUNT}:db:d", ("databases", "d")),
    (f"arn:aws:rds:{ACCOUNT}:cluster:d", None),
    ("arn:aws:sqs:us-west-2:orders", None),
    ("orders", None),
])  # fmt: skip
def test_the_key_and_the_name_of_an_arn(arn: str, told: tuple[str, str] | None) -> None:
    assert keys_and_names(arn, OTHER_LISTS) == ([told] if told else [])


ANSWER = {
    "DBInstances": [
        database(DBInstanceIdentifier=f"a-{engine}", Engine=engine)
        for engine in ("postgres", "docdb", "neptune", "aurora-mysql")
    ]
}


def test_they_are_not_in_the_list_of_databases() -> None:
    found = OTHER_LISTS["databases"].names(Aws({("rds", "DescribeDBInstances"): ANSWER}))
    assert list(found) == ["a-postgres", "a-aurora-mysql"]


def test_checks_of_rds_do_not_apply_to_a_stack_that_has_no_others() -> None:
    here = stack(resources={"databases": ("a-docdb", "a-neptune")})
    aws = Aws({("rds", "DescribeDBInstances"): ANSWER}, here)
    with pytest.raises(NotApplicable, match="are of DocumentDB or Neptune"):
        checks.rds_databases(aws, inventory(here, aws), NOW)
