"""How long a bake waits: for a deployment's own planned waits, and for the metrics of its last minutes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from opschecks.aws.rollouts import Rollout
from opschecks.core.gathering import Earlier, Gathering
from opschecks.core.observation import CouldNotLook
from opschecks.hooks.rounds import Rounds
from opschecks.sandbox.seeds import backups
from tests import canned
from tests.bench import FIX, QUICK, bench
from tests.canned import NOW, Raw
from tests.canned_ecs import deployment, record, service
from tests.hooks.test_bake import GATE, OF_THE_STACK, Seen
from tests.real.deploys import blue_green, of_two_colours, seen, stepwise

HALF_AN_HOUR = timedelta(minutes=30)


def _rounds(value: Sequence[Rollout] | CouldNotLook, **limits: Any) -> Rounds:
    result = canned.observed("rollouts", value if isinstance(value, CouldNotLook) else list(value))
    earlier = Earlier({"rollouts": result})
    store = Gathering([result.observation], lambda calls: {}, now=NOW, timeout_s=60, earlier=earlier)
    here = canned.stack(limits=limits)
    run: Any = SimpleNamespace(stores={here.name: store})
    rounds = Rounds(run, here, [])
    rounds.look()
    return rounds


LINEAR: Raw = {"linearConfiguration": {"stepPercent": 10.0, "stepBakeTimeInMinutes": 14}}
PATIENCE = {
    "nothing is under way": (lambda: seen(service()), {}, HALF_AN_HOUR),
    "a linear shift of two hours": (
        lambda: seen(of_two_colours(), stepwise("LINEAR", **LINEAR)),
        {},
        HALF_AN_HOUR + timedelta(minutes=9 * 14),
    ),
    "ECS's bake of a day follows when green has all traffic": (
        lambda: seen(of_two_colours(), blue_green("SCALE_UP")),
        {},
        HALF_AN_HOUR,
    ),
    "a rolling update that ECS watches for an hour": (
        lambda: seen(
            service(deployment(8, rolloutState="IN_PROGRESS"), deployment(7, status="ACTIVE")),
            record(deploymentConfiguration={"strategy": "ROLLING", "bakeTimeInMinutes": 60}),
        ),
        {},
        HALF_AN_HOUR + timedelta(hours=1),
    ),
    "a service that may take longer than others": (
        lambda: seen(service(deployment(8, rolloutState="IN_PROGRESS"), deployment(7, status="ACTIVE")), record()),
        {"backend": {"deployment_minutes": 90}},
        timedelta(minutes=90),
    ),
}


@pytest.mark.parametrize(("rollouts", "limits", "expected"), PATIENCE.values(), ids=PATIENCE)
def test_it_waits_as_long_as_the_deployment_plans_to(rollouts: Any, limits: Raw, expected: timedelta) -> None:
    assert _rounds(rollouts()["rollouts"], **limits).patience == expected


def test_what_could_not_be_read_makes_it_wait_no_longer() -> None:
    assert _rounds(CouldNotLook("ecs:DescribeServices", "throttled")).patience == HALF_AN_HOUR


def test_a_look_may_show_that_more_time_is_needed() -> None:
    looks = Seen(*[["a"]] * 10, [])
    longest = iter([timedelta(minutes=1)] + [timedelta(hours=2)] * 100)
    assert looks.watch(60).until(lambda: next(longest), lambda bad: not bad, "settling")
    assert looks.now_s > 60


@pytest.mark.parametrize("late", [0, 0.02])
def test_a_bake_ends_when_its_last_minutes_are_covered_by_metrics(late: float, tmp_path: Path) -> None:
    quick = QUICK.replace("metrics_late_minutes = 0", f"metrics_late_minutes = {late}")
    assert (quick != QUICK) is bool(late)
    with bench(tmp_path) as on:
        on.project.write("stacks.toml", quick + FIX)
        backups.sow(on.sandbox)
        on.project.run("checks/deploy/before", "--stack", "sandbox", **on.environment).ends(0)
        baked = on.project.run(*GATE, *OF_THE_STACK, "--bake", "1s", **on.environment).ends(0)
        assert "baking for 1 s: all good" in baked.out
        assert ("waiting for the metrics of the last minutes of the bake for 1 s: all good" in baked.out) is bool(late)
