"""A healthy production stack at night: services of many kinds, on a load balancer that another team uses too.

web       blue/green in the middle of its bake: both colours run, and ECS reports no rolloutState
worker    without a load balancer
jobs      on Spot, with scheduled scaling, behind a network load balancer
checkout  deployed by CodeDeploy: task sets instead of deployments
"""

from __future__ import annotations

import copy
from datetime import timedelta
from typing import Any

from ..corrections.ecs import place_of, run_tasks
from ..corrections.ecs_deployments import baking
from ..seed import CONTAINER_PORT, next_revision, put_metrics, scalable, target_group
from ..seeds import flow_logs
from ..series import DAY, Samples, Told, periods
from . import Sandbox

QUIET = timedelta(hours=3)
"""How long nobody has used the stack."""
NEIGHBOUR = "210987654321"
BAKING = timedelta(hours=5)
BAKE_MINUTES = 24 * 60


def vary(sandbox: Sandbox) -> None:
    """Change the plain sandbox, whose services are all alike and busy."""
    _tag(sandbox, sandbox.seeded.load_balancer)
    _neighbours(sandbox)
    _blue_green(sandbox, "web")
    sandbox.service("worker").load_balancers = []
    _spot(sandbox, "jobs")
    _code_deploy(sandbox, "checkout")
    _night(sandbox)
    _sparse_alarms(sandbox)
    _shared_vpc(sandbox)


def _tag(sandbox: Sandbox, balancer: str) -> None:
    """As the stack's own, which is found by its tags."""
    tags = [{"Key": key, "Value": value} for key, value in sandbox.stack.tags.items()]
    sandbox.client("elbv2").add_tags(ResourceArns=[balancer], Tags=tags)


def _group(sandbox: Sandbox, name: str, addresses: tuple[str, ...] = (), **more: Any) -> str:
    """Make a target group with the healthy targets of these addresses; returns its ARN."""
    return target_group(sandbox.client("elbv2"), flow_logs.vpc_of(sandbox), name, addresses, **more)


def forward(sandbox: Sandbox, group: str, path: str) -> None:
    """A rule of the shared load balancer that sends the path to the group."""
    elb = sandbox.client("elbv2")
    [listener] = elb.describe_listeners(LoadBalancerArn=sandbox.seeded.load_balancer)["Listeners"]
    rules = elb.describe_rules(ListenerArn=listener["ListenerArn"])["Rules"]
    elb.create_rule(
        ListenerArn=listener["ListenerArn"],
        Priority=len(rules),
        Conditions=[{"Field": "path-pattern", "Values": [path]}],
        Actions=[{"Type": "forward", "TargetGroupArn": group}],
    )


def balanced(sandbox: Sandbox, service: str, *groups: str) -> None:
    """Let ECS fill the first group with the service's tasks, and the second alternately."""
    told: dict[str, Any] = {"targetGroupArn": groups[0], "containerName": service, "containerPort": CONTAINER_PORT}
    if groups[1:]:
        told["advancedConfiguration"] = {"alternateTargetGroupArn": groups[1]}
    sandbox.service(service).load_balancers = [told]


def _neighbours(sandbox: Sandbox) -> None:
    """Another team's group on the same balancer has no healthy target, and answers with errors."""
    forward(sandbox, _group(sandbox, "team-b-api", ("172.31.16.99",)), "/team-b/*")
    sandbox.target_states["172.31.16.99"] = ("unhealthy", "Target.Timeout", "Request timed out")
    forward(sandbox, _group(sandbox, "copilot-default"), "/never/*")


def _blue_green(sandbox: Sandbox, name: str) -> None:
    """A bake of 24 hours, of which some are over; the old colour still runs, and has its targets."""
    service = sandbox.service(name)
    old = service.deployments[0]
    new = copy.deepcopy(old)
    revision = next_revision(sandbox.client("ecs"), service.task_definition)
    began = sandbox.now - BAKING
    new.update(id="ecs-svc/2222222222222222222", taskDefinition=revision, createdAt=began - timedelta(minutes=8))
    old.update(status="ACTIVE", updatedAt=began)
    new.update(updatedAt=began)
    service.deployments, service.task_definition = [new, old], revision
    tasks = run_tasks(sandbox.backend("ecs"), sandbox.stack.cluster or "", service, service.desired_count, began)
    green = _group(sandbox, f"{name}-green", tuple(place_of(task)["value"] for task in tasks))
    forward(sandbox, green, "/green/*")
    balanced(sandbox, name, sandbox.seeded.target_group, green)
    service.past = [baking(service, new, BAKE_MINUTES)]
    for deployment in (new, old):
        del deployment["rolloutState"], deployment["rolloutStateReason"]


