"""An operational runbook that runs itself. PYTEST_DONT_REWRITE

Below are the names that checks are written with, and the pytest hooks, one module for each thing that
they do. Everything else is imported where it is needed: the plugin is loaded by every pytest in its reach.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .answer import Answer
from .model import Check, Figure, Finding, Outcome, ReportSection, Resource, Run, Series, Severity, check
from .observe import CouldNotLook, fan_out, observation, seen

if TYPE_CHECKING:
    from .hooks.examine import Examine as Examine
    from .stack import Stack as Stack

__version__ = "0.1.0"

__all__ = [
    "Answer",
    "Check",
    "CouldNotLook",
    "Examine",
    "Figure",
    "Finding",
    "Outcome",
    "ReportSection",
    "Resource",
    "Run",
    "Series",
    "Severity",
    "Stack",
    "check",
    "fan_out",
    "observation",
    "seen",
]

pytest_plugins = [
    "opschecks.hooks.options",  # the command line
    "opschecks.hooks.select",  # is this a checks run, of which suite and which stacks?
    "opschecks.hooks.sandbox",  # starts and stops the sandbox, gives it its faults
    "opschecks.hooks.fixtures",  # observations, stack and examine as fixtures; one check per stack
    "opschecks.hooks.gather",  # who am I, then every observation at once
    "opschecks.hooks.fix_options",  # refuses what would be careless
    "opschecks.hooks.fix",  # what failed is mended, if asked, before the checks are reported
    "opschecks.hooks.drills",  # holds the drills that checks/drills ask for, one after another, under the lock
    "opschecks.hooks.bake",  # after a deploy: waits until it has settled, and watches it for a while
    "opschecks.hooks.judge",  # what an exception means: failed, blind, waived, not applicable
    "opschecks.hooks.account",  # every collected check is reported; files and exit code
    "opschecks.hooks.workers",  # xdist: stacks spread over processes
    "opschecks.hooks.terminal",  # what is printed
    "opschecks.hooks.github",  # job summary and annotations under GitHub Actions
    "opschecks.hooks.engineers_page",  # pytest-html's page
]


def __getattr__(name: str) -> Any:
    """Stack and Examine cost pydantic and pytest; only those pay who ask."""
    if name == "Stack":
        from .stack import Stack

        return Stack
    if name == "Examine":
        from .hooks.examine import Examine

        return Examine
    raise AttributeError(f"module 'opschecks' has no attribute {name!r}")
