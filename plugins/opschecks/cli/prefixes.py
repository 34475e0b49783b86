"""Beginnings of names: a few that all alarms of a stack have, and no other alarm."""

from __future__ import annotations

from collections.abc import Sequence

from .parts import WORD

MOST_PREFIXES = 12
SHORTEST = 3


def prefixes(names: Sequence[str], others: Sequence[str]) -> list[str]:
    """Beginnings that all these names have, and none of the others; nothing where there would be too many.

    Whole words where that is enough, else with what follows them, else whole names.
    """
    if whole := _distinct(names, others):
        return [whole]
    words: dict[str, list[str]] = {}
    for name in names:
        words.setdefault(WORD.split(name.strip("/"))[0], []).append(name)
    begin: list[str] = []
    for some in words.values():
        one = _distinct(some, others)
        begin += [one] if one else some
    begin = sorted(one for one in begin if not any(one != other and one.startswith(other) for other in begin))
    fit = len(begin) <= MOST_PREFIXES and not any(one.startswith(tuple(begin)) for one in others)
    return begin if names and fit else []


def common_prefix(names: Sequence[str]) -> str:
    """The whole words with which all names begin; "" for fewer than two names, or fewer than three letters."""
    if len(names) < 2:
        return ""
    shared = next(iter(names))
    for name in names:
        while not name.startswith(shared) or (len(name) > len(shared) and not WORD.match(name[len(shared)])):
            ends = [match.start() for match in WORD.finditer(shared) if match.start()]
            shared = shared[: ends[-1]] if ends else ""
            if not shared:
                return ""
    return shared if len(shared) >= SHORTEST else ""


def _distinct(names: Sequence[str], others: Sequence[str]) -> str:
    """The beginning of all these names that none of the others has; "" where there is none."""
    whole = common_prefix(names)
    after = {name[len(whole) : len(whole) + 1] for name in names}
    longer = whole + next(iter(after)) if whole and len(after) == 1 else ""
    return next((one for one in (whole, longer) if one and not any(other.startswith(one) for other in others)), "")
