"""An operational runbook that runs itself. PYTEST_DONT_REWRITE

Below are the names that checks are written with, and the modules of pytest hooks, each of which does one thing.
Everything else is imported where it is needed, because every pytest loads this plugin.
"""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .aws.cloudwatch_metrics import Metric as Metric
    from .aws.cloudwatch_metrics import fetch_metrics as fetch_metrics
    from .aws.evidence import json_mapping as json_mapping
    from .aws.evidence import whole_number as whole_number
    from .aws.inventory import Inventory as Inventory
    from .aws.session import Aws as Aws
    from .aws.unread import Unread as Unread
    from .aws.unread import each_alone as each_alone
    from .config.stack import Stack as Stack
    from .core.answer import Answer as Answer
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
    from .core.durations import in_words as in_words
    from .core.faults import fault as fault
    from .core.faults import seed as seed
    from .core.model import Check as Check
    from .core.model import Figure as Figure
    from .core.model import Finding as Finding
    from .core.model import Outcome as Outcome
    from .core.model import Resource as Resource
    from .core.model import Series as Series
    from .core.model import Severity as Severity
    from .core.model import check as check
    from .core.observation import CouldNotLook as CouldNotLook
    from .core.observation import NeverComes as NeverComes
    from .core.observation import NotApplicable as NotApplicable
    from .core.observation import NotThere as NotThere
    from .core.observation import fan_out as fan_out
    from .core.observation import observation as observation
    from .core.observation import seen as seen
    from .core.own_limits import limit as limit
    from .core.run import ReportSection as ReportSection
    from .core.run import Run as Run
    from .core.version import __version__ as __version__
    from .core.wording import plural as plural
    from .fixing.remedy import Operation as Operation
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
    "json_mapping",
    "limit",
    "observation",
    "plural",
    "seed",
    "seen",
    "whole_number",
]

_LATER = {
    "__version__": ".core.version",
    "Answer": ".core.answer",
    "Aws": ".aws.session",
    "CannotFix": ".core.change",
    "Change": ".core.change",
    "Check": ".core.model",
    "check": ".core.model",
    "CouldNotLook": ".core.observation",
    "each_alone": ".aws.unread",
    "Examine": ".hooks.examine",
    "fan_out": ".core.observation",
    "fault": ".core.faults",
    "fetch_metrics": ".aws.cloudwatch_metrics",
    "Figure": ".core.model",
    "Finding": ".core.model",
    "in_words": ".core.durations",
    "Inventory": ".aws.inventory",
    "limit": ".core.own_limits",
    "Metric": ".aws.cloudwatch_metrics",
    "NeverComes": ".core.observation",
    "NotApplicable": ".core.observation",
    "NotThere": ".core.observation",
    "observation": ".core.observation",
    "Operation": ".fixing.remedy",
    "Outcome": ".core.model",
    "Partly": ".core.change",
    "plural": ".core.wording",
    "Progress": ".core.change",
    "Proof": ".core.change",
    "Refused": ".core.change",
    "Remedy": ".fixing.remedy",
    "ReportSection": ".core.run",
    "Request": ".core.change",
    "Resource": ".core.model",
    "Risk": ".core.change",
    "Run": ".core.run",
    "seed": ".core.faults",
    "seen": ".core.observation",
    "Series": ".core.model",
    "Setting": ".fixing.remedy",
    "Severity": ".core.model",
    "Stack": ".config.stack",
    "State": ".core.change",
    "Step": ".core.change",
    "Unknown": ".core.change",
    "Unread": ".aws.unread",
    "json_mapping": ".aws.evidence",
    "whole_number": ".aws.evidence",
}
"""Public names, imported when first used: hooks are registered, and pytest is told how to import them, before."""

HOOK_MODULES = (
    "opschecks.hooks.options",  # the command line
    "opschecks.hooks.rootdir",  # the project's folder, whichever files options name
    "opschecks.hooks.own_code",  # imports what files of checks declare besides; select below is called before it
    "opschecks.hooks.select",  # whether this is a checks run, of which suite and stacks
    "opschecks.hooks.shards",  # --stack all and --shard: the part of a fleet that this process checks
    "opschecks.hooks.recording",  # keeps every answer of a run in a file, or replays one
    "opschecks.hooks.log_records",  # no secret in a log record that some handler shows
    "opschecks.hooks.sandbox",  # starts and stops the sandbox, gives it its faults
    "opschecks.hooks.fixtures",  # observations, stack, now and examine as fixtures; one check per stack
    "opschecks.hooks.markers",  # severity, runbook slug, area and AWS services of each check, for -m
    "opschecks.hooks.left_out",  # what is not as a check must be is left out, and said
    "opschecks.hooks.in_turn",  # of many stacks each one's checks are made into pytest's items when its turn comes
    "opschecks.hooks.many",  # of many stacks a few are gathered at a time, and each is released when it is done
    "opschecks.hooks.spread",  # with -n: many stacks are spread over processes, which report each stack when it is done
    "opschecks.hooks.gathering_line",  # on a terminal: how far looking is; runs within gather, the next one
    "opschecks.hooks.gather",  # the stack's account, then every observation at once
    "opschecks.hooks.fix_options",  # refuses careless options
    "opschecks.hooks.fix",  # with --fix: what failed is fixed before the checks report
    "opschecks.hooks.drills",  # holds the drills that checks/drills need, one after another, under the lock
    "opschecks.hooks.bake",  # after a deploy: waits until it has settled, and watches it for a while
    "opschecks.hooks.other_plugins",  # what other plugins and fixtures do is not what a check concludes
    "opschecks.hooks.reports",  # pytest's report of a check, without a traceback that nobody sees
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
        from .hooks.pytest_private import import_as_compiled

        import_as_compiled(manager)
        for name in HOOK_MODULES:
            if not (manager.is_blocked(name) or manager.has_plugin(name)):
                manager.register(importlib.import_module(name), name)


def __getattr__(name: str) -> Any:
    """A public name of _LATER, imported when first used."""
    if name not in _LATER:
        raise AttributeError(f"module 'opschecks' has no attribute {name!r}")
    found = globals()[name] = getattr(importlib.import_module(_LATER[name], __name__), name)
    return found
