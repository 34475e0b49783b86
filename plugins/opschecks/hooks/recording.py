"""--record keeps every answer of a run in a file; --replay runs checks on such a file, offline and at its moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ..core import clock
from ..core.dataclass import dataclass
from ..core.model import Expected
from ..core.tape import LIVE, Tape
from ..core.wording import plural
from .pytest_private import in_workers
from .state import checks_run

if TYPE_CHECKING:
    from ..config.stack import Stack
    from ..config.waivers import Waiver

_SAID = pytest.StashKey[str]()
_RECORDED = ("stack", "stacks", "fault", "expect_revision", "expect_image", "expect_deployment")
"""What a recording has itself."""


@dataclass(frozen=True)
class Played:
    """The tape of a run; where it replays a recording, what that was a run of."""

    tape: Tape = LIVE
    stacks: Sequence[Stack] = ()
    waivers: Sequence[Waiver] = ()
    expected: Expected = field(default_factory=Expected)


def tape_of(config: pytest.Config, suite: str) -> Played:
    """The tape that the options ask for; UsageError for options that do not go together, or a bad file.

    Where a recording is replayed, the clock stands at its moment until pytest ends.
    """
    option: Any = config.option
    if not (option.record or option.replay):
        if option.record_raw:
            raise pytest.UsageError("--record-raw: goes with --record FILE")
        return Played()
    _refuse(config, suite, "--record" if option.record else "--replay")
    if option.record:
        from ..recording.tapes import Recorder

        if option.record.exists():
            raise pytest.UsageError(f"--record {option.record}: the file exists; name another one, or delete it")
        return Played(Recorder())
    return _replayed(config, option.replay, suite)


def _refuse(config: pytest.Config, suite: str, flag: str) -> None:
    option: Any = config.option
    if option.record and option.replay:
        raise pytest.UsageError("--record: does not go with --replay: `opschecks recording scrub` copies a recording")
    for name in ("fix", "bake"):
        if getattr(option, name):
            raise pytest.UsageError(f"{flag}: does not go with --{name}, which looks several times or changes things")
    if suite == "drills":
        raise pytest.UsageError(f"{flag}: does not apply to drills, which change things")
    if in_workers(config):
        raise pytest.UsageError(f"{flag}: a recording is of one process; remove -n")
    for name in _RECORDED if option.replay else ():
        if getattr(option, name):
            named = name.replace("_", "-")
            raise pytest.UsageError(f"--replay: does not go with --{named}, which the recording has itself; remove it")


def _replayed(config: pytest.Config, path: Path, suite: str) -> Played:
    from ..recording.about import expected_of, stacks_of, waivers_of
    from ..recording.file import RecordingError, read_recording
    from ..recording.tapes import Replayer

    try:
        recording = read_recording(path)
        if recording.suite == suite:
            told = stacks_of(recording), waivers_of(recording), expected_of(recording)
            clock.stand_at(recording.started)
            config.add_cleanup(partial(clock.stand_at, None))
            return Played(Replayer(recording), *told)
        why = f"{path}: a recording of the {recording.suite} checks: pytest {recording.folder} --replay {path}"
    except RecordingError as error:
        why = str(error)
    raise pytest.UsageError(f"--replay {why}")


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Say that nothing of this is new."""
    run = checks_run(config)
    if not run or not run.tape.replays:
        return []
    return [f"opschecks: REPLAY of {config.option.replay}, recorded {run.started:%Y-%m-%d %H:%M} UTC; nobody is called"]


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the recording: what was asked, also where the run was stopped."""
    run, option = checks_run(session.config), session.config.option
    if not run or not run.told or not option.record or option.collectonly:
        return
    from ..recording.about import about
    from ..recording.file import write_recording

    outcomes = tuple({"check": one.check, "stack": one.stack, "outcome": one.outcome} for one in run.told.checks)
    try:
        recording = about(run.told, run.stacks, run.waivers, run.expected, run.tape, outcomes)
        if not option.record_raw:
            from ..recording.scrubbing import scrubbed

            recording = scrubbed(recording)
        write_recording(option.record, recording)
        size = option.record.stat().st_size
    except Exception as error:  # noqa: BLE001 - whatever it is, the run's own result stands, and is told first
        why = str(error) if isinstance(error, OSError) else f"{type(error).__name__}: {error}"
        session.config.stash[_SAID] = f"the recording could not be written: {why}"
        session.exitstatus = pytest.ExitCode.INTERNAL_ERROR
        return
    kind = "RAW: it has names, addresses, logs and secrets" if option.record_raw else "scrubbed"
    what = f"{plural(len(recording.exchanges), 'answer')}, {max(1, size // 1000)} kB, {kind}"
    session.config.stash[_SAID] = f"recording: {option.record} ({what})"


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Say where the recording is."""
    if said := config.stash.get(_SAID, ""):
        from ..report.text import printable

        terminalreporter.write_line(printable(said))
