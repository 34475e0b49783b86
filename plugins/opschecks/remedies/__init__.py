"""What mends: remedies by the AWS service that they change."""

from __future__ import annotations

import importlib
import pkgutil

from ..remedy import Remedy, known_remedies


def all_remedies() -> dict[str, type[Remedy]]:
    """Every remedy by name, after importing every module here."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    return known_remedies()
