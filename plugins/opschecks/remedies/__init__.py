"""The remedies: settings and operations."""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING

from ..fixing.remedy import BaseRemedy, known_remedies

if TYPE_CHECKING:
    from ..fixing.session import Hooks


def all_remedies() -> dict[str, type[BaseRemedy]]:
    """Every remedy by name, after importing every module here."""
    for module in pkgutil.walk_packages(__path__, f"{__name__}."):
        importlib.import_module(module.name)
    return known_remedies()


def every_remedy(hooks: Hooks) -> dict[str, type[BaseRemedy]]:
    """Ours and users' own, by the name that the command line and the journal call them."""
    from ..fixing.session import NotFixable, remedies_by_check

    remedies_by_check(hooks)  # a conftest may define its classes in the hook itself
    try:
        return all_remedies()
    except TypeError as error:
        raise NotFixable(str(error)) from None
