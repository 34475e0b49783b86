"""Application Auto Scaling: how far ECS services may scale, and by which policies."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..core.answer import Answer
from ..core.model import Figure, Resource
from ..core.observation import batches, fan_out, observation
from .inventory import Inventory
from .session import Aws

TARGETS_A_CALL = 50
_DIMENSION = "ecs:service:DesiredCount"


@dataclass(frozen=True, kw_only=True)
class ServiceScaling(Resource):
    """The auto-scaling of one service; `evidence["target"]` is None where it has no scalable target."""

    @property
    def is_registered(self) -> bool:
        """Whether the service has a scalable target at all."""
        return self.evidence["target"] is not None

    def _get(self, key: str) -> Any:
        return (self.evidence["target"] or Answer(call="application-autoscaling:DescribeScalableTargets"))[key]

    @property
    def min_capacity(self) -> int:
        """Fewest tasks."""
        return int(self._get("MinCapacity"))

    @property
    def max_capacity(self) -> int:
        """Most tasks."""
        return int(self._get("MaxCapacity"))

    @property
    def suspended(self) -> list[str]:
        """What is suspended: scale in, scale out, scheduled scaling. AWS leaves the block out where nothing is."""
        state = (self.evidence["target"] or {}).get("SuspendedState", {})
        words = {
            "DynamicScalingInSuspended": "scaling in",
            "DynamicScalingOutSuspended": "scaling out",
            "ScheduledScalingSuspended": "scheduled scaling",
        }
        return [word for key, word in words.items() if state.get(key)]

    @property
    def policies(self) -> list[dict[str, Any]]:
        """The scaling policies attached to the service."""
        return list(self.evidence["policies"])


@observation(
    allow=["application-autoscaling:DescribeScalableTargets", "application-autoscaling:DescribeScalingPolicies"]
)
def auto_scaling(aws: Aws, inventory: Inventory) -> list[ServiceScaling]:
    """The auto-scaling of each of the stack's services, with its policies."""
    owners = {f"service/{inventory.the_cluster}/{name}": name for name in inventory.some("services")}
    # DescribeScalingPolicies takes one resource, or none for the whole namespace
    one = {"ResourceId": next(iter(owners))} if len(owners) == 1 else {}
    asked: list[tuple[str, Mapping[str, Any]]] = [
        *(("DescribeScalableTargets", {"ResourceIds": batch}) for batch in batches(list(owners), TARGETS_A_CALL)),
        ("DescribeScalingPolicies", one),
    ]
    *targets, policies = fan_out(lambda ask: _listed(aws, *ask), asked)
    found = {
        str(raw["ResourceId"]): raw
        for raw in itertools.chain.from_iterable(targets)
        if raw.get("ScalableDimension", _DIMENSION) == _DIMENSION
    }
    return [
        ServiceScaling(
            arn=owner,
            name=name,
            evidence={"target": found.get(owner), "policies": [raw for raw in policies if raw["ResourceId"] == owner]},
            figures=tuple(
                Figure(label, found[owner][key])
                for label, key in (("min tasks", "MinCapacity"), ("max tasks", "MaxCapacity"))
                if key in found.get(owner, {})
            ),
        )
        for owner, name in owners.items()
    ]


def _listed(aws: Aws, operation: str, selection: Mapping[str, Any]) -> list[Any]:
    key = operation.removeprefix("Describe")
    return aws.items("application-autoscaling", operation, key, ServiceNamespace="ecs", **selection)
