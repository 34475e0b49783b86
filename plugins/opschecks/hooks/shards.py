"""Fleets: --stack all, and --shard: which of the stacks this process checks, and the record that it has done so."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ..core import clock
from ..core.dataclass import dataclass
from ..core.run import FleetPart
from ..core.suites import MUST_NAME_THEIR_STACK
from ..core.wording import plural
from .pytest_private import worker_input
from .state import checks_run

if TYPE_CHECKING:
    from ..config.load import Stacks
    from ..config.stack import Stack
    from ..history.fleets import Deal
    from ..history.storage import Place

SHARD, SHARDS, FLEET = "OPSCHECKS_SHARD", "OPSCHECKS_SHARDS", "OPSCHECKS_FLEET"
_UNFIT = re.compile("[^A-Za-z0-9._-]+")


@dataclass(frozen=True)
class Scheduler:
    """What starts several processes, and how it tells each of them which one it is.

    `index` and `total` are its variables, the first index is `first`; `fleet` are those that all of its processes, and
    one that is run again, have in common.
    """

    name: str
    index: str
    total: str
    first: int
    fleet: tuple[str, ...]


SCHEDULERS = (
    # https://docs.aws.amazon.com/batch/latest/userguide/job_env_vars.html; the id of a child is PARENT:INDEX
    Scheduler("AWS Batch", "AWS_BATCH_JOB_ARRAY_INDEX", "AWS_BATCH_JOB_ARRAY_SIZE", 0, ("AWS_BATCH_JOB_ID",)),
    # https://kubernetes.io/docs/concepts/workloads/controllers/job/#completion-mode: the host name is JOB-INDEX, and
    # nothing tells how many there are
    Scheduler("Kubernetes", "JOB_COMPLETION_INDEX", SHARDS, 0, ("HOSTNAME",)),
    # https://docs.gitlab.com/ci/variables/predefined_variables/
    Scheduler("GitLab", "CI_NODE_INDEX", "CI_NODE_TOTAL", 1, ("CI_PIPELINE_ID",)),
    # https://circleci.com/docs/variables/; the workspace is the same when a workflow is run again from what failed
    Scheduler("CircleCI", "CIRCLE_NODE_INDEX", "CIRCLE_NODE_TOTAL", 0, ("CIRCLE_WORKFLOW_WORKSPACE_ID",)),
    # https://buildkite.com/docs/pipelines/configure/environment-variables
    Scheduler("Buildkite", "BUILDKITE_PARALLEL_JOB", "BUILDKITE_PARALLEL_JOB_COUNT", 0, ("BUILDKITE_BUILD_ID",)),
)
GITHUB = Scheduler("GitHub", "", "", 1, ("GITHUB_RUN_ID", "GITHUB_JOB"))
"""A matrix has no index of its own: --shard is given one of its values. The run's id stays when it is run again."""


class ShardError(Exception):
    """What was said of the shard or the fleet is wrong; the message says what to say instead."""


class NotDealtError(ShardError):
    """Nobody typed what is wrong: what a scheduler says, or the fleet's records; there is no run today."""


def shard_of(option: str, environment: Mapping[str, str], *, ask_scheduler: bool) -> tuple[int, int] | None:
    """The number of this shard, counted from 1, and how many there are; None where nothing says so.

    --shard comes first, then OPSCHECKS_SHARD, then the variables of a scheduler.
    """
    if option:
        return _parsed("--shard", option)
    if not ask_scheduler:
        return None
    try:
        if given := environment.get(SHARD):
            return _parsed(SHARD, given)
        for one in SCHEDULERS:
            if environment.get(one.index):
                return _scheduled(one, environment)
    except ShardError as error:
        raise NotDealtError(str(error)) from None
    return None


