"""What the last whole run of the suite saw is not passed over when it is gone: told, and blind until accepted."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from ..core.model import ObservationResult
from ..core.observation import REGISTRY, CouldNotLook, Observation
from ..core.run import Note
from ..core.wording import nearest
from .state import ChecksRun

if TYPE_CHECKING:
    from ..config.stack import Stack
    from ..history.summaries import Summaries, Summary


def memory_of(run: ChecksRun, stack: Stack) -> Callable[[Observation, Any], None]:
    """Raises CouldNotLook for a lasting observation that sees nothing where the last run saw something.

    The history is read once, and only if something lasting is empty. A part of a suite compares nothing: it may not see
    what the whole one sees. Where the history cannot be read, the report says that nothing is compared.
    """
    known: list[list[Summary]] = []
    reading = threading.Lock()

    def before() -> list[Summary]:
        with reading:
            if not known:
                found: list[Summary] = []
                with contextlib.suppress(OSError):  # with_past reads it again, and says so
                    found = summaries(run, stack, lambda line: None).runs(run.suite, before=run.started)
                known.append(found)
            return known[0]

    return partial(_require, run, stack, before)


def summaries(run: ChecksRun, stack: Stack, say: Callable[[str], None]) -> Summaries:
    """The stack's runs; their summaries lie on this machine, wherever the run files do."""
    from ..history.summaries import Summaries

    return Summaries(run.store(stack), run.reports / "history" / stack.name / "summaries", say)


def _require(
    run: ChecksRun, stack: Stack, before: Callable[[], list[Summary]], observation: Observation, value: Any
) -> None:
    if not observation.lasting or run.partial or observation.name in stack.gone:
        return
    if not isinstance(value, list) or value:
        return
    from ..history.memory import vanished

    if why := vanished(observation.name, before()):
        raise CouldNotLook(observation.name, why)


def notes(stack: Stack, seen: Iterable[ObservationResult], before: list[Summary]) -> Iterator[Note]:
    """What is gone, what is less than half of what it was, and what is accepted in vain."""
    from ..history.memory import ADVICE, idle, shrunk, vanished

    lasting = [one for one in seen if one.stack == stack.name and one.name in REGISTRY and REGISTRY[one.name].lasting]
    for one in lasting:
        gone = vanished(one.name, before) if not one.resources else ""
        if gone and (not one.error or gone in one.error):
            accepted = f'{gone.partition(ADVICE)[0]} (accepted by gone = ["{one.name}"])'
            yield Note(stack.name, f"{one.name}: {gone if one.error else accepted}")
        elif less := shrunk(one.name, len(one.resources), before):
            yield Note(stack.name, less)
    counts = {one.name: len(one.resources) for one in lasting if not one.error}
    for line in idle(stack.gone, counts, before):
        yield Note(stack.name, line)
    known = [name for name, one in REGISTRY.items() if one.lasting] if stack.gone else []
    for name in stack.gone:
        if name not in known:
            yield Note(stack.name, f'gone = ["{name}"] in stacks.toml accepts nothing; {nearest(name, known)}')
