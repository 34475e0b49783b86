"""Stacks of several clusters, balancers, distributions and alarm prefixes; one that cannot be read is blind alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from opschecks.aws.application_autoscaling import auto_scaling
from opschecks.aws.cdn_caching import CACHING_DISABLED, CACHING_OPTIMIZED, bucket_behaviors
from opschecks.aws.cloudformation import formation_stacks
from opschecks.aws.cloudfront import distribution, distributions, invalidations
from opschecks.aws.cloudwatch_alarms import alarms
from opschecks.aws.cloudwatch_metrics import balancer_metrics, service_metrics
from opschecks.aws.ecs import services, tasks
from opschecks.aws.elbv2 import balanced_groups, every_group, load_balancers, registered_targets
from opschecks.aws.flow_logs import vpcs
from opschecks.aws.inventory import Inventory, inventory
from opschecks.aws.own_groups import own_groups, target_health
from opschecks.aws.rollouts import rollouts, task_counts
from opschecks.aws.scaling_activities import scaling_week
from opschecks.aws.service_deployments import service_deployments
from opschecks.aws.traffic import balancer_errors, service_load, traffic
from opschecks.core.observation import CouldNotLook, NotConfigured, NotThere
from tests.aws import test_cdn_caching as of_cdn
from tests.aws.test_auto_scaling import target
from tests.aws.test_flow_logs import log
from tests.aws.test_scaling_activities import activity
from tests.canned import ACCOUNT, NOW, Aws, Raw, ago, checks_of, daily, stack, weekly
from tests.canned_alarms import metric_alarm
from tests.canned_ecs import service
from tests.canned_metrics import Points, by_metric
from tests.canned_site import invalidation, listing
from tests.real.one_of_many import DENIALS, denied
from tests.real.rows import Row, rows_by

ECS = f"arn:aws:ecs:{ACCOUNT}"
ELB = f"arn:aws:elasticloadbalancing:{ACCOUNT}"
CLUSTERS = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/clusters.html"
BALANCERS = "https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeLoadBalancers.html"
ALARMS = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html"
DIMENSIONS = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/available-metrics.html"
CDN = "https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_GetDistribution.html"
FORMATION = "https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ListStacks.html"
SCALING = "https://docs.aws.amazon.com/autoscaling/application/APIReference/API_DescribeScalableTargets.html"

SHOP = stack(cluster=["prod", "jobs"], services=["prod/web", "jobs/web", "jobs/mail"])
"""Two clusters, of which each has a service called web."""
KNOWN: Inventory = inventory(SHOP, Aws({}))


def in_cluster(cluster: str, of: str, **changes: Any) -> Raw:
    """A service of a cluster, as DescribeServices has it."""
    arns = {"serviceArn": f"{ECS}:service/{cluster}/{of}", "clusterArn": f"{ECS}:cluster/{cluster}"}
    return service(of=of, **{**arns, **changes})


def ecs(refused: str = "", **changes: Raw) -> Aws:
    """Both clusters; `refused` may not be read. `changes` are of services, by name."""

    def described(cluster: str, services: Sequence[str]) -> Any:
        if cluster == refused:
            return denied("ecs:DescribeServices")
        return {"services": [in_cluster(cluster, one, **changes.get(f"{cluster}_{one}", {})) for one in services]}

    def listed(cluster: str, desiredStatus: str, **_: Any) -> Any:  # noqa: N803 - AWS's name
        if cluster == refused:
            return denied("ecs:ListTasks")
        return {"taskArns": [f"{ECS}:task/{cluster}/1"] if desiredStatus == "RUNNING" else []}

    def told(cluster: str, tasks: Sequence[str]) -> Any:
        one: Raw = {
            "taskArn": tasks[0],
            "group": "service:web",
            "lastStatus": "RUNNING",
            "desiredStatus": "RUNNING",
            "healthStatus": "UNHEALTHY" if changes.get(f"{cluster}_task") else "HEALTHY",
            "taskDefinitionArn": f"{ECS}:task-definition/web:3",
            "containers": [],
            "createdAt": ago(days=1),
        }
        return {"tasks": [one]}

    return Aws(
        {
            ("ecs", "DescribeServices"): described,
            ("ecs", "ListTasks"): listed,
            ("ecs", "DescribeTasks"): told,
            ("ecs", "ListServiceDeployments"): {"serviceDeployments": []},
        }
    )


def running(refused: str = "", **changes: Raw) -> Mapping[str, Any]:
    """The rollouts of both clusters' services."""
    aws = ecs(refused, **changes)
    seen = services(aws, KNOWN, NOW)
    return {
        "rollouts": rollouts(seen, service_deployments(aws, KNOWN, NOW), tasks(aws, KNOWN), NOW),
        "task_counts": task_counts(seen, lambda: service_deployments(aws, KNOWN, NOW), lambda: tasks(aws, KNOWN), NOW),
        "tasks": tasks(aws, KNOWN),
        "services": seen,
        "stack": SHOP,
    }


