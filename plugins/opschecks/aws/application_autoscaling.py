"""Application Auto Scaling: how far ECS services may scale, and by which policies."""

from __future__ import annotations

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
    ids = {f"service/{inventory.the_cluster}/{name}": name for name in inventory.some("services")}
    asked = [*(("targets", batch) for batch in batches(list(ids), TARGETS_A_CALL)), ("policies", list(ids))]
    targets: dict[str, dict[str, Any]] = {}
    policies: dict[str, list[dict[str, Any]]] = {}
    for (kind, _), told in zip(asked, fan_out(lambda ask: _ask(aws, *ask), asked), strict=True):
        for raw in told:
            owner = str(raw["ResourceId"])
            if kind == "targets" and raw.get("ScalableDimension", _DIMENSION) == _DIMENSION:
                targets[owner] = raw
            elif kind == "policies":
                policies.setdefault(owner, []).append(raw)
    return [
        ServiceScaling(
            arn=owner,
            name=name,
            evidence={"target": targets.get(owner), "policies": policies.get(owner, [])},
            figures=tuple(
                Figure(label, targets[owner][key])
                for label, key in (("min tasks", "MinCapacity"), ("max tasks", "MaxCapacity"))
                if key in targets.get(owner, {})
            ),
        )
        for owner, name in ids.items()
    ]


def _ask(aws: Aws, kind: str, owners: list[str]) -> list[dict[str, Any]]:
    if kind == "targets":
        return aws.items(
            "application-autoscaling",
            "DescribeScalableTargets",
            "ScalableTargets",
            ServiceNamespace="ecs",
            ResourceIds=owners,
        )
    # DescribeScalingPolicies takes one resource or all of the namespace: for one service, one; else one list
    one = {"ResourceId": owners[0]} if len(owners) == 1 else {}
    return aws.items(
        "application-autoscaling", "DescribeScalingPolicies", "ScalingPolicies", ServiceNamespace="ecs", **one
    )
