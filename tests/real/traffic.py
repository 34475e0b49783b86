"""Traffic behind load balancers that others share, nights without much of it, and services that scale in their way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from opschecks.aws.application_autoscaling import auto_scaling, scaling_schedules
from opschecks.aws.cloudwatch_metrics import Metrics, balancer_metrics
from opschecks.aws.ecs import services
from opschecks.aws.elbv2 import TargetHealth, balanced_groups, every_group, load_balancers
from opschecks.aws.own_groups import Fronted, fronted_targets, own_groups
from opschecks.aws.traffic import balancer_errors, traffic
from opschecks.config.stack import Stack
from opschecks.core.observation import CouldNotLook
from tests.aws.test_auto_scaling import action, policy, target
from tests.canned import ACCOUNT, NOW, Aws, Raw, daily, names, stack
from tests.canned_ecs import service, task_set
from tests.canned_metrics import Points, at, result
from tests.real.rows import Row

alb, scaling = daily("alb"), daily("auto_scaling")
errors, quick = alb.test_server_errors_are_rare, alb.test_responses_are_quick

ELB = f"arn:aws:elasticloadbalancing:{ACCOUNT}"
SHARED = f"{ELB}:loadbalancer/app/shared/50dc6c495c0c9188"
EDGE = f"{ELB}:loadbalancer/net/edge/50dc6c495c0c9188"
METRICS = "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html"
NLB_METRICS = "https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-cloudwatch-metrics.html"
MESSAGES = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDataResult.html"
CALL_MESSAGES = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html"
BLUE_GREEN = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_AdvancedConfiguration.html"
TASK_SETS = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TaskSet.html"
SCHEDULES = "https://docs.aws.amazon.com/autoscaling/application/APIReference/API_ScalableTargetAction.html"
BELOW = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-auto-scaling.html"
DIMENSIONS = "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html#load-balancer-metric-dimensions-alb"


def group_arn(name: str) -> str:
    return f"{ELB}:targetgroup/{name}/73e2d6bc24d8a067"


def steady(value: float, until: int = 5) -> list[tuple[datetime, float]]:
    return [at(minutes, value) for minutes in range(until, 125, 5)]


def front(
    *groups: str,
    filled: Sequence[Raw],
    network: bool = False,
    empty: Sequence[str] = (),
    chosen: Sequence[str] = (),
    health: Any = None,
) -> list[Fronted]:
    """The load balancer with these groups, as the stack's services fill them; `empty` have no targets.

    `chosen` are the stack's `target_groups`; of the others `health` answers for their targets.
    """
    arn = EDGE if network else SHARED
    balancer = {"LoadBalancerArn": arn, "LoadBalancerName": arn.split("/")[2], "Type": "application"}
    told = [
        {"TargetGroupArn": group_arn(one), "TargetGroupName": one, "LoadBalancerArns": [arn], "TargetType": "ip"}
        for one in groups
    ]
    aws = Aws(
        {
            ("elbv2", "DescribeLoadBalancers"): {
                "LoadBalancers": [{**balancer, **({"Type": "network"} if network else {})}]
            },
            ("elbv2", "DescribeTargetGroups"): {"TargetGroups": told},
            ("ecs", "DescribeServices"): {"services": list(filled)},
            ("elbv2", "DescribeTargetHealth"): health or {"TargetHealthDescriptions": []},
        }
    )
    inventory = names(services=tuple(one["serviceName"] for one in filled), load_balancers=("shared",))
    listed = load_balancers(aws, inventory)
    running = services(aws, inventory, NOW) if filled else []
    known = every_group(aws, listed)
    registered = [
        TargetHealth(arn=group_arn(one), name=one, evidence={"TargetHealthDescriptions": []}) for one in empty
    ]
    own = balanced_groups(stack(target_groups=chosen), known)
    targets = fronted_targets(aws, listed, known, own, registered)
    return own_groups(inventory, listed, known, own, running, targets)


def fills(*groups: str, of: str = "backend", **changes: Any) -> Raw:
    """A service of the stack behind these groups."""
    return service(of=of, loadBalancers=[{"targetGroupArn": group_arn(one)} for one in groups], **changes)


def measured(fronted: list[Fronted], told: Mapping[str, Points], checked: Stack | None = None, **more: Any) -> Metrics:
    """CloudWatch's answer: "app RequestCount" of a group, "RequestCount" of the balancer, "… hourly" by the hour."""

    def answer(MetricDataQueries: Any, **_: Any) -> Raw:  # noqa: N803 - AWS's names
        results = []
        for query in MetricDataQueries:
            stat = query["MetricStat"]
            of = {one["Name"]: one["Value"] for one in stat["Metric"]["Dimensions"]}
            group = of["TargetGroup"].split("/")[1] + " " if "TargetGroup" in of else ""
            key = group + stat["Metric"]["MetricName"] + (" hourly" if stat["Period"] == 3600 else "")
            results.append(result(query, told.get(key, [])) | (more.get("result") or {}))
        return {"MetricDataResults": results, **(more.get("call") or {})}

    checked = checked or stack()
    return balancer_metrics(checked, Aws({("cloudwatch", "GetMetricData"): answer}, checked), fronted, NOW)


