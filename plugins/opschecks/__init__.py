"""An operational runbook that runs itself. PYTEST_DONT_REWRITE

Below are the names that checks are written with, and the modules of pytest hooks, each of which does one thing.
Everything else is imported where it is needed, because every pytest loads this plugin.
"""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

from .core.answer import Answer
from .core.durations import in_words
from .core.faults import fault, seed
from .core.model import Check, Figure, Finding, Outcome, Resource, Series, Severity, check
from .core.observation import CouldNotLook, NeverComes, NotApplicable, NotThere, fan_out, observation, seen
from .core.own_limits import limit
from .core.run import ReportSection, Run
from .core.version import __version__ as __version__
from .core.wording import plural

if TYPE_CHECKING:
    from .aws.cloudwatch_metrics import Metric as Metric
    from .aws.cloudwatch_metrics import fetch_metrics as fetch_metrics
    from .aws.inventory import Inventory as Inventory
    from .aws.session import Aws as Aws
    from .aws.unread import Unread as Unread
    from .aws.unread import each_alone as each_alone
    from .config.stack import Stack as Stack
    from .core.change import CannotFix as CannotFix
    from .core.change import Change as Change
    from .core.change import Partly as Partly
    from .core.change import Progress as Progress
    from .core.change import Proof as Proof
    from .core.change import Refused as Refused
    from .core.change import Request as Request
    from .core.change import Risk as Risk
    from .core.change import State as State
    from .core.change import Step as Step
    from .core.change import Unknown as Unknown
    from .fixing.operation import Operation as Operation
    from .fixing.remedy import Remedy as Remedy
    from .fixing.remedy import Setting as Setting
    from .hooks.examine import Examine as Examine


__all__ = [
    "Answer",
    "Aws",
    "CannotFix",
    "Change",
    "Check",
    "CouldNotLook",
    "Examine",
    "Figure",
    "Finding",
    "Inventory",
    "Metric",
    "NeverComes",
    "NotApplicable",
    "NotThere",
    "Operation",
    "Outcome",
    "Partly",
    "Progress",
    "Proof",
    "Refused",
    "Remedy",
    "ReportSection",
    "Request",
    "Resource",
    "Risk",
    "Run",
    "Series",
    "Setting",
    "Severity",
    "Stack",
    "State",
    "Step",
    "Unknown",
    "Unread",
    "check",
    "each_alone",
    "fan_out",
    "fault",
    "fetch_metrics",
    "in_words",
    "limit",
    "observation",
    "plural",
    "seed",
    "seen",
]

_LATER = {
    "Aws": ".aws.session",
    "CannotFix": ".core.change",
    "Change": ".core.change",
    "Examine": ".hooks.examine",
    "Inventory": ".aws.inventory",
    "Metric": ".aws.cloudwatch_metrics",
    "Operation": ".fixing.operation",
    "Partly": ".core.change",
    "Progress": ".core.change",
    "Proof": ".core.change",
    "Refused": ".core.change",
    "Remedy": ".fixing.remedy",
    "Request": ".core.change",
    "Risk": ".core.change",
    "Setting": ".fixing.remedy",
    "Stack": ".config.stack",
    "State": ".core.change",
    "Step": ".core.change",
    "fetch_metrics": ".aws.cloudwatch_metrics",
    "Unknown": ".core.change",
    "Unread": ".aws.unread",
    "each_alone": ".aws.unread",
}
"""Public names that are slow to import: imported when first used."""

HOOK_MODULES = (
    "opschecks.hooks.options",  # the command line
    "opschecks.hooks.own_code",  # imports what files of checks declare besides; select below is called before it
    "opschecks.hooks.select",  # whether this is a checks run, of which suite and stacks
    "opschecks.hooks.shards",  # --stack all and --shard: the part of a fleet that this process checks
    "opschecks.hooks.recording",  # keeps every answer of a run in a file, or replays one
    "opschecks.hooks.log_records",  # no secret in a log record that some handler shows
    "opschecks.hooks.sandbox",  # starts and stops the sandbox, gives it its faults
    "opschecks.hooks.fixtures",  # observations, stack, now and examine as fixtures; one check per stack
    "opschecks.hooks.many",  # of many stacks a few are gathered at a time, and each is released when it is done
    "opschecks.hooks.gathering_line",  # on a terminal: how far looking is; runs within gather, the next one
    "opschecks.hooks.gather",  # the stack's account, then every observation at once
    "opschecks.hooks.fix_options",  # refuses careless options
    "opschecks.hooks.fix",  # with --fix: what failed is fixed before the checks report
    "opschecks.hooks.drills",  # holds the drills that checks/drills need, one after another, under the lock
    "opschecks.hooks.bake",  # after a deploy: waits until it has settled, and watches it for a while
    "opschecks.hooks.other_plugins",  # what other plugins and fixtures do is not what a check concludes
    "opschecks.hooks.judge",  # what an exception means: failed, blind, waived, not applicable
    "opschecks.hooks.account",  # every collected check is reported; files and exit code
    "opschecks.hooks.other_files",  # what other plugins' files could not be written
    "opschecks.hooks.report_sections",  # the page's sections that are our own, by the hook that users have
    "opschecks.hooks.workers",  # xdist: stacks spread over processes
    "opschecks.hooks.terminal",  # what is printed
    "opschecks.hooks.github",  # job summary and annotations under GitHub Actions
    "opschecks.hooks.engineers_page",  # pytest-html's page
)


def pytest_plugin_registered(plugin: object, manager: Any) -> None:
    """Register the modules of hooks as soon as this one is.

    Named as `pytest_plugins`, each would first be looked for among the entry points of every installed distribution.
    """
    if plugin is sys.modules[__name__]:
        for name in HOOK_MODULES:
            if not (manager.is_blocked(name) or manager.has_plugin(name)):
                manager.register(importlib.import_module(name), name)


def __getattr__(name: str) -> Any:
    """A public name of _LATER, imported when first used."""
    if name not in _LATER:
        raise AttributeError(f"module 'opschecks' has no attribute {name!r}")
    return getattr(importlib.import_module(_LATER[name], __name__), name)
