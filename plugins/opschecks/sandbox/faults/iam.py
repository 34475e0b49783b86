"""Faults of credentials: old, unused or second keys, users without MFA, an exposed root user."""

from __future__ import annotations

from datetime import timedelta

from ..moto_server import backend, naive
from ..seeds.iam import PIPELINE, add_key, give_password, user
from . import Sandbox, fault


@fault(caught_by=["test_access_keys_are_rotated"])
def access_key_is_old(sandbox: Sandbox) -> None:
    """The pipeline has used one key for 200 days."""
    (key,) = backend("iam", "aws").users[PIPELINE].access_keys
    key.create_date = naive(sandbox.now - timedelta(days=200))


@fault(caught_by=["test_access_keys_are_rotated", "test_access_keys_are_used"])
def access_key_was_never_used(sandbox: Sandbox) -> None:
    """A key was made for a trial, never used, and left active."""
    user(sandbox, "trial")
    add_key("trial", sandbox.now - timedelta(days=120), None)


@fault(caught_by=["test_users_have_one_active_key"])
def rotation_was_not_ended(sandbox: Sandbox) -> None:
    """A second key was made three weeks ago, and the first one is still active and in use."""
    add_key(PIPELINE, sandbox.now - timedelta(days=21), sandbox.now - timedelta(hours=5))


@fault(caught_by=["test_root_is_locked_away"])
def root_has_an_access_key(sandbox: Sandbox) -> None:
    """Root has an active access key."""
    backend("iam", "aws").root = {
        "access_key_1_active": "true",
        "access_key_1_last_rotated": "2024-03-01T09:00:00+00:00",
    }


@fault(caught_by=["test_root_is_locked_away"])
def root_has_no_second_factor(sandbox: Sandbox) -> None:
    """Root has no MFA."""
    backend("iam", "aws").root = {"mfa_active": "false"}


@fault(caught_by=["test_console_users_have_mfa"])
def console_user_has_no_second_factor(sandbox: Sandbox) -> None:
    """A user has a password and no MFA."""
    give_password(user(sandbox, "newcomer"), sandbox.now)
