"""A night with few requests, a number of tasks below the minimum, a singleton, a neighbour: end to end on a sandbox."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from opschecks.config.load import load_stacks
from opschecks.sandbox.environment import Sandbox
from opschecks.sandbox.moto_server import aware
from opschecks.sandbox.series import Samples, Told, periods
from tests.bench import QUICK, Bench, bench
from tests.scratch import Project

ALB = "AWS/ApplicationELB"
OWN = 'limits = { "incident-commander/scheduler" = { min_tasks = 1, max_tasks = 1 }, '
SCALING = (
    "test_services_can_scale or test_scaling_limits_are_as_wanted or test_services_are_not_at_max_capacity "
    "or test_services_are_within_their_task_limits"
)


def _quiet_since(sandbox: Sandbox, minutes: int) -> None:
    cloudwatch, since = sandbox.backend("cloudwatch"), sandbox.now - timedelta(minutes=minutes)
    cloudwatch.metric_data = [
        one for one in cloudwatch.metric_data if one.namespace != ALB or aware(one.timestamp) < since
    ]


def test_the_last_requests_came_forty_minutes_ago_and_were_quick(tmp_path: Path) -> None:
    with bench(tmp_path) as on:
        _quiet_since(on.sandbox, 40)
        assert on.outcome("test_responses_are_quick") == "passed"


def test_fewer_tasks_than_auto_scalings_minimum_fail_one_check(tmp_path: Path) -> None:
    with bench(tmp_path) as on:
        service = on.sandbox.service()
        service.desired_count = service.running_count = 1
        on.check(SCALING)
        outcomes = on.project.outcomes("daily-partial.json")
        assert [name for name, outcome in outcomes.items() if outcome != "passed"] == [
            "test_services_are_within_their_task_limits"
        ]


@contextmanager
def _two_services(folder: Path, limits: str = "limits = { ") -> Iterator[Bench]:
    """The backend, and a scheduler without a scalable target."""
    two = QUICK.replace('services = ["backend"]', 'services = ["backend", "scheduler"]', 1)
    project = Project.of_the_checks(folder, two.replace("limits = { ", limits, 1))
    sandbox = Sandbox(load_stacks(folder / "stacks.toml").stacks["sandbox"])
    sandbox.start()
    try:
        sandbox.client("application-autoscaling").deregister_scalable_target(
            ServiceNamespace="ecs",
            ResourceId="service/incident-commander/scheduler",
            ScalableDimension="ecs:service:DesiredCount",
        )
        yield Bench(project, sandbox, {"OPSCHECKS_SANDBOX": json.dumps(sandbox.facts)})
    finally:
        sandbox.stop()


def test_a_singleton_beside_a_service_that_scales_passes_once_its_limits_are_said(tmp_path: Path) -> None:
    with _two_services(tmp_path, OWN) as on:
        on.check(SCALING).ends(0)
        assert on.sandbox.service("scheduler").desired_count == 1
        assert on.outcome("test_scaling_has_room_for_a_deploy", "deploy/before") == "passed"
        on.sandbox.service("scheduler").desired_count = 2
        assert on.outcome("test_services_are_within_their_task_limits") == "failed"


def test_a_service_that_does_not_scale_and_says_nothing_fails(tmp_path: Path) -> None:
    with _two_services(tmp_path) as on:
        assert "set its limits to one number" in on.check("test_services_can_scale").all
        assert on.found("test_services_can_scale") == "failed"


def _neighbour(sandbox: Sandbox) -> dict[str, str]:
    """Another stack's target group on the same load balancer; returns the dimensions of its metrics."""
    elb, balancer = sandbox.client("elbv2"), sandbox.seeded.load_balancer
    known = elb.describe_target_groups(TargetGroupArns=[sandbox.seeded.target_group])["TargetGroups"][0]
    made = elb.create_target_group(
        Name="shop", Protocol="HTTP", Port=80, VpcId=known["VpcId"], TargetType="ip", HealthCheckPath="/"
    )["TargetGroups"][0]["TargetGroupArn"]
    listener = elb.describe_listeners(LoadBalancerArn=balancer)["Listeners"][0]["ListenerArn"]
    elb.create_rule(
        ListenerArn=listener,
        Priority=10,
        Conditions=[{"Field": "path-pattern", "Values": ["/shop*"]}],
        Actions=[{"Type": "forward", "TargetGroupArn": made}],
    )
    elb.register_targets(TargetGroupArn=made, Targets=[{"Id": "172.31.16.99", "Port": 80}])
    return {"TargetGroup": made.rsplit(":", 1)[-1], "LoadBalancer": sandbox.seeded.balancer_dimension}


def _measure(sandbox: Sandbox, name: str, of: dict[str, str], value: float) -> None:
    samples = tuple(Samples(time, (value,)) for time in periods(sandbox.now, timedelta(minutes=30)))
    sandbox.replace_metrics(Told(ALB, name, of, "Count", samples))


def test_a_neighbour_on_the_same_load_balancer_changes_nothing_of_ours(tmp_path: Path) -> None:
    with bench(tmp_path) as on:
        of, whole = _neighbour(on.sandbox), {"LoadBalancer": on.sandbox.seeded.balancer_dimension}
        for one in (of, whole):
            _measure(on.sandbox, "HTTPCode_Target_5XX_Count", one, 250.0)
        planned = on.check("test_server_errors_are_rare", "--fix=plan").ends(0)
        assert on.changes() == []
        _measure(on.sandbox, "HTTPCode_ELB_5XX_Count", whole, 60.0)
        planned = on.check("test_server_errors_are_rare", "--fix=plan").ends(0)
        assert on.changes() == []
        assert "do not fill shop" in on.project.page("daily-partial.html")
        _measure(
            on.sandbox, "HTTPCode_Target_5XX_Count", {**of, "TargetGroup": on.sandbox.seeded.group_dimension}, 40.0
        )
        planned = on.check("test_server_errors_are_rare", "--fix=plan").ends(1)
        assert "roll-back-after-errors" in planned.all
