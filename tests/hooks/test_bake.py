"""Baking: what it asks each round, what it leaves behind, and when it stops waiting."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from opschecks.aws.ecs import Service
from opschecks.aws.releases import Release, awaited
from opschecks.aws.rollouts import Rollout
from opschecks.aws.service_deployments import Recorded
from opschecks.core.gathering import Earlier, Gathering, Observed
from opschecks.core.model import Check, Expected, Outcome, Resource, Severity
from opschecks.core.observation import REGISTRY, CouldNotLook, NeverComes, NotConfigured, Observation, Unanswerable
from opschecks.hooks.bake import SURE, Watch
from opschecks.hooks.examine import Examine
from opschecks.hooks.fixtures import import_observations
from opschecks.hooks.rounds import AWAITED, KEPT_FOR
from opschecks.sandbox.faults import give_fault
from opschecks.sandbox.seeds import backups
from tests.bench import FIX, Bench, bench
from tests.clock import NOW

GATE = ("checks/deploy/after", "--stack", "sandbox")
OF_THE_STACK = ("--expect-revision", "incident-commander-backend:1")
FROM_THE_README = ("--bake", "10m", "--expect-revision", "backend:7", "--expect-image", "backend:v2")
ROUNDS = 100

COUNTING = """\
import gc
import json
import os
import threading

import pytest
from opschecks.hooks import bake
from opschecks.hooks.rounds import Rounds

pytest_plugins = ["opschecks"]
ROUNDS, HALF = {rounds}, {rounds} // 10
bake.SURE = {sure}
bake.LONGEST = 1
look, told = Rounds.look, {{"asked": [], "whole": 0}}


def held():
    links = [os.path.join("/proc/self/fd", name) for name in os.listdir("/proc/self/fd")]
    sockets = sum(os.readlink(link).startswith("socket:") for link in links if os.path.lexists(link))
    # not collected first: a run does not collect by itself, and what rounds leave in circles would be held for hours
    return {{"sockets": sockets, "objects": len(gc.get_objects()), "threads": threading.active_count()}}


def counted(self, **how):
    before = dict(self._run.stores[self._stack.name].results) if self._has_looked else {{}}
    bad = look(self, **how)
    results = self._run.stores[self._stack.name].results
    asked = [call for name, one in results.items() if before.get(name) is not one for call in one.calls]
    told["asked"].append(" ".join(asked))  # a text is no object that garbage collection counts
    told["whole"] += self.is_whole
    if len(told["asked"]) == HALF:
        told["early"] = held()
    if len(told["asked"]) == ROUNDS:
        told["late"] = held()
        with open("told.json", "w") as file:
            json.dump(told, file)
        pytest.exit("enough")
    return bad


