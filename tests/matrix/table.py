"""Tries combinations and tells what came of them: kinds by tried, blind, right and wrong."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import time
from collections import Counter
from collections.abc import Iterable, Sequence

from opschecks.core.iam import iam_action
from opschecks.core.observation import REGISTRY
from opschecks.hooks.fixtures import import_observations
from tests.matrix.judging import BLIND, OF_MACHINES, RIGHT, WRONG, Combination, Judge, Verdict, combinations
from tests.matrix.kinds import KINDS
from tests.matrix.reasons import NOT_ASKED, REASONS, Reason
from tests.matrix.world import WORLDS, World

PROCESSES = 2


def tried(world: str, only: str = "", sample: int = 0, seed: int = 0) -> list[Verdict]:
    """The verdicts of the world's combinations: all, those whose id begins with `only`, or a sample of so many."""
    with World(world).open() as opened:
        wanted = [one for one in combinations(opened) if one.id.startswith(only)]
        if sample:
            wanted = drawn(wanted, sample, seed)
        judge = Judge(opened)
        return [judge.verdict(one) for one in wanted]


def everything(only: str = "", sample: int = 0, seed: int = 0) -> list[Verdict]:
    """As `tried`, of all worlds; each has a process of its own, because it has the only sandbox of that."""
    worlds = [one for one in WORLDS if not only or only.startswith(f"{one}/") or one.startswith(only)]
    work = [(one, only, sample // len(worlds), seed) for one in worlds]
    if len(work) == 1:
        return tried(*work[0])
    with multiprocessing.get_context("spawn").Pool(PROCESSES, maxtasksperchild=1) as pool:
        found = pool.starmap(tried, work, chunksize=1)
        pool.close()
        pool.join()  # so that cpu_s knows what the processes took
    return [one for some in found for one in some]


def cpu_s() -> float:
    """The CPU time of this process and of those that it has started and that have ended, in seconds."""
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


def drawn(wanted: Sequence[Combination], count: int, seed: int) -> list[Combination]:
    """The sample of this seed, whatever order they come in."""
    ordered = sorted(wanted, key=lambda one: one.order)
    return random.Random(seed).sample(ordered, min(count, len(ordered)))


def every_kind() -> list[str]:
    """The rows of the table."""
    return [*(kind.name for kind in KINDS), *OF_MACHINES]


def rows(verdicts: Iterable[Verdict]) -> list[tuple[str, int, int, int, int]]:
    """Of each kind: tried, blind, right, wrong; then of all."""
    counts: dict[str, Counter[str]] = {kind: Counter() for kind in every_kind()}
    for one in verdicts:
        counts[one.of.kind][one.word] += 1
    counts["all"] = sum(counts.values(), Counter())
    return [(kind, of.total(), of[BLIND], of[RIGHT], of[WRONG]) for kind, of in counts.items()]


def idle_reasons(verdicts: Iterable[Verdict]) -> list[Reason]:
    """Those that excuse nothing."""
    used = [one.reason for one in verdicts if one.reason]
    return [one for one in REASONS if one not in used]


def not_asked(verdicts: Iterable[Verdict]) -> dict[str, tuple[str, ...]]:
    """By observation: the calls that it may make, of which no fault was tried."""
    import_observations()
    tried: dict[str, set[str]] = {}
    for one in verdicts:
        service, _, operation = one.of.call.partition("@")[0].partition(":")
        tried.setdefault(one.of.observation, set()).add(iam_action(service, operation))
    left = {name: set(one.allow) - tried.get(name, set()) for name, one in REGISTRY.items()}
    return {name: tuple(sorted(calls)) for name, calls in left.items() if calls}


def unlike_not_asked(verdicts: Iterable[Verdict]) -> list[str]:
    """Observations of which NOT_ASKED says something else."""
    told = not_asked(verdicts)
    return sorted(name for name in {**told, **NOT_ASKED} if told.get(name) != NOT_ASKED.get(name))


def shown(verdicts: Sequence[Verdict], seconds: float, cpu: float, seed: int) -> str:
    """The table, and a line for each wrong combination."""
    lines = [f"{'kind':<32}{'tried':>7}{'blind':>7}{'right':>7}{'wrong':>7}"]
    lines += [f"{kind:<32}{a:>7}{b:>7}{c:>7}{d:>7}" for kind, a, b, c, d in rows(verdicts) if a]
    for one in verdicts:
        if one.problems:
            more = f" (and {len(one.problems) - 1} more)" if len(one.problems) > 1 else ""
            lines.append(f"WRONG: {one.problems[0]}{more}\n    python -m tests.matrix --only {one.of.id!r}")
    excused = sum(one.reason is not None for one in verdicts)
    lines.append(f"{excused} of them are right for a reason that tests/matrix/reasons.py has")
    lines.append(f"{len(verdicts)} combinations in {seconds:.0f} s ({cpu:.0f} s of CPU), seed {seed}")
    return "\n".join(lines)


def main(arguments: Sequence[str]) -> int:
    """Run the command with these arguments."""
    parser = argparse.ArgumentParser(prog="python -m tests.matrix", description=__doc__)
    parser.add_argument("--only", default="", metavar="ID", help="combinations whose id begins so")
    parser.add_argument("--sample", type=int, default=0, metavar="N", help="so many, drawn by the seed")
    parser.add_argument("--seed", type=int, default=13, metavar="S")
    parser.add_argument("--unmoved", action="store_true", help="also list what nobody noticed")
    asked = parser.parse_args(arguments)
    began = time.monotonic()
    found = everything(asked.only, asked.sample, asked.seed)
    if not found:
        parser.error(f"no combination begins with {asked.only!r}")
    if asked.unmoved:
        print("\n".join(f"unmoved: {one.of.id}" for one in found if one.unmoved))
    print(shown(found, time.monotonic() - began, cpu_s(), asked.seed))
    idle = [] if asked.only or asked.sample else idle_reasons(found)
    for one in idle:
        print(f"WRONG: a reason excuses nothing: {one.observation}, {one.call}: {one.why}")
    unlike = [] if asked.only or asked.sample else unlike_not_asked(found)
    for name in unlike:
        print(f"WRONG: NOT_ASKED of tests/matrix/reasons.py does not say what is not asked for {name}")
    return int(bool(idle or unlike) or any(one.problems for one in found))
