"""Healthy stacks that are unlike the plain sandbox: a module for each, named as `sandbox = "NAME"` has it.

No check may fail on one. Each module has `vary(sandbox)`, called when the sandbox runs and before it is given faults.
"""

from __future__ import annotations

import importlib

from .. import Sandbox as Sandbox


def vary(sandbox: Sandbox) -> None:
    """Make it the variant that its stack names; nothing for `sandbox = true`."""
    name = sandbox.stack.sandbox
    if isinstance(name, str):
        importlib.import_module(f"{__name__}.{name}").vary(sandbox)