def seen(
    fronted: list[Fronted], told: Mapping[str, Points], checked: Stack | None = None, **more: Any
) -> dict[str, Any]:
    """What the checks of traffic are given."""
    found = measured(fronted, told, checked, **more)
    listed = [one.balancer for one in fronted]
    return {
        "traffic": traffic(found, fronted, NOW),
        "balancer_errors": balancer_errors(found, listed, fronted, NOW),
        "stack": checked or stack(),
    }


def network_only() -> dict[str, Any]:
    found = measured([], {})
    aws = Aws({("elbv2", "DescribeLoadBalancers"): {"LoadBalancers": [
        {"LoadBalancerArn": EDGE, "LoadBalancerName": "edge", "Type": "network"}]}})  # fmt: skip
    listed = load_balancers(aws, names(load_balancers=("edge",)))
    return {"traffic": [], "balancer_errors": balancer_errors(found, listed, [], NOW)}


OURS = {"RequestCount": steady(900), "app RequestCount": steady(300), "app TargetResponseTime": steady(0.2)}


def ALONE() -> list[Fronted]:  # noqa: N802 - as the other situations of the rows
    """A load balancer of our own."""
    return front("app", filled=[fills("app")])


def NEIGHBOURS() -> list[Fronted]:  # noqa: N802 - as above
    """One that another stack uses too."""
    return front("app", "shop", filled=[fills("app")])


def NAMED(*empty: str, unread: Sequence[str] = (), groups: Sequence[str] = ("shop",)) -> list[Fronted]:  # noqa: N802 - as above
    """One of whose groups the stack's `target_groups` names but one; `empty` have no targets."""

    def health(TargetGroupArn: str, **_: Any) -> Raw:  # noqa: N803 - AWS's name
        name = TargetGroupArn.split("/")[1]
        if name in unread:
            raise CouldNotLook("elasticloadbalancing:DescribeTargetHealth", "Throttling: Rate exceeded")
        target = {"Target": {"Id": "10.0.0.7", "Port": 80}, "TargetHealth": {"State": "healthy"}}
        return {"TargetHealthDescriptions": [] if name in empty else [target]}

    return front("app", *groups, filled=[], chosen=("app",), health=health)


ITSELF = {**OURS, "HTTPCode_ELB_5XX_Count": [at(9, 40)]}
ACCEPTED = stack(limits={"app/shared/*": {"errors_5xx_per_minute": 500}})
UNITS = {"Messages": [{"Code": "MultipleUnits", "Value": "Multiple units returned"}]}
TWINS = {"advancedConfiguration": {"alternateTargetGroupArn": group_arn("green"), "productionListenerRule": "r",
         "roleArn": "arn:aws:iam::123456789012:role/ecs"}}  # fmt: skip
