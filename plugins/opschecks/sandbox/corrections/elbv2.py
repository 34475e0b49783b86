"""Where moto's load balancer is not like AWS's: targets have the health that they have, attributes have effects."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from moto.elbv2.models import ELBv2Backend, FakeHealthStatus, FakeTargetGroup

from . import Patch, States


def patches(patch: Patch, states: States, follow: Callable[[Mapping[str, str]], None]) -> None:
    """Put the load balancer right."""
    patch(FakeTargetGroup, "health_for", _health_for(FakeTargetGroup.health_for, states))
    modify = ELBv2Backend.modify_target_group_attributes
    patch(ELBv2Backend, "modify_target_group_attributes", _following(modify, follow))


def _health_for(before: Callable[..., Any], states: States) -> Callable[..., Any]:
    def health_for(self: Any, target: dict[str, Any], ec2_backend: Any) -> Any:
        """AWS tells what its health checks found."""
        told = states.get(target["Id"])
        if not told or target["Id"] not in self.targets:
            return before(self, target, ec2_backend)
        state, reason, description = told
        port = target.get("Port", self.port)
        return FakeHealthStatus(target["Id"], port, self.health_check_port, state, reason, description)

    return health_for


def _following(before: Callable[..., None], told: Callable[[Mapping[str, str]], None]) -> Callable[..., None]:
    def modify_target_group_attributes(self: Any, target_group_arn: str, attributes: dict[str, Any]) -> None:
        """The load balancer does what its attributes say."""
        before(self, target_group_arn, attributes)
        told(self.target_groups[target_group_arn].attributes)

    return modify_target_group_attributes
