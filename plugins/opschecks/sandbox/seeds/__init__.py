"""What the sandbox contains for the other suites than the daily one: a module for each area, each with `sow(sandbox)`.

The daily suite does without, so that its sandbox starts in half the time.
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING, Any

from ..variants import vary

if TYPE_CHECKING:
    from ..environment import Sandbox as Sandbox
else:
    Sandbox = Any  # only annotations name it, and its imports take a second


def sow_all(sandbox: Sandbox) -> None:
    """Call each module's `sow`, in the order of their names; then make it the variant that its stack names."""
    for module in sorted(one.name for one in pkgutil.iter_modules(__path__)):
        importlib.import_module(f"{__name__}.{module}").sow(sandbox)
    vary(sandbox)