BOTH_COLOURS = service(loadBalancers=[{"targetGroupArn": group_arn("blue"), **TWINS}])
BY_CODE_DEPLOY = service(
    deployments=None,
    loadBalancers=[{"targetGroupArn": group_arn("blue")}],
    taskSets=[
        task_set(7, loadBalancers=[{"targetGroupArn": group_arn("blue")}]),
        task_set(8, status="ACTIVE", loadBalancers=[{"targetGroupArn": group_arn("green")}]),
    ],
)


def scales(
    low: int,
    high: int,
    desired: int,
    *actions: Raw | Exception,
    checked: Stack | None = None,
    described: CouldNotLook | None = None,
    **changes: Any,
) -> dict[str, Any]:
    """A service with a scalable target (none where `high` is 0), so many desired tasks, and scheduled actions.

    `described` is why the services could not be read where only that is not known; `changes` are of the service.
    """
    refused = next((one for one in actions if isinstance(one, Exception)), None)
    planned = [one for one in actions if not isinstance(one, Exception)]
    told = service(**{"desiredCount": desired, "runningCount": desired, **changes})
    aws = Aws(
        {
            ("application-autoscaling", "DescribeScalableTargets"): {
                "ScalableTargets": [target(MinCapacity=low, MaxCapacity=high)] if high else []
            },
            ("application-autoscaling", "DescribeScalingPolicies"): {"ScalingPolicies": [policy()] if high else []},
            ("application-autoscaling", "DescribeScheduledActions"): refused or {"ScheduledActions": planned},
            ("ecs", "DescribeServices"): {"services": [told]},
        }
    )
    inventory = names(services=("backend",))
    running = services(aws, inventory, NOW)
    schedules = refused if isinstance(refused, CouldNotLook) else scaling_schedules(aws, inventory)
    return {
        "auto_scaling": auto_scaling(aws, inventory, schedules, described or running),
        "services": running,
        "stack": checked or stack(),
    }


DENIED = CouldNotLook("application-autoscaling:DescribeScheduledActions", "AccessDeniedException: not authorized")
SINGLE = stack(cluster="prod", services=["backend"], limits={"prod/backend": {"min_tasks": 1, "max_tasks": 1}})

