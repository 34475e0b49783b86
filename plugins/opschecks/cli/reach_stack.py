"""How commands reach a stack: by its name in stacks.toml, and the AWS or the sandbox behind it."""

from __future__ import annotations

import getpass
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from .options import named_by

if TYPE_CHECKING:
    from ..aws.session import Aws
    from ..config.stack import Stack
    from ..history.storage import Storage
    from ..history.summaries import Summaries

A = TypeVar("A", bound="Aws")


def stack_named(name: str | None, stacks: Path) -> Stack:
    """The stack of that name, or the default; StackError if there is none."""
    from ..config.load import choose_stacks, load_stacks

    return choose_stacks(load_stacks(stacks), [name] if name else [], stacks, by=named_by())[0]


def reached(stack: Stack) -> tuple[Stack, Aws]:
    """The stack and its AWS; for a sandbox, the one that OPSCHECKS_SANDBOX points at."""
    from ..aws.session import Aws

    return reached_as(stack, Aws)


def reached_as(stack: Stack, make: type[A]) -> tuple[Stack, A]:
    """The same, with another class of Aws."""
    from ..config.stack import FROM_THE_SANDBOX

    if not stack.sandbox:
        from ..aws.credentials import nobody_to_ask

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
    from ..history.storage import storage_of

    return storage_of(stack, reports / "history", stacks.absolute().parent, lambda: (aws or reached(stack)[1]).s3())


def summaries_of(stack: Stack, store: Storage, reports: Path) -> Summaries:
    """The summaries of the stack's earlier runs; warnings go to the terminal."""
    from ..history.summaries import Summaries

    return Summaries(store, reports / "history" / stack.name / "summaries", lambda line: click.echo(line, err=True))