def _spot(sandbox: Sandbox, name: str) -> None:
    """Fewer tasks at night by a schedule; behind a network load balancer, on capacity that AWS takes away."""
    service = sandbox.service(name)
    service.launch_type = None
    service.capacity_provider_strategy = [{"capacityProvider": "FARGATE_SPOT", "weight": 1, "base": 0}]
    elb = sandbox.client("elbv2")
    balancer = elb.create_load_balancer(Name=f"{name}-nlb", Type="network", Subnets=list(sandbox.seeded.subnets))
    arn = balancer["LoadBalancers"][0]["LoadBalancerArn"]
    _tag(sandbox, arn)
    group = _group(sandbox, name, sandbox.seeded.targets, Protocol="TCP")
    action = {"Type": "forward", "TargetGroupArn": group}
    elb.create_listener(LoadBalancerArn=arn, Protocol="TCP", Port=1883, DefaultActions=[action])
    balanced(sandbox, name, group)
    scaling, target = sandbox.client("application-autoscaling"), scalable(sandbox.stack, name)
    scaling.register_scalable_target(**target, MinCapacity=1, MaxCapacity=4)
    for when, hour, least, most in (("night", 22, 1, 4), ("day", 6, 2, 10)):
        scaling.put_scheduled_action(
            **target,
            ScheduledActionName=f"{name}-{when}",
            Schedule=f"cron(0 {hour} * * ? *)",
            ScalableTargetAction={"MinCapacity": least, "MaxCapacity": most},
        )


def _code_deploy(sandbox: Sandbox, name: str) -> None:
    """CodeDeploy's task sets: the one that serves is steady, the twin of its target group is empty."""
    service = sandbox.service(name)
    green, blue = _group(sandbox, f"{name}-green", sandbox.seeded.targets), _group(sandbox, f"{name}-blue")
    for group, path in ((green, f"/{name}/*"), (blue, f"/{name}-test/*")):
        forward(sandbox, group, path)
    balanced(sandbox, name, green)
    service.deployment_controller = {"type": "CODE_DEPLOY"}
    [deployment], service.deployments = service.deployments, []
    service.task_sets = [_task_set(service, deployment, green)]


def _task_set(service: Any, deployment: dict[str, Any], group: str) -> dict[str, Any]:
    return {
        "id": deployment["id"],
        "taskSetArn": service.arn.replace(":service/", ":task-set/") + "/ecs-svc-1",
        "serviceArn": service.arn,
        "clusterArn": service.cluster_arn,
        "status": "PRIMARY",
        "taskDefinition": service.task_definition,
        "computedDesiredCount": service.desired_count,
        "runningCount": service.running_count,
        "pendingCount": 0,
        "createdAt": deployment["createdAt"],
        "updatedAt": deployment["updatedAt"],
        "loadBalancers": [{"targetGroupArn": group, "containerName": service.name, "containerPort": CONTAINER_PORT}],
        "scale": {"value": 100.0, "unit": "PERCENT"},
        "stabilityStatus": "STEADY_STATE",
        "stabilityStatusAt": deployment["updatedAt"],
    }


def _night(sandbox: Sandbox) -> None:
    """No request of ours for some hours; the neighbour is busy all the time, and has errors."""
    sandbox.forget_metrics("AWS/ApplicationELB", sandbox.now - QUIET)
    of = {"LoadBalancer": sandbox.seeded.balancer_dimension}
    counts = {"RequestCount": 900.0, "HTTPCode_ELB_5XX_Count": 80.0, "HTTPCode_Target_5XX_Count": 70.0}
    for name, count in counts.items():
        samples = tuple(Samples(time, (count,)) for time in periods(sandbox.now, DAY))
        put_metrics(sandbox.client("cloudwatch"), [Told("AWS/ApplicationELB", name, of, "Count", samples)])


def _sparse_alarms(sandbox: Sandbox) -> None:
    """Alarms on what seldom happens have no data, and one was made a moment ago."""
    for alarm in sandbox.backend("cloudwatch").alarms.values():
        if alarm.metric_name in ("HTTPCode_Target_5XX_Count", "TargetResponseTime"):
            alarm.treat_missing_data = "missing"
            alarm.state_value = "INSUFFICIENT_DATA"
            alarm.state_updated_timestamp = sandbox.now - QUIET


def _shared_vpc(sandbox: Sandbox) -> None:
    """The subnets are another account's, which shares them; the stack records the traffic of each of its own."""
    ec2 = sandbox.backend("ec2")
    subnets = ec2.describe_subnets(filters={"vpc-id": [flow_logs.vpc_of(sandbox)]})
    for subnet in subnets:
        subnet.__class__ = type("SharedSubnet", (type(subnet),), {"owner_id": NEIGHBOUR})
    flow_logs.record(sandbox, "ALL", "Subnet", *sandbox.seeded.subnets)