ROWS = {
    "a neighbour on the shared balancer answers 200 5xx a minute": Row(errors,
        lambda: seen(NEIGHBOURS(), {**OURS, "HTTPCode_Target_5XX_Count": steady(200)}),
        {"app": "passed", "shared": "passed"}, DIMENSIONS),
    "a neighbour is slow": Row(quick,
        lambda: seen(NEIGHBOURS(), {**OURS, "shop TargetResponseTime": steady(9), "TargetResponseTime": steady(7)}),
        "passed", DIMENSIONS, "p95 peaked at 200 ms"),
    "our own group answers 30 5xx a minute, on a shared balancer": Row(errors,
        lambda: seen(NEIGHBOURS(), {**OURS, "app HTTPCode_Target_5XX_Count": [at(9, 30)]}),
        {"app": "failed", "shared": "passed"}, DIMENSIONS, "peaked at 30 5xx"),
    "the shared balancer itself answers 503s, whose it does not tell": Row(errors,
        lambda: seen(NEIGHBOURS(), {**OURS, "HTTPCode_ELB_5XX_Count": [at(9, 40)]}),
        {"app": "passed", "shared": "passed"}, METRICS, "the stack's services do not fill shop"),
    "the balancer answers 503s itself, and its default group, which is empty, is no neighbour": Row(errors,
        lambda: seen(front("app", "default", filled=[fills("app")], empty=["default"]),
                     {**OURS, "HTTPCode_ELB_5XX_Count": [at(9, 40)]}),
        {"app": "passed", "shared": "failed"}, METRICS, "peaked at 40 5xx"),
    "the group that target_groups leaves out is a default group, which is empty": Row(errors,
        lambda: seen(NAMED("shop"), ITSELF), {"app": "passed", "shared": "failed"}, METRICS, "peaked at 40 5xx"),
    "the group that target_groups leaves out is another stack's": Row(errors,
        lambda: seen(NAMED(), ITSELF), {"app": "passed", "shared": "passed"}, METRICS, "do not fill shop"),
    "of one that target_groups leaves out the targets cannot be read, and another has some": Row(errors,
        lambda: seen(NAMED(unread=["a"], groups=["a", "b"]), ITSELF),
        {"app": "passed", "shared": "passed"}, METRICS, "do not fill a, b"),
    "of none that target_groups leaves out the targets can be read": Row(errors,
        lambda: seen(NAMED(unread=["a", "b"], groups=["a", "b"]), ITSELF),
        {"app": "passed", "shared": "blind"}, METRICS, "DescribeTargetHealth"),
    "of none that target_groups leaves out the targets can be read, and the balancer is well": Row(errors,
        lambda: seen(NAMED(unread=["a", "b"], groups=["a", "b"]), OURS),
        {"app": "passed", "shared": "passed"}, METRICS),
    "the shared balancer's own errors are accepted by a limit of its own": Row(errors,
        lambda: seen(NEIGHBOURS(), {**OURS, "HTTPCode_ELB_5XX_Count": [at(9, 40)]}, ACCEPTED),
        {"app": "passed", "shared": "passed"}, METRICS),
    "a balancer of our own answers 503s itself": Row(errors,
        lambda: seen(ALONE(), {**OURS, "HTTPCode_ELB_5XX_Count": [at(9, 40)]}),
        {"app": "passed", "shared": "failed"}, METRICS, "peaked at 40 5xx"),
    "every target is gone: only the balancer's metric has data": Row(errors,
        lambda: seen(ALONE(), {"HTTPCode_ELB_5XX_Count": steady(60)}),
        {"app": "blind", "shared": "failed"}, METRICS),
    "the idle colour of blue/green has had no request for a day": Row(errors,
        lambda: seen(front("blue", "green", filled=[BOTH_COLOURS]),
                     {"RequestCount": steady(300), "blue RequestCount": steady(300)}),
        {"blue": "passed", "green": "passed", "shared": "passed"}, BLUE_GREEN),
    "the idle colour has no response times, either": Row(quick,
        lambda: seen(front("blue", "green", filled=[BOTH_COLOURS]),
                     {"RequestCount": steady(300), "blue RequestCount": steady(300),
                      "blue TargetResponseTime": steady(0.2)}),
        {"blue": "passed", "green": "passed"}, BLUE_GREEN, "no request in the last hour"),
    "the new colour of a CODE_DEPLOY service fails its test traffic": Row(errors,
        lambda: seen(front("blue", "green", filled=[BY_CODE_DEPLOY]),
                     {"RequestCount": steady(300), "blue RequestCount": steady(300), "green RequestCount": steady(20),
                      "green HTTPCode_Target_5XX_Count": [at(4, 18)]}),
        {"blue": "passed", "green": "failed", "shared": "passed"}, TASK_SETS),
    "a network load balancer has no 5xx": Row(errors, network_only, "passed", NLB_METRICS, "a network load balancer"),
    "a network load balancer sees no response times": Row(quick, network_only, "passed", NLB_METRICS),
    "a stack without ECS services has every group of its balancer": Row(errors,
        lambda: seen(front("app", filled=[]), {**OURS, "app HTTPCode_Target_5XX_Count": [at(4, 18)]}),
        {"app": "failed", "shared": "passed"}, DIMENSIONS),
    "two requests at night, one of which took nine seconds": Row(quick,
        lambda: seen(ALONE(), {"app RequestCount": [at(20, 2)], "app RequestCount hourly": [at(30, 2)],
                               "app TargetResponseTime": [at(20, 9.0)],
                               "app TargetResponseTime hourly": [at(30, 9.0)]}),
        "passed", METRICS, "2 requests in the last hour: too few for a p95"),
    "the last requests came 40 minutes ago, and were quick": Row(quick,
        lambda: seen(ALONE(), {"app RequestCount": [at(40, 5)], "app TargetResponseTime": [at(40, 0.2)]}),
        "passed", METRICS, "p95 peaked at 200 ms"),
    "three requests in each five minutes, all of them slow": Row(quick,
        lambda: seen(ALONE(), {"app RequestCount": steady(3), "app RequestCount hourly": [at(30, 36)],
                               "app TargetResponseTime": steady(4.0), "app TargetResponseTime hourly": [at(30, 4.0)]}),
        "failed", METRICS, "p95 peaked at 4000 ms"),
    "one of a few requests was slow, and the hour is quick": Row(quick,
        lambda: seen(ALONE(), {"app RequestCount": steady(3), "app RequestCount hourly": [at(30, 36)],
                               "app TargetResponseTime": [at(10, 4.0), *steady(0.2, 15)],
                               "app TargetResponseTime hourly": [at(30, 0.4)]}),
        "passed", METRICS, "p95 peaked at 400 ms"),
    "no request at all for a day": Row(errors, lambda: seen(ALONE(), {}), {"app": "blind", "shared": "blind"}, METRICS),
    "CloudWatch found several units": Row(quick,
        lambda: seen(ALONE(), OURS, result=UNITS),
        "blind", MESSAGES, "Multiple units returned"),
    "CloudWatch did as much of the call as it could": Row(errors,
        lambda: seen(ALONE(), OURS, call={"Messages": [{"Value": "Maximum number of allowed metrics exceeded"}]}),
        {"app": "blind", "shared": "blind"}, CALL_MESSAGES, "Maximum number of allowed metrics exceeded"),
    "CloudWatch returned a part": Row(errors, lambda: seen(ALONE(), OURS, result={"StatusCode": "PartialData"}),
        {"app": "blind", "shared": "blind"}, MESSAGES, "PartialData"),
    "a pipeline put the desired count below the minimum": Row(scaling.test_services_are_within_their_task_limits,
        lambda: scales(2, 10, 1), "failed", BELOW, "fewer than the minimum, 2"),
    "more tasks are desired than the maximum": Row(scaling.test_services_are_within_their_task_limits,
        lambda: scales(2, 10, 14), "failed", BELOW, "more than the maximum, 10"),
    "a schedule lowers the limits at night": Row(scaling.test_scaling_limits_are_as_wanted,
        lambda: scales(1, 3, 1, action(min=1, max=3)), "passed", SCHEDULES,
        "set by the schedule: night"),
    "a schedule keeps one task at night": Row(scaling.test_services_are_not_at_max_capacity,
        lambda: scales(1, 1, 1, action(min=1, max=1)), "passed", SCHEDULES),
    "a maximum that no schedule has set": Row(scaling.test_scaling_limits_are_as_wanted,
        lambda: scales(2, 3, 2, action(min=2, max=4)), "failed", SCHEDULES, "expected maximum 10"),
    "limits that somebody may have set, while schedules may not be read": Row(scaling.test_scaling_limits_are_as_wanted,
        lambda: scales(1, 3, 2, DENIED), "blind", SCHEDULES, "DescribeScheduledActions"),
    "limits as wanted, while schedules may not be read": Row(scaling.test_scaling_limits_are_as_wanted,
        lambda: scales(2, 10, 2, DENIED), "passed", SCHEDULES),
    "a scheduler of one task has no scalable target": Row(scaling.test_services_can_scale,
        lambda: scales(0, 0, 1, checked=SINGLE), "passed", BELOW, "always 1"),
    "a second scheduler was started": Row(scaling.test_services_are_within_their_task_limits,
        lambda: scales(0, 0, 2, checked=SINGLE), "failed", BELOW, "more than the maximum, 1"),
}  # fmt: skip
