"""ECS services run what they should, and have spare capacity."""

from datetime import datetime, timedelta

from opschecks import Examine, Severity, Stack, check, plural
from opschecks.aws.ecs import Task
from opschecks.aws.rollouts import Rollout
from opschecks.aws.traffic import ServiceLoad
from opschecks.remedies.settings.ecs import RollBackService, ScaleService


@check(Severity.MEDIUM, runbook="cpu", failing="A service has run hot for an hour")
def test_cpu_leaves_headroom(service_load: list[ServiceLoad], stack: Stack, examine: Examine) -> None:
    """Above the scaling target for a whole hour means that scaling does not keep up, and the next peak hurts."""
    for service in service_load:
        with examine(service) as note:
            limit = stack.limits.of(service).cpu_percent
            note(f"{service.cpu_last_hour:.0f} % over the last hour", expected=f"at most {limit:g} %")
            assert service.cpu_last_hour <= limit, f"limit {limit:g} %"


@check(Severity.CRITICAL, runbook="high-cpu", failing="A service's CPU is saturated", remedy=ScaleService)
def test_cpu_is_not_saturated(service_load: list[ServiceLoad], stack: Stack, examine: Examine) -> None:
    """A saturated service answers late, fails its health checks and is then restarted into the same load."""
    for service in service_load:
        with examine(service) as note:
            limit, peak = stack.limits.of(service).cpu_saturated_percent, service.cpu_peak
            note(f"CPU peaked at {peak:.3g} % within the last half hour", expected=f"at most {limit:g} %")
            assert peak <= limit, f"limit {limit:g} %; {service.beside}"
            note(service.beside)


@check(Severity.HIGH, runbook="memory-and-latency", failing="A service is short of memory")
def test_memory_leaves_headroom(service_load: list[ServiceLoad], stack: Stack, examine: Examine) -> None:
    """A task that reaches its limit is killed, and its WebSocket sessions with it."""
    for service in service_load:
        with examine(service) as note:
            limits = stack.limits.of(service)
            average, peak = service.memory_last_hour, service.memory_peak
            wanted = f"average at most {limits.memory_percent:g} %, peak at most {limits.memory_peak_percent:g} %"
            note(f"averaged {average:.3g} % over the last hour, peaked at {peak:.3g} %", expected=wanted)
            assert average <= limits.memory_percent, f"limit of the average {limits.memory_percent:g} %"
            assert peak <= limits.memory_peak_percent, f"limit of the peak {limits.memory_peak_percent:g} %"


@check(Severity.CRITICAL, runbook="scale-backend", failing="A service does not run its desired number of tasks")
def test_services_run_the_tasks_they_want(
    task_counts: list[Rollout], stack: Stack, now: datetime, examine: Examine
) -> None:
    """Missing tasks are missing capacity; a service with none is down, whatever else looks well."""
    for rollout in task_counts:
        with examine(rollout) as note:
            service = rollout.service
            longest = stack.limits.of(service).deployment_minutes
            assert service.status == "ACTIVE", f"the service is {service.status}"
            note(f"{service.running} of {service.desired} tasks run, {service.pending} pending")
            assert service.desired > 0 or service.is_daemon, "its desired count is 0"
            assert not rollout.cannot_start, rollout.cannot_start
            if service.running < service.desired:
                assert rollout.is_starting, rollout.why or "none is being started for the missing ones"
                waiting = (now - service.short_since) / timedelta(minutes=1)
                limit = plural(longest, "minute")
                tried = f"the missing ones have been tried for {plural(round(waiting), 'minute')}"
                note(tried, expected=f"all running within {limit}")
                assert waiting <= longest, f"limit {limit}" + (f"; {rollout.why}" if rollout.why else "")


@check(
    Severity.HIGH,
    runbook="scale-backend",
    failing="A deployment has failed or does not end",
    remedy=RollBackService,
)
def test_deployments_are_settled(rollouts: list[Rollout], stack: Stack, examine: Examine) -> None:
    """A deployment that hangs leaves two versions serving, and the next one waits behind it."""
    for rollout in rollouts:
        with examine(rollout) as note:
            service = rollout.service
            longest = timedelta(minutes=stack.limits.of(service).deployment_minutes)
            assert service.status not in ("MISSING", "INACTIVE"), f"the service is {service.status}"
            assert service.deployments or service.task_sets, "it has no deployment"
            assert not rollout.failure, rollout.failure
            assert not rollout.cannot_start, rollout.cannot_start
            for moving in rollout.under_way:
                limit = longest + moving.planned
                note(str(moving), expected=f"ends within {plural(limit / timedelta(minutes=1), 'minute')}")
                assert moving.age <= limit, f"limit {plural(limit / timedelta(minutes=1), 'minute')}"
            if rollout.by_events_only:
                note(f"judged by the service's messages alone: {rollout.by_events_only}")


@check(Severity.HIGH, runbook="scale-backend", failing="Tasks are unhealthy or keep dying")
def test_tasks_are_healthy(tasks: list[Task], examine: Examine) -> None:
    """ECS replaces what dies, so that the count looks right while sessions are dropped again and again."""
    for task in tasks:
        with examine(task):
            assert not task.death, f"it stopped within the hour: {task.death}"
            if task.is_wanted:
                assert task.health != "UNHEALTHY", "its health check fails"
