"""What the sandbox contains for the other suites than the daily one: a module for each area, each with `sow(sandbox)`.

The daily suite does without, so that its sandbox starts in half the time.
"""

from __future__ import annotations

import importlib
import pkgutil

from .. import Sandbox as Sandbox
from ..variants import vary


def sow_all(sandbox: Sandbox) -> None:
    """Call each module's `sow`, in the order of their names; then make it the variant that its stack names."""
    for module in sorted(one.name for one in pkgutil.iter_modules(__path__)):
        importlib.import_module(f"{__name__}.{module}").sow(sandbox)
    vary(sandbox)