def scaled(refused: str = "", most: int = 10) -> Mapping[str, Any]:
    """Auto-scaling of both clusters: `most` is the maximum of jobs/web."""
    targets = [target(ResourceId=path, MaxCapacity=most if path == "service/jobs/web" else 10) for path in KNOWN.paths]
    aws = Aws(
        {
            ("application-autoscaling", "DescribeScalableTargets"): {"ScalableTargets": targets},
            ("application-autoscaling", "DescribeScalingPolicies"): {"ScalingPolicies": []},
        }
    )
    seen = services(ecs(refused), KNOWN, NOW)
    return {"auto_scaling": auto_scaling(aws, KNOWN, {one: [] for one in KNOWN.paths}, seen), "stack": SHOP}


def hour_of(value: float) -> Points:
    return [(NOW - timedelta(minutes=5 * n), value) for n in range(1, 13)]


def loaded(**percent: float) -> Mapping[str, Any]:
    """CPU of each service, told apart by its cluster: by cluster and name, with an underscore."""

    def points(query: Any) -> Points:
        of = {one["Name"]: one["Value"] for one in query["MetricStat"]["Metric"]["Dimensions"]}
        return hour_of(percent.get(f"{of['ClusterName']}_{of['ServiceName']}", 20.0))

    aws = Aws({("cloudwatch", "GetMetricData"): by_metric(points)})
    measured = service_metrics(SHOP, aws, KNOWN, NOW)
    none = NotConfigured("", "none")
    load = service_load(measured, KNOWN, services(ecs(), KNOWN, NOW), none, lambda: none, NOW, SHOP)
    return {"service_load": load, "stack": SHOP}


FRONT = stack(cluster="prod", services=["web"], load_balancer=["front", "back", "edge"])


