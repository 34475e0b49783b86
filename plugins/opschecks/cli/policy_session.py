"""A policy as a session policy, which AWS takes in 2,048 characters: what is left out of it is said.

A session may do what both the role's own policies and its session policy allow, so that this one may be wider in what
it lets read, and never in what it lets change.
https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html (Policy)
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace

from ..aws.permissions import ANYTHING
from ..config.toml_tables import SESSION_POLICY_AT_MOST
from .policy_statements import Statement, compact, is_read

_VERBS = ("Describe", "List")
"""Reads that can be allowed by wildcard: they tell how things are set, and no data."""
_OF_DATA = ("s3", "secretsmanager", "kms")
"""Services whose reads stay as they are: with s3:List* the names of all objects could be read."""


class TooLarge(Exception):  # noqa: N818 - it is said of a policy
    """It cannot be made small enough; the message says by how much, and what to do."""


def packed(made: Sequence[Statement]) -> tuple[str, list[str]]:
    """The policy in one line, and what was given up for that; TooLarge where nothing helps."""
    steps: list[tuple[str, Callable[[Sequence[Statement]], list[Statement]]]] = [
        ("", list),
        ("reads are not limited to the stack's resources, but by the role's own policies", _unlimited),
        ("reads are allowed by wildcard, such as ecs:Describe*, as far as the role's own policies do", _by_wildcard),
    ]
    notes: list[str] = []
    text = ""
    for note, step in steps:
        made = step(made)
        notes += [note] * bool(note)
        text = compact(made, sid=False)
        if len(text) <= SESSION_POLICY_AT_MOST:
            return text, notes
    raise TooLarge(
        f"--session: {len(text):,} characters are more than the {SESSION_POLICY_AT_MOST:,} that AWS takes, although "
        f"{' and '.join(notes)}; name fewer suites or remedies, or attach the policy to a role of its own"
    )


def _has_data(action: str) -> bool:
    service, _, name = action.partition(":")
    of_logs = service == "logs" and name in ("FilterLogEvents", "StartQuery")
    return service in _OF_DATA or of_logs or (service == "dynamodb" and not name.startswith(_VERBS))


def _unlimited(made: Sequence[Statement]) -> list[Statement]:
    """One statement of all reads that tell no data, without resources; all else as it was."""
    widened = {action for one in made for action in one.actions if is_read(action) and not _has_data(action)}
    rest = [replace(one, actions=kept) for one in made if (kept := tuple(a for a in one.actions if a not in widened))]
    merged: dict[tuple[object, ...], list[str]] = defaultdict(list)
    for one in rest:
        merged[one.resources, one.conditions].extend(one.actions)
    others = [
        Statement("", tuple(sorted(actions)), resources, conditions, "")  # type: ignore[arg-type]
        for (resources, conditions), actions in merged.items()
    ]
    return [Statement("", tuple(sorted(widened)), ANYTHING, (), ""), *others]


def _by_wildcard(made: Sequence[Statement]) -> list[Statement]:
    reads, *others = made
    by_verb: dict[str, list[str]] = defaultdict(list)
    for action in reads.actions:
        service, _, name = action.partition(":")
        verb = next((one for one in _VERBS if name.startswith(one)), "")
        by_verb[f"{service}:{verb}*" if verb and service not in _OF_DATA else action].append(action)
    short = [names[0] if len(names) == 1 else pattern for pattern, names in by_verb.items()]
    return [replace(reads, actions=tuple(sorted(short))), *others]
