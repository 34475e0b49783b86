"""Before a deploy: is now a good time, and could it be rolled back?"""

from opschecks import Answer, Examine, Severity, Stack, check
from opschecks.aws.application_autoscaling import ServiceScaling
from opschecks.aws.cloudwatch_alarms import Alarm
from opschecks.aws.ecs import Service
from opschecks.aws.elbv2 import TargetHealth, told
from opschecks.aws.freeze_windows import FreezeWindow
from opschecks.aws.rollouts import Rollout
from opschecks.aws.traffic import BalancerErrors, ServiceLoad, Traffic


@check(Severity.HIGH, runbook="deploy-backend", failing="A change freeze is in force", may_be_empty=True)
def test_no_change_is_frozen(freeze_windows: list[FreezeWindow], examine: Examine) -> None:
    """Whoever declared the freeze relies on nothing changing, and may not be there to help."""
    for window in freeze_windows:
        with examine(window):
            assert not window.is_open, f"until {window.ends:%Y-%m-%d %H:%M} UTC: {window.reason}"


@check(Severity.CRITICAL, runbook="scale-backend", failing="Another deployment is under way")
def test_no_deployment_is_under_way(rollouts: list[Rollout], examine: Examine) -> None:
    """Two deployments at once cannot be told apart, and the second one waits behind what the first one broke."""
    for rollout in rollouts:
        with examine(rollout) as note:
            service = rollout.service
            assert service.status == "ACTIVE", f"the service is {service.status}"
            assert service.deployments or service.task_sets, "it has no deployment"
            assert not rollout.under_way, "; ".join(map(str, rollout.under_way))
            assert rollout.state == "COMPLETED", f"the deployment is {rollout.state}"
            assert not rollout.replacing, f"{', '.join(rollout.replacing)} is not replaced yet"
            note(f"{rollout.current.revision} serves with {service.running} of {service.desired} tasks")
            assert service.desired > 0 or service.is_daemon, "its desired count is 0"
            # one more than desired runs for a while after scaling in
            assert service.running >= service.desired, rollout.why or "tasks are missing"


@check(Severity.HIGH, runbook="backend-health", failing="Targets are unhealthy before the deploy")
def test_targets_can_take_a_deploy(served_groups: list[TargetHealth], examine: Examine) -> None:
    """A rolling deployment removes healthy targets for a while; later nobody can say why the others were unhealthy."""
    for group in served_groups:
        with examine(group) as note:
            if group.not_judged:
                note(group.not_judged)
                continue
            ill = group.ill
            # what scaling in takes away is about to go
            staying = len(group.targets) - len(group.in_state("draining"))
            note(f"{len(group.in_state('healthy'))} of {staying} targets are healthy")
            assert group.in_state("healthy"), group.why_none
            assert not ill, told(ill)


@check(Severity.HIGH, runbook="alarms", failing="An alarm rings before the deploy")
def test_alarms_are_quiet_before_the_deploy(alarms: list[Alarm], examine: Examine) -> None:
    """What rings already hides what the deploy will break."""
    for alarm in alarms:
        with examine(alarm):
            assert alarm.state != "ALARM", f"since {alarm.since:%Y-%m-%d %H:%M} UTC: {alarm.reason}"


@check(Severity.HIGH, runbook="high-error-rate", failing="Users get errors before the deploy")
def test_errors_are_rare_before_the_deploy(
    traffic: list[Traffic], balancer_errors: list[BalancerErrors], stack: Stack, examine: Examine
) -> None:
    """Errors that were there before are blamed on the deploy, or hide its own."""
    measured: list[Traffic | BalancerErrors] = [*traffic, *balancer_errors]
    for one in measured:
        with examine(one) as note:
            if not one.speaks_http:
                note("a network load balancer: it answers nothing itself")
                continue
            limit = stack.limits.of(one).errors_5xx_per_minute
            if shared := one.shared_5xx(limit):
                note(shared)
                continue
            worst = one.errors_5xx_per_minute
            note(f"peaked at {worst:g} 5xx in a minute of the last hour")
            assert worst <= limit, f"limit {limit} per minute"


@check(Severity.MEDIUM, runbook="cpu", failing="There is no spare capacity for a deploy")
def test_capacity_is_to_spare(service_load: list[ServiceLoad], stack: Stack, examine: Examine) -> None:
    """New tasks start cold: a service at its limit before a deploy is over it in the middle."""
    for service in service_load:
        with examine(service) as note:
            note(f"CPU peaked at {service.cpu_peak:.3g} % within the last half hour")
            limit = stack.limits.of(service).cpu_percent
            assert service.cpu_peak <= limit, f"limit {limit:g} %"


@check(Severity.MEDIUM, runbook="auto-scaling", failing="Scaling has no room during a deploy")
def test_scaling_has_room_for_a_deploy(
    auto_scaling: list[ServiceScaling], services: list[Service], stack: Stack, examine: Examine
) -> None:
    """At the maximum, nothing can take the load that cold tasks push onto the warm ones."""
    wanted = Answer({service.name: service for service in services}, "ecs:DescribeServices")
    for scaling in auto_scaling:
        with examine(scaling) as note:
            if fixed := stack.limits.of(scaling).fixed_tasks:
                note(f"always {fixed}, by its limits min_tasks and max_tasks")
                continue
            if scaling.never_scales:
                note(scaling.never_scales)
                continue
            assert scaling.is_registered, "it has no scalable target"
            desired = wanted[scaling.name].desired
            note(f"{desired} of at most {scaling.max_capacity} tasks")
            assert desired < scaling.max_capacity, "it is at its maximum"
