"""Tries mutants: a pytest that has collected the narrow tests forks for each, and the fork runs what reaches it.

Which tests reach a line is what coverage saw in one run of all of them without a mutant, which must pass. In the fork
the mutated function gets its new code in place, wherever it is held already; what Python runs at import (constants,
defaults, what decorators are told) is tried by a pytest of its own, on a copy of the project. A kill counts where the
same tests in the same order pass without the mutant.
"""

from __future__ import annotations

import functools
import gc
import json
import os
import resource
import signal
import subprocess
import sys
import time
import types
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.mutants.copying import Copy
from tests.mutants.making import ROOT, Mutant

TESTS = (
    "tests/real", "tests/aws", "tests/web", "tests/drills/test_table_items.py", "tests/drills/test_table_shape.py",
    "tests/drills/test_load.py", "tests/drills/test_failover.py", "tests/cli/test_policy.py",
    "tests/cli/test_organization.py", "tests/cli/test_proposal.py", "tests/cli/test_doctor.py",
    "tests/remedies/operations/test_access_keys.py", "tests/remedies/operations/test_key_handover.py",
    "tests/remedies/operations/test_full_backup.py", "tests/remedies/operations/test_incident_archive.py",
    "tests/remedies/operations/test_archived_items.py", "tests/remedies/operations/test_restore.py",
    "tests/remedies/operations/test_stop_task.py", "tests/remedies/settings/test_settings.py",
)  # fmt: skip
"""What looks at answers in its own process: the narrow tests. Whole runs in a sandbox are not among them."""
DECLARATIONS = "tests/real/test_severities.py::"
"""Looks at what was declared at import, of every check."""
TOO_LONG_S = 10.0
"""Tests that take longer are left out; they are whole runs, too."""
LEAST_TIME_S = 20.0
TIMES_AS_LONG = 10
KILLED, SURVIVED, UNREACHED = "killed", "survived", "not reached"


@dataclass(frozen=True)
class Reach:
    """What a run without a mutant tells: the tests that run each line of a file, and how long each takes, in s."""

    lines: Mapping[str, Mapping[int, frozenset[str]]]
    durations: Mapping[str, float]

    def of(self, mutant: Mutant) -> list[str]:
        """The tests that reach what was changed, the quickest first."""
        lines = self.lines.get(mutant.file, {})
        reached = [lines.get(line, frozenset()) for line in range(mutant.line, mutant.last + 1)]
        found = frozenset().union(*(lines.values() if mutant.at_import else reached))
        declares = [one for one in self.durations if mutant.at_import and one.startswith(DECLARATIONS)]
        wanted = [one for one in {*found, *declares} if self.durations[one] < TOO_LONG_S]
        return sorted(wanted, key=lambda one: (self.durations[one], one))


@dataclass(frozen=True)
class Tried:
    """What became of a mutant, and which test killed it."""

    mutant: Mutant
    word: str
    by: str = ""

    @property
    def killed(self) -> bool:
        """Whether a test noticed."""
        return self.word == KILLED


