"""The fail-over drill on a shared load balancer: what another team's targets do says nothing of ours."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from opschecks.aws.elbv2 import TargetHealth
from opschecks.core.observation import CouldNotLook
from opschecks.drills.failover import _healthy, _until_healthy
from tests.canned import names, stack
from tests.real.deploys import BLUE, GREEN, TWO, health, target

OURS, SICK = health(BLUE, *TWO), health(GREEN, target(9, "unhealthy"))
INVENTORY = names(load_balancers=("web",))


class _Ground:
    """Ground on which target groups are as given, one look after the other."""

    def __init__(self, *looks: list[TargetHealth]) -> None:
        self.looks, self.said = list(looks), [""]

    def look(self, *names: str) -> list[Any]:
        assert names == ("target_health",)
        return [self.looks.pop(0) if self.looks[1:] else self.looks[0]]

    def say(self, line: str) -> None:
        self.said.append(line)

    def pause(self) -> None:
        """Nothing to wait for."""


def test_a_neighbours_sick_targets_are_no_reason_not_to_drill() -> None:
    theirs = replace(SICK, foreign="1 targets, not judged: no service of the stack fills it")
    ground: Any = _Ground([OURS, theirs])
    assert _healthy(ground, INVENTORY) == {BLUE: 2}
    assert _until_healthy(stack(), ground, INVENTORY, {BLUE: 2}, 0.0) is not None


def test_our_own_sick_targets_are_one() -> None:
    ground: Any = _Ground([OURS, SICK])
    assert _healthy(ground, INVENTORY) == "10.0.0.9:8000 is unhealthy of green, before any task was stopped"


def test_a_colour_that_starts_while_the_other_serves_is_none() -> None:
    ground: Any = _Ground([OURS, replace(health(GREEN, target(9, "initial")), idle="it stands by")])
    assert _healthy(ground, INVENTORY) == {BLUE: 2}


def test_whose_a_group_is_and_cannot_be_read_stops_no_task() -> None:
    unknown = CouldNotLook("ecs:DescribeServices", "throttled")
    ground: Any = _Ground([OURS, replace(health(GREEN), foreign=unknown)])
    with pytest.raises(CouldNotLook, match="throttled"):
        _healthy(ground, INVENTORY)
