"""Application Auto Scaling: how far ECS services may scale, and by which policies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..core.answer import Answer
from ..core.dataclass import dataclass
from ..core.model import Figure, Resource
from ..core.observation import CouldNotLook, batches, fan_out, observation, seen
from .ecs import Service
from .evidence import Read
from .inventory import Inventory
from .session import Aws
from .unread import why_unread

if TYPE_CHECKING:
    from ..config.limits import ResourceLimits

TARGETS_A_CALL = 50
_DIMENSION = "ecs:service:DesiredCount"


@dataclass(frozen=True, kw_only=True)
class ServiceScaling(Resource):
    """The auto-scaling of one service; `evidence["target"]` is None where it has no scalable target."""

    schedule: tuple[Answer, ...] | CouldNotLook = ()
    """Its scheduled actions, or why they could not be read."""
    is_daemon: bool | CouldNotLook = False
    """Whether it runs a task on each container instance, or why that is not known."""

    @property
    def is_registered(self) -> bool:
        """Whether the service has a scalable target at all."""
        return self.evidence["target"] is not None

    @property
    def never_scales(self) -> str:
        """Why nothing scales it, and no number of tasks is right for it; nothing where it is to scale.

        https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_service-options.html: instances decide how many
        tasks a daemon has. CouldNotLook where nothing scales it and it is not known whether it is one.
        """
        if self.is_registered or not seen(self.is_daemon):
            return ""
        return "a daemon: it runs one task on each container instance, and nothing scales it"

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
    def scheduled(self) -> list[Answer]:
        """The scheduled actions that set its limits; CouldNotLook where they could not be read.

        Each may set the minimum, the maximum or both, and they stay as it set them until the next one runs:
        https://docs.aws.amazon.com/autoscaling/application/APIReference/API_ScalableTargetAction.html
        """
        return [one for one in seen(self.schedule) if one.get("ScalableTargetAction")]

    def bounds(self, limits: ResourceLimits) -> tuple[int, int]:
        """Fewest and most tasks: its scalable target's; without one, those of its limits."""
        if not self.is_registered:
            return limits.min_tasks, limits.max_tasks
        return self.min_capacity, self.max_capacity

    def set_by_schedule(self, low: int, high: int) -> list[str]:
        """The scheduled actions that set what differs from these limits; empty where something else did.

        Only asked where the limits differ: then it is unknown without the schedule whose they are.
        """
        found = []
        for key, now, wanted in (("MinCapacity", self.min_capacity, low), ("MaxCapacity", self.max_capacity, high)):
            if now != wanted:
                by = [one for one in self.scheduled if one["ScalableTargetAction"].get(key) == now]
                if not by:
                    return []
                found += [str(one["ScheduledActionName"]) for one in by]
        return list(dict.fromkeys(found))

    @property
    def pinned_by(self) -> list[str]:
        """The scheduled actions that leave no room on purpose, such as one task at night."""
        if self.min_capacity != self.max_capacity:
            return []
        sets = [one for one in self.scheduled if one["ScalableTargetAction"].get("MaxCapacity") == self.max_capacity]
        return [str(one["ScheduledActionName"]) for one in sets]

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

    policies = Read(list, "policies")
    """The scaling policies attached to the service."""


@observation(allow=["application-autoscaling:DescribeScheduledActions"])
def scaling_schedules(aws: Aws, inventory: Inventory) -> dict[str, list[Answer]]:
    """The scheduled actions of each of the stack's services, by `service/CLUSTER/NAME`.

    https://docs.aws.amazon.com/autoscaling/application/APIReference/API_DescribeScheduledActions.html
    """
    owners = inventory.paths
    listed = _listed(aws, "DescribeScheduledActions", _the_only(owners))
    return {owner: _of(owner, listed) for owner in owners}


@observation(
    allow=["application-autoscaling:DescribeScalableTargets", "application-autoscaling:DescribeScalingPolicies"],
    soft=["scaling_schedules", "services"],
    lasting=True,
)
def auto_scaling(
    aws: Aws,
    inventory: Inventory,
    scaling_schedules: dict[str, list[Answer]] | CouldNotLook,
    services: list[Service] | CouldNotLook,
) -> list[ServiceScaling]:
    """The auto-scaling of each of the stack's services, with its policies and scheduled actions.

    A schedule that could not be read blinds only who asks for it.
    """
    owners = inventory.paths
    asked: list[tuple[str, Mapping[str, Any]]] = [
        *(("DescribeScalableTargets", {"ResourceIds": batch}) for batch in batches(list(owners), TARGETS_A_CALL)),
        ("DescribeScalingPolicies", _the_only(owners)),
    ]
    *targets, policies = fan_out(lambda ask: _listed(aws, *ask), asked)
    found = {str(raw["ResourceId"]): raw for some in targets for raw in some}
    made = [_scaling(owner, name, found.get(owner), policies, scaling_schedules) for owner, name in owners.items()]
    if isinstance(services, CouldNotLook):
        return [replace(one, is_daemon=services) for one in made]
    daemons = {service.name: why_unread(service) or service.is_daemon for service in services}
    return [replace(one, is_daemon=daemons.get(one.name, False)) for one in made]


def _scaling(
    owner: str,
    name: str,
    target: Answer | None,
    policies: Sequence[Answer],
    schedules: dict[str, list[Answer]] | CouldNotLook,
) -> ServiceScaling:
    schedule = schedules if isinstance(schedules, CouldNotLook) else tuple(schedules[owner])
    told = str(schedule) if isinstance(schedule, CouldNotLook) else list(schedule)
    figures = (("min tasks", "MinCapacity"), ("max tasks", "MaxCapacity"))
    return ServiceScaling(
        arn=owner,
        name=name,
        schedule=schedule,
        evidence={"target": target, "policies": _of(owner, policies), "scheduled actions": told},
        figures=tuple(Figure(label, target[key]) for label, key in figures if target and key in target),
    )


def _the_only(owners: Mapping[str, str]) -> dict[str, str]:
    """The selection of a call that takes one resource, or none for the whole namespace."""
    return {"ResourceId": next(iter(owners))} if len(owners) == 1 else {}


def _of(owner: str, listed: Sequence[Answer]) -> list[Answer]:
    """What concerns one service."""
    return [raw for raw in listed if raw["ResourceId"] == owner]


def _listed(aws: Aws, operation: str, selection: Mapping[str, Any]) -> list[Answer]:
    """What concerns the services' numbers of tasks."""
    key = operation.removeprefix("Describe")
    listed = aws.items("application-autoscaling", operation, key, ServiceNamespace="ecs", **selection)
    return [raw for raw in listed if raw.get("ScalableDimension", _DIMENSION) == _DIMENSION]
