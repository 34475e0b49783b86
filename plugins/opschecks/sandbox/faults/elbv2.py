"""Faults of the load balancer's targets and attributes."""

from __future__ import annotations

from ..seed import target_group
from ..seeds.flow_logs import vpc_of
from . import Sandbox, fault

_ATTRIBUTE = "test_websocket_sessions_are_sticky"
_RECONNECT = "test_reconnecting_reaches_the_same_task"


@fault(caught_by=["test_targets_are_healthy", "test_nothing_got_worse", "test_targets_can_take_a_deploy"])
def target_is_unhealthy(sandbox: Sandbox) -> None:
    """One of two targets fails its health checks."""
    sandbox.target_states[sandbox.seeded.targets[0]] = (
        "unhealthy",
        "Target.ResponseCodeMismatch",
        "Health checks failed with these codes: [503]",
    )


@fault(caught_by=["test_targets_are_healthy", "test_nothing_got_worse", "test_targets_can_take_a_deploy"])
def target_drains_unhealthily(sandbox: Sandbox) -> None:
    """One of two targets failed its health checks and is draining."""
    sandbox.target_states[sandbox.seeded.targets[0]] = ("unhealthy.draining", "Target.FailedHealthChecks", "")


@fault(caught_by=["test_targets_are_healthy", "test_nothing_got_worse", "test_targets_can_take_a_deploy"])
def targets_are_deregistered(sandbox: Sandbox) -> None:
    """The target group has no targets."""
    sandbox.client("elbv2").deregister_targets(
        TargetGroupArn=sandbox.seeded.target_group, Targets=[{"Id": one} for one in sandbox.seeded.targets]
    )


@fault(caught_by=[_ATTRIBUTE, _RECONNECT])
def stickiness_switched_off(sandbox: Sandbox) -> None:
    """The target group's stickiness is off."""
    _set(sandbox, "stickiness.enabled", "false")


@fault(caught_by=[_ATTRIBUTE])
def stickiness_is_short(sandbox: Sandbox) -> None:
    """The stickiness cookie expires after a minute."""
    _set(sandbox, "stickiness.lb_cookie.duration_seconds", "60")


@fault(caught_by=[_ATTRIBUTE, "test_targets_are_healthy", "test_targets_can_take_a_deploy"])
def clients_are_shared_out(sandbox: Sandbox) -> None:
    """The listener gives an empty target group a share of the requests by weight, and does not bring clients back."""
    elb, one = sandbox.client("elbv2"), sandbox.seeded.target_group
    other = target_group(elb, vpc_of(sandbox), "canary", ())
    (listener,) = elb.describe_listeners(LoadBalancerArn=sandbox.seeded.load_balancer)["Listeners"]
    shares = [{"TargetGroupArn": one, "Weight": 90}, {"TargetGroupArn": other, "Weight": 10}]
    elb.modify_listener(
        ListenerArn=listener["ListenerArn"],
        DefaultActions=[{"Type": "forward", "ForwardConfig": {"TargetGroups": shares}}],
    )


def _set(sandbox: Sandbox, key: str, value: str) -> None:
    sandbox.client("elbv2").modify_target_group_attributes(
        TargetGroupArn=sandbox.seeded.target_group, Attributes=[{"Key": key, "Value": value}]
    )
