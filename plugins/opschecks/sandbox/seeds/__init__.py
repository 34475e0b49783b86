"""What the sandbox has for the weekly checks and the drills: a module for each area, each with `sow(sandbox)`.

Only those suites pay for it: a morning's sandbox is up in half the time.
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..environment import Sandbox as Sandbox
else:
    Sandbox = Any  # only annotations name it, and its imports take a second


def sow_all(sandbox: Sandbox) -> None:
    """Call each module's `sow`, in the order of their names."""
    for module in sorted(one.name for one in pkgutil.iter_modules(__path__)):
        importlib.import_module(f"{__name__}.{module}").sow(sandbox)
