"""The drills, one module each."""

from __future__ import annotations

import importlib
import pkgutil

from .declare import DRILLS, Drill


def all_drills() -> dict[str, Drill]:
    """Every drill by name, after importing every module here."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    return dict(sorted(DRILLS.items()))
