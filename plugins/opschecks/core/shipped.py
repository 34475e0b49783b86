"""Where the checks lie that opschecks ships, and which folder of checks a project uses."""

from __future__ import annotations

from pathlib import Path

from .check_names import checks_in

SHIPPED = "opschecks.checks"
"""What pytest's --pyargs calls the folder: `opschecks.checks.daily` is the daily suite."""
_PACKAGE = Path(__file__).parent.parent


def shipped_checks() -> Path:
    """The folder of our own suites and RUNBOOK.md: within the package once installed, at the root of a clone."""
    installed = _PACKAGE / "checks"
    return installed if installed.is_dir() else _PACKAGE.parent.parent / "checks"


def checks_of(project: Path) -> Path:
    """The project's own checks/ where it has one, else ours."""
    own = project / "checks"
    return own if own.is_dir() else shipped_checks()


def roots_of(project: Path) -> tuple[Path, ...]:
    """Where the checks lie that a project may run: its own, and ours, of which it may have copies in their place."""
    own, ours = checks_of(project), shipped_checks()
    if own.resolve() == ours.resolve() or any(_is_copy(own / path.relative_to(ours), path) for path in _files(ours)):
        return (own,)
    return own, ours


def share_names(*roots: Path) -> bool:
    """Whether files of two of these folders have one name, of which pytest's usual way of importing takes one."""
    names = [path.name for root in roots for path in _files(root)]
    return len(names) > len({*names})


def _files(checks: Path) -> list[Path]:
    return sorted(checks.rglob("test_*.py"))


def _is_copy(own: Path, ours: Path) -> bool:
    """Whether a project's file has a check of ours; one of its own may be called as ours is."""
    return own.is_file() and bool({name for name, _ in checks_in(own)} & {name for name, _ in checks_in(ours)})


def shipped_node(suite: Path, node: str) -> str:
    """The argument of --pyargs for a check of our suite's folder, of which pytest says `…test_name.py::test[stack]`."""
    file, _, test = node.partition("::")
    parts = (SHIPPED, *suite.relative_to(shipped_checks()).parts, Path(file).stem)
    return f"{'.'.join(parts)}::{test}"


def shipped_path(argument: str) -> str | None:
    """The path behind an argument of --pyargs such as `opschecks.checks.daily` or `….daily.test_alb::test_name`.

    None for what is none of our suites and files of checks.
    """
    module, colons, rest = argument.partition("::")
    if module != SHIPPED and not module.startswith(f"{SHIPPED}."):
        return None
    path = shipped_checks().joinpath(*module.removeprefix(SHIPPED).split(".")[1:])
    found = path if path.is_dir() else path.with_suffix(".py")
    return f"{found}{colons}{rest}" if found.exists() else None
