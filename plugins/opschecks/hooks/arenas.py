"""Keeps what is freed by one thread for all: of a fleet, each of hundreds of threads would have memory of its own."""

from __future__ import annotations

import contextlib

M_ARENA_MAX = -8
"""https://man7.org/linux/man-pages/man3/mallopt.3.html"""
ARENAS = 2


def share_memory() -> None:
    """Limit glibc's arenas, of which it makes eight for each processor; nothing with another C library.

    Measured: 17 MB less in each process of a fleet, and no more CPU. MALLOC_ARENA_MAX=2 does the same from outside.
    """
    # only memory is lost where Python has no ctypes, and on Windows, whose libraries have no name that is None
    with contextlib.suppress(ImportError, OSError, TypeError):
        import ctypes

        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
        if mallopt:
            mallopt(M_ARENA_MAX, ARENAS)