def balanced(*there: str, silent: bool = False, **healthy: bool) -> Mapping[str, Any]:
    """Balancers of which each has one group of its name; ECS fills that of `front`, functions those of the others."""

    def described(Names: Sequence[str]) -> Any:  # noqa: N803 - AWS's name
        if not {*Names} <= {*there} and not silent:
            return NotThere("elasticloadbalancing:DescribeLoadBalancers", "LoadBalancerNotFound: One or more not found")
        return {
            "LoadBalancers": [
                {
                    "LoadBalancerArn": f"{ELB}:loadbalancer/app/{one}/1f",
                    "LoadBalancerName": one,
                    "Type": "application",
                    "VpcId": "vpc-1",
                    "DNSName": f"{one}.example",
                }
                for one in Names
                if one in there
            ]
        }

    def groups(LoadBalancerArn: str) -> Raw:  # noqa: N803 - AWS's name
        name = LoadBalancerArn.split("/")[-2]
        arn = f"{ELB}:targetgroup/{name}/1f"
        return {
            "TargetGroups": [{"TargetGroupArn": arn, "TargetGroupName": name, "LoadBalancerArns": [LoadBalancerArn]}]
        }

    def health(TargetGroupArn: str) -> Raw:  # noqa: N803 - AWS's name
        state = "healthy" if healthy.get(TargetGroupArn.split("/")[-2], True) else "unhealthy"
        return {
            "TargetHealthDescriptions": [{"Target": {"Id": "10.0.0.1", "Port": 80}, "TargetHealth": {"State": state}}]
        }

    def points(query: Any) -> Points:
        return hour_of(9.0) if query["MetricStat"]["Metric"]["MetricName"] == "RequestCount" else []

    filled = [{"targetGroupArn": f"{ELB}:targetgroup/front/1f"}]
    aws = Aws(
        {
            ("elbv2", "DescribeLoadBalancers"): described,
            ("elbv2", "DescribeTargetGroups"): groups,
            ("elbv2", "DescribeTargetHealth"): health,
            ("cloudwatch", "GetMetricData"): by_metric(points),
            ("ec2", "DescribeFlowLogs"): {"FlowLogs": [log(LogGroupName="flows")]},
            ("ecs", "DescribeServices"): {"services": [in_cluster("prod", "web", loadBalancers=filled)]},
        }
    )
    known = inventory(FRONT, aws)
    seen = load_balancers(aws, known)
    every = every_group(aws, seen)
    own = balanced_groups(FRONT, every)
    running = services(aws, known, NOW)
    registered = registered_targets(aws, own)
    fronted = own_groups(known, seen, every, own, running, registered)
    measured = balancer_metrics(FRONT, aws, fronted, NOW)
    return {
        "served_groups": target_health(FRONT, registered, running),
        "traffic": traffic(measured, fronted, NOW),
        "balancer_errors": balancer_errors(measured, seen, fronted, NOW),
        "vpcs": vpcs(aws, seen, NotConfigured("", "none")),
        "stack": FRONT,
    }


def ringing(*names: str, prefixes: Sequence[str] = ("shop-", "mail-")) -> Mapping[str, Any]:
    """Two beginnings of alarms; the named ones are in ALARM. Others' alarms are there as well."""
    every = ["shop-5xx", "shop-cpu", "mail-queue", "crm-errors"]

    def described(AlarmNamePrefix: str, **_: Any) -> Raw:  # noqa: N803 - AWS's name
        since = {"StateReason": "Threshold Crossed", "StateTransitionedTimestamp": ago(hours=1)}
        told = [
            metric_alarm(one, "ALARM" if one in names else "OK", **since)
            for one in every
            if one.startswith(AlarmNamePrefix)
        ]
        return {"MetricAlarms": told, "CompositeAlarms": []}

    here = stack(alarm_prefix=list(prefixes))
    aws = Aws({("cloudwatch", "DescribeAlarms"): described})
    return {"alarms": alarms(here, aws, inventory(here, aws)), "stack": here}


SITES = stack(distribution_id=["E1", "E2"])


def cdn(refused: str = "", policy: str = CACHING_OPTIMIZED, going: str = "") -> Mapping[str, Any]:
    """Two distributions before buckets; `policy` is that of E2, `going` has an invalidation under way."""

    def told(Id: str) -> Any:  # noqa: N803 - AWS's name
        if refused == Id:
            return denied("cloudfront:GetDistribution")
        one = of_cdn.told(of_cdn.config(of_cdn.behavior(CachePolicyId=policy if Id == "E2" else CACHING_OPTIMIZED)))
        return {"Distribution": {**one, "Id": Id, "ARN": f"arn:aws:cloudfront::123456789012:distribution/{Id}"}}

    def listed(DistributionId: str, **_: Any) -> Any:  # noqa: N803 - AWS's name
        if refused == DistributionId:
            return denied("cloudfront:ListInvalidations")
        return listing(*([invalidation(1, "InProgress", hours=1)] if going == DistributionId else []))

    aws = Aws({("cloudfront", "GetDistribution"): told, ("cloudfront", "ListInvalidations"): listed})
    known = inventory(SITES, aws)
    try:
        first: Any = distribution(aws, known)
    except CouldNotLook as why:
        first = why
    return {
        "bucket_behaviors": bucket_behaviors(aws, distributions(aws, known, first)),
        "invalidations": invalidations(aws, known),
    }


