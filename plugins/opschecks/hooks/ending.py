"""Signals that end a run as Ctrl-C does."""

from __future__ import annotations

import contextlib
import signal
from typing import Any, NoReturn

import pytest

from ..core.signals import ENDING
from .state import checks_run


def end_on_signals(config: pytest.Config) -> None:
    """SIGTERM from a scheduler and a closed terminal end the run as Ctrl-C does: every check is still reported."""

    def interrupt(signum: int, frame: Any) -> NoReturn:
        if run := checks_run(config):
            run.stopped_by = f"stopped by {signal.Signals(signum).name}"
        raise KeyboardInterrupt

    with contextlib.suppress(ValueError):  # only the main thread may; elsewhere the embedding program decides
        before = {one: signal.signal(one, interrupt) for one in ENDING}

        def restore() -> None:
            for one, handler in before.items():
                signal.signal(one, handler)

        config.add_cleanup(restore)
