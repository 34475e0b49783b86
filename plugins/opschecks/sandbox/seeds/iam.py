"""The account's IAM users: a pipeline with a recent key in a secret, and a person with a password and MFA."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from ..moto_private import add_secret, moto_type
from ..moto_server import ACCOUNT, backend, naive
from . import Sandbox

PIPELINE, PERSON = "incident-commander", "on-call"
STORED = "incident-commander/credentials"
"""The secret that contains the key, and something else."""


def sow(sandbox: Sandbox) -> None:
    """Make them."""
    user(sandbox, PIPELINE)
    store(sandbox, add_key(PIPELINE, sandbox.now - timedelta(days=41), sandbox.now - timedelta(hours=3)))
    person = user(sandbox, PERSON)
    give_password(person, sandbox.now - timedelta(days=2))
    person.enable_mfa_device(f"arn:{sandbox.partition}:iam::{ACCOUNT}:mfa/on-call", "123456", "234567")


def user(sandbox: Sandbox, name: str) -> Any:
    """A new user, made 400 days ago."""
    made: Any = backend("iam", "aws").create_user(sandbox.region, name)
    made.create_date = naive(sandbox.now - timedelta(days=400))
    return made


def give_password(to: Any, used: datetime) -> None:
    """Give a user a console password, last used at that time."""
    to.password, to.password_last_used = "a password", used


def add_key(name: str, made: datetime, used: datetime | None) -> Any:
    """An active access key of that age; `used` is None if it was never used."""
    key: Any = backend("iam", "aws").create_access_key(name)
    key.create_date = naive(made)
    key.last_used = moto_type("AccessKeyLastUsed")(naive(used), "ecs", "us-west-2") if used else None
    return key


def store(sandbox: Sandbox, key: Any) -> None:
    """Store the key in the secret that the backend's tasks read when they start, as old as the key."""
    fields = {
        "AWS_ACCESS_KEY_ID": key.access_key_id,
        "AWS_SECRET_ACCESS_KEY": key.secret_access_key,
        "PAGER_TOKEN": "a token of the pager",
    }
    secrets = sandbox.backend("secretsmanager")
    made = add_secret(secrets, STORED, json.dumps(fields))
    made.created_date = int(key.create_date.replace(tzinfo=UTC).timestamp())
    for version in made.versions.values():
        version["createdate"] = made.created_date
