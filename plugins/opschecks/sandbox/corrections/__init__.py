"""Corrections of moto where it is not like AWS: a module for each service, a declaration for each correction.

A declaration has the version of moto, the page of AWS's documentation, and a docstring that says what moto does wrong.
tests/sandbox/test_corrections.py shows that moto still needs each of them, and docs/upstream.md reports the bugs.
"""

from __future__ import annotations

import contextlib
import importlib
import pkgutil
from collections.abc import Callable
from unittest.mock import patch

from ..correction import _DECLARED, Correction, Ties
from ..moto_private import keep_tasks, make_again

Undo = Callable[[], None]


def declared() -> list[Correction]:
    """Every correction, in the order in which they are applied: some extend others."""
    for module in sorted(one.name for one in pkgutil.iter_modules(__path__)):
        importlib.import_module(f"{__name__}.{module}")
    return sorted(_DECLARED, key=lambda one: one.module)


def correct(ties: Ties) -> Undo:
    """Apply every correction; the returned function undoes them, because moto's classes belong to the process."""
    undo = contextlib.ExitStack()
    undo.callback(keep_tasks())
    for one in declared():
        made = one.make(getattr(one.owner, one.attribute, None), ties)
        undo.enter_context(patch.object(one.owner, one.attribute, made, create=True))
        if one.path:
            urls, path = one.path
            service = urls.__name__.split(".")[1]
            undo.callback(make_again, service)
            undo.enter_context(patch.object(urls, "url_paths", {**urls.url_paths, path: one.owner.dispatch}))
            make_again(service)
    return undo.close
