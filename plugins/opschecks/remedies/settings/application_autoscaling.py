"""Remedies of auto-scaling: its limits, and scaling that was suspended and forgotten."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from ...config.limits import Limits
from ...core.answer import Answer
from ...core.change import CannotFix, Request, Risk, Sends, State
from ...core.wording import plural
from ...fixing.remedy import IN_CODE_TOO, Setting, wished_number

_DIMENSION = "ecs:service:DesiredCount"
_OF_ECS = {"ServiceNamespace": "ecs", "ScalableDimension": _DIMENSION}
_SUSPENDED = ("DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended")


class _ScalableTarget(Setting):
    """What changes a scalable target, which RegisterScalableTarget does for what it is given and nothing else."""

    kind = "services"
    runbook = "auto-scaling"
    rolls_back = False
    allow: ClassVar[Sequence[str]] = (
        "application-autoscaling:RegisterScalableTarget",
        "application-autoscaling:DescribeScalableTargets",
        "ecs:DescribeServices",
    )
    beware = IN_CODE_TOO

    def _target(self, target: str) -> Answer:
        found = _scalable_target(self.aws, target)
        if found is None:
            raise CannotFix(f"{target} has no scalable target: register one where the service is defined")
        return found

    def _service(self, target: str) -> Answer:
        """The service as ECS describes it; CannotFix while a deployment is under way.

        Pipelines suspend scaling or move its limits for as long as they deploy, and ECS turns scaling in off:
        https://docs.aws.amazon.com/AmazonECS/latest/developerguide/troubleshoot-service-auto-scaling.html
        """
        _, cluster, name = target.split("/")
        answer = self.aws.call("ecs", "DescribeServices", cluster=cluster, services=[name])
        found: list[Answer] = list(answer["services"])
        if not found:
            raise CannotFix(f"there is no service {name} in the cluster {cluster}")
        if _deploys(found[0]):
            raise CannotFix(f"a deployment of {name} is under way and may have set this: plan again when it has ended")
        return found[0]

    def request(self, target: str, before: State, after: State) -> Request:
        changed = {key: value for key, value in after.items() if before.get(key) != value}
        return _register(target, **changed)


def scaling_bounds(aws: Sends, target: str, limits: Limits) -> tuple[int, int]:
    """Fewest and most tasks of service/CLUSTER/NAME: by its scalable target; without one, by its limits."""
    found = _scalable_target(aws, target)
    if found is None:
        return limits.min_tasks, limits.max_tasks
    return int(found["MinCapacity"]), int(found["MaxCapacity"])


def _scalable_target(aws: Sends, target: str) -> Answer | None:
    told = {"ServiceNamespace": "ecs", "ResourceIds": [target]}
    listed = aws.items("application-autoscaling", "DescribeScalableTargets", "ScalableTargets", **told)
    return next((one for one in listed if one.get("ScalableDimension", _DIMENSION) == _DIMENSION), None)


def _register(target: str, **changed: Any) -> Request:
    return Request("application-autoscaling", "RegisterScalableTarget", {**_OF_ECS, "ResourceId": target, **changed})


def beyond(wanted: int, low: int, high: int) -> str:
    """Why a number of tasks out of bounds is more than a safe change; nothing where it is within them.

    Auto-scaling then neither goes on from there nor, for long, undoes it:
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-auto-scaling.html
    """
    if wanted > high:
        return f"{wanted} is above its maximum, {high}: each task costs, and only a later scale-in removes them"
    return f"{wanted} is below its minimum, {low}: only a later scale-out adds more" if wanted < low else ""


def _deploys(service: Answer) -> bool:
    """Whether ECS, CodeDeploy or a pipeline of its own is replacing the service's tasks."""
    rolling, sets = service.get("deployments") or [], service.get("taskSets") or []
    going = [one for one in rolling if one.get("rolloutState") == "IN_PROGRESS"]
    going += [one for one in sets if one.get("stabilityStatus") == "STABILIZING"]
    return bool(going) or len(rolling) > 1 or len(sets) > 1


