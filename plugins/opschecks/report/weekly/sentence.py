"""The week in one sentence: targets met, failures that began and ended, what is open."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ...core.run import Run
from .numbers import hours, rows


def still_open(told: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The failures of the daily runs that the newest of them still saw."""
    return [one for one in told["failures"] if not one["until"]]


def missed(run: Run, told: Mapping[str, Any]) -> list[str]:
    """The measures that missed their targets."""
    return [row.label for row in rows(run, told) if row.reading == "missed"]


def words(check: str, told: Mapping[str, Any]) -> str:
    """What is true when the check fails; where no run told its words, that its promise was not kept."""
    failing = told["words"].get(check, {}).get("failing")
    return str(failing) if failing else f"Not so: {check.removeprefix('test_').replace('_', ' ')}"


def sentence(run: Run, told: Mapping[str, Any]) -> str:
    """The sentence, without a full stop."""
    if told["error"]:
        return f"the daily runs of the week could not be read: {told['error']}"
    if not any(day["run"] for day in told["days"]):
        return "no daily run of the week is on record: what failed on which day is not known"
    judged = [row for row in rows(run, told) if row.reading in ("met", "missed")]
    unmet = [row.label for row in judged if row.reading == "missed"]
    not_these = f" (not: {'; '.join(unmet)})" if unmet else ""
    parts = [f"{len(judged) - len(unmet)} of {len(judged)} targets were met{not_these}"] if judged else []
    parts.append(f"{told['opened'] or 'no'} failure{'' if told['opened'] == 1 else 's'} began")
    ended = [one for one in told["failures"] if one["until"]]
    if ended:
        longest = max(ended, key=lambda one: float(one["hours"]))
        parts.append(
            f"{len(ended)} ended, the longest after {'at least ' if longest['cut'] else ''}{hours(longest['hours'])}"
        )
    count = len(still_open(told))
    parts.append(f"{count} {'is' if count == 1 else 'are'} open" if count else "none is open")
    return "; ".join(parts)


def actions(told: Mapping[str, Any]) -> list[str]:
    """What to do about failures of daily runs that are still open, the oldest first."""
    return [
        f"{words(one['check'], told)} – open since {datetime.fromisoformat(one['since']):%a %d %b}: "
        f"follow “{told['words'].get(one['check'], {}).get('runbook') or one['check']}” in the runbook"
        for one in sorted(still_open(told), key=lambda one: str(one["since"]))
    ]
