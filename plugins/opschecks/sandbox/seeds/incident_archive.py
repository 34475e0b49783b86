"""Where old incidents are archived: a bucket that blocks public access."""

from __future__ import annotations

from . import Sandbox
from .backups import private_bucket


def sow(sandbox: Sandbox) -> None:
    """The bucket that the stack names as its archive, empty."""
    if sandbox.stack.archive:
        bucket, _, _ = sandbox.stack.archive.removeprefix("s3://").partition("/")
        private_bucket(sandbox, bucket)
