"""Where moto's load balancer is not like AWS's: unhealthy targets, attributes with effects, changed listeners."""

from __future__ import annotations

from typing import Any

from moto.elbv2.models import ELBv2Backend, FakeHealthStatus, FakeTargetGroup

from ..correction import Before, Kind, Ties, extends, follows


@follows(FakeTargetGroup, "health_for", Kind.STATE)
def _health_for(before: Before, ties: Ties, self: Any, target: dict[str, Any], ec2_backend: Any) -> Any:
    """moto has no health checks; the sandbox decides which targets are unhealthy."""
    told = ties.states.get(target["Id"])
    if not told or target["Id"] not in self.targets:
        return before(self, target, ec2_backend)
    state, reason, description = told
    port = target.get("Port", self.port)
    return FakeHealthStatus(target["Id"], port, self.health_check_port, state, reason, description)


@follows(ELBv2Backend, "modify_target_group_attributes", Kind.STATE)
def _following(before: Before, ties: Ties, self: Any, target_group_arn: str, attributes: dict[str, Any]) -> None:
    """moto balances no load; the sandbox's load balancer follows the attributes."""
    before(self, target_group_arn, attributes)
    ties.attributes(self.target_groups[target_group_arn].attributes)


@extends(
    ELBv2Backend,
    "describe_load_balancer_attributes",
    Kind.BUG,
    "elasticloadbalancing/latest/APIReference/API_LoadBalancerAttribute.html",
)
def _with_the_idle_timeout(before: Before, self: Any, arn: str) -> dict[str, str]:
    """moto leaves out the idle timeout of an ALB until it is set.

    AWS answers every attribute of the balancer's type, with its default.
    """
    told = before(self, arn)
    default = {"idle_timeout.timeout_seconds": "60"} if self.load_balancers[arn].type == "application" else {}
    return {**default, **told}


@extends(ELBv2Backend, "modify_listener", Kind.BUG, "elasticloadbalancing/latest/APIReference/API_TargetGroup.html")
def _modify_listener(before: Before, self: Any, *given: Any, **more: Any) -> Any:
    """moto leaves a target group to which a changed listener leads without the load balancer; on AWS it gets it."""
    listener = before(self, *given, **more)
    for action in listener.default_actions:
        for arn in self._get_target_group_arns_from(action_data=action.data) if action.type == "forward" else []:
            balancers = self.target_groups[arn].load_balancer_arns
            if listener.load_balancer_arn not in balancers:
                balancers.append(listener.load_balancer_arn)
    return listener
