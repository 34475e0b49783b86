"""Suites: those of opschecks, and those that a project makes of folders of its own."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping
from pathlib import Path

SUITES: Mapping[str, Path] = {
    "daily": Path("daily"),
    "weekly": Path("weekly"),
    "deploy-before": Path("deploy/before"),
    "deploy-after": Path("deploy/after"),
    "drills": Path("drills"),
}
"""The folder of each, below checks/."""
MUST_NAME_THEIR_STACK = ("deploy-before", "deploy-after", "drills")
"""All others only look, and take the default stack."""
_SAID = re.compile(r"""^suite\s*(?::\s*\w+\s*)?=\s*(["'])(.*?)\1\s*(?:#.*)?$""", re.MULTILINE)
_NAME = re.compile(r"[a-z][a-z0-9-]{0,31}")


class SuiteError(Exception):
    """A folder cannot be the suite that it says it is; the message names its conftest."""


def suites_in(checks: Path) -> dict[str, Path]:
    """The suites of a folder of checks: ours, and each folder below it whose conftest.py says `suite = "NAME"`.

    The conftests are not imported. SuiteError where one says a name that cannot be.
    """
    found = dict(SUITES)
    for path in sorted(checks.rglob("conftest.py")):
        folder, name = path.parent.relative_to(checks), _said(path)
        if name is None or found.get(name) == folder:
            continue
        if not _NAME.fullmatch(name):
            raise SuiteError(f"{path}: suite = {name!r}: expected lower-case letters, digits and '-', such as hourly")
        if name in found:
            raise SuiteError(f"{path}: suite = {name!r}: checks/{found[name]} is that suite; give it another name")
        if other := next((one for one in found.values() if one in folder.parents or folder in one.parents), None):
            raise SuiteError(f"{path}: suite = {name!r}: it and checks/{other} are one within the other; move it")
        if folder in found.values() or folder == Path():
            raise SuiteError(f"{path}: suite = {name!r}: the folder cannot be another suite; make one beside it")
        found[name] = folder
    return found


def own_suites(checks: Path) -> dict[str, Path]:
    """The same without ours."""
    return {name: folder for name, folder in suites_in(checks).items() if name not in SUITES}


def _said(conftest: Path) -> str | None:
    with contextlib.suppress(OSError, UnicodeDecodeError):  # pytest says why
        if said := _SAID.search(conftest.read_text(encoding="utf-8")):
            return said[2]
    return None