Rounds.look = counted
"""


def _standing(folder: Path, *, sure: int, rounds: int = ROUNDS, poll_s: float = 0.001) -> Iterator[Bench]:
    with bench(folder, fix=FIX.replace("0.05", str(poll_s))) as on:
        backups.sow(on.sandbox)
        on.project.run("checks/deploy/before", "--stack", "sandbox", **on.environment).ends(0)
        on.project.write("conftest.py", COUNTING.format(sure=sure, rounds=rounds))
        yield on


def _told(on: Bench, *options: str) -> dict[str, Any]:
    on.project.run(*GATE, "--bake", "1h", *options, **on.environment)
    told: dict[str, Any] = json.loads((on.project.folder / "told.json").read_text(encoding="utf-8"))
    return told


EACH_ROUND = Counter(
    {
        "cloudwatch:DescribeAlarms": 2,  # the region, and that of CloudFront
        "ecs:DescribeServices": 1,
        "ecs:DescribeTasks": 1,
        "ecs:ListServiceDeployments": 1,
        "ecs:ListTasks": 2,
        "elasticloadbalancing:DescribeTargetHealth": 1,
    }
)
INVALIDATIONS = Counter({"cloudfront:ListInvalidations": 1})
ONCE_A_MINUTE = Counter({"cloudwatch:GetMetricData": 1})


def test_rounds_of_waiting_ask_for_what_can_change_and_leave_nothing_behind(tmp_path: Path) -> None:
    """Waiting is what leaked: a failed check's traceback held the HTTP session of its round, and nothing freed it."""
    for on in _standing(tmp_path, sure=ROUNDS + 1):
        told = _told(on, "--expect-revision", "backend:7")
        first, *rest = [Counter(asked.split()) for asked in told["asked"]]
        assert len(rest) == ROUNDS - 1
        assert first.total() == 15
        assert all(asked - ONCE_A_MINUTE == EACH_ROUND for asked in rest)
        assert told["late"]["sockets"] <= told["early"]["sockets"] <= 8
        assert told["late"]["threads"] <= told["early"]["threads"] + 2
        # what leaked were hundreds a round; a few more or less are threads that are just ending
        assert told["late"]["objects"] - told["early"]["objects"] < 4 * (ROUNDS - ROUNDS // 10)


def test_rounds_of_a_good_bake_cost_the_same(tmp_path: Path) -> None:
    for on in _standing(tmp_path, sure=SURE, rounds=20):
        told = _told(on, *OF_THE_STACK)
        settled, confirmed, *rest = [Counter(asked.split()) for asked in told["asked"]]
        assert settled.total() == 15
        assert confirmed == rest[0] == EACH_ROUND
        assert all(asked - ONCE_A_MINUTE == EACH_ROUND for asked in rest)


def test_while_the_site_is_stale_only_what_is_stale_is_asked_for_again(tmp_path: Path) -> None:
    for on in _standing(tmp_path, sure=SURE, rounds=12):
        give_fault(on.sandbox, "cdn_serves_a_stale_page")
        give_fault(on.sandbox, "invalidation_is_stuck")
        first, *rest = [Counter(asked.split()) for asked in _told(on, *OF_THE_STACK)["asked"]]
        assert first["s3:ListBucket"] == 1
        assert all(asked - ONCE_A_MINUTE == EACH_ROUND + INVALIDATIONS for asked in rest)


def test_the_gate_of_the_readme_ends_on_a_stack_that_has_no_such_deployment(tmp_path: Path) -> None:
    with bench(tmp_path) as on:
        ended = on.project.run(*GATE, *FROM_THE_README, **on.environment).ends(1)
        assert "stopped waiting, because waiting does not help: " in ended.out
        assert "expected backend:7, running incident-commander-backend:1" in ended.out
        assert "no deployment of backend is under way, so it never comes" in ended.out
        assert "there is no run of checks/deploy/before to compare with" in ended.out
        assert "What runs is not what was deployed" in ended.out


def test_without_a_bake_it_ends_at_once_also_when_nothing_is_expected(tmp_path: Path) -> None:
    with bench(tmp_path) as on:
        ended = on.project.run(*GATE, **on.environment).ends(10)
        assert "nothing was expected: pass --expect-revision" in ended.out
        baked = on.project.run(*GATE, "--bake", "10m", **on.environment).ends(10)
        assert "nothing was expected: pass --expect-revision" in baked.out.partition("waiting does not help")[2]


class Seen:
    """Looks that are as a test says, and a clock that goes on by the pauses alone."""

    def __init__(self, *rounds: Sequence[str], never: Sequence[int] = (), whole: Sequence[str] | None = None) -> None:
        self.rounds, self.nevers, self.when_whole = rounds, never, whole
        self.is_whole = True
        self.never: tuple[str, ...] = ()
        self.count, self.now_s = 0, 0.0
        self.pauses: list[float] = []
        self.said: list[str] = []

    def look(self, *, whole: bool = False) -> list[str]:
        if whole:
            self.is_whole = True
            return list(self.when_whole or ())
        index = min(self.count, len(self.rounds) - 1)
        self.never = ("it never comes",) if index in self.nevers else ()
        self.is_whole = self.when_whole is None
        self.count += 1
        return list(self.rounds[index])

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now_s += seconds

    def watch(self, poll_s: float = 5) -> Watch:
        return Watch(self, poll_s, self.said.append, lambda: self.now_s, self.pause)


def _settled(bad: list[str]) -> bool:
    return not bad


def test_it_stops_when_looks_in_a_row_agree_that_waiting_does_not_help() -> None:
    seen = Seen(["a"], never=[0])
    assert not seen.watch().until(timedelta(minutes=30), _settled, "settling")
    assert seen.count == SURE
    assert seen.said[-1] == "stopped waiting, because waiting does not help: it never comes"
    assert sum(seen.pauses) < 30


def test_a_look_that_disagrees_starts_the_count_again() -> None:
    seen = Seen(["a"], ["a"], ["a"], ["a"], never=[0, 1, 3])
    assert not seen.watch().until(timedelta(minutes=30), _settled, "settling")
    assert seen.count == 3 + SURE


def test_pauses_grow_while_nothing_changes_and_are_short_again_when_something_does() -> None:
    seen = Seen(*[["a"]] * 8, ["b"], ["b"], [])
    assert seen.watch(2).until(timedelta(minutes=30), _settled, "settling")
    assert seen.pauses[:3] == [2, 3, 4.5]
    assert seen.pauses[6:8] == [12, 12]
    assert seen.pauses[8:] == [2, 3]


def test_what_has_settled_by_kept_observations_counts_once_everything_was_looked_at() -> None:
    seen = Seen([], whole=["the site"])
    assert not seen.watch().until(timedelta(seconds=20), _settled, "settling")
    assert seen.said[-1] == "settling for 20 s: the site"
    assert Seen([], whole=[]).watch().until(timedelta(seconds=20), _settled, "settling")


def test_a_failure_that_a_look_at_everything_does_not_see_ends_no_bake() -> None:
    seen = Seen([], ["throttled"], [], whole=[])
    assert not seen.watch().until(timedelta(seconds=60), bool, "baking")
    assert seen.said[-1] == "baking for 60 s: all good"


def test_time_that_is_over_ends_it_with_what_is_bad() -> None:
    seen = Seen(["a"])
    assert not seen.watch().until(timedelta(minutes=2), _settled, "settling")
    assert seen.now_s == 120
    assert seen.said[-1] == "settling for 2 min: a"


def test_what_a_bake_keeps_is_the_name_of_an_observation() -> None:
    import_observations()
    assert {*KEPT_FOR, AWAITED} <= REGISTRY.keys()


def test_a_round_takes_over_what_is_kept_and_gives_the_rest_what_it_saw_before() -> None:
    kept = Observation("kept", lambda: pytest.fail("it is kept"), (), (), (), frozenset())
    again = Observation(
        "again", lambda kept, earlier: [*earlier, kept], (), ("kept", "earlier"), ("kept",), frozenset()
    )
    old = Observed(kept, value="old")
    old.done.set()
    store = Gathering(
        [kept, again], lambda calls: {}, now=NOW, timeout_s=60, earlier=Earlier({"kept": old}, {"again": [1]})
    )
    store.start()
    assert store.value("again") == [1, "old"]
    assert store.results["kept"] is old


FINAL = {
    "a check says so": (NeverComes("it was rolled back"), True, Outcome.FAILED),
    "an assert": (AssertionError("not yet"), False, Outcome.FAILED),
    "something is not given": (Unanswerable("", "nothing was expected"), True, Outcome.BLIND),
    "something is not named": (NotConfigured("", "names no backend"), True, Outcome.BLIND),
    "an action is denied": (CouldNotLook("ecs:ListTasks", "no", action="ecs:ListTasks"), True, Outcome.BLIND),
    "AWS was throttled": (CouldNotLook("ecs:ListTasks", "ThrottlingException"), False, Outcome.BLIND),
}


@pytest.mark.parametrize(("error", "final", "outcome"), FINAL.values(), ids=FINAL)
def test_some_errors_say_that_waiting_does_not_help(error: Exception, final: bool, outcome: Outcome) -> None:
    examine = Examine(Check("test_a", Severity.HIGH, "a", "it fails", "why"), "here")
    with examine(Resource(arn="a", name="a")):
        raise error
    [found] = examine.findings
    assert found.outcome is outcome
    assert (found.message in examine.final) is final


def _release(**changes: Any) -> Release:
    deployment = {
        "id": "ecs-svc/1", "status": "PRIMARY", "taskDefinition": "arn:aws:ecs:x:1:task-definition/backend:6",
        "rolloutState": "COMPLETED",
    }  # fmt: skip
    raw = {
        "status": "ACTIVE", "desiredCount": 2, "runningCount": 2, "pendingCount": 0, "deployments": [deployment],
        "events": [], **changes,
    }  # fmt: skip
    service = Service(arn="s", name="backend", evidence=raw)
    rollout = Rollout(arn="s", name="backend", evidence=raw, service=service, recorded=Recorded(), now=NOW)
    return Release(arn="s", name="backend", rollout=rollout, tasks=(), asked=Expected(("backend:7",)), evidence=raw)


_PRIMARY = {"id": "2", "status": "PRIMARY", "taskDefinition": "backend:6", "rolloutState": "IN_PROGRESS"}
_ACTIVE = {"id": "1", "status": "ACTIVE", "taskDefinition": "backend:6", "rolloutState": "COMPLETED"}
MAY_COME: dict[str, dict[str, Any]] = {
    "a deployment is under way": {"deployments": [_PRIMARY]},
    "an older one still runs beside it": {"deployments": [{**_PRIMARY, "rolloutState": "COMPLETED"}, _ACTIVE]},
    "tasks are starting": {"pendingCount": 1},
    "tasks are missing": {"runningCount": 1},
    "CODE_DEPLOY and EXTERNAL have no deployments": {"deployments": []},
    "the state of the deployment is not told": {"deployments": [{**_ACTIVE, "status": "PRIMARY", "rolloutState": ""}]},
}


@pytest.mark.parametrize("changes", MAY_COME.values(), ids=MAY_COME)
def test_what_is_expected_may_come_while_anything_moves(changes: dict[str, Any]) -> None:
    assert [one.never for one in awaited([_release(**changes)])] == [""]


def test_what_is_expected_never_comes_to_a_service_at_rest() -> None:
    [one] = awaited([_release()])
    assert one.never.startswith("expected backend:7, running backend:6: no deployment of backend is under way")


def test_nothing_more_is_awaited_where_it_runs() -> None:
    here = _release()
    [one] = awaited([Release(arn="s", name="backend", rollout=here.rollout, tasks=(), evidence=here.evidence)])
    assert one.never == ""
