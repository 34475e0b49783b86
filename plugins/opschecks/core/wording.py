"""Words that messages share: a count with its noun, the nearest valid name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def plural(count: float, noun: str) -> str:
    """The count with its noun, which takes an s: 1 check, 2 checks, 1.5 days."""
    shown = f"{count:g}" if isinstance(count, float) else str(count)
    return f"{shown} {noun}{'' if count == 1 else 's'}"


def few(names: Sequence[str], most: int = 5) -> str:
    """The first of them, and how many more there are."""
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def nearest(name: str, valid: Iterable[str]) -> str:
    """A clause for the end of a message: "did you mean 'x'?" or the list of what there is."""
    import difflib

    known = sorted(valid)
    if close := difflib.get_close_matches(name, known, n=1, cutoff=0.5):
        return f"did you mean {close[0]!r}?"
    if not known:
        return "there is none"
    return f"known: {few(known, 12)}"
