"""What must hold between the keys of one stack; each rule is a ValueError that names the key."""

from __future__ import annotations

from typing import Any

from .lacking import require_unset
from .limits import require_own

Stack = Any
"""A stack.Stack, which imports this module."""

OF_A_ROLE = ("external_id", "role_session_name", "duration", "mfa_serial", "session_policy")
"""Keys that say how role_arn is assumed."""


def require_fit(stack: Stack) -> None:
    """ValueError where two keys contradict each other, or one needs another."""
    _sandbox_is_alone(stack)
    _a_role_to_assume(stack)
    _one_key_a_user(stack)
    _production_never_rests(stack)
    require_unset(stack)
    require_own(stack.limits, _may_have_limits(stack))


def _sandbox_is_alone(stack: Stack) -> None:
    given = [key for key in ("profile", "role_arn", "endpoint_url", "cloudformation_stack") if getattr(stack, key)]
    if stack.sandbox and given:
        raise ValueError(f"a sandbox has its own {given[0]}: remove it, or remove sandbox = true")
    if stack.sandbox and stack.further:
        key = next(iter(stack.further))
        raise ValueError(f"{key}: a sandbox has one, not a list: name one, or remove sandbox = true")


def _a_role_to_assume(stack: Stack) -> None:
    given = [key for key in OF_A_ROLE if getattr(stack, key) is not None]
    if given and not stack.role_arn:
        raise ValueError(f"{given[0]} goes with role_arn; a profile has its own in the AWS configuration")


def _one_key_a_user(stack: Stack) -> None:
    users = [one.user for one in stack.rotated_keys]
    fields = [(one.secret, field) for one in stack.rotated_keys for field in (one.id_field, one.secret_field)]
    if twice := {name for name in users if users.count(name) > 1}:
        raise ValueError(f"rotated_keys: {min(twice)} is listed twice")
    bare = [name for one in stack.rotated_keys for name in one.services if "/" not in name]
    if bare and "cluster" in stack.further:
        raise ValueError(f"rotated_keys: {bare[0]} does not say its cluster: write CLUSTER/{bare[0]}")
    if shared := {one for one in fields if fields.count(one) > 1}:
        raise ValueError(f"rotated_keys: two users share {min(shared)[1]} of {min(shared)[0]}")


def _production_never_rests(stack: Stack) -> None:
    if both := {*stack.placed} & {*stack.dev_services}:
        raise ValueError(f"dev_services: {min(both)} is one of the stack's own services, which must not be stopped")


def _may_have_limits(stack: Stack) -> dict[str, dict[str, tuple[str, ...]]]:
    """By the keys that list them: the resources by name, and every form of it that a limit may name."""
    services = stack.placed if stack.cluster else stack.services
    tables = [*stack.tables, *([stack.incidents_table] if stack.tables and stack.incidents_table else [])]
    return {
        "services": {name: (name, name.rsplit("/", 1)[-1], f"service/{name}") for name in services},
        "tables": {name: (name, f"table/{name}") for name in tables},
        "log_groups": {name: (name,) for name in stack.log_groups},
    }
