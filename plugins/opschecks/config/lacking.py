"""`without` of a stack: what it does not have, by runbook slug, check or key, each perhaps with a reason."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

LACKABLE = (
    "alarm_prefix", "backend_url", "buckets", "cloudformation_stacks", "cluster", "dashboard_bucket", "dashboard_url",
    "dashboards", "dev_services", "distribution_id", "incidents_table", "load_balancer", "log_groups",
    "security_groups", "services", "tables", "wanted_indexes", "websocket",
)  # fmt: skip
"""The keys of stacks.toml that observations ask for: checks of what such a key would name, and only those, are not
applicable where `without` has it."""


GONE_WITH: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("incidents_table", "wanted_indexes"), ("tables",)),
    **dict.fromkeys(("dashboards", "distribution_id", "dashboard_bucket"), ("dashboard_url",)),
    "websocket": ("backend_url",),
}
"""What a stack does not have either that is without another key, unless it names it all the same: no table is none of
incidents, the distribution of `distribution_id` is that of the dashboards, a WebSocket is the backend's."""


def with_reasons(raw: Mapping[str, Any]) -> dict[str, Any]:
    """A stack's keys with `without` as a list, and its reasons apart; ValueError where a reason is not a text."""
    told = dict(raw)
    given = told.get("without")
    if isinstance(given, Mapping):
        if odd := next((name for name, why in given.items() if not isinstance(why, str) or not why.strip()), None):
            raise ValueError(f'without.{odd}: expected the reason, a text, as in without = {{ {odd} = "none here" }}')
        told["without"], told["reasons"] = tuple(given), dict(given)
    return told


def require_unset(stack: Any) -> None:
    """ValueError where a key is in `without` and set as well."""
    for key in stack.without:
        if key in LACKABLE and key in stack.model_fields_set and getattr(stack, key):
            raise ValueError(f"without: {key} is set as well; remove one of them")
