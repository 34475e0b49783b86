"""Run as a program: every suite, with --fix=plan, on the healthy production stack and its twins with one thing wrong.

A twin is a fault of that stack only; what the plain sandbox can be given as well is in opschecks.sandbox.faults.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from opschecks.sandbox.seed import put_metrics
from opschecks.sandbox.series import Samples, Told
from tests.programs import run_suite, sandbox_of, tell_each

STACKS = "tests/production_stacks.toml"
AFTER = ["checks/deploy/after", "--expect-revision", "shop-web:2", "--expect-revision", "shop-checkout:1"]
SUITES = {
    "deploy-after": AFTER,
    "daily": ["checks/daily"],
    "weekly": ["checks/weekly"],
    "deploy-before": ["checks/deploy/before"],
}
UNDER_WAY = "test_no_deployment_is_under_way"
"""What refuses a deploy while web is in its bake."""


@dataclass(frozen=True)
class Twin:
    """A production stack with one thing wrong, and the checks that must say so."""

    give: Callable[[Any], None]
    caught_by: tuple[str, ...]
    passes: tuple[str, ...] = ()
    """Checks that fail on the healthy stack, and not on this twin."""


def _healthy(sandbox: Any) -> None:
    """Nothing is wrong."""


def _bake_is_over(sandbox: Any) -> None:
    service = sandbox.service("web")
    new = service.deployments[0]
    new.update(rolloutState="COMPLETED")
    service.deployments, service.past = [new], []


def _bake_hangs(sandbox: Any) -> None:
    service = sandbox.service("web")
    for one in (service.past[0], service.deployments[0]):
        one.update(createdAt=sandbox.now - timedelta(hours=27))
    service.past[0]["startedAt"] = sandbox.now - timedelta(hours=27)


def _bake_was_rolled_back(sandbox: Any) -> None:
    service, ended = sandbox.service("web"), sandbox.now - timedelta(hours=1)
    [told] = service.past
    told.update(status="ROLLBACK_SUCCESSFUL", finishedAt=ended, rollback={"reason": "alarm web-errors"})
    del told["lifecycleStage"]
    old = service.deployments[1]
    old.update(status="PRIMARY", rolloutState="COMPLETED")
    service.deployments = [old]


def _new_colour(sandbox: Any) -> tuple[str, list[str]]:
    """The target group that gets web's production traffic, and the addresses of its targets."""
    [group] = [one for one in sandbox.backend("elbv2").target_groups.values() if one.name == "web-green"]
    return group.arn, list(group.targets)


def _new_colour_is_ill(sandbox: Any) -> None:
    for address in _new_colour(sandbox)[1]:
        sandbox.target_states[address] = ("unhealthy", "Target.Timeout", "Request timed out")


def _both_colours_are_ill(sandbox: Any) -> None:
    _new_colour_is_ill(sandbox)
    for address in sandbox.seeded.targets:
        sandbox.target_states[address] = ("unhealthy", "Target.Timeout", "Request timed out")


def _own_group_answers_errors(sandbox: Any) -> None:
    _answers_errors(sandbox, sandbox.seeded.target_group)


def _new_colour_answers_errors(sandbox: Any) -> None:
    _answers_errors(sandbox, _new_colour(sandbox)[0])


def _answers_errors(sandbox: Any, arn: str) -> None:
    group = arn.rsplit(":", 1)[-1]
    of = {"LoadBalancer": sandbox.seeded.balancer_dimension, "TargetGroup": group}
    told = [
        Told("AWS/ApplicationELB", name, of, "Count", (Samples(sandbox.now - timedelta(minutes=20), (400.0,)),))
        for name in ("HTTPCode_Target_5XX_Count", "RequestCount")
    ]
    quick = Samples(sandbox.now - timedelta(minutes=20), (0.1,), (400,))
    told.append(Told("AWS/ApplicationELB", "TargetResponseTime", of, "Seconds", (quick,)))
    put_metrics(sandbox.client("cloudwatch"), told)


def _worker_is_short(sandbox: Any) -> None:
    sandbox.service("worker").running_count -= 1


