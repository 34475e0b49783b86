"""The sandbox records a service's deployments as ECS does; and has what a stack that says nothing does not name."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws

from opschecks.config.stack import Stack
from opschecks.sandbox import service_models  # noqa: F401 - mock_aws forgets boto3's session, and a new one would read them again
from opschecks.sandbox.correction import Ties
from opschecks.sandbox.corrections import correct
from opschecks.sandbox.environment import Sandbox
from opschecks.sandbox.seeds import sow_all


@pytest.fixture
def ecs() -> Iterator[Any]:
    """A service `s` of revision f:1, and f:2."""
    undo = correct(Ties({}, lambda attributes: None, lambda paths: None, lambda old, new: None))
    with mock_aws():
        client = boto3.client("ecs", "us-west-2")
        client.create_cluster(clusterName="c")
        for _ in range(2):
            container = {"name": "c", "image": "nginx", "memory": 128}
            client.register_task_definition(family="f", containerDefinitions=[container], cpu="256", memory="512")
        client.create_service(cluster="c", serviceName="s", taskDefinition="f:1", desiredCount=0, launchType="FARGATE")
        yield client
    undo()


def _told(ecs: Any, *statuses: str) -> list[str]:
    asked = {"status": list(statuses)} if statuses else {}
    listed = ecs.list_service_deployments(cluster="c", service="s", **asked)["serviceDeployments"]
    return [one["status"] for one in listed]


def _settle(ecs: Any) -> None:
    for _ in range(4):
        ecs.describe_services(cluster="c", services=["s"])


def test_deployments_are_listed_by_status_and_described_with_their_revisions(ecs: Any) -> None:
    ecs.update_service(cluster="c", service="s", taskDefinition="f:2")
    [newest] = ecs.list_service_deployments(cluster="c", service="s", status=["IN_PROGRESS"])["serviceDeployments"]
    answer = ecs.describe_service_deployments(serviceDeploymentArns=[newest["serviceDeploymentArn"], "arn:gone"])
    [told] = answer["serviceDeployments"]
    assert [one["arn"] for one in answer["failures"]] == ["arn:gone"]
    asked = [told["targetServiceRevision"]["arn"], told["sourceServiceRevisions"][0]["arn"]]
    revisions = ecs.describe_service_revisions(serviceRevisionArns=asked)["serviceRevisions"]
    assert [one["taskDefinition"].rsplit("/", 1)[-1] for one in revisions] == ["f:2", "f:1"]
    _settle(ecs)
    assert _told(ecs) == ["SUCCESSFUL"]


def test_a_deployment_that_is_stopped_is_rolled_back(ecs: Any) -> None:
    ecs.update_service(cluster="c", service="s", taskDefinition="f:2")
    [newest] = ecs.list_service_deployments(cluster="c", service="s", status=["IN_PROGRESS"])["serviceDeployments"]
    ecs.stop_service_deployment(serviceDeploymentArn=newest["serviceDeploymentArn"], stopType="ROLLBACK")
    assert _told(ecs) == ["ROLLBACK_IN_PROGRESS"]
    _settle(ecs)
    [service] = ecs.describe_services(cluster="c", services=["s"])["services"]
    assert [one["taskDefinition"].rsplit("/", 1)[-1] for one in service["deployments"]] == ["f:1"]
    assert _told(ecs, "ROLLBACK_SUCCESSFUL") == ["ROLLBACK_SUCCESSFUL"]
    with pytest.raises(ecs.exceptions.ServiceDeploymentNotFoundException):
        ecs.stop_service_deployment(serviceDeploymentArn=newest["serviceDeploymentArn"], stopType="ROLLBACK")


@pytest.fixture(scope="module")
def bare() -> Iterator[Sandbox]:
    """Of a stack that says nothing but that it is one."""
    sandbox = Sandbox(Stack(name="s", sandbox=True))
    sandbox.start()
    sow_all(sandbox)
    yield sandbox
    sandbox.stop()


def test_what_a_stack_does_not_name_is_there_all_the_same(bare: Sandbox) -> None:
    told = bare.client("ecs").list_services(cluster="incident-commander")["serviceArns"]
    assert [one.rpartition("/")[2] for one in told] == ["backend"]
    assert bare.client("logs").describe_log_groups()["logGroups"]


@pytest.mark.parametrize("grouped", [True, False])
def test_costs_are_answered_by_service_or_in_all(bare: Sandbox, grouped: bool) -> None:
    end = bare.now.date()
    period = {"Start": str(end - timedelta(days=3)), "End": str(end)}
    by = {"GroupBy": [{"Type": "DIMENSION", "Key": "SERVICE"}]} if grouped else {}
    told = bare.client("ce").get_cost_and_usage(TimePeriod=period, Granularity="DAILY", Metrics=["UnblendedCost"], **by)
    assert len(told["ResultsByTime"]) == 3
    for day in told["ResultsByTime"]:
        assert bool(day["Groups"]) is grouped
        assert bool(day["Total"]) is not grouped
        amounts = [day["Total"]] if not grouped else [one["Metrics"] for one in day["Groups"]]
        assert sum(float(one["UnblendedCost"]["Amount"]) for one in amounts) > 1