def _parsed(what: str, given: str) -> tuple[int, int]:
    match = re.fullmatch(r"\s*(\d{1,6})\s*/\s*(\d{1,6})\s*", given, re.ASCII)
    if not match or not 1 <= int(match[1]) <= int(match[2]):
        raise ShardError(f"{what} {given}: expected i/n, such as 1/10 for the first of ten")
    return int(match[1]), int(match[2])


def _scheduled(one: Scheduler, environment: Mapping[str, str]) -> tuple[int, int]:
    index, total = environment[one.index], environment.get(one.total, "")
    if not total:
        raise ShardError(
            f"{one.index} is {index}, and how many there are is not known: set {one.total} to it (the job's "
            "completions), or give --shard i/n"
        )
    if not (index.isdecimal() and total.isdecimal() and one.first <= int(index) < one.first + int(total)):
        raise ShardError(f"{one.index}={index}, {one.total}={total}: the index is out of range; {one.name} sets both")
    return int(index) - one.first + 1, int(total)


def fleet_named(option: str, environment: Mapping[str, str]) -> str:
    """What the fleet is called: by --fleet, OPSCHECKS_FLEET, or the scheduler's own id; empty where nothing says so."""
    from ..history.fleets import NAME

    for what, given in (("--fleet", option), (FLEET, environment.get(FLEET, ""))):
        if given:
            if not NAME.fullmatch(given):
                error = ShardError if what == "--fleet" else NotDealtError
                raise error(f"{what} {given}: a fleet's name has letters, digits, '-', '_' and '.', at most 128")
            return given
    for one in SCHEDULERS:
        if environment.get(one.index) and (told := _own_id(one, environment)):
            return told
    return _own_id(GITHUB, environment)


def _own_id(one: Scheduler, environment: Mapping[str, str]) -> str:
    parts = [environment.get(name, "") for name in one.fleet]
    if not parts[0]:
        return ""
    if one.name == "AWS Batch":
        parts[0] = parts[0].partition(":")[0]
    if one.name == "Kubernetes":
        job, _, index = parts[0].rpartition("-")
        if index != environment[one.index]:
            return ""  # a host name of another making, or one that was cut: it would be a fleet of its own
        parts[0] = job
    told = "-".join([one.name.split(maxsplit=1)[-1].lower(), *filter(None, parts)])
    return _UNFIT.sub("-", told)[:128]


def may_be_all(config: pytest.Config, suite: str) -> bool:
    """Whether this run may take every stack; UsageError where --stack all is careless."""
    from ..config.load import ALL

    if ALL in config.option.stack and (suite in MUST_NAME_THEIR_STACK or config.option.fix):
        what = f"--fix={config.option.fix}" if suite not in MUST_NAME_THEIR_STACK else f"the suite {suite}"
        raise pytest.UsageError(f"--stack {ALL}: {what} is for stacks that are named: give --stack NAME for each")
    return suite not in MUST_NAME_THEIR_STACK


@dataclass(frozen=True)
class Hand:
    """The stacks that this process checks; `part` and `deal` are those of a fleet, else None."""

    stacks: list[Stack]
    part: FleetPart | None = None
    deal: Deal | None = None
    note: str = ""


@dataclass(frozen=True)
class Fleets:
    """What a fleet is told by a run: its suite, what narrows it, where state is kept by default, when it began."""

    suite: str
    partial: str
    history: Path
    root: Path
    begun: datetime


