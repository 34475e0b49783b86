"""A copy of the project, in which one file at a time is mutated: the work tree's own files are never touched."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.mutants.making import ROOT, Mutant

BROKEN = "it cannot be imported"
FAILED, NOT_COLLECTED, NOT_STARTED = 1, 2, (3, 4)
"""pytest's exit codes; the latter where the plugin itself cannot be imported."""


class Copy:
    """The project's files, as they are now, in another folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._written = 0
        command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
        for name in filter(None, listed.split("\0")):
            if (ROOT / name).is_file():
                target = folder / name
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, target)

    @contextmanager
    def mutated(self, mutant: Mutant) -> Iterator[None]:
        """While the file is mutated."""
        path = self.folder / mutant.file
        kept, known = path.read_bytes(), path.stat()
        path.write_text(mutant.source(kept.decode()), encoding="utf-8")
        # compiled files are known by time and size: no two states of a file may share them
        self._written += 1
        os.utime(path, (known.st_atime, known.st_mtime + 10 * self._written))
        try:
            yield
        finally:
            path.write_bytes(kept)
            os.utime(path, ns=(known.st_atime_ns, known.st_mtime_ns))

    def pytest(self, tests: Sequence[str], limit_s: float) -> tuple[int, str]:
        """The exit code of these tests, which end at the first failure, and what failed; 0 where all pass."""
        listed = self.folder / "tests-to-run.txt"
        listed.write_text("\n".join(tests), encoding="utf-8")
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-n0", "-p", "no:cacheprovider", "--tb=no", "-rfE"]
        paths = os.pathsep.join([str(self.folder / "plugins"), str(self.folder)])
        environment = {**os.environ, "PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(
            [*command, f"@{listed}"], cwd=self.folder, env=environment, timeout=10 * limit_s, check=False,
            capture_output=True, text=True,
        )  # fmt: skip
        if done.returncode in (NOT_COLLECTED, *NOT_STARTED):
            return done.returncode, BROKEN
        assert done.returncode in (0, FAILED), done.stdout + done.stderr
        told = re.search(r"^(?:FAILED|ERROR) (.+?)(?: - .*)?$", done.stdout, re.MULTILINE)
        return done.returncode, told[1] if told else ""
