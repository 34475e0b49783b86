"""A look as a run takes it, but of each list one page: what came of the calls, and what the stack does not name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..aws.trial import Trial
from ..config.stack import Stack
from ..core import clock
from ..core.gathering import NOTHING_EARLIER, Earlier, Gathering
from ..core.model import Expected
from ..core.observation import REGISTRY, NotConfigured, closure
from ..core.tape import LIVE
from ..web.http import Http
from .check_files import CheckSource

NOBODY = "http://127.0.0.1:9"
"""An address that refuses at once (the discard port), in place of those that only checks are to ask."""


def needed(checks: Iterable[CheckSource]) -> dict[str, list[str]]:
    """The observations with IAM actions behind the checks, each with the names of the checks that need it."""
    found: dict[str, list[str]] = {}
    for check in checks:
        for one in closure(name for name in check.needs if name in REGISTRY):
            if one.allow:
                found.setdefault(one.name, []).append(check.name)
    return found


def looked(stack: Stack, aws: Trial, observations: Iterable[str], earlier: Earlier = NOTHING_EARLIER) -> Gathering:
    """The observations and what they need, made now; of the incidents they read as little as can be read."""
    little = stack.model_copy(update={"limits": stack.limits.model_copy(update={"incident_read_units": 1})})
    now, http = clock.now(), Http(stack.known_hosts)
    given = {
        "stack": little,
        "http": http,
        "now": now,
        "since": None,
        "expected": Expected(),
        "filed": lambda suite: iter(()),
        "tape": LIVE,
    }

    def with_calls(calls: list[str]) -> Mapping[str, Any]:
        return {**given, "aws": aws.scoped(calls)}

    wanted, timeout_s = closure(observations), stack.limits.gather_timeout_s
    store = Gathering(wanted, with_calls, now=now, timeout_s=timeout_s, earlier=earlier)
    store.start()
    for name in store.results:
        store.wait(name, timeout_s)
    http.close()
    return store


def all_looked(stack: Stack, aws: Trial, store: Gathering, checks: Sequence[CheckSource]) -> Gathering:
    """Every observation of the checks, those of `store` as they are.

    Those of the web are made where nobody answers: they only tell whether the stack names their addresses.
    """
    nowhere: dict[str, Any] = {key: NOBODY for key in ("backend_url", "dashboard_url") if getattr(stack, key)}
    if stack.websocket_url:
        nowhere["websocket"] = stack.websocket.model_copy(update={"url": NOBODY.replace("http", "ws")})
    names = {name for check in checks for name in check.needs if name in REGISTRY}
    seen = Earlier(kept={name: result for name, result in store.results.items() if result.done.is_set()})
    return looked(stack.model_copy(update=nowhere), aws, names, seen)


def unnamed(
    stack: Stack, aws: Trial, store: Gathering, checks: Sequence[CheckSource]
) -> list[tuple[NotConfigured, list[CheckSource]]]:
    """What the stack does not name, as observations put it, each with the checks that look for it.

    Without what the stack says that it is without.
    """
    results = all_looked(stack, aws, store, checks).results
    found: dict[str, tuple[NotConfigured, list[CheckSource]]] = {}
    for check in checks:
        for name in check.needs:
            error = results[name].error if name in results else None
            if isinstance(error, NotConfigured) and not stack.lacks(*error.keys):
                found.setdefault(error.cause, (error, []))[1].append(check)
    return list(found.values())