class Loop:
    """A pytest plugin that takes the place of running the tests: `work` is given this, and tries mutants."""

    def __init__(self, work: Callable[[Loop], None], scratch: Path) -> None:
        self._work = work
        self._scratch = scratch
        self._session: Any = None
        self._items: dict[str, Any] = {}
        self._failed = ""
        self._durations: dict[str, float] = defaultdict(float)
        self._passed: set[tuple[str, ...]] = set()
        self._held = Held({}, ())

    def pytest_runtestloop(self, session: Any) -> bool:
        """Instead of pytest's own."""
        assert not session.testsfailed, "a file of tests cannot be collected"
        self._session = session
        self._items = {one.nodeid: one for one in session.items}
        gc.collect()
        self._held = Held.now()
        gc.freeze()  # what a fork only reads it shares with this process
        self._work(self)
        return True

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Note the first failure."""
        self._durations[report.nodeid] += report.duration
        if report.failed and not self._failed:
            self._failed = report.nodeid

    def reach(self, files: Sequence[str], known: Path | None) -> Reach:
        """Run all tests without a mutant, and see which run each line of these files.

        `known` keeps it for the next time: tests that it knows are not run again.
        """
        kept = json.loads(known.read_text(encoding="utf-8")) if known and known.exists() else {"durations": {}}
        new = [one for one in self._items if one not in kept["durations"]]

        def work() -> Mapping[str, Any]:
            import coverage

            seen = coverage.Coverage(
                data_file=str(self._scratch / "coverage"), include=[str(ROOT / one) for one in files]
            )
            seen.start()
            failed = self._run(new, seen.switch_context)
            seen.stop()
            seen.save()
            return {"failed": failed, "durations": self._durations, "lines": _contexts(self._scratch / "coverage")}

        if new:
            told = self._forked(work, 7200)
            assert told, self._said()
            assert not told["failed"], f"without a mutant, {told['failed']} fails: {self._said()}"
            kept = _merged(kept, told)
        if known:
            known.write_text(json.dumps(kept), encoding="utf-8")
        there = self._items.keys()
        lines = {
            file: {int(line): frozenset(there & set(tests)) for line, tests in of.items()}
            for file, of in kept["lines"].items()
        }
        return Reach(lines, kept["durations"])

    def tried(self, mutant: Mutant, reached: Reach, copy: Callable[[], Copy]) -> Tried:
        """Run the tests that reach the mutant until one fails."""
        tests = reached.of(mutant)
        if not tests:
            return Tried(mutant, UNREACHED)
        limit = max(LEAST_TIME_S, TIMES_AS_LONG * sum(reached.durations[one] for one in tests))
        told: dict[str, Any] | None = {"impossible": True}
        if not mutant.at_import:
            told = self._forked(lambda: self._mutated(mutant, tests), limit)
        if told is None:
            return Tried(mutant, KILLED, "ran out of time")
        assert told, f"{mutant.id}: {self._said()}"
        found = _alone(mutant, tests, copy(), limit) if "impossible" in told else Tried(mutant, SURVIVED)
        if told.get("failed"):
            found = Tried(mutant, KILLED, told["failed"])
        if found.by in tests:
            self._confirm(tuple(tests[: tests.index(found.by) + 1]), limit)
        return found

    def _mutated(self, mutant: Mutant, tests: Sequence[str]) -> Mapping[str, Any]:
        return {"failed": self._run(tests)} if self._held.put_in_place(mutant) else {"impossible": True}

    def _confirm(self, tests: tuple[str, ...], limit: float) -> None:
        if tests not in self._passed:
            told = self._forked(lambda: {"failed": self._run(tests)}, limit)
            assert told, self._said()
            assert not told["failed"], f"without a mutant, {told['failed']} fails after {tests}"
            self._passed.add(tests)

    def _run(self, tests: Sequence[str], switch: Callable[[str], object] = str) -> str:
        """The first test that fails; empty where all pass."""
        for place, name in enumerate(tests):
            following = self._items[tests[place + 1]] if place + 1 < len(tests) else None
            switch(name)
            item = self._items[name]
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if self._failed:
                break
        return self._failed

    def _said(self) -> str:
        return (self._scratch / "said.txt").read_text(encoding="utf-8", errors="replace")[-3000:]

    def _forked(self, work: Callable[[], Mapping[str, Any]], limit: float) -> dict[str, Any] | None:
        """What the work tells, done in a fork of this process; None where it took too long, {} where it just ended."""
        answer, said = self._scratch / "told.json", self._scratch / "said.txt"
        answer.unlink(missing_ok=True)
        sys.stdout.flush()
        if not (process := os.fork()):
            try:
                os.setsid()
                resource.setrlimit(resource.RLIMIT_CPU, (int(limit), int(limit) + 5))
                out = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
                os.dup2(out, 1)
                os.dup2(out, 2)
                answer.write_text(json.dumps(work()), encoding="utf-8")
            finally:
                sys.stdout.flush()
                os._exit(0)
        return _awaited(process, answer, limit)


def _awaited(process: int, answer: Path, limit: float) -> dict[str, Any] | None:
    ends, pause = time.monotonic() + 10 * limit, 0.005
    while True:
        done, status = os.waitpid(process, os.WNOHANG)
        if done:
            if os.WIFSIGNALED(status) and os.WTERMSIG(status) in (signal.SIGXCPU, signal.SIGKILL):
                return None
            told: dict[str, Any] = json.loads(answer.read_text(encoding="utf-8")) if answer.exists() else {}
            return told
        if time.monotonic() > ends:
            os.killpg(process, signal.SIGKILL)
            os.waitpid(process, 0)
            return None
        time.sleep(pause)
        pause = min(0.1, pause * 1.5)


def _contexts(path: Path) -> dict[str, dict[int, list[str]]]:
    """Of each file, of each line: the tests that run it."""
    import coverage

    data = coverage.CoverageData(str(path))
    data.read()
    return {
        str(Path(file).relative_to(ROOT)): {
            line: [one for one in tests if one] for line, tests in data.contexts_by_lineno(file).items()
        }
        for file in data.measured_files()
    }


def _merged(kept: dict[str, Any], told: Mapping[str, Any]) -> dict[str, Any]:
    lines: dict[str, dict[str, list[str]]] = kept.get("lines", {})
    for file, of in told["lines"].items():
        for line, tests in of.items():
            lines.setdefault(file, {}).setdefault(line, []).extend(tests)
    return {"durations": {**kept["durations"], **told["durations"]}, "lines": lines}


@dataclass(frozen=True)
class Held:
    """Every function of ours that is held anywhere in this process, by file and qualified name; and their caches."""

    functions: Mapping[str, Mapping[str, Sequence[types.FunctionType]]]
    caches: Sequence[Any]

    @staticmethod
    def now() -> Held:
        """As of now."""
        functions: dict[str, dict[str, list[types.FunctionType]]] = defaultdict(lambda: defaultdict(list))
        caches = []
        for one in gc.get_objects():
            if isinstance(one, types.FunctionType) and one.__code__.co_filename.startswith(str(ROOT)):
                functions[one.__code__.co_filename][one.__code__.co_qualname].append(one)
            elif isinstance(one, functools._lru_cache_wrapper) and str(one.__module__).startswith("opschecks."):
                caches.append(one)
        return Held(functions, caches)

    def put_in_place(self, mutant: Mutant) -> bool:
        """Give the function that is mutated its new code, wherever it is held; whether that is possible."""
        path = str(ROOT / mutant.file)
        original = Path(path).read_text(encoding="utf-8")
        old, new = (_codes(compile(one, path, "exec")) for one in (original, mutant.source(original)))
        pairs = []
        for name, functions in self.functions.get(path, {}).items():
            if name != mutant.function and not name.startswith(f"{mutant.function}.<locals>."):
                continue
            lines = [one.co_firstlineno for one in old[name]]
            if len(lines) != len(new[name]):
                return False
            pairs += [(one, new[name][lines.index(one.__code__.co_firstlineno)]) for one in functions]
        if not pairs or any(len(one.__code__.co_freevars) != len(code.co_freevars) for one, code in pairs):
            return False
        for one, code in pairs:
            one.__code__ = code
        for cache in self.caches:
            cache.cache_clear()
        return True


def _codes(module: types.CodeType) -> dict[str, list[types.CodeType]]:
    """All code of a module by qualified name, in order of place."""
    found: dict[str, list[types.CodeType]] = defaultdict(list)
    left = [module]
    while left:
        code = left.pop()
        found[code.co_qualname].append(code)
        left += [one for one in code.co_consts if isinstance(one, types.CodeType)]
    for codes in found.values():
        codes.sort(key=lambda one: one.co_firstlineno)
    return found


def _alone(mutant: Mutant, tests: Sequence[str], copy: Copy, limit: float) -> Tried:
    """What a pytest of its own says of the mutant, whose source is written into the copy."""
    with copy.mutated(mutant):
        try:
            code, failed = copy.pytest(tests, limit)
        except subprocess.TimeoutExpired:
            return Tried(mutant, KILLED, "ran out of time")
    return Tried(mutant, KILLED if code else SURVIVED, failed)