def _task_set_is_unsteady(sandbox: Any) -> None:
    [told] = sandbox.service("checkout").task_sets
    told.update(stabilityStatus="STABILIZING", createdAt=sandbox.now - timedelta(hours=2))


def _schedule_is_not_the_limits(sandbox: Any) -> None:
    [target] = [
        one
        for one in sandbox.backend("application-autoscaling").targets["ecs:service:DesiredCount"].values()
        if one.resource_id.endswith("/jobs")
    ]
    target.max_capacity = 2


def _cpu_alarm_is_blind(sandbox: Any) -> None:
    alarms = sandbox.backend("cloudwatch").alarms
    alarm = alarms[f"{sandbox.stack.alarm_prefix}-cpu-high"]
    alarm.state_value, alarm.state_updated_timestamp = "INSUFFICIENT_DATA", sandbox.now - timedelta(hours=4)


def _network_balancer_has_no_target(sandbox: Any) -> None:
    elb = sandbox.client("elbv2")
    group = elb.describe_target_groups(Names=["jobs"])["TargetGroups"][0]["TargetGroupArn"]
    elb.deregister_targets(TargetGroupArn=group, Targets=[{"Id": one} for one in sandbox.seeded.targets])


ILL = ("test_targets_are_healthy", "test_nothing_got_worse", "test_targets_can_take_a_deploy")
ERRORS = ("test_server_errors_are_rare", "test_errors_are_rare_before_the_deploy")
TWINS = {
    "healthy": Twin(_healthy, ()),
    "the bake is over": Twin(_bake_is_over, (), passes=(UNDER_WAY,)),
    "the bake hangs": Twin(_bake_hangs, ("test_deployments_are_settled",)),
    "the bake was rolled back": Twin(
        _bake_was_rolled_back, ("test_deployments_are_settled", "test_what_was_deployed_serves"), passes=(UNDER_WAY,)
    ),
    "both colours are ill": Twin(_both_colours_are_ill, ILL),
    "the new colour is ill": Twin(_new_colour_is_ill, ILL),
    "the new colour answers errors": Twin(_new_colour_answers_errors, ERRORS),
    "its own group answers errors": Twin(_own_group_answers_errors, ERRORS),
    "the worker is short of a task": Twin(
        _worker_is_short, ("test_services_run_the_tasks_they_want", "test_what_was_deployed_serves", UNDER_WAY)
    ),
    "a task set is not steady": Twin(
        _task_set_is_unsteady, ("test_deployments_are_settled", "test_what_was_deployed_serves")
    ),
    "the limits are not the schedule's": Twin(
        _schedule_is_not_the_limits,
        (
            "test_scaling_limits_are_as_wanted",
            "test_services_are_not_at_max_capacity",
            "test_scaling_has_room_for_a_deploy",
        ),
    ),
    "an alarm that always has data is blind": Twin(_cpu_alarm_is_blind, ("test_alarms_can_see",)),
    "the network load balancer has no target": Twin(_network_balancer_has_no_target, ILL),
}


def run(name: str) -> dict[str, Any]:
    """Exit code and outcome of each check of each suite, and what remedies plan and refuse to plan."""
    with sandbox_of(STACKS, "production") as (sandbox, folder):
        _suite("deploy-before", folder)  # the snapshot of when all was well
        TWINS[name].give(sandbox)
        return {"twin": name, "suites": {suite: _suite(suite, folder, "--fix=plan") for suite in SUITES}}


def _suite(suite: str, folder: str, *options: str) -> dict[str, Any]:
    ended = run_suite(suite, folder, *SUITES[suite], "--stack", "production", "--stacks", STACKS, *options)
    planned = Path(folder, "plan.json")
    plan: dict[str, Any] = json.loads(planned.read_text()) if planned.exists() else {}
    planned.unlink(missing_ok=True)
    return {
        **ended,
        "planned": [f"{one['remedy']} on {one['name']}" for one in plan.get("changes", [])],
        "refused": [f"{one['remedy']} on {one['name']}: {one['said']}" for one in plan.get("refused", [])],
    }


if __name__ == "__main__":
    tell_each(run, sys.argv[1:] or list(TWINS))
