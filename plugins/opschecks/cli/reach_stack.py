"""How commands reach a stack: by its name in stacks.toml, and the AWS or the sandbox behind it."""

from __future__ import annotations

import getpass
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import click

from ..aws.credentials import nobody_to_ask
from ..aws.session import Aws
from ..config.load import choose_stacks, load_stacks
from ..config.stack import FROM_THE_SANDBOX, Stack
from ..history.storage import Storage, storage_of
from ..history.summaries import Summaries
from .options import named_by

A = TypeVar("A", bound="Aws")


def stack_named(name: str | None, stacks: Path) -> Stack:
    """The stack of that name, or the default; StackError if there is none."""
    return choose_stacks(load_stacks(stacks), [name] if name else [], stacks, by=named_by())[0]


def reached(stack: Stack) -> tuple[Stack, Aws]:
    """The stack and its AWS; for a sandbox, the one that OPSCHECKS_SANDBOX points at."""
    return reached_as(stack, Aws)


def reached_as(stack: Stack, make: type[A]) -> tuple[Stack, A]:
    """The same, with another class of Aws."""
    if not stack.sandbox:
        if variable := stack.diverted_by:
            raise click.ClickException(
                f"stacks.{stack.name}: {variable} is set and would divert calls from AWS; unset it, "
                "or set endpoint_url for this stack"
            )
        ask = getpass.getpass if sys.stdin is not None and sys.stdin.isatty() else None
        aws = make(stack, ask=ask)
        if aws.asks and not ask:
            raise nobody_to_ask(aws.asks)
        return stack, aws
    given = os.environ.get("OPSCHECKS_SANDBOX")
    if not given:
        raise click.ClickException(
            f"{stack.name} is a sandbox, and none is running: start one with opschecks sandbox, and copy what it prints"
        )
    try:
        facts: Mapping[str, Any] = json.loads(given)
        running = stack.model_copy(update={key: facts[key] for key in FROM_THE_SANDBOX})
        return running, make(running, facts["credentials"])
    except (ValueError, KeyError, TypeError):
        raise click.ClickException(
            "OPSCHECKS_SANDBOX: not what `opschecks sandbox` prints; copy its whole line, or unset it"
        ) from None


def state_of(stack: Stack, stacks: Path, reports: Path, aws: Aws | None = None) -> Storage:
    """Where the stack's history, journal and lock are kept; `aws` is used for S3, if it is there already."""
    return storage_of(stack, reports / "history", stacks.absolute().parent, lambda: (aws or reached(stack)[1]).s3())


def summaries_of(stack: Stack, store: Storage, reports: Path) -> Summaries:
    """The summaries of the stack's earlier runs; warnings go to the terminal."""
    return Summaries(store, reports / "history" / stack.name / "summaries", lambda line: click.echo(line, err=True))
