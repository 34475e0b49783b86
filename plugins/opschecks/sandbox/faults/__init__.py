"""Defects that the sandbox can be given. Each names the checks that must catch it; no other check may fail."""

from __future__ import annotations

import importlib
import pkgutil

from ...core.faults import FAULTS, give
from ...core.faults import Fault as Fault
from ...core.faults import fault as fault
from .. import Sandbox as Sandbox

EVERYTHING_OF_AWS = "everything that asks AWS"
"""In `blinds`: every check that needs an answer from AWS."""


def known_faults() -> dict[str, Fault]:
    """Every fault by name."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    return dict(sorted(FAULTS.items()))


class NotWritten(Exception):  # noqa: N818 - it is said of the fault
    """The fault is still as `opschecks new check` laid it out; the message says what to write."""


def give_fault(sandbox: Sandbox, name: str) -> None:
    """Give the sandbox a fault; KeyError if there is none of that name, NotWritten if it is only laid out, CannotBreak
    where it raises.
    """
    known = known_faults()[name]
    try:
        give(sandbox, known.function, f"--fault {name}: {known.file}")
    except NotImplementedError as error:
        raise NotWritten(f"--fault {name}: not written yet: {error}") from None
