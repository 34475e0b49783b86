"""Where old incidents are archived: a bucket that blocks public access."""

from __future__ import annotations

from ..moto_server import backend
from . import Sandbox


def sow(sandbox: Sandbox) -> None:
    """The bucket that the stack names as its archive, empty."""
    if sandbox.stack.archive:
        bucket, _, _ = sandbox.stack.archive.removeprefix("s3://").partition("/")
        s3 = backend("s3", "aws")
        s3.create_bucket(bucket, sandbox.region)
        blocked = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
        s3.put_public_access_block(bucket, dict.fromkeys(blocked, "true"))