def hand_of(config: pytest.Config, listed: Stacks, shown: Path, of_run: Fleets, by: str) -> Hand:
    """The stacks of this process; StackError or ShardError with one clear message where that cannot be known.

    `by` is what named its stacks. Every shard must come to the same deal, whatever history it sees: the first one
    writes it down.
    """
    from ..config.load import ALL, choose_stacks

    option, suite, partial = config.option, of_run.suite, of_run.partial
    every = may_be_all(config, suite)
    stacks = choose_stacks(listed, option.stack, shown, must_name=not every, may_be_all=every, by=by)
    everything = every and ALL in option.stack and ALL not in listed.stacks
    if told := (worker_input(config) or {}).get("opschecks_part"):
        read = json.loads(told)
        return Hand([stack for stack in stacks if stack.name in read["stacks"]], FleetPart(**read["part"]))
    shard = shard_of(option.shard, os.environ, ask_scheduler=everything)
    if (shard is None and not everything) or option.collectonly:
        if option.fleet and not option.collectonly:
            raise ShardError("--fleet: names a fleet: give --stack all, or --shard i/n")
        return Hand(stacks)
    if suite in MUST_NAME_THEIR_STACK or option.fix:
        raise ShardError("--shard: for suites that only look, such as checks/daily, and not for --fix")
    if shard and len(stacks) < 2 and not everything:
        raise ShardError("--shard: one stack is not dealt to several: give --stack all, or several --stack NAME")
    if partial and shard:
        raise ShardError(f"--shard: a fleet takes the whole suite; remove {partial}")
    if partial:
        return Hand(stacks)
    name = fleet_named(option.fleet, os.environ) or (
        f"{of_run.begun.astimezone(UTC):%Y-%m-%dT%H-%M-%S.%fZ}" if not shard else ""
    )
    if not name:
        error = ShardError if option.shard else NotDealtError
        raise error("--shard: name the fleet with --fleet ID, the same for all of its shards")
    number, of = shard or (1, 1)
    try:
        deal = _agreed(place_of(stacks, of_run.history, of_run.root), suite, name, stacks, of, of_run.begun)
    except ShardError as error:
        if shard:
            raise
        return Hand(stacks, FleetPart(name, 1, 1), note=f"the fleet has no record: {error}")
    if not (names := deal.shards[number - 1]):
        pytest.exit(f"shard {number} of {of} has no stack: the fleet has {plural(len(deal.stacks), 'stack')}", 0)
    return Hand([stack for stack in stacks if stack.name in names], FleetPart(name, number, of), deal)


def _agreed(place: Place, suite: str, name: str, stacks: list[Stack], of: int, begun: datetime) -> Deal:
    from ..history.fleets import FleetError, agreed

    try:
        return agreed(place, suite, name, [stack.name for stack in stacks], of, begun)
    except FleetError as error:
        raise NotDealtError(str(error)) from None
    except OSError as error:
        raise NotDealtError(f"the deal of fleet {name} could be neither read nor written: {error}") from None


def place_of(stacks: list[Stack], history: Path, root: Path) -> Place:
    """Where the fleet's records lie: the state that its stacks share. S3 is reached with the usual credentials."""
    from ..aws.usual_chain import usual_s3
    from ..history.storage import storage_at

    states = sorted({stack.state or "" for stack in stacks})
    if len(states) > 1:
        shown = ", ".join(state or "none" for state in states[:3])
        raise NotDealtError(f"the stacks of a fleet share one state, and these have {shown}: set one state for all")
    state = states[0]
    where = state if state.startswith("s3://") else str(root / state if state else history)
    try:
        return storage_at(where, usual_s3)
    except OSError as error:
        raise NotDealtError(str(error)) from None


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Keep that the shard has ended, and how long it looked at each stack: the next fleet is dealt by that."""
    run = checks_run(session.config)
    if not run or run.worker or not (run.part and run.deal and run.told) or run.write_error:
        return
    if run.told.state != "finished":
        return
    from ..history.fleets import Ended, write_ended

    seconds, part = dict.fromkeys((stack.name for stack in run.stacks), 0.0), run.part
    for seen in run.told.observations:  # once for all: of a thousand stacks there are 40,000
        if seen.stack in seconds:
            seconds[seen.stack] += seen.duration_s
    try:
        place = place_of(run.stacks, run.reports / "history", run.root)
        write_ended(place, run.deal, Ended(part.shard, clock.now(), int(session.exitstatus), seconds))
    except (OSError, ShardError) as error:
        run.untidy.append(f"that shard {part.shard} of {part.of} has ended could not be kept: {error}")
