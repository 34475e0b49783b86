"""Suites: those of opschecks, and those that a project makes of folders of its own."""

from __future__ import annotations

import ast
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
_NAME = re.compile(r"[a-z][a-z0-9-]{0,31}")
RESERVED = ("plan", "fleet", "replay", "history", "journal", "lock", "plans", "fleets", "summaries")
"""What lies beside the files of suites in reports/ and in the state; so does what a part of a suite wrote."""
PARTIAL = "-partial"


INI = "opschecks.ini"
"""A folder's own, which pytest does not read: it would take one of its own there in place of the project's."""


class SuiteError(Exception):
    """A folder cannot be the suite that it says it is; the message names its conftest or its ini file."""


def suites_in(checks: Path) -> dict[str, Path]:
    """The suites of a folder of checks: ours, and each folder below it that says so.

    Its conftest.py, which is not imported, says `suite = "NAME"`; or its opschecks.ini, in the section [opschecks].
    SuiteError where one says a name that cannot be.
    """
    found = dict(SUITES)
    told = [(path, _said(path)) for path in checks.rglob("conftest.py")]
    told += [(path, _said_in_ini(path)) for path in checks.rglob(INI)]
    for path, name in sorted((path, name) for path, name in told if name is not None):
        folder = path.parent.relative_to(checks)
        if found.get(name) == folder:
            continue
        if why := _why_not(name, folder, found):
            raise SuiteError(f"{path}: suite = {name!r}: {why}")
        found[name] = folder
    return found


def own_suites(checks: Path) -> dict[str, Path]:
    """The same without ours."""
    return {name: folder for name, folder in suites_in(checks).items() if name not in SUITES}


def _why_not(name: str, folder: Path, found: Mapping[str, Path]) -> str:
    if not _NAME.fullmatch(name):
        return "expected lower-case letters, digits and '-', such as hourly"
    if name in found:
        return f"checks/{found[name]} is that suite; give it another name"
    if name in RESERVED or name.endswith(PARTIAL):
        return "opschecks has other files of that name in reports/ or in the state; give it another name"
    if folder == Path():
        return "checks/ has all suites; make a folder in it"
    if said := next((one for one, of in found.items() if of == folder and one not in SUITES), ""):
        return f"the folder is the suite {said} already; remove one of the two"
    if folder in found.values():
        return "the folder cannot be another suite; make one beside it"
    if other := next((one for one in found.values() if one in folder.parents or folder in one.parents), None):
        return f"it and checks/{other} are one within the other; move it"
    return ""


def _said(conftest: Path) -> str | None:
    """What the file's last `suite = "NAME"` says, outside functions and texts; None without one."""
    said = None
    with contextlib.suppress(OSError, ValueError, SyntaxError):  # pytest says why
        text = conftest.read_text(encoding="utf-8-sig")
        for node in ast.parse(text).body if "suite" in text else ():
            targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
            value = getattr(node, "value", None)
            named = any(isinstance(one, ast.Name) and one.id == "suite" for one in targets)
            if named and isinstance(value, ast.Constant) and isinstance(value.value, str):
                said = value.value
    return said


def _said_in_ini(path: Path) -> str:
    """What its one key says; SuiteError where it does not say one suite."""
    import configparser

    says = configparser.ConfigParser(interpolation=None)
    try:
        says.read_string(path.read_text(encoding="utf-8-sig"))
    except (configparser.Error, OSError, ValueError) as error:
        raise SuiteError(f"{path}: it cannot be read: {str(error).splitlines()[0]}") from None
    keys = {(section, key) for section in says.sections() for key in says[section]}
    if keys != {("opschecks", "suite")}:
        raise SuiteError(f"{path}: expected [opschecks] and suite = NAME, such as hourly, and nothing else")
    return says["opschecks"]["suite"].strip("\"' ")