def formed(**states: str) -> Mapping[str, Any]:
    """Two CloudFormation stacks that say what the stack has, in these states."""
    here = stack(cloudformation_stack=list(states))
    told = [
        {
            "StackName": name,
            "StackId": f"arn:aws:cloudformation:{ACCOUNT}:stack/{name}/1f",
            "StackStatus": state,
            "CreationTime": ago(days=90),
        }
        for name, state in states.items()
    ]
    aws = Aws({("cloudformation", "ListStacks"): {"StackSummaries": told}})
    return {"formation_stacks": formation_stacks(here, aws), "stack": here}


def turned() -> Mapping[str, Any]:
    """Scaling of one cluster's web only: that of the other has no activity."""
    activities = [
        activity(n, ResourceId="service/jobs/web", Description=f"Setting desired count to {3 + n % 2}.")
        for n in range(1, 20)
    ]
    aws = Aws({("application-autoscaling", "DescribeScalingActivities"): {"ScalingActivities": activities}})
    return {"scaling_week": scaling_week(aws, KNOWN, NOW), "stack": SHOP}


RUN = daily("ecs").test_services_run_the_tasks_they_want
ALL_RUN = dict.fromkeys(("prod/web", "jobs/web", "jobs/mail"), "passed")
TARGETS = daily("alb").test_targets_are_healthy
CACHES = weekly("cdn").test_cdn_is_set_to_cache_and_compress
DONE = checks_of("deploy/after", "dashboard").test_invalidations_are_finished
NONE_RING = {"shop-5xx": "passed", "shop-cpu": "passed", "mail-queue": "passed"}
SETTLED = daily("ecs").test_deployments_are_settled
ATTEMPTS = weekly("scaling").test_scaling_attempts_succeed
ERRORS = daily("alb").test_server_errors_are_rare
RECORDED = weekly("flow_logs").test_vpcs_record_their_traffic
HEALTHY = daily("ecs").test_tasks_are_healthy
ran, turns, behind, edge = rows_by(running), rows_by(turned), rows_by(balanced), rows_by(cdn)
limits = partial(rows_by(scaled), daily("auto_scaling").test_scaling_limits_are_as_wanted)
cpu = partial(rows_by(loaded), daily("ecs").test_cpu_leaves_headroom)
quiet = partial(rows_by(ringing), daily("alarms").test_no_alarm_is_ringing)
formation = partial(rows_by(formed), weekly("cloudformation").test_cloudformation_stacks_are_healthy)
ROWS = {
    "two clusters, a service called web in each": ran(RUN, ALL_RUN, CLUSTERS),
    "two clusters, and the web of one is short of a task": ran(
        RUN, {**ALL_RUN, "jobs/web": "failed"}, CLUSTERS, says="1 of 2 tasks run", jobs_web={"runningCount": 1}
    ),
    "one of two clusters may not be read": ran(
        RUN,
        {"prod/web": "passed", "jobs/web": "blind", "jobs/mail": "blind"},
        DENIALS,
        "jobs",
        says="allow ecs:DescribeServices",
    ),
    "deployments of two clusters, one of which may not be read": ran(
        SETTLED, {"prod/web": "blind", "jobs/web": "passed", "jobs/mail": "passed"}, DENIALS, "prod"
    ),
    "deployments of two clusters": ran(SETTLED, ALL_RUN, CLUSTERS),
    "scaling attempts of two clusters": turns(ATTEMPTS, ALL_RUN, SCALING),
    "errors of three balancers, of which one has a group that ECS fills": Row(
        ERRORS,
        lambda: {**balanced("front", "back", "edge"), "traffic": []},
        {"front": "passed", "back": "passed", "edge": "passed"},
        BALANCERS,
    ),
    "one VPC of three balancers": behind(RECORDED, "passed", BALANCERS, "front", "back", "edge"),
    "tasks of two clusters": Row(HEALTHY, lambda: {"tasks": tasks(ecs(), KNOWN)}, "passed", CLUSTERS),
    "the tasks of one of two clusters may not be listed": ran(
        HEALTHY, {"1": "passed", "jobs/web": "blind", "jobs/mail": "blind"}, DENIALS, "jobs"
    ),
    "auto-scaling of two clusters": limits(ALL_RUN, SCALING),
    "auto-scaling of one cluster's web has another maximum": limits({**ALL_RUN, "jobs/web": "failed"}, SCALING, most=4),
    "CPU of two clusters": cpu(ALL_RUN, DIMENSIONS),
    "CPU of the same name in another cluster": cpu({**ALL_RUN, "jobs/web": "failed"}, DIMENSIONS, jobs_web=97.0),
    "scaling of the same name in another cluster": turns(
        weekly("scaling").test_scaling_does_not_flap, {**ALL_RUN, "jobs/web": "failed"}, SCALING
    ),
    "three balancers, two of which front no ECS service": behind(
        TARGETS, {"front": "passed", "back": "passed", "edge": "passed"}, BALANCERS, "front", "back", "edge"
    ),
    "the targets of a balancer that fronts no ECS service are ill": behind(
        TARGETS, {"front": "passed", "back": "failed", "edge": "passed"}, BALANCERS, "front", "back", "edge", back=False
    ),
    "one of three balancers does not exist": behind(
        TARGETS,
        {"front": "passed", "edge": "passed", "target groups of back": "blind"},
        BALANCERS,
        "front",
        "edge",
        says="LoadBalancerNotFound",
    ),
    "an answer lacks one of three balancers": behind(
        TARGETS,
        {"front": "passed", "edge": "passed", "target groups of back": "blind"},
        BALANCERS,
        "front",
        "edge",
        says="the answer does not mention back",
        silent=True,
    ),
    "errors of three balancers, one of which does not exist": behind(
        ERRORS, {"front": "passed", "edge": "passed", "back": "blind"}, BALANCERS, "front", "edge"
    ),
    "responses of three balancers": Row(
        daily("alb").test_responses_are_quick,
        lambda: {**balanced("front", "edge"), "traffic": []},
        {"back": "blind"},
        BALANCERS,
    ),
    "the VPC of a balancer that does not exist": behind(
        RECORDED, {"vpc-1": "passed", "VPC of back": "blind"}, BALANCERS, "front", "edge"
    ),
    "alarms with two beginnings": quiet(NONE_RING, ALARMS),
    "an alarm with the second beginning rings": quiet(
        {**NONE_RING, "mail-queue": "failed"}, ALARMS, "mail-queue", "crm-errors"
    ),
    "no alarm has one of two beginnings": quiet(
        {"shop-5xx": "passed", "shop-cpu": "passed", "alarms that begin with maill-": "blind"},
        ALARMS,
        says="no alarm begins with maill-",
        prefixes=("shop-", "maill-"),
    ),
    "two distributions": edge(CACHES, {"default behavior of E1": "passed", "default behavior of E2": "passed"}, CDN),
    "the second distribution caches nothing": edge(
        CACHES, {"default behavior of E1": "passed", "default behavior of E2": "failed"}, CDN, policy=CACHING_DISABLED
    ),
    "one of two distributions may not be read": edge(
        CACHES, {"default behavior of E2": "passed", "every behavior of E1": "blind"}, DENIALS, "E1"
    ),
    "two distributions without invalidations": edge(DONE, "nothing", CDN),
    "an invalidation of the second distribution": edge(DONE, "failed", CDN, going="E2"),
    "invalidations of one of two distributions": edge(
        DONE, {"I1": "failed", "invalidations of E2": "blind"}, DENIALS, "E2", going="E1"
    ),
    "two CloudFormation stacks": formation(
        {"app": "passed", "data": "passed"}, FORMATION, app="UPDATE_COMPLETE", data="CREATE_COMPLETE"
    ),
    "the second CloudFormation stack was rolled back": formation(
        {"app": "passed", "data": "failed"}, FORMATION, app="UPDATE_COMPLETE", data="UPDATE_ROLLBACK_COMPLETE"
    ),
}