class SetScalingLimits(_ScalableTarget):
    """Set how few and how many tasks auto-scaling may run."""

    allow: ClassVar[Sequence[str]] = (*_ScalableTarget.allow, "application-autoscaling:DescribeScheduledActions")
    expects = "auto-scaling moves within these limits from now on"
    wishes = {"min": "fewest tasks; default: limit min_tasks", "max": "most tasks; default: limit max_tasks"}  # noqa: RUF012

    def read(self, target: str) -> State:
        told = self._target(target)
        return {key: int(told[key]) for key in ("MinCapacity", "MaxCapacity")}

    def read_for_plan(self, target: str) -> State:
        """As `read`; CannotFix where a deployment or a schedule owns the limits: it would set its own again."""
        self._service(target)
        asked = {**_OF_ECS, "ResourceId": target}
        listed = self.aws.items("application-autoscaling", "DescribeScheduledActions", "ScheduledActions", **asked)
        if by := [str(one["ScheduledActionName"]) for one in listed if one.get("ScalableTargetAction")]:
            raise CannotFix(
                f"scheduled actions set these limits: {', '.join(by)}; change them there (PutScheduledAction)"
            )
        return self.read(target)

    def want(self, now: State, wish: Mapping[str, str]) -> State:
        """As wished; without a wish the limits are widened to the stack's, and never narrowed.

        RegisterScalableTarget brings a service within its new bounds at once, in either direction.
        """
        limits = self.stack.limits
        low, high = now["MinCapacity"], now["MaxCapacity"]
        if not wish:
            low, high = max(low, limits.min_tasks), max(high, limits.max_tasks)
        low = wished_number(wish, "min") if "min" in wish else low
        high = wished_number(wish, "max") if "max" in wish else high
        if low > high:
            raise CannotFix(f"the minimum {low} is above the maximum {high}")
        after = {"MinCapacity": low, "MaxCapacity": high}
        if not wish and after == now:
            raise CannotFix(
                f"it is {now['MinCapacity']} to {now['MaxCapacity']}, expected {limits.min_tasks} to "
                f"{limits.max_tasks}: narrowing may remove capacity, which a person decides: opschecks fix "
                f"set-scaling-limits --set min={limits.min_tasks} --set max={limits.max_tasks} --allow disruptive"
            )
        return after

    def risk_of(self, before: State, after: State) -> Risk:
        """Narrower bounds may stop tasks at once; a maximum of none stops all."""
        if after["MaxCapacity"] == 0:
            return Risk.DESTRUCTIVE
        narrower = after["MaxCapacity"] < before["MaxCapacity"] or after["MinCapacity"] < before["MinCapacity"]
        return Risk.DISRUPTIVE if narrower else Risk.SAFE


class ResumeScaling(_ScalableTarget):
    """Resume scaling that was suspended."""

    expects = "auto-scaling follows the load again, in both directions"

    def read(self, target: str) -> State:
        """What is suspended; AWS leaves out what is not."""
        state = self._target(target).get("SuspendedState", {})
        return {key: bool(state.get(key, False)) for key in _SUSPENDED}

    def want(self, now: State, wish: Mapping[str, str]) -> State:
        if not any(now.values()):
            raise CannotFix("nothing is suspended: what is wrong is not this remedy's to fix")
        return dict.fromkeys(_SUSPENDED, False)

    def read_for_plan(self, target: str) -> State:
        """As `read`; CannotFix where resuming would at once bring a hand-made number of tasks within the limits."""
        told, service = self._target(target), self._service(target)
        desired, low, high = service["desiredCount"], told["MinCapacity"], told["MaxCapacity"]
        if not low <= desired <= high:
            raise CannotFix(
                f"{plural(desired, 'task')} desired, outside {low} to {high}: resuming would bring them within at "
                "once; set the limits first, or the number"
            )
        return self.read(target)

    def risk_of(self, before: State, after: State) -> Risk:
        """Suspending it again leaves the service without an answer to load."""
        return Risk.DISRUPTIVE if any(after.values()) else Risk.SAFE

    def request(self, target: str, before: State, after: State) -> Request:
        return _register(target, SuspendedState=dict(after))
