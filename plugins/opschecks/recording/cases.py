"""Tests made of recordings, and single checks tried on them: each replay is a pytest of its own."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from ..history.storage import write_whole
from .file import Recording, RecordingError

_CASE = '''\
"""The {suite} checks on what was recorded {moment}: each must end as pinned.

Made by `opschecks recording test`; after a change of a check that is meant, correct OUTCOMES by hand.
"""

import json
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
RECORDING = HERE / "{name}"
OUTCOMES = {outcomes}


def test_{slug}_ends_as_pinned(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pytest", "{folder}", "--replay", str(RECORDING), "--reports", str(tmp_path)]
    done = subprocess.run(command, cwd=HERE{up}, capture_output=True, text=True, check=False)
    run_file = tmp_path / "{suite}.json"
    assert run_file.exists(), done.stdout + done.stderr
    told = json.loads(run_file.read_text(encoding="utf-8"))
    assert {{f"{{one['check']}}[{{one['stack']}}]": one["outcome"] for one in told["checks"]}} == OUTCOMES, done.stdout
'''


def write_case(recording: Recording, into: Path, root: Path) -> Path:
    """A copy of the recording in `into`, and a test beside it that pins its outcomes; `root` is where checks/ is."""
    if recording.about["partial"]:
        raise RecordingError(
            f"{recording.path}: of a part of the suite ({recording.about['partial']}); record it whole"
        )
    slug = re.sub(r"\W+", "_", f"{recording.suite}_{recording.started:%Y_%m_%d_%H%M%S}")
    copy, case = into / f"{slug}.rec", into / f"test_{slug}.py"
    for path in (copy, case):
        if path.exists():
            raise RecordingError(f"{path}: the file exists; delete it, or name another folder with --into")
    pinned = {f"{one['check']}[{one['stack']}]": one["outcome"] for one in recording.outcomes}
    lines = "".join(f"    {json.dumps(key)}: {json.dumps(value)},\n" for key, value in sorted(pinned.items()))
    depth = len(into.resolve().relative_to(root.resolve()).parts)
    text = _CASE.format(
        suite=recording.suite,
        moment=f"{recording.started:%Y-%m-%d %H:%M} UTC",
        name=copy.name,
        slug=slug,
        folder=recording.folder,
        outcomes=f"{{\n{lines}}}",
        up=".parent" * depth,
    )
    into.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(recording.path, copy)
    write_whole(case, text)
    return case


def replayed_alone(recording: Recording, file: Path, check: str) -> tuple[str, str]:
    """The worst outcome of the check on the recording, and its message; RecordingError where it could not be run."""
    with tempfile.TemporaryDirectory() as reports:
        command = [sys.executable, "-m", "pytest", f"{file}::{check}", "--replay", str(recording.path)]
        done = subprocess.run(  # noqa: S603 - our own interpreter, on a file of the project
            [*command, "--reports", reports, "-p", "no:cacheprovider"],
            capture_output=True,
            text=True,
            check=False,
            env=dict(os.environ),
        )
        run_file = Path(reports) / f"{recording.suite}-partial.json"
        if not run_file.exists():
            why = (done.stderr.strip() or done.stdout.strip()).splitlines()
            raise RecordingError(f"{recording.path}: {why[0] if why else 'pytest ended without a run'}")
        told = json.loads(run_file.read_text(encoding="utf-8"))
    rank = ("failed", "blind", "not_run", "waived", "passed")
    found = [(str(one["outcome"]), str(one["message"])) for one in told["checks"]]
    if not found:
        raise RecordingError(f"{recording.path}: {check} was not run")
    return min(found, key=lambda one: rank.index(one[0]) if one[0] in rank else len(rank))
