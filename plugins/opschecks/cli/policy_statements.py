"""The statements of a policy: grants that share resources and conditions, with what each is for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from ..aws.permissions import ANYTHING, granted, of_keys
from ..aws.places import Places

_READS = re.compile(r"(Describe|Get|List|Lookup|BatchGet|Filter|Query|Scan|StartQuery|Test|Decrypt|GenerateCredential)")
NAMED_AT_MOST = 6
"""Names in the comment of a statement."""


@dataclass(frozen=True)
class Statement:
    """What is allowed for the same resources under the same conditions; `why` is what needs it, in words."""

    sid: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: tuple[tuple[str, str, tuple[str, ...]], ...]
    why: str

    @property
    def changes(self) -> bool:
        """Whether any of its actions may change something."""
        return not all(map(is_read, self.actions))

    def document(self, *, sid: bool = True) -> dict[str, Any]:
        """As JSON policies have it; a list of one is written as itself."""
        told: dict[str, Any] = {"Sid": self.sid} if sid else {}
        told |= {"Effect": "Allow", "Action": _plain(self.actions), "Resource": _plain(self.resources)}
        if self.conditions:
            told["Condition"] = {}
            for operator, key, values in self.conditions:
                told["Condition"].setdefault(operator, {})[key] = _plain(values)
        return told


def _plain(values: Sequence[str]) -> Any:
    return values[0] if len(values) == 1 else list(values)


def is_read(action: str) -> bool:
    """Whether the action only looks; a query that CloudWatch runs changes nothing either."""
    return bool(_READS.match(action.partition(":")[2]))


def statements(
    needs: Iterable[tuple[str, str, Iterable[str]]], places: Places, keys: Iterable[str] = ()
) -> list[Statement]:
    """The statements for what is needed: (name, what people call it, its actions), and for KMS keys.

    An action is allowed once, for all that anybody needs it for.
    """
    wanted: dict[tuple[str, Any], tuple[dict[str, None], list[str]]] = {}
    every = [(made, shown) for name, shown, actions in needs for one in actions if (made := granted(one, name, places))]
    if keys := tuple(keys):
        every += [(made, "what these KMS keys encrypt (--kms)") for made in of_keys(keys, places)]
    for made, shown in every:
        resources, why = wanted.setdefault((made.action, made.conditions), ({}, []))
        resources.update(dict.fromkeys(made.resources))
        why.append(shown)
    groups: dict[tuple[Any, ...], list[tuple[str, list[str]]]] = {}
    for (action, conditions), (resources, why) in wanted.items():
        key = (not is_read(action), action.partition(":")[0], _widest(resources), conditions)
        groups.setdefault(key, []).append((action, why))
    taken: dict[str, int] = {}
    found = []
    for (changes, service, arns, conditions), some in sorted(groups.items(), key=lambda one: one[0]):
        sid = ("Change" if changes else "Read") + _words(service) + _noun(arns)
        taken[sid] = taken.get(sid, 0) + 1
        numbered = sid if taken[sid] == 1 else f"{sid}{taken[sid]}"
        actions = tuple(sorted({action for action, _ in some}))
        names = _for([name for _, names in some for name in names])
        found.append(Statement(numbered, actions, arns, conditions, names))
    return found


def _widest(resources: Iterable[str]) -> tuple[str, ...]:
    """Those that no other of them includes."""
    known = list(resources)
    return tuple(one for one in known if not any(other != one and fnmatchcase(one, other) for other in known))


def _for(names: Iterable[str]) -> str:
    unique = sorted(dict.fromkeys(names))
    more = f" and {len(unique) - NAMED_AT_MOST} more" if len(unique) > NAMED_AT_MOST else ""
    return ", ".join(unique[:NAMED_AT_MOST]) + more


def _words(text: str) -> str:
    return "".join(part.capitalize() for part in re.split(r"[^A-Za-z0-9]+", text))


def _noun(resources: Sequence[str]) -> str:
    """The kind of the first resource, such as Table; of S3, whether it is a bucket or what lies in it."""
    if resources == ANYTHING:
        return ""
    _, _, service, _, _, rest = resources[0].split(":", 5)
    if service == "s3":
        return "Objects" if "/" in rest or rest == "*" else "Bucket"
    kind = re.split("[/:]", rest)[0]
    return _words(kind) if kind != rest else ""
