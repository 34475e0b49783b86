"""Remedies of ECS services that are not production: scaled to zero outside office hours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, cast

from ...aws.inventory import inventory
from ...aws.session import Aws
from ...core import clock
from ...core.change import CannotFix, Risk, State
from ...core.observation import CouldNotLook
from ...core.wording import nearest
from ...fixing.remedy import LARGEST
from .ecs import ScaleService


class ScaleDevToZero(ScaleService):
    """Stop all tasks of a service of dev_services outside its hours; undo starts as many as there were."""

    risk = Risk.DISRUPTIVE
    runbook = "office-hours"
    allow: ClassVar[Sequence[str]] = (*ScaleService.allow, "cloudformation:ListStackResources", "tag:GetResources")
    expects = "the service runs no task until a person, or a schedule, starts it again"
    beware = (
        "auto-scaling brings it back up at its next scale-out; a scheduled action that scales it down every evening "
        "is the lasting fix"
    )
    wishes = {}  # noqa: RUF012

    def all_targets(self) -> list[str]:
        if not self.stack.dev_services:
            raise CannotFix("stacks.toml names no dev_services: nothing else is ever scaled to zero")
        return [f"service/{name}" for name in self.stack.dev_services]

    def normal(self, target: str) -> str:
        short = super().targets(target, {})[0]
        if short not in self.all_targets():
            raise CannotFix(f"{short} is not one of dev_services; {nearest(short, self.all_targets())}")
        return short

    def targets(self, resource: str, evidence: Mapping[str, Any]) -> list[str]:
        return [self.normal(super().targets(resource, evidence)[0])]

    def shown(self, target: str) -> str:
        """CLUSTER/NAME: the production service may have the same name."""
        return target.removeprefix("service/")

    def read_for_plan(self, target: str) -> State:
        """As `read`; CannotFix where it is production, or where somebody may be working with it."""
        if target in self._production():
            raise CannotFix(f"{self.shown(target)} is one of the services that are checked as production")
        here = clock.now().astimezone(self.stack.zone)
        if self.stack.office_hours.include(here):
            raise CannotFix(
                f"it is {here:%a %H:%M} in {self.stack.time_zone}, within its office hours: "
                "somebody may be working with it now"
            )
        return self.read(target)

    def _production(self) -> list[str]:
        try:
            own = inventory(self.stack, cast("Aws", self.aws))
        except CouldNotLook as error:
            raise CannotFix(f"which services are production is not known: {error}") from None
        return ["/".join(("service", *own.place(name))) for name in own.services]

    def bounds(self, target: str) -> tuple[int, int]:
        """Nothing to wait for: running no task is the purpose."""
        return 0, LARGEST

    def want(self, now: State, wish: Mapping[str, str]) -> State:
        if now["desiredCount"] == 0:
            raise CannotFix("already scaled to zero")
        return {"desiredCount": 0}

    def is_there(self, told: Mapping[str, Any], before: State, after: State) -> bool:
        return int(told["desiredCount"]) == int(after["desiredCount"])

    def risk_of(self, before: State, after: State) -> Risk:
        """Disruptive for whoever still uses it; starting it again is safe."""
        return Risk.DISRUPTIVE if after["desiredCount"] < before["desiredCount"] else Risk.SAFE
