"""Remedies of auto-scaling: its limits, and scaling that was suspended and forgotten."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..observe import need
from ..remedy import CannotMend, Remedy, Request, Risk, State

_CALL = "application-autoscaling:DescribeScalableTargets"
_DIMENSION = "ecs:service:DesiredCount"
_OF_ECS = {"ServiceNamespace": "ecs", "ScalableDimension": _DIMENSION}
_SUSPENDED = ("DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended")


class _ScalableTarget(Remedy):
    """What changes a scalable target, which RegisterScalableTarget does for what it is given and nothing else."""

    runbook = "auto-scaling"
    allow = ("application-autoscaling:RegisterScalableTarget", _CALL)
    beware = "what CDK or CloudFormation defines must be changed there too, or the next deployment undoes it"

    def all_targets(self) -> list[str]:
        """Every service that stacks.toml names."""
        return [f"service/{self.stack.cluster}/{name}" for name in self.stack.services]

    def shown(self, target: str) -> str:
        """The service's name."""
        return target.rsplit("/", 1)[-1]

    def _target(self, target: str) -> dict[str, Any]:
        listed = self.aws.items(
            "application-autoscaling",
            "DescribeScalableTargets",
            "ScalableTargets",
            ServiceNamespace="ecs",
            ResourceIds=[target],
        )
        found = [one for one in listed if one.get("ScalableDimension", _DIMENSION) == _DIMENSION]
        if not found:
            raise CannotMend(f"{target} has no scalable target: register one where the service is defined")
        return found[0]

    def request(self, target: str, before: State, after: State) -> Request:
        """What differs, and nothing else."""
        changed = {key: value for key, value in after.items() if before.get(key) != value}
        return Request(
            "application-autoscaling", "RegisterScalableTarget", {**_OF_ECS, "ResourceId": target, **changed}
        )


class SetScalingLimits(_ScalableTarget):
    """Set how few and how many tasks auto-scaling may run."""

    risk = Risk.SAFE
    expects = "auto-scaling moves within these limits from now on"
    wishes = {"min": "fewest tasks; default: limit min_tasks", "max": "most tasks; default: limit max_tasks"}  # noqa: RUF012

    def read(self, target: str) -> State:
        """The two capacities."""
        told = self._target(target)
        return {key: int(need(told, key, call=_CALL)) for key in ("MinCapacity", "MaxCapacity")}

    def want(self, now: State, wish: Mapping[str, str]) -> State:
        """As wished or as the stack's limits say; without a wish capacity is never taken away."""
        limits = self.stack.limits
        low, high = (
            _number(wish, name, default) for name, default in (("min", limits.min_tasks), ("max", limits.max_tasks))
        )
        if low > high:
            raise CannotMend(f"the minimum {low} is above the maximum {high}")
        if not wish and high < now["MaxCapacity"]:
            raise CannotMend(
                f"the maximum is {now['MaxCapacity']}, wanted {high}: lowering it may take capacity away, "
                f"which a person decides: opschecks fix set-scaling-limits --set max={high}"
            )
        return {"MinCapacity": low, "MaxCapacity": high}


class ResumeScaling(_ScalableTarget):
    """Resume scaling that was suspended."""

    risk = Risk.SAFE
    expects = "auto-scaling follows the load again, in both directions"

    def read(self, target: str) -> State:
        """What is suspended; AWS leaves out what is not."""
        state = self._target(target).get("SuspendedState", {})
        return {key: bool(state.get(key, False)) for key in _SUSPENDED}

    def want(self, now: State, wish: Mapping[str, str]) -> State:
        """Nothing."""
        del wish
        if not any(now.values()):
            raise CannotMend("nothing is suspended: what is wrong is not this remedy's to mend")
        return dict.fromkeys(_SUSPENDED, False)

    def request(self, target: str, before: State, after: State) -> Request:
        """All three together: RegisterScalableTarget takes the whole of it."""
        del before
        state = {"ResourceId": target, "SuspendedState": dict(after)}
        return Request("application-autoscaling", "RegisterScalableTarget", {**_OF_ECS, **state})


def _number(wish: Mapping[str, str], name: str, default: int) -> int:
    try:
        number = int(wish.get(name, default))
    except ValueError:
        raise CannotMend(f"--set {name}={wish[name]}: a whole number is wanted") from None
    if number < 0:
        raise CannotMend(f"--set {name}={number}: it cannot be less than 0")
    return number
